"""Caches stored files on this machine's disk for programs that need a local file; bounded, least recently used first.

A copy is named by the SHA-256 of its content, so another state of a file is another copy, and a copy with its final
name is whole and right. Users of a copy hold a shared lock on it; fetching or removing it takes an exclusive one. The
kernel drops a lock when its process ends, however it ends.
"""

import errno
import fcntl
import hashlib
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from clips.storage.backend import NoRoomError, OpenFile, Report, StorageError
from clips.storage.local import free_bytes
from people.site_settings.registry import SCRATCH_MAX_BYTES

FOLDER = "copies"
PART = ".part"
#: While another process brings the same file in, this one looks so often whether it is there.
LOOK_EVERY_S = 0.2


@contextmanager
def brought_in(sha256: str, size_bytes: int, read: Callable[[], OpenFile], report: Report) -> Iterator[Path]:
    """Yield the path of a copy that stays for the duration of the block.

    Parameters
    ----------
    sha256 : str
        What the copy must hold, as 64 hexadecimal digits.
    size_bytes : int
        How long it must be.
    read : callable
        Opens the file where it is stored; asked only if no copy is here.
    report : callable
        Gets the fraction that is here, also while another process brings it in.

    Raises
    ------
    NoRoomError
        If the disk cannot take it, with all copies gone that nobody uses.
    StorageError
        If what is stored is not what it should be, or cannot be read.
    """
    path = folder() / sha256
    while (descriptor := _take(path)) is None:
        _bring_in(path, size_bytes, read, report)
    try:
        os.utime(path)  # used just now
        yield path
    finally:
        os.close(descriptor)


def folder() -> Path:
    return settings.SCRATCH_DIR / FOLDER


def used_bytes() -> int:
    """Return the size of all copies, including those being fetched."""
    return sum(facts.st_size for _path, facts in _copies())


def drop_unused(to_free_bytes: int) -> int:
    """Delete unused copies, the least recently used first, until so much is free; return how much is."""
    freed_bytes = 0
    for path, facts in sorted(_copies(), key=lambda copy: copy[1].st_mtime_ns):
        if freed_bytes >= to_free_bytes:
            break
        if _remove_unused(path):
            freed_bytes += facts.st_size
    return freed_bytes


def drop(sha256: str) -> bool:
    """Delete the copy of one file, if there is one and nobody uses it; return whether it was deleted."""
    return _remove_unused(folder() / sha256)


def _take(path: Path) -> int | None:
    """Return a descriptor that keeps the copy here; None if there is none."""
    while True:
        try:
            descriptor = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            return None
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        if _is_still(path, descriptor):
            return descriptor
        os.close(descriptor)  # it was removed between the two


def _bring_in(path: Path, size_bytes: int, read: Callable[[], OpenFile], report: Report) -> None:
    """Download a file under another name and rename it once verified; only one of several processes does it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(PART)
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        if not _lock_alone(part, descriptor, path, report):
            return
        try:
            _reserve(descriptor, size_bytes)
            _download(descriptor, path.name, size_bytes, read, report)
            part.rename(path)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    finally:
        os.close(descriptor)


def _lock_alone(part: Path, descriptor: int, path: Path, report: Report) -> bool:
    """Wait until nobody else fetches the file; False if it is here then, or has to be looked up again."""
    while True:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return _is_still(part, descriptor) and not path.exists()
        report(None)
        time.sleep(LOOK_EVERY_S)


def _reserve(descriptor: int, size_bytes: int) -> None:
    """Reserve disk space for a whole file, so that nobody else counts on it, and stay within the bound."""
    room = os.open(folder(), os.O_RDONLY)
    try:
        fcntl.flock(room, fcntl.LOCK_EX)  # two that look for room at the same time would find the same
        os.ftruncate(descriptor, 0)
        drop_unused(used_bytes() + size_bytes - SCRATCH_MAX_BYTES.value())
        drop_unused(size_bytes - free_bytes())
        if free_bytes() < size_bytes:
            raise no_room(size_bytes)
        os.posix_fallocate(descriptor, 0, size_bytes)
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise no_room(size_bytes) from error
    finally:
        os.close(room)


def _download(descriptor: int, sha256: str, size_bytes: int, read: Callable[[], OpenFile], report: Report) -> None:
    digest, n_bytes = hashlib.sha256(), 0
    file = read()
    try:
        if file.size_bytes != size_bytes:
            raise damaged()
        for block in file:
            digest.update(block)
            _write_all(descriptor, block, n_bytes)
            n_bytes += len(block)
            report(n_bytes / size_bytes)
    finally:
        file.close()
    if digest.hexdigest() != sha256:
        raise damaged()


def _remove_unused(path: Path) -> bool:
    """Delete a copy, or a part that a killed process left, unless it is in use; return whether it was deleted."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _is_still(path, descriptor):
            path.unlink()
            return True
    except BlockingIOError:
        pass
    finally:
        os.close(descriptor)
    return False


def _copies() -> list[tuple[Path, os.stat_result]]:
    found = []
    with suppress(FileNotFoundError), os.scandir(folder()) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                found.append((Path(entry.path), entry.stat()))
    return found


def _is_still(path: Path, descriptor: int) -> bool:
    """Return whether a path still names the file that was opened by it."""
    with suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    return False


def _write_all(descriptor: int, block: bytes, offset_bytes: int) -> None:
    view = memoryview(block)
    while view:
        n_written = os.pwrite(descriptor, view, offset_bytes)
        view, offset_bytes = view[n_written:], offset_bytes + n_written


def no_room(size_bytes: int) -> NoRoomError:
    size_gb = size_bytes / 1e9
    return NoRoomError(
        _("This machine's disk has no space for a file of %(n).1f GB. Free some space.") % {"n": size_gb}
    )


def damaged() -> StorageError:
    return StorageError(_("The file in the storage does not match what was uploaded."))
