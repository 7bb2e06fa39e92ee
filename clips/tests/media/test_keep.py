"""Tests that clips cut from what is kept of a video are the same, to the bit, as clips cut from all of it."""

import json
from pathlib import Path
from random import Random

import pytest

from clips.media import MediaError
from clips.media.cut import keep, kept_file
from clips.media.cut.clip import cut
from clips.tests.media.made_up import make_video

SPANS_MS = [[20_000, 26_000], [41_000, 45_500]]
CAMERAS = {
    "h264, B-frames": {"bframes": 3, "gop": 30},
    "h264, open GOP, index first": {"bframes": 3, "gop": 30, "open_gop": True, "faststart": True},
    "hevc, turned": {"codec": "libx265", "bframes": 2, "rotation": 90},
    "h264 with telemetry": {"telemetry_s": 1.0, "gop": 15},
    "no sound": {"audio": False},
}


def trimmed(source: Path, spans_ms: list[list[int]], folder: Path) -> tuple[Path, list[Path]]:
    """Return the packed frame of a video and its packed spans."""
    needed = keep.measure(str(source), spans_ms)
    frame, spans = folder / "frame", [folder / f"span{number}" for number in range(len(spans_ms))]
    for out, ranges in zip([frame, *spans], [needed["frame"], *needed["spans"]], strict=True):
        kept_file.pack(source, ranges, out)
    return frame, spans


@pytest.mark.slow
@pytest.mark.parametrize("camera", CAMERAS)
def test_any_clip_within_a_span_is_the_same_to_the_bit(tmp_path, camera):
    source = make_video(tmp_path / "whole.mp4", frames=1500, rate=25, **CAMERAS[camera])
    frame, spans = trimmed(source, SPANS_MS, tmp_path)
    chance = Random(7)  # noqa: S311
    for (start_ms, end_ms), span in zip(SPANS_MS, spans, strict=True):
        left = tmp_path / "left.mp4"
        kept_file.unpack([frame, span], left)
        assert left.stat().st_size == source.stat().st_size
        inside = [sorted(chance.sample(range(start_ms, end_ms), 2)) for _time in range(6)]
        for first_ms, last_ms in [(start_ms, end_ms), *inside]:
            outs = [tmp_path / "a.mp4", tmp_path / "b.mp4"]
            facts = [cut(str(one), str(out), first_ms, last_ms) for one, out in zip((source, left), outs, strict=True)]
            assert facts[0] == facts[1]
            assert outs[0].read_bytes() == outs[1].read_bytes(), (first_ms, last_ms)


@pytest.mark.slow
def test_the_parts_are_proven_and_hold_little_more_than_their_spans(tmp_path):
    source = make_video(tmp_path / "whole.mp4", frames=3000, rate=25, bframes=2)
    frame, spans = trimmed(source, SPANS_MS, tmp_path)
    asked = [
        {"path": str(span), "clips_ms": [[start, end], [start + 900, end - 1200]]}
        for span, (start, end) in zip(spans, SPANS_MS, strict=True)
    ]
    (tmp_path / "proofs").mkdir()
    assert keep.prove(str(source), str(frame), asked, str(tmp_path / "proofs")) == 4
    kept_bytes = sum(path.stat().st_size for path in (frame, *spans))
    # 10.5 s of spans and 6 s of beginning of two minutes, and the index.
    assert kept_bytes < 0.25 * source.stat().st_size


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dev-tripod", "dev-snow-follow"])
def test_real_footage_keeps_its_tricks_as_they_were(footage, tmp_path, name):
    tricks = json.loads((footage / "labels" / f"{name}.json").read_text())["tricks"][:3]
    spans_ms = [[trick["start_ms"] - 1000, trick["end_ms"] + 1000] for trick in tricks]
    check(footage / f"{name}.mp4", spans_ms, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["gopro-hero5-black-karma.mp4", "iphone-6.mov", "no-camera-120.m4v"])
def test_real_cameras_keep_a_span_as_it_was(cameras, tmp_path, monkeypatch, name):
    monkeypatch.setattr(keep, "_OPENING_BYTES", 150_000)  # these files are seconds long
    check(cameras / name, [[1500, 2000]], tmp_path)


def check(source: Path, spans_ms: list[list[int]], folder: Path) -> None:
    frame, spans = trimmed(source, spans_ms, folder)
    asked = [{"path": str(path), "clips_ms": [span]} for path, span in zip(spans, spans_ms, strict=True)]
    (folder / "proofs").mkdir()
    assert keep.prove(str(source), str(frame), asked, str(folder / "proofs")) == len(spans_ms)
    assert sum(path.stat().st_size for path in (frame, *spans)) < source.stat().st_size


@pytest.mark.slow
def test_a_clip_that_is_not_all_there_is_not_proven(tmp_path):
    source = make_video(tmp_path / "whole.mp4", frames=1500, rate=25)
    frame, (span,) = trimmed(source, [[20_000, 24_000]], tmp_path)
    (tmp_path / "proofs").mkdir()
    asked = [{"path": str(span), "clips_ms": [[40_000, 42_000]]}]
    with pytest.raises(MediaError):
        keep.prove(str(source), str(frame), asked, str(tmp_path / "proofs"))


@pytest.mark.parametrize("suffix", ["mkv", "ts"])
def test_a_file_without_one_index_stays_whole(tmp_path, suffix):
    source = make_video(tmp_path / f"whole.{suffix}", frames=60)
    with pytest.raises(MediaError, match="can be trimmed"):
        keep.measure(str(source), [[500, 1000]])


def test_ranges_are_packed_and_lie_again_where_they_lay(tmp_path):
    data = Random(3).randbytes(100_000)  # noqa: S311
    source, packed, left = (tmp_path / name for name in ("source", "packed", "left"))
    source.write_bytes(data)
    kept_file.pack(source, [(0, 10), (50_000, 1234)], packed)
    kept_file.unpack([packed], left)
    assert left.read_bytes() == data[:10] + bytes(49_990) + data[50_000:51_234] + bytes(48_766)


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data + b"x", lambda data: b"y" + data[1:]])
def test_a_damaged_part_is_refused(tmp_path, damage):
    source, packed = tmp_path / "source", tmp_path / "packed"
    source.write_bytes(bytes(1000))
    kept_file.pack(source, [(100, 50)], packed)
    packed.write_bytes(damage(packed.read_bytes()))
    with pytest.raises(MediaError, match="damaged"):
        kept_file.unpack([packed], tmp_path / "left")


def test_ranges_are_merged_and_taken_out_of_each_other():
    assert kept_file.merged([(10, 5), (0, 4), (12, 6), (30, 1)]) == [(0, 4), (10, 8), (30, 1)]
    assert kept_file.merged([(0, 4), (6, 4)], gap=2) == [(0, 10)]
    assert kept_file.without([(0, 10), (20, 10)], [(3, 2), (8, 14), (25, 1)]) == [(0, 3), (5, 3), (22, 3), (26, 4)]
    everything = set(range(200))
    chance = Random(1)  # noqa: S311
    for _time in range(200):
        some, others = (
            kept_file.merged((chance.randrange(190), chance.randrange(1, 10)) for _n in range(chance.randrange(8)))
            for _side in range(2)
        )
        bytes_of = lambda ranges: {at for offset, length in ranges for at in range(offset, offset + length)}  # noqa: E731
        assert bytes_of(kept_file.without(some, others)) == bytes_of(some) - bytes_of(others) <= everything
