"""Finds how two recordings lie in time by the moments that each one's search found, where the sound says nothing."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from math import comb, exp
from statistics import median

#: Two searches of one trick place its middle this near to each other (docs/BENCHMARKS.md).
NEAR_S = 0.5
#: Fewer moments that coincide may do so anywhere.
LEAST_COMMON = 4
#: Of the moments of whoever found fewer of them in what both recorded, this share at least must coincide.
LEAST_SHARE = 0.5
#: So likely such a number coincides by chance at any of the offsets that are possible; above it nothing is proposed.
MOST_CHANCE = 0.1
#: Another offset with more than this share of them as well makes both doubtful: moments at an even pace.
MOST_RIVAL = 0.75
#: The surest moments of a recording; with more of them chance grows, and the cost with their square.
MOST_MOMENTS = 120


@dataclass(frozen=True)
class MomentMatch:
    """Place of the second of two recordings on the clock of the first, good to some tenths of a second.

    Attributes
    ----------
    offset_s : float
        Time of the first recording at which the second begins.
    n_common : int
        Moments that coincide.
    share : float
        Of the moments that both could have, as the one with fewer of them has them.
    """

    offset_s: float
    n_common: int
    share: float


def match_moments(
    first_s: Sequence[float],
    second_s: Sequence[float],
    *,
    lengths_s: tuple[float, float],
    within_s: tuple[float, float] | None = None,
) -> MomentMatch | None:
    """Find the offset at which most moments of two recordings coincide.

    Parameters
    ----------
    first_s, second_s : sequence of float
        The middles of the moments of each, at most ``MOST_MOMENTS`` are used.
    lengths_s : (float, float)
        Of both recordings.
    within_s : (float, float), optional
        Least and greatest offset that is possible, as the cameras' clocks say.

    Returns
    -------
    MomentMatch or None
        None where no offset has more in common than chance would have at one of all that are possible. What is found
        is for a person to confirm: a training run is as regular as a clock.

    Notes
    -----
    Each two moments name an offset. What coincides by chance there is binomial, with the share of the overlap that is
    near a moment of the other recording as its probability; it is multiplied by the number of offsets (Bonferroni).
    """
    first, second = (sorted(one[:MOST_MOMENTS]) for one in (first_s, second_s))
    low_s, high_s = -lengths_s[1], lengths_s[0]
    if within_s is not None:
        low_s, high_s = max(low_s, within_s[0]), min(high_s, within_s[1])
    offsets_s = (own_s - other_s for own_s in first for other_s in second)
    n_offsets = max(1.0, (high_s - low_s) / (2 * NEAR_S))
    found = [
        one
        for offset_s in offsets_s
        if low_s <= offset_s <= high_s and (one := _at(first, second, offset_s, lengths_s))
    ]
    if not found:
        return None
    chance, best = min(found, key=lambda one: one[0])
    rivals = (one.n_common for _chance, one in found if abs(one.offset_s - best.offset_s) > 2 * NEAR_S)
    is_alone = max(rivals, default=0) <= MOST_RIVAL * best.n_common
    return best if is_alone and chance * n_offsets <= MOST_CHANCE else None


def _at(
    first: list[float], second: list[float], offset_s: float, lengths_s: tuple[float, float]
) -> tuple[float, MomentMatch] | None:
    """Return the chance of what coincides at one offset, and what that is; None if it is too little."""
    begins_s, ends_s = max(0.0, offset_s), min(lengths_s[0], offset_s + lengths_s[1])
    own = _within(first, begins_s, ends_s)
    other = _within([place_s + offset_s for place_s in second], begins_s, ends_s)
    few, many = (own, other) if len(own) <= len(other) else (other, own)
    if len(few) < LEAST_COMMON:
        return None
    apart_s = _common(own, other)
    n_common, share = len(apart_s), len(apart_s) / len(few)
    if n_common < LEAST_COMMON or share < LEAST_SHARE:
        return None
    near = 1 - exp(-2 * NEAR_S * len(many) / (ends_s - begins_s))
    # The moment by which the offset was chosen coincides in any case.
    chance = _at_least(n_common - 1, len(few) - 1, near)
    return chance, MomentMatch(offset_s + median(apart_s), n_common, share)


def _within(places_s: list[float], begins_s: float, ends_s: float) -> list[float]:
    return places_s[bisect_left(places_s, begins_s) : bisect_right(places_s, ends_s)]


def _common(own: list[float], other: list[float]) -> list[float]:
    """Return how much later the first recording has each moment that both have, each at most once."""
    apart_s: list[float] = []
    at = 0
    for one_s in own:
        while at < len(other) and other[at] < one_s - NEAR_S:
            at += 1
        if at < len(other) and other[at] <= one_s + NEAR_S:
            apart_s.append(one_s - other[at])
            at += 1
    return apart_s


def _at_least(n_hits: int, n: int, chance: float) -> float:
    """Return how likely a binomial variable is to have so many hits, or more."""
    return sum(comb(n, hits) * chance**hits * (1 - chance) ** (n - hits) for hits in range(n_hits, n + 1))
