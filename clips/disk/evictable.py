"""Decides which originals may be evicted, and explains why the others stay.

All uses of an original are checked in one query, which is repeated behind the original's lock at the moment of eviction
(``clips.disk.eviction``).
"""

from datetime import timedelta

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Value
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.archive.configured import archive_name
from clips.jobs import registry
from clips.models import (
    ArchiveCopy,
    CandidateSegment,
    CopyState,
    DetectionRun,
    FinalClip,
    Job,
    JobKind,
    JobState,
    OriginalFile,
    SegmentStatus,
)

#: Whoever fetched one back is about to use it.
FRESH_FOR = timedelta(hours=1)
OPEN = (SegmentStatus.UNREVIEWED, SegmentStatus.IN_PROGRESS)
#: A camera's small copy (LRV) is needed for what its large one is needed for.
SAME_OR_LARGE = Q(original_file=OuterRef("pk")) | Q(original_file=OuterRef("low_res_of"))


def with_ties(originals: QuerySet) -> QuerySet:
    """Annotate each original with its reasons to stay on the disk, as booleans."""
    verified = ArchiveCopy.objects.filter(backend=archive_name(), state=CopyState.VERIFIED)
    loose_clips = FinalClip.objects.filter(original_file=OuterRef("pk"), removed_at=None).filter(
        ~Exists(verified.filter(clip__lineage=OuterRef("lineage"), sha256=OuterRef("file_hash")))
    )
    segments = CandidateSegment.objects.filter(SAME_OR_LARGE, status__in=OPEN)
    return originals.annotate(
        is_open=Exists(segments.shown()) | Exists(segments.in_hands()),
        is_analysed=Exists(DetectionRun.objects.filter(SAME_OR_LARGE)),
        has_loose_clips=Exists(loose_clips),
        is_archived=Exists(verified.filter(original_file=OuterRef("pk"), sha256=OuterRef("file_hash"))),
        is_worked_on=_is_worked_on(),
        is_fresh=Q(fetched_at__isnull=False, fetched_at__gt=timezone.now() - FRESH_FOR),
    )


def sorted_out(originals: QuerySet) -> QuerySet:
    """Return searched originals with no shown moment left to decide; ``with_ties``."""
    return originals.filter(is_open=False).filter(Q(is_analysed=True) | Q(not_needed_at__isnull=False))


def evictable() -> QuerySet:
    """Return the originals that may be evicted, the least used first."""
    rows = sorted_out(with_ties(OriginalFile.objects.on_disk()))
    rows = rows.filter(has_loose_clips=False, is_worked_on=False, is_fresh=False)
    rows = rows.filter(Q(is_archived=True) | Q(not_needed_at__isnull=False))
    rows = rows.exclude(low_res_of__trimmed_at__isnull=False)  # all of a trimmed video that can be watched
    return rows.order_by(F("fetched_at").asc(nulls_first=True), "shoot__date", "recorded_at", "pk")


def why_it_stays(original: OriginalFile) -> str:
    """Return the first reason why an original (``with_ties``) stays on the disk; empty if there is none."""
    if original.is_open:
        return _("it has moments to sort")
    if not original.is_analysed and not original.not_needed_at:
        return _("it has not been searched yet")
    if original.has_loose_clips:
        return _("not all its clips are in the archive")
    if not original.is_archived and not original.not_needed_at:
        return _("it is neither archived nor marked as removable")
    if original.is_worked_on:
        return _("jobs for it are running or waiting")
    return _("it was just restored") if original.is_fresh else ""


def why_it_goes(original: OriginalFile) -> str:
    """Return why an evictable original may be deleted."""
    if original.is_archived:
        return _("all sorted, its clips archived, and the archive has it")
    return _("all sorted, its clips archived, and marked as removable")


def _is_worked_on() -> Exists | Q:
    """Return the condition that a job concerns the file, its segments or its clips; a waiting one too.

    What waits for an idle site is no reason to keep a file.
    """
    tied = Q()
    jobs = Job.objects.active().exclude(kind__in=registry.idle_kinds(), state=JobState.WAITING)
    for field in ("original_file", "segment__original_file", "clip__original_file"):
        same = Q(**{field: OuterRef("pk")}) | Q(**{field: OuterRef("low_res_of")})
        # A job that trims looks once more before it lets anything go.
        tied |= Q(Exists(jobs.exclude(kind=JobKind.TRIM).filter(same).values(one=Value(1))))
    return tied
