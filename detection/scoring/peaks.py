"""Finds peaks of a curve. Importing `scipy.signal.find_peaks` for it costs as much time as 10 s of video."""

import numpy as np


def peaks_apart(values: np.ndarray, *, distance: int, floor: float) -> list[int]:
    """Return the peaks of a curve, the highest first.

    Parameters
    ----------
    values : np.ndarray [shape=(n,), float]
        Beyond its ends the curve counts as lower than anywhere.
    distance : int
        Of two peaks that are nearer to each other than this, the lower one is left out.
    floor : float
        Lowest value of a peak.

    Returns
    -------
    list of int
        Indices; of a level top the middle, of equal peaks the earlier first.
    """
    padded = np.concatenate([[-np.inf], values, [-np.inf]])
    starts = np.flatnonzero(padded[1:] != padded[:-1])  # where a level stretch of the values begins, and their end
    if len(values) == 0 or len(starts) < 2:
        return []
    level = values[starts[:-1]]
    is_peak = (level > padded[starts[:-1]]) & (level > padded[starts[1:] + 1]) & (level >= floor)
    middles = (starts[:-1] + starts[1:] - 1)[is_peak] // 2
    taken, free = [], np.ones(len(values), bool)
    for middle in middles[np.lexsort([middles, -values[middles]])]:
        if free[middle]:
            taken.append(int(middle))
            free[max(0, middle - distance + 1) : middle + distance] = False
    return taken
