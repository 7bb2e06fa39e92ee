"""The signals of one take, gathered piece by piece and brought to one even grid."""

import time
from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from detection.audio import HOP_S, WINDOW_S, band_power, impact_strength_db, pair_strength_db
from detection.gpmf import samples
from detection.joins import FADE_REACH, find_cuts, find_fades
from detection.motion import arc_strength, pair_motion
from detection.pictures import PictureChunk
from detection.plan import PICTURE_RATE_HZ
from detection.read import SOUND_RATE_HZ, SensorPayload, SoundChunk
from detection.sensors import felt
from detection.signals import STEP_S, Disturbance, Signals

#: Rise and fall of an arc, each. Between 0.2 and 0.25 s the labelled takes rank alike (AP .80 and .81), below and
#: above worse; for jumps of 1.4 s, too, whose lip and landing are the sharpest parts.
ARC_HALF_S = 0.2
#: Speeds are averaged over this long, about two pictures to each side.
SMOOTH_S = 0.15
#: Pictures further apart than this do not show one motion.
LONGEST_PAIR_S = 0.25
#: A fade reaches this far from the pictures in its middle.
FADE_HALF_S = 0.15
#: Incoherence where nothing was seen at all: less than of any two pictures, so that it stands out from nothing.
UNKNOWN = -1.0
GREY = 128
#: Sensors are brought to this grid first; a landing is a blow of a few hundredths of a second.
SENSOR_STEP_S = 0.01
#: Columns of what is kept of a pair of pictures; behind them the strips.
TIME, COHERENCE, LIKENESS, RESIDUAL, MOVING, STRIPS = 0, 1, 2, 3, 4, 5


class Take:
    """Gathers what each piece says: a few numbers per picture and per 10 ms of sound, nothing larger.

    Parameters
    ----------
    blanked_s : sequence of (float, float)
        Stretches in which every picture is taken as grey; to measure what joins are worth.

    Attributes
    ----------
    motion_s, sound_s : float
        Wall time spent on pictures and on sound.
    """

    def __init__(self, *, blanked_s: Sequence[tuple[float, float]] = ()) -> None:
        self.motion_s = self.sound_s = 0.0
        self._blanked_s = blanked_s
        self._sensors: dict[str, list[np.ndarray]] = {"ACCL": [], "GYRO": []}
        self._size: tuple[int, int] | None = None
        self._last: PictureChunk | None = None
        self._glances: list[np.ndarray] = []
        self._pieces: list[list[np.ndarray]] = []
        self._fades_s: list[np.ndarray] = []
        self._powers: list[np.ndarray] = []
        self._sound_start_s: float | None = None
        self._rest = np.zeros(0, np.float32)

    @property
    def n_pictures(self) -> int:
        """How many pairs of pictures were compared."""
        return len(self._glances) + sum(len(pairs) for piece in self._pieces for pairs in piece)

    @property
    def saw_a_picture(self) -> bool:
        return self._size is not None

    def add_glance(self, chunk: PictureChunk) -> None:
        """Take in the two pictures of a glance; what has one picture only says nothing."""
        started_s = time.perf_counter()
        if self._has_my_shape(chunk) and len(chunk.luma) >= 2:
            self._glances.append(_measured(PictureChunk(chunk.times_s[:2], chunk.luma[:2])))
        self.motion_s += time.perf_counter() - started_s

    def begin_piece(self) -> None:
        """Say that the next pictures do not follow on those before."""
        self._last = None
        self._pieces.append([])

    def add_pictures(self, chunk: PictureChunk) -> None:
        """Take in the next pictures of a piece."""
        started_s = time.perf_counter()
        if self._has_my_shape(chunk):
            self._add_pictures(chunk)
        self.motion_s += time.perf_counter() - started_s

    def _has_my_shape(self, chunk: PictureChunk) -> bool:
        """Return whether the pictures can be compared with those before; a stream may change its shape midway."""
        self._size = self._size or chunk.luma.shape[1:]
        for start_s, end_s in self._blanked_s:
            chunk.luma[(chunk.times_s >= start_s) & (chunk.times_s < end_s)] = GREY
        return chunk.luma.shape[1:] == self._size

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
        if len(chunk.luma) - first >= 2:
            self._pieces[-1].append(_measured(PictureChunk(chunk.times_s[first:], chunk.luma[first:])))

    def add_sound(self, chunk: SoundChunk) -> None:
        """Take in the next stretch of sound."""
        started_s = time.perf_counter()
        if self._sound_start_s is None:
            self._sound_start_s = chunk.start_s
        samples = np.concatenate([self._rest, chunk.samples])
        hop, window = round(HOP_S * SOUND_RATE_HZ), round(WINDOW_S * SOUND_RATE_HZ)
        if len(samples) >= window:
            power = band_power(samples, rate_hz=SOUND_RATE_HZ)
            self._powers.append(power)
            samples = samples[len(power) * hop :]
        self._rest = samples
        self.sound_s += time.perf_counter() - started_s

    def add_sensors(self, payload: SensorPayload) -> None:
        """Take in the next payload of a sensor track; its samples are even over its length."""
        for key, known in self._sensors.items():
            found = samples(payload.content, key)
            if len(found):
                times_s = payload.start_s + payload.length_s * np.arange(len(found)) / len(found)
                known.append(np.column_stack([times_s, np.linalg.norm(found, axis=1)]))

    def signals(self, duration_s: float) -> Signals:
        """Return every signal of the take."""
        grid_s = np.arange(max(1, int(duration_s / STEP_S)) + 1) * STEP_S
        glanced = np.concatenate(self._glances).astype(float) if self._glances else np.zeros((0, STRIPS))
        result = _glance_signals(glanced, grid_s)
        fades_s = np.concatenate(self._fades_s) if self._fades_s else np.zeros(0)
        for pairs in self._pieces:
            if any(len(chunk) for chunk in pairs):
                _look(result, np.concatenate(pairs).astype(float), fades_s, grid_s)
        result.curves |= self._sound_signals(grid_s) | self._sensor_signals(grid_s)
        return result

    def _sensor_signals(self, grid_s: np.ndarray) -> dict[str, np.ndarray]:
        if not self._sensors["ACCL"]:
            return {}
        fine_s = np.arange(0, grid_s[-1] + SENSOR_STEP_S / 2, SENSOR_STEP_S)
        even = {
            key: np.interp(fine_s, *np.concatenate(known).T) if known else None for key, known in self._sensors.items()
        }
        strength, spin = felt(even["ACCL"], even["GYRO"], step_s=SENSOR_STEP_S)
        steps_s = np.arange(len(strength)) * STEP_S
        return {"felt": np.interp(grid_s, steps_s, strength), "spin": np.interp(grid_s, steps_s, spin)}

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


def _measured(chunk: PictureChunk) -> np.ndarray:
    """Return the columns of each pair of pictures [shape=(n, STRIPS + n_strips), float32]."""
    motion = pair_motion(chunk.luma)
    apart_s = np.diff(chunk.times_s)
    to_speed = 1 / PICTURE_RATE_HZ / np.maximum(apart_s, 1e-3)[:, None]
    columns = [chunk.times_s[1:], motion.coherence, motion.likeness, motion.residual]
    moved = np.column_stack([motion.moving, motion.down]) * to_speed
    return np.column_stack([*columns, moved])[apart_s <= LONGEST_PAIR_S]


def _glance_signals(glanced: np.ndarray, grid_s: np.ndarray) -> Signals:
    curves = {name: np.zeros(len(grid_s)) for name in ("arc", "moving")}
    curves["incoherence"] = np.full(len(grid_s), UNKNOWN)
    if len(glanced):
        curves["incoherence"] = np.interp(grid_s, glanced[:, TIME], 1 - glanced[:, LIKENESS])
        curves["moving"] = np.interp(grid_s, glanced[:, TIME], glanced[:, MOVING])
    return Signals(curves, np.zeros(len(grid_s), bool), 1 - glanced[:, LIKENESS])


def _look(result: Signals, pairs: np.ndarray, fades_s: np.ndarray, grid_s: np.ndarray) -> None:
    """Write what a piece shows over what a glance told of its time."""
    first, end = np.searchsorted(grid_s, [pairs[0, TIME] - STEP_S, pairs[-1, TIME] + STEP_S])
    own_s = grid_s[first:end]
    if len(own_s) == 0:
        return
    cut = find_cuts(pairs[:, COHERENCE], pairs[:, RESIDUAL])
    result.disturbances += [Disturbance("cut", float(at_s), 1.0) for at_s in pairs[cut, TIME]]
    joined = cut | _near(pairs[:, TIME], fades_s)
    pairs[joined, STRIPS:] = 0.0  # what a join does is no motion of the rider
    kept = pairs[~joined] if not joined.all() else pairs[:1]
    at = slice(first, end)
    for name, values in (("incoherence", 1 - kept[:, LIKENESS]), ("moving", kept[:, MOVING])):
        result.curves[name][at] = _smooth(np.interp(own_s, kept[:, TIME], values), SMOOTH_S)
    down = np.column_stack([np.interp(own_s, pairs[:, TIME], strip) for strip in pairs[:, STRIPS:].T])
    result.curves["arc"][at] = arc_strength(down, half_steps=round(ARC_HALF_S / STEP_S))
    result.seen[at] = True


def _smooth(values: np.ndarray, width_s: float) -> np.ndarray:
    return ndimage.gaussian_filter1d(values, width_s / STEP_S, mode="nearest")


def _near(times_s: np.ndarray, fades_s: np.ndarray) -> np.ndarray:
    """Return which of the (rising) times lie within ``FADE_HALF_S`` of one of the (rising) fades."""
    if len(fades_s) == 0:
        return np.zeros(len(times_s), bool)
    following = np.clip(np.searchsorted(fades_s, times_s), 0, len(fades_s) - 1)
    distance_s = np.abs(fades_s[following] - times_s)
    return np.minimum(distance_s, np.abs(times_s - fades_s[np.maximum(following - 1, 0)])) <= FADE_HALF_S
