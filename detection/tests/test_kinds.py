"""Tests the figures of each kind of file, and the intervals and the calibration that stand beside them."""

import numpy as np
import pytest

from detection.evaluation import intervals, kinds
from detection.evaluation.intervals import calibration, with_interval
from detection.signals import STEP_S, Signals

LABEL = {
    "duration_ms": 60_000,
    "tricks": [{"start_ms": 12_000, "end_ms": 12_500}, {"start_ms": 40_000, "end_ms": 40_400}],
    "cuts_ms": [30_000],
}


def mean(values):
    return sum(values) / len(values)


def test_an_interval_holds_what_chance_does_and_is_the_same_each_time():
    value, low, high = with_interval([1.0] * 50 + [0.0] * 50, mean)
    assert value == 0.5
    assert (low, high) == pytest.approx((0.42, 0.58), abs=0.02)
    assert with_interval([1.0] * 50 + [0.0] * 50, mean) == (value, low, high)


def test_a_figure_without_a_meaning_has_no_interval():
    assert with_interval([1.0], lambda _drawn: None) == (None, None, None)


def test_calibration_compares_what_was_said_with_what_came_of_it():
    rows = calibration([(0.1, False), (0.5, True), (0.5, False), (1.0, True)])
    assert [row["moments"] for row in rows] == [1, 0, 2, 0, 1]
    assert [row["hits"] for row in rows] == [0, None, 0.5, None, 1]
    assert rows[2]["score"] == 0.5


def test_short_files_hold_their_trick_or_keep_away_from_every_one():
    cuts = kinds.cuts_of("take", LABEL)
    full = [cut for cut in cuts if cut.part.coverage == "full" and not cut.is_whole]
    assert {cut.label["duration_ms"] for cut in full} == set(kinds.SHORT_MS)
    assert sum(cut.trick >= 0 for cut in full) == 2 * len(kinds.SHORT_MS)
    for cut in full:
        assert len(cut.label["tricks"]) == (cut.trick >= 0)
        assert all(0 <= t["start_ms"] < t["end_ms"] <= cut.label["duration_ms"] for t in cut.label["tricks"])
    assert len([cut for cut in cuts if cut.part.coverage == "camera"]) == len(full) + 1


def signals_at(tops_s: list[float], length_s: float) -> Signals:
    n = round(length_s / STEP_S) + 1
    curves = {name: np.zeros(n) for name in ("arc", "moving", "pair_db", "gap_s")} | {"incoherence": np.full(n, -0.17)}
    for top_s in tops_s:
        at = slice(max(0, round(top_s / STEP_S) - 2), round(top_s / STEP_S) + 3)
        for name, value in {"arc": 1.0, "pair_db": 25.0, "incoherence": 0.3, "moving": 2.0, "gap_s": 0.5}.items():
            curves[name][at] = value
    return Signals(curves, np.ones(n, bool), np.zeros(0))


def test_the_table_tells_found_tricks_extra_cards_and_what_lies_on_joins(monkeypatch):
    monkeypatch.setattr(intervals, "N_DRAWS", 20)
    cuts = kinds.cuts_of("take", LABEL)
    join_s = 30.0
    tops_s = [(t["start_ms"] + t["end_ms"]) / 2000 for t in LABEL["tricks"]] + [join_s]
    signals = []
    for cut in cuts:
        start_s, end_s = cut.part.start_ms / 1000, cut.part.end_ms / 1000
        own = [top_s - start_s for top_s in tops_s if start_s < top_s < end_s and (cut.is_whole or top_s != join_s)]
        signals.append(signals_at(own, end_s - start_s))
    rows = {row["kind"]: row for row in kinds.table(cuts, signals)["kinds"] if row["coverage"] == "full"}
    whole, short = rows["takes with tricks"], rows["short files, 6 s"]
    assert (whole["tricks"], whole["recall"][0], whole["false_per_min"][0]) == (2, 1.0, 1.0)
    assert rows["the same without what lies on joins"]["false_per_min"][0] == 0
    assert (short["recall"][0], short["best"][0], short["extra"][0]) == (1.0, 1.0, 0.0)
    assert "takes without a trick" not in rows
