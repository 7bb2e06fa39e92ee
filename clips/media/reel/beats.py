"""Finds the beats of music and the impacts in a clip's sound, and moves cuts to beats.

Arrays in, arrays out.
"""

from collections.abc import Container, Sequence
from fractions import Fraction

import numpy as np
from scipy import ndimage, signal

from clips.media.reel.plan import SOUND_RATE_HZ

_HOP = 480
_HOPS_PER_S = SOUND_RATE_HZ / _HOP
_WINDOW = 2048
#: Tempos that people nod to; half and double of them are heard as the same.
_SLOWEST_BPM, _FASTEST_BPM, _USUAL_BPM = 60.0, 200.0, 120.0
#: How much a beat away from its tempo costs against how much an onset gains (Ellis 2007, there 100 to 680).
_TIGHTNESS = 300.0
#: A cut comes earlier by at most this, and a clip keeps at least so much of its length.
_MOST_EARLIER_S, _LEAST_KEPT = Fraction(4, 5), Fraction(3, 5)
#: An impact stands out of the sound around it by so much, and from the next one by so long.
_IMPACT_DB, _BELOW_LOUDEST_DB, _APART_S, _MOST_IMPACTS = 9.0, 8.0, 0.25, 3


def onset_strength(samples: np.ndarray) -> np.ndarray:
    """Return how much sound [shape=(n,), float] at 48 kHz begins at each hundredth of a second.

    Notes
    -----
    Spectral flux of the logarithm of the spectrum, as in Bello et al. 2005, "A tutorial on onset detection".
    """
    if len(samples) < 2 * _WINDOW:
        return np.zeros(len(samples) // _HOP + 1)
    _, _, spectrum = signal.stft(samples, nperseg=_WINDOW, noverlap=_WINDOW - _HOP, boundary="even", padded=True)
    level = np.log1p(1000 * np.abs(spectrum))
    rise = np.maximum(np.diff(level, axis=1, prepend=level[:, :1]), 0).sum(axis=0)
    around: np.ndarray = ndimage.uniform_filter1d(rise, round(_HOPS_PER_S))
    onsets: np.ndarray = np.maximum(rise - around, 0)
    return onsets


def beats_s(samples: np.ndarray) -> np.ndarray:
    """Return when the beats of music [shape=(n,), float] at 48 kHz are, in seconds; none where nothing begins.

    Notes
    -----
    Dynamic programming over onsets and one tempo: Ellis 2007, "Beat tracking by dynamic programming".
    """
    onsets = onset_strength(samples)
    if len(onsets) < 2 * _HOPS_PER_S or onsets.std() < 1e-6:
        return np.zeros(0)
    onsets = ndimage.gaussian_filter1d(onsets / onsets.std(), 1.5)
    period = _period(onsets)
    scores, before = onsets.copy(), np.full(len(onsets), -1)
    offsets = np.arange(-round(2 * period), -round(period / 2) + 1)
    cost = -_TIGHTNESS * np.log(-offsets / period) ** 2
    for now in range(-offsets[-1], len(onsets)):
        earlier = now + offsets
        reached = np.where(earlier >= 0, scores[np.maximum(earlier, 0)], 0) + cost
        best = int(reached.argmax())
        if reached[best] > 0:
            scores[now] += reached[best]
            before[now] = earlier[best]
    last = len(scores) - round(period) + int(scores[-round(period) :].argmax())
    beats = []
    while last >= 0:
        beats.append(last)
        last = int(before[last])
    return np.array(beats[::-1]) / _HOPS_PER_S


def _period(onsets: np.ndarray) -> float:
    """Return the time from beat to beat in hops: the strongest repetition, weighted towards usual tempos."""
    around = onsets - onsets.mean()
    likeness = signal.correlate(around, around, method="fft")[len(around) - 1 :]
    lags = np.arange(
        round(60 * _HOPS_PER_S / _FASTEST_BPM), min(round(60 * _HOPS_PER_S / _SLOWEST_BPM) + 1, len(likeness) - 1)
    )
    usual = 60 * _HOPS_PER_S / _USUAL_BPM
    weighted = likeness[lags] * np.exp(-0.5 * (np.log2(lags / usual) / 0.9) ** 2)
    lag = int(lags[weighted.argmax()])
    left, peak, right = likeness[lag - 1 : lag + 2]
    bend = left - 2 * peak + right
    return lag + float(np.clip((left - right) / (2 * bend), -0.5, 0.5)) if bend < 0 else float(lag)


def impacts_s(samples: np.ndarray) -> list[float]:
    """Return when something hits the ground in a clip's sound [shape=(n,), float] at 48 kHz: its three loudest."""
    n_steps = len(samples) // _HOP
    if n_steps < 10:
        return []
    power = (samples[: n_steps * _HOP].reshape(n_steps, _HOP).astype(float) ** 2).mean(axis=1)
    level_db = 10 * np.log10(power + 1e-9)
    usual_db = float(np.median(level_db))
    peaks, _ = signal.find_peaks(level_db, height=usual_db + _IMPACT_DB, distance=round(_APART_S * _HOPS_PER_S))
    if not len(peaks):
        return []
    loudest = sorted(peaks, key=lambda place: -level_db[place])[:_MOST_IMPACTS]
    least_db = level_db[loudest[0]] - _BELOW_LOUDEST_DB
    return sorted(float(place / _HOPS_PER_S) for place in loudest if level_db[place] >= least_db)


def ending_on_beats(
    lengths: Sequence[int],
    beats: Sequence[float],
    *,
    rate_hz: Fraction,
    begins_at: int,
    overlaps: Sequence[int],
    kept: Container[int] = (),
) -> list[int]:
    """Return clips' lengths in pictures, shortened so that each cut lies on a beat where one is near before it.

    Parameters
    ----------
    lengths : sequence of int
    beats : sequence of float
        In seconds from the start of the reel, ascending.
    rate_hz : Fraction
        Pictures per second.
    begins_at : int
        Where the first clip begins.
    overlaps : sequence of int
        How many pictures each clip fades into the next.
    kept : container of int
        Clips that are not shortened, by their place: the next one goes on where they end.
    """
    places = np.round(np.asarray(beats, dtype=float) * float(rate_hz)).astype(int)
    shortened, at = [], begins_at
    for number, (length, overlap) in enumerate(zip(lengths, overlaps, strict=True)):
        cut_at = at + length - overlap // 2  # the middle of a fade is what is heard on the beat
        near = places[(places <= cut_at) & (places > cut_at - _MOST_EARLIER_S * rate_hz)]
        near = near[near >= cut_at - (1 - _LEAST_KEPT) * length]
        shorter = length - (cut_at - int(near[-1])) if len(near) and number not in kept else length
        shortened.append(shorter)
        at += shorter - overlap
    return shortened
