"""Tests which previews copy packets, re-encode pictures, or use a camera's own small copy."""

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from clips.media.render.preview import make_preview
from clips.tests.media.grey import frame_of
from clips.tests.media.made_up import frame_times, make_video, shown_numbers

FRAMES = 120
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


def packets_of(path: Path) -> list[bytes]:
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


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
    """Write a film that no encoder can compress: every frame is new noise."""
    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        track = container.add_stream("libx264", rate=60, options={"preset": "ultrafast", "qp": "24", "g": "60"})
        track.width, track.height, track.pix_fmt = *size, "yuv420p"
        for _ in range(seconds * 60):
            noise = rng.integers(0, 256, size[::-1], dtype=np.uint8)
            container.mux(track.encode(frame_of(noise)))
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
