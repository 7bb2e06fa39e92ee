"""Tests that pictures and sound are read at their own times."""

import gc
import sys
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from clips.media.formats.opening import open_media
from clips.tests.media.grey import frame_of
from detection.decode.packets import Packets
from detection.decode.pictures import PicturePool, PictureReader
from detection.decode.piece import Piece
from detection.decode.read import SOUND_RATE_HZ, Scan

IDENTITY = np.array([1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30], ">i4").tobytes()
QUARTER_TURN_CLOCKWISE = np.array([0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30], ">i4").tobytes()


def write_video(path: Path, times_s: list[float], *, luma=128, sound_s=None, b_frames=0) -> Path:
    """Encode pictures of 128 x 72 px at the given times; ``sound_s`` are the starts of 0.1 s pieces of noise."""
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=60)
        video.width, video.height, video.pix_fmt = 128, 72, "yuv420p"
        video.options = {"preset": "veryfast", "bf": str(b_frames), "g": "30"}
        video.time_base = video.codec_context.time_base = Fraction(1, 90_000)
        audio = container.add_stream("pcm_s16le", rate=SOUND_RATE_HZ, layout="mono") if sound_s else None
        for start_s in sound_s or []:
            noise = np.random.default_rng(1).normal(0, 3000, (1, SOUND_RATE_HZ // 10)).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(noise, format="s16", layout="mono")
            frame.sample_rate, frame.pts = SOUND_RATE_HZ, round(start_s * SOUND_RATE_HZ)
            frame.time_base = Fraction(1, SOUND_RATE_HZ)
            container.mux(audio.encode(frame))
        for time_s in times_s:
            picture = np.broadcast_to(np.asarray(luma, np.uint8), (72, 128))
            frame = frame_of(np.ascontiguousarray(picture))
            frame.pts, frame.time_base = round(time_s * 90_000), Fraction(1, 90_000)
            container.mux(video.encode(frame))
        container.mux(video.encode())
    return path


def scan(path: Path) -> tuple[Packets, list, float]:
    """Return packets, sound chunks and the end of a file."""
    with open_media(path) as container:
        scan = Scan(container)
        sound = list(scan.chunks(lambda fraction: None))
        return scan.packets(), sound, scan.end_s


def read(path: Path) -> tuple[np.ndarray, np.ndarray, list, float]:
    """Return times, pictures, sound chunks and the end of a file."""
    packets, sound, end_s = scan(path)
    with PictureReader(path, packets) as reader:
        pictures = list(reader.read(Piece(0, len(packets.pts_s))))
    times_s = np.concatenate([chunk.times_s for chunk in pictures])
    return times_s, np.concatenate([chunk.luma for chunk in pictures]), sound, end_s


@pytest.mark.parametrize(
    ("rate_hz", "read_hz"), [(24, 24), (30, 30), (50, 25), (60, 30), pytest.param(240, 34, marks=pytest.mark.slow)]
)
def test_pictures_come_at_about_thirty_a_second(tmp_path, rate_hz, read_hz):
    times_s, luma, _, _ = read(write_video(tmp_path / "take.mkv", [i / rate_hz for i in range(2 * rate_hz)]))
    assert len(times_s) == pytest.approx(2 * read_hz, abs=2)
    assert luma.shape[1:] == (54, 96)


def test_times_are_those_of_the_pictures_also_at_an_uneven_rate(tmp_path):
    written_s = np.array([0, 0.04, 0.09, 0.2, 0.24, 0.5, 1.0])
    times_s, _, _, _ = read(write_video(tmp_path / "take.mkv", list(3 + written_s)))
    np.testing.assert_allclose(times_s, 3 + written_s, atol=0.002)


def test_pictures_between_reference_pictures_are_skipped_in_order(tmp_path):
    times_s, _, _, end_s = read(write_video(tmp_path / "take.mkv", [i / 60 for i in range(120)], b_frames=3))
    assert (np.diff(times_s) > 0).all()
    assert np.diff(times_s).max() < 0.07
    assert end_s == pytest.approx(2.0, abs=0.08)


def test_a_phone_held_upright_gives_upright_pictures(tmp_path):
    left_half_white = np.where(np.arange(128) < 64, 230, 20)
    path = write_video(tmp_path / "take.mp4", [0, 1 / 30], luma=left_half_white)
    content = path.read_bytes()
    track = content.index(b"tkhd")  # the header of the only track, after that of the film
    turned = content[:track] + content[track:].replace(IDENTITY, QUARTER_TURN_CLOCKWISE, 1)
    path.write_bytes(turned)
    _, luma, _, _ = read(path)
    assert luma.shape[1:] == (96, 54)
    assert luma[0, :40].mean() > 200  # what was left is now on top
    assert luma[0, 56:].mean() < 50


def test_sound_is_placed_on_the_same_clock(tmp_path):
    _, _, sound, _ = read(write_video(tmp_path / "take.mkv", [2.0, 2.1], sound_s=[1.5, 1.6]))
    assert sound[0].start_s == pytest.approx(1.5, abs=0.01)


def test_a_hole_in_the_sound_is_silence(tmp_path):
    _, _, sound, _ = read(write_video(tmp_path / "take.mkv", [0, 1.0], sound_s=[0.0, 0.5]))
    samples = np.concatenate([chunk.samples for chunk in sound])
    loud = np.abs(samples) > 0.01
    assert loud[round(0.52 * SOUND_RATE_HZ) : round(0.58 * SOUND_RATE_HZ)].mean() > 0.5
    assert not loud[round(0.12 * SOUND_RATE_HZ) : round(0.48 * SOUND_RATE_HZ)].any()


def test_sound_that_overlaps_is_taken_once(tmp_path):
    _, _, sound, _ = read(write_video(tmp_path / "take.mkv", [0, 1.0], sound_s=[0.0, 0.1, 0.1, 0.2]))
    assert sum(len(chunk.samples) for chunk in sound) == pytest.approx(0.3 * SOUND_RATE_HZ, abs=200)


def test_sound_with_a_damaged_time_is_left_out(tmp_path):
    _, _, sound, _ = read(write_video(tmp_path / "take.mkv", [0, 1.0], sound_s=[0.0, 0.1, 9000.0]))
    assert sum(len(chunk.samples) for chunk in sound) == pytest.approx(0.2 * SOUND_RATE_HZ, abs=200)


def test_a_damaged_stretch_costs_its_own_pictures_only(tmp_path):
    grain = np.random.default_rng(1).integers(0, 255, (72, 128))
    path = write_video(tmp_path / "take.mp4", [i / 30 for i in range(120)], luma=grain)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 200] = b"\xff" * 200
    path.write_bytes(content)
    times_s, _, _, _ = read(path)
    assert times_s[-1] > 3.9
    assert len(times_s) > 60


@pytest.mark.parametrize("name", ["take.mp4", "take.mkv", "take.ts"])
@pytest.mark.parametrize("b_frames", [0, 3])
def test_a_piece_out_of_the_middle_is_the_same_as_in_one_go(tmp_path, name, b_frames):
    ramp = [i / 60 for i in range(240)]
    path = write_video(tmp_path / name, ramp, luma=np.arange(128) * 2, b_frames=b_frames)
    packets, _, _ = scan(path)
    times_s, luma, _, _ = read(path)
    first, end = packets.group_start[3], packets.group_end[4]
    with PicturePool(path, packets) as pool:
        [(_, chunks)] = pool.read([Piece(int(first), int(end))])
    assert chunks[0].times_s[0] == pytest.approx(packets.pts_s[first])
    assert np.ptp(chunks[0].times_s) == pytest.approx(1.0, abs=0.1)
    at = np.searchsorted(times_s, chunks[0].times_s[0] - 0.001)
    np.testing.assert_allclose(chunks[0].luma[0], luma[at], atol=3)


def test_pieces_come_in_the_order_that_was_asked_for(tmp_path):
    path = write_video(tmp_path / "take.mp4", [i / 60 for i in range(300)])
    packets, _, _ = scan(path)
    asked = [Piece(int(first), int(first) + 3) for first in packets.group_start[::-1]]
    with PicturePool(path, packets) as pool:
        found = list(pool.read(asked, most=2))
    assert [piece for piece, _ in found] == asked
    starts_s = [chunks[0].times_s[0] for _, chunks in found]
    assert starts_s == pytest.approx([packets.pts_s[piece.first] for piece in asked])
    assert all(len(chunks[0].luma) == 2 for _, chunks in found)


def test_a_scan_knows_where_decoding_can_begin(tmp_path):
    packets, _, end_s = scan(write_video(tmp_path / "take.mp4", [i / 60 for i in range(90)]))
    np.testing.assert_allclose(packets.group_start_s, [0, 0.5, 1.0], atol=0.001)
    assert end_s == pytest.approx(1.5, abs=0.02)
    assert (packets.pixels, packets.codec) == (128 * 72, "h264")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells how many threads there are")
def test_pictures_leave_no_threads_behind(tmp_path):
    """A child may take only so much address space, and each thread takes megabytes of it."""
    path = write_video(tmp_path / "take.mp4", [i / 30 for i in range(120)])
    packets, _, _ = scan(path)
    gc.disable()
    try:
        with PictureReader(path, packets) as reader:
            before = n_threads()
            assert sum(len(chunk.luma) for chunk in reader.read(Piece(0, 120))) == 120
            assert n_threads() - before <= 4
    finally:
        gc.enable()


def n_threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))
