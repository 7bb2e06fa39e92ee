"""Tests the small video of keyframes: each picture is the one on screen then, and little is read for it."""

import av
import pytest

from clips.media import MediaError
from clips.media.render.glance_video import make_glance_video
from clips.tests.media.grey import luma_of
from clips.tests.media.made_up import frame_number, make_video


@pytest.mark.slow
def test_each_picture_is_shown_when_it_was_filmed(tmp_path):
    source = make_video(tmp_path / "whole.mp4", frames=600, rate=30, gop=30, size=(640, 360))
    made = make_glance_video(str(source), str(tmp_path / "small.mp4"))
    with av.open(str(tmp_path / "small.mp4")) as small:
        stream = small.streams.video[0]
        shown = [(float(frame.time), frame_number(luma_of(frame))) for frame in small.decode(stream)]
        assert float(stream.duration * stream.time_base) == pytest.approx(20, abs=0.1)
    assert made["frames"] == len(shown) == 20
    for time_s, number in shown:
        assert number == pytest.approx(time_s * 30, abs=1)
    assert made["size_bytes"] < source.stat().st_size


@pytest.mark.slow
def test_a_long_video_has_no_more_pictures_than_are_wanted(tmp_path):
    source = make_video(tmp_path / "whole.mp4", frames=600, rate=30, gop=30)
    assert make_glance_video(str(source), str(tmp_path / "small.mp4"), 5)["frames"] == 5


def test_what_shows_nothing_is_refused(tmp_path):
    (tmp_path / "no.mp4").write_bytes(b"no video at all")
    with pytest.raises(MediaError):
        make_glance_video(str(tmp_path / "no.mp4"), str(tmp_path / "small.mp4"))
    assert not (tmp_path / "small.mp4").exists()
