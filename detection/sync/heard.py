"""Prepares the sound of a recording for comparison: its waveform at a low rate and the rise of its loudness."""

from dataclasses import dataclass

import numpy as np
import scipy.fft
from scipy import ndimage

from detection.signals import SignalError

#: High enough for 0.1 ms and for the bands where two microphones agree, low enough to cost little.
RATE_HZ = 8000
#: One value of loudness per this long.
HOP_S = 0.01
WINDOW_S = 0.032
#: Edges of the bands of loudness. Below them is wind, above them each microphone has its own treble.
BAND_EDGES_HZ = (250, 400, 600, 900, 1300, 1900, 2700, 3800)
#: Slower changes than this are the camera's automatic gain, or the wind.
SLOW_S = 1.0
#: More than this above or below says nothing more: one bang must not decide alone.
MOST_DB = 9.0
#: Below it, relative to full scale, is digital silence.
POWER_FLOOR = 1e-9


@dataclass(frozen=True)
class Heard:
    """The waveform and loudness of one recording.

    Attributes
    ----------
    wave : np.ndarray [shape=(n,), int16]
        Mono at ``RATE_HZ``.
    loudness : np.ndarray [shape=(n_bands, n_hops), float32]
        How much louder each band is than in the second around, every ``HOP_S``; mean 0, standard deviation 1, all 0 in
        a band without change.
    """

    wave: np.ndarray
    loudness: np.ndarray

    @property
    def length_s(self) -> float:
        return len(self.wave) / RATE_HZ


def heard(samples: np.ndarray, *, rate_hz: int) -> Heard:
    """Prepare a recording.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,), float32]
        Mono sound without gaps, full scale is 1.
    rate_hz : int
        A multiple of ``RATE_HZ``.

    Raises
    ------
    SignalError
        If ``samples`` is not such a signal.
    """
    if samples.ndim != 1 or samples.dtype.kind != "f" or rate_hz % RATE_HZ:
        raise SignalError(f"want mono sound at a multiple of {RATE_HZ} Hz, got {samples.dtype} {samples.shape}")
    if rate_hz > RATE_HZ and len(samples):
        from scipy import signal  # half a second to load, which a process that reads at this rate need not spend

        samples = signal.resample_poly(samples, 1, rate_hz // RATE_HZ)
    return heard_of(np.round(np.clip(samples, -1, 1) * 32767).astype(np.int16))


def heard_of(wave: np.ndarray) -> Heard:
    """Prepare a recording of which the waveform was kept.

    Parameters
    ----------
    wave : np.ndarray [shape=(n,), int16]
        `Heard.wave`.

    Raises
    ------
    SignalError
        If it is none.
    """
    if wave.ndim != 1 or wave.dtype != np.int16:
        raise SignalError(f"want a waveform of 16 bits, got {wave.dtype} {wave.shape}")
    return Heard(wave, _loudness(wave))


def _loudness(wave: np.ndarray) -> np.ndarray:
    hop, window = round(HOP_S * RATE_HZ), round(WINDOW_S * RATE_HZ)
    n_bands = len(BAND_EDGES_HZ) - 1
    if len(wave) < window:
        return np.zeros((n_bands, 0), np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(wave, window)[::hop]
    edges = np.searchsorted(np.fft.rfftfreq(window, 1 / RATE_HZ), BAND_EDGES_HZ)
    taper = np.hanning(window).astype(np.float32) / 32767
    power = np.empty((n_bands, len(frames)), np.float32)
    for first in range(0, len(frames), 4096):  # piece by piece: an hour of frames would be 400 MB
        spectrum = np.abs(scipy.fft.rfft(frames[first : first + 4096] * taper)) ** 2
        sums = np.add.reduceat(spectrum[:, : edges[-1]], edges[:-1], axis=1)
        power[:, first : first + 4096] = sums.T / window
    level_db = 10 * np.log10(power + POWER_FLOOR)
    change_db = level_db - ndimage.uniform_filter1d(level_db, round(SLOW_S / HOP_S), axis=1)
    change_db = np.clip(change_db, -MOST_DB, MOST_DB)
    change_db -= change_db.mean(axis=1, keepdims=True)
    spread_db = change_db.std(axis=1, keepdims=True)
    return np.where(spread_db > 0.1, change_db / np.maximum(spread_db, 0.1), 0).astype(np.float32)
