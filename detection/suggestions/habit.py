"""Tells which trick a rider did from what they do else and how long they flew; without numpy, for all programs.

Who falls tries again, and many repeat what they just landed; how often, the session itself tells.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

#: When, who, which trick ("" for none that was told), how long the flight was if that is known, whether they fell.
Done: TypeAlias = tuple[float, str, str, float | None, bool]

#: What a clip counts for: of this session, of the rider's other days, of others in this session.
TODAY, ELSEWHERE, OF_OTHERS = 1.0, 0.4, 0.1
#: As if so many clips were of tricks that nobody has told yet.
NEW = 1.0
#: Flights of one trick differ by about this much, in seconds, as if so many had been seen.
USUAL_SPREAD_S, LEAST_SPREAD_S, BEFORE = 0.12, 0.05, 3.0
#: A flight of a trick that nobody knows may take any time: as likely as this one, in seconds.
ANY_AIR_S, ANY_SPREAD_S = 0.6, 0.5
#: As if so many turns had been seen after which this share did the same again.
TURNS_BEFORE, USUAL_AGAIN = 3.0, 0.4


@dataclass(frozen=True)
class Habits:
    """The tricks and flights of a session's riders, counted once for all its cards.

    Attributes
    ----------
    of_rider : dict of str to dict of str to float
        How much speaks for each trick of a rider.
    of_all : dict of str to float
        The same of the whole crew today, which says a little of everybody.
    air_s : dict of str to (float, float)
        Mean and spread of a trick's flights.
    in_a_row : dict of str to list
        Each rider's clips of this session with a trick, in the order of filming.
    again : dict of bool to float
        How often the next turn of a rider is the same trick, after a fall and after a landing.
    """

    of_rider: dict[str, dict[str, float]]
    of_all: dict[str, float]
    air_s: dict[str, tuple[float, float]]
    in_a_row: dict[str, list[Done]]
    again: dict[bool, float]

    @classmethod
    def of(cls, today: Sequence[Done], elsewhere: Sequence[Done]) -> "Habits":
        of_rider: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
        of_all: dict[str, float] = defaultdict(float)
        airs: dict[str, list[float]] = defaultdict(list)
        in_a_row: dict[str, list[Done]] = defaultdict(list)
        for one in today:
            of_rider[one[1]][one[2]] += TODAY - OF_OTHERS
            of_all[one[2]] += OF_OTHERS
            if one[2]:
                in_a_row[one[1]].append(one)
        for one in elsewhere:
            of_rider[one[1]][one[2]] += ELSEWHERE
        for one in (*today, *elsewhere):
            if one[2] and one[3] is not None:
                airs[one[2]].append(one[3])
        for own in in_a_row.values():
            own.sort(key=lambda done: done[0])
        flights = {trick: _flights(own) for trick, own in airs.items()}
        return cls(of_rider, of_all, flights, in_a_row, _again(in_a_row.values()))

    def chances(self, rider: str, *, at_s: float | None, air_s: float | None) -> dict[str, float]:
        """Return how likely each trick is what a rider did.

        Parameters
        ----------
        rider : str
        at_s : float, optional
            When, in the seconds of the session's clips; None where that cannot be compared.
        air_s : float, optional
            How long the flight was.

        Returns
        -------
        dict of str to float
            With "" for none of those that are known; they add up to 1.
        """
        weights = dict(self.of_all)
        for trick, weight in self.of_rider.get(rider, {}).items():
            weights[trick] = weights.get(trick, 0.0) + weight
        weights[""] = weights.get("", 0.0) + NEW
        likely = self._after_others(rider, at_s, weights)
        likely = {trick: value * self._fit(trick, air_s) for trick, value in likely.items()}
        whole = sum(likely.values())
        return {trick: value / whole for trick, value in likely.items()}

    def _after_others(self, rider: str, at_s: float | None, weights: dict[str, float]) -> dict[str, float]:
        """Return the chances of tricks by a rider's habit and what they did just before and after."""
        whole = sum(weights.values())
        usual = {trick: weight / whole for trick, weight in weights.items()}
        own = self.in_a_row.get(rider, [])
        if at_s is None or not own:
            return usual
        before = next((one for one in reversed(own) if one[0] < at_s), None)
        after = next((one for one in own if one[0] > at_s), None)
        either = (self.again[True] + self.again[False]) / 2
        likely = dict(usual)
        for near, share in ((before, self.again[before[4]] if before else 0.0), (after, either)):
            if near:
                for trick in likely:
                    likely[trick] *= share * (trick == near[2]) / usual[near[2]] + 1 - share
        return likely

    def _fit(self, trick: str, air_s: float | None) -> float:
        """Return the density of a flight among those of a trick."""
        if air_s is None:
            return 1.0
        mean_s, spread_s = self.air_s.get(trick, (ANY_AIR_S, ANY_SPREAD_S))
        rare = 0.01 if trick in self.air_s else 0.0  # one flight in a few is measured wrongly
        return math.exp(-(((air_s - mean_s) / spread_s) ** 2) / 2) / (spread_s * math.sqrt(2 * math.pi)) + rare


def _flights(airs: Sequence[float]) -> tuple[float, float]:
    """Return mean and spread of a trick's flights, about which little is known at first."""
    mean_s = sum(airs) / len(airs)
    squares = sum((one - mean_s) ** 2 for one in airs) + BEFORE * USUAL_SPREAD_S**2
    return mean_s, max(LEAST_SPREAD_S, math.sqrt(squares / (len(airs) + BEFORE) * (1 + 1 / len(airs))))


def _again(in_a_row: Iterable[Sequence[Done]]) -> dict[bool, float]:
    counts = {fell: [TURNS_BEFORE * USUAL_AGAIN, TURNS_BEFORE] for fell in (True, False)}
    for own in in_a_row:
        for one, following in pairwise(own):
            counts[one[4]][0] += one[2] == following[2]
            counts[one[4]][1] += 1
    return {fell: same / n for fell, (same, n) in counts.items()}
