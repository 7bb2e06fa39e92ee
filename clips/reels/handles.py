"""Cuts the clips of an edit with handles for a video editor: some of their video before and after each."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from clips.jobs import kept, pipeline
from clips.models import FinalClip, HandleCut, Job, JobKind, Reel
from clips.reels.contents import current_clips
from clips.reels.handover_angles import Tricks
from clips.storage import files

FOLDER = "final_clips/handles"
#: On both sides of a clip; who wants more links the original videos.
HANDLES_MS = (1_000, 2_000, 5_000, 10_000)
#: Somebody waits for them.
PRIORITY = 6
#: They can be cut again; who has not downloaded them for so long has them.
KEPT_FOR = timedelta(days=3)


@dataclass(frozen=True)
class HandleState:
    """How many clips of an edit there are, and how many of them are cut with handles, fail, or are being cut."""

    n_clips: int
    n_made: int
    n_failed: int
    n_active: int

    @property
    def is_over(self) -> bool:
        """Return whether nothing more will come: what could be cut is."""
        return self.n_active == 0 and self.n_made + self.n_failed >= self.n_clips

    @property
    def share(self) -> float:
        return (self.n_made + self.n_failed) / max(1, self.n_clips)


def want(reel: Reel, handle_ms: int, *, has_angles: bool = False) -> None:
    """Request the clips of an edit with handles; those that are cut, or being cut, stay as they are.

    ``has_angles`` requests those of other cameras of the same moments as well: an editor that switches cameras within
    the handles of one would show black otherwise.
    """
    clips = _clips_of(reel, has_angles=has_angles)
    with transaction.atomic():
        for clip in clips:
            start_ms = max(0, clip.start_ms - handle_ms)
            end_ms = max(clip.end_ms, min(clip.end_ms + handle_ms, clip.original_file.duration_ms or clip.end_ms))
            around = (clip.start_ms, clip.end_ms)
            start_ms, end_ms = kept.within_reach(clip.original_file, start_ms, end_ms, around=around)
            HandleCut.objects.get_or_create(
                clip=clip, handle_ms=handle_ms, defaults={"start_ms": start_ms, "end_ms": end_ms}
            )
        lacking = HandleCut.objects.filter(clip__in=clips, handle_ms=handle_ms, stored_path="").values("clip")
        for clip in FinalClip.objects.filter(pk__in=lacking):
            pipeline.start(JobKind.HANDLES, clip, priority=PRIORITY)


def state_of(reel: Reel, handle_ms: int, *, has_angles: bool = False) -> HandleState:
    """Return how far the clips of an edit with handles are, as `want` has them; in a fixed number of queries."""
    clips = _clips_of(reel, has_angles=has_angles)
    cuts = {cut.clip_id: cut for cut in HandleCut.objects.filter(clip__in=clips, handle_ms=handle_ms)}
    lacking = [key for key, cut in cuts.items() if not cut.stored_path]
    active = set(Job.objects.active().filter(kind=JobKind.HANDLES, clip__in=lacking).values_list("clip", flat=True))
    return HandleState(len(clips), len(cuts) - len(lacking), len(lacking) - len(active), len(active))


def cuts_of(clips: Iterable[FinalClip], handle_ms: int) -> dict[UUID, HandleCut]:
    """Return the clips that are cut with these handles, by the clip's id."""
    rows = HandleCut.objects.made().filter(clip__in=list(clips), handle_ms=handle_ms)
    return {cut.clip_id: cut for cut in rows}


def note_downloaded(cuts: Iterable[HandleCut]) -> None:
    HandleCut.objects.filter(pk__in=[cut.pk for cut in cuts]).update(seen_at=timezone.now())


def next_wanted(clip: FinalClip) -> HandleCut | None:
    """Return the cut of a clip to make next: the last one requested, which somebody is waiting for."""
    return clip.handle_cuts.filter(stored_path="").order_by("-created_at").first()


def wanted_ms(job: Job) -> tuple[int, int]:
    """Return which span of its video a job reads."""
    wanted = next_wanted(job.clip)
    return (wanted.start_ms, wanted.end_ms) if wanted else (job.clip.start_ms, job.clip.end_ms)


def drop_old() -> int:
    """Delete clips with handles that nobody downloaded for long, and files without rows; return how many."""
    old = HandleCut.objects.filter(seen_at__lt=timezone.now() - KEPT_FOR)
    gone = [path for path in old.values_list("stored_path", flat=True) if path]
    old.delete()
    paths = [file.stored_path for file in files.listed(FOLDER)]
    # Looked up after the files were listed: a row is there before its file is.
    known = set(HandleCut.objects.values_list("stored_path", flat=True))
    gone += [path for path in paths if path not in known and path not in gone]
    files.discard(gone)
    return len(gone)


def _clips_of(reel: Reel, *, has_angles: bool) -> list[FinalClip]:
    shown = current_clips(reel.clips.values_list("lineage", flat=True)).values()
    beside = Tricks.of(shown).all_clips if has_angles else []
    return list({clip.pk: clip for clip in (*beside, *shown)}.values())
