"""Interface of all file stores, and their errors.

A file is known by its stored path, as ``originals/<id>.mp4``: made of ids, and the same in each store. So only settings
decide whether the footage of a site is in a folder or in a bucket, and no row knows.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

#: Called often while bytes are on their way, with the fraction that is done or None; may raise to stop the work.
Report = Callable[[float | None], None]

BLOCK_BYTES = 256 * 1024


def silent(progress: float | None) -> None:
    """Report to nobody."""


class StorageError(Exception):
    """A file is missing or its store fails. The text is one sentence for people."""


class MissingFileError(StorageError):
    """The store has nothing at that path."""


class NoRoomError(StorageError):
    """This machine's disk is too full for it; a job that needs space waits and continues by itself."""


@dataclass(frozen=True)
class Stored:
    """A file in a store, as a listing shows it."""

    stored_path: str
    size_bytes: int
    #: When it was put there, in seconds since 1970.
    put_at_s: float


class OpenFile(Protocol):
    """A file that is read block by block from one byte to another, and closed by whoever opened it."""

    size_bytes: int
    #: Another content has another one; with its quotes, as HTTP wants it.
    etag: str
    #: How much an iteration will yet give.
    left_bytes: int

    def narrow(self, first: int, last: int) -> None:
        """Limit it to the bytes from ``first`` to ``last``, both included and counted from 0."""

    def __iter__(self) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class Store(Protocol):
    """Every method may raise StorageError; those that need a file MissingFileError."""

    #: Whether its files lie on this machine's disk, where moving one costs nothing.
    is_local: bool

    def path_of(self, stored_path: str) -> Path | None:
        """Return a file's path on this machine's disk, whether it exists or not; None if it is never there."""

    def put(self, source: Path, stored_path: str, report: Report) -> None:
        """Replace the file with the content of ``source``; readers see all of the old or all of the new.

        A local store moves ``source``, another one copies it and verifies what arrived.
        """

    def stage(self, source: Path, report: Report) -> str:
        """Upload a file out of sight; return the argument for ``place`` and ``unstage``."""

    def place(self, staged: str, stored_path: str) -> None:
        """Make a staged file appear at its path, at once and whole."""

    def unstage(self, staged: str) -> None:
        """Discard a staged file that was not placed."""

    def duplicate(self, stored_path: str, copy_path: str) -> None:
        """Give a file's content a second path; each is deleted on its own."""

    def length_bytes(self, stored_path: str) -> int | None:
        """Return a file's length; None if there is none."""

    def lengths_bytes(self, stored_paths: Iterable[str]) -> dict[str, int | None]:
        """Return the lengths of many files."""

    def delete_all(self, stored_paths: Iterable[str]) -> None:
        """Delete files; missing ones are ignored."""

    def listed(self, folder: str) -> Iterator[Stored]:
        """List the files of a folder, without subfolders."""

    def clear_left(self) -> None:
        """Delete what killed workers left that no path leads to."""

    def read(self, stored_path: str) -> OpenFile:
        """Open a file for reading, in parts or as a whole."""
