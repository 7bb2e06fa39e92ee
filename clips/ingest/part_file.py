"""Writes the growing file of one upload: one writer at a time, and bytes are acknowledged only once on disk."""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from django.conf import settings

from clips.ingest.tus_headers import Checksum
from clips.storage.files import sync

READ_BLOCK_BYTES = 64 * 1024


class LockedError(Exception):
    """Another request is writing to this upload."""


class LostBytesError(Exception):
    """The file is missing or shorter than what was acknowledged."""


def part_path(upload_id: UUID) -> Path:
    return settings.UPLOADS_DIR / f"{upload_id}.part"


def create_part(upload_id: UUID) -> None:
    settings.UPLOADS_DIR.mkdir(parents=True, exist_ok=True)
    part_path(upload_id).touch(exist_ok=False)
    sync(settings.UPLOADS_DIR)  # bytes that are on the disk are lost all the same if their file has no name there


def delete_part(upload_id: UUID) -> None:
    part_path(upload_id).unlink(missing_ok=True)


@contextmanager
def writing(upload_id: UUID, *, patience_s: float = 0.0) -> Iterator[int]:
    """Lock the part file and yield its descriptor; LockedError if another writer keeps it for ``patience_s``.

    The kernel drops the lock when the process ends, however it ends, so no lock outlives its writer.
    """
    try:
        descriptor = os.open(part_path(upload_id), os.O_RDWR)
    except FileNotFoundError as error:
        raise LostBytesError(str(upload_id)) from error
    try:
        _lock(descriptor, time.monotonic() + patience_s)
        yield descriptor
    finally:
        os.close(descriptor)


def _lock(descriptor: int, deadline_s: float) -> None:
    while True:
        try:
            return fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() >= deadline_s:
                raise LockedError from error
        time.sleep(0.05)


def append(
    descriptor: int,
    *,
    offset_bytes: int,
    length_bytes: int,
    read: Callable[[int], bytes],
    checksum: Checksum | None = None,
) -> tuple[int, bool]:
    """Write the output of ``read`` at ``offset_bytes`` and wait until it is on the disk.

    Parameters
    ----------
    descriptor : int
        From ``writing``.
    offset_bytes : int
        Acknowledged so far. What lies behind it was never acknowledged, and is cut off.
    length_bytes : int
        How much the client announced.
    read : callable
        Gives up to so many bytes, b"" at the end; ClientSilentError when the client is gone or silent for too long.
    checksum : Checksum, optional
        What all announced bytes together must hash to. Fewer cannot be checked, so then none of them stays.

    Returns
    -------
    (int, bool)
        The bytes that are safe now, counted from ``offset_bytes``, and whether the client fell silent on the way.

    Raises
    ------
    LostBytesError
        If the file is shorter than ``offset_bytes``.
    ChecksumError
        If the bytes are not what the checksum says; none of them is kept.
    """
    if os.fstat(descriptor).st_size < offset_bytes:
        raise LostBytesError(str(offset_bytes))
    os.ftruncate(descriptor, offset_bytes)
    os.lseek(descriptor, offset_bytes, os.SEEK_SET)
    received_bytes, fell_silent = 0, False
    try:
        while received_bytes < length_bytes:
            block = read(min(READ_BLOCK_BYTES, length_bytes - received_bytes))
            if not block:  # a clean disconnect is a short read, not an exception
                break
            if checksum:
                checksum.update(block)
            _write_all(descriptor, block)
            received_bytes += len(block)
    except ClientSilentError:
        fell_silent = True
    if checksum and received_bytes < length_bytes:
        os.ftruncate(descriptor, offset_bytes)
        return 0, fell_silent
    if checksum and not checksum.matches():
        os.ftruncate(descriptor, offset_bytes)
        raise ChecksumError
    os.fdatasync(descriptor)
    return received_bytes, fell_silent


class ChecksumError(Exception):
    """The received bytes are not those that the client hashed."""


class ClientSilentError(Exception):
    """The client is gone, or sent nothing for too long."""


def _write_all(descriptor: int, block: bytes) -> None:
    view = memoryview(block)
    while view:
        view = view[os.write(descriptor, view) :]
