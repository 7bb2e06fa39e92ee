"""Reads model, settings and telemetry of GoPro files (format: gopro/gpmf-parser), and parses GoPro file names."""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import BinaryIO

from clips.media.cameras import copy_suffixes, gpmf, telemetry
from clips.media.mp4 import boxes

_TELEMETRY = b"gpmd"
_MODEL, _SERIAL, _DEVICE_NAME, _TIME_ZONE = b"MINF", b"CASN", b"DVNM", b"TZON"
_HILIGHTS, _BY_HAND = b"HLMT", b"MANL"
_CAMERA = re.compile(r"(?:HERO|Hero) ?\d+.*|MAX\b.*|Fusion\b.*")
_MAX_SETTINGS_BYTES = 512 * 1024
_MAX_OFFSET_MIN = 14 * 60
#: The camera's own limit, too.
MAX_HILIGHTS = 100
#: GoPro's "Camera File Naming Convention". Since the HERO6: H for AVC, X for HEVC, L for the small copy, S for 360
#: degrees; a chapter from 01 on; the recording's number. Letters instead of a chapter name a loop.
_NAME = re.compile(r"G(?P<kind>[HXLS])(?:(?P<chapter>\d\d)(?P<number>\d{4})|(?P<loop>[A-Z]{2})(?P<part>\d{4}))")
#: Up to the HERO5, and there GP01 is the second chapter.
_OLD_NAME = re.compile(r"G(?:OPR|P(?P<chapter>\d\d))(?P<number>\d{4})")
#: Some programs number copies without brackets; no GoPro's own name ends so.
_NUMBERED_COPY = re.compile(r"[ _-]\d{1,2}$")


@dataclass(frozen=True)
class Recording:
    """A GoPro file name: the recording, and the part of it."""

    number: str
    #: Counts from 1.
    chapter: int
    #: The camera's own small copy (LRV) of the file of the same number and chapter.
    is_low_res: bool
    #: What a program wrote behind the name, where a file of this name was there already.
    copy_ending: str = field(default="", compare=False)


def recording(filename: str) -> Recording | None:
    """Return the recording and part in a name such as "GX020123.MP4"; None if it is no GoPro video name.

    The small copy of GX020123.MP4 is GL020123.LRV; that of GOPR0123.MP4 is GOPR0123.LRV. Numbers begin again on
    another card and camera, so equal ones mean the same recording only within one camera's files of one day.
    The ending of a copy, as of "GX020123 (1).MP4", changes nothing of that.
    """
    name = PurePath(filename.replace("\\", "/").upper())
    is_low_res = name.suffix == ".LRV"
    if name.suffix not in {".MP4", ".LRV", ".360"}:
        return None
    stem, ending = copy_suffixes.split(name.stem, _NUMBERED_COPY)
    if found := _NAME.fullmatch(stem):
        is_low_res = is_low_res or found["kind"] == "L"
        if found["loop"]:
            return Recording(found["loop"], int(found["part"]), is_low_res, ending)
        return Recording(found["number"], int(found["chapter"]), is_low_res, ending)
    if found := _OLD_NAME.fullmatch(stem):
        return Recording(found["number"], int(found["chapter"] or 0) + 1, is_low_res, ending)
    return None


def settings(file: BinaryIO) -> bytes:
    """Return ``moov/udta/GPMF``, there since the HERO6: model, serial number, settings, HiLight tags."""
    for box in boxes.find(file, b"moov", b"udta", b"GPMF"):
        return boxes.read(file, box, at_most_bytes=_MAX_SETTINGS_BYTES)
    return b""


def model(file: BinaryIO) -> str | None:
    """Return the camera's name for itself, such as "HERO8 Black", from its settings or else from its telemetry.

    What hangs on a camera calls its telemetry by its own name ("GoPro Karma v1.0"), so only a camera's counts.
    """
    if name := gpmf.text(settings(file), _MODEL):
        return name
    for found in gpmf.elements(telemetry.first_sample(file, _TELEMETRY)):
        if found.key == _DEVICE_NAME and (camera := _CAMERA.search(found.text)):
            return camera[0].replace("Hero", "HERO")
    return None


def serial(file: BinaryIO) -> str | None:
    """Return the camera's serial number; up to the HERO5, the value of ``CAME``, which is as distinct."""
    if number := gpmf.text(settings(file), _SERIAL):
        return number
    for box in boxes.find(file, b"moov", b"udta", b"CAME"):
        fields = boxes.read(file, box, at_most_bytes=16)
        return fields.hex() if any(fields) else None
    return None


def utc_offset_min(file: BinaryIO) -> int | None:
    """Return the time zone set in the camera, in minutes ahead of UTC; None before the HERO11.

    Cameras without a setting for it write local time whatever stands there.
    """
    for found in gpmf.elements(settings(file)):
        if found.key == _TIME_ZONE and len(found.payload) in (2, 4):
            offset_min = int.from_bytes(found.payload, "big", signed=True)
            return offset_min if abs(offset_min) <= _MAX_OFFSET_MIN else None
    return None


def hilights_ms(file: BinaryIO) -> list[int]:
    """Return the moments that the rider marked while filming, in ms from the beginning, in order.

    ``moov/udta/HMMT`` holds their number and then each; since the HERO6 they stand in ``HLMT`` of the settings,
    16 bytes before the letters that say how each was set ("MANL", by hand).
    """
    moments: set[int] = set()
    for box in boxes.find(file, b"moov", b"udta", b"HMMT"):
        fields = boxes.read(file, box, at_most_bytes=4 + 4 * MAX_HILIGHTS)
        numbers = struct.unpack(f">{len(fields) // 4}I", fields[: len(fields) // 4 * 4])
        moments.update(numbers[1 : 1 + numbers[0]] if numbers else ())
    for found in gpmf.elements(settings(file)):
        if found.key == _HILIGHTS:
            moments.update(_marked_by_hand(found.payload))
    return sorted(moments - {0})[:MAX_HILIGHTS]


def telemetry_track_id(file: BinaryIO) -> int | None:
    """Return the id of the track with telemetry (FFmpeg's stream id), or None."""
    found = telemetry.track(file, _TELEMETRY)
    return telemetry.track_id(file, found) if found else None


def _marked_by_hand(payload: bytes) -> Iterator[int]:
    at = payload.find(_BY_HAND, 16)
    while at >= 0:
        yield struct.unpack_from(">I", payload, at - 16)[0]
        at = payload.find(_BY_HAND, at + 4)
