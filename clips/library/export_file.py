"""Keeps the texts of an export, with the list of its files, for as long as its download may be continued.

A download of many gigabytes takes hours, and the crew goes on sorting meanwhile. Texts that were written anew for each
range would differ, and the browser would begin again. So they are written once, into one file that needs no row: its
name says whose it is, and its age when it goes.

The file is the texts one behind the other, then a line of JSON for each entry of the ZIP, one about the whole, and
where these lines begin.
"""

import json
import struct
import time
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial
from typing import IO, Any
from uuid import UUID

from django.utils.translation import gettext as _

from clips.library.download import blocks_of, slots
from clips.library.zip_stream import Entry, ZipStream
from clips.storage import files
from clips.storage.files import MissingFileError
from people.models import Member

#: In the store of previews: what is in there can be made again.
FOLDER = "candidates/exports"
#: As long as an export can be downloaded and continued.
DAYS = 3
#: Of one member; whoever presses the button again does not cut off what runs.
MAX_KEPT = 2
_AT = struct.Struct("<Q")


@dataclass(frozen=True)
class About:
    """Facts about a kept export: its kind and the name to save it under."""

    #: "member" or "crew".
    kind: str
    save_as: str


class TextPart:
    """A text of the export that is being written; has the ``write`` of a text file."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.size_bytes, self.crc32 = 0, 0

    def write(self, text: str) -> int:
        data = text.encode()
        self.size_bytes += len(data)
        self.crc32 = zlib.crc32(data, self.crc32)
        self._file.write(data)
        return len(text)


class ExportWriter:
    """Writes the entries of an export one after the other, in the order of the ZIP."""

    def __init__(self, file: IO[bytes], lines: IO[str], made_at: datetime) -> None:
        self._file, self._lines, self._made_at = file, lines, made_at
        self.n_files = 0
        self.size_bytes = 0

    @contextmanager
    def text(self, name: str) -> Iterator[TextPart]:
        """Add an entry with the text that is written within this block."""
        part, start = TextPart(self._file), self._file.tell()
        yield part
        self._note(name, part.size_bytes, part.crc32, self._made_at, start=start)

    def stored(self, name: str, stored_path: str, size_bytes: int, crc32: int, at: datetime, content: str) -> None:
        """Add an entry with the bytes of a stored file."""
        self._note(name, size_bytes, crc32, at, path=stored_path, content=content)
        self.n_files += 1

    def _note(self, name: str, size_bytes: int, crc32: int, at: datetime, **where: Any) -> None:
        entry = {"name": name, "size": size_bytes, "crc32": crc32, "at": at.isoformat(), **where}
        self._lines.write(f"{json.dumps(entry)}\n")
        self.size_bytes += size_bytes


@contextmanager
def new_export(member: Member, key: UUID, about: About, made_at: datetime) -> Iterator[ExportWriter]:
    """Keep what is written within this block as an export of ``member``."""
    with files.scratch_folder() as folder:
        with (folder / "export").open("wb") as file, (folder / "lines").open("w+", encoding="utf-8") as lines:
            writer = ExportWriter(file, lines, made_at)
            yield writer
            lines_at = file.tell()
            file.write(f"{json.dumps(asdict(about))}\n".encode())
            lines.seek(0)
            for line in lines:
                file.write(line.encode())
            file.write(_AT.pack(lines_at))
        files.store(folder / "export", _path(member, key))


def open_export(member: Member, key: UUID) -> tuple[About, ZipStream]:
    """Return a member's own export; MissingFileError if there is none any more, or a file of it is not as it was."""
    path = _path(member, key)
    with closing(files.read(path)) as file:
        size_bytes = file.size_bytes
    (lines_at,) = _AT.unpack(b"".join(blocks_of(path, size_bytes, size_bytes - _AT.size, size_bytes - 1)))
    lines = _lines(blocks_of(path, size_bytes, lines_at, size_bytes - _AT.size - 1))
    about = About(**json.loads(next(lines)))
    sizes_bytes: dict[str, int] = {}
    entries = [_entry(json.loads(line), path, size_bytes, sizes_bytes) for line in lines]
    if files.sizes_bytes(sizes_bytes) != sizes_bytes:
        raise MissingFileError(_("A file of this export was deleted or cut anew meanwhile."))
    return about, ZipStream(entries, while_sent=slots.one)


def _lines(blocks: Iterator[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        *whole, rest = (rest + block).split(b"\n")
        yield from whole


def _entry(said: dict[str, Any], path: str, file_bytes: int, sizes_bytes: dict[str, int]) -> Entry:
    """Return an entry as it was written down; if it is of a stored file, note how long that was."""
    at = datetime.fromisoformat(said["at"])
    if "path" in said:
        sizes_bytes[said["path"]] = said["size"]
        blocks = partial(blocks_of, said["path"], said["size"])
    else:
        blocks = partial(_text_blocks, path, file_bytes, said["start"])
    return Entry(said["name"], said["size"], said["crc32"], at, blocks, said.get("content", ""))


def _text_blocks(path: str, file_bytes: int, start: int, first: int, last: int) -> Iterator[bytes]:
    return blocks_of(path, file_bytes, start + first, start + last)


def clear_old() -> None:
    """Delete exports whose time is over."""
    before_s = time.time() - DAYS * 24 * 3600
    files.discard(kept.stored_path for kept in list(files.listed(FOLDER)) if kept.put_at_s < before_s)


def clear_all() -> None:
    """Delete all exports: somebody's name must be in none any more."""
    files.discard([kept.stored_path for kept in files.listed(FOLDER)])


def clear_of(member: Member, *, newest_kept: int = 0) -> None:
    """Delete a member's exports but for the newest ones."""
    own = [kept for kept in files.listed(FOLDER) if kept.stored_path.startswith(f"{FOLDER}/{member.pk}_")]
    own.sort(key=lambda kept: kept.put_at_s, reverse=True)
    files.discard(kept.stored_path for kept in own[newest_kept:])


def _path(member: Member, key: UUID) -> str:
    return f"{FOLDER}/{member.pk}_{key}"
