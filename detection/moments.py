"""Stores the moments of a run as rows, and leaves alone what anybody has sorted or holds."""

from django.db.models import Q

from clips.models import CandidateSegment, DetectionRun, OriginalFile, SegmentStatus
from clips.previews import requests
from detection.scoring.same_moment import is_same_moment


def replace_moments(original: OriginalFile, found: dict) -> DetectionRun:
    """Store a run and its segments from the result of ``detection.propose.propose``, in the caller's transaction.

    Moments of earlier runs that nobody touched are replaced. One that is decided or being looked at stays, and
    the new run does not propose the same moment again, nor any moment twice.
    """
    # Nobody can lease a row while it is being replaced.
    CandidateSegment.objects.filter(original_file=original).lock_in_order()
    mine = CandidateSegment.objects.filter(original_file=original)
    kept = [segment for segment in mine if _is_touched(segment)]
    untouched = [segment.pk for segment in mine if not _is_touched(segment)]
    gone = CandidateSegment.objects.filter(Q(pk__in=untouched), decisions=None, clips=None, children=None)
    requests.drop_files(list(gone.values_list("pk", flat=True)))
    gone.delete()
    run = DetectionRun.objects.create(
        original_file=original,
        version=found["version"],
        parameters=found["parameters"],
        curve=found["curve"],
        timings=found["timings"],
        unread=" ".join(found.get("unread", []))[:500],
    )
    CandidateSegment.objects.bulk_create(
        CandidateSegment(
            original_file=original,
            run=run,
            **{name: candidate[name] for name in ("start_ms", "end_ms", "score", "why", "features")},
        )
        for candidate in _each_once(found["candidates"], kept)
    )
    DetectionRun.objects.filter(original_file=original, segments=None).exclude(pk=run.pk).delete()
    return run


def _is_touched(segment: CandidateSegment) -> bool:
    return segment.run_id is None or segment.status != SegmentStatus.UNREVIEWED


def _each_once(candidates: list[dict], kept: list[CandidateSegment]) -> list[dict]:
    """Return the best candidate of each moment, without the moments already kept, which would be sorted twice."""
    taken, fresh = [(segment.start_ms, segment.end_ms) for segment in kept], []
    for candidate in candidates:
        span_ms = candidate["start_ms"], candidate["end_ms"]
        if not any(is_same_moment(span_ms, other_ms) for other_ms in taken):
            taken.append(span_ms)
            fresh.append(candidate)
    return fresh
