"""Builds small files of every kind that a camera, a phone, a recorder or a browser writes.

Pictures have their number as in `made_up`, sounds are its noise, so that both can be recognised in any clip.
"""

import contextlib
import os
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from clips.media.sandbox.runner import PROJECT_ROOT
from clips.tests.media.grey import frame_of
from clips.tests.media.made_up import N_BITS, SOUND_RATE_HZ, sound

SIZE = (256, 96)
RATE_HZ = 30
FRAMES = 90
_BLOCK_PX = 16
_GROUND = (96 + 32 * np.random.default_rng(1).random((SIZE[1], SIZE[0]))).astype(np.uint8)
_X264 = "keyint=30:min-keyint=30:scenecut=0:b-adapt=0"
#: Options of each encoder: quick, and a keyframe each second.
ENCODERS = {
    "libx264": {"preset": "ultrafast", "x264-params": f"{_X264}:bframes=0"},
    "libx265": {
        "preset": "ultrafast",
        "x265-params": "log-level=none:pools=1:keyint=30:min-keyint=30:scenecut=0:bframes=2:open-gop=0",
    },
    "libsvtav1": {"preset": "12", "g": "30", "svtav1-params": "lp=1"},
    "libvpx-vp9": {"deadline": "realtime", "cpu-used": "8", "g": "30"},
    "mpeg2video": {"g": "15", "bf": "2"},
    "mpeg4": {"g": "30", "bf": "2"},
    "mjpeg": {"strict": "unofficial"},  # which limited range is
}
PYRAMID = {"preset": "ultrafast", "x264-params": f"{_X264}:bframes=3:b-pyramid=normal"}
OPEN_GOP = {"preset": "ultrafast", "x264-params": f"{_X264}:bframes=3:b-pyramid=normal:open-gop=1"}


@contextlib.contextmanager
def same_scheduling() -> Iterator[None]:
    """Undo the real-time priority (FIFO) that SVT-AV1 as root gives this process and its children.

    A Chromium started so can wait for ever for a process that gets no time, and the machine stands still.
    """
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        yield
    finally:
        os.sched_setscheduler(0, *before)


def record(
    path: Path,
    *,
    picture: str = "libx264",
    heard: str | None = "aac",
    options: dict[str, str] | None = None,
    muxer: str | None = None,
    muxer_options: dict[str, str] | None = None,
    frames: int = FRAMES,
    first: int = 0,
    seed: int = 0,
    starts_s: int = 0,
    tags: dict[str, str] | None = None,
    rotation: int = 0,
) -> Path:
    """Write a recording of ``frames`` pictures, 30 a second, and mono noise of ``seed``; return its path.

    ``picture`` and ``heard`` are FFmpeg's encoders, with ``options`` for the first instead of those in ``ENCODERS``;
    without ``heard`` it is silent. The ending of ``path`` names the container, unless ``muxer`` does. Numbers count
    from ``first`` on, timestamps from ``starts_s``; ``rotation`` is that of the display matrix.
    """
    with same_scheduling(), av.open(str(path), "w", format=muxer, container_options=muxer_options or {}) as target:
        target.metadata.update(tags or {})
        track = target.add_stream(picture, rate=RATE_HZ, options=dict(options or ENCODERS[picture]))
        track.width, track.height, track.pix_fmt = *SIZE, "yuv420p"
        track.bit_rate = 0 if picture == "libx264" else 500_000
        if rotation:
            track.set_display_rotation(rotation)
        noise = _Noise(target, heard, frames / RATE_HZ, seed, starts_s) if heard else None
        for place in range(frames):
            if noise:
                noise.encode_until(place / RATE_HZ + 0.3)
            frame = frame_of(_numbered(first + place))
            frame.pts, frame.time_base = place + starts_s * RATE_HZ, Fraction(1, RATE_HZ)
            target.mux(track.encode(frame))
        target.mux(track.encode(None))
        if noise:
            noise.finish()
    return path


def case(name: str) -> Callable[[Path], Path]:
    """Return a function that provides a file made after a public bug report, or skips the test without it."""

    def found(_: Path) -> Path:
        takes = Path(os.environ.get("TRICKYCLIP_FOOTAGE", PROJECT_ROOT.parent / "shared" / "footage"))
        path = takes.parent / "cases" / name
        if not path.is_file():
            pytest.skip(f"no {name} here")
        return path

    return found


def case_number(luma: np.ndarray) -> int:
    """Return the number in a grey frame [shape=(height, width), uint8] of such a file: 14 blocks of 20 pixels."""
    height, width = luma.shape
    bits = [luma[round(18 * height / 180), round((18 + 20 * bit) * width / 320)] > 128 for bit in range(14)]
    return sum(int(value) << bit for bit, value in enumerate(bits))


def joined(out: Path, *parts: Path, cut_off_bytes: int = 0) -> Path:
    """Write files one after the other, as ``copy /b``; the first may lack bytes at its end."""
    contents = [part.read_bytes() for part in parts]
    contents[0] = contents[0][: len(contents[0]) - cut_off_bytes]
    out.write_bytes(b"".join(contents))
    return out


def cut_off(source: Path, share: float) -> Path:
    """Keep only the first part of a file's bytes."""
    data = source.read_bytes()
    source.write_bytes(data[: int(len(data) * share)])
    return source


def without_durations(source: Path, *names: bytes) -> Path:
    """Write 0 for the durations in the boxes of these names, of an MP4 whose boxes have version 0."""
    data = bytearray(source.read_bytes())
    for name in names:
        at = {b"mvhd": 20, b"tkhd": 24, b"mdhd": 20, b"elst": 12}[name]
        for found in re.finditer(name, data):
            data[found.start() + at : found.start() + at + 4] = bytes(4)
    source.write_bytes(data)
    return source


def without_index(source: Path, *, without_lengths: bool = False) -> Path:
    """Remove the index from the end of an AVI, and the lengths from its headers, as after a crash."""
    data = bytearray(source.read_bytes())
    del data[data.rindex(b"idx1") :]
    struct.pack_into("<I", data, 4, 0 if without_lengths else len(data) - 8)
    if without_lengths:
        struct.pack_into("<I", data, data.index(b"avih") + 24, 0)
        for found in re.finditer(b"strh", data):
            struct.pack_into("<I", data, found.start() + 40, 0)
    source.write_bytes(data)
    return source


def packed(source: Path, out: Path) -> Path:
    """Write MPEG-4 as DivX did: a B-frame in the packet of the picture before it, an empty packet in its place."""
    with av.open(str(source)) as given, av.open(str(out), "w") as target:
        stream = given.streams.video[0]
        tracks = {each.index: target.add_stream_from_template(each) for each in given.streams}
        pictures = iter([*_packed([bytes(p) for p in given.demux(stream) if p.size])])
        given.seek(0)
        n_written = 0
        for packet in [*given.demux()]:
            if packet.size and packet.stream.index == stream.index:
                content, time_base = next(pictures), packet.time_base
                packet = av.Packet(content)
                packet.stream, packet.time_base = stream, time_base
                packet.pts = packet.dts = n_written
                packet.is_keyframe = _vop(content) == 0
                n_written += 1
            if packet.size:
                packet.stream = tracks[packet.stream.index]
                target.mux(packet)
    return out


def _packed(pictures: Sequence[bytes]) -> Iterator[bytes]:
    """Yield as many packets as pictures in decoding order, each group of a picture and its B-frames packed."""
    place = 0
    while place < len(pictures):
        content = pictures[place].replace(b"\0\0\1\xb6", b"\0\0\1\xb2DivX503b1393p\0\0\1\xb6", 1)
        between = []
        while place + 1 + len(between) < len(pictures) and _vop(pictures[place + 1 + len(between)]) == 2:
            between.append(pictures[place + 1 + len(between)])
        yield (content if _vop(content) == 0 else pictures[place]) + b"".join(between[:1])
        yield from between[1:]
        if between:
            yield b"\0\0\1\xb6\x50\x4f"  # coded: no, at time 0 of 30
        place += 1 + len(between)


def _vop(content: bytes) -> int:
    """Return the type of an MPEG-4 picture: 0 intra, 1 predicted, 2 between two others."""
    return content[content.index(b"\0\0\1\xb6") + 4] >> 6


def hevc_in_avi(folder: Path) -> Path:
    """Write HEVC with B-frames into an AVI, which FFmpeg does not write but reads."""
    source, out = record(folder / "a.hevc", picture="libx265", heard=None), folder / "a.avi"
    with av.open(str(source)) as given, av.open(str(out), "w") as target:
        track = target.add_stream("mpeg4", rate=RATE_HZ)
        track.width, track.height, track.pix_fmt = *SIZE, "yuv420p"
        for number, picture in enumerate(p for p in given.demux(video=0) if p.size):
            packet = av.Packet(bytes(picture))
            packet.stream, packet.time_base, packet.is_keyframe = track, Fraction(1, RATE_HZ), picture.is_keyframe
            packet.pts = packet.dts = number
            target.mux(packet)
    out.write_bytes(out.read_bytes().replace(b"FMP4", b"HEVC"))
    return out


def _numbered(number: int) -> np.ndarray:
    luma = np.roll(_GROUND, number // 15, axis=1)
    bits = (number >> np.arange(N_BITS)) & 1
    luma[:_BLOCK_PX, : N_BITS * _BLOCK_PX] = np.repeat(bits * 255, _BLOCK_PX).astype(np.uint8)
    return luma


class _Noise:
    """The sound of a recording that is being written."""

    def __init__(self, target, encoder: str, length_s: float, seed: int, starts_s: int) -> None:
        self._target, self._shift = target, starts_s * SOUND_RATE_HZ
        self._layout = "stereo" if encoder == "vorbis" else "mono"  # FFmpeg's own knows no other
        options = {"strict": "experimental"}
        self._track = target.add_stream(encoder, rate=SOUND_RATE_HZ, layout=self._layout, options=options)
        self._track.bit_rate = 128_000
        self._samples, self._n_given = sound(length_s, seed=seed), 0
        self._resampler: Callable | None = None

    def encode_until(self, time_s: float) -> None:
        due = min(len(self._samples), int(time_s * SOUND_RATE_HZ))
        if due > self._n_given:
            piece = self._samples[self._n_given : due].reshape(1, -1)
            frame = av.AudioFrame.from_ndarray(piece, format="fltp", layout="mono")
            frame.sample_rate, frame.time_base = SOUND_RATE_HZ, Fraction(1, SOUND_RATE_HZ)
            frame.pts = self._n_given + self._shift
            self._n_given = due
            self._encode(frame)

    def finish(self) -> None:
        self.encode_until(len(self._samples) / SOUND_RATE_HZ + 1)
        self._encode(None)
        self._target.mux(self._track.encode(None))

    def _encode(self, frame: av.AudioFrame | None) -> None:
        context = self._track.codec_context
        if self._resampler is None:
            context.open(strict=False)
            self._resampler = av.AudioResampler(
                format=context.format, layout=self._layout, rate=SOUND_RATE_HZ, frame_size=context.frame_size or None
            )
        for piece in self._resampler.resample(frame):
            self._target.mux(self._track.encode(piece))
