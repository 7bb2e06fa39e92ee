"""Reads the edit lists of an MP4's tracks, and sets them in a finished clip.

FFmpeg derives the length of an edit from the packets it wrote. A clip may end with a packet that is needed for decoding
but not shown, so the length must be written: in ``elst``, and in ``tkhd`` and ``mvhd``, which repeat it (ISO/IEC
14496-12, sections 8.2.2, 8.3.2 and 8.6.6). A sound that begins later than the picture also needs to be told what to
leave out at its beginning. Fields are patched in place.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from av.container import InputContainer
from av.stream import Stream

from clips.media.mp4 import boxes
from clips.media.mp4.boxes import Box


class EditListError(RuntimeError):
    """The file has no edit list where one was expected; a fault of the writer, not of the footage."""


@dataclass(frozen=True)
class Piece:
    """A span of a recording that an edit list shows."""

    start_s: Fraction  # where it is shown
    media_s: Fraction  # where it was recorded


def pieces(container: InputContainer, stream: Stream) -> list[Piece]:
    """Return the spans of its recording that an MP4 or QuickTime file shows of a track; [] if it does not say."""
    if "mov" not in container.format.name:
        return []
    with Path(container.name.removeprefix("file:")).open("rb") as file:
        movie = next(boxes.find(file, b"moov", b"mvhd"), None)
        for track in boxes.find(file, b"moov", b"trak"):
            header = boxes.first(file, track, b"tkhd")
            media = boxes.first(file, track, b"mdia", b"mdhd")
            edits = boxes.first(file, track, b"edts", b"elst")
            # the track's number lies where the time scale lies in the other headers
            if movie and header and media and edits and _time_scale(file, header) == stream.id:
                return _pieces(file, edits, _time_scale(file, movie), _time_scale(file, media))
    return []


def _pieces(file: BinaryIO, edits: Box, movie_hz: int, media_hz: int) -> list[Piece]:
    if not movie_hz or not media_hz:
        return []
    found, begin, wide = [], 0, _width(file, edits)
    for at in _entries(file, edits):
        media_time = _unsigned(file, at + wide, wide)
        if media_time != 2 ** (8 * wide) - 1:  # -1 shows nothing
            found.append(Piece(Fraction(begin, movie_hz), Fraction(media_time, media_hz)))
        begin += _unsigned(file, at, wide)
    return found


def tell_no_lengths(file: BinaryIO) -> bool:
    """Return whether a whole recording's track has edits that last 0 in total, as tools without durations write.

    FFmpeg then shows nothing of it. In a file of fragments 0 is right and means all of them.
    """
    index = next((box for box in boxes.top_level(file) if box.kind == b"moov"), None)
    if index is None or boxes.first(file, index, b"mvex"):
        return False
    for track in (box for box in boxes.children(file, index) if box.kind == b"trak"):
        edits = boxes.first(file, track, b"edts", b"elst")
        if edits and (entries := _entries(file, edits)):
            wide = _width(file, edits)
            if not any(_unsigned(file, at, wide) for at in entries):
                return True
    return False


def show_at_most(path: Path, length_s: Fraction, unheard_s: Mapping[int, Fraction]) -> None:
    """Show no track beyond ``length_s`` after the start of the presentation.

    Parameters
    ----------
    path : Path
        A finished MP4 with one edit list per track, changed in place.
    length_s : Fraction
        Seconds.
    unheard_s : mapping of int to Fraction
        For tracks, by their place in the file, that begin with an empty edit: how many seconds behind it are
        there for the decoder only.
    """
    with path.open("r+b") as file:
        movie = next(boxes.find(file, b"moov", b"mvhd"))
        scale_hz = _time_scale(file, movie)
        longest = 0
        for place, track in enumerate(boxes.find(file, b"moov", b"trak")):
            edits = boxes.first(file, track, b"edts", b"elst")
            media, header = boxes.first(file, track, b"mdia", b"mdhd"), boxes.first(file, track, b"tkhd")
            if edits is None or media is None or header is None:
                raise EditListError("a track was written without an edit list")
            if place in unheard_s:
                media_hz = _time_scale(file, media)
                _leave_out(file, edits, round(unheard_s[place] * scale_hz), round(unheard_s[place] * media_hz))
            shown = _shorten(file, edits, round(length_s * scale_hz))
            _patch(file, header, offsets=(20, 28), value=shown)
            longest = max(longest, shown)
        _patch(file, movie, offsets=(16, 24), value=longest)


def _leave_out(file: BinaryIO, edits: Box, movie_units: int, media_units: int) -> None:
    """Begin the last edit that much later in its media, and keep its end."""
    wide, last = _width(file, edits), _entries(file, edits)[-1]
    _write(file, last, wide, max(0, _unsigned(file, last, wide) - movie_units))
    _write(file, last + wide, wide, _unsigned(file, last + wide, wide) + media_units)


def _shorten(file: BinaryIO, edits: Box, length: int) -> int:
    """Cut a track's edits to ``length`` in all, including a leading empty edit; return their sum."""
    wide, shown = _width(file, edits), 0
    for at in _entries(file, edits):
        duration = min(_unsigned(file, at, wide), length - shown)
        _write(file, at, wide, duration)
        shown += duration
    return shown


def _entries(file: BinaryIO, edits: Box) -> list[int]:
    """Return the offsets of each edit's duration, media time and rate."""
    step = 2 * _width(file, edits) + 4
    n_edits = min(_unsigned(file, edits.body + 4, 4), (edits.end - edits.body - 8) // step)
    return [edits.body + 8 + n * step for n in range(n_edits)]


def _width(file: BinaryIO, edits: Box) -> int:
    return 8 if _version(file, edits) else 4


def _time_scale(file: BinaryIO, header: Box) -> int:
    """Return the units per second of ``mvhd`` or ``mdhd``, after the flags and two times of 4 or 8 bytes."""
    return _unsigned(file, header.body + (20 if _version(file, header) else 12), 4)


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
