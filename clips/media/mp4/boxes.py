"""Reads the boxes (atoms) of an MP4 or QuickTime file: ISO/IEC 14496-12, section 4.2.

For the few things that FFmpeg's interface does not tell or cannot write: the exact length of an edit list, the track
with a GoPro's telemetry, the camera's model in its ``udta``.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

#: A damaged file can claim endless tiny boxes; no camera writes more than this side by side.
_MAX_SIBLINGS = 10_000


@dataclass(frozen=True)
class Box:
    """One box: its four letters, and the offsets of its body and of the byte behind it."""

    kind: bytes
    body: int
    end: int


def top_level(file: BinaryIO) -> Iterator[Box]:
    """Yield the outermost boxes; the last may end behind the end of a truncated file."""
    size_bytes = file.seek(0, 2)
    yield from _siblings(file, 0, size_bytes)


def children(file: BinaryIO, parent: Box, *, skip_bytes: int = 0) -> Iterator[Box]:
    """Yield the boxes inside ``parent``, after ``skip_bytes`` of its own fields."""
    yield from _siblings(file, parent.body + skip_bytes, parent.end)


def find(file: BinaryIO, *path: bytes) -> Iterator[Box]:
    """Yield every box at ``path``, as ``find(file, b"moov", b"trak")``."""
    found = [box for box in top_level(file) if box.kind == path[0]]
    for kind in path[1:]:
        found = [box for parent in found for box in children(file, parent) if box.kind == kind]
    yield from found


def first(file: BinaryIO, parent: Box, *path: bytes) -> Box | None:
    """Return the first box at ``path`` inside ``parent``, or None."""
    box = parent
    for kind in path:
        inner = next((child for child in children(file, box) if child.kind == kind), None)
        if inner is None:
            return None
        box = inner
    return box


def read(file: BinaryIO, box: Box, *, at_most_bytes: int = 65536) -> bytes:
    """Return the body of a small box."""
    file.seek(box.body)
    return file.read(min(max(0, box.end - box.body), at_most_bytes))


def _siblings(file: BinaryIO, start: int, end: int) -> Iterator[Box]:
    for _ in range(_MAX_SIBLINGS):
        if start + 8 > end:
            return
        file.seek(start)
        header = file.read(16)
        if len(header) < 8:
            return
        size_bytes, kind = struct.unpack(">I4s", header[:8])
        body = start + 8
        if size_bytes == 1 and len(header) == 16:
            size_bytes, body = struct.unpack(">Q", header[8:])[0], start + 16
        elif size_bytes == 0:  # up to the end of what holds it
            size_bytes = end - start
        if start + size_bytes < body:
            return
        yield Box(kind, body, start + size_bytes)
        start += size_bytes
