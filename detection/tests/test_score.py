"""Tests scores relative to what is usual in a take."""

import numpy as np
import pytest

from detection.scoring.score import (
    HILIGHT_WEIGHT,
    Usual,
    Weights,
    evidence_of,
    favoured,
    find_moments,
    moments_of,
    relative,
    score_curve,
    usual_of,
    z_scores_of,
)
from detection.signals import STEP_S, SignalError, Signals

WEIGHTS = Weights({"arc": 0.8, "incoherence": 1.2, "pair_db": 1.0, "together": 0.5}, -4.0)


def test_relative_counts_spreads_above_the_median():
    values = np.concatenate([np.random.default_rng(1).normal(10, 2, 20_000), [16.0]])
    assert relative(values, values, typical=(10, 2))[-1] == pytest.approx(3, abs=0.1)


def test_relative_is_blind_to_scale():
    values = np.random.default_rng(1).normal(0, 1, 20_000)
    np.testing.assert_allclose(relative(values, values), relative(50 * values, 50 * values), atol=1e-9)


def test_relative_of_a_still_take_makes_nothing_of_noise():
    values = np.random.default_rng(1).normal(0.02, 0.0001, 1000)
    assert relative(values, values, typical=(0.02, 0.05)).max() < 0.01


def test_relative_sees_a_moment_that_fills_half_of_a_short_take():
    values = np.concatenate([np.full(25, 0.02), np.full(35, 1.0)])
    assert relative(values, values, typical=(0.02, 0.05))[-1] == 4


def test_relative_below_the_usual_counts_as_usual():
    assert relative(np.array([0.0]), np.ones(5), typical=(1, 0.5))[0] == 0


@pytest.mark.parametrize("values", [np.array([]), np.array([1.0, np.nan])])
def test_relative_refuses_no_values_and_no_numbers(values):
    with pytest.raises(SignalError):
        relative(values, values)


def test_score_of_an_ordinary_moment_is_what_the_bias_says():
    assert score_curve({"arc": np.zeros(1)}, WEIGHTS)[0] == pytest.approx(1 / (1 + np.exp(4)))


def test_a_signal_counts_by_its_weight():
    none, one = np.zeros(1), np.ones(1)
    strong = score_curve(dict.fromkeys(WEIGHTS.of, none) | {"incoherence": one}, WEIGHTS)[0]
    assert np.log(strong / (1 - strong)) == pytest.approx(-4 + 1.2)


def test_shipped_weights_make_no_signal_enough_by_itself():
    none, most, shipped = np.zeros(1), np.full(1, 4.0), Weights.shipped()
    for name in shipped.of:
        assert score_curve(dict.fromkeys(shipped.of, none) | {name: most}, shipped)[0] < 0.5
    assert score_curve(dict.fromkeys(shipped.of, most), shipped)[0] > 0.9


def test_without_sound_the_picture_counts_more():
    most = np.full(1, 3.0)
    with_silence = score_curve({"arc": most, "incoherence": most, "pair_db": np.zeros(1)}, WEIGHTS)
    assert score_curve({"arc": most, "incoherence": most}, WEIGHTS)[0] > with_silence[0]


def a_take(n: int = 800) -> Signals:
    return Signals({name: np.zeros(n) for name in ("arc", "incoherence", "moving")}, np.ones(n, bool), np.zeros(0))


def test_a_hilight_mark_speaks_for_the_best_moment_shortly_before_it():
    z_scores = {"arc": np.zeros(800)}
    z_scores["arc"][[300, 360, 600]] = [1.0, 2.0, 3.0]
    evidence = evidence_of(a_take(), z_scores, [20.0])  # step 400
    assert evidence[360] == HILIGHT_WEIGHT
    assert not evidence[[300, 400, 600]].any()


def test_a_mark_beyond_the_end_is_no_fault():
    assert not evidence_of(a_take(), {"arc": np.zeros(800)}, [500.0]).any()


def test_a_flight_that_the_camera_feels_is_evidence():
    take = a_take()
    take.curves["felt"] = np.eye(1, 800, 200)[0]
    evidence = evidence_of(take, {"arc": np.zeros(800)})
    assert evidence[200] > 1
    assert not evidence[300:].any()


def test_moments_come_best_first_and_not_crowded():
    curve = np.zeros(400)
    curve[[100, 110, 200, 300]] = [0.8, 0.7, 0.9, 0.01]
    assert [peak.step for peak in find_moments(curve, floor=0.05)] == [200, 100]


def test_a_moment_may_be_the_first_or_the_last_thing():
    curve = np.full(200, 0.1)
    curve[0], curve[-1] = 0.9, 0.8
    assert [peak.step for peak in find_moments(curve, floor=0.5)] == [0, 199]


def test_steps_are_whole_milliseconds():
    assert (1000 * STEP_S).is_integer()


def test_pop_air_and_landing_are_one_moment():
    values = np.zeros(100)
    values[[40, 50]] = 1.0
    assert moments_of(values, np.ones(100, bool))[40:51].min() == 1.0


def test_glances_stand_for_themselves():
    values = np.zeros(100)
    values[50] = 1.0
    np.testing.assert_array_equal(moments_of(values, np.zeros(100, bool)), values)


def test_what_was_looked_at_counts_against_what_glances_say_is_usual():
    rng = np.random.default_rng(1)
    incoherence = np.zeros(400)
    incoherence[100:120] = 0.3  # all that was looked at is a trick, so its own median says nothing
    seen = np.zeros(400, bool)
    seen[100:120] = True
    curves = {"arc": np.zeros(400), "incoherence": incoherence, "moving": np.zeros(400)}
    z_scores = z_scores_of(Signals(curves, seen, rng.normal(0, 0.05, 200)))
    assert z_scores["incoherence"][110] > 3


def test_an_arc_counts_only_where_somebody_looked():
    curves = {name: np.full(400, 0.5) for name in ("arc", "incoherence", "moving")}
    seen = np.arange(400) < 40
    assert not z_scores_of(Signals(curves, seen, np.full(20, 0.5)))["arc"][60:].any()


def test_a_camera_that_flew_once_sees_arcs_again_half_a_minute_later():
    """Fails when one flight of the filmer takes the arcs out of a whole file."""
    take = a_take(2000)
    take.curves["felt"] = np.eye(1, 2000, 200)[0]
    take.curves["arc"][1500:1510] = 1.0
    z_scores = z_scores_of(take)
    assert np.isnan(z_scores["arc"][:800]).all()
    assert z_scores["arc"][1505] > 3
    curve = score_curve(z_scores, WEIGHTS)
    assert np.isfinite(curve).all()


def test_something_that_rises_and_falls_between_two_impacts_counts_beyond_either():
    take = a_take()
    take.curves |= {"pair_db": np.full(800, 8.5), "gap_s": np.zeros(800)}
    for name, steps in (("arc", (200, 400)), ("pair_db", (200, 600))):
        for step in steps:
            take.curves[name][step - 2 : step + 3] = 25.0
    together = z_scores_of(take)["together"]
    assert together[200] > 2
    assert together[[400, 600]].max() < 0.1


def test_what_is_usual_in_other_files_of_the_camera_counts_in_a_short_one():
    restless = {"of": {"incoherence": [0.2, 0.3]}, "length_s": 300.0}
    take = a_take(100)
    take.curves["incoherence"][:] = 0.4
    alone, beside = z_scores_of(take), z_scores_of(take, Usual.pooled([restless] * 5))
    assert beside["incoherence"].max() < 0.6 * alone["incoherence"].max()
    assert Usual.pooled([usual_of(take).to_json()]).length_s == pytest.approx(35)


def test_the_best_moment_of_a_short_file_is_favoured_and_no_other():
    curve = np.full(160, 0.01)
    curve[[40, 120]] = [0.4, 0.35]
    better = favoured(curve)
    assert better[40] > 0.5
    np.testing.assert_allclose(better[100:], curve[100:])


def test_where_nobody_looked_at_all_there_is_no_arc_to_miss():
    curves = {name: np.full(400, 0.5) for name in ("arc", "incoherence", "moving")}
    assert "arc" not in z_scores_of(Signals(curves, np.zeros(400, bool), np.full(20, 0.5)))


def test_a_camera_that_flies_with_the_rider_sees_no_arc_and_leans_on_the_rest():
    take = a_take()
    take.curves["felt"] = np.eye(1, 800, 200)[0]
    assert set(z_scores_of(take)) == {"incoherence"}
