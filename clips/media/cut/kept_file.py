"""Writes and reads files that hold some ranges of bytes of another file, at the places where they lay in it.

Read back they become a file as long as the other one, with holes: its index leads to the same places, so whatever lies
in the ranges is read as before, to the bit. A hole takes no room on disks that know sparse files.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from clips.media import MediaError

MAGIC = b"trickyclip kept 1\n"
#: Offset and length in bytes.
Range = tuple[int, int]
_BLOCK_BYTES = 4 * 1024**2
#: A line for a day of video in single frames is shorter.
_MOST_HEAD_BYTES = 64 * 1024**2
DAMAGED = "What is left of this video is damaged."


def pack(source: Path, ranges: Iterable[Range], out: Path, report: Callable[[], None] = lambda: None) -> str:
    """Copy ranges of a file into another; return the SHA-256 of that.

    Parameters
    ----------
    source : Path
        The whole file.
    ranges : iterable of (int, int)
        Offset and length of each, in bytes.
    out : Path
        Written over; the caller puts it in its place, whole.
    report : callable
        Called between blocks; may raise to stop.
    """
    ranges = [(offset, length) for offset, length in ranges if length]
    digest = hashlib.sha256()
    with source.open("rb") as whole, out.open("wb") as kept:
        head = {"size_bytes": whole.seek(0, 2), "ranges": ranges}
        for block in (MAGIC, json.dumps(head, separators=(",", ":")).encode() + b"\n"):
            digest.update(block)
            kept.write(block)
        for offset, length in ranges:
            whole.seek(offset)
            for block in _blocks(whole, length):
                digest.update(block)
                kept.write(block)
                report()
    return digest.hexdigest()


def unpack(kept: Iterable[Path], out: Path) -> None:
    """Write a file with holes from what was kept of it, in one or several files; MediaError if one is damaged."""
    with out.open("wb") as whole:
        for path in kept:
            with path.open("rb") as part:
                size_bytes, ranges = _head(part)
                whole.truncate(size_bytes)
                for offset, length in ranges:
                    if offset + length > size_bytes:
                        raise MediaError(DAMAGED)
                    whole.seek(offset)
                    for block in _blocks(part, length):
                        whole.write(block)
                if part.read(1):
                    raise MediaError(DAMAGED)


def merged(ranges: Iterable[Range], *, gap: int = 0) -> list[Range]:
    """Return ranges in order, with those that touch or lie closer than ``gap`` as one."""
    found: list[Range] = []
    for offset, length in sorted(ranges):
        if found and offset <= sum(found[-1]) + gap:
            begin = found[-1][0]
            found[-1] = (begin, max(sum(found[-1]), offset + length) - begin)
        else:
            found.append((offset, length))
    return found


def without(ranges: Iterable[Range], others: Iterable[Range]) -> list[Range]:
    """Return what of some ranges is in none of the others; both in order, and each apart from its neighbours."""
    found: list[Range] = []
    taken = list(others)
    at = 0
    for offset, length in ranges:
        begin, end = offset, offset + length
        while at < len(taken) and sum(taken[at]) <= begin:
            at += 1
        look = at
        while look < len(taken) and taken[look][0] < end:
            if taken[look][0] > begin:
                found.append((begin, taken[look][0] - begin))
            begin = max(begin, sum(taken[look]))
            look += 1
        if begin < end:
            found.append((begin, end - begin))
    return found


def total_bytes(ranges: Iterable[Range]) -> int:
    return sum(length for _offset, length in ranges)


def _head(part: BinaryIO) -> tuple[int, list[Range]]:
    if part.read(len(MAGIC)) != MAGIC:
        raise MediaError(DAMAGED)
    try:
        head = json.loads(part.readline(_MOST_HEAD_BYTES))
        return int(head["size_bytes"]), [(int(offset), int(length)) for offset, length in head["ranges"]]
    except (ValueError, KeyError, TypeError) as error:
        raise MediaError(DAMAGED) from error


def _blocks(file: BinaryIO, length: int) -> Iterator[bytes]:
    while length > 0:
        block = file.read(min(_BLOCK_BYTES, length))
        if not block:
            raise MediaError(DAMAGED)
        length -= len(block)
        yield block
