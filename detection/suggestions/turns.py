"""Tells who rides next from who rode before and after, in the order of filming; without numpy, for all programs.

A crew rides in turns, and each has habits of its own: two who always follow each other, one who goes twice. So the
counts of who followed whom in this session say more than who was kept last, whatever order the cards are dealt in.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

#: Who rode, and when, in seconds.
Turn: TypeAlias = tuple[float, str]

#: A rider's own followers count as if this many turns more followed as anybody does.
USUAL_TURNS = 1.0
#: Two clips of a rider nearer than this show the same turn, seen by two cameras.
SAME_TURN_S = 3.0
#: Across so many turns that nobody has told, it is as good as unknown who rode.
MOST_STEPS = 6


def turns_of(kept: Sequence[Turn]) -> list[Turn]:
    """Return the turns that clips show, in the order of filming, each once."""
    turns: list[Turn] = []
    for at_s, rider in sorted(kept):
        if not turns or turns[-1][1] != rider or at_s - turns[-1][0] >= SAME_TURN_S:
            turns.append((at_s, rider))
    return turns


def chances(at_s: float | None, turns: Sequence[Turn], waiting: Sequence[float]) -> dict[str, float]:
    """Return how likely each rider of a session is the one of a moment.

    Parameters
    ----------
    at_s : float, optional
        When it was filmed; None where nobody knows.
    turns : sequence of (float, str)
        From `turns_of`.
    waiting : sequence of float
        When the other moments were filmed about which nobody has decided: turns that may lie between.

    Returns
    -------
    dict of str to float
        They add up to 1; empty without a turn.

    Notes
    -----
    A Markov chain of first order, smoothed towards how often each rides; Rabiner 1989 for the step across what is
    not known.
    """
    riders = sorted({rider for _, rider in turns})
    if not riders:
        return {}
    counts = Counter(rider for _, rider in turns)
    usual = {one: (counts[one] + 0.5) / (len(turns) + 0.5 * len(riders)) for one in riders}
    if at_s is None or len(riders) == 1:
        return usual
    waits = sorted(waiting)
    follows = _follows(turns, waits, riders, usual)
    before = next((turn for turn in reversed(turns) if turn[0] < at_s), None)
    after = next((turn for turn in turns if turn[0] > at_s), None)
    likely = dict(usual)
    if before:
        likely = _stepped(before[1], 1 + _between(before[0], at_s, waits), follows, riders, usual)
    if after:
        steps = 1 + _between(at_s, after[0], waits)
        ahead = {one: _stepped(one, steps, follows, riders, usual)[after[1]] for one in riders}
        likely = {one: likely[one] * ahead[one] for one in riders}
    whole = sum(likely.values())
    return {one: likely[one] / whole for one in riders}


def _follows(
    turns: Sequence[Turn], waits: Sequence[float], riders: Sequence[str], usual: dict[str, float]
) -> dict[str, dict[str, float]]:
    """Return how likely each rides after each; what lies apart by an untold turn says nothing."""
    counts = Counter((one[1], two[1]) for one, two in pairwise(turns) if not _between(one[0], two[0], waits))
    made = {}
    for one in riders:
        n = sum(counts[one, other] for other in riders)
        made[one] = {o: (counts[one, o] + USUAL_TURNS * usual[o]) / (n + USUAL_TURNS) for o in riders}
    return made


def _stepped(
    rider: str, steps: int, follows: dict[str, dict[str, float]], riders: Sequence[str], usual: dict[str, float]
) -> dict[str, float]:
    """Return who rides so many turns after a rider."""
    if steps > MOST_STEPS:
        return usual
    now = follows[rider]
    for _ in range(steps - 1):
        now = {other: sum(now[one] * follows[one][other] for one in riders) for other in riders}
    return now


def _between(start_s: float, end_s: float, waits: Sequence[float]) -> int:
    return max(0, bisect_left(waits, end_s) - bisect_right(waits, start_s))
