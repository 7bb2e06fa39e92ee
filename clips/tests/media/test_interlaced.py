"""Tests interlaced film, in separate fields (PAFF) or woven: counted by pictures, deinterlaced, cut unchanged."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from clips.media.cut.clip import cut
from clips.media.formats.opening import open_media, picture_stream
from clips.media.pictures.coded import CodedPictures
from clips.media.probe import probe
from clips.media.render.deinterlace import deinterlaced
from clips.media.render.filmstrip import make_filmstrip
from clips.media.render.poster import make_posters
from clips.media.render.preview import make_preview
from clips.media.render.share_copy import make_share_copy
from clips.tests.media.grey import frame_of, luma_of
from clips.tests.media.made_up import make_video, shown_numbers
from clips.tests.media.paff import HEIGHT_PX, WIDTH_PX, field_luma, make_paff, teeth
from detection.decode.read import Scan

#: What a picture woven of two fields has, and what one has at most that is whole.
TOOTHED, WHOLE = 10, 1
FRAMES = 30


def woven(number: int, *, bottom_first: bool = False) -> np.ndarray:
    luma = np.empty((HEIGHT_PX, WIDTH_PX), np.uint8)
    luma[bottom_first::2], luma[1 - bottom_first :: 2] = field_luma(2 * number), field_luma(2 * number + 1)
    return luma


def make_woven(path: Path, codec="libx264", *, bottom_first=False, rate=Fraction(25), says_so=True) -> Path:
    """Write pictures that are woven of two fields; ``says_so`` is whether they are marked as interlaced."""
    fields = {"flags": "+ildct+ilme"} if says_so else {}
    order = f"{'bff' if bottom_first else 'tff'}=1:" if says_so else ""
    more = {"x264-params": f"{order}crf=12:keyint=10"} if codec == "libx264" else {"b": "9M", "g": "10"}
    with av.open(str(path), "w") as container:
        video = container.add_stream(codec, rate=rate, options=fields | more)
        video.width, video.height, video.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        for number in range(FRAMES):
            luma = woven(number, bottom_first=bottom_first)
            frame = frame_of(luma)
            frame.pts, frame.time_base = number, 1 / Fraction(rate)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path


def pictures(path: Path) -> list[np.ndarray]:
    with av.open(str(path)) as container:
        return [luma_of(frame) for frame in container.decode(video=0)]


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["m2ts", "ts", "mp4", "mkv"])
def test_pictures_in_two_packets_are_counted_and_cut_as_pictures(tmp_path, ending):
    source = make_paff(tmp_path / f"source.{ending}", frames=FRAMES)
    found = probe(str(source))
    assert (found["fps_label"], found["rate_num"], found["rate_den"]) == ("25FPS", 25, 1)
    assert found["duration_ms"] == pytest.approx(1200, abs=1)
    for first, last in ((0, 0), (3, 3), (7, 19), (20, FRAMES - 1)):
        clip, preview = tmp_path / "clip.mp4", tmp_path / "preview.mp4"
        times_ms = 40 * first + 1, 40 * last + 25  # also while its second field is on screen
        made = cut(str(source), str(clip), *times_ms)
        wanted = list(range(first, last + 1))
        assert (made["frames"], made["duration_ms"]) == (len(wanted), 40 * len(wanted))
        seen = pictures(clip)
        assert len(seen) == len(wanted)
        for number, picture in zip(wanted, seen, strict=True):
            for second, lines in enumerate((picture[::2], picture[1::2])):
                drawn = (field_luma(2 * number + second) - 16.0) * 255 / 219
                np.testing.assert_allclose(lines, drawn, atol=1, err_msg=f"field {second} of {number}")
        made = make_preview(str(source), str(preview), *times_ms)
        assert (made["frames"], shown_numbers(preview)) == (len(wanted), wanted)


@pytest.mark.slow
def test_a_clip_of_pictures_in_two_packets_has_one_packet_for_each(tmp_path):
    source = make_paff(tmp_path / "source.m2ts", frames=FRAMES)
    cut(str(source), str(tmp_path / "clip.mp4"), 401, 799)
    with open_media(tmp_path / "clip.mp4") as container:
        stream = picture_stream(container)
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert CodedPictures(stream).may_have_fields
        assert [CodedPictures(stream).field(packet) for packet in packets] == [None] * 10
    assert probe(str(tmp_path / "clip.mp4"))["fps_label"] == "25FPS"


MADE = {
    "in fields": lambda path: make_paff(path.with_suffix(".mts"), frames=FRAMES),
    "top field first": lambda path: make_woven(path.with_suffix(".mp4")),
    "bottom field first, 29.97": lambda path: make_woven(
        path.with_suffix(".mkv"), bottom_first=True, rate=Fraction(30000, 1001)
    ),
    "mpeg2": lambda path: make_woven(path.with_suffix(".ts"), "mpeg2video"),
}


@pytest.mark.parametrize("name", MADE)
def test_teeth_are_in_the_clip_alone(tmp_path, name):
    source = MADE[name](tmp_path / "source")
    preview, share, clip = (tmp_path / f"{out}.mp4" for out in ("preview", "share", "clip"))
    poster, strip = tmp_path / "poster.jpg", tmp_path / "strip.jpg"
    n_frames = make_preview(str(source), str(preview), 400, 800)["frames"]
    assert make_share_copy(str(source), str(share), 400, 800)["frames"] == n_frames
    make_posters(str(source), [{"at_ms": 500, "out": str(poster)}])
    make_filmstrip(str(source), str(strip))
    whole = [*pictures(preview), *pictures(share), *pictures(poster)]
    assert len(whole) == 2 * n_frames + 1
    assert max(teeth(picture) for picture in whole) < WHOLE
    numbers = shown_numbers(preview)
    assert numbers == shown_numbers(share) == list(range(numbers[0], numbers[0] + n_frames))
    if name != "mpeg2":  # of the past, and no browser plays it
        cut(str(source), str(clip), 400, 800)
        assert len(pictures(clip)) == n_frames
        assert min(teeth(picture) for picture in pictures(clip)) > TOOTHED
    assert probe(str(source))["fps_label"] == ("30FPS" if "29.97" in name else "25FPS")


def test_what_does_not_say_that_it_is_interlaced_is_left_alone(tmp_path):
    source = make_woven(tmp_path / "source.mp4", says_so=False)
    make_share_copy(str(source), str(tmp_path / "share.mp4"), 400, 800)
    assert min(teeth(picture) for picture in pictures(tmp_path / "share.mp4")) > TOOTHED


def test_frames_keep_their_times_also_where_only_some_are_interlaced(tmp_path):
    with (
        av.open(str(make_woven(tmp_path / "a.mp4"))) as interlaced,
        av.open(str(make_video(tmp_path / "b.mp4", frames=4, size=(WIDTH_PX, HEIGHT_PX)))) as progressive,
    ):
        woven_frames, others = ([*source.decode(video=0)] for source in (interlaced, progressive))
        given = [*others[:2], *woven_frames[:3], *others[2:], *woven_frames[3:5]]
        wanted = [(frame.pts, frame.time_base) for frame in given]
        before = [teeth(luma_of(frame)) for frame in given]
        found = list(deinterlaced(given))
    assert [(frame.pts, frame.time_base) for frame in found] == wanted
    after = [teeth(luma_of(frame)) for frame in found]
    progressive = [0, 1, 5, 6]
    assert [after[n] for n in progressive] == [before[n] for n in progressive]
    assert max(after[n] for n in range(9) if n not in progressive) < WHOLE < TOOTHED < min(before)


@pytest.mark.slow
def test_the_detector_counts_pictures_and_sees_all_of_them(tmp_path):
    for ending in ("mts", "mp4"):
        with open_media(make_paff(tmp_path / f"source.{ending}", frames=FRAMES)) as container:
            scan = Scan(container)
            list(scan.chunks(lambda fraction: None))
            packets = scan.packets()
        assert len(packets.pts_s) == FRAMES
        np.testing.assert_allclose(np.diff(packets.pts_s), 0.04, atol=1e-6)
        assert set(np.flatnonzero(packets.is_key)) >= {0, 10, 20}


def test_a_sony_in_fields_is_read_as_25_pictures(cases, tmp_path):
    source = str(cases / "sony_a7m3_paff_head.mts")
    found = probe(source)
    assert (found["fps_label"], found["rate_num"], found["rate_den"]) == ("25FPS", 25, 1)
    preview = tmp_path / "preview.mp4"
    made = make_preview(source, str(preview), 0, found["duration_ms"])
    assert made["frames"] == len(pictures(preview)) >= 1
    make_posters(source, [{"at_ms": 40, "out": str(tmp_path / "poster.jpg")}])
    assert pictures(tmp_path / "poster.jpg")[0].shape == (240, 426)
