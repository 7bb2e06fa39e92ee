import numpy as np
from scipy import ndimage

from detection.joins import FADE_REACH, find_cuts, find_fades
from detection.motion import pair_motion


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
