"""The archive as a folder tree on this machine's disk, or on a mounted one."""

import contextlib
import hashlib
import os
import stat
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from clips.archive.backend import (
    ArchiveBlockedError,
    ArchivedFile,
    ArchiveError,
    Finding,
    ListedFile,
    Parcel,
    RemoteFile,
    Report,
    silent,
)
from clips.archive.local_root import FAT_MAX_BYTES, LocalRoot, Memory
from clips.archive.naming import ORIGINALS, ROOT, is_session_file
from clips.media.formats.suffixes import MEDIA_TYPES

COPY_BLOCK_BYTES = 4 * 1024**2
PART_SUFFIX = ".part"
#: A file that is being written gets bytes all the time; one that got none for so long has nobody.
PART_AGE_S = 3600
#: Beside the archive's own top folder, on the same disk: what was taken back, under the path that it had.
TRASH_FOLDER = ".trash"


class LocalArchive:
    """Ids are paths relative to the root. All that is done to files is done relative to the root as it was opened."""

    name = "local"
    ids_are_places = True

    def __init__(self, root: Path, report: Report = silent, memory: Memory | None = None) -> None:
        self.root = root
        self.place = LocalRoot(root, memory)
        self._report = report

    def new_folder_id(self, parent_id: str | None, name: str) -> str:
        return str(Path(parent_id or "") / name)

    def make_folder(self, folder_id: str, parent_id: str | None, name: str) -> bool:
        with self.place.opened(to_write=True) as root, self._said("Cannot write to the archive folder"):
            return _make_folders(root, folder_id)

    def has_folder(self, folder_id: str) -> bool:
        with self.place.opened() as root:
            return _is_folder(root, folder_id)

    def folders_of(self, folder_id: str) -> tuple[str, ...] | None:
        parts = Path(folder_id).parts
        return parts if parts[:1] == (ROOT,) else None

    def new_file_id(self, folder_id: str, filename: str) -> str:
        return str(Path(folder_id) / filename)

    def is_same(self, one_id: str, other_id: str) -> bool:
        # Not by their numbers: what a disk is read through may give each name its own.
        return one_id == other_id or (one_id.lower() == other_id.lower() and self.place.ignores_case())

    def put(self, parcel: Parcel) -> None:
        size_bytes = parcel.source.stat().st_size
        if size_bytes > FAT_MAX_BYTES and self.place.is_small_file_disk():
            says = f"The archive's disk is FAT and holds no file of 4 GiB, so it cannot take {parcel.filename}."
            raise ArchiveError(f"{says} Format it as exFAT, NTFS or ext4.")
        with self.place.opened(to_write=True) as root, self._said(f"The archive cannot take {parcel.filename}"):
            there = os.fstatvfs(root)
            if size_bytes > there.f_bavail * there.f_frsize:
                raise self.place.full()
            folder = os.open(parcel.folder_id, os.O_RDONLY | os.O_DIRECTORY, dir_fd=root)
            try:
                self._put_into(folder, parcel)
            finally:
                os.close(folder)

    def _put_into(self, folder: int, parcel: Parcel) -> None:
        part, filename = f".{uuid.uuid4().hex}{PART_SUFFIX}", Path(parcel.file_id).name
        _clear_away(folder)
        try:
            made = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666, dir_fd=folder)
            with parcel.source.open("rb") as reader, os.fdopen(made, "wb") as writer:
                self._pour(reader, writer)
                _keep_stat(reader, writer)
            os.replace(part, filename, src_dir_fd=folder, dst_dir_fd=folder)  # a reader sees the whole file or none
        finally:
            with contextlib.suppress(OSError):
                os.unlink(part, dir_fd=folder)

    def look(self, file_id: str) -> RemoteFile | None:
        with self.place.opened() as root:
            for place, is_trashed in ((file_id, False), (f"{TRASH_FOLDER}/{file_id}", True)):
                try:
                    with self._said("The archive cannot read a file"):
                        sha256, size_bytes = self._sha256(root, place)
                except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
                    continue
                path = Path(file_id)
                return RemoteFile(sha256, str(path.parent), path.name, is_trashed, size_bytes=size_bytes)
            return None

    def fetch(self, file_id: str, target: Path) -> None:
        with self.place.opened() as root:
            try:
                with _opened(root, file_id) as reader, target.open("ab") as writer:
                    reader.seek(writer.tell())
                    self._pour(reader, writer)
            except FileNotFoundError as error:
                raise ArchiveError("The archive no longer has this file.") from error

    def move(self, file_id: str, *, to_folder_id: str, filename: str, facts: dict[str, str]) -> str:
        moved_id = str(Path(to_folder_id) / filename)
        with self.place.opened(to_write=True) as root:
            if not self.is_same(file_id, moved_id):
                self._trash(root, moved_id)  # nothing is written over: what lies there, nobody waits for
            self._rename(root, file_id, moved_id)
        return moved_id

    def trash(self, file_id: str) -> bool:
        with self.place.opened(to_write=True) as root:
            return self._trash(root, file_id)

    def _trash(self, root: int, file_id: str) -> bool:
        if not _is_file(root, file_id):
            return False
        target = Path(TRASH_FOLDER) / file_id
        if _is_file(root, str(target)):  # nothing in there is ever written over
            old = target.with_name(f"{target.stem}.{uuid.uuid4().hex[:8]}{target.suffix}")
            self._rename(root, str(target), str(old))
        self._rename(root, file_id, str(target))
        return True

    def restore(self, file_id: str) -> bool:
        trashed = f"{TRASH_FOLDER}/{file_id}"
        with self.place.opened(to_write=True) as root:
            if not _is_file(root, trashed) or _is_file(root, file_id):
                return False
            self._rename(root, trashed, file_id)
        return True

    def walk(self) -> Iterator[ArchivedFile]:
        with self.place.opened() as root:
            for place in _files(root, ROOT):
                folders = place.parts[:-1]
                if place.suffix.removeprefix(".") not in MEDIA_TYPES or folders[1:2] == (ORIGINALS,):
                    continue
                if held := self.look(str(place)):
                    yield ArchivedFile(str(place), folders, held)

    def session_files(self) -> Iterator[ArchivedFile]:
        with self.place.opened() as root:
            for place in _files(root, ROOT):
                held = self.look(str(place)) if is_session_file(place.name) else None
                if held:
                    yield ArchivedFile(str(place), place.parts[:-1], held)

    def stock(self, *, checksums: bool) -> Iterator[ListedFile]:
        with self.place.opened() as root:
            for above, is_trashed in (("", False), (TRASH_FOLDER, True)):
                for path in _files(root, str(Path(above) / ROOT)):
                    place = path.relative_to(above)
                    if is_session_file(place.name):
                        continue
                    try:
                        sha256 = self._sha256(root, str(path))[0] if checksums else ""
                        size_bytes = os.stat(path, dir_fd=root).st_size
                    except FileNotFoundError:
                        continue  # moved since its folder was read
                    yield ListedFile(str(place), str(place.parent), place.name, size_bytes, sha256, is_trashed)

    def alike(self, facts: dict[str, str], size_bytes: int) -> Iterator[ListedFile]:
        stocked = self.stock(checksums=False)  # what a file says of itself stands inside, so its size tells it first
        return (found for found in stocked if not found.is_trashed and found.size_bytes == size_bytes)

    def check(self) -> list[Finding]:
        try:
            self.place.check()
        except ArchiveBlockedError as error:
            return [Finding("folder", False, str(error), error)]
        with self.place.opened() as root:
            there = os.fstatvfs(root)
        free_gib = there.f_bavail * there.f_frsize / 1024**3
        found = [Finding("folder", True, f"{self.root} is writable; {free_gib:.1f} GiB are free.")]
        if self.place.is_small_file_disk():
            says = "The disk is FAT: it takes no file of 4 GiB. Format it as exFAT, NTFS or ext4 for longer videos."
            found.append(Finding("disk", True, says))
        if self.place.ignores_case():
            says = (
                "The disk takes “Mia” and “mia” for one name. The site never makes two names that differ only in that."
            )
            found.append(Finding("names", True, says))
        return found

    @contextlib.contextmanager
    def _said(self, what: str) -> Iterator[None]:
        """Turn an error of the disk into a sentence: about the whole archive, or about ``what``."""
        try:
            yield
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
            raise
        except OSError as error:
            if fault := self.place.fault_of(error):
                raise fault from error
            raise ArchiveError(f"{what}: {error.strerror}.") from error

    def _rename(self, root: int, source: str, target: str) -> None:
        try:
            with self._said(f"The archive cannot move {Path(target).name}"):
                _make_folders(root, str(Path(target).parent))
                os.rename(source, target, src_dir_fd=root, dst_dir_fd=root)
        except OSError as error:
            raise ArchiveError(f"The archive cannot move {Path(target).name}: {error.strerror}.") from error

    def _sha256(self, root: int, place: str) -> tuple[str, int]:
        """Return a file's checksum, and its size as it was read."""
        digest, n_bytes = hashlib.sha256(), 0
        with _opened(root, place) as file:
            while block := file.read(COPY_BLOCK_BYTES):
                digest.update(block)
                n_bytes += len(block)
                self._report(None)
        return digest.hexdigest(), n_bytes

    def _pour(self, reader: BinaryIO, writer: BinaryIO) -> None:
        """Write the rest of the bytes, and wait until they are on the disk itself."""
        size_bytes = max(1, os.fstat(reader.fileno()).st_size)
        while block := reader.read(COPY_BLOCK_BYTES):
            writer.write(block)
            self._report(min(1.0, reader.tell() / size_bytes))
        writer.flush()
        os.fsync(writer.fileno())


def _opened(root: int, place: str) -> BinaryIO:
    return os.fdopen(os.open(place, os.O_RDONLY, dir_fd=root), "rb")


def _make_folders(root: int, folder: str) -> bool:
    """Make a folder and those above it; return whether it was not there."""
    above, is_new = Path(), False
    for part in Path(folder).parts:
        above /= part
        try:
            os.mkdir(above, dir_fd=root)
        except FileExistsError:
            is_new = False
        else:
            is_new = True
    return is_new


def _is_folder(root: int, place: str) -> bool:
    try:
        os.close(os.open(place, os.O_RDONLY | os.O_DIRECTORY, dir_fd=root))
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True


def _is_file(root: int, place: str) -> bool:
    try:
        return stat.S_ISREG(os.stat(place, dir_fd=root).st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def _keep_stat(reader: BinaryIO, writer: BinaryIO) -> None:
    """Give the copy the times and rights of its source, where the disk has such."""
    kept = os.fstat(reader.fileno())
    with contextlib.suppress(OSError):  # each disk that has none says so in its own way
        os.fchmod(writer.fileno(), kept.st_mode & 0o777)
    with contextlib.suppress(OSError):
        os.utime(writer.fileno(), ns=(kept.st_atime_ns, kept.st_mtime_ns))


def _clear_away(folder: int) -> None:
    """Delete half-written files of killed workers; an original can be many gigabytes."""
    for name in os.listdir(folder):
        if name.startswith(".") and name.endswith(PART_SUFFIX):
            with contextlib.suppress(FileNotFoundError):
                if os.stat(name, dir_fd=folder).st_mtime < time.time() - PART_AGE_S:
                    os.unlink(name, dir_fd=folder)


def _files(root: int, top: str) -> Iterator[Path]:
    """Yield the files below a folder, folder by folder, to avoid a list of all of them."""
    if not _is_folder(root, top):
        return
    for folder, folders, names, _descriptor in os.fwalk(top, dir_fd=root):
        folders.sort()
        yield from (Path(folder) / name for name in sorted(names) if not name.startswith("."))
