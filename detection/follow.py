"""Finds where across the picture a rider is, so that an upright film can follow: what moves against the background.

Arrays in, arrays out, but for ``rider_paths``, which reads clips.
"""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
from av.audio.frame import AudioFrame
from scipy import ndimage

from clips.media.decode import decoded, open_film
from clips.media.formats.opening import declared_end_s
from clips.media.pictures.fields import picture_rate
from clips.media.timestamps import pts_of, time_base_of
from detection.decode.pictures import SKIP_FROM_RATE_HZ, SmallGrey
from detection.features.motion import BLUR_PX, MOVER_MARGIN_PX, WINDOW_PX, align, local_flow, phase_shift

Report = Callable[[float], None]

#: A pair of pictures so far apart shows a rider's motion and still overlaps.
RATE_HZ = 15
_INTERVAL_SLACK = 0.8
#: Movers are gathered over so long: legs stop while arms swing.
_GATHERED_S = 0.5
#: Neighbouring columns that a rider covers.
_WIDE_COLUMNS = 1.5
#: What a step from one column to the next costs, against how much moves (1 is the most at that time).
_STEP_COST = 0.25
#: Nobody crosses more of the picture in a step.
_MOST_COLUMNS = 3
#: Of the time, a mover must stand out where the track is; else nobody is followed.
_LEAST_FOUND = 0.4
_STANDS_OUT = 1.6
#: What the frame lets a rider move before it follows, of the picture's width; and how gently it does.
DEAD_ZONE, SMOOTH_S = 0.015, 0.35
#: Who films aims at the rider: what moves this far from the middle, in widths, counts for six tenths. Of .2, .3 and
#: none this found the rider of the 20 labelled clips most often.
_AIM = 0.3
#: Grey levels; more is a flash or a cut.
_MOST_CHANGE = 30.0
_ROUNDS = 4
_CHUNK = 32


def rider_paths(clips: list[dict[str, Any]], progress: Report | None = None) -> list[list[list[float]]]:
    """Return where the rider of each clip is; a process is started once for all of them.

    Parameters
    ----------
    clips : list of dict
        The arguments of ``rider_path``.
    progress : callable, optional
        Is told 0 to 1.

    Raises
    ------
    MediaError
        If one of them cannot be read.
    """
    paths = []
    for number, clip in enumerate(clips, start=1):
        paths.append(rider_path(**clip))
        if progress:
            progress(number / len(clips))
    return paths


def rider_path(source: str, start_ms: int = 0, end_ms: int | None = None) -> list[list[float]]:
    """Return where the rider of a clip is: seconds of the file from 0:00, and 0 (left) to 1; empty if none is found.

    Parameters
    ----------
    source : str
        The clip's file.
    start_ms, end_ms : int
        The part of it that is shown; None for its end.

    Raises
    ------
    MediaError
        If the clip cannot be read.
    """
    times_s, luma = _pictures(source, start_ms, end_ms)
    if len(luma) < 4:
        return []
    weights = np.concatenate([movers(luma[at : at + _CHUNK + 1]) for at in range(0, len(luma) - 1, _CHUNK)])
    found = track(weights, times_s[1:])
    if found is None:
        return []
    followed = steadied(found, times_s[1:])
    return [[round(float(at), 3), round(float(middle), 4)] for at, middle in zip(times_s[1:], followed, strict=True)]


def movers(luma: np.ndarray) -> np.ndarray:
    """Return how much moves against the background in each upright column of windows.

    Parameters
    ----------
    luma : np.ndarray [shape=(n + 1, height, width), uint8]

    Returns
    -------
    np.ndarray [shape=(n, n_columns), float]
    """
    pictures = ndimage.gaussian_filter(luma.astype(np.float32), (0, BLUR_PX, BLUR_PX))
    before, after = pictures[:-1], pictures[1:]
    shift_px, _coherence, _likeness = phase_shift(before, after)
    aligned = align(before, after, shift_px)
    speed_px = np.hypot(*(_beside_background(flow) for flow in local_flow(aligned, after)))
    usual = np.median(speed_px.reshape(len(speed_px), -1), axis=1)[:, None, None]
    half = WINDOW_PX // 2
    changed = ndimage.uniform_filter(np.abs(aligned - after), (0, WINDOW_PX, WINDOW_PX))[:, half::half, half::half]
    weights: np.ndarray = np.maximum(speed_px - 2 * usual - MOVER_MARGIN_PX, 0) * np.minimum(changed, _MOST_CHANGE)
    columns = weights.sum(axis=1)
    across = (np.arange(columns.shape[1]) + 1) / (columns.shape[1] + 1)
    aimed: np.ndarray = columns * np.exp(-0.5 * ((across - 0.5) / _AIM) ** 2)
    return aimed


def _beside_background(flow: np.ndarray) -> np.ndarray:
    """Return one component of the local motion [shape=(n, rows, columns)] without what a bent lens makes of a turn.

    A surface of second degree by least squares, robust against movers as ``align`` is; without it the edges of a wide
    lens move the most.
    """
    n, rows, columns = flow.shape
    y, x = (side.ravel() for side in np.mgrid[-0.5 : 0.5 : rows * 1j, -0.5 : 0.5 : columns * 1j])
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=1)
    values = flow.reshape(n, -1).astype(float)
    weight, rest = np.ones_like(values), values
    for _ in range(_ROUNDS):
        normal = np.einsum("np,pi,pj->nij", weight, terms, terms) + np.eye(6) * 1e-3
        target = np.einsum("np,pi,np->ni", weight, terms, values)
        surface = np.linalg.solve(normal, target[..., None])[..., 0]
        rest = values - np.einsum("ni,pi->np", surface, terms)
        scale = 1.5 * np.median(np.abs(rest), axis=1, keepdims=True) + 0.05
        weight = 1 / (1 + (rest / scale) ** 2) ** 2
    return rest.reshape(n, rows, columns)


def track(weights: np.ndarray, times_s: np.ndarray) -> np.ndarray | None:
    """Return where across the picture [shape=(n,), 0 to 1] the most moves, without leaps; None if nothing stands out.

    Notes
    -----
    Dynamic programming over columns and time, as in Viterbi 1967.
    """
    step_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 1 / RATE_HZ
    gathered = ndimage.gaussian_filter(weights, (_GATHERED_S / step_s / 2, _WIDE_COLUMNS), mode="nearest")
    n_columns = gathered.shape[1]
    stands_out = gathered.max(axis=1) > _STANDS_OUT * gathered.mean(axis=1) + 1e-3
    if stands_out.mean() < _LEAST_FOUND:
        return None
    level = gathered / np.maximum(gathered.max(axis=1, keepdims=True), 1e-6) * stands_out[:, None]
    steps = np.abs(np.subtract.outer(np.arange(n_columns), np.arange(n_columns)))
    cost = np.where(steps <= _MOST_COLUMNS, _STEP_COST * steps, np.inf)
    score, came_from = level[0], np.zeros(level.shape, dtype=int)
    for now in range(1, len(level)):
        reached = score[None, :] - cost
        came_from[now] = reached.argmax(axis=1)
        score = reached.max(axis=1) + level[now]
    columns = [int(score.argmax())]
    for now in range(len(level) - 1, 0, -1):
        columns.append(int(came_from[now, columns[-1]]))
    place = np.array(columns[::-1])
    near = np.clip(place[:, None] + np.arange(-2, 3), 0, n_columns - 1)
    mass = np.take_along_axis(gathered, near, axis=1) + 1e-9
    return ((mass * near).sum(axis=1) / mass.sum(axis=1) + 1) / (n_columns + 1)


def steadied(middles: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """Return a path that stands while the rider moves little, and follows smoothly, looking ahead as far as back.

    However the rider leaps, its jerk is bounded by that of the smoothing kernel.
    """
    step_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 1 / RATE_HZ
    calm = ndimage.median_filter(middles, 5, mode="nearest")
    held, at = np.empty_like(calm), float(np.median(calm[: max(1, round(0.5 / step_s))]))
    for number, middle in enumerate(calm):
        at = min(max(at, middle - DEAD_ZONE), middle + DEAD_ZONE)
        held[number] = at
    smooth: np.ndarray = ndimage.gaussian_filter1d(held, SMOOTH_S / step_s / 2, mode="nearest")
    return smooth


def _pictures(source: str, start_ms: int, end_ms: int | None) -> tuple[np.ndarray, np.ndarray]:
    times_s: list[float] = []
    luma: list[np.ndarray] = []
    with open_film(source) as film:
        if end_ms is None:
            end_ms = int((Fraction(declared_end_s(film.container)) - film.zero_s) * 1000)
        span = film.span(start_ms, max(start_ms, end_ms))
        film.stream.codec_context.options = {**film.stream.codec_context.options, "skip_loop_filter": "all"}
        if (picture_rate(film.stream) or 0) >= SKIP_FROM_RATE_HZ:
            film.stream.codec_context.skip_frame = "NONREF"
        small: SmallGrey | None = None
        due_s = float("-inf")
        for frame in decoded(film, span):
            if isinstance(frame, AudioFrame) or not span.first.pts <= pts_of(frame) <= span.last.pts:
                continue
            at_s = float(pts_of(frame) * time_base_of(film.stream) - film.zero_s)
            if at_s < due_s:
                continue
            due_s = at_s + _INTERVAL_SLACK / RATE_HZ
            small = small or SmallGrey(frame, film.stream.sample_aspect_ratio)
            grey = small(frame)
            if not luma or grey.shape == luma[0].shape:
                times_s.append(at_s)
                luma.append(grey)
    return np.array(times_s), np.stack(luma) if luma else np.zeros((0, 16, 16), np.uint8)


def share_inside(path: list[list[float]], boxes: list[list[float]], *, shape: float) -> tuple[int, int]:
    """Return in how many pictures of 30 a second a rider is wholly inside an upright frame, and how many there are.

    Parameters
    ----------
    path : list of [seconds, middle]
        As ``rider_path`` returns it; empty means the middle.
    boxes : list of [seconds, left, right]
        Labelled; between two of them the rider moves evenly. Pictures in which they are wider do not count.
    shape : float
        The frame's width over the picture's width.
    """
    labelled: Any = np.array(boxes)
    at_s = np.arange(labelled[0, 0], labelled[-1, 0], 1 / 30)
    left, right = (np.interp(at_s, labelled[:, 0], labelled[:, side]) for side in (1, 2))
    middle = np.interp(at_s, *np.array(path).T) if path else np.full(len(at_s), 0.5)
    begin = np.clip(middle - shape / 2, 0, 1 - shape)
    fits = right - left <= shape
    inside = (left >= begin) & (right <= begin + shape)
    return int((inside & fits).sum()), int(fits.sum())
