"""Finds whole files appended to another, as ``copy /b`` joins them: of MP4, Matroska and AVI only the first plays.

Times and offsets belong to each file, so the first is read as if nothing followed it, and the others are reported as
lost. Transport streams are made to be joined; see `clips.media.formats.joined_stream`.
"""

from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, BinaryIO

import av
from av.container import InputContainer

from clips.media import MediaError

_EBML, _SEGMENT = b"\x1aE\xdf\xa3", b"\x18S\x80g"
#: More than this are one too many for whoever put them together, too.
_MOST_FILES = 50


def begins(file: BinaryIO) -> list[int]:
    """Return the byte offsets of further files behind a Matroska or an AVI; [] if it does not say where it ends.

    Those behind an MP4 are seen on the way through its boxes: `clips.media.mp4.index_limits.refuse_absurd`.
    """
    file.seek(0)
    head = file.read(12)
    end_of = {_EBML: _matroska_end, b"RIFF": _avi_end}.get(head[:4])
    found: list[int] = []
    size_bytes = file.seek(0, 2)
    while end_of and len(found) < _MOST_FILES:
        end = end_of(file, found[-1] if found else 0)
        file.seek(end or size_bytes)
        if not end or file.read(4) != head[:4]:
            break
        found.append(end)
    return found


class FirstFile:
    """The container of the first file. Attributes that are not here are the container's own."""

    def __init__(self, path: str, begins: list[int], open_part: Callable[..., Any]) -> None:
        self._path, self._edges, self._open_part = path, [*begins, Path(path).stat().st_size], open_part
        self._container: InputContainer = open_part(path, 0, begins[0])

    def __getattr__(self, name: str) -> Any:
        return getattr(self._container, name)

    def __enter__(self) -> "FirstFile":
        return self

    def __exit__(self, *exception: object) -> None:
        self._container.close()

    @property
    def name(self) -> str:
        """The file name as of a file opened whole: code that reads its boxes finds it by that."""
        return f"file:{self._path}"

    @property
    def lost_s(self) -> dict[int, float]:
        """The unusable files, counted from 1, and how long each plays; 0 if unknown."""
        lost = {}
        for number, (begin, end) in enumerate(pairwise(self._edges), start=2):
            lost[number] = 0.0
            with suppress(MediaError), self._open_part(self._path, begin, end) as container:
                lost[number] = (container.duration or 0) / av.time_base
        return lost


def _matroska_end(file: BinaryIO, begin: int) -> int | None:
    """Return where a Matroska file ends: its header and its segment; None if it was streamed."""
    for name in (_EBML, _SEGMENT):
        file.seek(begin)
        head = file.read(12)
        n_bytes = 9 - head[4].bit_length() if len(head) == 12 else 9
        if head[:4] != name or n_bytes > 8:
            return None
        size = int.from_bytes(head[4 : 4 + n_bytes]) & ((1 << 7 * n_bytes) - 1)
        if size == (1 << 7 * n_bytes) - 1:
            return None
        begin += 4 + n_bytes + size
    return begin


def _avi_end(file: BinaryIO, begin: int) -> int | None:
    """Return where an AVI ends, with all its further parts; None if it does not say."""
    kinds = (b"AVI ",)
    while True:
        file.seek(begin)
        head = file.read(12)
        if head[:4] != b"RIFF" or head[8:12] not in kinds:
            return begin if kinds == (b"AVIX",) else None
        size = int.from_bytes(head[4:8], "little")
        if not size:
            return None
        begin, kinds = begin + 8 + size + size % 2, (b"AVIX",)
