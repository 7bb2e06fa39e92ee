"""Copies the sample descriptions of metadata tracks from a camera's file to a clip (ISO/IEC 14496-12, 8.5.2).

FFmpeg copies every camera's telemetry, but labels all of it ``gpmd``. Only the sample description says what it is
(``djmd``, ``rtmd``, ``mebx`` with its keys), so a finished clip gets that of its source.
"""

import os
import shutil
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import BinaryIO

from clips.media.mp4 import boxes
from clips.media.mp4.boxes import Box

_TO_DESCRIPTION = (b"mdia", b"minf", b"stbl", b"stsd")
_TO_CHUNKS = (b"mdia", b"minf", b"stbl")
_CHUNKS = {b"stco": ">I", b"co64": ">Q"}
#: A longer one is no camera's.
_MAX_ENTRY_BYTES = 32 * 1024
#: Size, four letters, 6 bytes reserved, data reference.
_SHORTEST_BYTES = 16


@dataclass(frozen=True)
class SampleEntry:
    """The first sample description of a track."""

    kind: str  # its four letters
    handler: str  # those of the track's handler, as "meta"
    raw: bytes  # all of it; empty where it is none that could be written again

    @property
    def is_timed_metadata(self) -> bool:
        return self.handler == "meta" and bool(self.raw)

    def under(self, letters: bytes, more: bytes) -> bytes:
        """Return the description with another tag and a further box appended."""
        return _sized(self.raw[:4] + letters + self.raw[8:] + more)


def read(path: Path) -> dict[int, SampleEntry]:
    """Return the sample descriptions of an MP4 or QuickTime file's tracks, by track number (FFmpeg's id)."""
    with path.open("rb") as file:
        return {
            number: entry
            for track in boxes.find(file, b"moov", b"trak")
            if (number := _number(file, track)) and (entry := _entry(file, track))
        }


def give_back(path: Path, entries: Mapping[int, bytes]) -> None:
    """Replace the sample descriptions of tracks, by their place in the file; the index must come first."""
    with path.open("rb") as file:
        index = next(box for box in boxes.top_level(file) if box.kind == b"moov")
        file.seek(index.body - 8)
        movie = file.read(index.end - index.body + 8)
    changed = _with_tracks(movie, lambda place, track: _described(track, entries.get(place)))
    if grown := len(changed) - len(movie):
        changed = _with_tracks(changed, lambda _place, track: _moved(track, grown))
        _insert(path, index, changed)
        return
    with path.open("r+b") as file:
        file.seek(index.body - 8)
        file.write(changed)


def _number(file: BinaryIO, track: Box) -> int | None:
    header = boxes.first(file, track, b"tkhd")
    fields = boxes.read(file, header) if header else b""
    at = 20 if fields[:1] == b"\1" else 12
    return struct.unpack_from(">I", fields, at)[0] if len(fields) >= at + 4 else None


def _entry(file: BinaryIO, track: Box) -> SampleEntry | None:
    handler, description = boxes.first(file, track, b"mdia", b"hdlr"), boxes.first(file, track, *_TO_DESCRIPTION)
    if handler is None or description is None:
        return None
    fields = boxes.read(file, description, at_most_bytes=8 + _MAX_ENTRY_BYTES)
    if len(fields) < 16:
        return None
    size_bytes = struct.unpack_from(">I", fields, 8)[0]
    is_whole = _SHORTEST_BYTES <= size_bytes <= len(fields) - 8
    kind = fields[12:16].decode("latin-1")
    said = boxes.read(file, handler)[8:12].decode("latin-1")
    return SampleEntry(kind if kind.isprintable() else "?", said, fields[8 : 8 + size_bytes] if is_whole else b"")


def _described(track: bytes, entry: bytes | None) -> bytes:
    if entry is None:
        return track
    return _changed(track, _TO_DESCRIPTION, lambda stsd: _sized(stsd[:12] + struct.pack(">I", 1) + entry))


def _moved(track: bytes, by: int) -> bytes:
    """Return a track whose chunk offsets are shifted."""
    for kind, form in _CHUNKS.items():
        track = _changed(track, (*_TO_CHUNKS, kind), partial(_shifted, form=form, by=by))
    return track


def _shifted(table: bytes, form: str, by: int) -> bytes:
    offsets = [struct.pack(form, offset + by) for (offset,) in struct.iter_unpack(form, table[16:])]
    return table[:16] + b"".join(offsets)


def _with_tracks(movie: bytes, change: Callable[[int, bytes], bytes]) -> bytes:
    parts, place = [movie[:8]], 0
    for box in _inside(movie):
        is_track = box[4:8] == b"trak"
        parts.append(change(place, box) if is_track else box)
        place += is_track
    return _sized(b"".join(parts))


def _changed(box: bytes, path: tuple[bytes, ...], change: Callable[[bytes], bytes]) -> bytes:
    """Return a box in which each box at ``path`` below it is changed."""
    if not path:
        return change(box)
    inner = [_changed(child, path[1:], change) if child[4:8] == path[0] else child for child in _inside(box)]
    return _sized(box[:8] + b"".join(inner))


def _inside(box: bytes) -> list[bytes]:
    """Return the boxes inside a box written by FFmpeg, none of which is longer than 4 GB."""
    found, at = [], 8
    while at + 8 <= len(box):
        size_bytes = max(8, struct.unpack_from(">I", box, at)[0])
        found.append(box[at : at + size_bytes])
        at += size_bytes
    return found


def _sized(box: bytes) -> bytes:
    return struct.pack(">I", len(box)) + box[4:]


def _insert(path: Path, index: Box, movie: bytes) -> None:
    """Rewrite the file with another index."""
    part = path.with_name(f"{path.name}.index")
    try:
        with path.open("rb") as source, part.open("wb") as out:
            out.write(source.read(index.body - 8))
            out.write(movie)
            source.seek(index.end)
            shutil.copyfileobj(source, out, 1024**2)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
