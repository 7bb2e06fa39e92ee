"""Makes small videos in which the right answer is known.

Each frame has its own number as a row of black and white blocks along its top, which survives any encoder; each sound
is noise from a seed, so that its place in time can be found by correlation.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from clips.tests.media.grey import frame_of, luma_of
from clips.tests.media.made_once import made_once

N_BITS = 16
SOUND_RATE_HZ = 48_000
_BLOCK_PX = 16
_QUIET, _LOUD = 0.03, 0.5
_EVENT_S = 1.2


@dataclass(frozen=True)
class Track:
    """One track of sound: the noise of ``seed``, recorded between two moments."""

    seed: int = 0
    start_s: float = 0.0
    end_s: float | None = None  # None: as long as the picture


@made_once
def make_video(
    path: str | Path,
    *,
    frames: int,
    rate: int | Fraction = 30,
    size: tuple[int, int] = (320, 180),
    audio: bool = True,
    bframes: int = 0,
    gop: int = 30,
    codec: str = "libx264",
    open_gop: bool = False,
    events_s: Sequence[float] = (),
    pts: Sequence[int] | None = None,
    rotation: int = 0,
    tags: dict[str, str] | None = None,
    faststart: bool = False,
    seed: int = 0,
    sounds: Sequence[Track] | None = None,
    pix_fmt: str = "yuv420p",
    starts_s: int = 0,
    telemetry_s: float = 0.0,
    video_tags: dict[str, str] | None = None,
    encoder_params: str = "",
) -> Path:
    """Write a video whose frames are numbered and return its path.

    Parameters
    ----------
    path : str or Path
        Where; the ending chooses the container (``.mp4``, ``.mov``, ``.mkv``, ``.ts``).
    frames : int
        How many, below 65536. Read a number back with ``frame_number``.
    rate : int or Fraction
        Frames per second.
    size : tuple of int
        Width and height in pixels; at least 256 wide.
    audio : bool
        With a mono track of quiet noise as long as the picture; ``sound`` gives the same samples again.
    bframes, gop : int
        Most B-frames in a row, frames from keyframe to keyframe.
    codec : str
        "libx264" or "libx265".
    open_gop : bool
        Whether frames before a keyframe, in time, may refer to what follows it.
    events_s : sequence of float
        Middles, in seconds, of moments of 1.2 s in which a textured block dashes through the picture and the
        sound bursts: what a detector should find. Elsewhere the picture hardly moves.
    pts : sequence of int, optional
        When each frame is shown, in ms, for a variable rate; replaces ``rate``.
    rotation : int
        Degrees for the display matrix, as a phone held upright writes it.
    tags : dict, optional
        Metadata of the whole file; written so that any name survives.
    faststart : bool
        Put the index of an MP4 in front, so that a file that is cut off later can still be read.
    seed : int
        Of noise and texture.
    sounds : sequence of Track, optional
        Instead of the one track that ``audio`` means.
    pix_fmt : str
        "yuv420p", or "yuv420p10le" for 10 bits.
    starts_s : int
        The timestamp of the first frame, in seconds; sound and picture are moved together.
    telemetry_s : float
        Add a track as GoPros have it, with a packet of so many seconds after another; 0 for none.
    video_tags : dict, optional
        Metadata of the picture's track; "timecode" makes a timecode track.
    encoder_params : str
        More for libx264 and libx265, as "colorprim=bt2020:transfer=arib-std-b67".
    """
    path = Path(path)
    movflags = "+use_metadata_tags+faststart" if faststart else "+use_metadata_tags"
    options = {"movflags": movflags} if path.suffix in {".mp4", ".mov"} else {}
    ms = Fraction(1, 1000)
    step_s = ms if pts is not None else 1 / Fraction(rate)
    length_s = pts[-1] / 1000 if pts is not None else float(frames / Fraction(rate))
    tracks = list(sounds) if sounds is not None else [Track(seed)] * audio
    with av.open(str(path), "w", container_options=options) as container:
        container.metadata.update(tags or {})
        video = container.add_stream(codec, rate=Fraction(rate))
        video.width, video.height, video.pix_fmt = *size, pix_fmt
        video.options = _encoder_options(codec, bframes, gop, open_gop, encoder_params)
        video.metadata.update(video_tags or {})
        if pts is not None:
            video.codec_context.time_base = ms
        if rotation:
            video.set_display_rotation(rotation)
        heard = [_Heard(container, track, length_s, starts_s, events_s) for track in tracks]
        measured = container.add_data_stream("bin_data") if telemetry_s else None
        n_measured = 0
        for number, luma in enumerate(_pictures(frames, rate, size, events_s, seed)):
            at_s = pts[number] / 1000 if pts is not None else number / Fraction(rate)
            for each in heard:  # interleaved, as a camera does it
                each.encode_until(float(at_s) + 0.5)
            while measured is not None and n_measured * telemetry_s <= at_s:
                container.mux(_telemetry(measured, n_measured, telemetry_s, starts_s))
                n_measured += 1
            frame = frame_of(luma, pix_fmt)
            frame.time_base = step_s
            frame.pts = (pts[number] if pts is not None else number) + round(starts_s / step_s)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        for each in heard:
            each.finish()
    return path


def make_cut_off_video(folder: Path, *, gop: int = 30) -> Path:
    """Write somewhat more than half of a video of four seconds; the index, in front, promises all."""
    whole = make_video(folder / "whole.mp4", frames=120, bframes=2, gop=gop, faststart=True)
    part = folder / "part.mp4"
    part.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    return part


def make_long_video(path: str | Path, short: str | Path, *, copies: int, padding_bytes: int = 0) -> Path:
    """Write ``copies`` of a short H.264 video one after the other, without re-encoding them.

    Each packet of the picture grows by ``padding_bytes``, so that the file is as large as a camera's.
    """
    unit = b"\x0c" + b"\xff" * padding_bytes + b"\x80"  # of H.264, type 12: filler data, which decoders pass over
    filler = len(unit).to_bytes(4, "big") + unit if padding_bytes else b""
    with av.open(str(short)) as source, av.open(str(path), "w") as target:
        tracks = {s.index: target.add_stream_from_template(s, opaque=True) for s in source.streams}
        packets = [
            (p.stream, bytes(p) + filler * (p.stream.type == "video"), p.pts, p.dts, p.is_keyframe)
            for p in source.demux()
            if p.size and not p.is_discard
        ]
        packets.sort(key=lambda packet: packet[3] * packet[0].time_base)
        length_s = source.streams.video[0].duration * source.streams.video[0].time_base
        for copy in range(copies):
            for stream, data, pts, dts, is_keyframe in packets:
                packet = av.Packet(data)
                packet.stream, packet.time_base = tracks[stream.index], stream.time_base
                packet.is_keyframe = is_keyframe
                later = round(copy * length_s / stream.time_base)
                packet.pts, packet.dts = pts + later, dts + later
                target.mux(packet)
    return Path(path)


def frame_number(luma: np.ndarray) -> int:
    """Return the number drawn into a grey frame [shape=(height, width), uint8]."""
    middles = np.arange(N_BITS) * _BLOCK_PX + _BLOCK_PX // 2
    bits = luma[_BLOCK_PX // 2, middles] > 128
    return int((bits * (1 << np.arange(N_BITS))).sum())


def shown_numbers(path: str | Path) -> list[int]:
    """Return the numbers of the shown frames, in order, from a decoder that honours edit lists."""
    with av.open(str(path)) as container:
        return [frame_number(luma_of(frame)) for frame in container.decode(video=0)]


def frame_times(path: str | Path, **options: str) -> list[Fraction]:
    """Return the time of each shown frame, in seconds, from a decoder; ``options`` are the demuxer's."""
    with av.open(str(path), options=options) as container:
        return [frame.pts * frame.time_base for frame in container.decode(video=0)]


def decoded_sound(path: str | Path) -> np.ndarray:
    """Return the sound that plays from timestamp 0 on [shape=(n,), float], at SOUND_RATE_HZ."""
    pieces: list[tuple[int, np.ndarray]] = []
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        for frame in container.decode(stream):
            at = round(frame.pts * stream.time_base * SOUND_RATE_HZ)
            pieces.append((at, frame.to_ndarray()[0].astype(float)))
    samples = np.zeros(max(at + len(piece) for at, piece in pieces))
    for at, piece in pieces:
        samples[max(0, at) : max(0, at + len(piece))] = piece[max(0, -at) :]
    return samples


def sound(length_s: float, *, events_s: Sequence[float] = (), seed: int = 0) -> np.ndarray:
    """Return the sound of ``make_video`` [shape=(n,), float32]: white noise, louder around the events."""
    rng = np.random.default_rng(seed)
    times_s = np.arange(round(length_s * SOUND_RATE_HZ)) / SOUND_RATE_HZ
    level = np.full(len(times_s), _QUIET)
    for middle_s in events_s:
        level += _LOUD * np.exp(-(((times_s - middle_s) / 0.15) ** 2))
    return (rng.standard_normal(len(times_s)) * level).clip(-1, 1).astype(np.float32)


def _encoder_options(codec: str, bframes: int, gop: int, open_gop: bool, more: str) -> dict[str, str]:
    options = {"preset": "ultrafast", "g": str(gop), "bf": str(bframes)}
    more = f":{more}" if more else ""
    if codec == "libx265":
        wanted = f"log-level=none:pools=1:keyint={gop}:min-keyint={gop}:scenecut=0:open-gop={int(open_gop)}"
        return options | {"x265-params": f"{wanted}:bframes={bframes}{more}"}
    wanted = f"keyint={gop}:min-keyint={gop}:scenecut=0:open-gop={int(open_gop)}:b-adapt=0"
    pyramid = "normal" if bframes > 1 else "none"
    return options | {"x264-params": f"{wanted}:bframes={bframes}:b-pyramid={pyramid}{more}"}


def _pictures(frames, rate, size, events_s, seed):
    """Yield grey frames: a still texture, a slow drift, a dashing block near each event, the number on top."""
    width, height = size
    rng = np.random.default_rng(seed + 1)
    ground = (96 + 32 * rng.random((height, width))).astype(np.uint8)
    block = rng.integers(0, 256, (height // 3, height // 3), dtype=np.uint8)
    for number in range(frames):
        luma = np.roll(ground, number // 15, axis=1)
        at_s = float(number / Fraction(rate))
        for middle_s in events_s:
            through = (at_s - middle_s) / _EVENT_S + 0.5
            if 0 <= through < 1:
                left = int(through * (width - block.shape[1]))
                top = int((height - block.shape[0]) * (1 - 2 * abs(through - 0.5)) * 0.6) + _BLOCK_PX
                luma[top : top + block.shape[0], left : left + block.shape[1]] = block
        bits = (number >> np.arange(N_BITS)) & 1
        luma[:_BLOCK_PX, : N_BITS * _BLOCK_PX] = np.repeat(bits * 255, _BLOCK_PX).astype(np.uint8)
        yield luma


class _Heard:
    """One track of sound that is being written."""

    def __init__(self, container, track: Track, length_s: float, starts_s: int, events_s: Sequence[float]) -> None:
        self._container = container
        self._stream = container.add_stream("aac", rate=SOUND_RATE_HZ, layout="mono")
        self._samples = sound(length_s, events_s=events_s, seed=track.seed)
        self._next = round(track.start_s * SOUND_RATE_HZ)
        ends_s = length_s if track.end_s is None else track.end_s
        self._end = min(len(self._samples), round(ends_s * SOUND_RATE_HZ))
        self._shift = starts_s * SOUND_RATE_HZ

    def encode_until(self, time_s: float) -> None:
        due = min(self._end, int(time_s * SOUND_RATE_HZ))
        while self._next < due:
            piece = self._samples[self._next : min(self._next + 1024, self._end)]
            if len(piece) < 1024 and due < self._end:
                break
            frame = av.AudioFrame.from_ndarray(piece.reshape(1, -1), format="fltp", layout="mono")
            frame.sample_rate, frame.time_base = SOUND_RATE_HZ, Fraction(1, SOUND_RATE_HZ)
            frame.pts = self._next + self._shift
            self._container.mux(self._stream.encode(frame))
            self._next += len(piece)

    def finish(self) -> None:
        self.encode_until(self._end / SOUND_RATE_HZ + 1)
        self._container.mux(self._stream.encode(None))


def _telemetry(stream, number: int, each_s: float, starts_s: int) -> av.Packet:
    """Return a packet of a made-up telemetry track with its number."""
    packet = av.Packet(f"DEVC{number:08}".encode())
    packet.stream, packet.time_base = stream, Fraction(1, 1000)
    packet.pts = packet.dts = round((starts_s + number * each_s) * 1000)
    packet.duration = round(each_s * 1000)
    return packet
