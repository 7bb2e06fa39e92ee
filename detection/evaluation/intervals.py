"""Says how far chance moves a figure, and whether a score is as true as it looks."""

from collections.abc import Callable, Sequence
from typing import TypeAlias, TypeVar

import numpy as np

#: How often examples are drawn anew; ends of an interval then move by a hundredth.
N_DRAWS = 400
#: Of the draws so many lie in an interval.
INSIDE = 0.9
#: Scores are compared with what came of them in so many equal stretches.
N_FIFTHS = 5

T = TypeVar("T")
#: A figure with the ends of its interval; all None where it has no meaning.
Figure: TypeAlias = tuple[float | None, float | None, float | None]


def with_interval(examples: Sequence[T], figure: Callable[[Sequence[T]], float | None]) -> Figure:
    """Return a figure of some examples and the interval in which chance moves it.

    Parameters
    ----------
    examples : sequence
        Independent of each other: files, or stretches of takes.
    figure : callable
        Makes a number of examples, or None where it has no meaning.

    Returns
    -------
    value, low, high : float or None

    Notes
    -----
    Percentile bootstrap: Efron 1979, "Bootstrap methods: another look at the jackknife". The same each time.
    """
    value = figure(examples)
    if value is None:
        return None, None, None
    rng = np.random.default_rng(1)
    drawn = [figure([examples[i] for i in rng.integers(0, len(examples), len(examples))]) for _ in range(N_DRAWS)]
    low, high = np.quantile([one for one in drawn if one is not None], [(1 - INSIDE) / 2, (1 + INSIDE) / 2])
    return value, float(low), float(high)


def calibration(scored: Sequence[tuple[float, bool]]) -> list[dict[str, float | int | None]]:
    """Return for each fifth of the scores how often such a moment is a trick.

    Parameters
    ----------
    scored : sequence of (score, is_hit)

    Returns
    -------
    list of dict
        ``from`` and ``to`` of the fifth, ``moments``, ``score`` (their mean) and ``hits`` (the share); the last two
        None for an empty fifth.
    """
    rows: list[dict[str, float | int | None]] = []
    for number in range(N_FIFTHS):
        low, high = number / N_FIFTHS, (number + 1) / N_FIFTHS
        own = [(score, hit) for score, hit in scored if low <= score < high or (score == 1 and high == 1)]
        mean = [sum(values) / len(own) for values in zip(*own, strict=True)] if own else [None, None]
        rows.append({"from": low, "to": high, "moments": len(own), "score": mean[0], "hits": mean[1]})
    return rows
