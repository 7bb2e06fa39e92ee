"""Scores each moment by how far its signals stand out from its own take, as a weighted sum."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import ndimage

from detection.scoring.chance import WEIGHTS_FILE
from detection.scoring.peaks import peaks_apart
from detection.signals import STEP_S, SignalError, Signals

#: Pop, air and landing are one moment: it borrows the strongest value of this long. AP .75 at 0.2 s, .81 at 0.5 s.
NEARBY_S = 0.5
#: Takes the corners off that, so that a peak has one top.
ROUNDING_S = 0.1
#: Middle and spread of each signal in the labelled takes, which agree within a factor of two. They keep a take in which
#: nothing stirs, or one that is shorter than a few tricks, from making much of little.
TYPICAL = {"arc": (0.02, 0.05), "incoherence": (-0.17, 0.08), "pair_db": (8.5, 4.5)}
#: The typical counts as much as this long a stretch of the take itself: in a file of 6 s a trick is half of what is
#: there (such tricks are shown .85 of the time at 10 s, .92 at 30 s; long takes rank alike).
TYPICAL_S = 30.0
#: The strongest of half a second of pictures lies above a single glance, by so many spreads, and scatters so much more:
#: .3 to .5 and 1.1 to 1.4 in the six labelled takes. Without it all that is looked at stands out a little.
STRONGEST_OVER, STRONGEST_SPREAD = 0.4, 1.25
#: Other takes of the same camera and day are worth up to this much each: one long one is not all that is usual.
MOST_OF_ONE_S = 20.0
#: Below the usual is as good as usual (AP .78, .76 when it counts against a moment); standing out by more than the
#: upper limit proves nothing more (AP .84 at 4, .83 at 5, .82 at 7).
LIMITS = (0.0, 4.0)
#: What makes the score, each with a weight: three signals, and how far something rises and falls between two impacts.
SCORED = ("arc", "incoherence", "pair_db", "together")
#: A camera that feels its own flight says as much as a signal that stands out as far as any can; unproven.
FELT_WEIGHT = 4 * 0.75
#: What is best in a short file is more likely a trick than it looks: somebody made a file of it.
SHORT_WEIGHT = 0.8
#: A rider who presses the button means something: enough to be shown when anything else speaks for it.
HILIGHT_WEIGHT = 4.0
#: The button is pressed after the trick, by a rider within a second and by a filmer who waits for the roll-out.
HILIGHT_AFTER_S, HILIGHT_BEFORE_S = 10.0, 1.0
#: A camera that flew with the rider, or with a filmer who follows, shows nobody rise and fall for so long before and
#: after: a worn one leaps throughout its run, a filmer on a tripod who hops down once does not.
FLIGHT_REACH_S = 30.0
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
class Usual:
    """The usual middle and spread of each signal, and the length of what they were learned from, in seconds."""

    of: dict[str, tuple[float, float]]
    length_s: float

    @classmethod
    def pooled(cls, takes: Sequence[dict[str, Any]] = ()) -> "Usual":
        """Return what is usual anywhere (``TYPICAL``) mixed with other takes of the same camera on the same day.

        Parameters
        ----------
        takes : sequence of dict
            From `to_json` of each; every take counts by its length, up to ``MOST_OF_ONE_S``.
        """
        known = [cls(TYPICAL, TYPICAL_S), *(cls(take["of"], min(take["length_s"], MOST_OF_ONE_S)) for take in takes)]
        pooled = {}
        for name in TYPICAL:
            own = [one for one in known if name in one.of]
            share = np.array([one.length_s for one in own]) / sum(one.length_s for one in own)
            middle, spread = share @ np.array([one.of[name] for one in own])
            pooled[name] = (float(middle), float(spread))
        return cls(pooled, sum(one.length_s for one in known))

    def to_json(self) -> dict[str, Any]:
        """Return the same as lists."""
        return {"of": {name: [round(v, 4) for v in pair] for name, pair in self.of.items()}, "length_s": self.length_s}


@dataclass(frozen=True)
class Peak:
    """A moment that stands out: its step on the grid and its score, 0 to 1."""

    step: int
    score: float


def z_scores_of(signals: Signals, usual: Usual | None = None) -> dict[str, np.ndarray]:
    """Return how far each moment stands out from its own take, by signal.

    Parameters
    ----------
    signals : Signals
    usual : Usual, optional
        What is known beforehand; by default what is usual anywhere.

    Returns
    -------
    dict of str to np.ndarray [shape=(n,), float]
        The signals of ``SCORED`` that the take has, every ``STEP_S``, in spreads over the usual, cut off at ``LIMITS``;
        nan where one tells nothing (an arc about the flights of a camera that is worn).
    """
    usual = usual or Usual.pooled()
    z_scores = {}
    for name in TYPICAL:
        known = _known(name, signals)
        if known.any():
            z_scores[name] = np.where(known, _rounded(_standing(name, signals, usual)), np.nan)
    if {"arc", "pair_db"} <= z_scores.keys():
        z_scores["together"] = z_scores["arc"] * z_scores["pair_db"] / LIMITS[1]
    return z_scores


def _standing(name: str, signals: Signals, usual: Usual) -> np.ndarray:
    """Return how far one signal stands out; nothing where nobody looked for an arc."""
    (moments, seen), fair = _moments(name, signals), _fair(name, signals)
    out = relative(moments, fair, typical=usual.of[name], typical_s=usual.length_s)
    if name == "arc":
        return np.where(seen, out, 0.0)
    if name == "incoherence" and len(signals.glanced):
        middle = float(np.median(fair))
        strongest = middle + STRONGEST_OVER * spread_of(fair) + STRONGEST_SPREAD * (fair - middle)
        looked = relative(moments, strongest, typical=usual.of[name], typical_s=usual.length_s)
        return np.where(seen, looked, out)
    return out


def usual_of(signals: Signals) -> Usual:
    """Return what is usual in a take by itself."""
    fair = {name: _fair(name, signals) for name in TYPICAL if _known(name, signals).any()}
    own = {name: (float(np.median(values)), spread_of(values)) for name, values in fair.items()}
    return Usual(own, len(signals.seen) * STEP_S)


def _known(name: str, signals: Signals) -> np.ndarray:
    """Return where a signal can tell anything.

    An arc needs pictures that were looked at, and a camera that does not fly itself (``FLIGHT_REACH_S``).
    """
    if name != "arc":
        return np.full(len(signals.seen), name in signals.curves)
    flies = signals.curves.get("felt", np.zeros(len(signals.seen))) >= 1
    near = ndimage.maximum_filter1d(flies.astype(np.uint8), 2 * round(FLIGHT_REACH_S / STEP_S) + 1, mode="constant")
    return (near == 0) & bool(signals.seen.any())


def promise_of(z_scores: dict[str, np.ndarray]) -> np.ndarray:
    """Return the sum of how far each moment stands out in every signal that tells anything there."""
    return np.nansum(list(z_scores.values()), axis=0)


def _moments(name: str, signals: Signals) -> tuple[np.ndarray, np.ndarray]:
    """Return the moments of a signal, and where it was seen: sound is heard throughout, pictures here and there."""
    seen = np.ones_like(signals.seen) if name == "pair_db" else signals.seen
    return moments_of(signals.curves[name], seen), seen


def _fair(name: str, signals: Signals) -> np.ndarray:
    """Return values typical of this take, though its best moments were looked at more than the rest."""
    moments, seen = _moments(name, signals)
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


def spread_of(fair: np.ndarray) -> float:
    """Return how far values lie above their median: upper quartile, scaled to a normal distribution's deviation.

    Only what stands out upwards counts, and in a restless take that is much more often so than downwards.
    """
    middle, upper = np.quantile(fair, [0.5, 0.75])
    return float(1.4826 * (upper - middle))


def relative(
    values: np.ndarray, fair: np.ndarray, *, typical: tuple[float, float] = (0.0, 0.0), typical_s: float = TYPICAL_S
) -> np.ndarray:
    """Return how many spreads each value is above the median of its take.

    Parameters
    ----------
    values : np.ndarray [shape=(n,), float]
        One signal of a whole take every ``STEP_S``.
    fair : np.ndarray [shape=(m,), float]
        Values of the same signal that favour no part of the take, finite, m at least 1.
    typical : tuple of float
        Middle and spread of such a signal in other takes; the spread is the least that is believed.
    typical_s : float
        The typical counts as much as this long a stretch of the take itself.

    Returns
    -------
    np.ndarray [shape=(n,), float]
        Deviation from the median over `spread_of`, cut off at ``LIMITS``; 0 everywhere for a constant signal of a
        typical value.

    Raises
    ------
    SignalError
        If there is no fair value or one is not finite.
    """
    if fair.ndim != 1 or fair.size == 0 or not np.isfinite(fair).all():
        raise SignalError("want at least one finite value")
    own = len(values) * STEP_S / (len(values) * STEP_S + typical_s)
    middle = own * np.median(fair) + (1 - own) * typical[0]
    spread = own * max(spread_of(fair), typical[1], 1e-9) + (1 - own) * max(typical[1], 1e-9)
    return np.clip((values - middle) / spread, *LIMITS)


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
        0 to 1; 0.5 is the default threshold. Where a signal is missing (no sound, no arc), the others count more, so
        that chance moves the sum as far as with all of them: its spread grows with the root of the squared weights.
    """
    all_square = sum(weights.of[name] ** 2 for name in SCORED)
    own_square = sum(weights.of[name] ** 2 * ~np.isnan(values) for name, values in z_scores.items())
    total = promise_of({name: weights.of[name] * values for name, values in z_scores.items()})
    more = np.sqrt(all_square / np.maximum(own_square, 1e-9))
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
    promise = promise_of(z_scores) + evidence
    for mark_s in hilights_s:
        first, end = round((mark_s - HILIGHT_AFTER_S) / STEP_S), round((mark_s + HILIGHT_BEFORE_S) / STEP_S)
        first, end = max(0, first), min(n, end)
        if first < end:
            evidence[_about(first + int(promise[first:end].argmax()))] += HILIGHT_WEIGHT
    return evidence


def favoured(curve: np.ndarray) -> np.ndarray:
    """Return a score curve in which the best moment counts by ``SHORT_WEIGHT`` more, as that of a short file does."""
    log_odds = np.log(curve) - np.log1p(-curve)
    log_odds[_about(int(curve.argmax()))] += SHORT_WEIGHT
    return 1 / (1 + np.exp(-log_odds))


def _about(step: int) -> slice:
    reach = round(NEARBY_S / STEP_S) // 2
    return slice(max(0, step - reach), step + reach + 1)


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
