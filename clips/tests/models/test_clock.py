"""Tests places in a video as people write and read them."""

import pytest

from clips.models.clock import clock, read_clock


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("0:41", 41_000),
        ("1:02.5", 62_500),
        ("62,5", 62_500),
        ("1:02:03.004", 3_723_004),
        (" 7 ", 7_000),
        ("90", 90_000),
        ("0:00.0004", 0),
        ("120:00", 7_200_000),
    ],
)
def test_what_people_write_is_read_to_the_millisecond(text, milliseconds):
    assert read_clock(text) == milliseconds


@pytest.mark.parametrize("text", ["", "soon", "1:60", "1:60:00", "-1", "1::2", "1.2.3", "١:٠٠", "1:2:3:4"])
def test_what_is_no_time_is_refused(text):
    with pytest.raises(ValueError, match=r"^"):
        read_clock(text)


@pytest.mark.parametrize(("milliseconds", "text"), [(0, "0:00"), (41_999, "0:41"), (3_723_000, "1:02:03"), (None, "–")])
def test_a_place_is_written_as_on_a_player(milliseconds, text):
    assert clock(milliseconds) == text
