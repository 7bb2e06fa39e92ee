"""Tests share videos: the frames of the cut, at their own times, in a form that every player plays right."""

import struct
from fractions import Fraction
from math import ceil
from pathlib import Path

import av
import numpy as np
import pytest
from scipy.signal import correlate

from clips.media import MediaError
from clips.media.cut.clip import cut
from clips.media.render import share_copy
from clips.media.render.share_copy import make_share_copy
from clips.tests.media.grey import luma_of
from clips.tests.media.made_up import (
    SOUND_RATE_HZ,
    decoded_sound,
    frame_number,
    frame_times,
    make_cut_off_video,
    make_video,
    shown_numbers,
    sound,
)

FRAMES = 120
JITTERED_MS = [int(n * 100 / 3) + (0, 9, 3, 17)[n % 4] for n in range(FRAMES)]  # a phone's variable rate
HLG = {"codec": "libx265", "pix_fmt": "yuv420p10le", "encoder_params": "colorprim=bt2020:transfer=arib-std-b67"}
ENCODINGS = {
    "h264 with B-frames": {"bframes": 3},
    "h264 with an open GOP": {"bframes": 3, "open_gop": True},
    "one keyframe": {"bframes": 2, "gop": 600},
    "hevc": {"codec": "libx265", "bframes": 3},
    "hevc 10 bit HLG": HLG | {"bframes": 3},
    "59.94": {"rate": Fraction(60000, 1001), "bframes": 2},
    "240": {"rate": 240, "gop": 60},
    "variable rate": {"pts": JITTERED_MS, "bframes": 2},
}


def copy_of(source: Path, first: int, last: int, **options) -> tuple[Path, dict]:
    """Copy the frames from one number to another."""
    times_s = frame_times(source)
    out = source.with_name("copy.mp4")
    spans = ceil(times_s[first] * 1000), ceil(times_s[last] * 1000)
    return out, make_share_copy(str(source), str(out), *spans, **options)


@pytest.mark.slow
@pytest.mark.parametrize("name", ENCODINGS)
def test_it_has_the_frames_of_the_cut_at_their_own_times(tmp_path, name):
    source = make_video(tmp_path / "source.mp4", frames=FRAMES, size=(256, 144), **ENCODINGS[name])
    times_s = frame_times(source)
    first, last = 37, 95
    out, made = copy_of(source, first, last)
    exact = tmp_path / "cut.mp4"
    cut(str(source), str(exact), ceil(times_s[first] * 1000), ceil(times_s[last] * 1000))
    assert shown_numbers(out) == shown_numbers(exact) == list(range(first, last + 1))
    assert frame_times(out) == [time_s - times_s[first] for time_s in times_s[first : last + 1]]
    assert made["frames"] == last - first + 1
    assert made["size_bytes"] == out.stat().st_size


def edits(path: Path) -> list[tuple[int, int]]:
    """Return the media time of each edit's start, and its rate."""
    data, at, found = path.read_bytes(), 0, []
    while (at := data.find(b"elst", at)) >= 0:
        version, number = data[at + 4], struct.unpack(">I", data[at + 8 : at + 12])[0]
        assert (version, number) == (0, 1)
        found.append(struct.unpack(">ih", data[at + 16 : at + 22]))
        at += 4
    return found


def test_a_player_that_knows_no_edit_list_shows_and_plays_the_same(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=FRAMES, bframes=3)
    out, _made = copy_of(source, 31, 90)
    assert edits(out) == [(0, 1), (0, 1)]
    assert frame_times(out, ignore_editlist="1") == frame_times(out)
    with av.open(str(out), options={"ignore_editlist": "1"}) as container:
        starts = {stream.type: next(p for p in container.demux(stream) if p.size) for stream in container.streams}
    assert {kind: packet.pts for kind, packet in starts.items()} == {"video": 0, "audio": 0}


@pytest.mark.slow
def test_it_is_what_everything_plays(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=FRAMES, **HLG)
    out, _made = copy_of(source, 10, 100)
    with av.open(str(out)) as container:
        picture, heard = container.streams.video[0], container.streams.audio[0]
        assert (picture.codec_context.name, heard.codec_context.name) == ("h264", "aac")
        assert picture.codec_context.profile == "High"
        packets = [p for p in container.demux(picture) if p.size]
        assert all(p.pts == p.dts for p in packets), "no frame looks ahead"
        keyframes = [p.pts * p.time_base for p in packets if p.is_keyframe]
        assert max(np.diff([*keyframes, packets[-1].pts * packets[-1].time_base])) <= 1
        assert picture.duration * picture.time_base == Fraction(91, 30)
    with av.open(str(out)) as container:
        frame = next(container.decode(video=0))
        assert frame.format.name == "yuv420p"
        told = frame.colorspace, frame.color_primaries, frame.color_trc, frame.color_range
        assert told == (1, 1, 1, 1)
    data = out.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.slow
@pytest.mark.parametrize("rotation", [0, 90, 180, -90])
def test_it_is_turned_and_needs_no_turning(tmp_path, rotation):
    source = make_video(tmp_path / "source.mp4", frames=12, size=(320, 180), rotation=rotation, audio=False)
    out, made = copy_of(source, 0, 11)
    with av.open(str(source)) as container:
        turned = next(container.decode(video=0)).rotation  # degrees counter-clockwise to upright
    with av.open(str(out)) as container:
        frames = list(container.decode(video=0))
    assert {frame.rotation for frame in frames} == {0}
    assert (made["width_px"], made["height_px"]) == ((180, 320) if rotation in {90, -90} else (320, 180))
    lumas = [np.rot90(luma_of(frame), -turned // 90) for frame in frames]
    assert [frame_number(luma) for luma in lumas] == list(range(12))


@pytest.mark.parametrize(
    ("size", "shown"), [((2560, 1440), (1920, 1080)), ((1440, 1080), (1440, 1080)), ((258, 182), (258, 182))]
)
def test_it_is_no_larger_than_every_phone_plays(tmp_path, size, shown):
    source = make_video(tmp_path / "source.mp4", frames=2, size=size, audio=False)
    _out, made = copy_of(source, 0, 1)
    assert (made["width_px"], made["height_px"]) == shown


def test_hdr_is_shown_as_bright_as_it_was(tmp_path):
    """The drawn numbers are HLG's 0 and its peak; the ground is 96 to 128 of 255 in a signal of limited range."""
    source = make_video(tmp_path / "source.mp4", frames=8, audio=False, **HLG)
    out, _made = copy_of(source, 0, 7)
    with av.open(str(out)) as container:
        luma = list(container.decode(video=0))[7].to_ndarray(format="yuv420p", threads=1)[:180, :320].astype(float)
    assert luma[4:12, 4:12].mean() == pytest.approx(235, abs=3)
    assert luma[4:12, 100:240].mean() == pytest.approx(16, abs=3)
    ground = luma[60:120, 100:240].mean()
    with av.open(str(source)) as container:
        coded = luma_of(next(container.decode(video=0)))[60:120, 100:240].mean()
    assert ground == pytest.approx(coded, abs=16), "greys below the middle are about what HLG has there"


def test_sound_stays_with_the_picture(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=FRAMES, bframes=3)
    out, _made = copy_of(source, 31, 90)
    heard = decoded_sound(out)
    begin = round(Fraction(31, 30) * SOUND_RATE_HZ)
    expected = sound(FRAMES / 30)[begin : begin + len(heard)]
    agreement = correlate(heard[: len(expected)], expected, mode="full")
    assert abs(int(np.argmax(agreement)) - (len(expected) - 1)) / SOUND_RATE_HZ <= 0.001
    assert len(heard) / SOUND_RATE_HZ == pytest.approx(2, abs=0.025)


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "slow_down"), [(240, 4), (240, 8), (120, 2), (60, 3)])
def test_slow_motion_keeps_every_frame_and_stretches_its_time(tmp_path, rate, slow_down):
    source = make_video(tmp_path / "source.mp4", frames=FRAMES, rate=rate, gop=60, size=(256, 144))
    times_s = frame_times(source)
    out, made = copy_of(source, 20, 79, slow_down=slow_down, sound="drop")
    assert shown_numbers(out) == list(range(20, 80))
    assert frame_times(out) == [(time_s - times_s[20]) * slow_down for time_s in times_s[20:80]]
    assert made["duration_ms"] == 60 * slow_down * 1000 // rate
    with av.open(str(out)) as container:
        assert [stream.type for stream in container.streams] == ["video"]
        assert container.duration / av.time_base == pytest.approx(60 * slow_down / rate, abs=0.001)


@pytest.mark.slow
@pytest.mark.parametrize("slow_down", [2, 3, 4, 8])
def test_a_bang_in_slow_motion_is_heard_where_it_is_seen(tmp_path, slow_down):
    """Bangs of 50 ms: their middles are where they belong to 10 ms of the original."""
    make_video(tmp_path / "silent.mp4", frames=180, rate=60, audio=False, size=(256, 144))
    samples, rng, bangs_s = np.zeros(3 * SOUND_RATE_HZ, np.float32), np.random.default_rng(0), (0.5, 1.1, 1.75, 2.4)
    for at_s in bangs_s:
        samples[round((at_s - 0.025) * SOUND_RATE_HZ) :][:2400] = rng.standard_normal(2400) * 0.3
    add_sound(tmp_path / "silent.mp4", tmp_path / "source.mp4", samples)
    out, _made = copy_of(tmp_path / "source.mp4", 0, 179, slow_down=slow_down)
    heard = decoded_sound(out)
    for at_s in bangs_s:
        begin, end = (round((at_s + side_s) * slow_down * SOUND_RATE_HZ) for side_s in (-0.2, 0.2))
        energy = heard[begin:end] ** 2
        middle_s = (energy @ np.arange(end - begin) / energy.sum() + begin) / SOUND_RATE_HZ
        assert middle_s / slow_down == pytest.approx(at_s, abs=0.010)


@pytest.mark.slow
def test_stretched_sound_is_heard_when_it_is_seen_and_at_its_own_pitch(tmp_path):
    """A second and a half of 1 kHz that begins at 1.0 s lasts three seconds from 2.0 s on, and is 1 kHz still."""
    source = tmp_path / "source.mp4"
    make_video(tmp_path / "silent.mp4", frames=240, rate=60, audio=False, size=(256, 144))
    tone = np.sin(2 * np.pi * 1000 * np.arange(4 * SOUND_RATE_HZ) / SOUND_RATE_HZ).astype(np.float32) * 0.5
    tone[:SOUND_RATE_HZ] = tone[int(2.5 * SOUND_RATE_HZ) :] = 0
    add_sound(tmp_path / "silent.mp4", source, tone)
    out, _made = copy_of(source, 0, 239, slow_down=2)
    heard = decoded_sound(out)
    loud = np.convolve(np.abs(heard), np.ones(480) / 480, mode="same") > 0.15
    begins_s, ends_s = np.flatnonzero(loud)[[0, -1]] / SOUND_RATE_HZ
    assert begins_s == pytest.approx(2.0, abs=0.05)
    assert ends_s == pytest.approx(5.0, abs=0.05)
    middle = heard[3 * SOUND_RATE_HZ : 4 * SOUND_RATE_HZ]
    assert np.argmax(np.abs(np.fft.rfft(middle))) == pytest.approx(1000, abs=5)


def add_sound(silent: Path, out: Path, samples: np.ndarray) -> None:
    """Copy a film and give it a track of sound."""
    with av.open(str(silent)) as source, av.open(str(out), "w") as target:
        picture = target.add_stream_from_template(source.streams.video[0])
        heard = target.add_stream("aac", rate=SOUND_RATE_HZ, layout="mono")
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = picture
                target.mux(packet)
        for at in range(0, len(samples), 1024):
            frame = av.AudioFrame.from_ndarray(samples[at : at + 1024].reshape(1, -1), format="fltp", layout="mono")
            frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE_HZ, at, Fraction(1, SOUND_RATE_HZ)
            target.mux(heard.encode(frame))
        target.mux(heard.encode(None))


def test_it_says_what_it_is_told_and_nothing_of_the_camera(tmp_path):
    where = {"location": "+46.9480+007.4474/", "make": "GoPro", "com.apple.quicktime.location.ISO6709": "+46.9+007.4/"}
    source = make_video(tmp_path / "source.mp4", frames=30, tags=where)
    out, _made = copy_of(source, 0, 20, tags={"com.trickyclip.clip": "one"})
    with av.open(str(out)) as container:
        assert container.metadata["com.trickyclip.clip"] == "one"
    data = out.read_bytes()
    assert b"GoPro" not in data
    assert b"46.9" not in data


def test_progress_is_told_on_the_way(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=60)
    told = []
    copy_of(source, 0, 59, progress=told.append)
    assert told == sorted(told)
    assert (told[0], len(told)) == (0, 60)
    assert 0.9 < told[-1] <= 1


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "sentence"),
    [(2000, 1000, "The end is before the start."), (60_000, 61_000, "The video ends before 1:00.")],
)
def test_a_span_that_is_not_in_the_video_is_one_sentence(tmp_path, start_ms, end_ms, sentence):
    source = make_video(tmp_path / "source.mp4", frames=30)
    with pytest.raises(MediaError) as caught:
        make_share_copy(str(source), str(tmp_path / "copy.mp4"), start_ms, end_ms)
    assert str(caught.value) == sentence
    assert not list(tmp_path.glob("*copy*"))


@pytest.mark.parametrize("wish", [{"slow_down": 0}, {"slow_down": 17}, {"sound": "louder"}])
def test_a_wish_that_nobody_can_have_is_refused(tmp_path, wish):
    with pytest.raises(MediaError, match=r"copy can be .*\.$"):
        make_share_copy("source.mp4", str(tmp_path / "copy.mp4"), 0, 1, **wish)


def test_the_part_before_a_cut_off_end_is_copied(tmp_path):
    source = make_cut_off_video(tmp_path)
    make_share_copy(str(source), str(tmp_path / "copy.mp4"), 500, 1000)
    assert shown_numbers(tmp_path / "copy.mp4") == list(range(15, 31))


@pytest.mark.slow
def test_not_more_is_decoded_than_the_part(tmp_path, monkeypatch):
    source = make_video(tmp_path / "source.mp4", frames=600, gop=30, size=(256, 144), audio=False)
    seen = []
    decoded = share_copy.decoded
    monkeypatch.setattr(share_copy, "decoded", lambda *args: (seen.append(f.time) or f for f in decoded(*args)))
    make_share_copy(str(source), str(tmp_path / "copy.mp4"), 10_500, 11_500)
    assert (seen[0], seen[-1]) == (10, 11.5)


@pytest.mark.slow
def test_every_real_camera_file_gets_a_copy(tmp_path, cameras, subtests):
    for source in sorted(cameras.glob("*.m*")):
        with subtests.test(source.name):
            times_s = frame_times(source)
            first = len(times_s) // 3
            last = min(len(times_s) * 2 // 3, first + 20)
            out = tmp_path / "copy.mp4"
            spans = ceil(times_s[first] * 1000), ceil(times_s[last] * 1000)
            made = make_share_copy(str(source), str(out), *spans)
            assert frame_times(out) == [time_s - times_s[first] for time_s in times_s[first : last + 1]]
            assert min(made["width_px"], made["height_px"]) <= 1080
