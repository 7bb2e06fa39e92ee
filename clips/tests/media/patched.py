"""Patches boxes of a finished MP4 that cameras and phones write, but FFmpeg cannot.

Reads and writes the format with code of its own, so that it can also check the cutter's output.
"""

import struct
from collections.abc import Iterator, Sequence
from pathlib import Path

#: What lies in front of the boxes inside a box; other kinds hold boxes from their first byte on.
_FIELDS_BEFORE = {b"stsd": 8, b"avc1": 78, b"hvc1": 78, b"hev1": 78, b"meta": 4}
_HOLD_BOXES = {b"moov", b"trak", b"edts", b"mdia", b"minf", b"stbl", b"udta", *_FIELDS_BEFORE}

Edit = tuple[int, int]  # length in the movie's time scale, media time (or -1 for nothing) in the track's


def set_edits(path: Path, track: int, edits: Sequence[Edit]) -> None:
    """Give a track, by its place, another edit list; the index must come after the content."""
    body = struct.pack(">II", 0, len(edits)) + b"".join(struct.pack(">IiI", *edit, 0x10000) for edit in edits)
    _rewrite(path, lambda moov: _with_edits(moov, track, _box(b"elst", body)))


def add_to_picture(path: Path, boxes: bytes) -> None:
    """Append boxes to the first picture's sample entry; the index must come after the content."""
    _rewrite(path, lambda moov: _with_more(moov, [b"trak", b"mdia", b"minf", b"stbl", b"stsd", None], boxes))


def box(kind: bytes, body: bytes) -> bytes:
    """Return one box."""
    return _box(kind, body)


def found(path: Path, *names: bytes) -> list[bytes]:
    """Return the bodies of all boxes at a path, as ``found(path, b"moov", b"trak", b"tkhd")``."""
    bodies = [Path(path).read_bytes()]
    for place, name in enumerate(names):
        skip = _FIELDS_BEFORE.get(names[place - 1], 0) if place else 0
        bodies = [body for parent in bodies for kind, body in _boxes(parent[skip:]) if kind == name]
    return bodies


def boxes_in(data: bytes) -> dict[bytes, bytes]:
    """Return the bodies of consecutive boxes in ``data``."""
    return dict(_boxes(data))


def edits(path: Path) -> list[list[Edit]]:
    """Return the edits of each track."""
    lists = []
    for track in found(path, b"moov", b"trak"):
        body = next((b for k, e in _boxes(track) if k == b"edts" for j, b in _boxes(e) if j == b"elst"), None)
        if body is None:
            lists.append([])
            continue
        kind = ">Qq" if body[0] else ">Ii"
        step = struct.calcsize(kind) + 4
        n_edits = struct.unpack_from(">I", body, 4)[0]
        lists.append([struct.unpack_from(kind, body, 8 + n * step) for n in range(n_edits)])
    return lists


def movie_scale_hz(path: Path) -> int:
    """Return the time units per second of the lengths of edits."""
    header = found(path, b"moov", b"mvhd")[0]
    return struct.unpack_from(">I", header, 20 if header[0] else 12)[0]


def _box(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, kind) + body


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1:
            size, head = struct.unpack_from(">Q", data, at + 8)[0], 16
        yield kind, data[at + head : at + size]
        at += size


def _rewrite(path: Path, change) -> None:
    parts = list(_boxes(Path(path).read_bytes()))
    assert [kind for kind, _ in parts][-1] == b"moov", "offsets into the content would be wrong"
    parts[-1] = (b"moov", change(parts[-1][1]))
    Path(path).write_bytes(b"".join(_box(kind, body) for kind, body in parts))


def _with_edits(moov: bytes, wanted: int, elst: bytes) -> bytes:
    whole, track = b"", -1
    for kind, body in _boxes(moov):
        if kind == b"trak":
            track += 1
            if track == wanted:
                inner = [(k, b) for k, b in _boxes(body) if k != b"edts"]
                inner.insert(1, (b"edts", elst))  # behind tkhd
                body = b"".join(_box(k, b) for k, b in inner)
        whole += _box(kind, body)
    return whole


def _with_more(data: bytes, names: list[bytes | None], more: bytes, held: bytes = b"moov") -> bytes:
    """Append ``more`` inside the first box at the path ``names``; None is any box."""
    if not names:
        return data + more
    skip = _FIELDS_BEFORE.get(held, 0)
    whole, done = data[:skip], False
    for kind, body in _boxes(data[skip:]):
        if not done and names[0] in (kind, None):
            body, done = _with_more(body, names[1:], more, kind), True
        whole += _box(kind, body)
    return whole
