"""Finds and stores files. Code that needs a local file of an original says ``with local_copy(original) as path:``.

Everybody else names a file by its stored path. Its first part is the alias of a store in ``settings.STORAGES``:
``originals``, ``candidates`` (previews, pictures, filmstrips) or ``final_clips``.
"""

import hashlib
import logging
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol, cast

from django.conf import settings
from django.core.files.storage import storages
from django.utils.translation import gettext as _

from clips.storage import local_cache
from clips.storage.backend import MissingFileError, OpenFile, Report, StorageError, Store, Stored, silent
from clips.storage.local import free_bytes, sync

__all__ = ["MissingFileError", "StorageError", "free_bytes", "sync"]

logger = logging.getLogger(__name__)

ALIASES = ("originals", "candidates", "final_clips")
HASH_BLOCK_BYTES = 16 * 1024**2


class StoredFile(Protocol):
    """A row that has a file: an original or a cut clip."""

    stored_path: str
    file_hash: str
    size_bytes: int


@contextmanager
def local_copy(original: StoredFile, report: Report = silent) -> Iterator[Path]:
    """Give the path of an original on this machine's disk, for as long as the block lasts.

    Raises
    ------
    StorageError
        If it is in no store any more, or cannot be brought in.
    """
    gone = _("The original file is no longer in the data folder.")
    with _on_this_disk(original.stored_path, original.file_hash, original.size_bytes, gone, report) as path:
        yield path


@contextmanager
def local_clip(clip: StoredFile, report: Report = silent) -> Iterator[Path]:
    """Yield the path of a cut clip on this machine's disk, for the duration of the block; StorageError as above."""
    gone = _("The cut clip is not in the data folder. Cut it again first.")
    if not clip.stored_path:
        raise MissingFileError(gone)
    with _on_this_disk(clip.stored_path, clip.file_hash, clip.size_bytes or 0, gone, report) as path:
        yield path


@contextmanager
def local_file(stored_path: str, report: Report = silent) -> Iterator[Path]:
    """Yield the path of any other stored file on this machine's disk, as long as the block lasts."""
    where = store_of(stored_path)
    path = where.path_of(stored_path)
    if path is not None:
        if not path.is_file():
            raise MissingFileError(_("This file is not in the data folder any more."))
        yield path
        return
    with scratch_folder() as folder:
        copy = folder / Path(stored_path).name
        source = where.read(stored_path)
        try:
            with copy.open("wb") as file:
                for block in source:
                    file.write(block)
                    report(None)
        finally:
            source.close()
        yield copy


@contextmanager
def _on_this_disk(stored_path: str, sha256: str, n_bytes: int, gone: str, report: Report) -> Iterator[Path]:
    where = store_of(stored_path)
    path = where.path_of(stored_path)
    if path is None:
        with local_cache.brought_in(sha256, n_bytes, lambda: where.read(stored_path), report) as copy:
            yield copy
    elif path.is_file():
        yield path
    else:
        raise MissingFileError(gone)


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Yield an empty folder on the same disk as the data, so that a finished file is moved by renaming."""
    settings.SCRATCH_DIR.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=settings.SCRATCH_DIR) as folder:
        yield Path(folder)


def store_of(stored_path: str) -> Store:
    """Return the store of a path, or of an alias."""
    return cast(Store, storages[stored_path.partition("/")[0]])  # settings.STORAGES names nothing else


def is_local(stored_path: str) -> bool:
    """Return whether a path, or the store of an alias, is on this machine's disk."""
    return store_of(stored_path).is_local


def store(source: Path, stored_path: str, report: Report = silent) -> None:
    """Store a finished file at its path; readers see the whole file or none.

    On this machine's disk ``source`` is moved, and costs nothing. Into a bucket it is copied and verified there, which
    takes a while and so is done outside of transactions; ``source`` stays the caller's.
    """
    store_of(stored_path).put(source, stored_path, report)


@contextmanager
def staged(files: dict[str, Path], report: Report = silent) -> Iterator[Callable[[str], None]]:
    """Stage finished files, by their stored paths, so that ``place(stored_path)`` takes only a moment.

    For what is written down in the same transaction as it appears: no row is held while bytes are on their way, and a
    worker that lost its job leaves nothing behind. What is not placed when the block ends is forgotten.
    """
    waiting: dict[str, str] = {}

    def place(stored_path: str) -> None:
        store_of(stored_path).place(waiting[stored_path], stored_path)

    try:
        for stored_path, source in files.items():
            waiting[stored_path] = store_of(stored_path).stage(source, report)
        yield place
    finally:
        for stored_path, token in waiting.items():
            with suppress(StorageError):  # then it is cleared away within a day
                store_of(stored_path).unstage(token)


def duplicate(stored_path: str, copy_path: str) -> bool:
    """Give a file a second path, at no cost; False if that is impossible."""
    try:
        store_of(stored_path).duplicate(stored_path, copy_path)
    except (OSError, StorageError):  # also where the data folder's disk knows no links
        return False
    return True


def exists(stored_path: str) -> bool:
    return size_bytes(stored_path) is not None


def size_bytes(stored_path: str) -> int | None:
    """Return the size of a stored file; None if there is none."""
    return store_of(stored_path).length_bytes(stored_path)


def sizes_bytes(stored_paths: Iterable[str]) -> dict[str, int | None]:
    """Return the sizes of many stored files; None for a missing one."""
    return {path: size for where, paths in _by_store(stored_paths) for path, size in where.lengths_bytes(paths).items()}


def missing(stored_paths: Iterable[str]) -> set[str]:
    """Return those of these paths that hold no file."""
    return {path for path, size in sizes_bytes(stored_paths).items() if size is None}


def delete(stored_paths: Iterable[str]) -> None:
    """Delete stored files; missing ones are ignored. StorageError if some may be left."""
    for where, paths in _by_store(stored_paths):
        where.delete_all(paths)


def discard(stored_paths: Iterable[str]) -> None:
    """Delete files without rows. Those that a store does not delete now are left to its cleanup of orphans."""
    try:
        delete(stored_paths)
    except StorageError as error:
        logger.warning("Files without rows are left for the nightly cleanup: %s", error)


def listed(folder: str) -> Iterator[Stored]:
    """List the files of a folder, such as ``candidates``, without subfolders."""
    return store_of(folder).listed(folder)


def clear_left() -> None:
    """Delete from the stores what killed workers left at no path."""
    for where in {store_of(alias) for alias in ALIASES}:
        where.clear_left()


def read(stored_path: str) -> OpenFile:
    """Open a stored file for reading, in parts or as a whole; MissingFileError if there is none."""
    return store_of(stored_path).read(stored_path)


def drop_from_memory(stored_path: str) -> None:
    """Make the next read of a stored file come from the disk, not from the memory that holds what was just written."""
    path = store_of(stored_path).path_of(stored_path)
    if path is None:  # a bucket's files are in no memory of this machine
        return
    with suppress(FileNotFoundError), path.open("rb") as file:
        os.fsync(file.fileno())  # what is not on the disk yet would stay in memory
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def sha256_of(path: Path, report: Callable[[float], None] | None = None) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits; ``report`` gets the fraction read."""
    digest = hashlib.sha256()
    for block in _blocks_of(path, report):
        digest.update(block)
    return digest.hexdigest()


def checksums_of(path: Path, report: Callable[[float], None] | None = None) -> tuple[str, int]:
    """Return the SHA-256 and the CRC-32 of a file, which is read once."""
    digest, crc32 = hashlib.sha256(), 0
    for block in _blocks_of(path, report):
        digest.update(block)
        crc32 = zlib.crc32(block, crc32)
    return digest.hexdigest(), crc32


def crc32_of(stored_path: str) -> int:
    """Return the CRC-32 of a stored file; MissingFileError if there is none."""
    crc32, file = 0, read(stored_path)
    try:
        for block in file:
            crc32 = zlib.crc32(block, crc32)
    finally:
        file.close()
    return crc32


def _blocks_of(path: Path, report: Callable[[float], None] | None) -> Iterator[bytes]:
    size_bytes = max(1, path.stat().st_size)
    with path.open("rb") as file:
        while block := file.read(HASH_BLOCK_BYTES):
            yield block
            if report:
                report(file.tell() / size_bytes)


def _by_store(stored_paths: Iterable[str]) -> Iterator[tuple[Store, list[str]]]:
    for alias, paths in groupby(sorted(stored_paths), key=lambda path: path.partition("/")[0]):
        yield store_of(alias), list(paths)
