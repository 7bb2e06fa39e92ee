"""Writes makers' recording times into files: Nikon's tags, Canon's Exif, chunks of an AVI, AVCHD's user data."""

import struct
from pathlib import Path

from clips.tests.media.camera_boxes import box

_CANON = bytes.fromhex("85c0b687820f11e08111f4ce462b6a48")
_MDPM = bytes.fromhex("17ee8c60f84d11d98cd60800200c9a66") + b"MDPM"


def nikon(*, zone_min: int | None = None, world: tuple[int, int] | None = None, taken="2025:03:29 23:14:32") -> bytes:
    """Return Nikon's user data; ``world`` is its zone without summer time, and whether that is on."""
    tags = [_ascii(0x01, "NIKON CORPORATION"), _ascii(0x02, "NIKON Z 30"), _ascii(0x12, taken)]
    if zone_min is not None:
        tags.append(struct.pack(">IHHh", 0x19, 8, 1, zone_min))
    if world is not None:
        tags.append(struct.pack(">IHHhBB", 0x2000024, 7, 4, *world, 0))
    return box(b"NCDT", box(b"NCTG", *tags))


def nikon_avi(taken: str) -> bytes:
    tags = {0x03: b"NIKON\0", 0x04: b"COOLPIX\0", 0x13: taken.encode() + b"\0"}
    fields = b"".join(struct.pack("<HH", tag, len(text)) + text for tag, text in tags.items())
    return listed(b"ncdt", chunk(b"nctg", fields))


def canon(*, taken: str, offset: str = "", time_info: tuple[int, int, int, int] | None = None, own_box=False) -> bytes:
    """Return the box of Canon's thumbnail, with the Exif in it."""
    picture = b"\xff\xd8\xff\xe1\0\0Exif\0\0" + exif(taken=taken, offset=offset, time_info=time_info)
    thumbnail = box(b"CNTH", box(b"CNDA", picture))
    return box(b"uuid", _CANON, thumbnail) if own_box else thumbnail


def exif(*, taken: str, offset: str = "", time_info: tuple[int, int, int, int] | None = None) -> bytes:
    """Return a little-endian TIFF structure of a PowerShot."""
    in_note = [(0x35, 9, struct.pack("<4i", *time_info))] if time_info else []
    inner = [(0x9003, 2, taken.encode() + b"\0"), (0x9011, 2, offset.encode() + b"\0")]
    begin = 8 + 2 + 2 * 12 + 4
    model = b"Canon PowerShot SX280 HS\0"
    note_at = (
        begin + len(model) + 2 + (len(inner) + 1) * 12 + 4 + sum(len(value) for *_, value in inner if len(value) > 4)
    )
    note = _directory(in_note, note_at)
    first = [(0x0110, 2, model), (0x8769, 4, struct.pack("<I", begin + len(model)))]
    entries = [*inner, (0x927C, 7, note)]
    return b"II*\0" + struct.pack("<I", 8) + _directory(first, 8) + _directory(entries, begin + len(model))


def chunk(kind: bytes, body: bytes) -> bytes:
    """Return one chunk of an AVI."""
    return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)


def listed(kind: bytes, *content: bytes) -> bytes:
    return chunk(b"LIST", kind + b"".join(content))


def avi(*content: bytes) -> bytes:
    return chunk(b"RIFF", b"AVI " + b"".join(content))


def add_to_avi(path: Path, *, date: bytes = b"", more: bytes = b"") -> Path:
    """Add the date to the list of headers of an AVI, and lists after it; the rest moves."""
    written = path.read_bytes()
    at, length = 12, struct.unpack_from("<I", written, 16)[0]
    assert written[at : at + 4] + written[at + 8 : at + 12] == b"LISThdrl"
    header = listed(b"hdrl", written[at + 12 : at + 8 + length], chunk(b"IDIT", date) if date else b"")
    path.write_bytes(avi(header, more, written[at + 8 + length :]))
    return path


def avchd(entries: dict[int, bytes], *, bdav: bool = True) -> bytes:
    """Return the packets in which a transport stream's picture begins, with AVCHD's user data in it."""
    user = _MDPM + bytes([len(entries)]) + b"".join(bytes([tag]) + value for tag, value in entries.items())
    picture = b"\0\0\1\xe0\0\0\x80\0\0" + b"\0\0\0\1\x06\x05" + bytes([len(user)])
    payload = picture + user.replace(b"\0\0\0", b"\0\0\3\0") + b"\x80"
    packets = [_packet(0, b"\0" * 184, bdav=bdav)]
    packets += [_packet(0x1011, payload[at : at + 150], bdav=bdav) for at in range(0, len(payload), 150)]
    return b"".join(packets)


def taken(zone: int, at: str) -> dict[int, bytes]:
    """Return AVCHD's entries for a time as "20190424222400"."""
    digits = bytes.fromhex(at)
    return {0x18: bytes([zone]) + digits[:3], 0x19: digits[3:]}


def _packet(track: int, payload: bytes, *, bdav: bool) -> bytes:
    """Return one packet, filled up by an adaptation field."""
    space = 184 - len(payload)
    adaptation = bytes([space - 1]) + (b"\0" + b"\xff" * (space - 2) if space > 1 else b"") if space else b""
    return b"\0" * 4 * bdav + struct.pack(">BHB", 0x47, track, 0x30 if space else 0x10) + adaptation + payload


def _ascii(tag: int, text: str) -> bytes:
    return struct.pack(">IHH", tag, 2, len(text) + 1) + text.encode() + b"\0"


def _directory(entries: list[tuple[int, int, bytes]], begin: int) -> bytes:
    size = {2: 1, 4: 4, 7: 1, 9: 4}
    head, values = struct.pack("<H", len(entries)), b""
    at = begin + 2 + 12 * len(entries) + 4
    for tag, kind, value in entries:
        count = len(value) // size[kind]
        head += struct.pack("<HHI", tag, kind, count)
        if len(value) <= 4:
            head += value.ljust(4, b"\0")
        else:
            head += struct.pack("<I", at + len(values))
            values += value
    return head + b"\0" * 4 + values
