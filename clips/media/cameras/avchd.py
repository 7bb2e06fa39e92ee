"""Reads maker, model and local time with its zone from the H.264 of AVCHD camcorders.

AVCHD's "Modified Digital Video Pack Metadata" is in user data of the stream (H.264, annex D.1.6), five bytes per entry:
a number, and four bytes, which are binary-coded decimals in times (ExifTool, "H264 MDPM Tags").
"""

import struct
from collections import defaultdict
from collections.abc import Mapping
from typing import BinaryIO

from clips.media.cameras.statement import NOTHING, Said
from clips.media.cameras.timestamps import iso, written_time, zone_min

#: As many bytes as are searched; the first picture bears it.
_HEAD_BYTES = 1024 * 1024
_PACKET_BYTES, _SYNC = 188, 0x47
_MARK = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM"
_ZONE_AND_DAY, _DAY_AND_TIME, _MAKER, _MODEL = 0x18, 0x19, 0xE0, (0xE4, 0xE5, 0xE6)
_MAKERS = {0x0103: "Panasonic", 0x0108: "Sony", 0x1011: "Canon", 0x1104: "JVC"}
_HALF_HOUR, _HOURS, _BEHIND = 0x01, 0x1E, 0x20
#: What a camera writes into a zone that nobody has set; the top bit is no part of one.
_NO_ZONE = 0x80


def read(file: BinaryIO) -> Said:
    """Return what the first such entry in a transport stream says; an empty statement for any other file."""
    for payload in _payloads(file).values():
        at = payload.find(_MARK)
        if at < 0:
            continue
        entries = _entries(payload[at + len(_MARK) : at + 2048])
        make = _MAKERS.get(struct.unpack_from(">H", entries.get(_MAKER, b"\0\0"))[0])
        # Others write numbers of their own where Sony has its model.
        model = _text(b"".join(entries.get(tag, b"") for tag in _MODEL)) if make == "Sony" else None
        return Said(make, model, recorded_at=_recorded_at(entries))
    return NOTHING


def _payloads(file: BinaryIO) -> Mapping[int, bytes]:
    """Return the first bytes of each track of a transport stream. BDAV puts four bytes before each packet."""
    file.seek(0)
    head = file.read(2 * _PACKET_BYTES + 8)
    steps = ((0, _PACKET_BYTES), (4, _PACKET_BYTES + 4))
    first, step = next(((at, n) for at, n in steps if head[at : at + n + 1 : n] == bytes([_SYNC] * 2)), (0, 0))
    head += file.read(_HEAD_BYTES) if step else b""
    found: dict[int, bytearray] = defaultdict(bytearray)
    for at in range(first, len(head) - _PACKET_BYTES + 1, step) if step else ():
        if head[at] != _SYNC:
            break
        track, flags = struct.unpack_from(">HB", head, at + 1)
        body = at + 4 + (1 + head[at + 4] if flags & 0x20 else 0)  # behind an adaptation field
        if flags & 0x10:
            found[track & 0x1FFF] += head[body : at + _PACKET_BYTES]
    return {track: bytes(payload) for track, payload in found.items()}


def _entries(raw: bytes) -> dict[int, bytes]:
    fields = raw.replace(b"\0\0\3", b"\0\0")  # H.264 puts a 3 where three zeros could be taken for a beginning
    n_entries = fields[0] if fields else 0
    found: dict[int, bytes] = {}
    for at in range(1, min(1 + 5 * n_entries, len(fields) - 4), 5):
        found.setdefault(fields[at], fields[at + 1 : at + 5])
    return found


def _recorded_at(entries: Mapping[int, bytes]) -> str | None:
    first, second = entries.get(_ZONE_AND_DAY), entries.get(_DAY_AND_TIME)
    if not first or not second:
        return None
    century, year, month = (f"{byte:02x}" for byte in first[1:])
    day, hour, minute, seconds = (f"{byte:02x}" for byte in second)
    shown = written_time(f"{century}{year}-{month}-{day} {hour}:{minute}:{seconds}")
    return iso(shown, _offset_min(first[0])) if shown else None


def _offset_min(zone: int) -> int | None:
    """Return the offset in the zone byte. A flag beside it says that summer time is already included."""
    if zone & _NO_ZONE:
        return None
    minutes = (zone & _HOURS) // 2 * 60 + (30 if zone & _HALF_HOUR else 0)
    return zone_min(-minutes if zone & _BEHIND else minutes)


def _text(raw: bytes) -> str | None:
    found = raw.split(b"\0")[0].decode("ascii", errors="ignore").strip()
    return found if found.isprintable() and found else None
