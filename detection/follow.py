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
from detection.features.motion import BLUR_PX, WINDOW_PX, align, phase_shift

Report = Callable[[float], None]

#: A rider moves visibly within such an interval, and is still where the picture before shows the ground.
RATE_HZ = 15
_INTERVAL_SLACK = 0.8
#: What differs from the background counts from twice the picture's usual difference and this on, in grey levels, and up
#: to so much: more is a flash or a cut.
_LEAST_CHANGE, _MOST_CHANGE = 2.0, 30.0
#: Movers are gathered over so long: legs stop while arms swing.
_GATHERED_S = 0.5
#: Neighbouring windows that a rider covers, for the track.
_WIDE_WINDOWS = 1.0
#: What a step from one window to the next costs, against how much moves (1 is the most at that time).
_STEP_COST = 0.25
#: Nobody crosses more of the picture in a step.
_MOST_ROWS, _MOST_COLUMNS = 2, 3
#: Of the time, a mover must stand out where the track is; else nobody is followed.
_LEAST_FOUND = 0.4
_STANDS_OUT = 1.6
#: Who films aims at the rider: what moves this far from the middle, in widths and heights, counts for six tenths.
_AIM_ACROSS, _AIM_DOWN = 0.3, 0.5
#: A rider reaches so far to both sides of the middle, in widths, and so many windows up and down: wide ones, too.
_REACH, _REACH_ROWS = 0.2, 6
_ROUNDS = 3
#: What the frame lets a rider move before it follows, of the picture's width; and how gently it does. Wide riders leave
#: no more room: with .015 the labelled ones are inside in 91 % of the pictures and not in 95.
DEAD_ZONE, SMOOTH_S = 0.005, 0.35
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
    movers = np.concatenate([_movers_from(luma, at) for at in range(0, len(luma), _CHUNK)])
    found = track(movers, times_s)
    if found is None:
        return []
    followed = steadied(middles(movers, found, times_s), times_s)
    return [[round(float(at), 3), round(float(middle), 4)] for at, middle in zip(times_s, followed, strict=True)]


def _movers_from(luma: np.ndarray, at: int) -> np.ndarray:
    """Return the movers of the pictures of one chunk, for which its neighbours are looked at, too."""
    first = max(0, at - 1)
    return silhouettes(luma[first : at + _CHUNK + 1])[at - first :][:_CHUNK]


def silhouettes(luma: np.ndarray) -> np.ndarray:
    """Return how much each window of each picture differs from the background in the pictures before and behind it.

    What moves is in another place in both, so that of the two differences the smaller one is where it is now; of one
    alone half is where it was.

    Parameters
    ----------
    luma : np.ndarray [shape=(n, height, width), uint8]
        At least two pictures.

    Returns
    -------
    np.ndarray [shape=(n, rows, columns), float32]

    Notes
    -----
    Three-frame differencing as in Collins et al. 2000, "A system for video surveillance and monitoring", after the
    camera's motion is taken out.
    """
    pictures = ndimage.gaussian_filter(luma.astype(np.float32), (0, BLUR_PX, BLUR_PX))
    before, after = pictures[:-1], pictures[1:]
    shift_px, _coherence, _likeness = phase_shift(before, after)
    since = np.abs(align(before, after, shift_px) - after)
    until = np.abs(align(after, before, -shift_px) - before)
    differs = np.concatenate([until[:1], np.minimum(since[:-1], until[1:]), since[-1:]])
    usual = np.median(differs.reshape(len(differs), -1), axis=1)[:, None, None]
    half = WINDOW_PX // 2
    moved = np.clip(differs - 2 * usual - _LEAST_CHANGE, 0, _MOST_CHANGE)
    windows: np.ndarray = ndimage.uniform_filter(moved, (0, WINDOW_PX, WINDOW_PX))[:, half::half, half::half]
    return windows


def track(movers: np.ndarray, times_s: np.ndarray) -> np.ndarray | None:
    """Return in which window [shape=(n, 2)] the most moves at each time, without leaps; None if nothing stands out.

    Notes
    -----
    Dynamic programming over windows and time, as in Viterbi 1967.
    """
    gathered = _gathered(movers, times_s)
    across = gathered.sum(axis=1)
    stands_out = across.max(axis=1) > _STANDS_OUT * across.mean(axis=1) + 1e-3
    if stands_out.mean() < _LEAST_FOUND:
        return None
    level = gathered / np.maximum(gathered.max(axis=(1, 2), keepdims=True), 1e-6) * stands_out[:, None, None]
    steps = np.mgrid[-_MOST_ROWS : _MOST_ROWS + 1, -_MOST_COLUMNS : _MOST_COLUMNS + 1].reshape(2, -1).T
    cost = (_STEP_COST * np.hypot(*steps.T))[:, None, None]
    _n, rows, columns = level.shape
    score, came_by = level[0], np.zeros(level.shape, dtype=int)
    for now in range(1, len(level)):
        margins = ((_MOST_ROWS, _MOST_ROWS), (_MOST_COLUMNS, _MOST_COLUMNS))
        wider = np.pad(score, margins, constant_values=-np.inf)
        reached = [
            wider[_MOST_ROWS - down : _MOST_ROWS - down + rows, _MOST_COLUMNS - right : _MOST_COLUMNS - right + columns]
            for down, right in steps
        ]
        came_by[now] = (reached - cost).argmax(axis=0)
        score = (reached - cost).max(axis=0) + level[now]
    places = [np.array(np.unravel_index(score.argmax(), score.shape))]
    for now in range(len(level) - 1, 0, -1):
        places.append(places[-1] - steps[came_by[now][tuple(places[-1])]])
    return np.array(places[::-1])


def middles(movers: np.ndarray, found: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """Return where across the picture [shape=(n,), 0 to 1] the middle of what moves around each place of a track is.

    Notes
    -----
    Mean shift (Fukunaga and Hostetler 1975) in a window as wide as an upright frame.
    """
    gathered = _gathered(movers, times_s)
    across = (np.arange(gathered.shape[2]) + 1) / (gathered.shape[2] + 1)
    rows = np.arange(gathered.shape[1])
    near_rows = np.abs(rows[None, :] - found[:, :1]) <= _REACH_ROWS
    moves = (gathered * near_rows[:, :, None]).sum(axis=1) + 1e-9
    middle = across[found[:, 1]]
    for _ in range(_ROUNDS):
        away = np.abs(across[None, :] - middle[:, None]) / _REACH
        within = moves * np.clip((1 - away) * 6 + 0.5, 0, 1)  # its edge is soft: a window is in it by a part
        middle = (within * across).sum(axis=1) / within.sum(axis=1)
    return middle


def _gathered(movers: np.ndarray, times_s: np.ndarray) -> np.ndarray:
    """Return what moves around each window and time, what lies near the middle counting most."""
    step_s = float(np.median(np.diff(times_s))) if len(times_s) > 1 else 1 / RATE_HZ
    down, across = ((np.arange(side) + 1) / (side + 1) - 0.5 for side in movers.shape[1:])
    aim = np.exp(-0.5 * (down / _AIM_DOWN) ** 2)[:, None] * np.exp(-0.5 * (across / _AIM_ACROSS) ** 2)[None, :]
    widths = (_GATHERED_S / step_s / 2, _WIDE_WINDOWS, _WIDE_WINDOWS)
    gathered: np.ndarray = ndimage.gaussian_filter(movers * aim, widths, mode="nearest")
    return gathered


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
