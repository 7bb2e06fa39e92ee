"""Tells riders of one session apart by the colours of their clothes; without numpy, for all programs.

Colours are compared only within a session: tomorrow somebody wears another jacket, and other light falls on it. How
much they tell is measured in the session itself: where one rider's clips are as far from each other as from those of
others, colours say nothing. How they are measured: `detection.suggestions.measure`.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import mul
from typing import TypeAlias

#: Shares of a rider's picture in each bin, adding up to 1.
Colours: TypeAlias = Sequence[float]

#: Distances from a rider's middle have so many degrees of freedom; made-up crews rank alike from 4 to 10.
FREEDOM = 6.0
#: As if so many clips had been seen that lie this far from their rider's middle, and from those of others.
BEFORE, USUAL_OWN, USUAL_OTHER = 3.0, 0.06, 0.2
#: Nobody's clips lie nearer to each other than this: few of them may do so by chance.
LEAST_OWN = 0.01
#: The log likelihood of a rider against another is never larger: a jacket is taken off, two wear the same.
MOST = 4.0


def distance(one: Colours, other: Colours) -> float:
    """Return the squared Hellinger distance of two sets of colours, 0 to 1."""
    return _apart(_roots(one), _roots(other))


def middle(known: Sequence[Colours]) -> list[float]:
    """Return the mean of sets of colours."""
    return [sum(values) / len(known) for values in zip(*known, strict=True)]


def _roots(colours: Colours) -> list[float]:
    return [math.sqrt(max(share, 0.0)) for share in colours]


def _apart(one: Sequence[float], other: Sequence[float]) -> float:
    return max(0.0, 1.0 - sum(map(mul, one, other)))


@dataclass(frozen=True)
class Wardrobe:
    """The usual colours of each rider of a session, and how well colours tell riders apart there.

    Attributes
    ----------
    middles : dict of str to (list of float, int)
        The roots of each rider's mean colours, and of how many clips.
    sharp : float
        By how much a fit falls with the squared distance.
    other : float
        How far clips lie from the middles of other riders, squared.
    """

    middles: dict[str, tuple[list[float], int]]
    sharp: float
    other: float


def wardrobe(known: dict[str, list[Colours]]) -> Wardrobe:
    """Return what riders wear, from the colours of each one's clips in this session."""
    means = {rider: middle(clips) for rider, clips in known.items() if clips}
    middles = {rider: (_roots(mean), len(known[rider])) for rider, mean in means.items()}
    own, n_own, other, n_other = BEFORE * USUAL_OWN, BEFORE, BEFORE * USUAL_OTHER, BEFORE
    for rider, mean in means.items():
        n = len(known[rider])
        for one in known[rider]:
            roots = _roots(one)
            if n > 1:
                rest = _roots([value * n - mine for value, mine in zip(mean, one, strict=True)])
                lies = 1.0 - sum(map(mul, roots, rest)) / math.sqrt(n - 1)
                own, n_own = own + max(lies, 0.0) / (1 + 1 / (n - 1)), n_own + 1
            far = [_apart(roots, strange) for stranger, (strange, _) in middles.items() if stranger != rider]
            if far:
                other, n_other = other + sum(far) / len(far), n_other + 1
    own, other = own / n_own, other / n_other
    trust = min(max((other - own) / max(own, 1e-6), 0.0), 1.0)
    return Wardrobe(middles, trust * FREEDOM / (2 * max(own, LEAST_OWN)), other)


def log_likelihoods(colours: Colours, worn: Wardrobe) -> dict[str, float]:
    """Return how well the colours of a moment fit each rider, and a stranger under "".

    Returns
    -------
    dict of str to float
        Logarithms, 0 for the one who fits best; empty without anything to compare.
    """
    if not worn.middles:
        return {}
    # A middle of few clips lies off by as much as one of them, divided by their number.
    roots = _roots(colours)
    fits = {rider: -worn.sharp * _apart(roots, own) / (1 + 1 / n) for rider, (own, n) in worn.middles.items()}
    fits[""] = -worn.sharp * worn.other / 2
    best = max(fits.values())
    return {rider: max(value - best, -MOST) for rider, value in fits.items()}
