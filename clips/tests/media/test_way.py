"""Tests that the probe's plan for each track is what the cut does: all codecs and containers that can be written."""

from fractions import Fraction
from itertools import cycle, product
from math import ceil
from pathlib import Path

import av
import av.error
import numpy as np
import pytest

from clips.media import MediaError
from clips.media.__main__ import main
from clips.media.cut.clip import cut
from clips.media.formats.opening import open_media, picture_stream
from clips.media.mp4 import boxes, sample_entries
from clips.media.probe import probe
from clips.media.sandbox import runner
from clips.tests.media.grey import luma_of
from clips.tests.media.judge import packet_hashes
from clips.tests.media.made_up import frame_number, frame_times, make_video, shown_numbers
from clips.tests.media.other_codecs import (
    PICTURES,
    SOUNDS,
    lag_of_bursts_s,
    make_broadcast,
    make_other,
)

FRAMES = 48
ENDINGS = ("mov", "mp4", "mkv", "avi", "ts", "3gp")
ALL_INTRA = {"prores", "prores 4444", "dnxhr", "cineform", "dv", "ffv1", "mjpeg"}
SPANS = ((13, 40), (0, FRAMES - 1), (25, 25))
#: What FFmpeg finds again in a transport stream.
IN_TRANSPORT_STREAMS = {"mpeg4", "mpeg2", "h264"}
TOLERANCE_S = 0.010
#: What FFmpeg itself opens each ending as.
FORMATS = {"mp4": "mov,mp4", "mov": "mov,mp4", "mkv": "matroska"}


def made(path: Path, picture: str, sound: str) -> Path | None:
    """Return such a file; None if the container cannot hold it."""
    if path.suffix == ".ts" and picture not in IN_TRANSPORT_STREAMS:
        return None
    try:
        return make_other(path, PICTURES[picture], sound, frames=FRAMES)
    except (av.error.FFmpegError, ValueError):
        return None


def times_of(source: Path) -> list[Fraction]:
    """Return the time of each shown frame, in seconds from what rows call 0:00.

    Of AVI, which counts pictures and has no times, as the site counts them; FFmpeg lets some of them begin later.
    """
    if source.suffix == ".avi":
        with open_media(source) as container:
            picture = picture_stream(container)
            return sorted(p.pts * picture.time_base for p in container.demux(picture) if p.size)
    return [time_s - zero_of(source) for time_s in frame_times(source)]


def zero_of(source: Path) -> Fraction:
    """Return the timestamp that rows call 0:00, in seconds: in a transport stream the first one."""
    with av.open(str(source)) as container:
        is_stream = "mpegts" in container.format.name
        return Fraction(container.start_time, av.time_base) if is_stream else Fraction(0)


def assert_told_truly(source: Path, out: Path, *, is_intra: bool = False) -> dict | None:
    """Probe a file, and compare the result with cuts; return it, or None if the file was refused."""
    try:
        way = probe(str(source))["way"]
    except MediaError:
        with pytest.raises(MediaError, match="Please convert"):
            cut(str(source), str(out), 500, 900)
        return None
    times_s = times_of(source)
    assert shown_numbers(source) == list(range(FRAMES))
    heard = [t for t in way["tracks"] if t["kind"] == "sound" and t["fate"] != "leave"]
    # an encoder's, which AVI and TS do not tell
    own_lag = lag_of_bursts_s(source, 0, FRAMES / 25) - float(zero_of(source)) if heard else 0
    for first, last in SPANS:
        told = cut(str(source), str(out), ceil(times_s[first] * 1000), ceil(times_s[last] * 1000))
        assert (told["ending"], told["tracks"]) == (way["ending"], way["tracks"])
        assert shown_numbers(out) == list(range(first, last + 1))
        with av.open(str(out)) as clip:
            assert clip.format.name.startswith(FORMATS[way["ending"]])
            is_quicktime = clip.metadata.get("major_brand", "") == "qt  "
            assert is_quicktime == (way["ending"] == "mov")
            assert len(clip.streams.audio) == len(heard)
        if is_intra:
            assert packet_hashes(out, "video") == packet_hashes(source, "video")[first : last + 1]
        if heard and first != last:
            lag = lag_of_bursts_s(out, float(times_s[first]), float(times_s[last] - times_s[first]))
            assert abs(lag - own_lag) <= TOLERANCE_S
    return way


@pytest.mark.slow
def test_each_picture_in_each_container_goes_the_way_that_probe_says(tmp_path, subtests):
    """With one sound after another, so that each of them comes into each kind of clip."""
    sounds = {ending: cycle(list(SOUNDS)) for ending in ENDINGS}
    found = {}
    for picture, ending in product(PICTURES, ENDINGS):
        sound = next(sounds[ending])
        source = made(tmp_path / f"source.{ending}", picture, sound) or made(tmp_path / f"source.{ending}", picture, "")
        if source is None:
            continue
        with subtests.test(picture=picture, ending=ending, sound=sound):
            way = assert_told_truly(source, tmp_path / "clip", is_intra=picture in ALL_INTRA)
            found[picture, ending] = way and way["ending"]
    refused = {picture for picture, kind in found.items() if kind is None}
    assert refused == {("h263", "avi"), ("huffyuv", "avi")}
    kinds = {picture: {kind for (name, _), kind in found.items() if name == picture} - {None} for picture in PICTURES}
    mov = {"prores", "prores 4444", "dnxhr", "cineform", "dv", "vp8", "ffv1 in groups", "h263", "mjpeg"}
    assert kinds == {picture: {"mov"} for picture in mov} | {
        "ffv1": {"mkv"}, "mpeg4": {"mp4"}, "mpeg2": {"mp4"}, "h264": {"mp4"}, "huffyuv": set(),
    }  # fmt: skip


@pytest.mark.slow
def test_each_sound_goes_the_way_that_probe_says(tmp_path, subtests):
    fates = {}
    for sound, ending in product(SOUNDS, ("mov", "mkv", "avi", "3gp")):
        source = made(tmp_path / f"source.{ending}", "h264", sound)
        if not sound or source is None:
            continue
        with subtests.test(sound=sound, ending=ending):
            track = assert_told_truly(source, tmp_path / "clip")["tracks"][1]
            fates.setdefault(sound, set()).add((track["fate"], track["into"]))
    assert fates["pcm_u8"] == {("convert", "alac")}
    for lossy in ("pcm_mulaw", "pcm_alaw", "adpcm_ima_wav", "adpcm_ms", "adpcm_ima_qt"):
        assert fates[lossy] == {("convert", "aac")}, lossy
    assert fates["libopencore_amrnb"] == {("convert", "aac"), ("leave", "")}, "left out of AVI, whose clock lies"
    assert fates["vorbis"] == {("convert", "aac"), ("leave", "")}, "of its packets an edit list hides all or nothing"
    assert fates["aac"] == {("copy", "mp4")}


@pytest.mark.parametrize("picture", ["prores", "dnxhr", "mjpeg"])
def test_cuts_of_an_all_intra_mov_keep_their_packets_bit_for_bit(tmp_path, picture):
    source = make_other(tmp_path / "source.mov", PICTURES[picture], "aac", frames=30)
    cut(str(source), str(tmp_path / "clip.mov"), 280, 840)
    assert packet_hashes(tmp_path / "clip.mov", "video") == packet_hashes(source, "video")[7:22]
    assert shown_numbers(tmp_path / "clip.mov") == list(range(7, 22))
    with av.open(str(source)) as before, av.open(str(tmp_path / "clip.mov")) as after:
        tags = [c.streams.video[0].codec_context.codec_tag for c in (before, after)]
    assert tags[0] == tags[1], "an editor is told by them which ProRes it is"


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_all_of_them_together(tmp_path, subtests):
    for picture, sound, ending in product(PICTURES, SOUNDS, ENDINGS):
        if source := made(tmp_path / f"source.{ending}", picture, sound):
            with subtests.test(picture=picture, sound=sound, ending=ending):
                assert_told_truly(source, tmp_path / "clip", is_intra=picture in ALL_INTRA)


@pytest.mark.slow
@pytest.mark.parametrize(("sound", "name"), [("s302m", "source.ts"), ("pcm_bluray", "source.m2ts")])
def test_the_pcm_of_broadcasters_and_discs_becomes_alac(tmp_path, sound, name):
    source = make_broadcast(tmp_path / name, sound, frames=FRAMES)
    way = assert_told_truly(source, tmp_path / "clip")
    assert [(t["codec"], t["fate"], t["into"]) for t in way["tracks"][1:]] == [(sound, "convert", "alac")]


def samples(path: Path) -> np.ndarray:
    """Return the first track's sound from timestamp 0 on as it is stored, as 16 bits [shape=(n,)]."""
    resampler, pieces = av.AudioResampler(format="s16", layout="mono"), []
    with av.open(str(path)) as container:
        for frame in container.decode(audio=0):
            pieces += [piece.to_ndarray()[0] for piece in resampler.resample(frame)]
    return np.concatenate(pieces)


def test_8_bit_sound_loses_nothing_on_its_way_to_alac(tmp_path):
    source = make_other(tmp_path / "source.avi", PICTURES["h264"], "pcm_u8")
    assert cut(str(source), str(tmp_path / "clip"), 520, 1480)["tracks"][1]["into"] == "alac"
    got, whole = samples(tmp_path / "clip"), samples(source)
    begin = round(13 / 25 * 11_025)
    np.testing.assert_array_equal(got[:10_000], whole[begin : begin + 10_000])


def test_sound_that_is_converted_to_aac_has_192_kbit_a_second(tmp_path):
    source = make_other(tmp_path / "source.mov", PICTURES["h264"], "pcm_mulaw")
    cut(str(source), str(tmp_path / "clip"), 0, 2300)
    with av.open(str(tmp_path / "clip")) as clip:
        heard = clip.streams.audio[0]
        assert (heard.codec_context.name, heard.sample_rate, heard.channels) == ("aac", 48_000, 1)
        assert heard.bit_rate <= 200_000


def test_sound_that_begins_late_is_silent_until_then_when_it_is_converted(tmp_path):
    source = make_other(tmp_path / "source.mov", PICTURES["h264"], "pcm_mulaw", sound_from_s=0.8)
    cut(str(source), str(tmp_path / "clip"), 400, 2300)
    assert abs(lag_of_bursts_s(tmp_path / "clip", 0.4, 1.9)) <= TOLERANCE_S


@pytest.mark.slow
def test_a_sound_of_avi_is_moved_by_less_than_a_packet(tmp_path):
    """AC-3 of AVI has a clock of 32 ms, by which sound was up to 16 ms early or late."""
    source = make_other(tmp_path / "source.avi", PICTURES["mpeg4"], "ac3")
    whole = lag_of_bursts_s(source, 0, 2.4)
    for number in (3, 7, 13, 18):
        cut(str(source), str(tmp_path / "clip"), number * 40, 2300)
        assert abs(lag_of_bursts_s(tmp_path / "clip", number / 25, 2.3 - number / 25) - whole) <= 0.002


def two_lenses(path: Path) -> Path:
    """Write two numbered pictures, the second counting from 100 on and with a single keyframe."""
    first = make_video(path.with_name("one.mp4"), frames=60, bframes=2, gop=15, audio=False)
    second = make_video(path.with_name("two.mp4"), frames=160, bframes=3, gop=250, audio=False, seed=4)
    with av.open(str(first)) as one, av.open(str(second)) as two, av.open(str(path), "w", format="mp4") as target:
        tracks = [target.add_stream_from_template(c.streams.video[0], opaque=True) for c in (one, two)]
        packets = [
            (p.dts * p.time_base, p, track)
            for container, track in zip((one, two), tracks, strict=True)
            for p in container.demux(video=0)
            if p.size and not (container is two and p.pts * p.time_base >= 160 / 30)
        ]
        for _dts_s, packet, track in sorted(packets, key=lambda each: each[0]):
            packet.stream = track
            target.mux(packet)
    return path


def numbers_of(path: Path, place: int) -> list[int]:
    with av.open(str(path)) as container:
        shown = container.decode(container.streams.video[place])
        return [frame_number(luma_of(frame)) for frame in shown]


def test_a_second_lens_is_kept_frame_for_frame(tmp_path):
    source = two_lenses(tmp_path / "two.insv")
    told = cut(str(source), str(tmp_path / "clip"), 700, 1500)
    assert [(t["kind"], t["fate"]) for t in told["tracks"]] == [("picture", "copy")] * 2
    assert numbers_of(tmp_path / "clip", 0) == list(range(21, 46))
    assert numbers_of(tmp_path / "clip", 1) == list(range(21, 46))


def test_a_second_lens_that_ended_before_is_said_to_be_left_out(tmp_path):
    first = make_video(tmp_path / "one.mp4", frames=60, audio=False)
    second = make_video(tmp_path / "two.mp4", frames=20, audio=False)
    source = tmp_path / "both.mp4"
    with av.open(str(first)) as one, av.open(str(second)) as two, av.open(str(source), "w") as target:
        tracks = [target.add_stream_from_template(c.streams.video[0], opaque=True) for c in (one, two)]
        for container, track in zip((one, two), tracks, strict=True):
            for packet in container.demux(video=0):
                if packet.size:
                    packet.stream = track
                    target.mux(packet)
    told = cut(str(source), str(tmp_path / "clip"), 1000, 1500)
    assert told["dropped_tracks"] == ["h264"]
    assert shown_numbers(tmp_path / "clip") == list(range(30, 46))


def with_metadata(path: Path, entry: bytes) -> Path:
    """Write a video with a track of measurements of a tenth of a second, described by ``entry``."""
    make_video(path, frames=60, bframes=2, telemetry_s=0.1, faststart=True)
    with av.open(str(path)) as container:
        place = next(s.index for s in container.streams if s.type == "data")
    sample_entries.give_back(path, {place: entry})
    return path


def entry_of(kind: bytes, more: bytes = b"") -> bytes:
    return (16 + len(more)).to_bytes(4, "big") + kind + bytes(7) + b"\1" + more


KEYS = b"keys" + bytes(300)
METADATA = {
    "djmd": entry_of(b"djmd"),
    "dbgi": entry_of(b"dbgi"),
    "rtmd": entry_of(b"rtmd", bytes(4)),
    "mebx": entry_of(b"mebx", (len(KEYS) + 4).to_bytes(4, "big") + KEYS),
}


@pytest.mark.parametrize("kind", METADATA)
def test_what_a_camera_measured_is_kept_under_its_own_name(tmp_path, kind):
    source = with_metadata(tmp_path / "source.mp4", METADATA[kind])
    way = probe(str(source))["way"]
    assert [(t["codec"], t["fate"]) for t in way["tracks"] if t["kind"] == "metadata"] == [(kind, "copy")]
    told = cut(str(source), str(tmp_path / "clip.mp4"), 700, 1500)
    assert told["dropped_tracks"] == []
    assert shown_numbers(tmp_path / "clip.mp4") == list(range(21, 46))
    assert METADATA[kind] in [entry.raw for entry in sample_entries.read(tmp_path / "clip.mp4").values()]
    with av.open(str(tmp_path / "clip.mp4")) as clip:
        measured = [s for s in clip.streams if s.type == "data"]
        assert [bytes(p) for p in clip.demux(measured) if p.size] == [b"DEVC%08d" % n for n in range(7, 16)]
    with (tmp_path / "clip.mp4").open("rb") as file:
        assert [box.kind for box in boxes.top_level(file)][:2] == [b"ftyp", b"moov"], "it begins to play at once"


def test_what_is_true_of_the_whole_file_alone_is_left_out_and_told(tmp_path):
    source = with_metadata(tmp_path / "source.mp4", entry_of(b"fdsc", b"\0\1"))
    assert cut(str(source), str(tmp_path / "clip.mp4"), 700, 1500)["dropped_tracks"] == ["fdsc"]


@pytest.mark.slow
def test_the_command_line_tells_the_way_of_each_track(tmp_path, capsys):
    source = make_other(tmp_path / "source.avi", PICTURES["mjpeg"], "adpcm_ms")
    assert main(["probe", str(source)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [" ".join(line.split()) for line in said[-3:]] == [
        "clips MOV",
        "track 0 picture, mjpeg: copied as it is, into MOV",
        "track 1 sound, adpcm_ms: converted to aac",
    ]
    span = ["--start-ms", "520", "--end-ms", "960"]
    assert main(["cut", str(source), *span, str(tmp_path / "clip.mp4")]) == 0
    assert capsys.readouterr().err == "This clip is a MOV file, despite its name.\n"
    assert shown_numbers(tmp_path / "clip.mp4") == list(range(13, 25))


@pytest.mark.slow
def test_the_reader_of_a_clip_needs_no_more_than_it_is_given(tmp_path):
    """In the confined child: converting sound, and writing an index anew."""
    source = make_other(tmp_path / "source.mov", PICTURES["h264"], "pcm_mulaw")
    asked = {"source": str(source), "out": str(tmp_path / "clip"), "start_ms": 520, "end_ms": 960}
    assert runner.run("clips.media.cut.clip:cut", asked)["frames"] == 12
    source = with_metadata(tmp_path / "source.mp4", METADATA["mebx"])
    assert runner.run("clips.media.cut.clip:cut", asked | {"source": str(source)})["dropped_tracks"] == []


def test_files_of_other_kinds_that_people_brought_are_cut(cases):
    told = {name: probe(str(cases / name))["way"] for name in (
        "prores.mov", "pcm_u8_mjpeg.avi", "two_lenses.insv", "dji_djmd.mp4", "apac_first.mov",
    )}  # fmt: skip
    assert [way["ending"] for way in told.values()] == ["mov", "mov", "mp4", "mp4", "mp4"]
    assert [t["codec"] for way in told.values() for t in way["tracks"] if t["fate"] == "leave"] == ["apac"]
