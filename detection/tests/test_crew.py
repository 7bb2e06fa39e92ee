"""Tests that a crew's habits are learned from made-up decisions, believed only where they hold, and said in words."""

import time

import numpy as np
import pytest

from detection.scoring import crew
from detection.scoring.chance import log_odds
from detection.scoring.crew_layer import LEAST_CARDS, MOST_CHANGE, is_worse, kind_of, precision, rescored


def moment(rng, *, sound=True, worn=False) -> dict:
    z_scores = {"incoherence": rng.normal(1.6, 1.2)} | ({} if worn else {"arc": rng.normal(2.8, 1.5)})
    features = {"z_scores": z_scores, "moving_times_usual": rng.uniform(1, 8), "air_s": rng.uniform(0.2, 1.2)}
    if sound:
        z_scores |= {"pair_db": rng.normal(1, 1), "together": rng.normal(0.6, 0.9)}
        features |= {"pair_db": 12.0, "gap_s": rng.uniform(0.1, 1.0)}
    return features


def decisions(n, *, habit=1.5, n_sessions=4, seed=1, session="", **kind) -> list[crew.Example]:
    """Make decisions of a crew that likes loud landings by ``habit`` more log odds a spread than the score says."""
    rng = np.random.default_rng(seed)
    made = []
    for number in range(n):
        features, score = moment(rng, **kind), float(rng.uniform(0.35, 0.95))
        odds = log_odds(score) - 0.7 + habit * (features["z_scores"].get("pair_db", 1.0) - 1.0)
        is_kept = bool(rng.uniform() < 1 / (1 + np.exp(-odds)))
        made.append(crew.Example(features, score, is_kept, f"{session}{number % n_sessions}"))
    return made


def test_a_habit_that_holds_in_every_session_is_learned_and_ranks_the_next_one_better():
    layer = crew.learn(decisions(200))
    assert list(layer["kinds"]) == ["heard, held"]
    assert layer["kinds"]["heard, held"]["weights"]["pair_db"] > 0.3
    assert layer["gain"] > 0
    assert (layer["decisions"], layer["sessions"]) == (200, 4)
    new = decisions(200, seed=2)
    kept = [one.is_kept for one in new]
    with_layer = [rescored(layer, one.score, one.features)[0] for one in new]
    assert precision(with_layer, kept) > precision([one.score for one in new], kept) + 0.02


def test_without_a_habit_the_shipped_weights_stay():
    """Of crews that decide as the score says, hardly any gets a layer."""
    n_accepted = sum(bool(crew.learn(decisions(100, habit=0.0, seed=seed))["kinds"]) for seed in range(20))
    assert n_accepted <= 5


def test_what_holds_in_one_session_and_not_in_the_others_is_not_believed():
    made = decisions(60, habit=2.0, n_sessions=1, session="a") + decisions(60, habit=-2.0, n_sessions=1, session="b")
    assert crew.learn(made)["kinds"] == {}


@pytest.mark.parametrize("made", [decisions(24), decisions(100, n_sessions=1), []], ids=["few", "one session", "none"])
def test_too_little_teaches_nothing(made):
    layer = crew.learn(made)
    assert (layer["kinds"], layer["gain"], layer["decisions"]) == ({}, 0, len(made))


def test_what_only_ever_was_kept_teaches_nothing():
    made = [crew.Example(one.features, one.score, True, one.session) for one in decisions(100)]
    assert crew.learn(made)["kinds"] == {}


def test_a_layer_says_nothing_of_another_kind_of_footage():
    layer, rng = crew.learn(decisions(200)), np.random.default_rng(3)
    for kind in ({"sound": False}, {"worn": True}):
        assert rescored(layer, 0.6, moment(rng, **kind)) == (0.6, 0.0, "")
    assert kind_of(moment(rng, sound=False, worn=True)) == "silent, worn"


def test_one_of_another_format_or_none_or_moments_without_features_change_nothing():
    layer, features = crew.learn(decisions(200)), moment(np.random.default_rng(3))
    assert rescored(layer | {"format": 99}, 0.6, features) == (0.6, 0.0, "")
    assert rescored(None, 0.6, features) == (0.6, 0.0, "")
    assert rescored(layer, 0.6, {}) == (0.6, 0.0, "")


def test_no_card_changes_by_more_than_the_limit():
    layer = crew.learn(decisions(400, habit=8.0))
    made = layer["kinds"]["heard, held"]
    loud = moment(np.random.default_rng(3))
    loud["z_scores"]["pair_db"] = 99.0
    made["weights"]["pair_db"] = 9.0
    score, change, _why = rescored(layer, 0.5, loud)
    assert change == MOST_CHANGE
    assert log_odds(score) == pytest.approx(MOST_CHANGE - made["line"], abs=0.01)


def test_the_reason_is_that_of_the_largest_change():
    layer, features = crew.learn(decisions(300, habit=2.0)), moment(np.random.default_rng(3))
    features["z_scores"]["pair_db"] = 3.5
    assert rescored(layer, 0.5, features)[2] == "your crew keeps loud landings"
    features["z_scores"]["pair_db"] = -1.5
    assert rescored(layer, 0.5, features)[2] == "your crew trashes quiet landings"
    made = layer["kinds"]["heard, held"]
    made["weights"] = dict.fromkeys(made["weights"], 0.0)
    assert rescored(layer, 0.5, features)[2] == ""


def test_the_prior_holds_a_few_decisions_near_the_shipped_weights():
    few, many = (decisions(n, habit=2.0) for n in (25, 1000))
    weights = []
    for made in (few, many):
        signals = crew.signals_of([one.features for one in made])
        base = np.array([log_odds(one.score) for one in made])
        weights.append(np.abs(crew.fit(signals, base, np.array([one.is_kept for one in made], float)).weights).max())
    assert weights[0] < 0.6 < weights[1]


def test_the_fit_is_the_most_probable_one():
    """Its loss with the prior rises in every direction."""
    made = decisions(80)
    signals, base = crew.signals_of([one.features for one in made]), np.array([log_odds(one.score) for one in made])
    kept = np.array([one.is_kept for one in made], float)
    found = crew.fit(signals, base, kept)

    def cost(weights: np.ndarray, bias: float) -> float:
        prior = (weights**2).sum() / (2 * crew.STRAYS**2) + bias**2 / (2 * crew.BIAS_STRAYS**2)
        return float(crew.losses(base + signals @ weights + bias, kept).sum() + prior)

    least = cost(found.weights, found.bias)
    for column in range(signals.shape[1]):
        for step in (-0.01, 0.01):
            moved = found.weights.copy()
            moved[column] += step
            assert cost(moved, found.bias) > least
    assert min(cost(found.weights, found.bias + step) for step in (-0.01, 0.01)) > least


def test_five_thousand_decisions_are_learned_within_a_second():
    made = decisions(5000, n_sessions=20)
    started_s = time.process_time()
    crew.learn(made)
    assert time.process_time() - started_s < 1


def test_the_line_moves_to_where_it_costs_least_and_hardly_for_few():
    odds = np.linspace(-1, 1, 400)
    kept = (odds > 0.5).astype(float)
    assert 0.3 < crew.line_of(odds, kept) < 0.6
    assert crew.line_of(odds[::40], kept[::40]) < 0.2
    assert crew.line_of(odds, (odds > 0).astype(float)) == pytest.approx(0, abs=0.01)


def test_a_session_whose_tricks_sink_is_worse_and_one_with_few_cards_is_not():
    n = LEAST_CARDS
    kept = [number % 2 == 0 for number in range(n)]
    plain = [0.9 if one else 0.6 for one in kept]
    sunk = [0.5 if one else 0.6 for one in kept]
    assert is_worse(sunk, plain, kept)
    assert not is_worse(plain, sunk, kept)
    assert not is_worse([one - 0.3 for one in plain], plain, kept), "only the order counts"
    assert not is_worse(sunk[:-1], plain[:-1], kept[:-1])
