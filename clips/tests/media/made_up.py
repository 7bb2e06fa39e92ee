"""Small videos made in the test, so that the right answer is known.

Each frame carries its own number as a row of black and white blocks along its top, which survives any encoder;
each sound is noise from a seed, so that its place in time can be found by correlation.
"""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

N_BITS = 16
SOUND_RATE_HZ = 48_000
_BLOCK_PX = 16
_QUIET, _LOUD = 0.03, 0.5
_EVENT_S = 1.2


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
    """
    path = Path(path)
    movflags = "+use_metadata_tags+faststart" if faststart else "+use_metadata_tags"
    options = {"movflags": movflags} if path.suffix in {".mp4", ".mov"} else {}
    with av.open(str(path), "w", container_options=options) as container:
        container.metadata.update(tags or {})
        video = container.add_stream(codec, rate=Fraction(rate))
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        video.options = _encoder_options(codec, bframes, gop, open_gop)
        if pts is not None:
            video.codec_context.time_base = Fraction(1, 1000)
        if rotation:
            video.set_display_rotation(rotation)
        heard = container.add_stream("aac", rate=SOUND_RATE_HZ, layout="mono") if audio else None
        length_s = pts[-1] / 1000 if pts is not None else frames / Fraction(rate)
        samples = sound(float(length_s), events_s=events_s, seed=seed)
        n_heard = 0
        for number, luma in enumerate(_pictures(frames, rate, size, events_s, seed)):
            at_s = pts[number] / 1000 if pts is not None else number / Fraction(rate)
            if heard is not None:  # interleaved, as a camera does it
                n_due = min(len(samples), int((at_s + 0.5) * SOUND_RATE_HZ))
                n_heard = _encode_sound(container, heard, samples, n_heard, n_due)
            frame = av.VideoFrame.from_ndarray(luma, format="gray").reformat(format="yuv420p")
            frame.time_base = Fraction(1, 1000) if pts is not None else 1 / Fraction(rate)
            frame.pts = pts[number] if pts is not None else number
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
        if heard is not None:
            _encode_sound(container, heard, samples, n_heard, len(samples))
            container.mux(heard.encode(None))
    return path


def make_cut_off_video(folder: Path, *, gop: int = 30) -> Path:
    """Write four seconds of which a little more than half reached us; the index, in front, promises all."""
    whole = make_video(folder / "whole.mp4", frames=120, bframes=2, gop=gop, faststart=True)
    part = folder / "part.mp4"
    part.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])
    return part


def frame_number(luma: np.ndarray) -> int:
    """Return the number drawn into a grey frame [shape=(height, width), uint8]."""
    middles = np.arange(N_BITS) * _BLOCK_PX + _BLOCK_PX // 2
    bits = luma[_BLOCK_PX // 2, middles] > 128
    return int((bits * (1 << np.arange(N_BITS))).sum())


def shown_numbers(path: str | Path) -> list[int]:
    """Return the numbers of the frames that a decoder which honours edit lists shows, in order."""
    with av.open(str(path)) as container:
        return [frame_number(frame.to_ndarray(format="gray")) for frame in container.decode(video=0)]


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


def _encoder_options(codec: str, bframes: int, gop: int, open_gop: bool) -> dict[str, str]:
    options = {"preset": "ultrafast", "g": str(gop), "bf": str(bframes)}
    if codec == "libx265":
        wanted = f"log-level=none:pools=1:keyint={gop}:min-keyint={gop}:scenecut=0:open-gop={int(open_gop)}"
        return options | {"x265-params": f"{wanted}:bframes={bframes}"}
    wanted = f"keyint={gop}:min-keyint={gop}:scenecut=0:open-gop={int(open_gop)}:b-adapt=0"
    return options | {"x264-params": f"{wanted}:bframes={bframes}:b-pyramid={'normal' if bframes > 1 else 'none'}"}


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


def _encode_sound(container, heard, samples: np.ndarray, begin: int, end: int) -> int:
    """Encode samples ``begin`` to ``end`` in frames of 1024; return how far it came."""
    while begin < end:
        piece = samples[begin : min(begin + 1024, len(samples))]
        if len(piece) < 1024 and end < len(samples):
            break
        frame = av.AudioFrame.from_ndarray(piece.reshape(1, -1), format="fltp", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE_HZ, begin, Fraction(1, SOUND_RATE_HZ)
        container.mux(heard.encode(frame))
        begin += len(piece)
    return begin
