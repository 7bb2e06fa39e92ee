"""Detects impacts in the sound: the pop of a board, its landing, a slap, an edge that bites.

Arrays in, arrays out. Only the change against the moment before and the seconds around counts, never how loud the
recording is.
"""

import numpy as np
from scipy import ndimage

from detection.signals import SignalError

#: One power value per this long; a pop rises within 5 to 10 ms.
HOP_S = 0.01
#: Length of the window of one value.
WINDOW_S = 0.02
#: Where a board's pop and landing stand out: area under the curve .72 in each of the two upper bands, .66 and .64
#: in 100-400 and 400-1500 Hz, where wind, engines, music and voices are.
BANDS_HZ = ((1500, 4000), (4000, 7500))
#: Power of digital silence and of the noise of a 16-bit recording, relative to full scale; below it nothing rises.
POWER_FLOOR = 1e-7
#: An onset compares with the quietest of this long before it.
ONSET_S = 0.07
#: The ground noise is the median over this long.
GROUND_S = 2.0
#: A sound more than this above the ground is loud enough; being louder proves nothing more.
ENOUGH_DB = 25.0
#: Pop and landing are this far apart: an ollie on flat ground takes 0.37 s, a drop 1 s. A wider range finds more pairs
#: by chance than long jumps (AP .84 up to 1.1 s, .83 up to 1.7 s), whose landing on snow is hardly heard anyway.
PAIR_GAP_S = (0.2, 1.1)
#: Most are this far apart (.33 to .64 s in eight of ten labelled tricks), most pairs by chance are not: ...
LIKELY_GAP_S = (0.25, 0.8)
#: ... others count for so much of their strength (F1 .81, without .78; as a camera's file .82 and .79). Longer ones
#: are chance less often: so long does one fly off a kicker, which no labelled take shows (.5 to .65 rank them alike).
UNLIKELY_SHORT, UNLIKELY_LONG = 0.5, 0.65


def band_power(samples: np.ndarray, *, rate_hz: int) -> np.ndarray:
    """Return the power in each of ``BANDS_HZ`` every ``HOP_S``.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,), float32]
        Mono sound, full scale is 1, at least one window of it.
    rate_hz : int
        At least twice the top of the highest band.

    Returns
    -------
    np.ndarray [shape=(n_hops, n_bands), float32]
        Mean squared magnitude; the value of hop i is centred on ``i * HOP_S + WINDOW_S / 2``.

    Raises
    ------
    SignalError
        If ``samples`` is not such a signal.
    """
    hop, window = round(HOP_S * rate_hz), round(WINDOW_S * rate_hz)
    if samples.ndim != 1 or len(samples) < window or rate_hz < 2 * BANDS_HZ[-1][1]:
        raise SignalError(f"want at least {window} samples of mono sound, got shape {samples.shape} at {rate_hz} Hz")
    frames = np.lib.stride_tricks.sliding_window_view(samples, window)[::hop]
    n_fft = 1 << (window - 1).bit_length()
    power = np.abs(np.fft.rfft(frames * np.hanning(window), n_fft)) ** 2
    frequency_hz = np.fft.rfftfreq(n_fft, 1 / rate_hz)
    bands = [power[:, (frequency_hz >= low) & (frequency_hz < high)].mean(axis=1) for low, high in BANDS_HZ]
    return np.stack(bands, axis=1).astype(np.float32)


def impact_strength_db(power: np.ndarray) -> np.ndarray:
    """Return how strongly each moment is an impact.

    Parameters
    ----------
    power : np.ndarray [shape=(n_hops, n_bands), float]
        From `band_power`, n_hops at least 1.

    Returns
    -------
    np.ndarray [shape=(n_hops,), float]
        dB, 0 to ``ENOUGH_DB``: the geometric mean of the rise within ``ONSET_S`` and the height over the ground noise,
        averaged over the bands. A steady sound has 0, however loud.

    Raises
    ------
    SignalError
        If ``power`` is empty or has another shape.
    """
    if power.ndim != 2 or len(power) == 0:
        raise SignalError(f"want power of shape (n_hops, n_bands), got {power.shape}")
    level_db = 10 * np.log10(power + POWER_FLOOR)
    n_onset = round(ONSET_S / HOP_S)
    quietest_db = ndimage.minimum_filter1d(level_db, n_onset, axis=0, origin=n_onset // 2)
    ground_db = ndimage.median_filter(level_db, size=(round(GROUND_S / HOP_S) | 1, 1))
    rise = np.clip(level_db - quietest_db, 0, ENOUGH_DB)
    height = np.clip(level_db - ground_db, 0, ENOUGH_DB)
    return np.sqrt(rise * height).mean(axis=1)


def pair_strength_db(impact_db: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how strongly each moment lies midway between two impacts.

    Parameters
    ----------
    impact_db : np.ndarray [shape=(n_hops,), float]
        From `impact_strength_db`.

    Returns
    -------
    strength_db : np.ndarray [shape=(n_hops,), float]
        The weaker of the two impacts, for the best gap within ``PAIR_GAP_S``; less of it outside ``LIKELY_GAP_S``.
    gap_s : np.ndarray [shape=(n_hops,), float]
        That gap; 0 where there is no pair.
    """
    impact_db = ndimage.maximum_filter1d(impact_db, 5)  # a gap need only fit to 20 ms
    strength_db, gap_s = np.zeros(len(impact_db)), np.zeros(len(impact_db))
    shortest, longest = (round(gap / HOP_S / 2) for gap in PAIR_GAP_S)
    for half in range(shortest, min(longest, (len(impact_db) - 1) // 2) + 1, 2):
        weaker = np.minimum(impact_db[: -2 * half], impact_db[2 * half :]) * _share_of(2 * half * HOP_S)
        middle = slice(half, len(impact_db) - half)
        better = weaker > strength_db[middle]
        strength_db[middle][better] = weaker[better]
        gap_s[middle][better] = 2 * half * HOP_S
    return strength_db, gap_s


def _share_of(gap_s: float) -> float:
    """Return how much of its strength a pair with such a gap keeps."""
    if gap_s < LIKELY_GAP_S[0]:
        return UNLIKELY_SHORT
    return UNLIKELY_LONG if gap_s > LIKELY_GAP_S[1] else 1.0
