"""Views of one clip: play it, describe it, compare its versions, and edit it."""

from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.db.models import Prefetch
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRedirect, reselect, retarget

from clips.archive import outage
from clips.archive.status import copy_status
from clips.disk.fetching import fetch_context
from clips.library import bin_rights, ordering
from clips.library.angles import beside, other_angles
from clips.library.asked import Asked, asked_for, library_address, query_of
from clips.library.clip_forms import ClipForm
from clips.library.edit_all import Edited, are_cut_alike, edit
from clips.library.filters import ClipFilter
from clips.library.new_version import UnchangedError, current_version, use_again
from clips.models import FinalClip, Job, JobKind, JobState, Subject
from clips.previews.playback import best_source, full_source, lacks_copy
from clips.sharing.views import copies_to_show, share_context
from clips.sorting.decisions import ConflictError, TrimError, choice_of
from clips.talk.views import thread_of
from people.access import requires
from people.models import Member, Role
from trickyclip.shared.undo_offer import offer_undo

#: What the player says below its picture.
PLAYER_SAYS = "#clip-player .player-says"


@requires(Role.VIEWER)
@require_safe
def clip(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show a clip; the library query that led here gives the previous and next one."""
    shown = get_object_or_404(clips_to_show().with_hearts(request.user), pk=pk)
    if shown.removed_at or (not shown.is_current and current_version(shown) is None):
        return answer_removed(request, shown)
    asked = asked_for(request.GET)
    jobs = jobs_of(shown)
    context = share_context(shown, jobs.get(JobKind.SHARE)) | {
        "clip": shown,
        "source": best_source(shown),
        "query": query_of(asked),
        "library_url": library_address(query_of(asked)),
        "versions": versions_of(shown),
        "jobs": jobs,
        "copy_status": copy_status(shown, jobs.get(JobKind.ARCHIVE), outage.current_outage()),
        "may_bin": shown.is_current and bin_rights.may_throw_away(request.user, shown),
        "awaits_copy": bool(shown.stored_path) and lacks_copy(shown),
        "waits_for": waits_for(shown, jobs),
        **(fetch_context(shown.original_file) if shown.original_file.evicted_at else {}),
        "in_library": beside_in_library(shown, asked, request.user),
        "in_original": beside_in_original(shown),
        "angles": other_angles(shown),
        "talk": thread_of(Subject(lineage=shown.lineage), request.user, "clip", shown.pk),
    }
    answer = render(request, "clips/library/clip.html", context)
    if request.htmx and context["waits_for"] and request.GET.get("waits_for") == context["waits_for"]:
        # Nothing else has changed: a new player would begin again under the eyes of who watches the preview.
        return reselect(retarget(answer, PLAYER_SAYS), PLAYER_SAYS)
    return answer


def waits_for(shown: FinalClip, jobs: dict[str, Job]) -> str:
    """Return what the player of a clip waits for: its "cut", or a "copy" that browsers play; "" if for neither."""
    if (cut := jobs.get(JobKind.RENDER)) and cut.is_active:
        return "cut"
    copy = jobs.get(JobKind.SHARE)
    return "copy" if copy and copy.is_active and shown.stored_path and lacks_copy(shown) else ""


@requires(Role.SORTER)
@require_http_methods(["GET", "HEAD", "POST"])
def clip_edit(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show the edit form; POST makes a new version, or answers 409 with the current clip if it lost a race."""
    edited = get_object_or_404(clips_to_show(), pk=pk)
    current = edited if edited.is_current else current_version(edited)
    if current is None:
        return answer_removed(request, edited)
    if request.method != "POST":
        if not edited.is_current:
            return redirect("clips:clip_edit", current.pk)
        return answer_form(request, edited, ClipForm.showing(choice_of(edited)))
    form = ClipForm(request.POST)
    if not form.is_valid():
        return answer_form(request, edited, form, status=422)
    try:
        with transaction.atomic():  # a refused save adds no new people or tricks either
            made = edit(edited, form.choice(), member=request.user, **form.for_others())
    except (TrimError, UnchangedError) as error:
        form.add_error(None, str(error))
        return answer_form(request, edited, form, status=422)
    except ConflictError as error:
        return answer_conflict(request, edited, form, str(error))
    _say_of_others(request, made)
    return answer_redirect(request, reverse("clips:clip", args=[made.version.pk]))


def _say_of_others(request: HttpRequest, made: Edited) -> None:
    """Say what became of the other cameras' clips, and offer to undo it where there is more than one new version."""
    left = ngettext("%(n)d clip stays as it is.", "%(n)d clips stay as they are.", made.n_left) % {"n": made.n_left}
    if made.change:
        said = f"{made.change}. {left}" if made.n_left else f"{made.change}."
        offer_undo(request, said, reverse("clips:bulk_undo", args=[made.change.pk]))
    elif made.n_left:
        messages.warning(request, left)


@requires(Role.SORTER)
@require_POST
def clip_use_again(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Return to an earlier version of a clip."""
    version = get_object_or_404(clips_to_show(), pk=pk)
    try:
        newest = use_again(version, member=request.user)
    except (ConflictError, TrimError, UnchangedError) as error:
        messages.error(request, str(error))
        return redirect("clips:clip", pk)
    messages.success(request, _("This version is current again."))
    return redirect("clips:clip", newest.pk)


def answer_removed(request: HttpRequest, removed: FinalClip) -> HttpResponse:
    """Say why a clip is gone, and how it comes back."""
    entry = removed.bin_entry
    may_restore = entry is not None and entry.is_lying and bin_rights.may_restore(request.user, entry)
    context = {"clip": removed, "entry": entry, "may_restore": may_restore}
    return render(request, "clips/library/clip_removed.html", context, status=410)


def answer_form(request: HttpRequest, edited: FinalClip, form: ClipForm, status: int = 200, **more) -> HttpResponse:
    """Answer with the form alone where it takes the place of the clip's player, else with a page of its own."""
    in_place = bool(request.htmx) and not (request.htmx.current_url_abs_path or "").endswith("/edit")
    others = list(beside(edited).with_camera_names().order_by("camera_id", "pk"))
    context = {"clip": edited, "form": form, "source": full_source(edited), "in_place": in_place, **more}
    context |= {"others": others, "are_alike": bool(others) and are_cut_alike(edited)}
    if edited.original_file.evicted_at:
        context |= fetch_context(edited.original_file)
    template = "clips/library/_clip_form.html" if request.htmx else "clips/library/clip_edit.html"
    return render(request, template, context, status=status)


def answer_conflict(request: HttpRequest, edited: FinalClip, form: ClipForm, sentence: str) -> HttpResponse:
    """Show the clip as somebody else left it, beside the changes that would be lost."""
    current = FinalClip.objects.with_pictures().filter(lineage=edited.lineage, is_current=True).first()
    if current is None:
        return answer_removed(request, edited)
    fresh = ClipForm.showing(choice_of(current))
    return answer_form(request, current, fresh, status=409, conflict=sentence, yours=form)


def answer_redirect(request: HttpRequest, url: str) -> HttpResponse:
    return HttpResponseClientRedirect(url) if request.htmx else redirect(url)


def clips_to_show():
    copies = Prefetch("shared_copies", copies_to_show())
    rows = FinalClip.objects.with_names().with_pictures().select_related("created_by")
    return rows.prefetch_related(None).prefetch_related("also", "copies", copies)


def versions_of(shown: FinalClip) -> list[FinalClip]:
    """Return all versions of a clip, the newest first."""
    rows = FinalClip.objects.with_names().with_pictures().select_related("created_by")
    return list(rows.filter(lineage=shown.lineage).order_by("-created_at"))


def jobs_of(shown: FinalClip) -> dict[str, Job]:
    """Return the last unfinished or failed job of each kind, by its kind."""
    kinds = [JobKind.RENDER, JobKind.SHARE, JobKind.ARCHIVE]
    jobs = Job.objects.filter(clip=shown, kind__in=kinds).order_by("created_at")
    return {job.kind: job for job in {job.kind: job for job in jobs}.values() if job.state != JobState.DONE}


def beside_in_library(shown: FinalClip, asked: Asked, member: Member) -> tuple[FinalClip | None, FinalClip | None]:
    """Return the clips before and after this one in the results of the query."""
    rows = FinalClip.objects.select_related("person", "trick")
    found = ClipFilter(asked, rows, member=member).qs.exclude(pk=shown.pk)
    name = asked.get("sort", ordering.NEWEST)
    return ordering.neighbours(found, shown, name if name in ordering.ORDERS else ordering.NEWEST)


def beside_in_original(shown: FinalClip) -> tuple[FinalClip | None, FinalClip | None]:
    """Return the clips filmed just before and just after this one, in the same file."""
    others = FinalClip.objects.current().filter(original_file=shown.original_file_id).exclude(lineage=shown.lineage)
    others = others.select_related("person", "trick")
    before = others.filter(start_ms__lt=shown.start_ms).order_by("-start_ms", "-pk").first()
    after = others.filter(start_ms__gte=shown.start_ms).order_by("start_ms", "pk").first()
    return before, after
