"""Tests that each tile of a filmstrip shows the frame of its time."""

import json
import re
import subprocess
import sys
from fractions import Fraction
from itertools import pairwise
from math import ceil
from pathlib import Path

import av
import numpy as np
import pytest

from clips.media import MediaError
from clips.media.render import filmstrip
from clips.media.render.filmstrip import FEW_TILES, MAX_TILES, make_filmstrip
from clips.media.render.webvtt import thumbnail_cues
from clips.tests.media.grey import luma_of
from clips.tests.media.made_up import frame_number, make_cut_off_video, make_video
from clips.tests.media.test_waveform import make_sound

JITTERED_MS = [int(n * 100 / 3) + (0, 9, 3, 17)[n % 4] for n in range(360)]  # a phone's variable rate
ENCODINGS = {
    "h264": ("mp4", {}),
    "h264 with B-frames": ("mp4", {"bframes": 3}),
    "h264 with an open GOP": ("mp4", {"bframes": 3, "open_gop": True}),
    "hevc": ("mp4", {"codec": "libx265", "bframes": 3, "open_gop": True}),
    "59.94": ("mp4", {"rate": Fraction(60000, 1001), "bframes": 2}),
    "variable rate": ("mov", {"pts": JITTERED_MS}),
    "matroska": ("mkv", {"bframes": 2}),
    "transport stream": ("ts", {}),
}


def strip_of(source: Path) -> tuple[dict, list[np.ndarray]]:
    """Make the strip of a file beside it; return its facts, and its tiles [shape=(height, width), uint8]."""
    out = source.parent / "strip.jpg"
    found = make_filmstrip(str(source), str(out))
    with av.open(str(out)) as container:
        sprite = luma_of(next(container.decode(video=0)))
    width, height, columns = found["tile_width_px"], found["tile_height_px"], found["columns"]
    assert sprite.shape == (height * ceil(len(found["times_ms"]) / columns), width * columns)
    places = [divmod(place, columns) for place in range(len(found["times_ms"]))]
    return found, [sprite[row * height :, column * width :][:height, :width] for row, column in places]


def number_in(tile: np.ndarray) -> int:
    """Read the number of a frame of 320 × 180, of which the tile has half the size."""
    return frame_number(tile.repeat(2, axis=0).repeat(2, axis=1))


def numbers_by_ms(source: Path) -> dict[int, int]:
    """Return the number of the frame at each time."""
    with av.open(str(source)) as container:
        begin = container.start_time if "mpegts" in container.format.name else 0
        zero_s = Fraction(begin, av.time_base)
        times_s = [frame.pts * frame.time_base - zero_s for frame in container.decode(video=0)]
    return {ceil(time_s * 1000): number for number, time_s in enumerate(times_s)}


@pytest.mark.slow
@pytest.mark.parametrize("name", ENCODINGS)
def test_each_tile_shows_the_frame_of_its_time(tmp_path, name):
    ending, encoding = ENCODINGS[name]
    source = make_video(tmp_path / f"source.{ending}", frames=360, **{"gop": 15, **encoding})
    found, tiles = strip_of(source)
    numbers = numbers_by_ms(source)
    assert [number_in(tile) for tile in tiles] == [numbers[time_ms] for time_ms in found["times_ms"]]
    assert len(tiles) >= FEW_TILES - (name == "59.94") * 2, "of 6 s there are 8 wanted"
    assert all(number_in(tile) % 15 == 0 for tile in tiles), "keyframes alone are decoded"


@pytest.mark.slow
def test_a_long_file_has_as_many_tiles_as_may_be_evenly_spread(tmp_path, monkeypatch):
    decoded = []
    real = filmstrip.decode_alone
    monkeypatch.setattr(filmstrip, "decode_alone", lambda *given: decoded.append(given) or real(*given))
    source = make_video(tmp_path / "source.mp4", frames=600, rate=2, gop=2, size=(256, 144), audio=False)
    found, tiles = strip_of(source)
    assert len(tiles) == MAX_TILES == len(decoded)
    steps_ms = np.diff(found["times_ms"])
    assert set(steps_ms) <= {2_000, 3_000}
    assert found["times_ms"][0] <= 3_000
    assert found["times_ms"][-1] >= 297_000


@pytest.mark.slow
def test_a_file_with_one_keyframe_is_decoded_if_it_is_short(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=240, gop=600, bframes=2)
    found, tiles = strip_of(source)
    numbers = numbers_by_ms(source)
    assert [number_in(tile) for tile in tiles] == [numbers[time_ms] for time_ms in found["times_ms"]]
    assert [number_in(tile) for tile in tiles] == list(range(15, 240, 30))


@pytest.mark.slow
def test_a_long_file_with_one_keyframe_has_one_tile(tmp_path, monkeypatch):
    monkeypatch.setattr(filmstrip, "MAX_DECODED_PX", 239 * 320 * 180)
    source = make_video(tmp_path / "source.mp4", frames=240, gop=600)
    found, (tile,) = strip_of(source)
    assert (found["times_ms"], found["columns"], number_in(tile)) == ([0], 1, 0)


@pytest.mark.parametrize(
    ("size", "rotation", "shown"),
    [
        ((640, 360), 0, (160, 90)),
        ((640, 360), 180, (160, 90)),
        ((640, 360), 90, (90, 160)),
        ((640, 360), -90, (90, 160)),
        ((640, 480), 0, (120, 90)),
    ],
)
def test_tiles_are_upright(tmp_path, size, rotation, shown):
    source = make_video(tmp_path / "source.mp4", frames=4, size=size, rotation=rotation, audio=False)
    found, tiles = strip_of(source)
    assert (found["tile_width_px"], found["tile_height_px"]) == shown
    with av.open(str(source)) as container:
        turned = next(container.decode(video=0)).rotation  # degrees counter-clockwise to upright
    back = [np.rot90(tile, -turned // 90) for tile in tiles]  # as the camera's chip saw it
    larger = [tile.repeat(4, axis=0).repeat(4, axis=1) for tile in back] if size[1] == 360 else []
    assert [frame_number(tile) for tile in larger] == list(range(len(larger)))


def test_a_sprite_stays_small_whatever_it_shows(tmp_path, monkeypatch):
    source = make_video(tmp_path / "source.mp4", frames=300, gop=15, audio=False)
    strip_of(source)
    usual_bytes = (tmp_path / "strip.jpg").stat().st_size
    monkeypatch.setattr(filmstrip, "MAX_SPRITE_BYTES", usual_bytes // 2)
    _found, tiles = strip_of(source)
    assert (tmp_path / "strip.jpg").stat().st_size <= usual_bytes // 2
    assert [number_in(tile) % 15 for tile in tiles] == [0] * len(tiles)


def test_a_file_that_was_cut_off_shows_what_there_is(tmp_path):
    found, tiles = strip_of(make_cut_off_video(tmp_path, gop=10))
    numbers = [number_in(tile) for tile in tiles]
    assert numbers == [round(time_ms * 30 / 1000) for time_ms in found["times_ms"]]
    assert len(numbers) >= 3
    assert max(numbers) < 90


@pytest.mark.slow
def test_keyframes_that_are_damaged_are_left_out(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=600, gop=30, audio=False)
    data = bytearray(source.read_bytes())
    begin, end = len(data) * 4 // 10, len(data) * 6 // 10
    data[begin:end] = bytes(end - begin)
    source.write_bytes(data)
    found, tiles = strip_of(source)
    whole = [(number_in(tile), time_ms) for tile, time_ms in zip(tiles, found["times_ms"], strict=True)]
    outside = [(number, time_ms) for number, time_ms in whole if not 7_000 < time_ms < 13_000]
    assert len(outside) >= 12
    assert all(number == round(time_ms * 30 / 1000) for number, time_ms in outside)


def test_sound_alone_is_no_film(tmp_path):
    sound = make_sound(tmp_path / "source.mkv", np.zeros(48_000))
    with pytest.raises(MediaError, match="contains no video"):
        make_filmstrip(str(sound), str(tmp_path / "strip.jpg"))
    assert not (tmp_path / "strip.jpg").exists()


def test_it_says_how_far_it_is(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=300)
    told = []
    make_filmstrip(str(source), str(tmp_path / "strip.jpg"), progress=told.append)
    assert told == sorted(told)
    assert 0 <= told[0] < 0.3 < told[-1] <= 1


@pytest.mark.slow
def test_files_of_real_cameras_have_strips_and_keep_their_shape(cameras, tmp_path):
    for source in sorted(cameras.glob("*.m*")):
        found = make_filmstrip(str(source), str(tmp_path / "strip.jpg"))
        with av.open(str(source)) as container:
            frame = next(container.decode(video=0))
        sides = (frame.width, frame.height) if frame.rotation % 180 == 0 else (frame.height, frame.width)
        assert found["tile_width_px"] / found["tile_height_px"] == pytest.approx(sides[0] / sides[1], rel=0.03), source
        assert found["times_ms"], source


CUE = re.compile(r"(\d\d):(\d\d):(\d\d)\.(\d{3}) --> (\d\d):(\d\d):(\d\d)\.(\d{3})\n(\S+)#xywh=(\d+),(\d+),(\d+),(\d+)")


def cues_of(text: str) -> list[tuple[int, int, str, tuple[int, int, int, int]]]:
    """Read WebVTT of thumbnails as players do: begin and end in ms, address, and where in the picture."""
    header, *blocks = text.rstrip("\n").split("\n\n")
    assert header == "WEBVTT"
    cues = []
    for block in blocks:
        *clocks, url, x, y, width, height = CUE.fullmatch(block).groups()
        begin, end = (
            ((int(h) * 60 + int(m)) * 60 + int(s)) * 1000 + int(ms) for h, m, s, ms in (clocks[:4], clocks[4:])
        )
        cues.append((begin, end, url, (int(x), int(y), int(width), int(height))))
    return cues


def test_cues_cover_all_of_the_file_and_point_at_its_tiles():
    times_ms = [267, 1_335, 3_723_004]
    text = thumbnail_cues("strip.jpg", times_ms, columns=2, tile_width_px=160, tile_height_px=90, duration_ms=3_800_000)
    assert cues_of(text) == [
        (0, 1_335, "strip.jpg", (0, 0, 160, 90)),
        (1_335, 3_723_004, "strip.jpg", (160, 0, 160, 90)),
        (3_723_004, 3_800_000, "strip.jpg", (0, 90, 160, 90)),
    ]


def test_no_cue_is_empty_where_a_file_is_shorter_than_its_frames():
    text = thumbnail_cues("strip.jpg", [0, 900], columns=2, tile_width_px=2, tile_height_px=2, duration_ms=900)
    assert [(begin, end) for begin, end, *_rest in cues_of(text)] == [(0, 900), (900, 901)]


@pytest.mark.slow
def test_the_command_line_writes_a_sprite_and_its_cues(tmp_path):
    source = make_video(tmp_path / "source.mp4", frames=300, gop=15)
    out = tmp_path / "a strip.jpg"
    command = [sys.executable, "-m", "clips.media", "filmstrip", str(source), str(out)]
    said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=Path(__file__).parents[3])
    found = json.loads(said.stdout)
    cues = cues_of(Path(found["cues"]).read_text())
    assert found["cues"] == str(tmp_path / "a strip.vtt")
    assert [begin for begin, *_rest in cues] == [0, *found["times_ms"][1:]]
    assert all(one[1] == other[0] for one, other in pairwise(cues))
    assert cues[-1][1] == 10_000
    assert {url for _begin, _end, url, _place in cues} == {"a%20strip.jpg"}
    assert found["waveform"]["levels"]
