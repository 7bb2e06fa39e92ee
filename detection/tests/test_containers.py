"""Tests that moments are found at their time in every camera's container, and that unreadable parts are reported."""

from fractions import Fraction
from pathlib import Path

import av
import pytest

from clips.media import MediaError
from detection.propose import propose
from detection.tests.film import Film
from detection.tests.test_propose import shown

pytestmark = pytest.mark.slow

TRICK_S = (5.0, 5.5)
FRAGMENTED = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
_VP9 = {"deadline": "realtime", "cpu-used": "8", "b": "1M", "g": "15"}
#: How a file is called → its muxer, that muxer's options, and the codecs where they are not H.264 and AAC.
CONTAINERS = {
    "take.mp4": ("mp4", {}, None),
    "fragmented.mp4": ("mp4", FRAGMENTED, None),
    "take.mov": ("mov", {}, None),
    "take.3gp": ("3gp", {}, None),
    "take.mkv": ("matroska", {}, None),
    "take.webm": (
        "webm",
        {},
        ("libvpx-vp9", _VP9, "libopus"),
    ),
    "take.avi": ("avi", {}, ("libx264", {"preset": "ultrafast", "g": "15"}, "pcm_s16le")),
    "pocket.avi": ("avi", {}, ("mjpeg", {"qscale": "3"}, "pcm_s16le")),
    "take.ts": ("mpegts", {}, None),
    "take.mts": ("mpegts", {"mpegts_m2ts_mode": "1"}, None),
    "take.m2ts": ("mpegts", {"mpegts_m2ts_mode": "1"}, ("mpeg2video", {"b": "4M", "g": "15"}, "ac3")),
}


@pytest.fixture(scope="module")
def take(tmp_path_factory) -> Path:
    film = Film(length_s=14, tricks=[TRICK_S], group=15)
    return film.write(tmp_path_factory.mktemp("film") / "take.mp4")


def put_into(source: Path, out: Path, muxer: str, options: dict[str, str], codecs: tuple | None) -> Path:
    """Copy a take into another container; encode it again where that takes other codecs."""
    with av.open(str(source)) as given, av.open(str(out), "w", format=muxer, container_options=options) as target:
        picture, sound = given.streams.video[0], given.streams.audio[0]
        if codecs is None:
            tracks = {s.index: target.add_stream_from_template(s) for s in (picture, sound)}
            for packet in given.demux(picture, sound):
                if packet.dts is not None:
                    packet.stream = tracks[packet.stream.index]
                    target.mux(packet)
            return out
        video = target.add_stream(codecs[0], rate=30, options=codecs[1])
        video.width, video.height = picture.width, picture.height
        video.pix_fmt = "yuvj420p" if codecs[0] == "mjpeg" else "yuv420p"
        heard = target.add_stream(codecs[2], rate=48_000, layout="mono")
        tracks, formed = {picture.index: video, sound.index: heard}, _as_asked(codecs[2])
        for frame in given.decode(picture, sound):
            is_picture = isinstance(frame, av.VideoFrame)
            for each in [frame.reformat(format=video.pix_fmt, threads=1)] if is_picture else formed(frame):
                if is_picture:
                    each.pts, each.time_base = round(frame.time * 30), Fraction(1, 30)
                    each.pict_type = 0
                target.mux(tracks[picture.index if is_picture else sound.index].encode(each))
        for track in (video, heard):
            target.mux(track.encode(None))
    return out


def _as_asked(codec: str):
    form = {"libopus": "s16", "pcm_s16le": "s16", "ac3": "fltp"}[codec]
    size = {"libopus": 960, "pcm_s16le": 1024, "ac3": 1536}[codec]
    return av.AudioResampler(format=form, layout="mono", rate=48_000, frame_size=size).resample


@pytest.mark.parametrize("name", CONTAINERS)
def test_the_moment_is_found_at_its_time(take, tmp_path, name):
    """Default looks at all of so cheap a film in one go, sparse at pieces that it seeks."""
    source = put_into(take, tmp_path / name, *CONTAINERS[name])
    for effort in ("default", "sparse"):
        found = propose(source, effort=effort)
        (moment,) = shown(found)
        middle_ms = 500 * sum(TRICK_S)
        assert (moment["start_ms"] + moment["end_ms"]) / 2 == pytest.approx(middle_ms, abs=400)
        assert "pop and landing" in moment["why"], "it was heard"
        assert "goes up and comes down" in moment["why"], "it was seen"
        assert found["unread"] == []
        assert found["duration_ms"] == pytest.approx(14_000, abs=100)
        assert found["seen"] > 0.98 if effort == "default" else found["seen"] < 0.5


def test_the_moment_of_a_silent_film_is_seen_in_avi(tmp_path):
    silent = Film(length_s=10, tricks=[TRICK_S], sounds=False).write(tmp_path / "take.avi")
    (moment,) = propose(silent)["candidates"]
    assert moment["start_ms"] < 1000 * TRICK_S[0] < 1000 * TRICK_S[1] < moment["end_ms"]


def test_sound_that_nobody_can_read_is_said(take, tmp_path):
    source = put_into(take, tmp_path / "take.mkv", *CONTAINERS["take.mkv"])
    source.write_bytes(source.read_bytes().replace(b"A_AAC", b"A_XYZ"))
    found = propose(source)
    assert found["unread"] == ["The sound could not be read. Moments were found from the picture alone."]
    assert "goes up and comes down" in found["candidates"][0]["why"]


def test_damaged_sound_is_said(take, tmp_path):
    content = bytearray(take.read_bytes())
    with av.open(str(take)) as container:
        packets = [(p.pos, p.size) for p in container.demux(audio=0) if p.size]
    for at, size in packets:
        content[at : at + size] = bytes(size)
    (tmp_path / "damaged.mp4").write_bytes(content)
    found = propose(tmp_path / "damaged.mp4")
    assert found["unread"] == ["The sound could not be read. Moments were found from the picture alone."]


def test_pictures_that_are_damaged_are_said(take, tmp_path):
    content = bytearray(take.read_bytes())
    with av.open(str(take)) as container:
        packets = [(p.pos, p.size) for p in container.demux(video=0) if p.size and p.pts * p.time_base > 8.4]
    for at, size in packets:
        content[at + 4 : at + size] = b"\x7f" * (size - 4)
    (tmp_path / "damaged.mp4").write_bytes(content)
    (sentence,) = propose(tmp_path / "damaged.mp4")["unread"]
    assert sentence.endswith("% of the pictures could not be read. Moments there may be missing.")
    assert 30 <= int(sentence.split()[0]) <= 50


def test_where_no_picture_at_all_can_be_read_the_search_fails(take, tmp_path):
    content = bytearray(take.read_bytes())
    with av.open(str(take)) as container:
        packets = [(p.pos, p.size) for p in container.demux(video=0) if p.size]
    for at, size in packets:
        content[at + 4 : at + size] = b"\x7f" * (size - 4)
    (tmp_path / "damaged.mp4").write_bytes(content)
    with pytest.raises(MediaError, match=r"^The picture in this file cannot be read\.$"):
        propose(tmp_path / "damaged.mp4")


def test_pieces_that_cannot_be_sought_are_read_from_the_beginning(take, tmp_path, monkeypatch):
    """Like an AVI without an index: each seek fails, but the film plays."""

    def refuse(*_: object) -> None:
        raise av.error.PermissionError(1, "Operation not permitted")

    monkeypatch.setattr("detection.decode.pictures.go_to", refuse)
    found = propose(take, effort="sparse")
    assert "goes up and comes down" in found["candidates"][0]["why"]
    assert (found["unread"], found["seen"] > 0.9) == ([], True)


@pytest.mark.parametrize("name", ["pcm_u8_mjpeg.avi", "h264_b.avi"])
def test_reported_files_are_searched(cases, name):
    found = propose(cases / name)
    assert (found["unread"], found["seen"] > 0.9) == ([], True)
