"""Asks for films of edits, and keeps no more of them than there is reason to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from math import ceil
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import formats, timezone
from django.utils.translation import gettext as _

from clips.jobs import pipeline
from clips.media.pictures.named_frames import frame_on_screen
from clips.media.reel.plan import Card, Frame, Item, Plan, as_json
from clips.models import FinalClip, Job, JobKind, JobState, Reel, ReelMusic, ReelRender, RenderShape
from clips.reels.angles import going_on
from clips.reels.contents import Entry, entries_of
from clips.reels.editing import NotPossibleError
from clips.reels.timeline.model import USUAL_RATE, playable_rate
from clips.sorting.decisions import ConflictError
from clips.storage import files
from people.models import Member

FOLDER = "final_clips/reels"
#: Somebody waits for it; short work goes first.
PRIORITY = 6
#: More than anybody shows at once, and what a machine of 4 GB mixes the sound of.
MAX_LENGTH_MS = 10 * 60_000
MAX_UNDER_WAY = 3
#: A film can be rendered again; who has not watched it for so long has downloaded it.
KEPT_FOR = timedelta(days=30)
MAX_KEPT = 8


@dataclass(frozen=True)
class RenderWish:
    """The format, texts and music that a member chose for a film."""

    shape: RenderShape = RenderShape.WIDE
    shorter_px: int = 1080
    rate: Fraction | None = None
    is_faded: bool = False
    has_names: bool = True
    has_opening: bool = False
    has_credits: bool = False
    follows: bool = False
    music: ReelMusic | None = None
    snaps: bool = False


@dataclass(frozen=True)
class RenderState:
    """State of a render: "ready", "waiting", "failed" or "cancelled"."""

    name: str
    progress: float = 0
    reason: str = ""


#: Finds the riders of clips, as a function of the sandbox; registered by who can, since this room may not know it.
_finder: list[str] = []


def find_riders_with(function: str) -> None:
    """Let films follow riders with "package.module:name", which takes ``clips``: dicts of a file and a part of it."""
    _finder[:] = [function]


def rider_finder() -> str | None:
    return _finder[0] if _finder else None


def ask_for(reel: Reel, wish: RenderWish, *, member: Member, key: UUID) -> ReelRender:
    """Request a film of an edit as it is now; the same key again finds the first one's row.

    Raises
    ------
    NotPossibleError
        If there is nothing to render, or too much, or a clip is not cut yet.
    ConflictError
        If enough films of it are being made.
    """
    if (known := ReelRender.objects.filter(pk=key, reel=reel).first()) is not None:
        return known
    entries = [(entry, entry.clip) for entry in entries_of(reel) if entry.clip]
    _check(entries)
    rate = wish.rate or _rate_of(clip for _entry, clip in entries)
    plan = _plan(reel, entries, wish, rate)
    with transaction.atomic():
        Reel.objects.filter(pk=reel.pk).hold()
        under_way = Job.objects.active().filter(kind=JobKind.FILM, reel_render__reel=reel)
        if under_way.exclude(reel_render=key).count() >= MAX_UNDER_WAY:
            raise ConflictError(_("Wait until the films being made are ready."))
        chosen = {"shape": wish.shape, "shorter_px": wish.shorter_px, "rate": str(rate), "plan": plan}
        chosen |= {"follows": wish.follows and wish.shape != RenderShape.WIDE}
        chosen |= {"music": wish.music, "snaps": wish.snaps and wish.music is not None, "made_by": member}
        render, is_new = ReelRender.objects.get_or_create(pk=key, defaults={"reel": reel, **chosen})
        if render.reel_id != reel.pk:
            raise ConflictError(_("Reload the page."))
        if is_new:
            _start(render, _length_ms(entry for entry, _clip in entries))
    return render


def retry(render: ReelRender) -> bool:
    """Render again what failed or was cancelled, from the last whole segment on; False if it is under way or done."""
    job = last_job(render)
    if job is None or not job.retry():
        return False
    transaction.on_commit(lambda: pipeline.publish(job))
    return True


def render_again(render: ReelRender) -> bool:
    """Render a film anew whose file is lost; False if the row was changed meanwhile."""
    lost = ReelRender.objects.made().filter(pk=render.pk, stored_path=render.stored_path)
    length_ms = render.duration_ms or 0
    if not lost.update(stored_path="", size_bytes=None, duration_ms=None):
        return False
    _start(render, length_ms)
    return True


def cancel(render: ReelRender) -> bool:
    """Stop a render; False if it had ended already."""
    return any(job.cancel() for job in render.jobs.active())


def delete(render: ReelRender) -> None:
    """Delete a film, or stop it for good."""
    cancel(render)
    path = stored_path(render.pk)
    ReelRender.objects.filter(pk=render.pk).delete()
    transaction.on_commit(lambda: files.discard([path]))


def last_job(render: ReelRender) -> Job | None:
    return render.jobs.order_by("-created_at").first()


def renders_of(reel: Reel) -> list[ReelRender]:
    """Return the films of an edit, the newest first, each with its ``state``, in two queries."""
    renders = list(reel.renders.shown())
    jobs = {job.reel_render_id: job for job in Job.objects.filter(reel_render__in=renders).order_by("created_at")}
    return [with_state(render, jobs.get(render.pk)) for render in renders]


def with_state(render: ReelRender, job: Job | None) -> ReelRender:
    render.state = _state(render, job)  # type: ignore[attr-defined]  # for templates
    return render


def _state(render: ReelRender, job: Job | None) -> RenderState:
    if render.stored_path:
        return RenderState("ready")
    if job is not None and job.is_active:
        return RenderState("waiting", progress=job.progress, reason=job.reason)
    if job is not None and job.state == JobState.CANCELLED:
        return RenderState("cancelled")
    return RenderState("failed", reason=job.reason if job else "")


def ready_renders(reel: Reel) -> list[ReelRender]:
    """Return the finished films of an edit, the newest first."""
    return list(reel.renders.shown().made())


def note_seen(render: ReelRender) -> None:
    """Note that somebody watches a film, at most once an hour."""
    now = timezone.now()
    ReelRender.objects.filter(pk=render.pk, seen_at__lt=now - timedelta(hours=1)).update(seen_at=now)


def stored_path(render_id: UUID) -> str:
    """Return the stored path of a film, whether it is made or not."""
    return f"{FOLDER}/{render_id}.mp4"


def drop_old() -> int:
    """Delete films that nobody watched for long, and all but the newest few of each edit; return how many."""
    old = set(ReelRender.objects.made().filter(seen_at__lt=timezone.now() - KEPT_FOR).values_list("pk", flat=True))
    for reel in Reel.objects.filter(renders__in=ReelRender.objects.made()).distinct():
        newest = (
            ReelRender.objects.made().filter(reel=reel).order_by("-seen_at", "-created_at").values_list("pk", flat=True)
        )
        old |= set(newest[MAX_KEPT:])
    ReelRender.objects.filter(pk__in=old).delete()
    files.discard([stored_path(pk) for pk in old])
    return len(old)


def remove_orphans() -> int:
    """Delete films and music whose rows are gone; return how many there were."""
    paths = [file.stored_path for file in files.listed(FOLDER)]
    # Looked up after the files were listed: a row is there before its file is.
    known = {stored_path(pk) for pk in ReelRender.objects.values_list("pk", flat=True)}
    known |= set(ReelMusic.objects.values_list("stored_path", flat=True))
    orphans = [path for path in paths if path not in known]
    files.discard(orphans)
    return len(orphans)


def _start(render: ReelRender, length_ms: int) -> None:
    pipeline.start(JobKind.FILM, render, priority=PRIORITY, length_s=ceil(length_ms / 1000))


def _check(entries: list[tuple[Entry, FinalClip]]) -> None:
    if not entries:
        raise NotPossibleError(_("There are no clips in this edit."))
    if any(not clip.stored_path for _entry, clip in entries):
        raise NotPossibleError(_("Some clips are still being cut. Try again in a moment."))
    if _length_ms(entry for entry, _clip in entries) > MAX_LENGTH_MS:
        raise NotPossibleError(_("A film is at most %(n)d minutes long.") % {"n": MAX_LENGTH_MS // 60_000})


def _length_ms(entries: Iterable[Entry]) -> int:
    return sum(entry.length_ms for entry in entries)


def _rate_of(clips: Iterable[FinalClip]) -> Fraction:
    """Return the rate of most clips, as screens show it."""
    rates = [playable_rate(Fraction(clip.original_file.rate)) for clip in clips if clip.original_file.rate]
    return max(rates, key=lambda rate: (rates.count(rate), rate), default=USUAL_RATE)


def _plan(reel: Reel, entries: list[tuple[Entry, FinalClip]], wish: RenderWish, rate: Fraction) -> dict[str, Any]:
    clips = [clip for _entry, clip in entries]
    goes_on = going_on([entry for entry, _clip in entries])
    opening = Card(reel.name, (_when(clips),)) if wish.has_opening else None
    return as_json(
        Plan(
            frame=Frame(*wish.shape.size_px(wish.shorter_px), rate),
            items=tuple(_item(entry, clip, wish, goes_on=entry.row.pk in goes_on) for entry, clip in entries),
            is_faded=wish.is_faded,
            opening=opening,
            credits=_credits(clips, wish) if wish.has_credits else None,
        )
    )


def _item(entry: Entry, clip: FinalClip, wish: RenderWish, *, goes_on: bool) -> Item:
    """Return what a film shows of a clip, in times of the clip's file; what goes on is not named again."""
    lead = lead_ms(clip)
    is_from_start, is_to_end = entry.start_ms <= clip.start_ms, entry.end_ms >= clip.end_ms
    names = tuple(str(name) for name in (clip.person, clip.trick) if name)
    return Item(
        source=str(clip.pk),
        start_ms=None if is_from_start else ceil(entry.start_ms - clip.start_ms + lead),
        end_ms=None if is_to_end else ceil(entry.end_ms - clip.start_ms + lead),
        speed_percent=entry.row.speed,
        title=entry.row.title,
        names=names if wish.has_names and not goes_on else (),
        has_sound=entry.row.has_sound,
        places=tuple((float(at_ms - clip.start_ms + lead) / 1000, middle / 1000) for at_ms, middle in entry.row.crop),
        goes_on=goes_on,
    )


def lead_ms(clip: FinalClip) -> Fraction:
    """Return by how much a clip's first picture began before the millisecond that names it.

    The clip's file counts from that picture. The cut of an older clip did not say it: then it is on the even grid of
    its rate, which of a camera that keeps none may be another picture.
    """
    if clip.lead_us is not None:
        return Fraction(clip.lead_us, 1000)
    rate = clip.original_file.rate
    if rate is None:
        return Fraction(0)
    return clip.start_ms - frame_on_screen(clip.start_ms, Fraction(rate)) * 1000 / Fraction(rate)


def _when(clips: list[FinalClip]) -> str:
    dates = sorted({clip.date for clip in clips})
    said = [formats.date_format(date) for date in (dates[0], dates[-1])]
    return " – ".join(dict.fromkeys(said))


def _credits(clips: list[FinalClip], wish: RenderWish) -> Card | None:
    riders = list(dict.fromkeys(str(clip.person) for clip in clips if clip.person))
    lines = [", ".join(riders)] if riders else []
    if wish.music:
        lines.append(_("Music: %(name)s") % {"name": wish.music.name})
    return Card(_("Riders"), tuple(lines)) if riders else (Card(lines[0]) if lines else None)
