"""Fits the few weights of the score on labelled takes."""

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from scipy import optimize

from detection.evaluation.evaluate import match
from detection.scoring import score
from detection.scoring.chance import MISS_COST, Chances, log_odds
from detection.scoring.spans import span_of
from detection.signals import Signals

#: Pull towards one common weight for all signals: with a few dozen tricks most of the difference is chance. From 10 to
#: 100 sessions that were left out rank alike (AP .85 and .85 throughout, .79 and .80 sparse); the larger leans less on
#: what these takes happen to show.
PULL = 100.0
#: Candidates of lower sums of standings are countless, easy, and would only push the others about.
LEAST_SUM = 1.0


#: How far shift and slope of the chances are believed to stray from what only takes the cost of a miss out: with some
#: dozen tricks seen in glances the rest is chance.
SHIFT_STRAYS, SLOPE_STRAYS = 0.7, 0.3
LEAST_SLOPE = 0.3


#: The features of each candidate of a take, and whether it hits a trick.
Examples: TypeAlias = tuple[np.ndarray, np.ndarray]


def examples(signals: Signals, label: dict[str, Any]) -> Examples:
    """Return the features of each candidate of a take, and whether it hits a trick.

    Parameters
    ----------
    signals : Signals
    label : dict
        One entry of `detection.evaluation.evaluate.load_labels`.

    Returns
    -------
    z_scores : np.ndarray [shape=(n, len(score.SCORED)), float]
        In the order of ``score.SCORED``; 0 where the take lacks the signal.
    hits : np.ndarray [shape=(n,), bool]
    """
    z_scores = score.z_scores_of(signals)
    peaks = score.find_moments(score.promise_of(z_scores), floor=LEAST_SUM)
    duration_s = label["duration_ms"] / 1000
    spans = [span_of(peak.step, signals, z_scores, duration_s=duration_s) for peak in peaks]
    moments = [{"start_ms": 1000 * span.start_s, "end_ms": 1000 * span.end_s} for span in spans]
    hits = np.array([trick is not None for trick in match(moments, label["tricks"])], bool)
    steps = [peak.step for peak in peaks]
    known = np.column_stack([z_scores.get(name, np.full(len(signals.seen), np.nan))[steps] for name in score.SCORED])
    # As in `score.score_curve`, for weights that are about alike.
    more = np.sqrt(len(score.SCORED) / np.maximum((~np.isnan(known)).sum(axis=1, keepdims=True), 1))
    return more * np.nan_to_num(known), hits


def fit(takes: list[Examples]) -> score.Weights:
    """Return the weights that best separate hits from other candidates.

    Parameters
    ----------
    takes : list of (z_scores, hits)
        From `examples`; every take counts alike, however many candidates it has.

    Notes
    -----
    Logistic regression with the cost of a miss as weight of the hits and a ridge towards the mean weight, by L-BFGS-B
    with weights of at least 0: a signal that stands out is never a sign against a trick.
    """
    n_all = sum(len(hits) for _, hits in takes)
    z_scores = np.concatenate([x for x, _ in takes])
    hits = np.concatenate([y for _, y in takes]).astype(float)
    share = np.concatenate([np.full(len(y), n_all / len(takes) / max(len(y), 1)) for _, y in takes])
    share = share * np.where(hits > 0, MISS_COST, 1.0)

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        weights, bias = parameters[:-1], parameters[-1]
        z = z_scores @ weights + bias
        apart = weights - weights.mean()
        value = float((share * (np.logaddexp(0, z) - hits * z)).sum() + PULL * (apart**2).sum())
        slope = share * (1 / (1 + np.exp(-z)) - hits)
        return value, np.append(z_scores.T @ slope + 2 * PULL * apart, slope.sum())

    start = np.append(np.full(z_scores.shape[1], 0.5), -3.0)
    bounds = [(0, None)] * z_scores.shape[1] + [(None, None)]
    found = optimize.minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    values = {name: round(float(w), 3) for name, w in zip(score.SCORED, found, strict=False)}
    return score.Weights(values, round(float(found[-1]), 3))


class Told(NamedTuple):
    """What became of a candidate: its score by weights that have not seen it, how it was looked at, and if it hits.

    ``how`` is one of those of `detection.scoring.chance.looked_at`.
    """

    score: float
    how: str
    is_hit: bool


def fit_chances(told: Sequence[Told]) -> Chances:
    """Return the shift and slope with which the chances are truest.

    Notes
    -----
    Logistic regression on the log odds of the score: Platt 1999, "Probabilistic outputs for support vector machines".
    """
    plain = Chances.plain()
    found = {}
    for how, prior in plain.of.items():
        found[how] = _shift_and_slope([one for one in told if one.how == how], prior)
    return Chances(found)


def _shift_and_slope(told: Sequence[Told], prior: tuple[float, float]) -> tuple[float, float]:
    odds = np.array([log_odds(one.score) for one in told])
    hits = np.array([one.is_hit for one in told], float)

    def loss(parameters: np.ndarray) -> tuple[float, np.ndarray]:
        z = parameters[0] + parameters[1] * odds
        apart = (parameters - prior) / (SHIFT_STRAYS, SLOPE_STRAYS)
        missed = 1 / (1 + np.exp(-z)) - hits
        slope = np.array([missed.sum(), missed @ odds]) + apart / (SHIFT_STRAYS, SLOPE_STRAYS)
        return float((np.logaddexp(0, z) - hits * z).sum() + (apart**2).sum() / 2), slope

    bounds = [(None, None), (LEAST_SLOPE, None)]
    shift, slope = optimize.minimize(loss, np.array(prior), jac=True, method="L-BFGS-B", bounds=bounds).x
    return round(float(shift), 3), round(float(slope), 3)
