"""Says how two videos lie in time by what is known of other chapters of the takes that they are parts of."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q

from clips.models import FoundBy, OriginalFile, PairState, VideoPair
from clips.models.video_pair import STANDING
from clips.sorting.common_clock import Clock
from clips.sorting.takes import Takes, takes_of
from detection.sync.clocks import LEAST_OVERLAP_S, Task

#: Where another chapter of the take says how two videos lie, the sound is asked this far to either side.
NEAR_S = 0.5


@dataclass(frozen=True)
class Expected:
    """How another video lies on one's clock, as a pair of other chapters of both takes says."""

    clock: Clock
    confidence: float

    @property
    def found(self) -> dict[str, Any]:
        offset_s, drift_ppm = self.clock.shift_ms / 1000, (self.clock.rate - 1) * 1e6
        found = {"offset_s": offset_s, "drift_ppm": drift_ppm or None, "confidence": self.confidence}
        return found | {"is_sure": True, "found_by": FoundBy.TAKE}

    def shared_s(self, video: OriginalFile, other: OriginalFile) -> float:
        """Return for how long the two ran at the same time, below 0 if they did not."""
        ends_ms = self.clock.at_ms(other.duration_ms or 0)
        return (min(video.duration_ms or 0, ends_ms) - max(0.0, self.clock.shift_ms)) / 1000


def expected_of(video: OriginalFile, takes: Takes) -> dict[UUID, Expected]:
    """Return how other videos lie on a video's clock, by the pairs of other chapters of the takes of both."""
    alike = takes.alike(video.pk)
    pairs = VideoPair.objects.in_use().filter(Q(first__in=alike) | Q(second__in=alike), state__in=STANDING)
    found: dict[UUID, Expected] = {}
    # What a person said goes first, then what was heard.
    for pair in sorted(pairs, key=lambda one: (one.state != PairState.CONFIRMED, one.found_by, -one.confidence)):
        partner = pair.second_id if pair.first_id in alike else pair.first_id
        for other in takes.alike(partner):
            if {video.pk, other} == {pair.first_id, pair.second_id} or other in found:
                continue
            if clock := takes.clock_of(pair, video.pk, other):
                found[other] = Expected(clock, pair.confidence)
    return found


def task_near(video: OriginalFile, other: OriginalFile, expected: Expected) -> Task[UUID]:
    """Return the task that asks the sound whether it agrees with the other chapters, and nothing else."""
    offset_s = expected.clock.shift_ms / 1000
    return Task(video.pk, other.pk, (offset_s - NEAR_S, offset_s + NEAR_S))


def tell_chapters(video: OriginalFile) -> None:
    """Have what is known of a take stand for its chapters that were compared before, each by itself and unsure."""
    takes = takes_of(video.shoot_id)
    alike = takes.alike(video.pk)
    undecided = VideoPair.objects.in_use().filter(state__in=[PairState.NONE, PairState.UNSURE])
    for chapter in OriginalFile.objects.filter(pk__in=alike).defer("probe").order_by("pk"):
        expected = expected_of(chapter, takes)
        for pair in undecided.of(chapter).select_related("first", "second") if expected else ():
            other = pair.second if pair.first_id == chapter.pk else pair.first
            lies = expected.get(other.pk)
            if lies and lies.shared_s(chapter, other) >= LEAST_OVERLAP_S:
                VideoPair.objects.all().note(chapter, other, lies.found, state=PairState.SURE)
