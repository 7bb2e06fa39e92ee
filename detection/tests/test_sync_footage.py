"""Tests how surely recordings are matched on pairs made of real footage, if present.

``python -m detection sync --evaluate`` makes many more of them; its figures are in docs/BENCHMARKS.md.
"""

import pytest

from detection.evaluation import made_pairs, sync_report
from detection.tests.test_footage import FOOTAGE, pytestmark  # noqa: F401  the same marks
from detection.tests.test_more_footage import MORE_FOOTAGE


@pytest.fixture(scope="module")
def takes():
    files = [str(file) for folder in (FOOTAGE, MORE_FOOTAGE) for file in sorted(folder.glob("*.mp4"))]
    return list(sync_report.sounds_of(files))


def test_a_shared_minute_is_found_and_strangers_are_not_taken_for_a_pair(takes):
    assert len(takes) >= 4
    together = [sync_report.judged(pair) for pair in made_pairs.true_pairs(takes, overlaps_s=(60,), n_each=2, seed=21)]
    figures = sync_report.figures_of(together)
    assert figures["recall"] >= 0.8
    assert figures["wrong"] == 0
    assert figures["error_ms_p95"] <= 5
    strangers = [sync_report.judged(pair) for pair in made_pairs.false_pairs(takes, n_each=1, seed=22)]
    assert {pair["is_true"] for pair in strangers} == {False}
    assert sync_report.figures_of(strangers)["accepted"] == 0


def test_of_a_day_only_what_the_clocks_allow_is_compared(takes):
    day = sync_report.day(takes, n_files=12)
    assert day["compared"] < 12 * 11 / 2
    assert day["wrong"] == 0
    assert day["recall"] >= 0.7  # so few files share a minute that one of them is a quarter; of 32 files .94 were found
