"""Finds a text in a Protocol Buffers message without its schema, which the makers do not publish.

https://protobuf.dev/programming-guides/encoding/
"""

from collections.abc import Iterator

_VARINT, _EIGHT_BYTES, _BYTES, _FOUR_BYTES = 0, 1, 2, 5
_LONGEST_VARINT = 10


def text(message: bytes, *path: int) -> str | None:
    """Return the text at a path of field numbers; None if there is none."""
    for number in path:
        message = next((value for field, value in _length_delimited(message) if field == number), b"")
    found = message.decode("utf-8", errors="ignore").strip("\0 ")
    return found if found.isprintable() and found else None


def _length_delimited(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield number and bytes of the length-delimited fields; stop at the first damaged one."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        if kind == _VARINT:
            _value, at = _varint(message, at)
        elif kind == _EIGHT_BYTES:
            at += 8
        elif kind == _FOUR_BYTES:
            at += 4
        elif kind == _BYTES:
            length, at = _varint(message, at)
            if at + length > len(message):
                return
            yield key >> 3, message[at : at + length]
            at += length
        else:
            return


def _varint(message: bytes, at: int) -> tuple[int, int]:
    """Return a number and the offset of the next byte. A number without an end ends the message."""
    value = 0
    for shift, byte in enumerate(message[at : at + _LONGEST_VARINT]):
        value |= (byte & 0x7F) << (7 * shift)
        if byte < 0x80:
            return value, at + shift + 1
    return 0, len(message)
