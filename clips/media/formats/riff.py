"""Reads the chunks and lists of an AVI (Microsoft's "AVI RIFF File Reference")."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_MAX_SIBLINGS = 1000


@dataclass(frozen=True)
class Chunk:
    """A chunk, or a list with its own kind: the offsets of its body and of the byte behind it."""

    kind: bytes
    is_list: bool
    body: int
    end: int


def find(file: BinaryIO, *path: bytes) -> Iterator[Chunk]:
    """Yield every chunk at ``path`` inside the first ``AVI`` list, as ``find(file, b"hdrl", b"IDIT")``."""
    size_bytes = file.seek(0, 2)
    found = [each for each in _siblings(file, 0, min(size_bytes, 12 + 8)) if each.is_list and each.kind == b"AVI "]
    for kind in path:
        inside = [each for parent in found for each in _siblings(file, parent.body, min(parent.end, size_bytes))]
        found = [each for each in inside if each.kind == kind]
    yield from found if path else ()


def read(file: BinaryIO, chunk: Chunk, *, at_most_bytes: int = 65536) -> bytes:
    """Return the body of a small chunk."""
    file.seek(chunk.body)
    return file.read(min(max(0, chunk.end - chunk.body), at_most_bytes))


def _siblings(file: BinaryIO, start: int, end: int) -> Iterator[Chunk]:
    for _ in range(_MAX_SIBLINGS):
        if start + 8 > end:
            return
        file.seek(start)
        header = file.read(12)
        if len(header) < 8:
            return
        kind, length = struct.unpack("<4sI", header[:8])
        if kind in {b"RIFF", b"LIST"} and len(header) == 12:
            yield Chunk(header[8:], True, start + 12, start + 8 + length)
        else:
            yield Chunk(kind, False, start + 8, start + 8 + length)
        start += 8 + length + length % 2  # chunks begin at even offsets
