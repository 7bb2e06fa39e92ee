"""Names the offsets at which two recordings rise and fall in loudness alike."""

import numpy as np
import scipy.fft

from detection.sync.clocks import LEAST_OVERLAP_S
from detection.sync.heard import HOP_S, Heard

#: The true offset was among the first ten in all made-up pairs of 20 s but those without a sound in them; the rest
#: costs little.
N_CANDIDATES = 12
#: Two offsets nearer than this are one: `verify` looks that far to either side.
APART_S = 0.05


def candidates(
    first: Heard, second: Heard, *, within_s: tuple[float, float] | None = None, most: int = N_CANDIDATES
) -> list[float]:
    """Return the likeliest offsets in seconds, best first.

    Parameters
    ----------
    first, second : Heard
    within_s : (float, float), optional
        Least and greatest offset that is possible, as the cameras' clocks say.
    most : int
        How many.

    Returns
    -------
    list of float
        Times of the first recording at which the second begins, good to a few ``HOP_S``; below zero if it began
        earlier. Empty if the two cannot share ``LEAST_OVERLAP_S``.

    Notes
    -----
    Cross-correlation of the change of loudness in each band, summed over the bands and divided by the root of the
    overlap, so that chance is the same everywhere. It only ranks: peaks of unrelated recordings are as high as those
    of related ones.
    """
    n_first, n_second = first.loudness.shape[1], second.loudness.shape[1]
    least = round(LEAST_OVERLAP_S / HOP_S)
    lags = np.arange(-n_second + least, n_first - least + 1)
    if within_s is not None:
        lags = lags[(lags >= np.floor(within_s[0] / HOP_S)) & (lags <= np.ceil(within_s[1] / HOP_S))]
    if min(n_first, n_second) < least or len(lags) == 0:
        return []
    n = scipy.fft.next_fast_len(n_first + n_second, real=True)
    spectrum = scipy.fft.rfft(first.loudness, n) * np.conj(scipy.fft.rfft(second.loudness, n))
    alike = scipy.fft.irfft(spectrum.sum(axis=0), n)[lags]
    overlap = np.minimum(n_first, lags + n_second) - np.maximum(0, lags)
    alike /= np.sqrt(overlap)
    chosen: list[float] = []
    apart = round(APART_S / HOP_S)
    for _ in range(most):
        best = int(alike.argmax())
        if alike[best] <= 0:
            break
        chosen.append(float(lags[best]) * HOP_S)
        alike[max(0, best - apart) : best + apart + 1] = -np.inf
    return chosen
