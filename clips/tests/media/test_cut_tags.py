"""Tests the camera metadata that a clip keeps."""

import struct
from fractions import Fraction

import av
import pytest

from clips.media.cut.clip import cut
from clips.media.mp4 import timecode
from clips.media.mp4.timecode import Timecode
from clips.tests.media import patched
from clips.tests.media.judge import packet_hashes
from clips.tests.media.made_up import make_video

SAMPLE_ENTRY = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
NTSC = Fraction(30000, 1001)


def global_tags(path) -> dict[str, str]:
    with av.open(str(path)) as container:
        return dict(container.metadata)


def picture_boxes(path) -> tuple[bytes, dict[bytes, bytes]]:
    """Return the name of the picture's sample entry and the boxes in it."""
    entries = patched.found(path, *SAMPLE_ENTRY)[0][8:]
    size_bytes, name = struct.unpack_from(">I4s", entries)
    return name, patched.boxes_in(entries[8 + 78 : size_bytes])


def first_timecode(path) -> tuple[int, str]:
    """Return the number in the timecode track and FFmpeg's notation of it."""
    with av.open(str(path)) as container:
        track = next(s for s in container.streams if s.type == "data" and "timecode" in s.metadata)
        number = next(struct.unpack(">I", bytes(packet))[0] for packet in container.demux(track) if packet.size)
        return number, track.metadata["timecode"]


def test_the_creation_time_moves_to_the_start_of_the_cut(tmp_path):
    said = {
        "creation_time": "2024-12-01T13:00:00.000000Z",
        "com.apple.quicktime.creationdate": "2024-12-01T14:00:00+0100",
    }
    source = make_video(tmp_path / "source.mov", frames=90, tags=said)
    cut(str(source), str(tmp_path / "clip.mp4"), 1500, 2500)
    tags = global_tags(tmp_path / "clip.mp4")
    assert tags["creation_time"] == "2024-12-01T13:00:01.500000Z"
    assert tags["com.apple.quicktime.creationdate"] == "2024-12-01T14:00:01+01:00"
    seconds_since_1904 = struct.unpack_from(">I", patched.found(tmp_path / "clip.mp4", b"moov", b"mvhd")[0], 4)[0]
    assert seconds_since_1904 == 3_815_902_801  # 13:00:01


def test_a_corrected_clock_replaces_what_the_camera_thought(tmp_path):
    said = {
        "creation_time": "2024-12-01T13:00:00.000000Z",
        "com.apple.quicktime.creationdate": "2024-12-01T14:00:00+0100",
    }
    source = make_video(tmp_path / "source.mov", frames=90, tags=said)
    cut(str(source), str(tmp_path / "clip.mp4"), 1500, 2500, recorded_at="2024-12-02T09:30:00+00:00")
    tags = global_tags(tmp_path / "clip.mp4")
    assert tags["creation_time"] == "2024-12-02T09:30:01.500000Z"
    assert tags["com.apple.quicktime.creationdate"] == "2024-12-02T10:30:01+01:00"


def test_a_known_time_is_written_where_the_camera_wrote_none(tmp_path):
    source = make_video(tmp_path / "source.ts", frames=90)
    cut(str(source), str(tmp_path / "clip.mp4"), 1030, 2000, recorded_at="2024-12-02T09:30:00Z")
    assert global_tags(tmp_path / "clip.mp4")["creation_time"] == "2024-12-02T09:30:01.000000Z"


def test_a_creation_time_that_is_none_is_left_as_it_is(tmp_path):
    source = make_video(tmp_path / "source.mov", frames=60, tags={"com.apple.quicktime.creationdate": "last winter"})
    cut(str(source), str(tmp_path / "clip.mp4"), 500, 1000, recorded_at="2024-12-02T09:30:00Z")
    assert global_tags(tmp_path / "clip.mp4")["com.apple.quicktime.creationdate"] == "last winter"


def test_make_model_and_place_stay(tmp_path):
    said = {
        "com.apple.quicktime.make": "Apple",
        "com.apple.quicktime.model": "iPhone XR",
        "com.apple.quicktime.location.ISO6709": "+47.0000+011.0000/",
    }
    source = make_video(tmp_path / "source.mov", frames=60, tags=said)
    cut(str(source), str(tmp_path / "clip.mp4"), 500, 1000)
    assert global_tags(tmp_path / "clip.mp4").items() >= said.items()
    assert "make" not in global_tags(tmp_path / "clip.mp4")  # said once is enough


@pytest.mark.parametrize("rotation", [90, 180, 270])
def test_the_display_matrix_is_copied(tmp_path, rotation):
    source = make_video(tmp_path / "source.mp4", frames=60, rotation=rotation)
    cut(str(source), str(tmp_path / "clip.mp4"), 500, 1000)
    matrices = [patched.found(path, b"moov", b"trak", b"tkhd")[0][40:76] for path in (source, tmp_path / "clip.mp4")]
    assert matrices[0] == matrices[1]


@pytest.mark.parametrize(("transfer", "number"), [("smpte2084", 16), ("arib-std-b67", 18)])
def test_the_colours_of_high_dynamic_range_stay_what_they_are(tmp_path, transfer, number):
    colours = f"colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc:range=limited"
    hevc = {"codec": "libx265", "pix_fmt": "yuv420p10le", "encoder_params": colours}
    source = make_video(tmp_path / "source.mp4", frames=60, **hevc)
    mastering = struct.pack(">8H2I", 34000, 16000, 13250, 34500, 7500, 3000, 15635, 16450, 10_000_000, 50)
    told = {
        b"mdcv": mastering,
        b"clli": struct.pack(">HH", 1000, 400),
        b"dvvC": bytes([1, 0, 8 << 1, 4 << 3 | 5, 0x40]) + bytes(19),  # Dolby Vision, as phones add it
    }
    patched.add_to_picture(source, b"".join(patched.box(kind, body) for kind, body in told.items()))
    cut(str(source), str(tmp_path / "clip.mp4"), 500, 1000)
    _, boxes = picture_boxes(tmp_path / "clip.mp4")
    assert boxes[b"colr"] == b"nclx" + struct.pack(">HHHB", 9, number, 9, 0)
    assert {kind: boxes[kind] for kind in told} == told


def test_full_range_colours_stay_full_range(tmp_path):
    colours = "colorprim=bt709:transfer=bt709:colormatrix=bt709:fullrange=on"
    source = make_video(tmp_path / "source.mov", frames=60, encoder_params=colours)
    cut(str(source), str(tmp_path / "clip.mp4"), 500, 1000)
    _, boxes = picture_boxes(tmp_path / "clip.mp4")
    assert boxes[b"colr"] == b"nclx" + struct.pack(">HHHB", 1, 1, 1, 0x80)


def test_hevc_keeps_the_name_that_apple_plays(tmp_path):
    source = make_video(tmp_path / "source.mkv", frames=60, codec="libx265", audio=False)
    cut(str(source), str(tmp_path / "once.mp4"), 0, 1500)
    cut(str(tmp_path / "once.mp4"), str(tmp_path / "twice.mp4"), 500, 1000)
    assert [picture_boxes(tmp_path / name)[0] for name in ("once.mp4", "twice.mp4")] == [b"hvc1", b"hvc1"]


def test_telemetry_is_cut_to_the_span(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=180, bframes=2, telemetry_s=1.001)
    whole = packet_hashes(source, "data")
    cut(str(source), str(tmp_path / "clip.mp4"), 2500, 4500)
    # packets of 1.001 s: that which began at 2.002 s is the first that says something of the clip, at 4.004 the last
    assert packet_hashes(tmp_path / "clip.mp4", "data") == whole[2:5]
    telemetry = patched.edits(tmp_path / "clip.mp4")[2]
    picture = patched.edits(tmp_path / "clip.mp4")[0]
    assert telemetry[0][0] == picture[0][0]  # as long as the picture
    assert telemetry[0][1] / 90_000 == pytest.approx(0.498, abs=0.001)  # and begun this much earlier


@pytest.mark.parametrize(
    ("rate", "says", "start_ms", "expected"),
    [
        (NTSC, "01:00:00;00", 1500, "01:00:01;15"),
        (NTSC, "01:00:59;10", 1500, "01:01:00;27"),  # 00 and 01 of a minute are dropped
        (NTSC, "01:09:59;10", 1500, "01:10:00;25"),  # but not of every tenth
        (NTSC, "23:59:59;10", 1500, "00:00:00;25"),
        (NTSC, "01:00:59:10", 1500, "01:01:00:25"),  # without dropping
        (Fraction(60000, 1001), "10:20:59;30", 1000, "10:21:00;34"),
        (25, "10:00:00:20", 1000, "10:00:01:20"),
        (24, "10:00:00:20", 1000, "10:00:01:20"),
        (120, "10:00:00:020", 1000, "10:00:01:020"),
    ],
)
def test_the_timecode_is_that_of_the_first_frame(tmp_path, rate, says, start_ms, expected):
    frames = int(rate * 3)
    source = make_video(tmp_path / "source.mp4", frames=frames, rate=rate, bframes=2, video_tags={"timecode": says})
    cut(str(source), str(tmp_path / "clip.mp4"), start_ms + 2, 2000)
    before, after = first_timecode(source), first_timecode(tmp_path / "clip.mp4")
    assert after[1] == expected
    if expected > says:
        assert after[0] - before[0] == int(Fraction(start_ms + 2, 1000) * rate)


def test_a_clip_of_a_file_without_timecode_has_none(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=60)
    cut(str(source), str(tmp_path / "clip.mp4"), 500, 1000)
    with av.open(str(tmp_path / "clip.mp4")) as clip:
        assert [stream.type for stream in clip.streams] == ["video", "audio"]


def test_a_timecode_slower_than_the_picture_counts_on_at_its_own_rate():
    counted = Timecode(count=0, rate=NTSC, drops=True)
    assert str(counted.later(Fraction(7 * 1001, 240_000))) == "00:00:00;00"  # the eighth frame of 240 per second
    assert str(counted.later(Fraction(8 * 1001, 240_000))) == "00:00:00;01"


def test_no_timecode_is_written_twice_and_none_goes_back():
    for rate, drops in [(NTSC, True), (Fraction(60000, 1001), True), (Fraction(25), False)]:
        texts = [str(Timecode(count, rate, drops)) for count in range(20_000)]
        assert len(set(texts)) == len(texts)
        assert texts == sorted(texts)


def test_a_gopro_counts_to_thirty_whatever_its_box_says(cameras):
    with (cameras / "gopro-hero5-black-karma.mp4").open("rb") as file:
        assert str(timecode.read(file)) == "19:26:48:04"
