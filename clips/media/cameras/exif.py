"""Reads the Exif that cameras embed in their videos: a TIFF structure (TIFF 6.0, section 2; Exif 2.32, tables 4 to 8).

A small reader of our own: it needs only a few times and names out of some kilobytes of an untrusted file.
"""

import struct
from dataclasses import dataclass

#: Tags, by their numbers in Exif's tables.
MAKE, MODEL = 0x010F, 0x0110
TAKEN_AT, TAKEN_AT_OFFSET = 0x9003, 0x9011
_EXIF, _MAKER_NOTE = 0x8769, 0x927C
_ASCII = 2
#: Integers, signed and not: how ``struct`` writes one.
_INTEGERS = {3: "H", 4: "I", 8: "h", 9: "i"}
#: Bytes of each of TIFF's types.
SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8}
_MAX_ENTRIES = 300
_MAX_VALUE_BYTES = 4096


@dataclass(frozen=True)
class Tags:
    """The texts and the integers of some directories, by tag number."""

    texts: dict[int, str]
    integers: dict[int, tuple[int, ...]]


def of_picture(picture: bytes) -> bytes:
    """Return the TIFF structure of the Exif in a JPEG; empty where there is none."""
    at = picture.find(b"Exif\0\0")
    return picture[at + 6 :] if at >= 0 else b""


def tags(tiff: bytes) -> Tags:
    """Return the tags of the first directory and of the Exif directory that it names; none if it is not TIFF."""
    order = _order(tiff)
    if order is None:
        return Tags({}, {})
    first = _directory(tiff, order, _begin(tiff, order))
    inner = first.integers.get(_EXIF)
    if not inner:
        return first
    exif = _directory(tiff, order, inner[0])
    return Tags(exif.texts | first.texts, exif.integers | first.integers)


def maker_note(tiff: bytes) -> Tags:
    """Return the tags of a maker note that is a directory, as Canon's is."""
    order = _order(tiff)
    inner = tags(tiff).integers.get(_EXIF) if order else None
    if order is None or not inner:
        return Tags({}, {})
    for tag, _kind, _count, at in _entries(tiff, order, inner[0]):
        if tag == _MAKER_NOTE:
            return _directory(tiff, order, at)
    return Tags({}, {})


def _order(tiff: bytes) -> str | None:
    return {b"II": "<", b"MM": ">"}.get(tiff[:2]) if len(tiff) >= 8 else None


def _begin(tiff: bytes, order: str) -> int:
    (begin,) = struct.unpack_from(f"{order}I", tiff, 4)
    return int(begin)


def _directory(tiff: bytes, order: str, begin: int) -> Tags:
    found = Tags({}, {})
    for tag, kind, count, at in _entries(tiff, order, begin):
        raw = tiff[at : at + min(count * SIZES.get(kind, 1), _MAX_VALUE_BYTES)]
        if kind == _ASCII:
            found.texts.setdefault(tag, raw.split(b"\0")[0].decode("utf-8", errors="ignore").strip())
        elif form := _INTEGERS.get(kind):
            n_values = len(raw) // SIZES[kind]
            found.integers.setdefault(tag, struct.unpack_from(f"{order}{n_values}{form}", raw))
    return found


def _entries(tiff: bytes, order: str, begin: int) -> list[tuple[int, int, int, int]]:
    """Return tag, type, number of values and their position of each entry of a directory."""
    if begin + 2 > len(tiff):
        return []
    n_entries = min(struct.unpack_from(f"{order}H", tiff, begin)[0], _MAX_ENTRIES)
    found = []
    for entry in range(begin + 2, min(begin + 2 + 12 * n_entries, len(tiff) - 11), 12):
        tag, kind, count = struct.unpack_from(f"{order}HHI", tiff, entry)
        is_here = count * SIZES.get(kind, 1) <= 4
        found.append((tag, kind, count, entry + 8 if is_here else struct.unpack_from(f"{order}I", tiff, entry + 8)[0]))
    return found
