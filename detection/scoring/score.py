"""Scores each moment by how far its signals stand out from its own take, as a weighted sum."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy import ndimage

from detection.scoring.peaks import peaks_apart
from detection.signals import STEP_S, SignalError, Signals

#: Pop, air and landing are one moment: it borrows the strongest value of this long. AP .75 at 0.2 s, .81 at 0.5 s.
NEARBY_S = 0.5
#: Takes the corners off that, so that a peak has one top.
ROUNDING_S = 0.1
#: Middle and spread of each signal in the labelled takes, which agree within a factor of two. They keep a take in which
#: nothing stirs, or one that is shorter than a few tricks, from making much of little.
TYPICAL = {"arc": (0.02, 0.05), "incoherence": (-0.17, 0.06), "pair_db": (8.5, 4.5)}
#: The typical middle counts as much as this long a stretch of the take itself.
TYPICAL_S = 10.0
#: Below the usual is as good as usual (AP .78, .76 when it counts against a moment); standing out by more than the
#: upper limit proves nothing more (AP .84 at 4, .83 at 5, .82 at 7).
LIMITS = (0.0, 4.0)
#: The signals that make the score, of which each has a weight.
SCORED = ("arc", "incoherence", "pair_db")
#: Weights and how they were made, by ``python -m detection fit``.
WEIGHTS_FILE = Path(__file__).with_name("weights.json")
#: A camera that feels its own flight says as much as a signal that stands out as far as any can; unproven.
FELT_WEIGHT = 4 * 0.75
#: A rider who presses the button means something: enough to be shown when anything else speaks for it.
HILIGHT_WEIGHT = 4.0
#: The button is pressed after the trick, by a rider within a second and by a filmer who waits for the roll-out.
HILIGHT_AFTER_S, HILIGHT_BEFORE_S = 10.0, 1.0
#: Two tricks of one rider are further apart.
PEAK_DISTANCE_S = 2.0


@dataclass(frozen=True)
class Weights:
    """The amount that one spread of each signal adds to the log odds, and the bias."""

    of: dict[str, float]
    bias: float

    @classmethod
    def shipped(cls) -> "Weights":
        """Return the weights shipped with the program."""
        made = json.loads(WEIGHTS_FILE.read_text())
        return cls(made["weights"], made["bias"])


@dataclass(frozen=True)
class Peak:
    """A moment that stands out: its step on the grid and its score, 0 to 1."""

    step: int
    score: float


def z_scores_of(signals: Signals) -> dict[str, np.ndarray]:
    """Return how far each moment stands out from its own take, by signal.

    Parameters
    ----------
    signals : Signals

    Returns
    -------
    dict of str to np.ndarray [shape=(n,), float]
        The signals of ``SCORED`` that the take has (no arc where nobody looked or the rider wears the camera), every
        ``STEP_S``, in spreads over the usual, cut off at ``LIMITS``.
    """
    z_scores = {}
    for name in SCORED:
        if name not in signals.curves or (name == "arc" and not _shows_riders(signals)):
            continue
        # Sound is heard throughout; pictures are seen here and there.
        seen = np.ones_like(signals.seen) if name == "pair_db" else signals.seen
        moments = moments_of(signals.curves[name], seen)
        fair = _fair(name, signals, moments, seen)
        out = relative(moments, fair, typical=TYPICAL[name])
        z_scores[name] = _rounded(np.where(seen, out, 0.0) if name == "arc" else out)
    return z_scores


def _shows_riders(signals: Signals) -> bool:
    """Return whether riders can be seen to rise and fall: pictures were looked at, by a camera that does not fly."""
    return bool(signals.seen.any()) and signals.curves.get("felt", np.zeros(1)).max() < 1


def _fair(name: str, signals: Signals, moments: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return values typical of this take, though its best moments were looked at more than the rest."""
    if name == "incoherence" and len(signals.glanced):
        return signals.glanced
    if name == "arc":  # hardly anything rises and falls, also where it is worth looking
        return signals.curves[name][seen] if seen.any() else np.zeros(1)
    return moments[seen] if seen.any() else moments


def moments_of(values: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """Return a signal in which pop, air and landing are merged into one peak.

    Parameters
    ----------
    values : np.ndarray [shape=(n,), float]
        Every ``STEP_S``.
    seen : np.ndarray [shape=(n,), bool]
        Where values are neighbours of each other; elsewhere each stands for itself.

    Returns
    -------
    np.ndarray [shape=(n,), float]
        The strongest seen value within ``NEARBY_S``.
    """
    strongest = ndimage.maximum_filter1d(np.where(seen, values, -np.inf), round(NEARBY_S / STEP_S) | 1, mode="nearest")
    return np.where(seen, strongest, values)


def _rounded(values: np.ndarray) -> np.ndarray:
    return ndimage.gaussian_filter1d(values, ROUNDING_S / STEP_S, mode="nearest")


def relative(values: np.ndarray, fair: np.ndarray, *, typical: tuple[float, float] = (0.0, 0.0)) -> np.ndarray:
    """Return how many spreads each value is above the median of its take.

    Parameters
    ----------
    values : np.ndarray [shape=(n,), float]
        One signal of a whole take every ``STEP_S``.
    fair : np.ndarray [shape=(m,), float]
        Values of the same signal that favour no part of the take, finite, m at least 1.
    typical : tuple of float
        Middle and spread of such a signal in other takes; the spread is the least that is believed, the middle is mixed
        in with the weight of ``TYPICAL_S``.

    Returns
    -------
    np.ndarray [shape=(n,), float]
        Deviation from the median over the median absolute deviation, scaled to the standard deviation of a normal
        distribution and cut off at ``LIMITS``; 0 everywhere for a constant signal of a typical value.

    Raises
    ------
    SignalError
        If there is no fair value or one is not finite.
    """
    if fair.ndim != 1 or fair.size == 0 or not np.isfinite(fair).all():
        raise SignalError("want at least one finite value")
    middle = np.median(fair)
    spread = max(1.4826 * np.median(np.abs(fair - middle)), typical[1], 1e-9)
    own = len(values) * STEP_S / (len(values) * STEP_S + TYPICAL_S)
    return np.clip((values - own * middle - (1 - own) * typical[0]) / spread, *LIMITS)


def score_curve(z_scores: dict[str, np.ndarray], weights: Weights, evidence: np.ndarray | float = 0.0) -> np.ndarray:
    """Return the score of each moment.

    Parameters
    ----------
    z_scores : dict of str to np.ndarray [shape=(n,), float]
        From `z_scores_of`, at least one signal.
    weights : Weights
    evidence : np.ndarray [shape=(n,), float]
        Log odds from elsewhere, as from `evidence_of`.

    Returns
    -------
    np.ndarray [shape=(n,), float]
        0 to 1; 0.5 is the default threshold. Where a signal is missing (no sound), the others count more, so that
        chance moves the sum as far as with all of them: the spread of a sum grows with the root of its squared weights.
    """
    all_square = sum(weights.of[name] ** 2 for name in SCORED)
    own_square = sum(weights.of[name] ** 2 for name in z_scores)
    more = np.sqrt(all_square / own_square) if own_square else 0.0
    total = sum(weights.of[name] * values for name, values in z_scores.items())
    return 1 / (1 + np.exp(-(weights.bias + more * total + evidence)))


def evidence_of(signals: Signals, z_scores: dict[str, np.ndarray], hilights_s: Sequence[float] = ()) -> np.ndarray:
    """Return what sensors and the rider's own marks add to the log odds.

    Parameters
    ----------
    signals : Signals
    z_scores : dict of str to np.ndarray [shape=(n,), float]
    hilights_s : sequence of float
        When the button was pressed. A mark speaks for the one moment shortly before it that stands out most.

    Returns
    -------
    np.ndarray [shape=(n,), float]
    """
    n = len(signals.seen)
    evidence = FELT_WEIGHT * signals.curves.get("felt", np.zeros(n))
    promise = sum(z_scores.values()) + evidence
    for mark_s in hilights_s:
        first, end = round((mark_s - HILIGHT_AFTER_S) / STEP_S), round((mark_s + HILIGHT_BEFORE_S) / STEP_S)
        first, end = max(0, first), min(n, end)
        if first < end:
            middle = first + int(promise[first:end].argmax())
            reach = round(NEARBY_S / STEP_S) // 2
            evidence[max(0, middle - reach) : middle + reach + 1] += HILIGHT_WEIGHT
    return evidence


def find_moments(score: np.ndarray, *, floor: float) -> list[Peak]:
    """Return the peaks of a score curve, best first.

    Parameters
    ----------
    score : np.ndarray [shape=(n,), float]
        Every ``STEP_S``.
    floor : float
        Lowest score of a peak.
    """
    steps = peaks_apart(score, distance=round(PEAK_DISTANCE_S / STEP_S), floor=floor)
    return [Peak(step, float(score[step])) for step in steps]
