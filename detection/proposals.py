"""Write what a run found as rows, without touching what anybody has sorted or holds."""

from django.db.models import Q

from clips import previews
from clips.models import CandidateSegment, DetectionRun, OriginalFile, SegmentStatus

#: A proposal that lies on a decided segment by more than this is the same moment, and would be sorted twice.
SAME_MOMENT = 0.5


def replace_proposals(original: OriginalFile, found: dict) -> DetectionRun:
    """Make a run and its segments of what ``detection.propose.propose`` returned, in the caller's transaction.

    Proposals of earlier runs that nobody touched are replaced. One that is decided or being looked at stays, and
    the new run does not propose the same moment again.
    """
    # Nobody can lease a row while it is being replaced.
    CandidateSegment.objects.filter(original_file=original).lock_in_order()
    mine = CandidateSegment.objects.filter(original_file=original)
    kept = [segment for segment in mine if _is_touched(segment)]
    untouched = [segment.pk for segment in mine if not _is_touched(segment)]
    gone = CandidateSegment.objects.filter(Q(pk__in=untouched), decisions=None, clips=None, children=None)
    previews.drop_files(list(gone.values_list("pk", flat=True)))
    gone.delete()
    run = DetectionRun.objects.create(
        original_file=original,
        version=found["version"],
        parameters=found["parameters"],
        curve=found["curve"],
        timings=found["timings"],
    )
    CandidateSegment.objects.bulk_create(
        CandidateSegment(
            original_file=original,
            run=run,
            **{name: candidate[name] for name in ("start_ms", "end_ms", "score", "why", "features")},
        )
        for candidate in found["candidates"]
        if not any(_is_same_moment(candidate, segment) for segment in kept)
    )
    DetectionRun.objects.filter(original_file=original, segments=None).exclude(pk=run.pk).delete()
    return run


def _is_touched(segment: CandidateSegment) -> bool:
    return segment.run_id is None or segment.status != SegmentStatus.UNREVIEWED


def _is_same_moment(candidate: dict, segment: CandidateSegment) -> bool:
    shared_ms = min(candidate["end_ms"], segment.end_ms) - max(candidate["start_ms"], segment.start_ms)
    shorter_ms = min(candidate["end_ms"] - candidate["start_ms"], segment.end_ms - segment.start_ms)
    return shared_ms > SAME_MOMENT * shorter_ms
