"""The signals of one take, gathered chunk by chunk and brought to one even grid."""

import time

import numpy as np
from scipy import ndimage

from detection.audio import HOP_S, WINDOW_S, band_power, impact_strength_db, pair_strength_db
from detection.joins import FADE_REACH, find_cuts, find_fades
from detection.motion import arc_strength, pair_motion
from detection.read import PICTURE_RATE_HZ, SOUND_RATE_HZ, PictureChunk, SoundChunk
from detection.score import STEP_S

#: Rise and fall of an arc, each. Between 0.2 and 0.25 s the labelled takes rank alike (AP .80 and .81), below and
#: above worse; for jumps of 1.4 s, too, whose lip and landing are the sharpest parts.
ARC_HALF_S = 0.2
#: Speeds are averaged over this long, about two pictures to each side.
SMOOTH_S = 0.15
#: Pop, air and landing are one moment: it borrows the strongest value of this long. AP .75 at 0.2 s, .81 at 0.5 s.
NEARBY_S = 0.5
#: Takes the corners off that, so that a peak has one top.
ROUNDING_S = 0.1
#: Pictures further apart than this do not show one motion.
LONGEST_PAIR_S = 0.25
#: A fade reaches this far from the pictures in its middle.
FADE_HALF_S = 0.15


class Take:
    """Gathers what each chunk says: a few numbers per picture and per 10 ms of sound, nothing larger.

    Attributes
    ----------
    motion_s, sound_s : float
        Wall time spent on pictures and on sound.
    """

    def __init__(self) -> None:
        self.motion_s = self.sound_s = 0.0
        self._last: PictureChunk | None = None
        self._pairs: list[np.ndarray] = []
        self._fades_s: list[np.ndarray] = []
        self._powers: list[np.ndarray] = []
        self._sound_start_s: float | None = None
        self._rest = np.zeros(0, np.float32)

    def add(self, chunk: PictureChunk | SoundChunk) -> None:
        """Take in the next chunk of either kind."""
        started_s = time.perf_counter()
        if isinstance(chunk, SoundChunk):
            self._add_sound(chunk)
            self.sound_s += time.perf_counter() - started_s
        else:
            self._add_pictures(chunk)
            self.motion_s += time.perf_counter() - started_s

    def _add_pictures(self, chunk: PictureChunk) -> None:
        n_known = 0 if self._last is None else len(self._last.times_s)
        if n_known:
            chunk = PictureChunk(
                np.concatenate([self._last.times_s, chunk.times_s]),
                np.concatenate([self._last.luma, chunk.luma]),
            )
        self._last = PictureChunk(chunk.times_s[-2 * FADE_REACH :], chunk.luma[-2 * FADE_REACH :])
        faded = find_fades(chunk.luma)
        self._fades_s.append(chunk.times_s[FADE_REACH : FADE_REACH + len(faded)][faded])
        first = max(0, n_known - 1)
        if len(chunk.luma) - first < 2:
            return
        motion = pair_motion(chunk.luma[first:])
        apart_s = np.diff(chunk.times_s[first:])
        to_speed = 1 / PICTURE_RATE_HZ / np.maximum(apart_s, 1e-3)[:, None]
        columns = [chunk.times_s[first + 1 :], motion.coherence, motion.residual]
        moved = np.column_stack([motion.moving, motion.down]) * to_speed
        self._pairs.append(np.column_stack([*columns, moved])[apart_s <= LONGEST_PAIR_S].astype(np.float32))

    def _add_sound(self, chunk: SoundChunk) -> None:
        if self._sound_start_s is None:
            self._sound_start_s = chunk.start_s
        samples = np.concatenate([self._rest, chunk.samples])
        hop, window = round(HOP_S * SOUND_RATE_HZ), round(WINDOW_S * SOUND_RATE_HZ)
        if len(samples) < window:
            self._rest = samples
            return
        power = band_power(samples, rate_hz=SOUND_RATE_HZ)
        self._powers.append(power)
        self._rest = samples[len(power) * hop :]

    def signals(self, duration_s: float) -> dict[str, np.ndarray]:
        """Return every signal of the take.

        Parameters
        ----------
        duration_s : float

        Returns
        -------
        dict of str to np.ndarray [shape=(n,), float]
            Every ``STEP_S`` from 0: ``arc`` and ``moving`` (px per picture at 96 px and 30 Hz), ``incoherence``
            (0 to 1), and where there is sound ``pair_db`` and ``gap_s`` (seconds between pop and landing).
        """
        grid_s = np.arange(max(1, int(duration_s / STEP_S)) + 1) * STEP_S
        return self._motion_signals(grid_s) | self._sound_signals(grid_s)

    def _motion_signals(self, grid_s: np.ndarray) -> dict[str, np.ndarray]:
        pairs = np.concatenate(self._pairs).astype(float) if self._pairs else np.zeros((0, 5))
        if len(pairs):
            joined = find_cuts(pairs[:, 1], pairs[:, 2]) | _near(pairs[:, 0], np.concatenate(self._fades_s))
            pairs[joined, 4:] = 0.0  # what a join does is no motion of the rider
            kept = pairs[~joined | (pairs[:, 0] == pairs[0, 0])]
        else:
            pairs = kept = np.array([[0.0, 1.0, 0.0, 0.0, 0.0]])
        coherence, moving = (np.interp(grid_s, kept[:, 0], kept[:, column]) for column in (1, 3))
        down = np.column_stack([np.interp(grid_s, pairs[:, 0], strip) for strip in pairs[:, 4:].T])
        return {
            "arc": arc_strength(down, half_steps=round(ARC_HALF_S / STEP_S)),
            "incoherence": _smooth(1 - coherence, SMOOTH_S),
            "moving": _smooth(moving, SMOOTH_S),
        }

    def _sound_signals(self, grid_s: np.ndarray) -> dict[str, np.ndarray]:
        if not self._powers:
            return {}
        pair_db, gap_s = pair_strength_db(impact_strength_db(np.concatenate(self._powers)))
        hop_s = self._sound_start_s + np.arange(len(pair_db)) * HOP_S + WINDOW_S / 2
        if not pair_db.any():
            return {}  # a muted microphone says as little as none
        reach = round(STEP_S / HOP_S) // 2
        nearest = np.searchsorted(hop_s, grid_s)[:, None] + np.arange(-reach, reach + 1)
        nearest = np.clip(nearest, 0, len(hop_s) - 1)
        best = nearest[np.arange(len(grid_s)), pair_db[nearest].argmax(axis=1)]
        heard = (grid_s >= hop_s[0]) & (grid_s <= hop_s[-1])
        return {"pair_db": np.where(heard, pair_db[best], 0.0), "gap_s": np.where(heard, gap_s[best], 0.0)}


def moments_of(signal: np.ndarray) -> np.ndarray:
    """Return a signal in which pop, air and landing have run together into one top.

    Parameters
    ----------
    signal : np.ndarray [shape=(n,), float]
        Every ``STEP_S``.

    Returns
    -------
    np.ndarray [shape=(n,), float]
        The strongest value within ``NEARBY_S``, rounded off.
    """
    return _smooth(ndimage.maximum_filter1d(signal, round(NEARBY_S / STEP_S) | 1), ROUNDING_S)


def _smooth(values: np.ndarray, width_s: float) -> np.ndarray:
    return ndimage.gaussian_filter1d(values, width_s / STEP_S)


def _near(times_s: np.ndarray, fades_s: np.ndarray) -> np.ndarray:
    """Return which of the (rising) times lie within ``FADE_HALF_S`` of one of the (rising) fades."""
    if len(fades_s) == 0:
        return np.zeros(len(times_s), bool)
    following = np.clip(np.searchsorted(fades_s, times_s), 0, len(fades_s) - 1)
    distance_s = np.abs(fades_s[following] - times_s)
    return np.minimum(distance_s, np.abs(times_s - fades_s[np.maximum(following - 1, 0)])) <= FADE_HALF_S
