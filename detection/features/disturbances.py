"""Detects disturbances that are no trick: cuts, cross-fades, flashes, bumps of the lens, a camera that is picked up.

Arrays in, arrays out; one row per pair of pictures.
"""

import numpy as np
from scipy import ndimage

from detection.features.motion import phase_shift

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
#: Light that changes by so many grey levels from one picture to the next: a flash, or an exposure that jumps. On the
#: labelled takes 999 of 1000 pairs away from joins stay below 4.
FLASH_LEVELS = 15.0
#: A covered lens leaves less than this share of the take's usual contrast; the flattest labelled piece has .39.
COVERED = 0.3
#: A knock flings the picture by so much, px per pair at 96 px and 30 Hz, which would be one and a half times the width
#: in a second; 999 of 1000 pairs of the labelled takes stay below 5, a fast follower's during tricks as well.
FLUNG_PX = 5.0
#: So far one shift must explain the whole picture: .6 and more in made-up knocks, .3 where a rider close by leaps.
FOUND_AGAIN = 0.5
#: It swings back within this and is over after that.
SWING_S, LONGEST_BUMP_S = 0.15, 1.0
#: Who pans fast goes on in one direction: then the way covered is nearly the sum of the steps.
STEADY = 0.7
#: Who picks up or puts down a camera flings it about again and again, with pauses no longer than this, ...
PAUSE_S = 0.7
#: ... for at least so long, ...
SHORTEST_HANDLING_S = 0.7
#: ... at the very beginning or end of the take, of which it is at most this share, ...
MOST_OF_TAKE = 0.35
#: ... and has it in hand a little longer, ...
HAND_S = 0.3
#: ... while elsewhere hardly anything is flung about; a camera that the rider wears is, throughout.
CALM_ELSEWHERE = 0.05


def find_cuts(coherence: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """Return which pairs of pictures have nothing in common, above all those on either side of a cut.

    Parameters
    ----------
    coherence, residual : np.ndarray [shape=(n,), float]
        From `detection.features.motion.pair_motion`.

    Returns
    -------
    np.ndarray [shape=(n,), bool]

    Notes
    -----
    A local threshold on a frame difference, as in Yeo and Liu 1995, "Rapid scene analysis on compressed video".
    """
    usual = ndimage.median_filter(residual, min(USUAL_PAIRS, max(1, 2 * len(residual) - 1)), mode="nearest")
    return (coherence < CUT_COHERENCE) & (residual > CUT_TIMES_USUAL * usual + CUT_OVER_USUAL)


def find_fades(luma: np.ndarray) -> np.ndarray:
    """Return which pictures are in the middle of a cross-fade.

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


def is_flung(shift_px: np.ndarray, coherence: np.ndarray) -> np.ndarray:
    """Return in which pairs the whole picture leaps, or turns so fast that nothing in it is found again.

    Parameters
    ----------
    shift_px : np.ndarray [shape=(n, 2), float]
        px per 1/30 s at 96 px.
    coherence : np.ndarray [shape=(n,), float]

    Returns
    -------
    np.ndarray [shape=(n,), bool]
    """
    return (np.hypot(*shift_px.T) > FLUNG_PX) | (coherence < CUT_COHERENCE)


def find_bumps(
    times_s: np.ndarray, shift_px: np.ndarray, coherence: np.ndarray, likeness: np.ndarray
) -> list[tuple[int, int]]:
    """Return the bumps of a camera: the whole picture leaps and swings back.

    Parameters
    ----------
    times_s : np.ndarray [shape=(n,), float]
        Rising.
    shift_px : np.ndarray [shape=(n, 2), float]
    coherence, likeness : np.ndarray [shape=(n,), float]

    Returns
    -------
    list of (first, end)
        Pairs ``first`` to ``end`` - 1 of each knock.
    """
    bumps = []
    for group in groups(times_s, np.flatnonzero(is_flung(shift_px, coherence)), SWING_S):
        # Where the picture is not found again its shift means nothing; so two cuts in a row fling nothing, nor does a
        # rider who fills the picture.
        found = group[likeness[group] >= FOUND_AGAIN]
        way_px, steps_px = np.hypot(*shift_px[found].sum(axis=0)), np.hypot(*shift_px[found].T).sum()
        is_pan = way_px > STEADY * steps_px and len(found) >= len(group) / 2
        if len(group) > 1 and len(found) and not is_pan and np.ptp(times_s[group]) <= LONGEST_BUMP_S:
            bumps.append((int(group[0]), int(group[-1]) + 1))
    return bumps


def find_handling(times_s: np.ndarray, flung: np.ndarray, duration_s: float) -> list[tuple[float, float]]:
    """Return the stretches at the beginning and at the end in which the camera is picked up or put down.

    Parameters
    ----------
    times_s : np.ndarray [shape=(n,), float]
        Rising; pairs may be close together in some places and far apart in others.
    flung : np.ndarray [shape=(n,), bool]
        From `is_flung`.
    duration_s : float
        Of the take.

    Returns
    -------
    list of (start_s, end_s)
        At most two.
    """
    stretches, inside = [], np.zeros(len(times_s), bool)
    for group in groups(times_s, np.flatnonzero(flung), PAUSE_S):
        start_s, end_s = float(times_s[group[0]]), float(times_s[group[-1]])
        start_s = 0.0 if start_s <= PAUSE_S else start_s
        end_s = duration_s if end_s >= duration_s - PAUSE_S else end_s
        at_an_edge = start_s == 0.0 or end_s == duration_s
        if at_an_edge and len(group) > 2 and SHORTEST_HANDLING_S <= end_s - start_s <= MOST_OF_TAKE * duration_s:
            start_s, end_s = max(0.0, start_s - HAND_S), min(duration_s, end_s + HAND_S)
            stretches.append((start_s, end_s))
            inside |= (times_s >= start_s) & (times_s <= end_s)
    is_calm = not inside.all() and float(flung[~inside].mean()) <= CALM_ELSEWHERE
    return stretches if is_calm else []


def groups(times_s: np.ndarray, chosen: np.ndarray, most_apart_s: float) -> list[np.ndarray]:
    """Return chosen rising indices, grouped so that members follow each other within a time."""
    if len(chosen) == 0:
        return []
    return np.split(chosen, np.flatnonzero(np.diff(times_s[chosen]) > most_apart_s) + 1)


def find_flashes(brighter: np.ndarray) -> np.ndarray:
    """Return in which pairs the light jumps [shape=(n,), bool], from ``brighter`` of `motion.pair_motion`."""
    return np.abs(brighter) > FLASH_LEVELS


def find_covers(contrast: np.ndarray, usual: float) -> np.ndarray:
    """Return in which pairs something covers the lens [shape=(n,), bool].

    Parameters
    ----------
    contrast : np.ndarray [shape=(n,), float]
        From `detection.features.motion.pair_motion`.
    usual : float
        Its median over the take.
    """
    return contrast < COVERED * usual
