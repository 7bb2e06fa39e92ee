"""Tests that a cut shows exactly the frames asked for, and keeps metadata and sound."""

import hashlib
import random
import subprocess
import sys
from fractions import Fraction
from math import ceil

import av
import numpy as np
import pytest
from scipy.signal import correlate

from clips.media import MediaError
from clips.media.cut.clip import cut
from clips.media.probe import probe
from clips.media.sandbox import runner
from clips.tests.media.made_up import (
    SOUND_RATE_HZ,
    decoded_sound,
    frame_times,
    make_cut_off_video,
    make_video,
    shown_numbers,
    sound,
)

FRAMES = 120
JITTERED_MS = [int(n * 100 / 3) + (0, 9, 3, 17)[n % 4] for n in range(FRAMES)]  # a phone's variable rate
ENCODINGS = {
    "h264 without B-frames": {},
    "h264 with B-frames": {"bframes": 3},
    "h264, one keyframe": {"bframes": 2, "gop": 600},
    "h264 with an open GOP": {"bframes": 3, "open_gop": True},
    "hevc": {"codec": "libx265", "bframes": 3},
    "hevc with an open GOP": {"codec": "libx265", "bframes": 3, "open_gop": True},
    "59.94": {"rate": Fraction(60000, 1001), "bframes": 2},
    "240": {"rate": 240, "gop": 60},
    "variable rate": {"pts": JITTERED_MS, "bframes": 2},
    "without sound": {"audio": False, "bframes": 3},
}


def naming_ms(time_s: Fraction) -> int:
    """Return the millisecond by which a page names the frame shown from ``time_s`` on."""
    return ceil(time_s * 1000)


def packet_hashes(path, kind: str) -> list[str]:
    with av.open(str(path)) as container:
        stream = getattr(container.streams, kind)[0]
        return [hashlib.sha256(bytes(p)).hexdigest() for p in container.demux(stream) if p.size]


def is_run_of(part: list[str], whole: list[str]) -> bool:
    begin = whole.index(part[0])
    return whole[begin : begin + len(part)] == part


@pytest.mark.slow
@pytest.mark.parametrize("name", ENCODINGS)
def test_the_first_and_the_last_frame_shown_are_the_asked_ones(tmp_path, name):
    source = make_video(tmp_path / "source.mp4", frames=FRAMES, **ENCODINGS[name])
    times_s = frame_times(source)
    rng = random.Random(name)  # noqa: S311 - a seed, no secret
    for _ in range(5):
        first, last = sorted(rng.sample(range(FRAMES), 2))
        out = tmp_path / "clip.mp4"
        found = cut(str(source), str(out), naming_ms(times_s[first]), naming_ms(times_s[last]))
        assert shown_numbers(out) == list(range(first, last + 1))
        assert found["frames"] == last - first + 1
        shown_s = [time_s - times_s[first] for time_s in times_s[first : last + 1]]
        assert frame_times(out) == shown_s


@pytest.mark.slow
@pytest.mark.parametrize("ending", ["mov", "mkv"])  # AVI has no times of its own: see test_kinds
def test_other_containers_are_cut_as_exactly(tmp_path, ending):
    source = make_video(tmp_path / f"source.{ending}", frames=FRAMES, bframes=2)
    times_s = frame_times(source)
    for first, last in [(0, 3), (40, 80), (95, FRAMES - 1)]:
        cut(str(source), str(tmp_path / "clip.mp4"), naming_ms(times_s[first]), naming_ms(times_s[last]))
        assert shown_numbers(tmp_path / "clip.mp4") == list(range(first, last + 1))


def test_any_millisecond_within_a_frame_names_it(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=60, bframes=2)
    cut(str(source), str(tmp_path / "clip.mp4"), 1033, 1066)  # frame 30 is shown from 1000, 31 from 1033.3
    assert shown_numbers(tmp_path / "clip.mp4") == [30, 31]


def test_one_frame_is_a_clip(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=60, bframes=2)
    cut(str(source), str(tmp_path / "clip.mp4"), 1500, 1500)
    assert shown_numbers(tmp_path / "clip.mp4") == [45]


def test_a_clip_can_be_cut_again(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=120, bframes=3)
    cut(str(source), str(tmp_path / "clip.mp4"), 1234, 3000)
    cut(str(tmp_path / "clip.mp4"), str(tmp_path / "again.mp4"), 500, 1000)
    assert shown_numbers(tmp_path / "clip.mp4")[0] == 37
    assert shown_numbers(tmp_path / "again.mp4") == list(range(52, 68))


def test_packets_are_copied_bit_for_bit(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=FRAMES, bframes=3)
    cut(str(source), str(tmp_path / "clip.mp4"), 1400, 2600)
    for kind in ("video", "audio"):
        assert is_run_of(packet_hashes(tmp_path / "clip.mp4", kind), packet_hashes(source, kind))


@pytest.mark.parametrize("start_ms", [0, 10, 700, 1000, 1017, 2511])
def test_sound_stays_with_the_picture(tmp_path, start_ms):
    source = make_video(tmp_path / "source.mp4", frames=FRAMES, bframes=3)
    found = cut(str(source), str(tmp_path / "clip.mp4"), start_ms, start_ms + 1000)
    heard = decoded_sound(tmp_path / "clip.mp4")
    begin = round(found["first_pts"] * SOUND_RATE_HZ * found["time_base_num"] / found["time_base_den"])
    expected = sound(FRAMES / 30)[begin : begin + len(heard)]
    agreement = correlate(heard[: len(expected)], expected, mode="full")
    lag_s = (int(np.argmax(agreement)) - (len(expected) - 1)) / SOUND_RATE_HZ
    assert abs(lag_s) <= 0.010
    assert len(heard) / SOUND_RATE_HZ == pytest.approx(found["duration_ms"] / 1000, abs=0.025)


def test_what_the_camera_said_stays_and_our_tags_are_added(tmp_path):
    said = {
        "com.apple.quicktime.make": "Apple",
        "com.apple.quicktime.model": "iPhone XR",
        "com.apple.quicktime.location.ISO6709": "+47.0000+011.0000/",
        "com.apple.quicktime.creationdate": "2024-12-01T14:00:00+0100",
        "creation_time": "2024-12-01T13:00:00.000000Z",
    }
    source = make_video(tmp_path / "source.mov", frames=FRAMES, tags=said, rotation=90)
    cut(str(source), str(tmp_path / "clip.mp4"), 2000, 3000, {"clip_id": "c1", "original_sha256": "ab"})
    with av.open(str(tmp_path / "clip.mp4")) as clip:
        kept = dict(clip.metadata)
        rotation = next(clip.decode(video=0)).rotation
    assert rotation == 90
    assert kept["com.apple.quicktime.make"] == "Apple"
    assert kept["com.apple.quicktime.model"] == "iPhone XR"
    assert kept["com.apple.quicktime.location.ISO6709"] == "+47.0000+011.0000/"
    assert kept["creation_time"] == "2024-12-01T13:00:02.000000Z"
    assert kept["com.apple.quicktime.creationdate"] == "2024-12-01T14:00:02+01:00"
    assert (kept["clip_id"], kept["original_sha256"]) == ("c1", "ab")


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "sentence"),
    [
        (2000, 1000, "The end is before the start."),
        (-1, 1000, "The start is before the beginning of the video."),
        (1000, 540_000, "The video is 0:04 long; 9:00 is outside it."),
        (540_000, 541_000, "The video is 0:04 long; 9:00 is outside it."),
    ],
)
def test_a_span_that_is_not_in_the_video_is_one_sentence(tmp_path, start_ms, end_ms, sentence):
    source = make_video(tmp_path / "source.mp4", frames=FRAMES)
    with pytest.raises(MediaError) as caught:
        cut(str(source), str(tmp_path / "clip.mp4"), start_ms, end_ms)
    assert str(caught.value) == sentence
    assert not list(tmp_path.glob("*clip*"))


def test_a_failed_cut_leaves_the_file_that_was_there(tmp_path, monkeypatch):
    source = make_video(tmp_path / "source.mp4", frames=60)
    out = tmp_path / "clip.mp4"
    out.write_bytes(b"the clip of before")

    def no_space(*_):
        assert list(tmp_path.glob(".clip.mp4.*.part"))  # written beside it, under another name
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("clips.media.cut.clip.show_at_most", no_space)
    with pytest.raises(OSError, match="No space"):
        cut(str(source), str(out), 0, 1000)
    assert out.read_bytes() == b"the clip of before"
    assert [path.name for path in tmp_path.glob("*clip*")] == ["clip.mp4"]


def test_the_part_before_a_cut_off_end_can_be_used(tmp_path):
    source = make_cut_off_video(tmp_path)
    cut(str(source), str(tmp_path / "clip.mp4"), 500, 1000)
    assert shown_numbers(tmp_path / "clip.mp4") == list(range(15, 31))


@pytest.mark.parametrize(
    ("gop", "sentence"),
    [
        (30, r"^This file was cut off before that time\.$"),
        (600, r"^This file stops at 0:0[123]; 0:03 cannot be read\.$"),
    ],
)
def test_what_was_cut_off_is_not_made_up(tmp_path, gop, sentence):
    source = make_cut_off_video(tmp_path, gop=gop)
    with pytest.raises(MediaError, match=sentence):
        cut(str(source), str(tmp_path / "clip.mp4"), 500, 3900)
    assert not (tmp_path / "clip.mp4").exists()


@pytest.mark.slow
def test_real_footage_is_cut_exactly(tmp_path, footage):
    source = footage / "dev-tripod.mp4"
    found = cut(str(source), str(tmp_path / "clip.mp4"), 100_034, 106_300)
    assert (found["frames"], found["duration_ms"]) == (189, 6300)
    with av.open(str(source)) as original, av.open(str(tmp_path / "clip.mp4")) as clip:
        stream = original.streams.video[0]
        original.seek(found["first_pts"], stream=stream)
        wanted = (f for f in original.decode(stream) if found["first_pts"] <= f.pts <= found["last_pts"])
        for mine, theirs in zip(clip.decode(video=0), wanted, strict=False):
            assert mine.pts == theirs.pts - found["first_pts"]
            assert np.array_equal(mine.to_ndarray(), theirs.to_ndarray())


def pictures(path, from_s: Fraction, to_s: Fraction) -> list[tuple[Fraction, str]]:
    """Return the shown frames of a whole file between two moments: their time after the first, and a hash."""
    shown = []
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            time_s = frame.pts * frame.time_base
            if time_s > to_s:
                break
            if time_s >= from_s:
                shown.append((time_s - from_s, hashlib.sha256(frame.to_ndarray()).hexdigest()))
    return shown


@pytest.mark.slow
def test_every_real_camera_file_is_cut_as_decoding_it_shows(tmp_path, cameras, subtests):
    for source in sorted(cameras.glob("*.m*")):
        with subtests.test(source.name):
            times_s = frame_times(source)
            first, last = (times_s[len(times_s) * third // 3] for third in (1, 2))
            out = tmp_path / "clip.mp4"
            cut(str(source), str(out), naming_ms(first), naming_ms(last))
            assert pictures(out, Fraction(0), last) == pictures(source, first, last)
            if probe(str(source))["has_audio"]:
                assert_same_sound(source, out, first)


def assert_same_sound(source, clip, start_s: Fraction) -> None:
    """Compare a clip's sound with its source's from ``start_s`` on, within 10 ms."""
    (theirs_s, theirs, rate_hz), (mine_s, mine, _) = sound_of(source), sound_of(clip)
    if not mine.any():
        return  # one silence is like another
    reach = rate_hz // 10
    theirs = np.pad(theirs, reach + len(mine))
    at = round((mine_s + float(start_s) - theirs_s) * rate_hz) + reach + len(mine)
    agreement = correlate(theirs[at - reach : at + len(mine) + reach], mine, mode="valid", method="fft")
    assert abs(int(np.argmax(agreement)) - reach) <= rate_hz // 100
    assert agreement.max() > 0.9 * np.dot(mine, mine)


def sound_of(path) -> tuple[float, np.ndarray, int]:
    """Return when the sound is first heard, in seconds, its first channel from there on, and its rate in Hz."""
    with av.open(str(path)) as container:
        frames = [f for f in container.decode(audio=0) if f.pts is not None and f.pts + f.samples > 0]
    rate_hz, begin_s = frames[0].sample_rate, float(frames[0].pts * frames[0].time_base)
    samples = np.concatenate([f.to_ndarray().reshape(len(f.layout.channels), -1)[0] for f in frames]).astype(float)
    return max(0.0, begin_s), samples[max(0, round(-begin_s * rate_hz)) :], rate_hz


@pytest.mark.slow
def test_a_clip_of_every_real_camera_file_still_names_its_camera(tmp_path, cameras, subtests):
    for source in sorted(cameras.glob("*.m*")):
        with subtests.test(source.name):
            before = probe(str(source))
            found = cut(str(source), str(tmp_path / "clip.mp4"), *(before["duration_ms"] * n // 3 for n in (1, 2)))
            after = probe(str(tmp_path / "clip.mp4"))
            for name in ("make", "model", "width", "height", "rotation", "codec", "has_audio", "has_gopro_telemetry"):
                assert after[name] == before[name], name
            assert after["duration_ms"] == pytest.approx(found["duration_ms"], abs=2)


@pytest.mark.slow
def test_the_command_line_cuts_and_tells_faults_in_one_sentence(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=60)

    def command(*arguments):
        return subprocess.run(
            [sys.executable, "-m", "clips.media", *map(str, arguments)],
            cwd=runner.PROJECT_ROOT, capture_output=True, text=True,
        )  # fmt: skip

    done = command("cut", source, "--start-ms", 500, "--end-ms", 1000, tmp_path / "clip.mp4")
    assert (done.returncode, done.stderr) == (0, "")
    assert shown_numbers(tmp_path / "clip.mp4") == list(range(15, 31))
    refused = command("cut", source, "--start-ms", 1000, "--end-ms", 500, tmp_path / "no.mp4")
    assert (refused.returncode, refused.stderr) == (1, "The end is before the start.\n")
    assert '"fps_label": "30FPS"' in command("probe", source, "--json").stdout
