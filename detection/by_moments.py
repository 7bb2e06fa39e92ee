"""Proposes how two videos lie in time by the moments that their searches found, where their sound says nothing.

Such a pair is never sure by itself: it waits for somebody's word.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import F, Q, QuerySet

from clips.models import CandidateSegment, FoundBy, OriginalFile, PairState, VideoPair
from clips.models.segment import is_shown
from detection.sync.clocks import CLOCK_SLACK_S
from detection.sync.moments import LEAST_COMMON, match_moments

#: What a pair is told to agree by moments, below all that sound is likely with.
MOST_CONFIDENCE = 0.2


def moments_of(videos: Iterable[UUID]) -> dict[UUID, list[float]]:
    """Return the middles of the moments that the session shows of each video, in seconds, the surest first."""
    rows = CandidateSegment.objects.filter(is_shown(), original_file__in=list(videos), is_from_angle=False)
    found: dict[UUID, list[float]] = defaultdict(list)
    rows = rows.order_by(F("score").desc(nulls_first=True), "pk")
    for video, start_ms, end_ms in rows.values_list("original_file", "start_ms", "end_ms"):
        found[video].append((start_ms + end_ms) / 2000)
    return found


def untold(video: OriginalFile) -> QuerySet[VideoPair]:
    """Return the pairs of a video of which neither sound nor a person has said how they lie."""
    undecided = Q(state=PairState.NONE) | Q(state=PairState.UNSURE, found_by=FoundBy.CLOCK)
    return VideoPair.objects.in_use().of(video).filter(undecided).select_related("first", "second")


def may_tell(video: OriginalFile) -> bool:
    """Return whether a video's moments may say more of it than its sound did."""
    return len(moments_of([video.pk])[video.pk]) >= LEAST_COMMON and untold(video).exists()


def by_moments(video: OriginalFile, other: OriginalFile, moments: dict[UUID, list[float]]) -> dict[str, Any] | None:
    """Return how another video lies by the moments of both, as `VideoPairQuerySet.note` takes it; None if unknown.

    What the clocks allow is tried first; then any offset, for one of them may be wrong.
    """
    lengths_s = (video.duration_ms or 0) / 1000, (other.duration_ms or 0) / 1000
    windows: list[tuple[float, float] | None] = [None]
    if video.recorded_at and other.recorded_at:
        apart_s = (other.recorded_at - video.recorded_at).total_seconds()
        windows.insert(0, (apart_s - CLOCK_SLACK_S, apart_s + CLOCK_SLACK_S))
    for within_s in windows:
        both = moments.get(video.pk, []), moments.get(other.pk, [])
        if found := match_moments(*both, lengths_s=lengths_s, within_s=within_s):
            confidence = round(MOST_CONFIDENCE * found.share, 3)
            lies = {"offset_s": found.offset_s, "drift_ppm": None, "is_sure": False}
            return lies | {"confidence": confidence, "found_by": FoundBy.MOMENTS}
    return None
