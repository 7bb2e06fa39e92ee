"""Checks an offset of two recordings in their waveforms, second by second."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import scipy.fft

from detection.sync.heard import RATE_HZ, Heard

#: Long against the echo of a place, short against the drift of two clocks.
WINDOW_S = 2.0
#: One window starts each so often.
HOP_S = 1.0
#: How far around a candidate is searched: its own error, and the drift over half an hour.
REACH_S = 0.06
#: Frequencies whose phase is compared.
BAND_HZ = (200.0, 3800.0)
#: 1 leaves nothing but phases; less lets those frequencies speak louder at which there is more than noise. Made-up
#: pairs of 20 s were told from others a little better at 0.7 than at 1, with errors of 0.5 and 0.3 ms.
WHITENING = 0.8
#: Clocks of cameras differ by some tens of ppm; two bad ones by this much.
MOST_DRIFT_PPM = 120.0
#: A window speaks for a line with this power of its evidence: no single bang outvotes many windows, yet the direct
#: sound stays ahead of its echoes, which a cap made equal (errors of 16 ms).
VOTE_POWER = 0.25
#: Mean and standard deviation of such a vote where the recordings do not agree: of the fourth root of an exponential
#: variable, gamma(1.25) and sqrt(gamma(1.5) - gamma(1.25) ** 2).
CHANCE_MEAN, CHANCE_SPREAD = 0.9064, 0.2544
#: A window supports an offset when its evidence reaches this: one in a hundred does so by chance (eight independent
#: values within ``NEAR_S``, each above it with a probability of exp(-7)).
SUPPORT = 7.0
NEAR_S = 0.001
#: So many windows are enough to rank the candidates.
N_RANKING = 24
#: Below this span of support the drift cannot be told from the scatter of the windows (0.1 to 0.3 ms each).
DRIFT_SPAN_S = 30.0
#: Samples this quiet, of a 16-bit recording, hold nothing but rounding.
SILENT = 2.0
#: Length of the spectra of windows, and which of their frequencies are compared.
N_FFT = scipy.fft.next_fast_len(round(WINDOW_S * RATE_HZ) + 2 * round(REACH_S * RATE_HZ))
BAND = np.arange(*(int(np.ceil(edge_hz * N_FFT / RATE_HZ)) for edge_hz in BAND_HZ))


@dataclass(frozen=True)
class Verified:
    """Agreement of the waveforms about one offset.

    Attributes
    ----------
    offset_s : float
        Time of the first recording at which the second begins, on a straight line through all windows.
    drift_ppm : float or None
        How much longer a second of the second recording takes in the first; None if the support is too short to say.
    n_windows : int
        Windows of ``WINDOW_S`` in which both hear something.
    n_support : int
        Windows that agree with the line.
    span_s : float
        From the first window that agrees to the last.
    """

    offset_s: float
    drift_ppm: float | None
    n_windows: int
    n_support: int
    span_s: float


def rank(first: Heard, second: Heard, offsets_s: list[float]) -> list[float]:
    """Return these offsets by what the waveforms say of them, the best first."""
    scores = []
    for offset_s in offsets_s:
        starts = starts_of(first, second, offset_s, most=N_RANKING)
        evidence = _evidence(first, second, offset_s, starts)
        if len(evidence.at_s) == 0:
            scores.append(-np.inf)
            continue
        best = _best_line(evidence)
        n_windows = len(evidence.at_s)
        scores.append((best.sum - n_windows * CHANCE_MEAN) / (CHANCE_SPREAD * np.sqrt(n_windows)))
    return [offsets_s[number] for number in np.argsort(scores)[::-1]]


def verify(first: Heard, second: Heard, offset_s: float) -> Verified:
    """Compare all that two recordings share at one candidate offset.

    Parameters
    ----------
    first, second : Heard
    offset_s : float
        From `candidates`.

    Notes
    -----
    Generalised cross-correlation with phase transform: Knapp and Carter 1976, "The generalized correlation method for
    estimation of time delay". Its envelope is summed over the windows along straight lines, each an offset and a drift,
    so that neither echo nor the microphone's phase nor the clock's drift takes the sum apart. Without agreement the
    evidence of a window is distributed exponentially around 1.
    """
    starts = starts_of(first, second, offset_s, most=None)
    evidence = _evidence(first, second, offset_s, starts)
    if len(evidence.at_s) == 0:
        return Verified(offset_s, None, 0, 0, 0.0)
    line = _best_line(evidence)
    shift_s, slope, agrees = _fitted(evidence, line)
    at_s = evidence.at_s[agrees]
    span_s = float(np.ptp(at_s)) + HOP_S if len(at_s) else 0.0
    drift_ppm = slope * 1e6 if span_s >= DRIFT_SPAN_S else None
    return Verified(offset_s + shift_s, drift_ppm, len(evidence.at_s), int(agrees.sum()), span_s)


@dataclass(frozen=True)
class _Evidence:
    """``values[i, j]`` speaks for the lag ``lags_s[j]`` in the window of the second recording around ``at_s[i]``."""

    at_s: np.ndarray
    lags_s: np.ndarray
    values: np.ndarray


@dataclass(frozen=True)
class _Line:
    """``lag = shift_s + slope * at_s``, and the sum of the evidence along it."""

    shift_s: float
    slope: float
    sum: float


def starts_of(first: Heard, second: Heard, offset_s: float, *, most: int | None) -> np.ndarray:
    """Return where in the second recording windows start, in samples: every ``HOP_S``, or so many spread evenly."""
    reach, window, shift = round(REACH_S * RATE_HZ), round(WINDOW_S * RATE_HZ), round(offset_s * RATE_HZ)
    low = max(0, reach - shift)
    high = min(len(second.wave), len(first.wave) - reach - shift) - window
    starts = np.arange(low, high + 1, round(HOP_S * RATE_HZ))
    if most is not None and len(starts) > most:
        starts = starts[np.linspace(0, len(starts) - 1, most).round().astype(int)]
    return starts


def spectra(
    first: Heard, second: Heard, offset_s: float, starts: np.ndarray
) -> Iterator[tuple[int, np.ndarray, np.ndarray]]:
    """Yield for each window in which both hear something its start, and what each hears in ``BAND``.

    The first begins ``REACH_S`` before the place, to a sample, that the offset gives it, and ends as much after it.
    """
    reach, window, shift = round(REACH_S * RATE_HZ), round(WINDOW_S * RATE_HZ), round(offset_s * RATE_HZ)
    for start in starts:
        a = first.wave[start + shift - reach : start + shift + window + reach].astype(np.float32)
        b = second.wave[start : start + window].astype(np.float32)
        if a.std() >= SILENT and b.std() >= SILENT:
            yield int(start), scipy.fft.rfft(a, N_FFT)[BAND], scipy.fft.rfft(b, N_FFT)[BAND]


def power_of(cross: np.ndarray) -> np.ndarray:
    """Return how strongly a cross-spectrum in ``BAND`` speaks for each lag from 0 to ``2 * REACH_S``; by chance 1."""
    phases = np.zeros(N_FFT, np.complex64)
    phases[BAND] = cross / np.maximum(np.abs(cross), 1e-9) ** WHITENING
    # Only positive frequencies: the magnitude is the envelope of the correlation.
    power = np.abs(scipy.fft.ifft(phases)[: 2 * round(REACH_S * RATE_HZ) + 1]) ** 2
    return power / (np.median(power) / np.log(2))  # the median of an exponential distribution


def _evidence(first: Heard, second: Heard, offset_s: float, starts: np.ndarray) -> _Evidence:
    reach, kept, rows = round(REACH_S * RATE_HZ), [], []
    for start, a, b in spectra(first, second, offset_s, starts):
        kept.append(start)
        rows.append(power_of(a * np.conj(b)))
    # Where the window ends up in the first recording is the middle of the lags.
    lags_s = (np.arange(2 * reach + 1) - reach) / RATE_HZ
    offset_error_s = round(offset_s * RATE_HZ) / RATE_HZ - offset_s
    at_s = np.array(kept) / RATE_HZ + WINDOW_S / 2
    values = np.array(rows, np.float32) if rows else np.zeros((0, len(lags_s)), np.float32)
    return _Evidence(at_s, lags_s + offset_error_s, values)


def _best_line(evidence: _Evidence) -> _Line:
    """Return the line with the greatest sum of evidence."""
    middle_s = float(evidence.at_s.mean())
    aside_s = evidence.at_s - middle_s
    farthest_s = max(float(np.abs(aside_s).max()), 0.5)
    votes = evidence.values**VOTE_POWER
    step = 2 / RATE_HZ / farthest_s  # two samples at the far end: about the width of a peak
    most = int(MOST_DRIFT_PPM * 1e-6 / step)
    n_lags = evidence.values.shape[1]
    best = _Line(0.0, 0.0, -np.inf)
    for slope in np.arange(-most, most + 1) * step:
        moved = np.round(slope * aside_s * RATE_HZ).astype(int)
        margin = int(np.abs(moved).max())
        if 2 * margin >= n_lags:
            continue
        total = np.zeros(n_lags - 2 * margin, np.float32)
        for row, by in zip(votes, moved, strict=True):
            total += row[margin + by : n_lags - margin + by]
        top = int(total.argmax())
        if total[top] > best.sum:
            shift_s = float(evidence.lags_s[margin + top])
            best = _Line(shift_s - slope * middle_s, float(slope), float(total[top]))
    return best


def _fitted(evidence: _Evidence, line: _Line) -> tuple[float, float, np.ndarray]:
    """Return shift and slope of the straight line through the windows near a line, and which windows those are."""
    shift_s, slope = line.shift_s, line.slope
    agrees = np.zeros(len(evidence.at_s), bool)
    for _ in range(3):  # the windows that agree depend on the line, and the line on them
        along_s = shift_s + slope * evidence.at_s
        near = np.abs(evidence.lags_s - along_s[:, None]) <= NEAR_S
        values = np.where(near, evidence.values, 0.0)
        agrees = values.max(axis=1) >= SUPPORT
        if not agrees.any():
            return shift_s, slope, agrees
        peaks_s = evidence.lags_s[values[agrees].argmax(axis=1)]
        at_s = evidence.at_s[agrees]
        if np.ptp(at_s) >= DRIFT_SPAN_S - HOP_S:
            slope, shift_s = (float(value) for value in np.polyfit(at_s, peaks_s, 1))
        else:
            slope, shift_s = 0.0, float(np.median(peaks_s))
    return shift_s, slope, agrees
