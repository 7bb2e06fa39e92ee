"""Tests peak picking against scipy's."""

import numpy as np
import pytest
from scipy import signal

from detection.scoring.peaks import peaks_apart


@pytest.mark.parametrize("seed", range(20))
def test_peaks_are_those_of_scipy(seed):
    rng = np.random.default_rng(seed)
    values = rng.integers(0, 8, 400) + rng.choice([0.0, 1e-9], 400) * rng.random(400)  # many level tops
    distance = int(rng.integers(1, 30))
    padded = np.concatenate([[-1.0], values, [-1.0]])
    theirs, _ = signal.find_peaks(padded, height=2, distance=1)
    assert sorted(peaks_apart(values, distance=1, floor=2)) == (theirs - 1).tolist()
    found = peaks_apart(values, distance=distance, floor=2)
    assert set(found) <= set(theirs - 1)
    assert np.diff(sorted(found)).min(initial=10**6) >= distance
    assert all(np.diff(values[found]) <= 0)


def test_a_lower_peak_within_the_distance_is_left_out():
    values = np.zeros(100)
    values[[10, 15, 40]] = [1, 2, 3]
    assert peaks_apart(values, distance=10, floor=0.5) == [40, 15]


def test_the_ends_may_be_peaks_and_a_level_top_counts_once():
    assert peaks_apart(np.array([3.0, 1, 2, 2, 2, 1, 4]), distance=1, floor=0) == [6, 0, 3]


def test_no_values_have_no_peaks():
    assert peaks_apart(np.zeros(0), distance=1, floor=0) == []
