"""Views of a clip's share videos and links, and of the public page behind a link."""

from uuid import UUID

from django.db import transaction
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_GET, require_POST, require_safe

from clips.models import FinalClip, Job, JobKind, SharedCopy, ShareLink
from clips.previews.http_ranges import ASKED_EACH_TIME, NOT_KEPT, serve
from clips.sharing import links as sharing
from clips.sharing.forms import SPEEDS, CopyForm, LinkForm
from clips.sharing.links import NotSharableError
from people.access import public, requires
from people.audit import Action, note
from people.models import Role
from trickyclip.shared.whole_pages import part_of

#: Whoever follows a link to elsewhere tells nobody the secret, and no search engine lists the page.
PRIVATE_HEADERS = {"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow, noarchive"}


@requires(Role.SORTER)
@require_POST
def clip_share(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Request a copy of a clip, at the chosen speed and with the chosen sound."""
    clip = get_object_or_404(clips_to_share(), pk=pk)
    form = CopyForm(request.POST, original=clip.original_file)
    problem = "" if form.is_valid() else " ".join(message for errors in form.errors.values() for message in errors)
    if not problem:
        try:
            sharing.want_copy(clip, **form.cleaned_data)
        except NotSharableError as error:
            problem = str(error)
    context = share_context(get_object_or_404(clips_to_share(), pk=pk), last_job(clip))
    context |= {"problem": problem, "form": form if problem else context["form"]}
    return render(request, "clips/sharing/_share.html", context, status=422 if problem else 200)


@requires(Role.VIEWER)
@require_POST
def clip_playable(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Request, before all others, a copy of a clip that browsers do not play, because somebody is waiting."""
    clip = get_object_or_404(clips_to_share().exclude(stored_path=""), pk=pk)
    sharing.want_playable(clip, priority=sharing.URGENT)
    return redirect("clips:clip", pk)


@requires(Role.VIEWER)
@require_GET
@part_of(lambda pk: _page_of(pk))
def shared_copy(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show one copy: its progress, or what can be done with it."""
    return answer_copy(request, pk)


def _page_of(copy_id: UUID) -> str:
    copy = get_object_or_404(SharedCopy.objects.only("clip"), pk=copy_id)
    return f"{reverse('clips:clip', args=[copy.clip_id])}#share"


@requires(Role.SORTER)
@require_POST
@sensitive_variables("secret", "new_link")
def shared_copy_link(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make a link to a copy, and show it once."""
    copy = get_object_or_404(copies_to_show(), pk=pk)
    form = LinkForm(request.POST)
    if not form.is_valid():
        return answer_copy(request, pk, problem=_("Choose when the link expires."), status=422)
    try:
        with transaction.atomic():
            link, secret = sharing.make_link(copy, request.user, form.cleaned_data["days"])
            note(Action.SHARED, copy.clip, link=link.pk, ends=link.ends_at)
    except NotSharableError as error:
        return answer_copy(request, pk, problem=str(error), status=409)
    new_link = request.build_absolute_uri(reverse("clips:shared", args=[secret]))
    return answer_copy(request, pk, new_link=new_link)


@requires(Role.SORTER)
@require_POST
def share_link_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Revoke a link; one that expired already stays expired."""
    link = get_object_or_404(ShareLink.objects.select_related("copy__clip"), pk=pk)
    with transaction.atomic():
        link.end()
        note(Action.UNSHARED, link.copy.clip, link=link.pk)
    return answer_copy(request, link.copy_id)


@requires(Role.VIEWER)
@require_safe
def shared_copy_file(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Play a copy in the page."""
    return serve(request, made_copy(pk).stored_path, "video/mp4", NOT_KEPT)


@requires(Role.VIEWER)
@require_safe
def shared_copy_download(request: HttpRequest, pk: UUID) -> HttpResponseBase:
    """Download a copy under the clip's name."""
    copy = made_copy(pk)
    return serve(request, copy.stored_path, "video/mp4", ASKED_EACH_TIME, save_as=copy.save_as)


# --- for whoever has a link -------------------------------------------------------------------------------------------


@public
@never_cache
@require_safe
@sensitive_variables("secret")
def shared(request: HttpRequest, secret: str) -> HttpResponse:
    """Show a copy to whoever has the link; an expired link says so."""
    link = ShareLink.objects.of_secret(secret)
    if link is None:
        is_removed = ShareLink.objects.is_binned(secret)
        ended = {"is_removed": is_removed}
        return private(render(request, "clips/sharing/shared_ended.html", ended, status=410 if is_removed else 404))
    address = request.build_absolute_uri(reverse("clips:shared", args=[secret]))
    context = {"clip": link.copy.clip, "copy": link.copy, "link": link, "secret": secret, "address": address}
    return private(render(request, "clips/sharing/shared.html", context))


@public
@require_safe
def shared_video(request: HttpRequest, secret: str) -> HttpResponseBase:
    if ShareLink.objects.is_binned(secret):
        return gone()
    return private(serve(request, open_link(secret).copy.stored_path, "video/mp4", NOT_KEPT))


@public
@require_safe
def shared_download(request: HttpRequest, secret: str) -> HttpResponseBase:
    if ShareLink.objects.is_binned(secret):
        return gone()
    copy = open_link(secret).copy
    return private(serve(request, copy.stored_path, "video/mp4", NOT_KEPT, save_as=copy.save_as))


@public
@require_safe
def shared_picture(request: HttpRequest, secret: str) -> HttpResponseBase:
    """Serve the clip's picture; messengers show it beside the link."""
    if ShareLink.objects.is_binned(secret):
        return gone()
    segment = open_link(secret).copy.clip.candidate_segment
    if segment is None or not segment.poster_path:
        raise Http404
    return private(serve(request, segment.poster_path, "image/jpeg", ASKED_EACH_TIME))


def open_link(secret: str) -> ShareLink:
    link = ShareLink.objects.of_secret(secret)
    if link is None:
        raise Http404(_("This link no longer works."))
    return link


def gone() -> HttpResponse:
    """Answer for the file of a clip that was thrown away."""
    return private(HttpResponse(_("This clip was removed."), status=410, content_type="text/plain; charset=utf-8"))


def private(response: HttpResponseBase) -> HttpResponseBase:
    for name, value in PRIVATE_HEADERS.items():
        response[name] = value
    return response


# --- what the pages show ----------------------------------------------------------------------------------------------


def made_copy(pk: UUID) -> SharedCopy:
    """Return a copy whose file exists; a removed clip has none."""
    rows = SharedCopy.objects.exclude(stored_path="").filter(clip__removed_at=None)
    return get_object_or_404(rows.select_related("clip"), pk=pk)


def clips_to_share() -> QuerySet[FinalClip]:
    """Return the clips that may be shared, each with its copies."""
    rows = FinalClip.objects.filter(removed_at=None).select_related("original_file").with_formats()
    return rows.prefetch_related(Prefetch("shared_copies", copies_to_show()))


def copies_to_show() -> QuerySet[SharedCopy]:
    """Return copies with their open links, and who made those."""
    links = ShareLink.objects.open().select_related("created_by")
    rows = SharedCopy.objects.filter(clip__removed_at=None).select_related("clip")
    return rows.prefetch_related(Prefetch("links", links, to_attr="open_links"))


def share_context(clip: FinalClip, job: Job | None) -> dict:
    """Return the context of the share box: ``clip`` as ``clips_to_share`` gives it, and its last job."""
    copies = [with_state(copy, job) for copy in clip.shared_copies.all()]
    form = CopyForm(original=clip.original_file)
    if copies and len(form.fields["slow_down"].choices) == 1:
        form = None  # there is nothing to choose, and the one copy is there or has a button of its own
    return {"clip": clip, "copies": copies, "form": form, "link_form": LinkForm()}


def answer_copy(request: HttpRequest, pk: UUID, *, status: int = 200, **more: str) -> HttpResponse:
    copy = get_object_or_404(copies_to_show(), pk=pk)
    context = {"copy": with_state(copy, last_job(copy.clip)), "link_form": LinkForm(), **more}
    return render(request, "clips/sharing/_share_copy.html", context, status=status)


def with_state(copy: SharedCopy, job: Job | None) -> SharedCopy:
    copy.state, copy.speed_name = sharing.state_of(copy, job), SPEEDS.get(copy.slow_down, f"× 1/{copy.slow_down}")
    return copy


def last_job(clip: FinalClip) -> Job | None:
    return Job.objects.filter(clip=clip, kind=JobKind.SHARE).order_by("-created_at").first()
