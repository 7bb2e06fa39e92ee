"""What every archive can do. Folders and files are known by the id that the archive gives them."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol


class ArchiveError(Exception):
    """The archive cannot take a file; the text is one sentence that says what to do."""


class ArchiveBackend(Protocol):
    name: str

    def make_folder(self, parent_id: str | None, name: str) -> str:
        """Return the id of the folder ``name`` below ``parent_id`` (None: the top), making it when it is missing."""

    def put(self, source: Path, *, folder_id: str, filename: str, report: Callable[[float], None]) -> str:
        """Copy a local file into a folder and return its id there; a file of that name is replaced."""

    def find(self, folder_id: str, filename: str) -> str | None:
        """Return the id of a file in a folder; None when there is none of that name."""

    def sha256(self, file_id: str) -> str | None:
        """Return the checksum of what the archive holds, read back from it; None when it holds nothing there."""

    def trash(self, file_id: str) -> bool:
        """Move a file to where its owner can still bring it back from; False when the archive holds nothing there."""
