"""Finds the tracks in which cameras store sensor data and other telemetry."""

import struct
from typing import BinaryIO

from clips.media.mp4 import boxes
from clips.media.mp4.boxes import Box

#: A second of a GoPro's telemetry is some 10 KB.
_MAX_SAMPLE_BYTES = 256 * 1024


def track(file: BinaryIO, kind: bytes) -> Box | None:
    """Return the first track whose samples are of ``kind``, such as ``b"gpmd"``; None if there is none."""
    for candidate in boxes.find(file, b"moov", b"trak"):
        description = boxes.first(file, candidate, b"mdia", b"minf", b"stbl", b"stsd")
        # version and flags, number of entries, size of the first entry, its four letters
        if description and boxes.read(file, description)[12:16] == kind:
            return candidate
    return None


def track_id(file: BinaryIO, found: Box) -> int | None:
    """Return a track's id, which is FFmpeg's stream id."""
    header = boxes.first(file, found, b"tkhd")
    fields = boxes.read(file, header) if header else b""
    at = 20 if fields[:1] == b"\1" else 12
    return struct.unpack_from(">I", fields, at)[0] if len(fields) >= at + 4 else None


def first_sample(file: BinaryIO, kind: bytes) -> bytes:
    """Return the first sample of the track of ``kind``; empty if there is none."""
    found = track(file, kind)
    table = boxes.first(file, found, b"mdia", b"minf", b"stbl") if found else None
    if table is None:
        return b""
    offset, size_bytes = _first_offset(file, table), _first_size_bytes(file, table)
    if offset is None or offset >= file.seek(0, 2) or not 0 < size_bytes <= _MAX_SAMPLE_BYTES:
        return b""
    file.seek(offset)
    return file.read(size_bytes)


def _first_offset(file: BinaryIO, table: Box) -> int | None:
    for kind, form in ((b"stco", ">I"), (b"co64", ">Q")):
        chunks = boxes.first(file, table, kind)
        fields = boxes.read(file, chunks, at_most_bytes=16) if chunks else b""
        if len(fields) >= 8 + struct.calcsize(form):
            (offset,) = struct.unpack_from(form, fields, 8)
            return int(offset)
    return None


def _first_size_bytes(file: BinaryIO, table: Box) -> int:
    sizes = boxes.first(file, table, b"stsz")
    fields = boxes.read(file, sizes, at_most_bytes=16) if sizes else b""
    if len(fields) < 12:
        return 0
    of_each = struct.unpack_from(">I", fields, 4)[0]
    return of_each or (struct.unpack_from(">I", fields, 12)[0] if len(fields) >= 16 else 0)
