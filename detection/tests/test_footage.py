"""Tests quality on real labelled footage, if present; the floors are a little below what was measured."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from detection.evaluation.evaluate import evaluate_take, load_labels, mean_of, pooled_of
from detection.propose import propose
from detection.tests.doubles import doubles

FOOTAGE = Path(os.environ.get("TRICKYCLIP_FOOTAGE") or Path(__file__).resolve().parents[3] / "shared" / "footage")

pytestmark = [
    pytest.mark.timeout(1200),  # a thousand seconds of video, on a machine that may be busy
    pytest.mark.slow,
    pytest.mark.skipif(
        not (FOOTAGE / "labels").is_dir(), reason=f"no labelled footage at {FOOTAGE}: set TRICKYCLIP_FOOTAGE"
    ),
]


@pytest.fixture(scope="module")
def labels():
    return load_labels(FOOTAGE / "labels")


@pytest.fixture(scope="module")
def candidates(labels):
    return {name: propose(FOOTAGE / label["file"])["candidates"] for name, label in labels.items()}


@pytest.fixture(scope="module")
def results(labels, candidates):
    return {name: evaluate_take(label, candidates[name]) for name, label in labels.items()}


def test_what_is_shown_holds_most_tricks_and_few_others(labels, candidates, results):
    pooled = pooled_of(labels, candidates)
    assert pooled["f1"] >= 0.72
    assert pooled["recall"] >= 0.78
    assert pooled["false_per_min"] <= 1.5
    assert min(result["f1"] for result in results.values()) >= 0.6


def test_tricks_rank_above_the_rest(labels, candidates, results):
    assert pooled_of(labels, candidates)["ap"] >= 0.75
    assert mean_of(list(results.values()))["ap"] >= 0.78


def test_no_moment_is_proposed_twice(candidates):
    """Fails when a peak is a moment whatever its span: leave ``is_same_moment`` out of ``propose_from_signals``."""
    assert {name: doubles(found) for name, found in candidates.items()} == {name: [] for name in candidates}


def test_all_candidates_together_hold_nearly_every_trick(results):
    mean = mean_of(list(results.values()))
    assert mean["recall_all"] >= 0.90
    assert mean["false_per_min_all"] <= 10


def test_moments_do_not_find_the_joins(results):
    mean = mean_of(list(results.values()))
    assert mean["false_near_joins"] <= mean["join_chance"] + 0.10


def test_moments_hold_run_in_and_run_out(results):
    mean = mean_of(list(results.values()))
    assert mean["start_error_ms"] <= 700
    assert mean["end_error_ms"] <= 700


@pytest.mark.parametrize("only_shown", [True, False])
def test_the_figures_agree_with_the_scorer_that_comes_with_the_footage(
    tmp_path, labels, candidates, results, only_shown
):
    for name in labels:
        chosen = [c for c in candidates[name] if c["shown"] or not only_shown]
        (tmp_path / f"{name}.json").write_text(json.dumps(chosen))
    scorer = [
        sys.executable,
        str(FOOTAGE / "score.py"),
        "--labels",
        str(FOOTAGE / "labels"),
        "--pred",
        str(tmp_path),
    ]
    subprocess.run([*scorer, "--json", str(tmp_path / "out.txt")], check=True, capture_output=True)
    theirs = json.loads((tmp_path / "out.txt").read_text())
    same = (
        {"recall": "recall", "precision": "precision", "f1": "f1", "fp_per_min": "false_per_min"}
        if only_shown
        else {
            "ap": "ap",
            "recall_at_k": "recall_at_k",
            "recall": "recall_all",
            "fp_per_min": "false_per_min_all",
        }
    )
    pooled = pooled_of(labels, candidates)
    for their_name, our_name in same.items():
        for name in labels:
            assert results[name][our_name] == pytest.approx(theirs[name][their_name], abs=1e-4)
        if our_name in pooled:
            assert pooled[our_name] == pytest.approx(theirs["ALL"][their_name], abs=1e-4)
