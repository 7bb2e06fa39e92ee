"""Sets how long each track of a finished MP4 is shown.

FFmpeg derives the length of an edit from the packets it wrote. A clip may end with a packet that is needed for
decoding but is not to be seen, so the length must be told: ``elst``, and with it ``tkhd`` and ``mvhd``, which repeat
it (ISO/IEC 14496-12, sections 8.2.2, 8.3.2 and 8.6.6). Fields are patched where they stand.
"""

import struct
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from clips.media import boxes
from clips.media.boxes import Box


class EditListError(RuntimeError):
    """The file has no edit list where one was asked for; a fault of the writer, not of the footage."""


def show_at_most(path: Path, length_s: Fraction) -> None:
    """Have no track shown beyond ``length_s`` after the start of the presentation.

    Parameters
    ----------
    path : Path
        A finished MP4 with one edit list per track, changed in place.
    length_s : Fraction
        Seconds.
    """
    with path.open("r+b") as file:
        movie = next(boxes.find(file, b"moov", b"mvhd"))
        # version 0: 4 bytes of flags, two times of 4 bytes, time scale, duration; version 1: two times of 8
        scale = _unsigned(file, movie.body + (20 if _version(file, movie) else 12), 4)
        length = round(length_s * scale)
        longest = 0
        for track in boxes.find(file, b"moov", b"trak"):
            shown = _shorten_edits(file, track, length)
            header = boxes.first(file, track, b"tkhd")
            _patch(file, header, offsets=(20, 28), value=shown)
            longest = max(longest, shown)
        _patch(file, movie, offsets=(16, 24), value=longest)


def _shorten_edits(file: BinaryIO, track: Box, length: int) -> int:
    """Cut a track's edits to ``length`` in all, an empty edit in front included; return what they come to."""
    edits = boxes.first(file, track, b"edts", b"elst")
    if edits is None:
        raise EditListError("a track was written without an edit list")
    wide = 8 if _version(file, edits) else 4
    shown = 0
    for index in range(_unsigned(file, edits.body + 4, 4)):
        at = edits.body + 8 + index * (2 * wide + 4)
        duration = min(_unsigned(file, at, wide), length - shown)
        _write(file, at, wide, duration)
        shown += duration
    return shown


def _patch(file: BinaryIO, box: Box, *, offsets: tuple[int, int], value: int) -> None:
    """Write a duration into a header box; it lies at the first offset in version 0, else at the second."""
    version = _version(file, box)
    _write(file, box.body + offsets[1 if version else 0], 8 if version else 4, value)


def _version(file: BinaryIO, box: Box) -> int:
    return _unsigned(file, box.body, 1)


def _unsigned(file: BinaryIO, at: int, width: int) -> int:
    file.seek(at)
    return int.from_bytes(file.read(width), "big")


def _write(file: BinaryIO, at: int, width: int, value: int) -> None:
    file.seek(at)
    file.write(struct.pack(">Q", value)[-width:])
