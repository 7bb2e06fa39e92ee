"""Store in the data folder: files are put in place by renaming, so that a reader sees the whole file or none."""

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.utils.translation import gettext as _

from clips.storage.backend import BLOCK_BYTES, MissingFileError, Report, Stored, silent
from people.site_settings.registry import DISK_FLOOR_BYTES


class LocalStore(FileSystemStorage):
    """Django's file storage, extended by moving a file in and reading a part of one."""

    is_local = True

    @property
    def base_location(self) -> str:
        return str(settings.DATA_DIR)  # asked each time: a test has a data folder of its own

    @property
    def location(self) -> str:
        return self.base_location

    def path_of(self, stored_path: str) -> Path:
        return settings.DATA_DIR / stored_path

    def put(self, source: Path, stored_path: str, report: Report) -> None:
        target = self.path_of(stored_path)
        target.parent.mkdir(parents=True, exist_ok=True)
        _as_ours(source)
        source.replace(target)
        sync(target.parent)  # the rename itself must survive a power cut too

    def stage(self, source: Path, report: Report) -> str:
        return str(source)  # in a scratch folder on the same disk

    def place(self, staged: str, stored_path: str) -> None:
        self.put(Path(staged), stored_path, silent)

    def clear_left(self) -> None:
        """Nothing: a file is moved as a whole, and what was not yet moved is its maker's."""

    def unstage(self, staged: str) -> None:
        """Leave it to the owner of the scratch folder."""

    def duplicate(self, stored_path: str, copy_path: str) -> None:
        try:
            os.link(self.path_of(stored_path), self.path_of(copy_path))
        except FileNotFoundError:
            raise missing_here() from None

    def length_bytes(self, stored_path: str) -> int | None:
        try:
            return self.path_of(stored_path).stat().st_size
        except FileNotFoundError:
            return None

    def lengths_bytes(self, stored_paths: Iterable[str]) -> dict[str, int | None]:
        return {path: self.length_bytes(path) for path in stored_paths}

    def delete_all(self, stored_paths: Iterable[str]) -> None:
        for path in stored_paths:
            self.path_of(path).unlink(missing_ok=True)

    def listed(self, folder: str) -> Iterator[Stored]:
        for path in self.path_of(folder).glob("*"):
            try:
                facts = path.stat()
            except FileNotFoundError:
                continue  # deleted meanwhile
            if path.is_file():
                yield Stored(f"{folder}/{path.name}", facts.st_size, facts.st_mtime)

    def read(self, stored_path: str) -> "LocalFile":
        try:
            return LocalFile(self.path_of(stored_path))
        except FileNotFoundError:
            raise missing_here() from None


class LocalFile:
    """An open file of the disk."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("rb")
        facts = os.fstat(self._file.fileno())
        self.size_bytes = self.left_bytes = facts.st_size
        # Files are put in place whole, by renaming: another content is another time.
        self.etag = f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"'

    def narrow(self, first: int, last: int) -> None:
        self._file.seek(first)
        self.left_bytes = last - first + 1

    def __iter__(self) -> Iterator[bytes]:
        while self.left_bytes and (block := self._file.read(min(BLOCK_BYTES, self.left_bytes))):
            self.left_bytes -= len(block)
            yield block

    def close(self) -> None:
        self._file.close()


def _as_ours(file: Path) -> None:
    """Give a file from elsewhere, such as the incoming folder, the permissions of files made here."""
    if file.stat().st_nlink == 1:  # else it is still somebody's under another name
        with suppress(PermissionError):
            file.chmod(settings.FILE_UPLOAD_PERMISSIONS)


def free_bytes() -> int:
    """Return the free bytes of the data folder's disk above its floor; negative below it."""
    usage = shutil.disk_usage(settings.DATA_DIR)
    floor_bytes: int = min(DISK_FLOOR_BYTES.value(), usage.total // 10)
    return usage.free - floor_bytes


def missing_here() -> MissingFileError:
    return MissingFileError(_("This file is no longer in the data folder."))


def sync(path: Path) -> None:
    """Wait until a file or a folder's entries are on the disk itself."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
