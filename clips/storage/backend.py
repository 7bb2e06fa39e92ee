"""What every store can do, and what may go wrong with one.

A file is known by its stored path, as ``originals/<id>.mp4``: made of ids, and the same in each store. So whether the
footage of a site lies in a folder or in a bucket is a matter of settings alone, and no row tells.
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
    """A file is missing or its store does not do its part; the text is one sentence for people."""


class MissingFileError(StorageError):
    """The store holds nothing under that path."""


class NoRoomError(StorageError):
    """This machine's disk is too full for it; what is asked to wait for room goes on by itself."""


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
        """Give the bytes from ``first`` to ``last`` only, both included and counted from 0."""

    def __iter__(self) -> Iterator[bytes]: ...

    def close(self) -> None: ...


class Store(Protocol):
    """Every method may raise StorageError; those that need a file MissingFileError."""

    #: Whether its files lie on this machine's disk, where moving one costs nothing.
    is_local: bool

    def path_of(self, stored_path: str) -> Path | None:
        """Return where a file lies on this machine's disk, whether it is there or not; None where it never does."""

    def put(self, source: Path, stored_path: str, report: Report) -> None:
        """Make the content of ``source`` the file's; whoever reads it sees all of the old or all of the new.

        A local store moves ``source``, another one copies it and verifies what arrived.
        """

    def stage(self, source: Path, report: Report) -> str:
        """Bring a file in where nobody looks; return what ``place`` and ``unstage`` want to know."""

    def place(self, staged: str, stored_path: str) -> None:
        """Let a staged file appear under its path, at once and whole."""

    def unstage(self, staged: str) -> None:
        """Forget a staged file that was not placed."""

    def duplicate(self, stored_path: str, copy_path: str) -> None:
        """Give a second path to what a file holds; each is deleted in its own right."""

    def length_bytes(self, stored_path: str) -> int | None:
        """Return how long a file is; None where there is none."""

    def lengths_bytes(self, stored_paths: Iterable[str]) -> dict[str, int | None]:
        """Return the same for many."""

    def delete_all(self, stored_paths: Iterable[str]) -> None:
        """Delete files; those that are not there are none to delete."""

    def listed(self, folder: str) -> Iterator[Stored]:
        """List the files of a folder, not those of folders in it."""

    def clear_left(self) -> None:
        """Delete what killed workers left that no path leads to."""

    def read(self, stored_path: str) -> OpenFile:
        """Open a file for reading, in parts or as a whole."""
