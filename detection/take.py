"""Collects the signals of one take piece by piece and brings them to one uniform time grid."""

import time
from collections.abc import Sequence

import numpy as np

from detection.decode.gpmf import samples
from detection.decode.pictures import PictureChunk
from detection.decode.read import SOUND_RATE_HZ, SensorPayload
from detection.decode.sound import SoundChunk
from detection.features.audio import HOP_S, WINDOW_S, band_power, impact_strength_db, pair_strength_db
from detection.features.compose import Pairs, compose, measured
from detection.features.disturbances import FADE_REACH, find_fades
from detection.features.sensors import felt
from detection.signals import STEP_S, Signals
from detection.unread import Unread

GREY = 128
#: Sensors are brought to this grid first; a landing is a blow of a few hundredths of a second.
SENSOR_STEP_S = 0.01


class Take:
    """Collects the measurements of each piece: a few numbers per picture and per 10 ms of sound, nothing larger.

    Parameters
    ----------
    blanked_s : sequence of (float, float)
        Stretches in which every picture is taken as grey; to measure what joins are worth.

    Attributes
    ----------
    motion_s, sound_s : float
        Wall time spent on pictures and on sound.
    unread : Unread
        What of the take could not be read.
    """

    def __init__(self, *, blanked_s: Sequence[tuple[float, float]] = ()) -> None:
        self.motion_s = self.sound_s = 0.0
        self.unread = Unread()
        self._blanked_s = blanked_s
        self._sensors: dict[str, list[np.ndarray]] = {"ACCL": [], "GYRO": []}
        self._size: tuple[int, int] | None = None
        self._last: PictureChunk | None = None
        self._glances: list[np.ndarray] = []
        self._even: list[bool] = []
        self._pieces: list[list[np.ndarray]] = []
        self._fades_s: list[np.ndarray] = []
        self._powers: list[np.ndarray] = []
        self._sound_start_s: float | None = None
        self._rest = np.zeros(0, np.float32)
        self._heard: dict[str, np.ndarray] | None = None

    @property
    def n_pictures(self) -> int:
        """Number of pairs of pictures compared."""
        return len(self._glances) + sum(len(pairs) for piece in self._pieces for pairs in piece)

    @property
    def saw_a_picture(self) -> bool:
        return self._size is not None

    @property
    def heard_a_sound(self) -> bool:
        return self._sound_start_s is not None

    def add_glance(self, chunk: PictureChunk, *, even: bool = True) -> None:
        """Add the two pictures of a glance; a glance with only one says nothing.

        Those that are not ``even`` were chosen because something is heard there.
        """
        started_s = time.perf_counter()
        if self._has_my_shape(chunk) and len(chunk.luma) >= 2:
            pair = measured(PictureChunk(chunk.times_s[:2], chunk.luma[:2]))
            self._glances.append(pair)
            self._even += [even] * len(pair)
        self.motion_s += time.perf_counter() - started_s

    def begin_piece(self) -> None:
        """Note that the next pictures do not follow on those before."""
        self._last = None
        self._pieces.append([])

    def add_pictures(self, chunk: PictureChunk) -> None:
        """Add the next pictures of a piece."""
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
        last, n_known = self._last, 0
        if last is not None and len(last.times_s):
            n_known = len(last.times_s)
            chunk = PictureChunk(np.concatenate([last.times_s, chunk.times_s]), np.concatenate([last.luma, chunk.luma]))
        self._last = PictureChunk(chunk.times_s[-2 * FADE_REACH :], chunk.luma[-2 * FADE_REACH :])
        faded = find_fades(chunk.luma)
        self._fades_s.append(chunk.times_s[FADE_REACH : FADE_REACH + len(faded)][faded])
        first = max(0, n_known - 1)
        if len(chunk.luma) - first >= 2:
            self._pieces[-1].append(measured(PictureChunk(chunk.times_s[first:], chunk.luma[first:])))

    def known(self) -> tuple[int, int, int, tuple[int, int]]:
        """Return how much is measured, for `since`."""
        n_chunks = len(self._pieces[-1]) if self._pieces else 0
        return len(self._glances), n_chunks, len(self._fades_s), self.unread.counts

    def since(self, known: tuple[int, int, int, tuple[int, int]]) -> dict[str, np.ndarray]:
        """Return what was measured of pictures since `known`, within one piece, for `restore`."""
        n_glances, n_chunks, n_fades, counts = known
        last = self._last or PictureChunk(np.zeros(0), np.zeros((0, 0, 0), np.uint8))
        return {
            "glances": _together(self._glances[n_glances:]),
            "even": np.array(self._even[len(self._even) - sum(map(len, self._glances[n_glances:])) :], bool),
            "pairs": _together(self._pieces[-1][n_chunks:] if self._pieces else []),
            "fades_s": np.concatenate([np.zeros(0), *self._fades_s[n_fades:]]),
            "last_s": last.times_s,
            "last_luma": last.luma,
            "size": np.array(self._size or (0, 0)),
            "unread": np.subtract(self.unread.counts, counts),
        }

    def restore(self, record: dict[str, np.ndarray]) -> None:
        """Add what `since` returned, as if it were measured now."""
        if record["size"].any():
            self._size = self._size or (int(record["size"][0]), int(record["size"][1]))
        if len(record["glances"]):
            self._glances.append(record["glances"])
            self._even += [bool(even) for even in record["even"]]
        if len(record["pairs"]):
            self._pieces[-1].append(record["pairs"])
        if len(record["fades_s"]):
            self._fades_s.append(record["fades_s"])
        if len(record["last_s"]):
            self._last = PictureChunk(record["last_s"], record["last_luma"])
        self.unread.add_counts(*(int(n) for n in record["unread"]))

    def add_sound(self, chunk: SoundChunk) -> None:
        """Add the next stretch of sound."""
        self._heard = None
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
        """Add the next payload of a sensor track; its samples are evenly spaced."""
        for key, known in self._sensors.items():
            found = samples(payload.content, key)
            if len(found):
                times_s = payload.start_s + payload.length_s * np.arange(len(found)) / len(found)
                known.append(np.column_stack([times_s, np.linalg.norm(found, axis=1)]))

    def pairs_heard_db(self, duration_s: float) -> np.ndarray | None:
        """Return how clearly two impacts are heard around each ``STEP_S``; None without sound."""
        return self._sound_signals(_grid_s(duration_s)).get("pair_db")

    def signals(self, duration_s: float) -> Signals:
        """Return every signal of the take."""
        grid_s = _grid_s(duration_s)
        empty = np.zeros((0, len(Pairs.COLUMNS)))
        glanced = Pairs(np.concatenate(self._glances).astype(float) if self._glances else empty)
        pieces = [np.concatenate(chunks).astype(float) for chunks in self._pieces if any(len(c) for c in chunks)]
        fades_s = np.concatenate(self._fades_s) if self._fades_s else np.zeros(0)
        result = compose(glanced, np.array(self._even, bool), [Pairs(piece) for piece in pieces], fades_s, grid_s)
        result.curves |= self._sound_signals(grid_s) | self._sensor_signals(grid_s)
        for found in result.disturbances:
            if "pair_db" in result.curves and (found.start_s == 0 or found.end_s == grid_s[-1]):
                # Hands that pick up or put down a camera knock against it.
                result.curves["pair_db"][(grid_s >= found.start_s) & (grid_s <= found.end_s)] = 0.0
        return result

    def _sensor_signals(self, grid_s: np.ndarray) -> dict[str, np.ndarray]:
        if not self._sensors["ACCL"]:
            return {}
        fine_s = np.arange(0, grid_s[-1] + SENSOR_STEP_S / 2, SENSOR_STEP_S)
        even = {key: np.interp(fine_s, *np.concatenate(known).T) for key, known in self._sensors.items() if known}
        strength, spin = felt(even["ACCL"], even.get("GYRO"), step_s=SENSOR_STEP_S)
        steps_s = np.arange(len(strength)) * STEP_S
        return {"felt": np.interp(grid_s, steps_s, strength), "spin": np.interp(grid_s, steps_s, spin)}

    def _sound_signals(self, grid_s: np.ndarray) -> dict[str, np.ndarray]:
        if self._heard is None:
            self._heard = self._hear(grid_s)
        return {name: values.copy() for name, values in self._heard.items()}

    def _hear(self, grid_s: np.ndarray) -> dict[str, np.ndarray]:
        if not self._powers:
            return {}
        pair_db, gap_s = pair_strength_db(impact_strength_db(np.concatenate(self._powers)))
        hop_s = (self._sound_start_s or 0.0) + np.arange(len(pair_db)) * HOP_S + WINDOW_S / 2
        if not pair_db.any():
            return {}  # a muted microphone says as little as none
        reach = round(STEP_S / HOP_S) // 2
        nearest = np.searchsorted(hop_s, grid_s)[:, None] + np.arange(-reach, reach + 1)
        nearest = np.clip(nearest, 0, len(hop_s) - 1)
        best = nearest[np.arange(len(grid_s)), pair_db[nearest].argmax(axis=1)]
        heard = (grid_s >= hop_s[0]) & (grid_s <= hop_s[-1])
        return {"pair_db": np.where(heard, pair_db[best], 0.0), "gap_s": np.where(heard, gap_s[best], 0.0)}


def _together(chunks: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(chunks) if chunks else np.zeros((0, 0), np.float32)


def _grid_s(duration_s: float) -> np.ndarray:
    return np.arange(max(1, int(duration_s / STEP_S)) + 1) * STEP_S
