"""Leads a narrower frame over a picture through the places where somebody put it."""

from collections.abc import Iterable

import numpy as np
from scipy import ndimage

#: A path is told so often, and its corners are rounded over so long: a frame that starts at once jerks.
_STEP_S = 1 / 30
_ROUNDED_S = 0.4
#: Longer ones are told less often: a plan is a row.
_MOST_STEPS = 3_000


def through(places: Iterable[tuple[float, float]]) -> tuple[tuple[float, float], ...]:
    """Return the path through these places: it waits at the first, glides from each to the next, and stays at the last.

    Parameters
    ----------
    places : iterable of (float, float)
        Seconds, ascending, and where the middle of the frame lies, 0 (left) to 1.

    Returns
    -------
    tuple of (float, float)
        As places are; empty for none.
    """
    known = np.array(list(places), dtype=float).reshape(-1, 2)
    if len(known) < 2:
        return tuple((float(at_s), float(middle)) for at_s, middle in known)
    begin_s, end_s = known[0, 0] - _ROUNDED_S, known[-1, 0] + _ROUNDED_S
    n_steps = int(min(_MOST_STEPS, np.ceil((end_s - begin_s) / _STEP_S)))
    times_s = np.linspace(begin_s, end_s, n_steps + 1)
    straight = np.interp(times_s, *known.T)
    step_s = (end_s - begin_s) / n_steps
    # Where it goes straight on, the mean of what lies around is where it is: only corners are rounded.
    rounded = ndimage.gaussian_filter1d(straight, _ROUNDED_S / step_s / 4, mode="nearest", truncate=2)
    return tuple(
        (round(float(at_s), 3), round(float(middle), 4)) for at_s, middle in zip(times_s, rounded, strict=True)
    )
