"""Tests of the offset of two recordings by the moments of each: found where it is no chance, and nothing else."""

import json

import numpy as np
import pytest

from detection.__main__ import main
from detection.sync.moments import MOST_MOMENTS, match_moments

TRICKS_S = [12.0, 31.5, 40.2, 66.0, 90.3, 101.1, 140.8]
LENGTHS_S = (160.0, 150.0)


def moved(by_s: float, *, error_s: float = 0.2, seed: int = 0) -> list[float]:
    rng = np.random.default_rng(seed)
    return [at_s - by_s + rng.uniform(-error_s, error_s) for at_s in TRICKS_S if at_s > by_s]


def test_moments_that_two_recordings_share_say_how_they_lie():
    found = match_moments(TRICKS_S, moved(20), lengths_s=LENGTHS_S)
    assert found.offset_s == pytest.approx(20, abs=0.2)
    assert (found.n_common, found.share) == (6, 1.0)
    back = match_moments(moved(20), TRICKS_S, lengths_s=LENGTHS_S[::-1])
    assert back.offset_s == pytest.approx(-found.offset_s)


def test_what_one_missed_and_what_the_other_made_up_does_not_matter():
    other = [*moved(20)[1:], 33.3, 77.7]
    found = match_moments(TRICKS_S[:-1], other, lengths_s=LENGTHS_S, within_s=(-30, 50))
    assert found.offset_s == pytest.approx(20, abs=0.2)
    assert found.n_common == 4


@pytest.mark.parametrize("other", [[], [5.0, 9.0, 30.0], [22.0, 41.0, 58.0, 79.0, 83.0, 120.0]], ids=len)
def test_too_few_or_other_moments_say_nothing(other):
    assert match_moments(TRICKS_S, other, lengths_s=LENGTHS_S) is None


def test_a_pattern_outside_of_what_the_clocks_allow_is_not_looked_at():
    assert match_moments(TRICKS_S, moved(20), lengths_s=LENGTHS_S, within_s=(40, 90)) is None


@pytest.mark.slow
def test_moments_without_a_pause_say_nothing():
    every_second = list(np.arange(1.0, 150.0))
    assert match_moments(every_second, every_second, lengths_s=LENGTHS_S) is None


def test_of_a_long_recording_the_surest_moments_count():
    rng = np.random.default_rng(1)
    many = [*TRICKS_S, *rng.uniform(160, 3600, 2 * MOST_MOMENTS)]
    found = match_moments(many, moved(20), lengths_s=(3600, 150))
    assert found.offset_s == pytest.approx(20, abs=0.2)


@pytest.mark.slow
def test_the_report_makes_pairs_of_labelled_tricks_and_counts_what_is_proposed(tmp_path, capsys):
    rng = np.random.default_rng(2)
    for number in range(4):
        tricks = [{"start_ms": at_ms, "end_ms": at_ms + 500} for at_ms in rng.integers(5_000, 290_000, 14).tolist()]
        (tmp_path / f"take{number}.json").write_text(json.dumps({"duration_ms": 300_000, "tricks": tricks}))
    assert main(["sync", "--evaluate", "--labels", str(tmp_path), "--pairs", "20", "--json"]) == 0
    rows = {(row["kind"], row["overlap_s"], row["search"]): row for row in json.loads(capsys.readouterr().out)}
    assert rows["overlap", 400, "good"]["recall"] >= 0.9
    assert rows["overlap", 400, "good"]["error_ms_p95"] < 400
    assert sum(row["wrong"] for row in rows.values()) <= 2
    assert main(["sync", "--evaluate", "--labels", str(tmp_path), "--pairs", "1"]) == 0
    assert "other tricks 60 s, poor search" in capsys.readouterr().out
