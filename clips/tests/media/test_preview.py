"""Tests previews: every frame at its own time, seekable in browsers."""

import json
import subprocess
import sys
from fractions import Fraction
from math import ceil
from pathlib import Path

import av
import numpy as np
import pytest

from clips.media import MediaError
from clips.media.render.poster import make_posters
from clips.media.render.preview import make_preview, make_previews
from clips.media.sandbox import runner
from clips.tests.media.grey import luma_of
from clips.tests.media.made_up import (
    decoded_sound,
    frame_number,
    frame_times,
    make_cut_off_video,
    make_video,
    shown_numbers,
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
        # As clips/previews/_preview.html tells pages to do it.
        named_ms = ceil(found["start_ms"] + time_s * 1000 / found["slow_down"])
        assert times_s[number] * 1000 <= named_ms < times_s[number + 1] * 1000


@pytest.mark.slow
@pytest.mark.parametrize(("ending", "bframes"), [("mov", 2), ("mkv", 2), ("ts", 0)])  # AVI: see test_kinds
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


@pytest.mark.slow
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
            luma = np.rot90(luma_of(frame), -turned // 90)  # back as the camera's chip saw it
            numbers.append(frame_number(luma.repeat(4, axis=0).repeat(4, axis=1)[::3, ::3]))
    assert numbers == list(range(12))


@pytest.mark.slow
def test_only_what_is_needed_is_decoded(tmp_path, monkeypatch):
    source = make_video(tmp_path / "source.mp4", frames=600, gop=60, audio=False)
    decoded = []
    monkeypatch.setattr("clips.media.decode.frames_of", lambda p: decoded.append(p.pts * p.time_base) or p.decode())
    make_preview(str(source), str(tmp_path / "preview.mp4"), 10_500, 11_500)
    assert (decoded[0], decoded[-1]) == (10, Fraction(23, 2))


NTSC = Fraction(60000, 1001)
SLOWED = [(24, 1), (50, 1), (NTSC, 1), (60, 1), (90, 2), (100, 2), (2 * NTSC, 2), (4 * NTSC, 4), (480, 8)]


@pytest.mark.slow
@pytest.mark.parametrize(("rate", "slow_down"), SLOWED)
def test_fast_film_is_slowed_to_what_a_screen_shows(tmp_path, rate, slow_down):
    source = make_video(tmp_path / "source.mp4", frames=int(rate) // 2, rate=rate, gop=300, audio=False)
    assert make_preview(str(source), str(tmp_path / "preview.mp4"), 0, 400)["slow_down"] == slow_down


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
    monkeypatch.setattr("clips.media.decode.frames_of", lambda p: decoded.append(p.pts * p.time_base) or p.decode())
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


@pytest.mark.parametrize(
    ("start_ms", "end_ms", "sentence"),
    [(2000, 1000, "The end is before the start."), (60_000, 61_000, "The video ends before 1:00.")],
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
        cwd=runner.PROJECT_ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["frames"] == 16
    assert shown_numbers(out) == list(range(15, 31))
