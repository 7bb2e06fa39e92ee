"""Lays videos of confirmed pairs on one clock, and their moments with them."""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from clips.models import CandidateSegment, VideoPair

#: Moments that share this much of the shorter one are one, as in one video (`detection.scoring.same_moment`).
COINCIDES = 0.5


@dataclass(frozen=True)
class Clock:
    """How a video lies on the clock that it shares with others."""

    shift_ms: float = 0.0
    rate: float = 1.0

    def at_ms(self, place_ms: float) -> float:
        return self.shift_ms + self.rate * place_ms

    def place_ms(self, at_ms: float) -> float:
        return (at_ms - self.shift_ms) / self.rate

    def after(self, shift_ms: float, rate: float) -> "Clock":
        """Return the clock of a video that lies so on the video of this one."""
        return Clock(self.shift_ms + self.rate * shift_ms, self.rate * rate)


@dataclass(frozen=True)
class Placed:
    """A moment on the clock of its video's cameras."""

    segment: CandidateSegment
    clock: Clock
    start_ms: float
    end_ms: float

    @classmethod
    def of(cls, segment: CandidateSegment, clock: Clock) -> "Placed":
        return cls(segment, clock, clock.at_ms(segment.start_ms), clock.at_ms(segment.end_ms))

    def coincides(self, other: "Placed") -> bool:
        shared_ms = min(self.end_ms, other.end_ms) - max(self.start_ms, other.start_ms)
        return shared_ms >= COINCIDES * min(self.end_ms - self.start_ms, other.end_ms - other.start_ms)


def clocks_of(
    pairs: list[VideoPair], chapters: Iterable[tuple[uuid.UUID, uuid.UUID, float]] = ()
) -> list[dict[uuid.UUID, Clock]]:
    """Return the clocks of videos that are tied by pairs, each set of them on the clock of one of them.

    Also by ``chapters`` of one take: a video, another one of the same camera, and where that begins in milliseconds.
    """
    ties: dict[uuid.UUID, list[tuple[uuid.UUID, float, float]]] = defaultdict(list)
    for first, other, start_ms in chapters:
        ties[first].append((other, start_ms, 1.0))
        ties[other].append((first, -start_ms, 1.0))
    for pair in pairs:
        rate = 1 + (pair.drift_ppm or 0.0) * 1e-6
        ties[pair.first_id].append((pair.second_id, pair.shift_ms, rate))
        ties[pair.second_id].append((pair.first_id, -pair.shift_ms / rate, 1 / rate))
    found: list[dict[uuid.UUID, Clock]] = []
    seen: set[uuid.UUID] = set()
    for video in sorted(ties):
        if video in seen:
            continue
        clocks, to_visit = {video: Clock()}, [video]
        while to_visit:
            here = to_visit.pop(0)
            for other, shift_ms, rate in ties[here]:
                if other not in clocks:
                    clocks[other] = clocks[here].after(shift_ms, rate)
                    to_visit.append(other)
        seen |= clocks.keys()
        found.append(clocks)
    return found


def surest(moments: Iterable[Placed]) -> Placed:
    """Return what a person made of some moments, else what the search of its own video is surest of."""
    return min(moments, key=_unsureness)


def _unsureness(one: Placed) -> tuple[bool, bool, float, uuid.UUID]:
    moment = one.segment
    return moment.run_id is not None, moment.is_from_angle, -(moment.score or 0.0), moment.pk
