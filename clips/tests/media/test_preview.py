import json
import subprocess
import sys
from fractions import Fraction
from math import ceil
from pathlib import Path

import av
import numpy as np
import pytest
from scipy.signal import correlate

from clips.media import MediaError, sandbox
from clips.media.poster import make_posters
from clips.media.preview import make_preview, make_previews
from clips.tests.media.made_up import (
    SOUND_RATE_HZ,
    decoded_sound,
    frame_number,
    make_cut_off_video,
    make_video,
    shown_numbers,
    sound,
)

FRAMES = 120
JITTERED_MS = [int(n * 100 / 3) + (0, 9, 3, 17)[n % 4] for n in range(FRAMES)]  # a phone's variable rate
ENCODINGS = {
    "h264 with B-frames": {"bframes": 3},
    "h264, one keyframe": {"bframes": 2, "gop": 600},
    "h264 with an open GOP": {"bframes": 3, "open_gop": True},
    "hevc": {"codec": "libx265", "bframes": 3},
    "59.94": {"rate": Fraction(60000, 1001), "bframes": 2},
    "120": {"rate": 120, "gop": 60},
    "240": {"rate": 240, "gop": 60},
    "variable rate": {"pts": JITTERED_MS, "bframes": 2},
}


def frame_times(path: Path) -> list[Fraction]:
    with av.open(str(path)) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def packets_of(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def picture_facts(path: Path) -> tuple[int, int, int, str]:
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        return frame.width, frame.height, frame.rotation, frame.format.name


@pytest.mark.slow
@pytest.mark.parametrize("name", ENCODINGS)
def test_every_frame_is_there_at_its_own_time(tmp_path, name):
    """Frame for frame and time for time, so that a page which steps through the copy steps through the original."""
    source = make_video(tmp_path / "source.mp4", frames=FRAMES, **ENCODINGS[name])
    times_s = frame_times(source)
    first, last = 37, 95
    out = tmp_path / "preview.mp4"
    found = make_preview(str(source), str(out), ceil(times_s[first] * 1000), ceil(times_s[last] * 1000))
    assert shown_numbers(out) == list(range(first, last + 1))
    assert found["frames"] == last - first + 1
    assert found["slow_down"] == {"120": 2, "240": 4}.get(name, 1)
    slowed_s = [found["slow_down"] * (time_s - times_s[first]) for time_s in times_s[first : last + 1]]
    assert frame_times(out) == slowed_s


@pytest.mark.parametrize("name", ["59.94", "120", "240", "variable rate"])
def test_a_time_in_the_preview_names_its_frame_in_the_original(tmp_path, name):
    source = make_video(tmp_path / "source.mp4", frames=FRAMES, **ENCODINGS[name])
    times_s = frame_times(source)
    out = tmp_path / "preview.mp4"
    found = make_preview(str(source), str(out), ceil(times_s[20] * 1000), ceil(times_s[100] * 1000))
    for number, time_s in enumerate(frame_times(out), start=20):
        # As clips/_preview.html tells pages to do it.
        named_ms = ceil(found["start_ms"] + time_s * 1000 / found["slow_down"])
        assert times_s[number] * 1000 <= named_ms < times_s[number + 1] * 1000


@pytest.mark.slow
@pytest.mark.parametrize(("ending", "bframes"), [("mov", 2), ("mkv", 2), ("avi", 0), ("ts", 0)])
def test_other_containers_are_previewed_as_exactly(tmp_path, ending, bframes):
    source = make_video(tmp_path / f"source.{ending}", frames=FRAMES, bframes=bframes)
    times_s = frame_times(source)
    make_preview(str(source), str(tmp_path / "preview.mp4"), ceil(times_s[30] * 1000), ceil(times_s[60] * 1000))
    assert shown_numbers(tmp_path / "preview.mp4") == list(range(30, 61))


@pytest.mark.slow
def test_at_the_edges_of_the_file_it_is_what_there_is(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=FRAMES, bframes=3)
    found = make_preview(str(source), str(tmp_path / "preview.mp4"), 0, 60_000)
    assert shown_numbers(tmp_path / "preview.mp4") == list(range(FRAMES))
    assert (found["start_ms"], found["end_ms"]) == (0, 4000)


def test_a_browser_can_seek_it_and_begin_before_all_is_there(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=FRAMES, bframes=3, gop=600)
    out = tmp_path / "preview.mp4"
    make_preview(str(source), str(out), 500, 3500)
    with av.open(str(out)) as container:
        assert {s.codec_context.name for s in container.streams} == {"h264", "aac"}
        packets = [p for p in container.demux(video=0) if p.size]
        assert packets[0].pts == 0
        assert all(p.pts == p.dts for p in packets), "no frame looks ahead"
        keyframes = [index for index, p in enumerate(packets) if p.is_keyframe]
    assert keyframes == list(range(0, len(packets), 15))
    data = out.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize(
    ("size", "rotation", "shown"),
    [
        ((1920, 1080), 0, (960, 540)),
        ((1920, 1080), 90, (540, 960)),
        ((1920, 1080), 180, (960, 540)),
        ((1920, 1080), -90, (540, 960)),
        ((1440, 1080), 0, (720, 540)),
        ((320, 180), 0, (320, 180)),
        ((258, 182), 90, (182, 258)),
    ],
)
def test_it_is_small_upright_and_even(tmp_path, size, rotation, shown):
    source = make_video(tmp_path / "source.mp4", frames=4, size=size, rotation=rotation)
    found = make_preview(str(source), str(tmp_path / "preview.mp4"), 0, 100)
    assert picture_facts(tmp_path / "preview.mp4") == (*shown, 0, "yuv420p")
    assert (found["width_px"], found["height_px"]) == shown


@pytest.mark.slow
@pytest.mark.parametrize("rotation", [0, 90, 180, -90])
def test_it_is_turned_the_way_that_players_turn_the_original(tmp_path, rotation):
    source = make_video(tmp_path / "source.mp4", frames=12, size=(1280, 720), rotation=rotation, audio=False)
    out = tmp_path / "preview.mp4"
    make_preview(str(source), str(out), 0, 1000)
    with av.open(str(source)) as container:
        turned = next(container.decode(video=0)).rotation  # degrees counter-clockwise to upright
    with av.open(str(out)) as container:
        numbers = []
        for frame in container.decode(video=0):
            luma = np.rot90(frame.to_ndarray(format="gray"), -turned // 90)  # back as the camera's chip saw it
            numbers.append(frame_number(luma.repeat(4, axis=0).repeat(4, axis=1)[::3, ::3]))
    assert numbers == list(range(12))


def test_sound_stays_with_the_picture(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=FRAMES, bframes=3)
    out = tmp_path / "preview.mp4"
    make_preview(str(source), str(out), 1017, 3017)
    heard = decoded_sound(out)
    expected = sound(FRAMES / 30)[SOUND_RATE_HZ:][: len(heard)]  # from frame 30, which is on screen at 1017 ms
    agreement = correlate(heard[: len(expected)], expected, mode="full")
    lag_s = (int(np.argmax(agreement)) - (len(expected) - 1)) / SOUND_RATE_HZ
    assert abs(lag_s) <= 0.010
    assert len(heard) / SOUND_RATE_HZ == pytest.approx(61 / 30, abs=0.025)


def test_without_sound_there_is_none(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=30, audio=False)
    make_preview(str(source), str(tmp_path / "preview.mp4"), 0, 900)
    with av.open(str(tmp_path / "preview.mp4")) as container:
        assert [s.type for s in container.streams] == ["video"]


@pytest.mark.slow
def test_only_what_is_needed_is_decoded(tmp_path, monkeypatch):
    source = make_video(tmp_path / "source.mp4", frames=600, gop=60, audio=False)
    decoded = []
    monkeypatch.setattr("clips.media.film.frames_of", lambda p: decoded.append(p.pts * p.time_base) or p.decode())
    make_preview(str(source), str(tmp_path / "preview.mp4"), 10_500, 11_500)
    assert (decoded[0], decoded[-1]) == (10, Fraction(23, 2))


NTSC = Fraction(60000, 1001)
SLOWED = [(24, 1), (50, 1), (NTSC, 1), (60, 1), (90, 2), (100, 2), (2 * NTSC, 2), (4 * NTSC, 4), (480, 8)]


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "slow_down"), SLOWED)
def test_fast_film_is_slowed_to_what_a_screen_shows(tmp_path, rate, slow_down):
    source = make_video(tmp_path / "source.mp4", frames=int(rate) // 2, rate=rate, gop=300, audio=False)
    assert make_preview(str(source), str(tmp_path / "preview.mp4"), 0, 400)["slow_down"] == slow_down


def test_slowed_sound_stays_with_the_picture_at_its_own_pitch(tmp_path):
    """A burst in the middle of the film is heard in the middle of its copy, and its noise is as bright as before."""
    source = make_video(tmp_path / "source.mp4", frames=240, rate=240, events_s=[0.5])
    out = tmp_path / "preview.mp4"
    make_preview(str(source), str(out), 0, 1000)
    heard = decoded_sound(out)
    loud = np.where(np.abs(heard) > 0.1)[0] / SOUND_RATE_HZ
    assert np.mean(loud) == pytest.approx(4 * 0.5, abs=4 * 0.010)
    assert len(heard) / SOUND_RATE_HZ == pytest.approx(4.0, abs=0.05)
    spectrum = np.abs(np.fft.rfft(heard)) ** 2
    hz = np.fft.rfftfreq(len(heard), 1 / SOUND_RATE_HZ)
    assert (spectrum * hz).sum() / spectrum.sum() > 6000, "slowed by its samples, noise would end at 6 kHz"


def test_slowed_sound_of_two_channels_stays_two(tmp_path):
    source = tmp_path / "source.mp4"
    with av.open(str(source), "w") as container:
        picture, heard = container.add_stream("libx264", rate=120), container.add_stream("aac", rate=48_000)
        picture.width, picture.height, heard.layout = 320, 180, "stereo"
        for _ in range(120):
            container.mux(picture.encode(av.VideoFrame(320, 180, "yuv420p")))
        sides = np.stack([sound(1.0), np.zeros(SOUND_RATE_HZ, np.float32)])
        for at in range(0, SOUND_RATE_HZ, 1000):
            piece = np.ascontiguousarray(sides[:, at : at + 1000])
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="stereo")
            frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE_HZ, at, Fraction(1, SOUND_RATE_HZ)
            container.mux(heard.encode(frame))
        container.mux([*picture.encode(None), *heard.encode(None)])
    out = tmp_path / "preview.mp4"
    assert make_preview(str(source), str(out), 0, 1000)["slow_down"] == 2
    with av.open(str(out)) as container:
        heard = np.concatenate([frame.to_ndarray() for frame in container.decode(audio=0)], axis=1)
    assert heard.shape[1] / SOUND_RATE_HZ == pytest.approx(2.0, abs=0.05)
    left, right = np.abs(heard).mean(axis=1)
    assert left > 20 * right


LIGHT = {
    "a copy by the camera": {},
    "with B-frames": {"bframes": 3},
    "without sound": {"audio": False},
    "720p30": {"size": (1280, 720), "encoder_params": "crf=38"},
}
HEAVY = {
    "too few keyframes": {"gop": 60},
    "a codec that browsers lack": {"codec": "libx265"},
    "10 bits": {"pix_fmt": "yuv420p10le"},
    "more frames than a screen shows": {"rate": 120},
    "turned": {"rotation": 90},
    "too large": {"size": (1600, 900)},
    "too much from keyframe to keyframe": {"size": (1280, 720), "rate": 60, "gop": 60},
    "an open GOP": {"bframes": 3, "open_gop": True},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", LIGHT)
def test_what_a_browser_plays_as_it_is_keeps_its_packets(tmp_path, name):
    source = make_video(tmp_path / "source.mp4", frames=FRAMES, **LIGHT[name])
    out = tmp_path / "preview.mp4"
    found = make_preview(str(source), str(out), 1500, 2500)
    assert found["is_copied"]
    assert (found["start_ms"], found["end_ms"], found["width_px"]) == (
        1500,
        2533,
        LIGHT[name].get("size", (320, 180))[0],
    )
    assert shown_numbers(out) == list(range(45, 76))
    assert set(packets_of(out)) <= set(packets_of(source))
    data = out.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.slow
@pytest.mark.parametrize("name", HEAVY)
def test_all_else_is_encoded(tmp_path, name):
    source = make_video(tmp_path / "source.mp4", frames=60, **HEAVY[name])
    out = tmp_path / "preview.mp4"
    assert not make_preview(str(source), str(out), 0, 1900)["is_copied"]
    with av.open(str(out)) as container:
        picture = container.streams.video[0].codec_context
        assert (picture.name, picture.pix_fmt, picture.has_b_frames) == ("h264", "yuv420p", False)


def make_noise(path: Path, *, seconds: int, size: tuple[int, int] = (960, 540)) -> Path:
    """Write a film that no encoder can make small: every frame is another noise."""
    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        track = container.add_stream("libx264", rate=60, options={"preset": "ultrafast", "qp": "24", "g": "60"})
        track.width, track.height, track.pix_fmt = *size, "yuv420p"
        for _ in range(seconds * 60):
            noise = rng.integers(0, 256, size[::-1], dtype=np.uint8)
            container.mux(track.encode(av.VideoFrame.from_ndarray(noise, format="gray").reformat(format="yuv420p")))
        container.mux(track.encode(None))
    return path


@pytest.mark.slow
def test_it_never_takes_more_than_4_megabits_a_second(tmp_path):
    source = make_noise(tmp_path / "noise.mp4", seconds=5)
    out = tmp_path / "preview.mp4"
    make_preview(str(source), str(out), 0, 5000)
    assert out.stat().st_size * 8 / 5 <= 4e6, "the whole file"
    with av.open(str(out)) as container:
        sizes = [packet.size for packet in container.demux(video=0) if packet.size]
    busiest = max(sum(sizes[first : first + 120]) for first in range(len(sizes) - 119))
    assert busiest * 8 / 2 <= 4e6, "any two seconds of it"


SPANS_MS = [(1000, 2500), (2000, 3500), (8000, 9000)]


def spans(folder: Path) -> list[dict]:
    outs = [str(folder / f"{number}.mp4") for number in range(len(SPANS_MS))]
    return [{"start_ms": a, "end_ms": b, "out": out} for (a, b), out in zip(SPANS_MS, outs, strict=True)]


@pytest.mark.slow
def test_several_are_each_as_if_made_alone(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=300, gop=60, codec="libx265", bframes=2)
    (tmp_path / "alone").mkdir()
    together = make_previews(str(source), spans(tmp_path)[::-1])[::-1]
    for request, found, made in zip(spans(tmp_path / "alone"), together, spans(tmp_path), strict=True):
        assert make_preview(str(source), request["out"], request["start_ms"], request["end_ms"]) == found
        assert shown_numbers(request["out"]) == shown_numbers(made["out"])
        assert frame_times(request["out"]) == frame_times(made["out"])
        assert len(decoded_sound(request["out"])) == len(decoded_sound(made["out"]))


@pytest.mark.slow
def test_what_they_share_is_decoded_once(tmp_path, monkeypatch):
    source = make_video(tmp_path / "source.mp4", frames=300, gop=60, codec="libx265", audio=False)
    decoded = []
    monkeypatch.setattr("clips.media.film.frames_of", lambda p: decoded.append(p.pts * p.time_base) or p.decode())
    make_previews(str(source), spans(tmp_path))
    assert len(decoded) == len(set(decoded))
    assert not any(4 < time_s < 8 for time_s in decoded), "nor what nobody asked for"


def test_one_that_cannot_be_made_costs_the_others_nothing(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=300, gop=60, audio=False)
    beyond = {"start_ms": 60_000, "end_ms": 61_000, "out": str(tmp_path / "beyond.mp4")}
    made = make_previews(str(source), [beyond, *spans(tmp_path)])
    assert made[0] == {"error": "The video ends before 1:00."}
    assert [found["frames"] for found in made[1:]] == [46, 46, 31]
    assert not (tmp_path / "beyond.mp4").exists()


@pytest.mark.slow
def test_the_cameras_small_copy_is_read_instead(tmp_path):
    """Told apart by its size: the original is too large to be copied as it is."""
    times = {"frames": FRAMES, "rate": Fraction(60000, 1001), "gop": 60}
    source = make_video(tmp_path / "GX010001.MP4", size=(1280, 720), **times)
    copy = make_video(tmp_path / "GL010001.mp4", size=(512, 288), **times)
    out = tmp_path / "preview.mp4"
    found = make_preview(str(source), str(out), 500, 1000, low_res_path=str(copy))
    assert (found["is_copied"], found["width_px"]) == (True, 512)
    alone = make_preview(str(source), str(tmp_path / "alone.mp4"), 500, 1000)
    assert [found[name] for name in ("start_ms", "end_ms", "frames")] == [
        alone[name] for name in ("start_ms", "end_ms", "frames")
    ]
    assert frame_times(out) == frame_times(tmp_path / "alone.mp4")
    assert shown_numbers(out) == list(range(29, 60))


@pytest.mark.slow
@pytest.mark.parametrize("other", [{"rate": 30}, {"rate": 60, "starts_s": 1}, {"rate": 60, "frames": 50}])
def test_a_small_copy_with_other_frame_times_is_not(tmp_path, other):
    source = make_video(tmp_path / "GX010001.MP4", frames=FRAMES, rate=60, size=(1280, 720), gop=60)
    copy = make_video(tmp_path / "GL010001.mp4", **{"frames": FRAMES, "size": (512, 288), "gop": 60} | other)
    out = tmp_path / "preview.mp4"
    found = make_preview(str(source), str(out), 500, 1000, low_res_path=str(copy))
    assert (found["width_px"], found["frames"]) == (960, 31)
    assert frame_times(out) == [Fraction(n, 60) for n in range(31)]


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "sentence"),
    [(2000, 1000, "The end lies before the start."), (60_000, 61_000, "The video ends before 1:00.")],
)
def test_a_span_that_is_not_in_the_video_is_one_sentence(tmp_path, start_ms, end_ms, sentence):
    source = make_video(tmp_path / "source.mp4", frames=30)
    with pytest.raises(MediaError) as caught:
        make_preview(str(source), str(tmp_path / "preview.mp4"), start_ms, end_ms)
    assert str(caught.value) == sentence
    assert not list(tmp_path.glob("*preview*"))


def test_the_part_before_a_cut_off_end_is_shown(tmp_path):
    source = make_cut_off_video(tmp_path)
    make_preview(str(source), str(tmp_path / "preview.mp4"), 500, 1000)
    assert shown_numbers(tmp_path / "preview.mp4") == list(range(15, 31))


@pytest.mark.slow
def test_every_real_camera_file_gets_a_preview_and_a_poster(tmp_path, cameras, subtests):
    for source in sorted(cameras.glob("*.m*")):
        with subtests.test(source.name):
            times_s = frame_times(source)
            first, last = len(times_s) // 3, len(times_s) * 2 // 3
            out = tmp_path / "preview.mp4"
            make_preview(str(source), str(out), ceil(times_s[first] * 1000), ceil(times_s[last] * 1000))
            assert frame_times(out) == [time_s - times_s[first] for time_s in times_s[first : last + 1]]
            assert picture_facts(out)[2] == 0
            poster = str(tmp_path / "poster.jpg")
            assert make_posters(str(source), [{"at_ms": int(times_s[last] * 1000), "out": poster}]) == [poster]


@pytest.mark.slow
def test_the_command_line_makes_a_preview_in_the_sandbox(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=60)
    out = tmp_path / "preview.mp4"
    command = ["preview", source, "--start-ms", "500", "--end-ms", "1000", out]
    done = subprocess.run(
        [sys.executable, "-m", "clips.media", *map(str, command)],
        cwd=sandbox.PROJECT_ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["frames"] == 16
    assert shown_numbers(out) == list(range(15, 31))
