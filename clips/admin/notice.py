"""Admin pages of notification channels, for admins only, and of the notices sent to them."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from clips.admin.record import RecordAdmin
from clips.models import Notice, NoticeChannel
from clips.notifications.channel_form import ChannelForm
from clips.notifications.trial import has_arrived, said_of_trial, send_trial
from people.audit import AuditedAdmin
from people.models import Role


class WideChannelForm(ChannelForm):
    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name in ("target", "secret"):
            self.fields[name].widget.attrs["class"] = "vTextField"  # the admin's name for a wide box


@admin.register(NoticeChannel)
class NoticeChannelAdmin(AuditedAdmin):
    """For admins only, since notices about the crew go to these addresses."""

    form = WideChannelForm
    list_display = ["name", "kind", "shown_target", "is_on", "last"]
    readonly_fields = ["shown_target"]
    fields = ["name", "kind", "shown_target", "target", "secret", "wants", "is_on"]

    def get_queryset(self, request: HttpRequest) -> models.QuerySet:
        newest = Notice.objects.order_by("channel_id", "-created_at").distinct("channel_id")
        return super().get_queryset(request).prefetch_related(models.Prefetch("notices", newest, to_attr="newest"))

    @admin.display(description=_("last notice"))
    def last(self, channel: NoticeChannel) -> str:
        for last in channel.newest:
            return f"{last.get_state_display()}: {last.reason or last.title}"[:80]
        return "–"

    def get_urls(self) -> list:
        trial = self.admin_site.admin_view(require_POST(self.trial))
        return [path("<int:pk>/trial/", trial, name="clips_noticechannel_trial"), *super().get_urls()]

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.may(Role.ADMIN)

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return request.user.may(Role.ADMIN)

    has_add_permission = has_module_permission
    has_change_permission = has_delete_permission = has_view_permission

    def trial(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Send a test notice now, and show the answer."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        delivery = send_trial(get_object_or_404(NoticeChannel, pk=pk), request.user)
        self.message_user(
            request, said_of_trial(delivery), messages.SUCCESS if has_arrived(delivery) else messages.ERROR
        )
        return redirect("admin:clips_noticechannel_change", pk)


@admin.register(Notice)
class NoticeAdmin(RecordAdmin):
    fields = ["title", "text", "kind", "channel", "state", "reason", "attempts", "created_at", "run_after", "ended_at"]
    list_display = ["title", "kind", "channel", "state", "reason", "created_at"]
    list_select_related = ["channel"]
    list_filter = ["state", "kind"]

    def has_view_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return request.user.may(Role.ADMIN)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.may(Role.ADMIN)
