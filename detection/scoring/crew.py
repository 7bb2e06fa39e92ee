"""Learns what one crew keeps: a small correction of the score, fitted on their decisions.

A decision says more about the next card of this crew than labelled takes of others do, but there are few of them, and
of few sessions. So the shipped weights are the prior: a layer only says how far this crew's lie from them, and it is
believed only if it does better in sessions that it has not seen. It holds for one kind of footage, because what helps
with sound harms without.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from detection.scoring.chance import MISS_COST, log_odds
from detection.scoring.crew_layer import FORMAT, LEAST_OF_EACH, MOST_CHANGE, SIGNALS, Layer, kind_of, standing

#: How far a crew's weights are believed to lie from the shipped ones, in log odds for one spread of a signal, and their
#: bias. From .1 to .35 takes that were left out rank alike (AP .87, simulated); the larger, the more harm on others.
STRAYS, BIAS_STRAYS = 0.2, 0.5
#: Below so many decisions of a kind, sessions, or either answer nothing is learned.
LEAST_DECISIONS, LEAST_SESSIONS = 25, 2
#: The loss has to fall by so many of its standard errors: of layers that help nobody one in three lowers it a little.
LEAST_SURE = 1.0
#: The line moves by as much as decisions speak for it, as if so many more spoke for the usual one; and no further.
LINE_PULL, MOST_LINE = 50.0, 0.7
#: Newton's steps until nothing moves; with a Gaussian prior a handful is enough.
MOST_STEPS, STILL = 50, 1e-8


@dataclass(frozen=True)
class Example:
    """One decision: what the search stored of the moment, its score without any layer, and what became of it."""

    features: dict[str, Any]
    score: float
    is_kept: bool
    session: str


@dataclass(frozen=True)
class Fitted:
    """What a layer adds to the log odds: for one spread of each of ``SIGNALS``, and always."""

    weights: np.ndarray
    bias: float

    def of(self, signals: np.ndarray) -> np.ndarray:
        """Return the change of each row of `signals_of`, in log odds."""
        return np.clip(signals @ self.weights + self.bias, -MOST_CHANGE, MOST_CHANGE)


def signals_of(features: Sequence[dict[str, Any]]) -> np.ndarray:
    """Return what a layer weighs of some moments.

    Parameters
    ----------
    features : sequence of dict
        Of a candidate of `detection.propose`, as they are stored.

    Returns
    -------
    np.ndarray [shape=(n, len(SIGNALS)), float]
        In spreads from the middle; 0 where a moment lacks the signal.
    """
    rows = [list(standing(own).values()) for own in features]
    return np.array(rows, float).reshape(len(rows), len(SIGNALS))


def fit(signals: np.ndarray, base: np.ndarray, kept: np.ndarray) -> Fitted:
    """Return the most probable layer.

    Parameters
    ----------
    signals : np.ndarray [shape=(n, len(SIGNALS)), float]
        From `signals_of`.
    base : np.ndarray [shape=(n,), float]
        Log odds without a layer.
    kept : np.ndarray [shape=(n,), float]
        1 for what was kept, 0 for what was trashed.

    Notes
    -----
    Logistic regression with the score's own cost of a miss, and the shipped weights as a Gaussian prior, by Newton's
    method: MacKay 1992, "The evidence framework applied to classification networks", without the evidence.
    """
    rows = np.column_stack([signals, np.ones(len(signals))])
    pull = np.append(np.full(signals.shape[1], STRAYS**-2.0), BIAS_STRAYS**-2.0)
    cost = np.where(kept > 0, MISS_COST, 1.0)
    weights = np.zeros(rows.shape[1])
    for _step in range(MOST_STEPS):
        chance = 1 / (1 + np.exp(-(base + rows @ weights)))
        slope = rows.T @ (cost * (chance - kept)) + pull * weights
        curvature = (rows * (cost * chance * (1 - chance))[:, None]).T @ rows + np.diag(pull)
        step = np.linalg.solve(curvature, slope)
        weights -= step * min(1.0, 1.0 / max(float(np.abs(step).max()), 1e-12))
        if np.abs(step).max() < STILL:
            break
    return Fitted(weights[:-1], float(weights[-1]))


def losses(odds: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return the logarithmic loss of each decision by its log odds, a miss at its cost."""
    return np.where(kept > 0, MISS_COST, 1.0) * (np.logaddexp(0, odds) - kept * odds)


def loss(odds: np.ndarray, kept: np.ndarray) -> float:
    """Return the mean logarithmic loss of log odds, a miss at its cost."""
    return float(losses(odds, kept).mean())


def line_of(odds: np.ndarray, kept: np.ndarray) -> float:
    """Return the log odds from which on cards are best shown, a miss at its cost; drawn towards the usual 0."""
    lines = np.unique(np.append(np.clip(odds, -MOST_LINE, MOST_LINE), 0.0))
    costs = [float((MISS_COST * kept * (odds < line) + (1 - kept) * (odds >= line)).sum()) for line in lines]
    least = min(costs)
    best = min((line for line, cost in zip(lines, costs, strict=True) if cost == least), key=abs)
    return float(best) * len(odds) / (len(odds) + LINE_PULL)


def learn(examples: Sequence[Example], *, is_forced: bool = False) -> Layer:
    """Return the layer that these decisions speak for.

    Parameters
    ----------
    examples : sequence of Example
    is_forced : bool
        Accept it whatever it does in sessions that were left out; to measure what that rule is worth.

    Returns
    -------
    dict
        JSON-able: ``format``, ``decisions``, ``kept``, ``sessions``, ``gain`` (by how much the loss fell in sessions
        that were left out, 0 where nothing was accepted), ``more`` (the share of tricks more among as many of their
        first cards as they have tricks) and ``kinds``: for each that was accepted ``weights``, ``bias``, ``line``,
        ``decisions``, ``sessions``, ``loss_before`` and ``loss``.
    """
    by_kind: dict[str, list[Example]] = {}
    for one in examples:
        by_kind.setdefault(kind_of(one.features), []).append(one)
    found = {kind: made for kind, own in sorted(by_kind.items()) if (made := _of_kind(own, is_forced=is_forced))}
    before, after = (sum(one[name] for one in found.values()) for name in ("_found_before", "_found"))
    n = sum(one["decisions"] for one in found.values())
    gain = sum(one["decisions"] * (one["loss_before"] - one["loss"]) for one in found.values()) / max(n, 1)
    return {
        "format": FORMAT,
        "decisions": len(examples),
        "kept": sum(one.is_kept for one in examples),
        "sessions": len({one.session for one in examples}),
        "gain": round(gain, 4),
        "more": round(after / before - 1, 3) if before else 0.0,
        "kinds": {
            kind: {name: value for name, value in made.items() if not name.startswith("_")}
            for kind, made in found.items()
        },
    }


def learn_from(examples: Sequence[dict[str, Any]]) -> Layer:
    """Return the layer that decisions speak for, each a dict of what an `Example` has; called in a child process."""
    return learn([Example(**one) for one in examples])


def _of_kind(examples: Sequence[Example], *, is_forced: bool) -> dict[str, Any] | None:
    """Return the layer of one kind; None where there is too little to learn from, or it does not help."""
    sessions = np.array([one.session for one in examples])
    kept = np.array([one.is_kept for one in examples], float)
    n_least = min(kept.sum(), len(kept) - kept.sum())
    if len(kept) < LEAST_DECISIONS or len(set(sessions)) < LEAST_SESSIONS or n_least < LEAST_OF_EACH:
        return None
    signals, base = signals_of([one.features for one in examples]), np.array([log_odds(one.score) for one in examples])
    unseen, found = base.copy(), [0, 0]
    for session in sorted(set(sessions)):
        out = sessions == session
        unseen[out] += fit(signals[~out], base[~out], kept[~out]).of(signals[out])
        found[0] += _among_first(base[out], kept[out])
        found[1] += _among_first(unseen[out], kept[out])
    before, after = loss(base, kept), loss(unseen, kept)
    falls = losses(base, kept) - losses(unseen, kept)
    if not is_forced and falls.mean() <= LEAST_SURE * falls.std(ddof=1) / math.sqrt(len(falls)):
        return None
    made = fit(signals, base, kept)
    return {
        "weights": {name: round(float(weight), 4) for name, weight in zip(SIGNALS, made.weights, strict=True)},
        "bias": round(made.bias, 4),
        "line": round(line_of(unseen, kept), 4),
        "decisions": len(examples),
        "sessions": len(set(sessions)),
        "loss_before": round(before, 4),
        "loss": round(after, 4),
        "_found_before": found[0],
        "_found": found[1],
    }


def _among_first(odds: np.ndarray, kept: np.ndarray) -> int:
    """Return how many tricks are among as many of the first cards as there are tricks."""
    return int(kept[np.argsort(-odds, kind="stable")[: int(kept.sum())]].sum())
