"""Measures what moves against the background, after removing the camera's own motion.

Arrays in, arrays out. Pictures are small (about 96 px on the longer side) and come in pairs: ``before`` and ``after``
hold the same number of pictures, and row i of the result describes the change from ``before[i]`` to ``after[i]``.
Nothing here calls BLAS, whose sums depend on the number of threads.
"""

from dataclasses import dataclass, fields
from itertools import pairwise

import numpy as np
from scipy import fft, ndimage

from detection.signals import SignalError

#: Pairs that are measured at a time: with 64 the arrays are larger than a core's cache, and it takes an eighth longer.
#: A multiple of the rows that an FFT takes at once, so that the figures are the same however many there are.
PAIRS_AT_ONCE = 16
#: Softens what H.264 leaves of fine texture; without it block edges pass for motion.
BLUR_PX = 0.8
#: Two corrections after phase correlation; a third changes the residual by less than a grey level.
ALIGN_STEPS = 2
#: A correction beyond this is a failed fit, not a camera.
LARGEST_CORRECTION_PX = 3.0
#: Local motion is fitted over windows of this size (a twelfth of the picture's width), half overlapping.
WINDOW_PX = 8
#: Grey levels squared; flat windows, whose gradient is below it, report no motion.
GRADIENT_FLOOR = 4.0
#: Least squares on one level follows no more than this; larger figures are misfits.
FASTEST_PX = 6.0
#: A window belongs to a mover when it is faster than twice the middle window plus this.
MOVER_MARGIN_PX = 0.2
#: Width of a strip, a third of a wide picture; 6 to 10 windows rank alike on the labelled takes (AP .78 to .80).
STRIP_WINDOWS = 8
#: From strip to strip, in windows.
STRIP_STEP = 2
#: Weight of "nothing moves" in the movers' mean, so that one lonely window does not speak for the picture.
STILL_WEIGHT = 0.5


@dataclass
class PairMotion:
    """Motion between consecutive pictures, one row per pair.

    Attributes
    ----------
    coherence : np.ndarray [shape=(n,), float]
        0 to 1: height of the peak of phase correlation, see `phase_shift`.
    likeness : np.ndarray [shape=(n,), float]
        About 0 to 1.3: how far one shift of the whole picture explains the change.
    residual : np.ndarray [shape=(n,), float]
        Mean absolute difference in grey levels that is left when the camera's motion is taken out.
    moving : np.ndarray [shape=(n,), float]
        99th percentile of the speed of local motion against the background, px per pair.
    down : np.ndarray [shape=(n, n_strips), float]
        Vertical speed of what moves against the background in each upright strip, px per pair, positive downwards.
    shift_px : np.ndarray [shape=(n, 2), float]
        By how far the whole picture moved, down and right.
    brighter : np.ndarray [shape=(n,), float]
        Median change in grey levels.
    contrast : np.ndarray [shape=(n,), float]
        Spread of the grey levels of the flatter of the two pictures.
    """

    coherence: np.ndarray
    likeness: np.ndarray
    residual: np.ndarray
    moving: np.ndarray
    down: np.ndarray
    shift_px: np.ndarray
    brighter: np.ndarray
    contrast: np.ndarray


def pair_motion(luma: np.ndarray) -> PairMotion:
    """Measure the motion from each picture to the next.

    Parameters
    ----------
    luma : np.ndarray [shape=(n + 1, height, width), uint8]
        Grey pictures in order of time, at least two of at least 16 x 16 px.

    Returns
    -------
    PairMotion
        With n rows.

    Raises
    ------
    SignalError
        If ``luma`` is not such a stack.
    """
    if luma.ndim != 3 or luma.dtype != np.uint8 or len(luma) < 2 or min(luma.shape[1:]) < 16:
        raise SignalError(f"want at least two uint8 pictures of 16 x 16 px, got {luma.dtype} {luma.shape}")
    n = len(luma) - 1
    ends = [0, *range(PAIRS_AT_ONCE, n - PAIRS_AT_ONCE + 1, PAIRS_AT_ONCE), n]
    parts = [_measured(luma[first : last + 1]) for first, last in pairwise(ends)]
    return PairMotion(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(PairMotion)))


def _measured(luma: np.ndarray) -> PairMotion:
    pictures = ndimage.gaussian_filter(luma.astype(np.float32), (0, BLUR_PX, BLUR_PX))
    before, after = pictures[:-1], pictures[1:]
    shift_px, coherence, likeness = phase_shift(before, after)
    aligned = align(before, after, shift_px)
    down_px, right_px = local_flow(aligned, after)
    speed_px = np.hypot(down_px, right_px)
    contrast = pictures.std(axis=(1, 2))
    return PairMotion(
        coherence=coherence,
        likeness=likeness,
        residual=np.abs(aligned - after).mean(axis=(1, 2)),
        moving=np.percentile(speed_px.reshape(len(after), -1), 99, axis=1),
        down=strip_speed(down_px, speed_px),
        shift_px=shift_px,
        brighter=_medians(after - before),
        contrast=np.minimum(contrast[:-1], contrast[1:]),
    )


def _medians(pictures: np.ndarray) -> np.ndarray:
    """Return the median of each picture [shape=(n,)].

    The same as NumPy's, which asks for three places of the order at once and for that has only slow code: in a tenth of
    the time.
    """
    levels = pictures.reshape(len(pictures), -1)
    half = levels.shape[1] // 2
    ordered = np.partition(levels, half, axis=1)
    if levels.shape[1] % 2:
        return ordered[:, half]
    return (ordered[:, :half].max(axis=1) + ordered[:, half]) / 2


def phase_shift(before: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return how far the whole picture moved, and how clearly.

    Parameters
    ----------
    before, after : np.ndarray [shape=(n, height, width), float32]

    Returns
    -------
    shift_px : np.ndarray [shape=(n, 2), float]
        Down and right, to a fraction of a pixel; at most half the picture.
    coherence : np.ndarray [shape=(n,), float]
        Height of the correlation peak: 1 when fine texture shifts as a whole, near 0 for unrelated pictures; smooth
        pictures lie lower, so compare within a take. 1 for two flat pictures.
    likeness : np.ndarray [shape=(n,), float]
        Sum of the peak and its eight neighbours, over which a shift by a fraction of a pixel spreads it: about 1 for
        any shift, near 0 for unrelated pictures. It ranks better than the height (AP .86 and .80).

    Notes
    -----
    Kuglin and Hines 1975, "The phase correlation image alignment method"; the fraction from a parabola through the
    peak and its neighbours.
    """
    _, height, width = before.shape
    window = np.outer(np.hanning(height), np.hanning(width)).astype(np.float32)
    spectra = [fft.rfft2((p - p.mean(axis=(1, 2), keepdims=True)) * window, workers=1) for p in (before, after)]
    cross = spectra[1] * np.conj(spectra[0])
    size = np.abs(cross)
    flat = size.mean(axis=(1, 2)) < 1e-3
    cross /= size + 1e-3 * size.mean(axis=(1, 2), keepdims=True) + 1e-9
    surface = fft.irfft2(cross, s=(height, width), workers=1)
    row, column = np.divmod(surface.reshape(len(surface), -1).argmax(axis=1), width)
    pair = np.arange(len(surface))
    peak = surface[pair, row, column]
    down = row + _vertex(surface[pair, row - 1, column], peak, surface[pair, (row + 1) % height, column])
    right = column + _vertex(surface[pair, row, column - 1], peak, surface[pair, row, (column + 1) % width])
    down = np.where(down > height / 2, down - height, down)
    right = np.where(right > width / 2, right - width, right)
    shift_px = np.where(flat[:, None], 0.0, np.stack([down, right], axis=1))
    likeness = sum(surface[pair, (row + y) % height, (column + x) % width] for y in (-1, 0, 1) for x in (-1, 0, 1))
    return shift_px, np.where(flat, 1.0, np.clip(peak, 0, 1)), np.where(flat, 1.0, likeness)


def _vertex(left: np.ndarray, middle: np.ndarray, right: np.ndarray) -> np.ndarray:
    bend = left - 2 * middle + right
    peaked = bend < -1e-12
    return np.where(peaked, np.clip((left - right) / (2 * np.where(peaked, bend, -1)), -0.5, 0.5), 0)


def align(before: np.ndarray, after: np.ndarray, shift_px: np.ndarray) -> np.ndarray:
    """Return ``before`` moved by the camera's motion, so that its background lies on that of ``after``.

    Parameters
    ----------
    before, after : np.ndarray [shape=(n, height, width), float32]
    shift_px : np.ndarray [shape=(n, 2), float]
        Where to begin, from `phase_shift`.

    Returns
    -------
    np.ndarray [shape=(n, height, width), float32]
        Where ``before`` shows nothing, the grey of ``after``; an even change of brightness is taken out.

    Notes
    -----
    Affine motion by least squares on gradients (Lucas and Kanade 1981), robust against what moves by itself through
    the weights of Geman and McClure as in Black and Anandan 1996, "The robust estimation of multiple motions".
    """
    n, height, width = before.shape
    plane = _plane(height, width)
    motion = np.zeros((n, 2, 3))
    motion[:, :, 0] = shift_px
    for _ in range(ALIGN_STEPS):
        moved, shown = _moved(before, after, motion)
        motion += _correction(moved, after, shown, plane)
    return _moved(before, after, motion)[0]


def _plane(height: int, width: int) -> np.ndarray:
    """Return 1, y and x of every pixel, [shape=(3, height, width)], about the centre in units of the width."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    return np.stack([np.ones_like(x), (y - height / 2) / width, (x - width / 2) / width])


def _moved(before: np.ndarray, after: np.ndarray, motion: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    n, height, width = before.shape
    moved = np.empty_like(before)
    for i in range(n):
        slope = motion[i, :, 1:] / width
        if not slope.any():  # a shift alone, which costs a third
            ndimage.shift(before[i], motion[i, :, 0], output=moved[i], order=1, cval=np.nan)
            continue
        offset = -motion[i, :, 0] + slope @ (height / 2, width / 2)
        ndimage.affine_transform(before[i], np.eye(2) - slope, offset, output=moved[i], order=1, cval=np.nan)
    shown = np.isfinite(moved)
    moved = np.where(shown, moved, after)
    brighter = _medians(moved - after)[:, None, None]
    return np.where(shown, moved - brighter, after), shown


def _correction(moved: np.ndarray, after: np.ndarray, shown: np.ndarray, plane: np.ndarray) -> np.ndarray:
    n = len(moved)
    rest = moved - after
    scale = 1.5 * _medians(np.abs(rest))[:, None, None] + 1.0
    weight = shown / (1 + (rest / scale) ** 2) ** 2
    down, right = _gradient(moved, after)
    slopes = (np.stack([down, right], axis=1)[:, :, None] * plane).reshape(n, 6, -1)
    weighted = slopes * weight.reshape(n, 1, -1)
    normal = np.einsum("nip,njp->nij", weighted, slopes).astype(np.float64)
    target = np.einsum("nip,np->ni", weighted, rest.reshape(n, -1)).astype(np.float64)
    ridge = 1e-3 * np.trace(normal, axis1=1, axis2=2) / 6 + 1e-3  # keeps a picture without texture solvable
    normal += np.eye(6) * ridge[:, None, None]
    found = np.linalg.solve(normal, target[..., None]).reshape(n, 2, 3)
    return np.clip(found, -LARGEST_CORRECTION_PX, LARGEST_CORRECTION_PX)


def _gradient(moved: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    middle = (moved + after) * 0.5
    return _slope(middle, axis=1), _slope(middle, axis=2)


def _slope(pictures: np.ndarray, *, axis: int) -> np.ndarray:
    """Return half the difference of both neighbours along an axis; beyond an edge lies the edge once more."""
    slope = np.empty_like(pictures)
    of, values = np.moveaxis(slope, axis, 0), np.moveaxis(pictures, axis, 0)
    np.subtract(values[2:], values[:-2], out=of[1:-1])
    np.subtract(values[1], values[0], out=of[0])
    np.subtract(values[-1], values[-2], out=of[-1])
    slope *= 0.5
    return slope


def local_flow(aligned: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the motion of each window against the background.

    Parameters
    ----------
    aligned, after : np.ndarray [shape=(n, height, width), float32]
        From `align`.

    Returns
    -------
    down_px, right_px : np.ndarray [shape=(n, rows, columns), float32]
        px per pair, cut off at ``FASTEST_PX``; 0 where the window has no texture.

    Notes
    -----
    Lucas and Kanade 1981, "An iterative image registration technique", one step per window.
    """
    rest = aligned - after
    down, right = _gradient(aligned, after)
    yy, xx = _windows(down * down) + GRADIENT_FLOOR, _windows(right * right) + GRADIENT_FLOOR
    xy, yr, xr = _windows(down * right), _windows(down * rest), _windows(right * rest)
    determinant = yy * xx - xy * xy
    down_px, right_px = (xx * yr - xy * xr) / determinant, (yy * xr - xy * yr) / determinant
    shrink = np.minimum(1, FASTEST_PX / np.maximum(np.hypot(down_px, right_px), 1e-6))
    return down_px * shrink, right_px * shrink


def _windows(values: np.ndarray) -> np.ndarray:
    half = WINDOW_PX // 2
    rows = ndimage.uniform_filter1d(values, WINDOW_PX, axis=1)[:, half::half]
    return ndimage.uniform_filter1d(rows, WINDOW_PX, axis=2)[:, :, half::half]


def strip_speed(down_px: np.ndarray, speed_px: np.ndarray) -> np.ndarray:
    """Return the vertical speed against the background, in upright strips of the picture.

    Strips, because a rider jumps in one place while others may walk in another; of full height, because a jump crosses
    much of it.

    Parameters
    ----------
    down_px, speed_px : np.ndarray [shape=(n, rows, columns), float]
        From `local_flow`; speed is the length of the flow.

    Returns
    -------
    np.ndarray [shape=(n, n_strips), float]
        Mean over the windows that outrun the rest of the picture, weighted by how much, px per pair, positive
        downwards. Strips are ``STRIP_WINDOWS`` wide and overlap; at least one.
    """
    usual = np.median(speed_px.reshape(len(speed_px), -1), axis=1)[:, None, None]
    weight = np.maximum(speed_px - 2 * usual - MOVER_MARGIN_PX, 0)
    weights, moments = weight.sum(axis=1), (weight * down_px).sum(axis=1)
    starts = range(0, max(1, weights.shape[1] - STRIP_WINDOWS + 1), STRIP_STEP)
    strips = [slice(start, start + STRIP_WINDOWS) for start in starts]
    return np.stack([moments[:, s].sum(axis=1) / (weights[:, s].sum(axis=1) + STILL_WEIGHT) for s in strips], axis=1)


def arc_strength(down: np.ndarray, *, half_steps: int) -> np.ndarray:
    """Return how strongly something goes up and then down around each moment.

    Parameters
    ----------
    down : np.ndarray [shape=(n, n_strips), float]
        Vertical speed at even steps, positive downwards.
    half_steps : int
        Length of the rise, and of the fall, in steps.

    Returns
    -------
    np.ndarray [shape=(n,), float]
        The smaller of the mean speed upwards before and the mean speed downwards after, in the strip where it is
        largest; negative where nothing does both.
    """
    n = len(down)
    total = np.concatenate([np.zeros((1, down.shape[1])), np.cumsum(down, axis=0)])
    step = np.arange(n)
    rise = total[np.maximum(step - half_steps, 0)] - total[step]
    fall = total[np.minimum(step + half_steps, n)] - total[step]
    return np.minimum(rise, fall).max(axis=1) / half_steps
