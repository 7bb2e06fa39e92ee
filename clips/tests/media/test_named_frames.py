"""Tests that a millisecond names the same frame everywhere, and a frame the same millisecond."""

from fractions import Fraction

import pytest

from clips.media.pictures.named_frames import (
    frame_on_screen,
    last_ms_of_frame,
    ms_of_frame,
    named_ms,
    nearest_frame,
)

RATES = [Fraction(rate) for rate in ("24000/1001", "25", "30", "30000/1001", "60000/1001", "120", "240000/1001", "500")]
each_rate = pytest.mark.parametrize("rate", RATES, ids=str)
FRAMES = (0, 1, 2, 59, 1237, 86_399)


@each_rate
@pytest.mark.parametrize("first_frame_ms", [0, 33])
def test_the_time_that_a_page_writes_leads_back_to_its_frame(rate, first_frame_ms):
    for frame in FRAMES:
        at_ms = -(-1000 * frame * rate.denominator // rate.numerator) + first_frame_ms
        assert frame_on_screen(at_ms, rate, first_frame_ms) == frame


@each_rate
def test_the_first_and_the_last_millisecond_of_a_frame_name_it(rate):
    for frame in FRAMES:
        first, last = ms_of_frame(frame, rate), last_ms_of_frame(frame, rate)
        assert first <= last
        assert {frame_on_screen(at_ms, rate) for at_ms in (first, last)} == {frame}
        assert frame_on_screen(last + 1, rate) == frame + 1


@each_rate
def test_where_the_first_frame_begins_within_a_millisecond_the_one_that_names_a_frame_is_sure(rate):
    for frame in FRAMES:
        at_ms = ms_of_frame(frame, rate, 33)
        assert at_ms >= 33.5 + frame * 1000 / rate
        assert frame_on_screen(at_ms, rate, 33) == frame
        assert last_ms_of_frame(frame, rate, 33) == ms_of_frame(frame + 1, rate, 33) - 1


def test_before_the_first_frame_that_is_shown():
    assert frame_on_screen(10, Fraction(30), 500) == 0


@pytest.mark.parametrize("off", [-0.49, 0.0, 0.49])
@each_rate
def test_the_nearest_frame_is_the_one_that_begins_least_apart(rate, off):
    for frame in FRAMES[1:]:
        at_ms = 40 + (frame + off) * float(1000 / rate)
        assert nearest_frame(at_ms, rate, 40) == frame


@pytest.mark.parametrize(
    ("at_ms", "rate", "says"),
    [
        (100.0, None, 100),
        (100.2, None, 101),
        (99.9996, None, 100),  # a clock's rounding is no further millisecond
        (100.2, Fraction(30), 101),
        (33.0, Fraction(30), 34),  # the second frame begins a third of a millisecond later
        (32.0, Fraction(30), 32),
        (40.0, Fraction(25), 40),
    ],
)
def test_a_time_of_another_camera_names_the_frame_that_is_meant(at_ms, rate, says):
    assert named_ms(at_ms, rate) == says
