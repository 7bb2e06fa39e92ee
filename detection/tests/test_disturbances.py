"""Tests that cuts, fades, flashes and camera bumps are recognised, and pans are not."""

import numpy as np
import pytest
from scipy import ndimage

from detection.features.disturbances import (
    FADE_REACH,
    find_bumps,
    find_covers,
    find_cuts,
    find_fades,
    find_flashes,
    find_handling,
    is_flung,
)
from detection.features.motion import pair_motion


def wall(seed: int) -> np.ndarray:
    rough = ndimage.gaussian_filter(np.random.default_rng(seed).normal(0, 1, (94, 136)), 2) * 250
    return np.clip(128 + rough, 0, 255)


def pan(picture: np.ndarray, n: int) -> np.ndarray:
    """Return n pictures [shape=(n, 54, 96)] of a camera that pans by 2 px per picture."""
    return np.stack([picture[20:74, 2 * i : 2 * i + 96] for i in range(n)]).astype(np.uint8)


def test_a_cut_is_found_and_a_pan_is_none():
    motion = pair_motion(np.concatenate([pan(wall(1), 15), pan(wall(2), 15)]))
    np.testing.assert_array_equal(np.flatnonzero(find_cuts(motion.coherence, motion.residual)), [14])


def test_a_cross_fade_is_found():
    share = np.clip((np.arange(40) - 15) / 10, 0, 1)[:, None, None]
    luma = ((1 - share) * wall(1)[:54, :96] + share * wall(2)[:54, :96]).astype(np.uint8)
    found = np.flatnonzero(find_fades(luma)) + FADE_REACH
    assert 20 in found
    assert found.min() > 13
    assert found.max() < 27


def test_a_pan_is_no_fade():
    assert not find_fades(pan(wall(1), 20)).any()


def test_a_stack_too_short_for_a_fade_gives_nothing():
    assert len(find_fades(np.zeros((2 * FADE_REACH, 54, 96), np.uint8))) == 0


def bumps(downs_px: list[float], coherence: float = 0.5, likeness: float = 1.0) -> list[tuple[int, int]]:
    """The bumps in a second of pairs; those from the tenth on move so much."""
    shift_px = np.zeros((30, 2))
    shift_px[10 : 10 + len(downs_px), 0] = downs_px
    moved = shift_px[:, 0] != 0
    coherences, likenesses = np.where(moved, coherence, 0.5), np.where(moved, likeness, 1.0)
    return find_bumps(np.arange(30) / 30, shift_px, coherences, likenesses)


def test_a_leap_that_swings_back_is_a_knock():
    assert bumps([12, -9, 6]) == [(10, 13)]


@pytest.mark.parametrize("downs_px", [[12], [4, -4, 4], [9, 9, 8, 9], [-7, -12, -9]])
def test_one_leap_a_tremble_and_a_fast_pan_are_no_knock(downs_px):
    assert bumps(downs_px) == []


def test_what_leaps_without_the_rest_of_the_picture_is_a_rider_close_by():
    assert bumps([12, -9, 6], coherence=0.12, likeness=0.3) == []


def test_two_cuts_in_a_row_are_no_knock():
    assert bumps([30, -20], coherence=0.04, likeness=0.1) == []


def handling(
    *flung_s: tuple[float, float], duration_s: float = 20.0, every_s: float = 0.1
) -> list[tuple[float, float]]:
    times_s = np.arange(0, duration_s, every_s)
    flung = np.any([(times_s >= start_s) & (times_s <= end_s) for start_s, end_s in flung_s], axis=0)
    return find_handling(times_s, flung, duration_s)


def test_a_camera_is_in_hand_at_the_beginning_and_at_the_end():
    (first, second) = handling((0.3, 2.0), (18.0, 19.6))
    assert first == pytest.approx((0.0, 2.3), abs=0.15)
    assert second == pytest.approx((17.7, 20.0), abs=0.15)


def test_glances_half_a_second_apart_tell_it_too():
    assert handling((0.0, 2.0), every_s=0.5)[0] == pytest.approx((0.0, 2.3), abs=0.15)


@pytest.mark.parametrize(
    "flung_s", [[(8.0, 10.0)], [(0.0, 0.3)], [(0.0, 9.0)], [(0.0, 2.0), (6.0, 8.0)], [(0.0, 20.0)]]
)
def test_in_the_middle_shortly_for_long_or_throughout_it_is_riding(flung_s):
    assert handling(*flung_s) == []


def test_what_turns_too_fast_to_be_found_again_is_flung():
    still = np.zeros((2, 2))
    np.testing.assert_array_equal(is_flung(still, np.array([0.05, 0.4])), [True, False])


def test_light_that_jumps_either_way_is_a_flash():
    np.testing.assert_array_equal(find_flashes(np.array([0.0, 60.0, 3.0, -58.0])), [False, True, False, True])


def test_a_hand_before_the_lens_leaves_no_contrast():
    np.testing.assert_array_equal(find_covers(np.array([40.0, 3.0, 20.0]), 42.0), [False, True, False])
