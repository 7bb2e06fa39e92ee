"""Reads camera and local time from Nikon videos (ExifTool, "Nikon NCTG Tags" and "Nikon AVI Tags").

In MOV and MP4, ``moov/udta/NCDT/NCTG`` holds big-endian tags of number, type, count and value. In AVI, the chunk
``nctg`` of the list ``ncdt`` holds little-endian tags of number, size and value.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO

from clips.media.cameras import exif
from clips.media.cameras.statement import NOTHING, Said
from clips.media.cameras.timestamps import iso, written_time, zone_min
from clips.media.formats import riff
from clips.media.mp4 import boxes

_MAKE, _MODEL, _WRITTEN_AT, _TAKEN_AT, _ZONE, _SERIAL = 0x01, 0x02, 0x11, 0x12, 0x19, 0x110A431
#: As in Nikon's Exif: minutes ahead of UTC without summer time, whether that is on, how dates are written.
_WORLD_TIME = 0x2000024
_AVI_MAKE, _AVI_MODEL, _AVI_TAKEN_AT, _AVI_WRITTEN_AT = 0x03, 0x04, 0x13, 0x14
_MAX_TAGS = 200
#: TIFF's signed integers; of a fraction the first one, for minutes are whole.
_ZONE_FORMS = {8: ">h", 9: ">i", 10: ">i"}


def read(file: BinaryIO) -> Said:
    """Return camera and local time of a Nikon file, with the zone set in its clock."""
    for box in boxes.find(file, b"moov", b"udta", b"NCDT", b"NCTG"):
        tags = dict(_tags(boxes.read(file, box)))
        texts = {tag: text for tag, raw in tags.items() if (text := _text(raw[1]))}
        shown = written_time(texts.get(_TAKEN_AT, "")) or written_time(texts.get(_WRITTEN_AT, ""))
        zone = _zone_min(tags)
        recorded_at = iso(shown, zone) if shown else None
        make, model, serial = (texts.get(tag) for tag in (_MAKE, _MODEL, _SERIAL))
        return Said(make, model, serial, recorded_at, utc_offset_min=zone)
    return NOTHING


def read_avi(file: BinaryIO) -> Said:
    """Return camera and local time of a Nikon AVI."""
    for chunk in riff.find(file, b"ncdt", b"nctg"):
        texts = {tag: _text(raw) for tag, raw in _avi_tags(riff.read(file, chunk))}
        shown = written_time(texts.get(_AVI_TAKEN_AT) or "") or written_time(texts.get(_AVI_WRITTEN_AT) or "")
        return Said(texts.get(_AVI_MAKE), texts.get(_AVI_MODEL), recorded_at=iso(shown, None) if shown else None)
    return NOTHING


def _zone_min(tags: dict[int, tuple[int, bytes]]) -> int | None:
    """Return how far the clock was ahead of UTC, including summer time; None if the file does not say."""
    _kind, world = tags.get(_WORLD_TIME, (0, b""))
    if len(world) >= 3:
        return zone_min(struct.unpack_from(">h", world)[0] + (60 if world[2] == 1 else 0))
    kind, zone = tags.get(_ZONE, (0, b""))
    form = _ZONE_FORMS.get(kind)
    return zone_min(struct.unpack_from(form, zone)[0]) if form and len(zone) >= struct.calcsize(form) else None


def _tags(fields: bytes) -> Iterator[tuple[int, tuple[int, bytes]]]:
    at = 0
    for _ in range(_MAX_TAGS):
        if at + 8 > len(fields):
            return
        tag, kind, count = struct.unpack_from(">IHH", fields, at)
        length = count * exif.SIZES.get(kind, 1)
        yield tag, (kind, fields[at + 8 : at + 8 + length])
        at += 8 + length


def _avi_tags(fields: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    for _ in range(_MAX_TAGS):
        if at + 4 > len(fields):
            return
        tag, length = struct.unpack_from("<HH", fields, at)
        yield tag, fields[at + 4 : at + 4 + length]
        at += 4 + length


def _text(raw: bytes) -> str | None:
    found = raw.split(b"\0")[0].decode("utf-8", errors="ignore").strip()
    return found if found.isprintable() and found else None
