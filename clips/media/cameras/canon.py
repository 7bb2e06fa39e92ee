"""Reads the model from Canon videos, and the local time and zone from the Exif of their thumbnail.

``moov/udta`` or ``moov/uuid`` hold ``CNMN`` (the model) and ``CNTH/CNDA`` (a JPEG). Recent cameras have the directories
of its Exif in their own boxes, ``CMT1`` to ``CMT3`` (ExifTool, "Canon CNTH Tags", "Canon uuid Tags").
"""

import datetime as dt
from collections.abc import Iterator
from typing import BinaryIO

from clips.media.cameras import exif
from clips.media.cameras.statement import NOTHING, Said
from clips.media.cameras.timestamps import iso, written_offset_min, written_time, zone_min
from clips.media.formats import riff
from clips.media.mp4 import boxes

_UUID = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
#: Of Canon's note: its own length in bytes, minutes ahead of UTC, the city's number, minutes of summer time.
_TIME_INFO = 0x35
_MAX_PICTURE_BYTES = 512 * 1024
#: What wrote an AVI: "CanonMVI01" to "CanonMVI06".
_AVI_SOFTWARE = b"CanonMVI"


def read(file: BinaryIO) -> Said:
    """Return camera and local time of a Canon file, with the zone where the file has one."""
    model = next(_texts(file, b"CNMN"), None)
    for taken in _exif(file):
        at = written_time(taken.texts.get(exif.TAKEN_AT, ""))
        zone = written_offset_min(taken.texts.get(exif.TAKEN_AT_OFFSET, ""))
        zone = _zone_min(taken) if zone is None else zone
        named = model or taken.texts.get(exif.MODEL)
        if at or named:
            return Said("Canon", named, recorded_at=iso(at, zone) if at else None, utc_offset_min=zone)
    return Said("Canon", model) if model else NOTHING


def read_avi(file: BinaryIO) -> Said:
    """Return "Canon" as the maker of an AVI, which does not name the model."""
    for chunk in riff.find(file, b"INFO", b"ISFT"):
        if riff.read(file, chunk).startswith(_AVI_SOFTWARE):
            return Said("Canon")
    return NOTHING


def moment(said: str, created: dt.datetime | None) -> str:
    """Return the local time in a thumbnail, with its zone where the file's creation time gives that away.

    The thumbnail's is the wall clock's. A Canon whose file bears UTC beside it differs by the offset of the place,
    which is a multiple of a quarter of an hour; one that bears local time there, too, does not differ.
    """
    shown = dt.datetime.fromisoformat(said)
    if shown.tzinfo is not None or created is None:
        return said
    ahead = shown - created.replace(tzinfo=None)
    quarters = round(ahead / dt.timedelta(minutes=15))
    is_whole = abs(ahead - quarters * dt.timedelta(minutes=15)) <= dt.timedelta(seconds=2)
    return iso(shown, zone_min(quarters * 15)) if quarters and is_whole else said


def _zone_min(taken: exif.Tags) -> int | None:
    info = taken.integers.get(_TIME_INFO, ())
    return zone_min(info[1] + info[3]) if len(info) >= 4 and info[3] in {0, 60} else None


def _exif(file: BinaryIO) -> Iterator[exif.Tags]:
    """Yield the tags of each Exif block in the file, including those of Canon's maker note."""
    for thumbnail in _inside(file, b"CNTH"):
        for box in boxes.children(file, thumbnail):
            if box.kind == b"CNDA":
                tiff = exif.of_picture(boxes.read(file, box, at_most_bytes=_MAX_PICTURE_BYTES))
                yield _together(exif.tags(tiff), exif.maker_note(tiff))
    directories = [boxes.read(file, box) for kind in (b"CMT1", b"CMT2", b"CMT3") for box in _inside(file, kind)]
    if directories:
        yield _together(*map(exif.tags, directories))


def _together(*all_tags: exif.Tags) -> exif.Tags:
    together = exif.Tags({}, {})
    for each in all_tags:
        together.texts.update(each.texts | together.texts)
        together.integers.update(each.integers | together.integers)
    return together


def _inside(file: BinaryIO, kind: bytes) -> Iterator[boxes.Box]:
    """Yield the boxes of a kind in the user data and in Canon's own box."""
    yield from boxes.find(file, b"moov", b"udta", kind)
    for own in boxes.find(file, b"moov", b"uuid"):
        if boxes.read(file, own, at_most_bytes=len(_UUID)) == _UUID:
            yield from (box for box in boxes.children(file, own, skip_bytes=len(_UUID)) if box.kind == kind)


def _texts(file: BinaryIO, kind: bytes) -> Iterator[str]:
    for box in _inside(file, kind):
        text = boxes.read(file, box, at_most_bytes=100).split(b"\0")[0].decode("utf-8", errors="ignore").strip()
        if text and text.isprintable():
            yield text
