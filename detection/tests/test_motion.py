"""Tests phase correlation, alignment and motion signals on made-up pictures."""

import numpy as np
import pytest
from scipy import ndimage

from detection.features.motion import (
    SignalError,
    align,
    arc_strength,
    local_flow,
    pair_motion,
    phase_shift,
    strip_speed,
)


@pytest.fixture
def wall() -> np.ndarray:
    rng = np.random.default_rng(3)
    rough = ndimage.gaussian_filter(rng.normal(0, 1, (94, 136)), 2) * 200
    return np.clip(128 + rough, 0, 255).astype(np.float32)


def window(wall: np.ndarray, *, down: float = 0, right: float = 0) -> np.ndarray:
    """Return 54 x 96 px of the wall, whose content has moved by so much."""
    return ndimage.shift(wall, (down, right), order=1, mode="nearest")[20:74, 20:116]


def test_phase_shift_finds_a_shift_to_a_fifth_of_a_pixel(wall):
    shift_px, _, _ = phase_shift(window(wall)[None], window(wall, down=3.3, right=-5.6)[None])
    np.testing.assert_allclose(shift_px[0], [3.3, -5.6], atol=0.2)


def test_phase_shift_of_a_pure_shift_is_coherent():
    grain = np.random.default_rng(4).uniform(0, 255, (1, 60, 110)).astype(np.float32)
    shift_px, coherence, likeness = phase_shift(grain[:, 6:, 6:102], grain[:, 3:57, 11:107])
    np.testing.assert_allclose(shift_px[0], [3, -5], atol=0.1)
    assert coherence[0] > 0.5
    assert likeness[0] > 0.5


def test_likeness_holds_for_a_shift_between_pixels_where_the_peak_sinks(wall):
    fine = np.random.default_rng(4).normal(128, 40, (100, 140)).astype(np.float32)
    whole, half = (phase_shift(window(fine)[None], window(fine, down=shift, right=shift)[None]) for shift in (2.0, 2.5))
    assert half[1][0] < 0.6 * whole[1][0]
    assert half[2][0] > 0.8 * whole[2][0]


def test_phase_shift_of_unrelated_pictures_is_incoherent(wall):
    other = np.random.default_rng(4).uniform(0, 255, (1, 54, 96)).astype(np.float32)
    assert phase_shift(window(wall)[None], other)[1][0] < 0.1


def test_phase_shift_of_flat_pictures_is_no_shift():
    flat = np.full((1, 54, 96), 80, np.float32)
    shift_px, coherence, likeness = phase_shift(flat, flat)
    np.testing.assert_array_equal(shift_px, [[0, 0]])
    assert (coherence[0], likeness[0]) == (1, 1)


def test_align_takes_out_shift_turn_and_zoom_of_the_camera(wall):
    turn = np.array([[1.01, -0.02], [0.02, 1.01]])
    centre = np.array([47, 68])
    moved = ndimage.affine_transform(wall, turn, centre - turn @ centre + (1.5, -2.0), order=1, mode="nearest")
    before, after = window(wall)[None], moved[None, 20:74, 20:116]
    rest = np.abs(align(before, after, phase_shift(before, after)[0]) - after)[:, 4:-4, 4:-4].mean()
    assert rest < 0.15 * np.abs(before - after).mean()


def test_align_takes_out_a_change_of_exposure(wall):
    before = window(wall)[None]
    after = before + 25
    np.testing.assert_allclose(align(before, after, np.zeros((1, 2))), after, atol=0.5)


def test_local_flow_finds_the_one_patch_that_moves(wall):
    before, after = window(wall)[None], window(wall)[None].copy()
    after[0, 20:40, 40:60] = window(wall, down=-1.5)[20:40, 40:60]
    down_px, right_px = local_flow(before, after)
    assert down_px[0, 6, 11] == pytest.approx(-1.5, abs=0.4)
    assert abs(right_px[0, 6, 11]) < 0.4
    assert np.abs(down_px[0, :, :6]).max() < 0.1


def test_strip_speed_keeps_two_movers_apart():
    down_px = np.zeros((1, 13, 23))
    down_px[0, 4:8, 1:4] = -2.0
    down_px[0, 4:8, 19:22] = 2.0
    strips = strip_speed(down_px, np.abs(down_px))[0]
    assert strips[0] == pytest.approx(-2, abs=0.1)
    assert strips[-1] == pytest.approx(2, abs=0.1)


def test_strip_speed_of_a_portrait_picture_has_strips():
    assert strip_speed(np.zeros((2, 23, 5)), np.zeros((2, 23, 5))).shape == (2, 1)


def test_arc_strength_is_highest_at_the_top_of_a_throw():
    time_s = np.arange(100) * 0.05
    air = np.abs(time_s - 2.5) < 0.25
    down = np.where(air, 8 * (time_s - 2.5), 0)[:, None]
    strength = arc_strength(down, half_steps=4)
    assert abs(int(strength.argmax()) - 50) <= 1
    assert strength[:40].max() <= 0


def test_arc_strength_ignores_what_only_falls():
    down = np.zeros((100, 1))
    down[40:60] = 1.0
    assert arc_strength(down, half_steps=4).max() == 0


def test_arc_strength_ignores_a_rise_here_and_a_fall_there():
    down = np.zeros((100, 2))
    down[46:50, 0], down[50:54, 1] = -1.0, 1.0
    assert arc_strength(down, half_steps=4).max() == 0


def test_pair_motion_sees_a_jumper_through_a_shaking_camera(wall):
    pictures = []
    for number in range(17):
        time_s = (number - 8) / 30
        sway = (2 * np.sin(number), 2 * np.cos(1.3 * number))
        picture = window(wall, down=sway[0], right=sway[1]).copy()
        top = round(20 + 180 * time_s**2 + sway[0])
        picture[top : top + 18, 44:52] = window(wall)[:18, :8] * 0.5
        pictures.append(picture)
    down = pair_motion(np.stack(pictures).astype(np.uint8)).down
    middle = down[:, down.shape[1] // 2]
    assert middle[:6].mean() < -0.3
    assert middle[-6:].mean() > 0.3


@pytest.mark.parametrize("shape", [(1, 54, 96), (2, 8, 96), (54, 96)])
def test_pair_motion_refuses_what_is_no_stack_of_pictures(shape):
    with pytest.raises(SignalError):
        pair_motion(np.zeros(shape, np.uint8))


@pytest.mark.parametrize("n_pairs", [17, 40, 63])
def test_how_many_pairs_are_measured_at_a_time_changes_no_figure(wall, monkeypatch, n_pairs):
    """Fails when an FFT has other rows left over than in one go: PAIRS_AT_ONCE = 6."""
    shake = np.random.default_rng(5).uniform(-3, 3, (n_pairs + 1, 2))
    luma = np.stack([window(wall, down=down, right=right) for down, right in shake]).astype(np.uint8)
    in_parts = pair_motion(luma)
    monkeypatch.setattr("detection.features.motion.PAIRS_AT_ONCE", 1000)
    at_once = pair_motion(luma)
    for name, figures in vars(at_once).items():
        np.testing.assert_array_equal(getattr(in_parts, name), figures, err_msg=name)
