"""Writes the boxes of camera makers into a made-up video."""

import struct
from pathlib import Path

from clips.media.mp4 import boxes


def box(kind: bytes, *content: bytes) -> bytes:
    """Return one box around its content."""
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), kind) + body


def add_to_movie(path: Path, *content: bytes, behind: bytes = b"") -> Path:
    """Add boxes to the ``moov`` of a video whose index is at its end, and bytes behind everything."""
    written = path.read_bytes()
    with path.open("rb") as file:
        movie = next(found for found in boxes.top_level(file) if found.kind == b"moov")
    assert movie.end == len(written), "the index must be at the end, or all offsets would move"
    path.write_bytes(written[: movie.body - 8] + box(b"moov", written[movie.body :], *content) + behind)
    return path


def add_track(path: Path, kind: bytes, sample: bytes) -> Path:
    """Add a track of one sample, as cameras write their telemetry."""
    written = path.read_bytes()
    with path.open("rb") as file:
        movie = next(found for found in boxes.top_level(file) if found.kind == b"moov")
    start = movie.body - 8
    track = _track(kind, len(sample), offset=start + 8)
    path.write_bytes(written[:start] + box(b"mdat", sample) + box(b"moov", written[movie.body :], track))
    return path


def gpmf(key: bytes, kind: bytes, *values: bytes) -> bytes:
    """Return one element of GoPro's format; values of one length, or nested elements with kind ``b"\0"``."""
    payload = b"".join(values)
    is_bytes = kind in (b"\0", b"c")
    size_bytes, repeat = (1, len(payload)) if is_bytes else (len(values[0]), len(values))
    return struct.pack(">4scBH", key, kind, size_bytes, repeat) + payload + b"\0" * (-len(payload) % 4)


def protobuf(number: int, value: bytes) -> bytes:
    """Return one length-delimited field, shorter than 128 bytes."""
    return bytes([number << 3 | 2, len(value)]) + value


def sony_document(*, rate: str = "59.94p", device: str = 'manufacturer="Sony" modelName="ILCE-7M4" serialNo="04294"'):
    """Return the ``meta`` box of Sony's XAVC."""
    document = f"""<?xml version="1.0" encoding="UTF-8"?>
<NonRealTimeMeta xmlns="urn:schemas-professionalDisc:nonRealTimeMeta:ver.2.00">
  <CreationDate value="2024-01-13T14:05:00+01:00"/>
  <VideoFormat><VideoFrame videoCodec="AVC_1920_1080" captureFps="{rate}" formatFps="29.97p"/></VideoFormat>
  <Device {device}/>
</NonRealTimeMeta>"""
    handler = box(b"hdlr", b"\0" * 8, b"nrtm", b"\0" * 13)
    return box(b"meta", b"\0" * 4, handler, box(b"xml ", b"\0" * 4, document.encode()))


def insta360_trailer(info: bytes, *, indexed: bool) -> bytes:
    """Return the trailer of an Insta360 file, with or without its index as an X5 writes it."""
    thumbnail = b"\xff\xd8" * 50
    records = info + struct.pack("<BBI", 1, 1, len(info)) + thumbnail + struct.pack("<BBI", 0, 2, len(thumbnail))
    if indexed:
        slots = struct.pack("<BBII", 0, 0, 0, 0) + struct.pack("<BBII", 1, 1, len(info), 0)
        records += b"\0" * 40 + slots + struct.pack("<BBI", 0, 0, len(slots))
    end = b"8db42d694ccc418790edff439fe026bf"
    return records + b"\0" * 32 + struct.pack("<II", len(records) + 72, 3) + end


def _track(kind: bytes, size_bytes: int, *, offset: int) -> bytes:
    header = box(b"tkhd", struct.pack(">IIIIIII", 7, 0, 0, 99, 0, 1000, 0), b"\0" * 56)
    table = box(
        b"stbl",
        box(b"stsd", struct.pack(">II", 0, 1), box(kind, b"\0" * 6, b"\0\1")),
        box(b"stts", struct.pack(">IIII", 0, 1, 1, 1000)),
        box(b"stsc", struct.pack(">IIIII", 0, 1, 1, 1, 1)),
        box(b"stsz", struct.pack(">IIII", 0, 0, 1, size_bytes)),
        box(b"stco", struct.pack(">III", 0, 1, offset)),
    )
    media_header = box(b"mdhd", struct.pack(">IIIIII", 0, 0, 0, 1000, 1000, 0))
    handler = box(b"hdlr", b"\0" * 8, b"meta", b"\0" * 13)
    where = box(b"dinf", box(b"dref", struct.pack(">II", 0, 1), box(b"url ", b"\0\0\0\1")))
    information = box(b"minf", box(b"gmhd", box(b"gmin", b"\0" * 16)), where, table)
    return box(b"trak", header, box(b"mdia", media_header, handler, information))
