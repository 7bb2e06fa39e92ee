"""Tests where the detector looks closely within its budget."""

import numpy as np
import pytest

from detection.decode.packets import LOOK_CPU_S, Packets
from detection.decode.piece import Piece
from detection.sampling import EFFORTS, EVEN_SHARE, LOOK_S, choose_looks, cpu_s, make_plan
from detection.signals import STEP_S, SignalError

FULL_HD = 1920 * 1080


def packets(*, length_s=60.0, rate_hz=60, group=30, size_bytes=84_000, pixels=FULL_HD, codec="h264") -> Packets:
    """A camera file without reordered pictures: a keyframe, three times as large, opens each group."""
    number = np.arange(round(length_s * rate_hz))
    is_key = number % group == 0
    return Packets(number / rate_hz, np.where(is_key, 3 * size_bytes, size_bytes), is_key, pixels, codec)


def spent_cpu_s(packets: Packets, pieces: list[Piece]) -> float:
    return sum(cpu_s(packets, piece) for piece in pieces)


def test_cheap_video_is_looked_at_throughout():
    phone = packets(rate_hz=30, size_bytes=2_000, pixels=1280 * 720)
    assert make_plan(phone, 60).is_everything


@pytest.mark.parametrize("effort", ["quick", "default"])
@pytest.mark.parametrize(
    "take",
    [
        pytest.param(packets(), id="1080p60"),
        pytest.param(packets(rate_hz=240), id="1080p240"),
        pytest.param(packets(codec="hevc"), id="HEVC"),
        pytest.param(packets(group=1), id="all keyframes"),
        pytest.param(packets(pixels=4 * FULL_HD, size_bytes=200_000, rate_hz=30), id="4K"),
    ],
)
def test_glances_and_looks_keep_to_the_budget(take, effort):
    plan = make_plan(take, 60, effort=effort)
    curve = np.random.default_rng(1).random(round(60 / STEP_S))
    looks = choose_looks(take, curve, look_cpu_s=plan.look_cpu_s)
    assert 0 < spent_cpu_s(take, plan.glances + looks) <= 60 * EFFORTS[effort][0] * 1.02


def test_without_sound_glances_are_even_and_each_holds_two_pictures_a_thirtieth_apart():
    take = packets()
    plan = make_plan(take, 60, effort="quick")
    starts = [piece.first for piece in plan.glances]
    assert np.ptp(np.diff(starts)) <= 30  # as even as groups of 30 pictures allow
    assert all(plan.even)
    for piece in plan.glances:
        assert np.ptp(take.pts_s[piece.first : piece.end]) == pytest.approx(1 / 30, abs=0.001)


def test_most_glances_go_where_two_impacts_are_heard_and_the_others_stay_even():
    take, heard = packets(), np.zeros(round(60 / STEP_S))
    heard[400:1000] = 20.0  # from 20 to 50 s
    plan = make_plan(take, 60, effort="quick", heard=heard)
    start_s = np.array([take.pts_s[piece.first] for piece in plan.glances])
    even = np.array(plan.even)
    assert (np.diff(start_s) > 0).all()
    assert ((start_s[~even] >= 19.5) & (start_s[~even] <= 50.5)).all()
    assert even.mean() == pytest.approx(EVEN_SHARE, abs=0.05)
    assert np.ptp(np.diff(start_s[even])) <= 0.5 + 1e-6
    assert start_s[even][0] == 0
    assert start_s[even][-1] > 50


def test_where_next_to_nothing_is_heard_the_other_glances_are_even_too():
    heard = np.zeros(round(60 / STEP_S))
    heard[400] = 20.0
    plan = make_plan(packets(), 60, effort="quick", heard=heard)
    assert np.mean(plan.even) > 0.9


def test_a_budget_for_less_than_one_glance_still_takes_one():
    assert len(make_plan(packets(length_s=8, pixels=60 * FULL_HD), 8, effort="quick", heard=np.zeros(160)).glances) == 1


def test_a_file_of_one_trick_is_looked_at_throughout_and_a_longer_one_is_not():
    assert make_plan(packets(length_s=12), 12).is_everything
    assert make_plan(packets(length_s=12), 12, effort="sparse").is_everything
    assert not make_plan(packets(length_s=12), 12, effort="quick").is_everything
    assert not make_plan(packets(length_s=13), 13).is_everything
    assert not make_plan(packets(length_s=12, pixels=4 * FULL_HD), 12).is_everything


def test_with_reordered_pictures_a_glance_reaches_the_next_that_is_late_enough():
    shown = np.array([0, 4, 2, 1, 3])  # a keyframe, the next reference, and what lies between
    order = np.concatenate([shown + 5 * group for group in range(600)])
    take = Packets(order / 60, np.full(3000, 84_000), np.arange(3000) % 5 == 0, FULL_HD, "h264")
    piece = make_plan(take, 50).glances[0]
    assert piece == Piece(0, 3)


def test_one_keyframe_in_the_whole_file_leaves_nothing_to_choose():
    assert make_plan(packets(group=100_000), 60).is_everything


def test_thorough_looks_at_everything():
    assert make_plan(packets(), 60, effort="thorough").is_everything


def test_the_most_promising_moments_are_looked_at_first():
    take, curve = packets(), np.zeros(round(60 / STEP_S))
    curve[[200, 600, 900]] = [0.5, 0.9, 0.7]
    looks = choose_looks(take, curve, look_cpu_s=1.3)
    for middle_s in (30.0, 45.0):
        assert any(
            take.pts_s[look.first] <= middle_s - LOOK_S and take.pts_s[look.end - 1] >= middle_s + LOOK_S - 0.05
            for look in looks
        )
    assert all(take.pts_s[look.first] > 15 for look in looks)


def test_looks_that_touch_are_one_and_begin_with_a_keyframe():
    take, curve = packets(), np.zeros(round(60 / STEP_S))
    curve[[600, 614]] = [0.9, 0.8]
    [look] = choose_looks(take, curve, look_cpu_s=1.5)
    assert take.is_key[look.first]
    assert take.pts_s[look.first] <= 30 - LOOK_S
    assert take.pts_s[look.end - 1] >= 30.7 + LOOK_S - 0.05


def test_the_cost_of_what_was_measured_is_foretold():
    """8.7 ms for a picture of 84 KB in 1080p and 24 ms for one of 310 KB."""
    cost_s = Packets(np.zeros(2), np.array([84_000, 310_000]), np.ones(2, bool), FULL_HD, "h264").cpu_s
    np.testing.assert_allclose(cost_s, [8.7e-3, 24e-3], rtol=0.05)


def test_a_look_costs_decoding_and_measuring_thirty_a_second():
    take = packets()
    assert cpu_s(take, Piece(0, 60)) == pytest.approx(take.cpu_between_s(0, 60) + 30 * LOOK_CPU_S, rel=0.05)


def test_packets_without_a_keyframe_are_one_group():
    take = Packets(np.arange(10.0), np.ones(10, int), np.zeros(10, bool), FULL_HD, "h264")
    assert (take.group_start.tolist(), take.group_end.tolist()) == ([0], [10])


def test_packets_refuse_columns_of_different_lengths():
    with pytest.raises(SignalError):
        Packets(np.zeros(2), np.zeros(1), np.zeros(2, bool), FULL_HD, "h264")
