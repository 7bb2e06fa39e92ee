"""Tests where the span of a moment begins and ends."""

import numpy as np
import pytest

from detection.propose import propose_from_signals
from detection.scoring.same_moment import is_same_moment
from detection.scoring.spans import RUN_S, SHORTEST_S, span_of
from detection.signals import STEP_S, Signals

N = 600
MIDDLE = 300  # 15 s


def at(*steps_and_values: tuple[int, float]) -> np.ndarray:
    values = np.zeros(N)
    for step, value in steps_and_values:
        values[step] = value
    return values


def span(*, pair=(), gap_s=0.0, arc=(), incoherent=(MIDDLE, MIDDLE), seen=True, duration_s=30.0, step=MIDDLE):
    """The span of a moment; ``pair`` and ``arc`` are steps and values, ``incoherent`` is a stretch of steps."""
    incoherence = np.zeros(N)
    incoherence[incoherent[0] : incoherent[1] + 1] = 3.0
    curves = {"arc": at(*arc), "pair_db": at(*pair), "gap_s": np.full(N, gap_s), "incoherence": incoherence}
    z_scores = {
        "arc": np.full(N, 3.0 if arc else 0.0),
        "pair_db": np.full(N, 3.0 if pair else 0.0),
        "incoherence": incoherence,
    }
    return span_of(step, Signals(curves, np.full(N, seen), np.zeros(0)), z_scores, duration_s=duration_s)


def test_two_clear_impacts_are_take_off_and_landing():
    found = span(pair=[(MIDDLE + 4, 20.0)], gap_s=0.6)
    assert (found.take_off_s, found.landing_s) == pytest.approx((14.9, 15.5))


def test_a_long_flight_between_impacts_makes_a_long_moment():
    found = span(pair=[(MIDDLE, 20.0)], gap_s=1.6)
    assert (found.start_s, found.end_s) == pytest.approx((15 - 0.8 - RUN_S, 15 + 0.8 + RUN_S))


def test_a_short_flight_is_shown_with_more_around_it():
    found = span(pair=[(MIDDLE, 20.0)], gap_s=0.4)
    assert found.end_s - found.start_s == pytest.approx(SHORTEST_S)
    assert found.start_s + found.end_s == pytest.approx(30)


def test_without_sound_the_arc_says_where():
    found = span(arc=[(MIDDLE - 6, 0.4)])
    assert (found.take_off_s + found.landing_s) / 2 == pytest.approx(15 - 6 * STEP_S)


def test_what_is_seen_to_fly_for_long_counts_as_long():
    found = span(incoherent=(MIDDLE - 30, MIDDLE + 40))
    assert found.landing_s - found.take_off_s == pytest.approx(3.0, abs=0.2)


@pytest.mark.parametrize("peaks_at", [MIDDLE - 30, MIDDLE, MIDDLE + 30])
def test_a_flight_of_three_and_a_half_seconds_is_held_whole_wherever_it_peaks(peaks_at):
    found = span(incoherent=(MIDDLE - 40, MIDDLE + 40), step=peaks_at)
    assert (found.take_off_s, found.landing_s) == pytest.approx((13.25, 16.75), abs=0.1)


def test_what_was_only_glanced_at_is_not_made_long():
    found = span(incoherent=(MIDDLE - 30, MIDDLE + 40), seen=False)
    assert found.end_s - found.start_s == pytest.approx(SHORTEST_S)


def test_a_span_stays_inside_the_take():
    assert span(step=2, incoherent=(2, 2)).start_s == 0
    assert span(duration_s=15.2).end_s == 15.2


def test_a_long_flight_that_peaks_twice_is_one_moment():
    curves = {name: np.zeros(N) for name in ("arc", "incoherence", "moving", "pair_db", "gap_s")}
    curves["incoherence"][MIDDLE - 30 : MIDDLE + 30] = 0.6
    curves["arc"][[MIDDLE - 22, MIDDLE + 22]] = 1.0  # the lip and the landing are the sharpest parts
    result = propose_from_signals(Signals(curves, np.ones(N, bool), np.zeros(0)), duration_ms=30_000)
    assert len(result["candidates"]) == 1
    assert result["candidates"][0]["end_ms"] - result["candidates"][0]["start_ms"] == pytest.approx(5000, abs=300)


@pytest.mark.parametrize("peak_at", [28, 29])
def test_two_peaks_that_grow_to_the_same_span_are_one_moment(peak_at):
    """Fails when each peak is a moment of its own: leave ``is_same_moment`` out of ``propose_from_signals``."""
    curves = {name: np.zeros(N) for name in ("arc", "incoherence", "moving", "pair_db", "gap_s")}
    curves["incoherence"][MIDDLE - 30 : MIDDLE + 30] = 0.6
    # At the rim of the flight, before the take-off and after the landing that are seen.
    curves["arc"][[MIDDLE - peak_at, MIDDLE + peak_at]] = 1.0, 0.9
    result = propose_from_signals(Signals(curves, np.ones(N, bool), np.zeros(0)), duration_ms=30_000)
    [candidate] = result["candidates"]
    assert candidate["score"] == pytest.approx(max(result["curve"]["values"]), abs=0.001), "the better one stays"


@pytest.mark.parametrize(
    ("other", "is_same"),
    [((0, 4), True), ((2, 6), True), ((2.1, 6), False), ((1, 2), True), ((4, 8), False), ((5, 9), False)],
)
def test_spans_that_share_half_of_the_shorter_one_are_one_moment(other, is_same):
    assert is_same_moment((0, 4), other) == is_same_moment(other, (0, 4)) == is_same
