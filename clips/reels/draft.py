"""Chooses which clips of a session make the edit of the day, and in which order. Knows no rows: takes go in and out.

Each rider is in it once at least, the best clips fill what is left, no trick follows itself, and crashes come last.
"""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from enum import StrEnum

MAX_MS = 90_000
MAX_BLOOPERS = 3
#: So many hearts are as good as all.
MANY_HEARTS = 5
MANY_STARS = 5


class Weighing(StrEnum):
    """The measure by which clips are chosen."""

    RATED = "rated"
    HEARTS = "hearts"
    SEARCH = "search"
    RIDERS = "riders"


#: Of stars, hearts and the search's score, each from 0 to 1.
_WEIGHTS = {
    Weighing.RATED: (4.0, 2.0, 1.0),
    Weighing.HEARTS: (1.0, 4.0, 1.0),
    Weighing.SEARCH: (0.0, 0.0, 1.0),
    Weighing.RIDERS: (4.0, 2.0, 1.0),
}


@dataclass(frozen=True)
class Take:
    """The facts by which a clip is chosen; ``at`` orders takes by time."""

    key: Hashable
    at: tuple
    length_ms: int
    riders: frozenset = frozenset()
    trick: Hashable = None
    is_crash: bool = False
    stars: int = 0
    hearts: int = 0
    score: float = 0.0

    def worth(self, weighing: Weighing) -> float:
        """Return how much speaks for it."""
        stars, hearts, score = _WEIGHTS[weighing]
        liked = min(self.hearts, MANY_HEARTS) / MANY_HEARTS
        return stars * self.stars / MANY_STARS + hearts * liked + score * self.score


def choose(takes: Sequence[Take], weighing: Weighing = Weighing.RATED, *, max_ms: int = MAX_MS) -> list[Take]:
    """Return the takes of an edit in their order, ``max_ms`` long at most."""
    ranked = sorted(takes, key=lambda take: (-take.worth(weighing), take.at))
    best_of = _best_of_riders(ranked)
    order = _Order(max_ms)
    for take in dict.fromkeys(best_of.values()):
        order.add(take)
    if not any(take.is_crash for take in order.takes):
        next(filter(order.add, [take for take in ranked if take.is_crash]), None)
    # What the riders without a place need stays free for them.
    missing = [rider for rider in best_of if rider not in order.riders]
    order.kept_free_ms = sum({best_of[rider]: best_of[rider].length_ms for rider in missing}.values())
    while rest := [take for take in ranked if order.has_place(take)]:
        order.add(_least_seen(rest, order) if weighing == Weighing.RIDERS else rest[0])
    order.kept_free_ms = 0
    for rider in missing:
        if rider not in order.riders:
            own = [take for take in ranked if rider in take.riders]
            if not any(order.add(take) for take in sorted(own, key=lambda take: take.is_crash)):
                order.force(best_of[rider])
    return order.takes


def _best_of_riders(ranked: list[Take]) -> dict[Hashable, Take]:
    """Return each rider's best take, a crash only of those who have nothing else; the best riders' first."""
    best: dict[Hashable, Take] = {}
    for take in sorted(ranked, key=lambda take: take.is_crash):
        for rider in sorted(take.riders, key=str):
            best.setdefault(rider, take)
    return best


def _least_seen(rest: list[Take], order: "_Order") -> Take:
    """Return the best take of those riders who have been seen for the shortest time."""

    def seen_ms(take: Take) -> int:
        of_each = [sum(one.length_ms for one in order.takes if rider in one.riders) for rider in take.riders]
        return min(of_each, default=order.max_ms)

    return min(rest, key=seen_ms)


class _Order:
    """Takes in their order as it grows: by time, the crashes behind the others."""

    def __init__(self, max_ms: int) -> None:
        self.max_ms, self.kept_free_ms = max_ms, 0
        self.takes: list[Take] = []

    @property
    def riders(self) -> set[Hashable]:
        return {rider for take in self.takes for rider in take.riders}

    def has_place(self, take: Take) -> bool:
        """Return whether a take fits where its time is."""
        place = self._place(take)
        return self._has_room(take) and not self._repeats(take, place)

    def add(self, take: Take) -> bool:
        """Put a take where its time is; False if it does not fit there."""
        if not self.has_place(take):
            return False
        self.takes.insert(self._place(take), take)
        return True

    def force(self, take: Take) -> None:
        """Put a rider's take as near to its time as no trick follows itself, else where its time is."""
        if take in self.takes or self._length_ms() + take.length_ms > self.max_ms:
            return
        wanted = self._place(take)
        n_tricks = sum(not one.is_crash for one in self.takes)
        places = range(n_tricks, len(self.takes) + 1) if take.is_crash else range(n_tricks + 1)
        free = [place for place in places if not self._repeats(take, place)]
        self.takes.insert(min(free, key=lambda place: abs(place - wanted), default=wanted), take)

    def _length_ms(self) -> int:
        return sum(take.length_ms for take in self.takes)

    def _has_room(self, take: Take) -> bool:
        if take in self.takes or self._length_ms() + self.kept_free_ms + take.length_ms > self.max_ms:
            return False
        n_crashes = sum(one.is_crash for one in self.takes)
        return not take.is_crash or n_crashes < MAX_BLOOPERS or not take.riders <= self.riders

    def _place(self, take: Take) -> int:
        return sum((one.is_crash, one.at) < (take.is_crash, take.at) for one in self.takes)

    def _repeats(self, take: Take, place: int) -> bool:
        beside = self.takes[max(0, place - 1) : place + 1]
        return take.trick is not None and any(one.trick == take.trick for one in beside)
