"""Makes up payloads of a GoPro's sensor track."""

import struct


def record(key: bytes, kind: bytes, values: list[bytes]) -> bytes:
    content = b"".join(values)
    size = len(values[0]) if values else 0
    return struct.pack(">4scBH", key, kind, size, len(values)) + content + b"\0" * (-len(content) % 4)


def nested(key: bytes, *records: bytes) -> bytes:
    content = b"".join(records)
    return struct.pack(">4scBH", key, b"\0", 1, len(content)) + content + b"\0" * (-len(content) % 4)


def payload(key: bytes = b"ACCL", scale: int = 100, rows=((981, 0, 0), (0, -981, 3))) -> bytes:
    """Return one payload of a track with samples of one sensor, each divided by the scale when it is read."""
    stream = nested(
        b"STRM",
        record(b"STNM", b"c", [b"S", b"e", b"n"]),
        record(b"SCAL", b"s", [struct.pack(">h", scale)]),
        record(key, b"s", [struct.pack(">3h", *row) for row in rows]),
    )
    return nested(b"DEVC", record(b"DVID", b"L", [struct.pack(">L", 1)]), stream)
