"""Views of notice channels: whom the site tells something, with a test of each. For admins: notices go to these."""

from django.contrib import messages
from django.db import models, transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from clips.models import Notice, NoticeChannel
from clips.notifications.channel_form import ChannelForm
from clips.notifications.trial import has_arrived, said_of_trial, send_trial
from people.access import requires
from people.audit import Action, note
from people.models import Role


@requires(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def notices(request: HttpRequest) -> HttpResponse:
    """List the channels with their last notices; POST adds one."""
    form = ChannelForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            channel = form.save()
            note(Action.ADDED, channel)
        messages.success(request, _("Added: %(name)s") % {"name": channel})
        return redirect("clips:notices")
    newest = Notice.objects.order_by("channel_id", "-created_at").distinct("channel_id")
    channels = NoticeChannel.objects.prefetch_related(models.Prefetch("notices", newest, to_attr="newest"))
    status = 422 if form.is_bound else 200
    return render(request, "clips/web/notices.html", {"channels": channels, "form": form}, status=status)


@requires(Role.ADMIN)
@require_http_methods(["GET", "HEAD", "POST"])
def notice_channel(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a channel; its address and secret stay where their boxes are left empty."""
    channel = get_object_or_404(NoticeChannel, pk=pk)
    form = ChannelForm(request.POST if request.method == "POST" else None, instance=channel)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            form.save()
            note(Action.CHANGED, channel, what=form.changed_data)
        messages.success(request, _("Saved."))
        return redirect("clips:notices")
    if form.is_bound:
        channel = NoticeChannel.objects.get(pk=pk)  # the form wrote what was typed into the row
    status = 422 if form.is_bound else 200
    return render(request, "clips/web/notice_channel.html", {"channel": channel, "form": form}, status=status)


@requires(Role.ADMIN)
@require_POST
def notice_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Remove a channel with its notices."""
    channel = get_object_or_404(NoticeChannel, pk=pk)
    with transaction.atomic():
        note(Action.DELETED, channel)
        channel.delete()
    messages.success(request, _("Removed: %(name)s") % {"name": channel})
    return redirect("clips:notices")


@requires(Role.ADMIN)
@require_POST
def notice_trial(request: HttpRequest, pk: int) -> HttpResponse:
    """Send a test notice now, and show the answer."""
    delivery = send_trial(get_object_or_404(NoticeChannel, pk=pk), request.user)
    level = messages.SUCCESS if has_arrived(delivery) else messages.ERROR
    messages.add_message(request, level, said_of_trial(delivery))
    return redirect("clips:notices")
