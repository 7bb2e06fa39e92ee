"""Joins of pieces: cuts and cross-fades, which change the whole picture and are no motion at all."""

import numpy as np
from scipy import ndimage

from detection.motion import phase_shift

#: A cut leaves nothing to align: measured coherence is .03 to .08 at cuts and above .15 in nearly every other pair.
CUT_COHERENCE = 0.1
#: The residual at a cut is 10 to 80 grey levels and many times that of its neighbours.
CUT_TIMES_USUAL, CUT_OVER_USUAL = 3.0, 4.0
#: Neighbourhood that says what is usual, in pairs; half a second.
USUAL_PAIRS = 15
#: A fade is looked at across this many pictures to each side; at 30 Hz a third of a second, the length of a short one.
FADE_REACH = 5
#: In a fade the middle picture is the mean of both ends: the deviation is below .35 of the change in 175 of the 190
#: fades of the labelled takes, together with the next two limits nowhere else, and about .5 in any other motion.
FADE_DEVIATION = 0.35
#: Its ends are unrelated pictures ...
FADE_COHERENCE = 0.2
#: ... that differ by this many grey levels.
FADE_CHANGE = 15.0


def find_cuts(coherence: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """Return which pairs of pictures lie on either side of a cut, or of a flash, a covered lens, a bump.

    Parameters
    ----------
    coherence, residual : np.ndarray [shape=(n,), float]
        From `detection.motion.pair_motion`.

    Returns
    -------
    np.ndarray [shape=(n,), bool]

    Notes
    -----
    A local threshold on a frame difference, as in Yeo and Liu 1995, "Rapid scene analysis on compressed video".
    """
    usual = ndimage.median_filter(residual, min(USUAL_PAIRS, 2 * len(residual) - 1), mode="nearest")
    return (coherence < CUT_COHERENCE) & (residual > CUT_TIMES_USUAL * usual + CUT_OVER_USUAL)


def find_fades(luma: np.ndarray) -> np.ndarray:
    """Return which pictures lie in the middle of a cross-fade.

    Parameters
    ----------
    luma : np.ndarray [shape=(n + 2 * FADE_REACH, height, width), uint8]
        Grey pictures in order of time.

    Returns
    -------
    np.ndarray [shape=(n,), bool]
        For each picture that has ``FADE_REACH`` others on both sides; n is 0 for a shorter stack.
    """
    n = len(luma) - 2 * FADE_REACH
    if n <= 0:
        return np.zeros(0, bool)
    pictures = luma.astype(np.float32)
    before, middle, after = pictures[:n], pictures[FADE_REACH : FADE_REACH + n], pictures[2 * FADE_REACH :]
    change = np.abs(after - before).mean(axis=(1, 2))
    deviation = np.abs(middle - (before + after) / 2).mean(axis=(1, 2))
    faded = (change > FADE_CHANGE) & (deviation < FADE_DEVIATION * change)
    if faded.any():
        faded[faded] = phase_shift(before[faded], after[faded])[1] < FADE_COHERENCE
    return faded
