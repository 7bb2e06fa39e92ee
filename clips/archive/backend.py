"""Interface of all archives, and their errors. Knows no Django.

Folders and files are known by ids. An id is requested, saved, and only then used, so a worker that dies at any moment
leaves nothing that the next one cannot find, and nothing exists twice.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Protocol, runtime_checkable

#: Called often while something is sent, with the fraction that has arrived or None; may raise to stop the work.
Report = Callable[[float | None], None]


def silent(progress: float | None) -> None:
    """Report to nobody."""


class BlockReason(StrEnum):
    """The reason why an archive accepts nothing at all."""

    UNREACHABLE = "UNREACHABLE"
    DAILY_LIMIT = "DAILY_LIMIT"
    QUOTA = "QUOTA"
    PERMISSION = "PERMISSION"
    FOLDER = "FOLDER"
    CREDENTIALS = "CREDENTIALS"
    SETTINGS = "SETTINGS"
    GONE = "GONE"
    TOP_GONE = "TOP_GONE"
    MOVED = "MOVED"


class ArchiveError(Exception):
    """The archive cannot take a file. The text is one sentence with advice."""


class ArchiveBlockedError(ArchiveError):
    """The archive accepts nothing until something changes, so trying the next file is pointless."""

    def __init__(self, reason: BlockReason, sentence: str, *, retry_after_s: float | None = None) -> None:
        super().__init__(sentence)
        self.reason = reason
        #: When it is worth another try; None where the archive did not say.
        self.retry_after_s = retry_after_s


class FileRefusedError(ArchiveError):
    """The archive refuses what is asked of one file, and takes others."""

    def __init__(self, sentence: str, *, retry_after_s: float | None = None, is_final: bool = False) -> None:
        super().__init__(sentence)
        #: When it is worth another try; None where the archive did not say.
        self.retry_after_s = retry_after_s
        #: Whether no further try helps.
        self.is_final = is_final


@dataclass(frozen=True)
class Parcel:
    """One file to send: its content, and its place."""

    source: Path
    file_id: str
    folder_id: str
    filename: str
    sha256: str
    #: What the archive keeps beside the file, for whoever has nothing but the archive.
    facts: dict[str, str] = field(default_factory=dict)
    #: What an earlier try that was cut off left to go on with: a secret, never to be logged. Empty to begin anew.
    session: str = ""
    #: Called with the session before the first byte is sent, and with "" when it has become useless.
    note_session: Callable[[str], None] = lambda session: None
    #: Whether the id holds something already, in the place of which this comes.
    replaces: bool = False


@dataclass(frozen=True)
class RemoteFile:
    """The file that an archive holds under an id."""

    sha256: str
    #: As they are there now, which a person may have changed.
    folder_id: str
    filename: str
    is_trashed: bool = False
    #: What was kept beside it; empty where the archive keeps nothing beside a file.
    facts: dict[str, str] = field(default_factory=dict)
    #: Whether the site itself put it there under this name; False after a person did, None where nobody can say.
    is_ours: bool | None = None
    #: Whether its content is what the site sent; False after a person put in another, None where nobody can say.
    is_own_content: bool | None = None
    #: None where it was not asked for.
    size_bytes: int | None = None


@dataclass(frozen=True)
class Change:
    """A changed file or folder, and its state since."""

    id: str
    is_gone: bool
    #: Of a file's content; empty where it is not known, and of a folder.
    sha256: str = ""


@dataclass(frozen=True)
class ArchivedFile:
    """A file that was found in an archive."""

    file_id: str
    #: The folders that it lies in, from the archive's own top folder down.
    folders: tuple[str, ...]
    held: RemoteFile


@dataclass(frozen=True)
class ListedFile:
    """A file in an archive's listing."""

    file_id: str
    folder_id: str
    filename: str
    size_bytes: int
    #: Empty where it was not read.
    sha256: str
    is_trashed: bool


@dataclass(frozen=True)
class Finding:
    """One line of a check: the thing checked, its state, and advice if that is bad."""

    what: str
    is_good: bool
    says: str
    fault: ArchiveBlockedError | None = None
    #: Whether it is good now, and will not stay so by itself.
    warns: bool = False


@runtime_checkable
class RemovesFolders(Protocol):
    """An archive in which a folder is something of its own."""

    def remove_if_empty(self, folder_id: str) -> bool:
        """Remove a folder if nothing is in it; return whether it is gone."""


class ArchiveBackend(Protocol):
    """One archive, for one piece of work in one thread; reports progress to its ``Report``."""

    name: str
    #: Whether an id says where the thing lies, so that a file that is moved gets another one.
    ids_are_places: bool

    def new_folder_id(self, parent_id: str | None, name: str) -> str:
        """Return the id of the folder of that name below ``parent_id`` (None: the top), or a new id to make it with."""

    def make_folder(self, folder_id: str, parent_id: str | None, name: str) -> bool:
        """Make a folder with that id; False, and nothing is done, if it exists."""

    def has_folder(self, folder_id: str) -> bool:
        """Return whether the folder exists, and neither it nor a folder above it is in the trash."""

    def folders_of(self, folder_id: str) -> tuple[str, ...] | None:
        """Return the names of the folders from the archive's top folder down to this one; None outside of it."""

    def new_file_id(self, folder_id: str, filename: str) -> str:
        """Return a new id for a file to send."""

    def put(self, parcel: Parcel) -> None:
        """Copy a local file to its id; earlier content is replaced, and an interrupted upload is resumed."""

    def is_same(self, one_id: str, other_id: str) -> bool:
        """Return whether two ids lead to one file, as where an id is a place and the disk ignores case."""

    def look(self, file_id: str) -> RemoteFile | None:
        """Return the file under an id, with the checksum of the received bytes; None if there is none."""

    def fetch(self, file_id: str, target: Path) -> None:
        """Download a file: append the missing bytes to ``target``, so that an interrupted download is resumed."""

    def move(self, file_id: str, *, to_folder_id: str, filename: str, facts: dict[str, str]) -> str:
        """Change a file's place, name and facts without sending it again; return its id from then on."""

    def trash(self, file_id: str) -> bool:
        """Move a file to the trash, where its owner can restore it; False if it does not exist."""

    def restore(self, file_id: str) -> bool:
        """Restore a file from the trash; False if it is not there."""

    def walk(self) -> Iterator[ArchivedFile]:
        """Find every clip below the archive's top folder, without those in the trash."""

    def session_files(self) -> Iterator[ArchivedFile]:
        """Find the files that say all of a session or the crew, wherever they lie below the top folder."""

    def stock(self, *, checksums: bool) -> Iterator[ListedFile]:
        """List every clip and original in the archive, in no order, including those in the trash.

        What was moved out of its top folder may be left out, and what is not the site's own may be listed, so both
        want a closer look. Without ``checksums`` those that would have to be computed are left empty.
        """

    def alike(self, facts: dict[str, str], size_bytes: int) -> Iterator[ListedFile]:
        """List files with one of these facts beside them, or else any of that size; without the trash.

        Costs no reading of files; the checksum is empty as in ``stock``.
        """

    def check(self) -> list[Finding]:
        """Check whether a file could be sent now, without sending one."""
