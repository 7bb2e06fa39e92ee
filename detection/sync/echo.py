"""Tells the direct sound from an echo that is as loud, of two recordings that were laid over each other."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from detection.sync.heard import RATE_HZ, Heard
from detection.sync.verify import BAND, N_FFT, REACH_S, WINDOW_S, power_of, spectra, starts_of

#: So many windows tell an echo; all of them cost more and tell the same.
N_WINDOWS = 60
#: Square root of an exponential variable, on average: what chance gives at any lag.
CHANCE = float(np.sqrt(np.pi) / 2)
#: Lags that agree at least half as well as the best are the direct sound or echoes; so many of them are looked at.
LEAST_OF_BEST, MOST_LAGS = 0.5, 6
#: Lags nearer than this are one.
APART_S = 0.0015
#: An echo comes as late in the recording itself as between the two, give or take so much.
NEAR_S = 0.00025
#: Another lag is the direct sound if it agrees this well, against the lag that was found, and the echoes in the
#: recordings speak for it by so much more. Of 108 matches of two made-up days, on which this was chosen, 9 changed: one
#: of them for the worse, and of the 8 that had taken an echo for the sound itself one was left.
LEAST_AS_GOOD, LEAST_SURER = 0.65, 2.0


@dataclass(frozen=True)
class _Agreement:
    """The correlation of two recordings, and of each with itself, at each lag from ``-REACH_S`` to ``REACH_S``.

    All above what chance gives, with one value for each sample.
    """

    across: np.ndarray
    first: np.ndarray
    second: np.ndarray


def echo_s(first: Heard, second: Heard, offset_s: float, drift_ppm: float | None) -> float:
    """Return how much later than an offset the direct sound lies; 0 where the offset is most likely that of it.

    Parameters
    ----------
    first, second : Heard
    offset_s : float
    drift_ppm : float, optional
        From `detection.sync.verify.verify`.

    Notes
    -----
    The direct sound comes first. Of two lags, the later one is right if the second recording has an echo that much
    later, which is found in its own autocorrelation; if the first has it, the earlier one.
    """
    heard = _agreement(first, second, offset_s, (drift_ppm or 0.0) * 1e-6)
    if heard is None:
        return 0.0
    found = len(heard.across) // 2
    lags = _peaks(heard.across)
    here = next((lag for lag in lags if abs(lag - found) < APART_S * RATE_HZ), None)
    if here is None or len(lags) < 2:
        return 0.0
    speaks = {lag: _speaks_for(lag, lags, heard) for lag in lags}
    other = max(
        (lag for lag in lags if heard.across[lag] >= LEAST_AS_GOOD * heard.across[here]), key=speaks.__getitem__
    )
    return (other - found) / RATE_HZ if speaks[other] >= speaks[here] + LEAST_SURER else 0.0


def _agreement(first: Heard, second: Heard, offset_s: float, slope: float) -> _Agreement | None:
    starts = starts_of(first, second, offset_s, most=N_WINDOWS)
    turn = 2j * np.pi * BAND * (RATE_HZ / N_FFT)
    rounded_s = round(offset_s * RATE_HZ) / RATE_HZ
    sums, n_windows = np.zeros((3, 2 * round(REACH_S * RATE_HZ) + 1)), 0
    for start, a, b in spectra(first, second, offset_s, starts):
        late_s = offset_s - rounded_s + slope * (start / RATE_HZ + WINDOW_S / 2)
        across = a * np.conj(b) * np.exp(turn * late_s)
        sums += [np.sqrt(power_of(cross)) for cross in (across, np.abs(a) ** 2, np.abs(b) ** 2)]
        n_windows += 1
    return _Agreement(*(sums / n_windows - CHANCE)) if n_windows else None


def _peaks(across: np.ndarray) -> list[int]:
    """Return the lags that agree best, in samples from the first one, the best first."""
    is_peak = (across == ndimage.maximum_filter1d(across, 3)) & (across >= LEAST_OF_BEST * across.max())
    chosen: list[int] = []
    for lag in sorted(np.flatnonzero(is_peak), key=lambda lag: -across[lag]):
        if all(abs(lag - other) >= APART_S * RATE_HZ for other in chosen):
            chosen.append(int(lag))
    return chosen[:MOST_LAGS]


def _speaks_for(direct: int, lags: Sequence[int], heard: _Agreement) -> float:
    """Return how much better the other lags are explained as echoes of the one recording than of the other."""
    total, best = 0.0, heard.across[lags[0]]
    for lag in lags:
        # A later lag is an echo in the first, which hears the same later; an earlier one is an echo in the second.
        own, others = (heard.first, heard.second) if lag > direct else (heard.second, heard.first)
        if lag != direct:
            total += heard.across[lag] / best * (_near(own, abs(lag - direct)) - _near(others, abs(lag - direct)))
    return float(total)


def _near(itself: np.ndarray, lag: int) -> float:
    reach = round(NEAR_S * RATE_HZ)
    return float(itself[max(0, lag - reach) : lag + reach + 1].max(initial=0.0))
