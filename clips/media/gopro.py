"""What a GoPro writes beside picture and sound: its model, its telemetry (format: gopro/gpmf-parser)."""

import struct
from typing import BinaryIO

from clips.media import boxes

_TELEMETRY = b"gpmd"
_MODEL_KEY = b"MINFc"  # "model information", of type character


def model(file: BinaryIO) -> str | None:
    """Return the name from the settings in ``moov/udta/GPMF``, as "HERO8 Black"; None before the HERO6."""
    for box in boxes.find(file, b"moov", b"udta", b"GPMF"):
        settings = boxes.read(file, box)
        at = settings.find(_MODEL_KEY)
        if at >= 0 and len(settings) >= at + 8:
            size_bytes, repeat = struct.unpack_from(">BH", settings, at + 5)
            name = settings[at + 8 : at + 8 + size_bytes * repeat]
            return name.decode("ascii", errors="ignore").strip("\0 ") or None
    return None


def telemetry_track_id(file: BinaryIO) -> int | None:
    """Return the id of the track with telemetry (FFmpeg's stream id), or None."""
    for track in boxes.find(file, b"moov", b"trak"):
        description = boxes.first(file, track, b"mdia", b"minf", b"stbl", b"stsd")
        header = boxes.first(file, track, b"tkhd")
        # version and flags, number of entries, size of the first entry, its four letters
        if description and header and boxes.read(file, description)[12:16] == _TELEMETRY:
            fields = boxes.read(file, header)
            return struct.unpack_from(">I", fields, 20 if fields[0] == 1 else 12)[0]
    return None
