"""Makes damaged camera files from small whole ones, the same on every run. Malicious ones: hostile_*.py."""

import random
import struct
from collections.abc import Iterator
from pathlib import Path

import av

from clips.media.mp4 import boxes
from clips.tests.media.hostile_mp4 import HOLDERS, Tree
from clips.tests.media.made_up import make_video

FRAMES = 15
SIZE = (256, 144)
#: A piece longer than this is also cut off in its middle.
LONG_BYTES = 256


def whole_files(folder: Path) -> dict[str, Path]:
    """Write one small whole file of each kind that cameras write and return them by name."""
    video = {"frames": FRAMES, "size": SIZE, "gop": 8}
    made = {
        "h264.mp4": make_video(folder / "h264.mp4", bframes=2, **video),
        "h264-index-first.mp4": make_video(folder / "h264-index-first.mp4", bframes=2, faststart=True, **video),
        "hevc.mp4": make_video(folder / "hevc.mp4", codec="libx265", bframes=2, **video),
        "edited.mov": make_video(folder / "edited.mov", bframes=2, tags={"com.apple.quicktime.model": "x"}, **video),
        "h264.mkv": make_video(folder / "h264.mkv", bframes=2, **video),
        "h264.avi": make_video(folder / "h264.avi", **video),
        "h264.ts": make_video(folder / "h264.ts", **video),
    }
    made["fragmented.mp4"] = _fragmented(made["h264.mp4"], folder / "fragmented.mp4")
    return made


def _fragmented(source: Path, out: Path) -> Path:
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    with av.open(str(source)) as container, av.open(str(out), "w", container_options=options) as target:
        copies = {s.index: target.add_stream_from_template(s) for s in container.streams}
        for packet in container.demux():
            if packet.size and packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                target.mux(packet)
    return out


# --- cut off ------------------------------------------------------------------------------------------------


def cut_offs(path: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the file cut off at each boundary of its structure, and in the middle of each piece."""
    data = path.read_bytes()
    if path.suffix in {".mp4", ".mov"}:
        with path.open("rb") as file:
            edges = {box.end for box in _all_boxes(file, boxes.top_level(file))}
    elif path.suffix == ".ts":
        edges = set(range(0, len(data), 188 * max(1, len(data) // 188 // 24)))
    else:
        edges = set(_riff_edges(data) if path.suffix == ".avi" else _ebml_edges(data))
    edges = sorted(at for at in edges | {1} if 0 < at < len(data))
    middles = [(a + b) // 2 for a, b in zip(edges, [*edges[1:], len(data)], strict=True) if b - a > LONG_BYTES]
    for at in sorted({*edges, *middles}):
        yield f"cut off at {at} of {len(data)}", data[:at]


def _all_boxes(file, siblings) -> Iterator[boxes.Box]:
    for box in siblings:
        yield box
        if box.kind in HOLDERS:
            yield from _all_boxes(file, boxes.children(file, box, skip_bytes=HOLDERS[box.kind]))


def _riff_edges(data: bytes) -> Iterator[int]:
    at = 12
    while at + 8 <= len(data):
        yield at
        kind, size_bytes = data[at : at + 4], struct.unpack_from("<I", data, at + 4)[0]
        at += 12 if kind == b"LIST" else 8 + size_bytes + size_bytes % 2


def _ebml_edges(data: bytes) -> Iterator[int]:
    """Yield the offsets of elements of a Matroska file, down into the segment and its clusters."""
    at = 0
    while at < len(data):
        yield at
        n_id = 9 - data[at].bit_length()
        n_size = 9 - data[at + n_id].bit_length()
        size_bytes = int.from_bytes(data[at + n_id : at + n_id + n_size], "big") & ((1 << 7 * n_size) - 1)
        holds_elements = data[at : at + n_id] in {b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75", b"\x16\x54\xae\x6b"}
        at += n_id + n_size + (0 if holds_elements else size_bytes)


# --- mutated ------------------------------------------------------------------------------------------------


def mutation(data: bytes, seed: int) -> bytes:
    """Return the file with one to sixteen bytes changed; every second one is where MP4 keeps its index."""
    rng = random.Random(seed)  # noqa: S311 - damage, not secrets
    changed = bytearray(data)
    index_at = data.find(b"moov")
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        in_index = index_at > 0 and rng.random() < 0.5
        at = rng.randrange(index_at if in_index else 0, len(data))
        how = rng.randrange(5)
        if how == 0:
            changed[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            changed[at] = rng.randrange(256)
        elif how == 2:
            changed[at : at + 4] = rng.choice((b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x7f\xff\xff\xff"))
        elif how == 3:
            changed[at : at + 16] = rng.randbytes(16)
        else:  # a piece in another place
            begin = rng.randrange(len(data))
            changed[at : at + 32] = data[begin : begin + 32]
    return bytes(changed[: len(data)])


# --- mistakes ---


def other_files(data: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield files that people upload by mistake, and leftovers of bad cards."""
    rng = random.Random(1)  # noqa: S311 - noise, not secrets
    yield "zeros", bytes(300_000)
    yield "noise", rng.randbytes(300_000)
    yield "one byte", b"\0"
    yield "ones", b"\xff" * 100_000
    yield "sync bytes", b"G" * 100_000
    yield "text", b"dear diary\n" * 1000
    yield "first half zeros", bytes(len(data) // 2) + data[len(data) // 2 :]
    yield "last half zeros", data[: len(data) // 2] + bytes(len(data) - len(data) // 2)
    yield "twice", data + data
    yield "a moov of its own size 0", struct.pack(">I4s", 0, b"moov") + bytes(100)
    yield "a box of 2^64", struct.pack(">I4sQ", 1, b"moov", 2**64 - 1) + bytes(100)
    yield "endless empty boxes", bytes(Tree(b"ftyp", b"isom\0\0\0\0isom")) + bytes(Tree(b"free")) * 200_000
