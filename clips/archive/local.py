"""The archive as a folder tree on this machine's disk, or on a mounted one."""

import contextlib
import errno
import hashlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from clips.archive.backend import (
    ArchiveBlockedError,
    ArchivedFile,
    ArchiveError,
    BlockReason,
    Finding,
    ListedFile,
    Parcel,
    RemoteFile,
    Report,
    silent,
)
from clips.archive.naming import ORIGINALS, ROOT
from clips.media.formats.suffixes import MEDIA_TYPES

COPY_BLOCK_BYTES = 4 * 1024**2
PART_SUFFIX = ".part"
#: A file that is being written gets bytes all the time; one that got none for so long has nobody.
PART_AGE_S = 3600
#: Beside the archive's own top folder, on the same disk: what was taken back, under the path that it had.
TRASH_FOLDER = ".trash"


class LocalArchive:
    """Ids are paths relative to the root."""

    name = "local"
    ids_are_places = True

    def __init__(self, root: Path, report: Report = silent) -> None:
        self.root = root
        self._report = report

    def new_folder_id(self, parent_id: str | None, name: str) -> str:
        return str(Path(parent_id or "") / name)

    def make_folder(self, folder_id: str, parent_id: str | None, name: str) -> None:
        try:
            (self.root / folder_id).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ArchiveError(f"Cannot write to the archive folder: {error.strerror}.") from error

    def has_folder(self, folder_id: str) -> bool:
        return (self.root / folder_id).is_dir()

    def folders_of(self, folder_id: str) -> tuple[str, ...] | None:
        parts = Path(folder_id).parts
        return parts if parts[:1] == (ROOT,) else None

    def new_file_id(self, folder_id: str, filename: str) -> str:
        return str(Path(folder_id) / filename)

    def put(self, parcel: Parcel) -> None:
        folder = self.root / parcel.folder_id
        part = folder / f".{uuid.uuid4().hex}{PART_SUFFIX}"
        try:
            self._clear_away(folder)
            with parcel.source.open("rb") as reader, part.open("wb") as writer:
                self._pour(reader, writer)
            shutil.copystat(parcel.source, part)
            part.replace(self.root / parcel.file_id)  # a reader sees the whole file or none
        except OSError as error:
            if error.errno in {errno.ENOSPC, errno.EDQUOT}:
                says = f"The archive's disk ({self.root}) is full. Free some space there. Sending then resumes."
                raise ArchiveBlockedError(BlockReason.QUOTA, says) from error
            raise ArchiveError(f"The archive cannot take {parcel.filename}: {error.strerror}.") from error
        finally:
            part.unlink(missing_ok=True)

    def look(self, file_id: str) -> RemoteFile | None:
        for root, is_trashed in ((self.root, False), (self.root / TRASH_FOLDER, True)):
            try:
                sha256 = self._sha256(root / file_id)
            except (FileNotFoundError, NotADirectoryError):
                continue
            path = Path(file_id)
            return RemoteFile(sha256, str(path.parent), path.name, is_trashed)
        return None

    def fetch(self, file_id: str, target: Path) -> None:
        try:
            with (self.root / file_id).open("rb") as reader, target.open("ab") as writer:
                reader.seek(writer.tell())
                self._pour(reader, writer)
        except FileNotFoundError as error:
            raise ArchiveError("The archive no longer has this file.") from error

    def move(self, file_id: str, *, to_folder_id: str, filename: str, facts: dict[str, str]) -> str:
        moved_id = str(Path(to_folder_id) / filename)
        if moved_id != file_id:
            self.trash(moved_id)  # nothing is written over: what lies there, nobody waits for
        self._rename(self.root / file_id, self.root / moved_id)
        return moved_id

    def trash(self, file_id: str) -> bool:
        if not (self.root / file_id).is_file():
            return False
        target = self.root / TRASH_FOLDER / file_id
        if target.exists():  # nothing in there is ever written over
            self._rename(target, target.with_name(f"{target.stem}.{uuid.uuid4().hex[:8]}{target.suffix}"))
        self._rename(self.root / file_id, target)
        return True

    def restore(self, file_id: str) -> bool:
        trashed = self.root / TRASH_FOLDER / file_id
        if not trashed.is_file() or (self.root / file_id).exists():
            return False
        self._rename(trashed, self.root / file_id)
        return True

    def walk(self) -> Iterator[ArchivedFile]:
        for path in _files(self.root / ROOT):
            folders = path.relative_to(self.root).parts[:-1]
            if path.suffix.removeprefix(".") not in MEDIA_TYPES or folders[1:2] == (ORIGINALS,):
                continue
            file_id = str(path.relative_to(self.root))
            yield ArchivedFile(file_id, folders, self.look(file_id))

    def stock(self, *, checksums: bool) -> Iterator[ListedFile]:
        for root, is_trashed in ((self.root, False), (self.root / TRASH_FOLDER, True)):
            for path in _files(root / ROOT):
                place = path.relative_to(root)
                try:
                    sha256 = self._sha256(path) if checksums else ""
                    yield ListedFile(str(place), str(place.parent), place.name, path.stat().st_size, sha256, is_trashed)
                except FileNotFoundError:
                    continue  # moved since its folder was read

    def alike(self, facts: dict[str, str], size_bytes: int) -> Iterator[ListedFile]:
        stocked = self.stock(checksums=False)  # what a file says of itself stands inside, so its size tells it first
        return (found for found in stocked if not found.is_trashed and found.size_bytes == size_bytes)

    def check(self) -> list[Finding]:
        probe = self.root / f".{uuid.uuid4().hex}.check"
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            probe.touch()
            probe.unlink()
        except OSError as error:
            says = f"{self.root} is not writable ({error.strerror}). Mount the disk, or let the site write there."
            return [Finding("folder", False, says, ArchiveBlockedError(BlockReason.FOLDER, says))]
        free_gib = shutil.disk_usage(self.root).free / 1024**3
        return [Finding("folder", True, f"{self.root} is writable; {free_gib:.1f} GiB are free.")]

    @staticmethod
    def _rename(source: Path, target: Path) -> None:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            source.rename(target)
        except OSError as error:
            raise ArchiveError(f"The archive cannot move {target.name}: {error.strerror}.") from error

    def _sha256(self, path: Path) -> str:
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while block := file.read(COPY_BLOCK_BYTES):
                digest.update(block)
                self._report(None)
        return digest.hexdigest()

    def _pour(self, reader: BinaryIO, writer: BinaryIO) -> None:
        """Write the rest of the bytes, and wait until they are on the disk itself."""
        size_bytes = max(1, os.fstat(reader.fileno()).st_size)
        while block := reader.read(COPY_BLOCK_BYTES):
            writer.write(block)
            self._report(min(1.0, reader.tell() / size_bytes))
        writer.flush()
        os.fsync(writer.fileno())

    @staticmethod
    def _clear_away(folder: Path) -> None:
        """Delete half-written files of killed workers; an original can be many gigabytes."""
        for part in folder.glob(f".*{PART_SUFFIX}"):
            with contextlib.suppress(FileNotFoundError):
                if part.stat().st_mtime < time.time() - PART_AGE_S:
                    part.unlink()


def _files(top: Path) -> Iterator[Path]:
    """Yield the files below a folder, folder by folder, to avoid a list of all of them."""
    for folder, folders, names in os.walk(top):
        folders.sort()
        yield from (Path(folder) / name for name in sorted(names) if not name.startswith("."))
