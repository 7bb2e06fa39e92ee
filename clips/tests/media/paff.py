"""Makes H.264 coded in fields, as AVCHD cameras write it and no available encoder does.

All its macroblocks are raw samples (I_PCM), so nothing is predicted and what was drawn comes back exactly.
"""

import re
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from clips.tests.media.made_up import N_BITS

WIDTH_PX, HEIGHT_PX = 256, 96
FIELD_RATE_HZ = 50
_MACROBLOCK_PX = 16
_BAR_PX = 24
#: How far the bar moves from field to field, so that it has teeth in a picture that is woven of two.
_STEP_PX = 6


def make_paff(path: Path, *, frames: int, gop: int = 10, muxer: dict[str, str] | None = None) -> Path:
    """Write a video of 25 pictures a second, each in a packet for each of its fields, top field first.

    Parameters
    ----------
    path : Path
        Its ending chooses the container; ``.m2ts`` and ``.mts`` get what AVCHD has.
    frames, gop : int
        Pictures, and how many from keyframe to keyframe. Their numbers are read with ``made_up.frame_number``.
    muxer : dict, optional
        Options of the muxer.
    """
    fields = _fields(frames, gop)
    raw = path.with_suffix(".h264")
    raw.write_bytes(b"".join(content for content, _ in fields))
    is_avchd = path.suffix in {".m2ts", ".mts"}
    options = {"mpegts_m2ts_mode": "1"} if is_avchd else {}
    format_ = "mpegts" if is_avchd or path.suffix == ".ts" else None
    with (
        av.open(str(raw), format="h264") as source,
        av.open(str(path), "w", format=format_, container_options=options | (muxer or {})) as target,
    ):
        track = target.add_stream_from_template(source.streams.video[0], opaque=True)
        track.time_base = Fraction(1, FIELD_RATE_HZ)
        for number, (content, is_keyframe) in enumerate(fields):
            packet = av.Packet(content)
            packet.stream, packet.time_base = track, Fraction(1, FIELD_RATE_HZ)
            packet.pts = packet.dts = number
            packet.duration, packet.is_keyframe = 1, is_keyframe
            target.mux(packet)
    raw.unlink()
    return path


def field_luma(number: int) -> np.ndarray:
    """Return a field [shape=(HEIGHT_PX // 2, WIDTH_PX), uint8]: its picture's number, and a bar that moves."""
    luma = np.full((HEIGHT_PX // 2, WIDTH_PX), 60, np.uint8)
    bits = ((number // 2) >> np.arange(N_BITS)) & 1
    luma[:8] = np.repeat(np.where(bits, 220, 30), WIDTH_PX // N_BITS)
    left = (20 + _STEP_PX * number) % (WIDTH_PX - _BAR_PX)
    luma[8:, left : left + _BAR_PX] = 200
    return luma


def teeth(luma: np.ndarray) -> float:
    """Return how much each line differs from those above and below [shape=(height, width)], below the number."""
    lines = luma[24:].astype(float)
    return float(np.abs(2 * lines[1:-1] - lines[:-2] - lines[2:]).mean())


def _fields(frames: int, gop: int) -> list[tuple[bytes, bool]]:
    found = []
    for number in range(2 * frames):
        picture, is_bottom = divmod(number, 2)
        is_idr = picture % gop == 0 and not is_bottom
        head = _unit(0x67, _sequence()) + _unit(0x68, _picture_set()) if is_idr else b""
        coded = _slice(field_luma(number), picture % gop, is_idr=is_idr, is_bottom=bool(is_bottom), gop=picture // gop)
        delimiter = _unit(0x09, _bits(lambda put: put(0, 3)))
        found.append((delimiter + head + _unit(0x65 if is_idr else 0x41, coded), is_idr))
    return found


def _slice(luma: np.ndarray, number: int, *, is_idr: bool, is_bottom: bool, gop: int) -> bytes:
    def head(put: Callable[[int, int | None], None]) -> None:
        put(0, None), put(7, None), put(0, None)  # first macroblock, I in all slices, parameter set
        put(number % 16, 4), put(1, 1), put(int(is_bottom), 1)
        if is_idr:
            put(gop % 2, None)
        put((2 * number + is_bottom) % 256, 8)
        put(0, 2 if is_idr else 1)  # references are kept as they are
        put(0, None), put(1, None)  # quantiser, no filter

    size = _MACROBLOCK_PX
    blocks = luma.reshape(-1, size, WIDTH_PX // size, size).swapaxes(1, 2).reshape(-1, size, size)
    content = _bits(head, ends=False)
    for block in blocks:
        content += "000011010"  # I_PCM
        content += "0" * (-len(content) % 8)
        content += "".join(f"{value:08b}" for value in block.tobytes() + b"\x80" * (size * size // 2))
    return _bytes(content + "1")


def _sequence() -> bytes:
    def write(put: Callable[[int, int | None], None]) -> None:
        put(77, 8), put(0, 8), put(40, 8), put(0, None)  # Main
        put(0, None), put(0, None), put(4, None)  # 4 bits of frame number; 8 of order
        put(1, None), put(0, 1)
        put(WIDTH_PX // 16 - 1, None), put(HEIGHT_PX // 32 - 1, None)
        put(0, 1), put(0, 1), put(1, 1), put(0, 1)  # fields, not within a frame
        put(1, 1), put(0, 4), put(1, 1), put(1, 32), put(FIELD_RATE_HZ, 32), put(1, 1), put(0, 4)

    return _bits(write)


def _picture_set() -> bytes:
    def write(put: Callable[[int, int | None], None]) -> None:
        put(0, None), put(0, None), put(0, 2), put(0, None), put(0, None), put(0, None), put(0, 3)
        put(0, None), put(0, None), put(0, None), put(1, 1), put(0, 2)

    return _bits(write)


def _bits(write: Callable, *, ends: bool = True) -> bytes | str:
    """Return the bits of numbers, of fixed length or as Exp-Golomb codes."""
    put: list[str] = []

    def number(value: int, n_bits: int | None) -> None:
        coded = f"{value + 1:b}"
        put.append(f"{value:0{n_bits}b}" if n_bits else "0" * (len(coded) - 1) + coded)

    write(number)
    return _bytes("".join(put) + "1") if ends else "".join(put)


def _bytes(bits: str) -> bytes:
    bits += "0" * (-len(bits) % 8)
    return int(bits, 2).to_bytes(len(bits) // 8, "big")


def _unit(kind: int, content: bytes) -> bytes:
    return b"\0\0\0\1" + bytes([kind]) + re.sub(rb"\0\0(?=[\0-\3])", b"\0\0\3", content)
