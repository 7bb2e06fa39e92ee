"""Tests the fit of the weights on examples drawn from a known law."""

import numpy as np
import pytest

from detection.evaluation.fit import examples, fit
from detection.scoring import score
from detection.scoring.chance import MISS_COST
from detection.signals import Signals


def takes(*, n: int = 400, odds: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0), bias: float = -4.0, seed: int = 1):
    """Candidates whose chance of being a trick follows a known logistic law."""
    rng = np.random.default_rng(seed)
    found = []
    for _ in range(4):
        z_scores = rng.uniform(0, 4, (n, len(odds)))
        chance = 1 / (1 + np.exp(-(z_scores @ odds + bias)))
        found.append((z_scores, rng.random(n) < chance))
    return found


def test_fit_finds_the_weights_of_a_known_law_and_the_cost_of_a_miss():
    weights = fit(takes(n=20_000, odds=(0.4, 1.2, 0.8, 0.6)))
    np.testing.assert_allclose([weights.of[name] for name in score.SCORED], [0.4, 1.2, 0.8, 0.6], atol=0.12)
    assert weights.bias == pytest.approx(-4 + np.log(MISS_COST), abs=0.2)


def test_a_signal_that_says_nothing_weighs_next_to_nothing():
    assert fit(takes(n=20_000, odds=(0.0, 1.0, 1.0, 1.0))).of["arc"] < 0.1


def test_with_few_examples_the_weights_stay_together():
    weights = fit(takes(n=12, odds=(0.0, 1.5, 1.0, 1.0)))
    assert max(weights.of.values()) - min(weights.of.values()) < 0.7


def test_a_signal_never_speaks_against_a_trick():
    assert min(fit(takes(odds=(-1.0, 1.0, 1.0, 1.0), bias=-2.0)).of.values()) >= 0


def test_fit_is_the_same_each_time():
    assert fit(takes()) == fit(takes())


def test_examples_are_the_peaks_and_whether_they_hit():
    n = 1200
    curves = {name: np.zeros(n) for name in ("arc", "incoherence", "moving", "pair_db", "gap_s")}
    for step in (300, 900):
        curves["arc"][step - 2 : step + 3] = 0.5
    signals = Signals(curves, np.ones(n, bool), np.zeros(0))
    label = {"duration_ms": 60_000, "tricks": [{"start_ms": 14_800, "end_ms": 15_200}]}
    z_scores, hits = examples(signals, label)
    assert (len(hits), int(hits.sum())) == (2, 1)
    assert (z_scores[:, score.SCORED.index("arc")] > 3).all()
