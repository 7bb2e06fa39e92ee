"""Parses GoPro's metadata format, GPMF: nested keys, lengths and values (described in gopro/gpmf-parser)."""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

#: The type of an element that holds others.
_NESTED = 0
#: GoPro nests three deep: device, stream, value.
_MAX_DEPTH = 8
#: A second of telemetry has some hundreds.
_MAX_ELEMENTS = 20_000


@dataclass(frozen=True)
class Element:
    """One or more values: a four-letter key, the letter of their type, their number, and their unpadded bytes."""

    key: bytes
    type: bytes
    count: int
    payload: bytes

    @property
    def text(self) -> str:
        return self.payload.decode("latin-1").strip("\0 ")


def elements(data: bytes) -> Iterator[Element]:
    """Yield every value in ``data`` in order, out of all nesting. Damage ends its level."""
    levels = [(0, len(data))]
    for _ in range(_MAX_ELEMENTS):
        while levels and levels[-1][0] + 8 > levels[-1][1]:
            levels.pop()
        if not levels:
            return
        at, end = levels.pop()
        key, kind, size_bytes, repeat = struct.unpack_from(">4sBBH", data, at)
        begin, length = at + 8, size_bytes * repeat
        if key == b"\0\0\0\0" or begin + length > end:
            continue
        levels.append((begin + -(-length // 4) * 4, end))
        if kind == _NESTED and len(levels) < _MAX_DEPTH:
            levels.append((begin, begin + length))
        yield Element(key, bytes([kind]), repeat, data[begin : begin + length])


def text(data: bytes, key: bytes) -> str | None:
    """Return the first text under ``key``, or None."""
    return next((found.text for found in elements(data) if found.key == key and found.text), None)
