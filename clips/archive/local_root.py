"""Recognises the folder of the local archive by a marker file, so that no other folder is taken for it.

A disk that is not mounted leaves an empty folder of the system's own disk in its place. Whoever took that for the
archive would fill the wrong disk, and would take every copy for deleted. Knows no Django.
"""

import contextlib
import errno
import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from clips.archive.backend import ArchiveBlockedError, BlockReason
from clips.archive.naming import ROOT

MARKER = ".trickyclip-archive"
MAX_MARKER_BYTES = 10_000
_SAYS = "The archive of a TrickyClip site. The site knows the disk by this file: leave it here."
#: What a disk answers that is gone, or that its machine does not let anybody write to.
_DISK_FAULTS = frozenset(
    {errno.EIO, errno.EROFS, errno.ENODEV, errno.ENXIO, errno.ESTALE, errno.ENOTCONN, errno.EHOSTDOWN, errno.ETIMEDOUT}
)
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
#: File systems that hold no file of 4 GiB.
_SMALL_FILES = frozenset({"vfat", "msdos", "fat"})
FAT_MAX_BYTES = 4 * 1024**3 - 1


class Memory(Protocol):
    """Keeps the id by which the site knows its local archive."""

    def archive_id(self) -> uuid.UUID | None:
        """Return the id that the archive's marker has; None before there was one."""

    def remember(self, archive_id: uuid.UUID) -> None:
        """Keep the id of a marker that was written or found first."""

    def has_copies(self) -> bool:
        """Return whether the archive should hold something already."""


class LocalRoot:
    """The folder that holds a local archive. Without a memory any folder will do."""

    def __init__(self, path: Path, memory: Memory | None = None) -> None:
        self.path = path
        self._memory = memory
        self._known: uuid.UUID | None = None

    @contextlib.contextmanager
    def opened(self, *, to_write: bool = False) -> Iterator[int]:
        """Yield a descriptor of the folder, recognised by its marker.

        What is opened relative to it lies on that very disk, even if another one is mounted meanwhile. The marker of an
        archive that has none yet is written before anything else is.

        Raises
        ------
        ArchiveBlockedError
            If the disk is not there, is another one, or cannot be read.
        """
        folder = self._open()
        try:
            self._recognise(folder, to_write=to_write)
            yield folder
        finally:
            os.close(folder)

    def be_there(self) -> None:
        """Raise ArchiveBlockedError unless this is the archive's folder."""
        with self.opened():
            return

    def fault_of(self, error: OSError, size_bytes: int = 0) -> ArchiveBlockedError | None:
        """Return what keeps the whole archive from taking files after an error; None if it met only one file."""
        if error.errno in _FULL:
            return self.full()
        if error.errno in _DISK_FAULTS:
            if error.errno == errno.EROFS:
                return self._not_writable(error)
            return self._blocked(
                f"The archive's disk ({self.path}) does not answer ({error.strerror}). Check the disk."
            )
        try:
            with self.opened(to_write=True) as folder:
                self._try_writing(folder)
        except ArchiveBlockedError as fault:
            return fault
        return None

    def full(self) -> ArchiveBlockedError:
        says = f"The archive's disk ({self.path}) is full. Free some space there. Sending then resumes."
        return ArchiveBlockedError(BlockReason.QUOTA, says)

    def check(self) -> None:
        """Raise ArchiveBlockedError unless a file could be written now; leaves nothing there."""
        with self.opened(to_write=True) as folder:
            self._try_writing(folder)

    def is_small_file_disk(self) -> bool:
        """Return whether the disk is FAT, where no file may have 4 GiB."""
        return file_system_of(self.path) in _SMALL_FILES

    def ignores_case(self) -> bool:
        """Return whether the disk takes names that differ only in case for one name."""
        return (self.path / MARKER.upper()).exists()

    def _open(self) -> int:
        try:
            if self._memory is None or self._is_new():
                self.path.mkdir(exist_ok=True)  # not the folders above it: what is not mounted is not made
            return os.open(self.path, os.O_RDONLY | os.O_DIRECTORY)
        except (FileNotFoundError, NotADirectoryError, FileExistsError) as error:
            says = f"The archive's folder {self.path} is missing. Mount its disk, or create the folder."
            raise self._blocked(says) from error
        except OSError as error:
            raise self._not_writable(error) from error

    def _is_new(self) -> bool:
        return not self.path.exists() and self._expected() is None and not self._has_copies()

    def _expected(self) -> uuid.UUID | None:
        if self._known is None and self._memory:
            self._known = self._memory.archive_id()
        return self._known

    def _has_copies(self) -> bool:
        return self._memory is not None and self._memory.has_copies()

    def _recognise(self, folder: int, *, to_write: bool) -> None:
        if self._memory is None:
            return
        expected, said = self._expected(), self._read(folder)
        if said is None:
            if expected or (not _has(folder, ROOT) and self._has_copies()):
                raise self._blocked(
                    f"The folder {self.path} is not the archive: its marker is missing. Mount the archive's disk."
                )
            if not to_write:
                return
            said = self._mark(folder)
        if expected is None and to_write:
            self._memory.remember(said)
        elif expected and said != expected:
            raise self._blocked(
                f"The folder {self.path} is the archive of another site or another disk. Mount the right one, or run "
                "“manage.py archive_check --adopt” to go on with this one."
            )

    def _read(self, folder: int) -> uuid.UUID | None:
        """Return the id in the marker; None if there is none."""
        try:
            marker = os.open(MARKER, os.O_RDONLY, dir_fd=folder)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._not_writable(error) from error
        try:
            return uuid.UUID(json.loads(os.read(marker, MAX_MARKER_BYTES))["archive"])
        except OSError as error:
            raise self._not_writable(error) from error
        except (ValueError, KeyError, TypeError) as error:
            says = f"The marker {MARKER} in {self.path} is damaged. “manage.py archive_check --adopt” writes it anew."
            raise self._blocked(says) from error
        finally:
            os.close(marker)

    def _mark(self, folder: int, archive_id: uuid.UUID | None = None) -> uuid.UUID:
        """Write the marker, unless somebody else was faster; return its id."""
        archive_id = archive_id or uuid.uuid4()
        try:
            marker = os.open(MARKER, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=folder)
        except FileExistsError:
            return self._read(folder) or archive_id
        except OSError as error:
            raise (self.full() if error.errno in _FULL else self._not_writable(error)) from error
        with os.fdopen(marker, "w", encoding="utf-8") as file:
            json.dump({"archive": str(archive_id), "says": _SAYS}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        return archive_id

    def adopt(self) -> uuid.UUID:
        """Take this folder for the archive, whatever was expected; write its marker if it has none, or a damaged one.

        Only somebody who looked at the folder may say so.
        """
        folder = self._open()
        try:
            try:
                said = self._read(folder)
            except ArchiveBlockedError:
                os.unlink(MARKER, dir_fd=folder)
                said = None
            return said or self._mark(folder)
        except OSError as error:
            raise self._not_writable(error) from error
        finally:
            os.close(folder)

    def _try_writing(self, folder: int) -> None:
        probe = f".{uuid.uuid4().hex}.check"
        try:
            os.close(os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644, dir_fd=folder))
            os.unlink(probe, dir_fd=folder)
        except OSError as error:
            raise (self.full() if error.errno in _FULL else self._not_writable(error)) from error

    def _not_writable(self, error: OSError) -> ArchiveBlockedError:
        says = (
            f"The folder {self.path} is not writable ({error.strerror}). Mount the disk, or let the site write there."
        )
        return self._blocked(says)

    @staticmethod
    def _blocked(says: str) -> ArchiveBlockedError:
        return ArchiveBlockedError(BlockReason.FOLDER, says)


def file_system_of(path: Path, table: Path = Path("/proc/self/mountinfo")) -> str:
    """Return the type of the file system that holds a path, as "ext4" or "vfat"; empty where nobody can say."""
    try:
        lines = table.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return ""
    found, kind, place = -1, "", path.resolve()
    for line in lines:
        about, _, rest = line.partition(" - ")
        point = Path(about.split(" ")[4].replace("\\040", " "))
        if (place == point or point in place.parents) and len(point.parts) >= found:
            found, kind = len(point.parts), rest.split(" ")[0]
    return kind


def _has(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder)
    except FileNotFoundError:
        return False
    return True
