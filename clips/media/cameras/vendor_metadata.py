"""Reads the metadata that camera makers store in boxes of their own, which FFmpeg skips.

The layouts are facts from ExifTool's tag tables (QuickTime, Samsung, DJI, Insta360, RIFF), Sony's "Non-Real Time Meta"
and 3GPP TS 26.244. Canon, Nikon and AVCHD have their own modules. Only what a file says is returned; nothing is
inferred from sizes or rates.
"""

import struct
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO

from clips.media.cameras import avchd, canon, nikon, protobuf, telemetry
from clips.media.cameras.statement import NOTHING, Said
from clips.media.cameras.timestamps import iso, written_time
from clips.media.formats import riff
from clips.media.mp4 import boxes
from clips.media.mp4.boxes import Box

_MAX_XML_BYTES = 256 * 1024
_SONY_ROOT = "NonRealTimeMeta"
_DJI_TELEMETRY = b"djmd"
#: 3GPP's "author" is a person as a rule; these makers write themselves there.
_AUTHORS_THAT_ARE_CAMERAS = ("FLIR",)

#: An Insta360 file ends with this; in front of it lie records, each with its kind and length behind it.
_INSTA360_END = b"8db42d694ccc418790edff439fe026bf"
_INSTA360_FOOTER_BYTES = 72
_INSTA360_INDEX, _INSTA360_INFO = 0, 1
_MAX_RECORDS = 100
_MAX_INFO_BYTES = 256 * 1024


def read(file: BinaryIO) -> Said:
    """Return what the first maker's boxes in the file say; an empty statement if there are none."""
    for look in READERS:
        if (said := look(file)) != NOTHING:
            return said
    return NOTHING


def _sony(file: BinaryIO) -> Said:
    """Read Sony's XAVC: an XML document in a ``meta`` box."""
    for box in _sony_documents(file):
        document = boxes.read(file, box, at_most_bytes=_MAX_XML_BYTES)[4:].strip(b"\0 \r\n\t")
        # No camera declares entities, which can grow without end, or writes UTF-16, which would hide that it does.
        if b"<!" in document or b"\0" in document:
            continue
        try:
            root = ET.fromstring(document)  # noqa: S314 - bounded, without entities, and in a confined child
        except (ET.ParseError, LookupError, ValueError):  # damaged, or in an encoding that there is not
            continue
        if _bare(root.tag) != _SONY_ROOT:
            continue
        device, frame, created = (_attributes(root, name) for name in ("Device", "VideoFrame", "CreationDate"))
        rate = frame.get("captureFps", "").rstrip("piPI")
        make, model, serial = (device.get(name) for name in ("manufacturer", "modelName", "serialNo"))
        return Said(make, model, serial, created.get("value"), rate or None)
    return NOTHING


def _sony_documents(file: BinaryIO) -> Iterator[Box]:
    metas = [
        *boxes.find(file, b"moov", b"meta"),
        *boxes.find(file, b"moov", b"udta", b"meta"),
        *boxes.find(file, b"meta"),
    ]
    for meta in metas:
        for box in boxes.children(file, meta, skip_bytes=4):
            if box.kind == b"xml ":
                yield box


def _attributes(root: ET.Element, name: str) -> dict[str, str]:
    return next((found.attrib for found in root.iter() if _bare(found.tag) == name), {})


def _bare(tag: str) -> str:
    return tag.rpartition("}")[2]


def _dji(file: BinaryIO) -> Said:
    """Read DJI's telemetry, which begins with the device: serial number at 1-1-5, name at 1-1-10, in all models."""
    sample = telemetry.first_sample(file, _DJI_TELEMETRY)
    if not sample:
        return NOTHING
    return Said("DJI", protobuf.text(sample, 1, 1, 10), protobuf.text(sample, 1, 1, 5))


def _insta360(file: BinaryIO) -> Said:
    size_bytes = file.seek(0, 2)
    if size_bytes < _INSTA360_FOOTER_BYTES:
        return NOTHING
    file.seek(size_bytes - _INSTA360_FOOTER_BYTES)
    footer = file.read(_INSTA360_FOOTER_BYTES)
    if not footer.endswith(_INSTA360_END):
        return NOTHING
    begin = size_bytes - struct.unpack_from("<I", footer, 32)[0]
    info = _insta360_info(file, begin, size_bytes - _INSTA360_FOOTER_BYTES)
    return Said("Insta360", protobuf.text(info, 2), protobuf.text(info, 1))


def _insta360_info(file: BinaryIO, begin: int, end: int) -> bytes:
    """Return the record that describes the camera, from the index if there is one, else walking backwards."""
    at = end
    for _ in range(_MAX_RECORDS):
        if at - 6 < max(0, begin):
            break
        file.seek(at - 6)
        _form, kind, size_bytes = struct.unpack("<BBI", file.read(6))
        start = at - 6 - size_bytes
        if start < max(0, begin):
            break
        file.seek(start)
        if kind == _INSTA360_INFO:
            return file.read(min(size_bytes, _MAX_INFO_BYTES))
        if kind == _INSTA360_INDEX:
            return _by_index(file, begin, end, file.read(min(size_bytes, _MAX_INFO_BYTES)))
        at = start
    return b""


def _by_index(file: BinaryIO, begin: int, end: int, index: bytes) -> bytes:
    for kind, _form, size_bytes, offset in struct.iter_unpack("<BBII", index[: len(index) // 10 * 10]):
        if kind == _INSTA360_INFO and 0 <= begin + offset <= end - size_bytes:
            file.seek(begin + offset)
            return file.read(min(size_bytes, _MAX_INFO_BYTES))
    return b""


def _samsung(file: BinaryIO) -> Said:
    for meta in boxes.find(file, b"moov", b"udta", b"smta"):
        for box in boxes.children(file, meta, skip_bytes=4):
            if box.kind == b"mdln" and (model := _plain(boxes.read(file, box, at_most_bytes=100))):
                return Said("Samsung", model)
    return NOTHING


def _quicktime(file: BinaryIO) -> Said:
    """Read QuickTime user data that FFmpeg leaves out: DJI drones write ``©mdl``, others ``manu`` and ``modl``."""
    model = _text_box(file, b"moov", b"udta", b"\xa9mdl", skip_bytes=4)
    if model:
        return Said(None, model)
    make, model = (_text_box(file, b"moov", b"udta", kind, skip_bytes=6) for kind in (b"manu", b"modl"))
    return Said(make, model)


def _author(file: BinaryIO) -> Said:
    author = _text_box(file, b"moov", b"udta", b"auth", skip_bytes=6) or ""  # version, flags, language
    make = next((make for make in _AUTHORS_THAT_ARE_CAMERAS if author.startswith(make)), None)
    return Said(make, author) if make else NOTHING


def _text_box(file: BinaryIO, *path: bytes, skip_bytes: int = 0) -> str | None:
    for box in boxes.find(file, *path):
        return _plain(boxes.read(file, box, at_most_bytes=100)[skip_bytes:])
    return None


def _plain(raw: bytes) -> str | None:
    found = raw.split(b"\0")[0].decode("utf-8", errors="ignore").strip()
    return found if found.isprintable() and found else None


def _avi(file: BinaryIO) -> Said:
    """Read an AVI: its maker's own list, and the local time that any camera writes into ``hdrl/IDIT``."""
    said = next(
        (found for look in (nikon.read_avi, canon.read_avi, _exif_list) if (found := look(file)) != NOTHING), NOTHING
    )
    for path in ((b"hdrl", b"IDIT"), (b"IDIT",), (b"INFO", b"ICRD")):
        for chunk in riff.find(file, *path):
            text = riff.read(file, chunk, at_most_bytes=100).split(b"\0")[0].decode("ascii", errors="ignore")
            if shown := written_time(text):
                return replace(said, recorded_at=said.recorded_at or iso(shown, None))
    return said


def _exif_list(file: BinaryIO) -> Said:
    """Read the list ``exif`` of an AVI (Exif 2.32, "RIFF audio files", which AVI files of cameras share)."""
    make, model = (
        next((_plain(riff.read(file, chunk, at_most_bytes=100)) for chunk in riff.find(file, b"exif", kind)), None)
        for kind in (b"ecor", b"emdl")
    )
    return Said(make, model)


#: In this order: the one that is surest of itself first.
READERS = (_sony, _dji, _insta360, canon.read, nikon.read, _samsung, avchd.read, _avi, _quicktime, _author)
