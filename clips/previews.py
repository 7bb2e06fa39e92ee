"""Which segments get a preview, in which order, and how long a person waits for one."""

from dataclasses import dataclass
from math import ceil
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.db.models import Avg, F, Q
from django.utils.translation import gettext as _

from clips import pipeline
from clips.models import CandidateSegment, Job, JobKind, JobState, OriginalFile, Preview, SegmentStatus

#: Shown on both sides of a segment, so that it can be made longer without waiting.
AROUND_MS = 3_000
#: Somebody looks at the gap where the preview should be.
URGENT = 0
#: The best few of each file, one hand of cards, go before what was kept is cut; the rest goes after it.
BEST, PER_PRIORITY, LAST = 4, 4, 9
#: As many past jobs say how long one takes.
RECENT_JOBS = 20


@dataclass(frozen=True)
class PreviewState:
    """What there is to see of a segment: "ready", "waiting", "absent" (nobody has asked for it) or "failed"."""

    name: str
    #: How long it takes until it is ready; None where nothing is known that would tell.
    about_s: int | None = None
    reason: str = ""


def span_ms(segment: CandidateSegment) -> tuple[int, int]:
    """Return where the preview of a segment begins and ends in its file."""
    start_ms = max(0, segment.start_ms - AROUND_MS)
    return start_ms, min(segment.end_ms + AROUND_MS, segment.original_file.duration_ms)


def stored_paths(segment_id: UUID) -> tuple[str, str]:
    """Return where preview and picture of a segment lie, whether they are made or not."""
    return f"candidates/{segment_id}.mp4", f"candidates/{segment_id}.jpg"


@transaction.atomic
def want_previews(original: OriginalFile) -> int:
    """Ask for the previews that the shown segments of a file lack, the best first; return how many.

    Call it whenever more is shown than before. What failed is not tried again by this, and a picture that could not
    be made is tried once more at most: later calls find nothing new.
    """
    shown = CandidateSegment.objects.filter(original_file=original).shown()
    asked_for = Job.objects.filter(
        kind=JobKind.PREVIEW,
        segment__original_file=original,
        state__in=[JobState.WAITING, JobState.RUNNING, JobState.FAILED],
    )
    settled = shown.filter(
        Q(preview__isnull=False)
        | Q(pk__in=asked_for.values("segment"))
        | Q(status__in=[SegmentStatus.ACCEPTED, SegmentStatus.TRASHED])
    )
    no_need = set(settled.values_list("pk", flat=True))
    wanted = [(rank, segment) for rank, segment in enumerate(shown.best_first()) if segment.pk not in no_need]
    if any(not segment.poster_path for _rank, segment in wanted):
        _start(JobKind.POSTER, original, BEST)
    for rank, segment in wanted:
        _start(JobKind.PREVIEW, segment, min(BEST + rank // PER_PRIORITY, LAST))
    return len(wanted)


@transaction.atomic
def want_preview(segment: CandidateSegment, *, urgent: bool = False) -> Job:
    """Ask for one segment's preview, and for its picture if it has none; ``urgent`` puts it before all others."""
    priority = URGENT if urgent else BEST
    if not segment.poster_path:
        _start(JobKind.POSTER, segment.original_file, priority)
    return _start(JobKind.PREVIEW, segment, priority)


def _start(kind: JobKind, target: models.Model, priority: int) -> Job:
    """Ask for a job; one that waits already moves ahead if this asks for more haste."""
    job = pipeline.start(kind, target, priority=priority)
    if job.priority > priority:
        Job.objects.filter(pk=job.pk).update(priority=priority)
        job.priority = priority  # with which the broker is told of it once more, when this is committed
    return job


def forget_lost(original: OriginalFile) -> None:
    """Let what was deleted from the data folder be made again."""
    made = Preview.objects.filter(segment__original_file=original)
    made.filter(pk__in=[preview.pk for preview in made if not _is_there(preview.stored_path)]).delete()
    pictured = CandidateSegment.objects.filter(original_file=original).exclude(poster_path="")
    lost = [segment.pk for segment in pictured if not _is_there(segment.poster_path)]
    pictured.filter(pk__in=lost).update(poster_path="")


def _is_there(stored_path: str) -> bool:
    return (settings.DATA_DIR / stored_path).is_file()


def drop_files(segment_ids: list[UUID]) -> None:
    """Remove previews and pictures of segments that this transaction deletes, when it is committed."""

    def remove() -> None:
        for pk in segment_ids:
            for path in stored_paths(pk):
                (settings.DATA_DIR / path).unlink(missing_ok=True)

    transaction.on_commit(remove)


def state_of(segment: CandidateSegment) -> PreviewState:
    """Return whether a segment's preview is there, and if not, why and for how long."""
    if hasattr(segment, "preview"):
        return PreviewState("ready")
    job = Job.objects.filter(kind=JobKind.PREVIEW, segment=segment).order_by("-created_at").first()
    if job is None or job.state == JobState.DONE:
        return PreviewState("absent")
    if job.is_active:
        return PreviewState("waiting", about_s=_seconds_left(job))
    return PreviewState("failed", reason=job.reason or _("This preview was cancelled."))


def _seconds_left(job: Job) -> int | None:
    """Return an estimate from how long the last ones took and from what is to be done before this one."""
    done = Job.objects.filter(kind=JobKind.PREVIEW, state=JobState.DONE, started_at__isnull=False)
    # Newest by creation, which has an index: a site keeps every job it ever did.
    recent = done.order_by("-created_at").values("started_at", "finished_at")[:RECENT_JOBS]
    usual = recent.aggregate(usual=Avg(F("finished_at") - F("started_at")))["usual"]
    if usual is None:
        return None
    if job.state == JobState.RUNNING:
        return ceil(usual.total_seconds() * (1 - job.progress))
    sooner = Q(priority__lt=job.priority) | Q(priority=job.priority, created_at__lt=job.created_at)
    before = Q(state=JobState.RUNNING) | Q(state=JobState.WAITING) & sooner
    n_before = Job.objects.active().filter(before, kind=JobKind.PREVIEW).count()
    return ceil(usual.total_seconds() * (n_before + 1))
