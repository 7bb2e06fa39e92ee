"""Requests previews of moments in the right order, and estimates their waiting time."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil
from uuid import UUID

from django.db import models, transaction
from django.db.models import Avg, Count, F, Q
from django.utils.translation import gettext as _

from clips.jobs import kept, pipeline
from clips.models import CandidateSegment, Job, JobKind, JobState, OriginalFile, Preview, SegmentStatus
from clips.previews import cache
from clips.storage import files

#: Shown on both sides of a segment, so that it can be made longer without waiting.
AROUND_MS = 3_000
#: Somebody looks at the gap where the preview should be.
URGENT = 0
#: The best few of each file, one hand of cards, go before what was kept is cut; the rest goes after it.
BEST, PER_PRIORITY, LAST = 4, 4, 9
#: As many past jobs say how long one takes.
RECENT_JOBS = 20
#: One job takes others along whose parts overlap its own, or are so near that a keyframe is shared, up to this much of
#: the original in all: the first card of a hand should not wait for the last.
NEAR_MS, MOST_TOGETHER_MS, MOST_TOGETHER = 1_000, 30_000, 8
#: The parameter of a job for somebody who trims past the edge of a preview: where the clip begins and ends.
TRIMMED_MS = "trimmed_ms"
#: Nobody trims a moment to more; it would hold a worker for minutes.
MOST_TRIMMED_MS = 120_000
#: The parameter of a job that was done along with another.
ALONG_WITH = "along_with"


@dataclass(frozen=True)
class PreviewState:
    """State of a segment's preview: "ready", "waiting", "absent" (not requested) or "failed"."""

    name: str
    #: How long it takes until it is ready; None where nothing is known that would tell.
    about_s: int | None = None
    reason: str = ""


def span_ms(segment: CandidateSegment) -> tuple[int, int]:
    """Return the span of a segment's preview in its file."""
    start_ms = max(0, segment.start_ms - AROUND_MS)
    return start_ms, min(segment.end_ms + AROUND_MS, segment.original_file.duration_ms)


def wanted_span_ms(job: Job) -> tuple[int, int]:
    """Return the span for a preview job: what somebody trims to, and a little around it.

    Of a trimmed original it ends where what is left does.
    """
    segment = job.segment
    start_ms, end_ms = span_ms(segment)
    trimmed_ms = job.params.get(TRIMMED_MS)
    if trimmed_ms is not None:
        last_ms = segment.original_file.duration_ms
        start_ms = min(start_ms, max(0, trimmed_ms[0] - AROUND_MS))
        end_ms = max(end_ms, min(last_ms, trimmed_ms[1] + AROUND_MS))
    around = (segment.start_ms, segment.end_ms)
    return kept.within_reach(segment.original_file, start_ms, end_ms, around=around)


def stored_paths(segment_id: UUID) -> tuple[str, str]:
    """Return the stored paths of a segment's preview and picture, whether they are made or not."""
    return f"candidates/{segment_id}.mp4", f"candidates/{segment_id}.jpg"


@transaction.atomic
def want_previews(original: OriginalFile) -> int:
    """Request the missing previews of a file's shown segments, the best first; return how many.

    Call it whenever more is shown than before. What failed is not tried again by this, and a picture that could not
    be made is tried once more at most: later calls find nothing new. Where previews fill their folder, none is asked
    for.
    """
    if original.trimmed_at is not None:
        return 0  # what is left of it asks for itself when somebody looks
    shown = CandidateSegment.objects.in_use().filter(original_file=original).shown()
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
    if wanted and cache.room_bytes() <= 0:
        return 0  # what is looked at asks for itself; asking for all would only push out what is there
    if any(not segment.poster_path for _rank, segment in wanted):
        _start(JobKind.POSTER, original, BEST)
    for rank, segment in wanted:
        _start(JobKind.PREVIEW, segment, min(BEST + rank // PER_PRIORITY, LAST))
    return len(wanted)


@transaction.atomic
def want_preview(segment: CandidateSegment, *, urgent: bool = False) -> Job:
    """Request one segment's preview, and its picture if it has none; ``urgent`` puts it before all others."""
    priority = URGENT if urgent else BEST
    if not segment.poster_path:
        _start(JobKind.POSTER, segment.original_file, priority)
    return _start(JobKind.PREVIEW, segment, priority)


@transaction.atomic
def want_wider(segment: CandidateSegment, *, start_ms: int, end_ms: int) -> PreviewState:
    """Ensure that a segment's preview shows all from ``start_ms`` to ``end_ms``, and return its progress.

    Asked again and again by who waits; a job that was asked for less is followed by another.
    """
    preview = getattr(segment, "preview", None)
    last_ms = segment.original_file.duration_ms
    start_ms, end_ms = max(0, start_ms), min(end_ms, last_ms)
    if preview is not None and preview.start_ms <= start_ms and preview.end_ms >= end_ms:
        return PreviewState("ready")
    asked = [start_ms, end_ms]
    if end_ms - start_ms > MOST_TRIMMED_MS or end_ms <= start_ms:
        return PreviewState("failed", reason=_("A preview is at most two minutes long."))
    last = _jobs_of([segment]).order_by("-created_at").first()
    if last is not None and not last.is_active and last.params.get(TRIMMED_MS) == asked:
        return PreviewState("failed", reason=last.reason)  # what it made is all that the file shows
    if last is not None and last.state == JobState.WAITING and last.params.get(TRIMMED_MS) != asked:
        waiting = Job.objects.filter(pk=last.pk, state=JobState.WAITING)
        waiting.update(params=last.params | {TRIMMED_MS: asked}, priority=URGENT)
    if last is None or not last.is_active:
        pipeline.start(JobKind.PREVIEW, segment, priority=URGENT, **{TRIMMED_MS: asked})
    return PreviewState("waiting")


def to_take_along(job: Job) -> list[UUID]:
    """Return waiting previews that share frames to decode with that of a claimed job, the nearest first.

    None for one that somebody waits for, and none for one that failed before, for it might take the others with it;
    none where an original was trimmed, for they may lie in another part.
    """
    if job.priority <= URGENT or job.attempts > 1 or job.kills or job.segment.original_file.trimmed_at:
        return []
    of_file = {"kind": JobKind.PREVIEW, "segment__original_file": job.segment.original_file_id}
    of_file |= {"attempts": 0, "kills": 0}
    waiting = Job.objects.due().filter(**of_file).select_related("segment__original_file")
    spans = {other.pk: wanted_span_ms(other) for other in waiting}
    start_ms, end_ms = wanted_span_ms(job)
    along: list[UUID] = []
    while len(along) + 1 < MOST_TOGETHER:
        near = {
            pk: (min(start_ms, start), max(end_ms, end))
            for pk, (start, end) in spans.items()
            if pk not in along and start <= end_ms + NEAR_MS and end >= start_ms - NEAR_MS
        }
        # What makes the whole no longer, or hardly, comes first.
        pk, (start, end) = min(near.items(), key=lambda item: item[1][1] - item[1][0], default=(None, (0, 0)))
        if pk is None or end - start > max(MOST_TOGETHER_MS, end_ms - start_ms):
            break
        along.append(pk)
        start_ms, end_ms = start, end
    return along


def _start(kind: JobKind, target: models.Model, priority: int) -> Job:
    """Request a job; a waiting one moves ahead if this request is more urgent."""
    job = pipeline.start(kind, target, priority=priority)
    if job.priority > priority:
        Job.objects.filter(pk=job.pk).update(priority=priority)
        job.priority = priority  # with which the broker is told of it once more, when this is committed
    return job


def forget_lost(original: OriginalFile) -> None:
    """Forget previews deleted from the data folder, so that they are made again."""
    made = Preview.objects.filter(segment__original_file=original)
    made.filter(stored_path__in=files.missing(made.values_list("stored_path", flat=True))).delete()
    pictured = CandidateSegment.objects.filter(original_file=original).exclude(poster_path="")
    lost = files.missing(pictured.values_list("poster_path", flat=True))
    pictured.filter(poster_path__in=lost).update(poster_path="")


def drop_files(segment_ids: list[UUID]) -> None:
    """Delete previews and pictures of segments that this transaction deletes, on commit."""
    paths = [path for pk in segment_ids for path in stored_paths(pk)]
    transaction.on_commit(lambda: files.discard(paths))


def bring_jobs(segments: Iterable[CandidateSegment]) -> None:
    """Fetch the jobs that ``state_of`` needs, in one query for all segments without a preview."""
    lacking = [segment for segment in segments if not hasattr(segment, "preview")]
    jobs = _jobs_of(lacking).order_by("segment_id", "-created_at").distinct("segment_id") if lacking else []
    last = {job.segment_id: job for job in jobs}
    for segment in lacking:
        segment.last_preview_job = last.get(segment.pk)


def _jobs_of(segments: list[CandidateSegment]) -> models.QuerySet:
    return Job.objects.filter(kind=JobKind.PREVIEW, segment__in=segments)


def state_of(segment: CandidateSegment) -> PreviewState:
    """Return the state of a segment's preview: whether it exists, and if not, why and for how long."""
    if hasattr(segment, "preview"):
        return PreviewState("ready")
    if hasattr(segment, "last_preview_job"):
        job = segment.last_preview_job
    else:
        job = _jobs_of([segment]).order_by("-created_at").first()
    if job is None or job.state == JobState.DONE:
        return PreviewState("absent")
    if job.is_active:
        return PreviewState("waiting", about_s=_seconds_left(job))
    return PreviewState("failed", reason=job.reason or _("This preview was cancelled."))


def _seconds_left(job: Job) -> int | None:
    """Return an estimate from the duration of recent ones and the work before this one."""
    done = Job.objects.filter(kind=JobKind.PREVIEW, state=JobState.DONE, started_at__isnull=False)
    # Newest by creation, which has an index: a site keeps every job it ever did.
    recent = done.order_by("-created_at").values("pk", "started_at", "finished_at", "params")[:RECENT_JOBS]
    past = recent.aggregate(
        usual=Avg(F("finished_at") - F("started_at")),
        n_jobs=Count("pk"),
        n_along=Count("pk", filter=Q(params__has_key=ALONG_WITH)),
    )
    if past["usual"] is None:
        return None
    usual_s = past["usual"].total_seconds()
    if job.state == JobState.RUNNING:
        return ceil(usual_s * (1 - job.progress))
    sooner = Q(priority__lt=job.priority) | Q(priority=job.priority, created_at__lt=job.created_at)
    before = Q(state=JobState.RUNNING) | Q(state=JobState.WAITING) & sooner
    n_before = Job.objects.active().filter(before, kind=JobKind.PREVIEW).count()
    # Several at a time: each of them took as long as all of them together.
    n_rounds = (n_before + 1) * max(1, past["n_jobs"] - past["n_along"]) / past["n_jobs"]
    return ceil(usual_s * max(1, n_rounds))
