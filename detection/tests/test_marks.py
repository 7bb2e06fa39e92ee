"""Tests the marks that explain a moment on the time-line."""

import numpy as np
import pytest

from detection.scoring.marks import MOST_MARKS, marks_of
from detection.scoring.score import z_scores_of
from detection.signals import STEP_S, Disturbance, Signals

N, MIDDLE = 800, 400


def take(**curves: float) -> Signals:
    """A quiet take with one moment at 20 s, in which each named curve reaches so much."""
    values = {name: np.zeros(N) for name in ("arc", "incoherence", "moving", "pair_db", "gap_s", *curves)}
    for name, value in curves.items():
        values[name][MIDDLE - 2 : MIDDLE + 3] = value
    return Signals(values, np.ones(N, bool), np.zeros(0))


def kinds(signals: Signals, hilights_s=()) -> list[tuple[float, str]]:
    marks = marks_of([MIDDLE], signals, z_scores_of(signals), hilights_s)
    assert all(0 <= strength <= 1 for _, _, strength in marks)
    return [(round(at_s, 2), kind) for at_s, kind, _ in marks]


def test_pop_and_landing_are_two_marks_half_a_gap_before_and_after():
    assert kinds(take(pair_db=30.0, gap_s=0.5)) == [(19.65, "impact"), (20.15, "impact")]


def test_the_top_of_an_arc_is_one_mark_of_motion():
    assert kinds(take(arc=0.5, incoherence=0.5)) == [(19.9, "motion")]


def test_what_moves_without_an_arc_is_motion_too():
    assert kinds(take(incoherence=0.5)) == [(MIDDLE * STEP_S, "motion")]


def test_flight_and_spin_are_marked_where_they_are_felt_most():
    assert [kind for _, kind in kinds(take(felt=1.0, spin=0.6))] == ["air", "spin"]
    assert [kind for _, kind in kinds(take(felt=1.0, spin=0.1))] == ["air"]


def test_marks_of_the_camera_and_what_was_recognised_lie_where_they_were():
    signals = take()
    signals.disturbances.append(Disturbance("flash", 2.9, 3.1, 0.7))
    assert kinds(signals, [12.5]) == [(3.0, "flash"), (12.5, "hilight")]


def test_a_crowd_of_marks_leaves_the_strongest_and_every_hilight():
    signals = take()
    signals.disturbances += [Disturbance("cut", float(i), float(i), (i % 100) / 100) for i in range(1000)]
    marks = marks_of([], signals, {}, [5.5])
    assert len(marks) == MOST_MARKS
    assert (5.5, "hilight", 1.0) in marks
    assert min(strength for _, _, strength in marks) == pytest.approx(0.6, abs=0.01)
