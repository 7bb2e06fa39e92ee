"""Writes a ZIP whose length and layout are known beforehand, from any byte on, without a temporary file.

zipstream-ng, stream-zip and Python's zipfile find each checksum only while the bytes pass, so they write it behind the
file and can begin nowhere but at the start. Here size and CRC-32 of each file are given, files are stored as they are
(video does not shrink), and any part of the whole is made without reading what is before it. So a browser can resume a
download of many gigabytes. The format is PKWARE's APPNOTE 6.3, with ZIP64 where a number needs more than 32 bits.
Knows no Django.
"""

import hashlib
import struct
from array import array
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate

#: From here on a number stands in a ZIP64 field, and this in its place.
MAX_32, MAX_16 = 0xFFFFFFFF, 0xFFFF
#: Versions needed to unpack: 2.0 for folders, 4.5 for ZIP64; made on Unix, so that permissions count.
PLAIN, ZIP64, MADE_ON_UNIX = 20, 45, 3 << 8
UTF8_NAME = 0x0800
ZIP64_FIELD = 0x0001
#: rw-r--r-- of a regular file, in the upper half of the attributes.
PERMISSIONS = 0o100644 << 16
_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR64 = struct.Struct("<4sLQL")
_END = struct.Struct("<4s4H2LH")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of the ZIP.

    Attributes
    ----------
    name : str
        Its path in the ZIP, with "/".
    size_bytes, crc32 : int
        Of all its bytes.
    modified : datetime
        As the reader's clock shows it; ZIP knows no time zones.
    blocks : callable
        Returns the bytes from the first to the last asked for, both included and counted from 0, in blocks.
    content : str
        Differs for other bytes under the same name; part of the ZIP's tag.
    """

    name: str
    size_bytes: int
    crc32: int
    modified: datetime
    blocks: Callable[[int, int], Iterator[bytes]]
    content: str = ""


class ZipStream:
    """A ZIP that is read block by block from one byte to another.

    Attributes
    ----------
    size_bytes : int
        Of the whole ZIP.
    etag : str
        Its strong HTTP tag: two ZIPs with the same tag are equal byte by byte.
    left_bytes : int
        How much an iteration will give.
    """

    def __init__(
        self, entries: Iterable[Entry], *, while_sent: Callable[[], AbstractContextManager] = nullcontext
    ) -> None:
        self._entries = list(entries)
        self._while_sent = while_sent
        self._sending: Generator[bytes] | None = None
        locals_bytes = (len(_local_header(entry)) + entry.size_bytes for entry in self._entries)
        #: Where each file's header begins, and last where the directory does.
        self._starts = array("Q", accumulate(locals_bytes, initial=0))
        centrals_bytes = (len(self._central_header(at)) for at in range(len(self._entries)))
        self._central_starts = array("Q", accumulate(centrals_bytes, initial=self._starts[-1]))
        self._end = self._end_records()
        self.size_bytes = self._central_starts[-1] + len(self._end)
        self.etag = f'"{self._digest()}"'
        self._first, self.left_bytes = 0, self.size_bytes

    def narrow(self, first: int, last: int) -> None:
        """Limit it to the bytes from ``first`` to ``last``, both included and counted from 0."""
        self._first, self.left_bytes = first, last - first + 1

    def __iter__(self) -> Iterator[bytes]:
        self._sending = self._blocks()
        return self._sending

    def close(self) -> None:
        """Stop in the middle: close the file that is being read."""
        if self._sending:
            self._sending.close()

    def _blocks(self) -> Generator[bytes]:
        with self._while_sent():
            for block in self._pieces(self._first, self._first + self.left_bytes - 1):
                self.left_bytes -= len(block)
                yield block

    def _pieces(self, first: int, last: int) -> Iterator[bytes]:
        """Yield the bytes of the ZIP from ``first`` to ``last``: of the files, of the directory, and of its end."""
        for at in range(self._at(self._starts, first), len(self._entries)):
            if self._starts[at] > last:
                return
            yield from self._file_pieces(at, first, last)
        for at in range(self._at(self._central_starts, first), len(self._entries)):
            yield _part(self._central_header(at), self._central_starts[at], first, last)
        yield _part(self._end, self._central_starts[-1], first, last)

    def _file_pieces(self, at: int, first: int, last: int) -> Iterator[bytes]:
        entry, header = self._entries[at], _local_header(self._entries[at])
        yield _part(header, self._starts[at], first, last)
        data_at = self._starts[at] + len(header)
        from_byte, to_byte = max(0, first - data_at), min(entry.size_bytes - 1, last - data_at)
        if from_byte <= to_byte:
            yield from entry.blocks(from_byte, to_byte)

    @staticmethod
    def _at(starts: array, byte: int) -> int:
        """Return which of these pieces a byte is in: the first for what is before them, none for what is behind."""
        return max(0, bisect_right(starts, byte) - 1)

    def _central_header(self, at: int) -> bytes:
        entry, name = self._entries[at], self._entries[at].name.encode()
        start = self._starts[at]
        wide = [number for number in (entry.size_bytes, entry.size_bytes, start) if number >= MAX_32]
        extra = struct.pack(f"<2H{len(wide)}Q", ZIP64_FIELD, 8 * len(wide), *wide) if wide else b""
        version = ZIP64 if wide else PLAIN
        size = min(entry.size_bytes, MAX_32)
        day, time = _dos_time(entry.modified)
        head = _CENTRAL.pack(
            b"PK\1\2", MADE_ON_UNIX | version, version, UTF8_NAME, 0, time, day, entry.crc32, size, size, len(name),
            len(extra), 0, 0, 0, PERMISSIONS, min(start, MAX_32),
        )  # fmt: skip
        return head + name + extra

    def _end_records(self) -> bytes:
        start, end, n_files = self._starts[-1], self._central_starts[-1], len(self._entries)
        size = end - start
        records = b""
        if start >= MAX_32 or size >= MAX_32 or n_files >= MAX_16:
            after = _END64.size - 12  # its length counts from behind itself
            records += _END64.pack(
                b"PK\6\6", after, MADE_ON_UNIX | ZIP64, ZIP64, 0, 0, n_files, n_files, size, start
            )  # fmt: skip
            records += _LOCATOR64.pack(b"PK\6\7", 0, end, 1)
        n_files = min(n_files, MAX_16)
        return records + _END.pack(b"PK\5\6", 0, 0, n_files, n_files, min(size, MAX_32), min(start, MAX_32), 0)

    def _digest(self) -> str:
        digest = hashlib.sha256()
        for at, entry in enumerate(self._entries):
            digest.update(self._central_header(at))
            digest.update(f"{entry.content}\0".encode())
        return digest.hexdigest()[:32]


def _local_header(entry: Entry) -> bytes:
    name = entry.name.encode()
    is_wide = entry.size_bytes >= MAX_32
    extra = struct.pack("<2H2Q", ZIP64_FIELD, 16, entry.size_bytes, entry.size_bytes) if is_wide else b""
    size = min(entry.size_bytes, MAX_32)
    day, time = _dos_time(entry.modified)
    version = ZIP64 if is_wide else PLAIN
    head = _LOCAL.pack(
        b"PK\3\4", version, UTF8_NAME, 0, time, day, entry.crc32, size, size, len(name), len(extra)
    )  # fmt: skip
    return head + name + extra


def _dos_time(at: datetime) -> tuple[int, int]:
    """Return day and time of day as ZIP writes them: from 1980 to 2107, in steps of two seconds."""
    year = min(max(at.year, 1980), 2107)
    return (year - 1980) << 9 | at.month << 5 | at.day, at.hour << 11 | at.minute << 5 | at.second // 2


def _part(piece: bytes, start: int, first: int, last: int) -> bytes:
    """Return what a piece that begins at ``start`` has of the bytes from ``first`` to ``last``."""
    return piece[max(0, first - start) : max(0, last + 1 - start)]
