"""Views of edits: the list of them, one edit with its player, and one of its clips."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from clips.library import bin_rights
from clips.models import FinalClip, Job, JobKind, Reel, ReelClip, Subject
from clips.models.clock import exact_clock
from clips.reels.angles import cameras_of
from clips.reels.contents import Entry, current_clips, entries_of, entry_of, with_pictures
from clips.reels.editing import make_reel
from clips.reels.forms import NameForm
from clips.sharing import links
from clips.sorting.decisions import ConflictError
from clips.talk.views import thread_of
from people.access import requires
from people.models import Role
from trickyclip.shared.whole_pages import part_of

PER_PAGE = 24
#: Shown below the edit; undo reaches further.
LAST_CHANGES = 20
#: Playable copies that are asked for at a time.
COPIES_AT_ONCE = 24


@requires(Role.VIEWER, Role.SORTER)
@require_http_methods(["GET", "HEAD", "POST"])
def reels(request: HttpRequest) -> HttpResponse:
    """List the edits, the last changed first; POST makes an empty one."""
    form = NameForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            return redirect("clips:reel", make_reel(form.cleaned_data["name"], member=request.user).pk)
        except ConflictError as error:
            form.add_error("name", str(error))
    rows = with_pictures(Reel.objects.in_use().select_related("edited_by", "made_by"))
    page = Paginator(rows.order_by("-changed_at", "pk"), PER_PAGE).get_page(request.GET.get("page"))
    status = 422 if request.method == "POST" else 200
    return render(request, "clips/reels/reels.html", {"page": page, "form": form}, status=status)


@requires(Role.VIEWER)
@require_safe
@never_cache
def reel(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Show an edit and play it; who may change it does that here."""
    shown = get_object_or_404(Reel.objects.select_related("shoot", "bin_entry", "edited_by"), pk=pk)
    if entry := shown.bin_entry:
        may_restore = entry.is_lying and bin_rights.may_restore(request.user, entry)
        context = {"reel": shown, "entry": entry, "may_restore": may_restore}
        return render(request, "clips/reels/reel_removed.html", context, status=410)
    may_bin = bin_rights.may_throw_away(request.user, shown)
    context = body_context(shown) | {"may_bin": may_bin}
    context["talk"] = thread_of(Subject(reel_id=shown.pk), request.user, "edit", shown.pk)
    return render(request, "clips/reels/reel.html", context)


@requires(Role.VIEWER)
@require_safe
@part_of(lambda pk: reverse("clips:reel", args=[pk]))
def reel_body(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Answer with the clips of an edit as they are now."""
    return answer_body(request, get_object_or_404(Reel.objects.in_use(), pk=pk))


@requires(Role.VIEWER)
@require_safe
@part_of(lambda pk, row: reverse("clips:reel", args=[pk]))
def reel_clip(request: HttpRequest, pk: UUID, row: UUID) -> HttpResponse:
    """Answer with one clip of an edit and all that can be changed about it; empty once it is out of it."""
    found = ReelClip.objects.filter(reel__bin_entry=None, reel=pk, pk=row).select_related("reel").first()
    entry = entry_of(found, current_clips([found.lineage]).get(found.lineage)) if found else None
    context = clip_context(entry, pk, row)
    if entry and entry.clip:
        context["liked"] = FinalClip.objects.with_tags().with_hearts(request.user).filter(pk=entry.clip.pk).first()
    return render(request, "clips/reels/_reel_clip.html", context)


@requires(Role.VIEWER)
@require_POST
def reel_playable(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Request copies of clips that browsers do not play, because somebody looks; answer with how many are missing."""
    shown = get_object_or_404(Reel.objects.in_use(), pk=pk)
    entries = entries_of(shown)
    waiting = {entry.clip.pk: entry.clip for entry in entries if entry.awaits_copy}
    asked = Job.objects.filter(clip__in=list(waiting), kind=JobKind.SHARE)
    known = set(asked.values_list("clip", flat=True))
    under_way = asked.active().count()
    for clip in [clip for key, clip in waiting.items() if key not in known][: max(0, COPIES_AT_ONCE - under_way)]:
        links.want_playable(clip, priority=links.ASKED)
    context = {"reel": shown, "n_waiting": len(waiting), "n_active": asked.active().count()}
    return render(request, "clips/reels/_reel_playable.html", context)


def body_context(shown: Reel) -> dict:
    """Return the context of the clips of an edit, in a fixed number of queries."""
    entries = entries_of(shown)
    changes = shown.changes.all()
    return {
        "reel": shown,
        "entries": entries,
        "length_ms": sum(entry.length_ms for entry in entries),
        "n_missing": sum(entry.clip is None for entry in entries),
        "awaits_copies": any(entry.awaits_copy for entry in entries),
        "to_undo": changes.to_undo(),
        "to_redo": changes.to_redo(),
        "history": list(changes.defer("before", "after").exclude(state="DROPPED").order_by("-number")[:LAST_CHANGES]),
    }


def clip_context(entry: Entry | None, pk: UUID, row: UUID) -> dict:
    """Return the context of the box in which one clip of an edit is changed."""
    context = {"entry": entry, "reel_pk": pk, "row_pk": row}
    if entry is None or entry.clip is None:
        return context
    clip = entry.clip
    return context | {
        "from_start": exact_clock(entry.start_ms - clip.start_ms),
        "to_end": exact_clock(entry.end_ms - clip.start_ms),
        "start_ms": entry.start_ms - clip.start_ms,
        "end_ms": entry.end_ms - clip.start_ms,
        # In one order, whichever of them is shown.
        "cameras": sorted((camera.clip for camera in cameras_of(clip)), key=lambda found: (found.camera_id, found.pk)),
    }


def answer_body(
    request: HttpRequest, shown: Reel, *, problem: str = "", said: str = "", status: int = 200
) -> HttpResponse:
    """Answer with the clips of an edit, and with what went wrong, or a toast of what else there is to say."""
    context = body_context(shown) | {"problem": problem, "said": said}
    return render(request, "clips/reels/_reel_body.html", context, status=status)


def answer_gone(request: HttpRequest, sentence: str) -> HttpResponse:
    """Lead a page whose edit is gone to the list of them."""
    messages.error(request, sentence)
    return redirect("clips:reels")
