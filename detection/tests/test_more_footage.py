"""Tests quality on real footage beyond test_footage.py: takes that are glanced at only, and takes of others.

A file of its own, so that another process may work on it meanwhile.
"""

import pytest

from detection.evaluation.evaluate import load_labels, pooled_of
from detection.propose import propose
from detection.tests.doubles import doubles
from detection.tests.test_footage import FOOTAGE, pytestmark  # noqa: F401  the same marks

#: Takes that the floors of test_footage.py say nothing of.
MORE_FOOTAGE = FOOTAGE.with_name("footage2")


def test_mostly_glanced_at_tricks_still_rank_above_the_rest():
    labels = load_labels(FOOTAGE / "labels")
    sparse = {name: propose(FOOTAGE / label["file"], effort="sparse") for name, label in labels.items()}
    assert max(result["seen"] for result in sparse.values()) < 0.2
    pooled = pooled_of(labels, {name: result["candidates"] for name, result in sparse.items()})
    assert pooled["ap"] >= 0.68
    assert pooled["f1"] >= 0.6
    assert [doubles(result["candidates"]) for result in sparse.values()] == [[]] * len(sparse)


@pytest.mark.parametrize("file", sorted(MORE_FOOTAGE.glob("*.mp4")), ids=lambda path: path.stem)
def test_other_footage_has_no_moment_twice_and_few_where_nobody_jumps(file):
    result = propose(file)
    assert doubles(result["candidates"]) == []
    if not load_labels(MORE_FOOTAGE / "labels")[file.stem]["tricks"]:
        shown = [candidate for candidate in result["candidates"] if candidate["shown"]]
        assert len(shown) <= result["duration_ms"] / 60_000
