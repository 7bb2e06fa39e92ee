"""Imports files that are on this machine: into the folder of uploads, and from there like any other.

The row comes first. So a crash at any moment leaves the file where it was found, and a row from which the next look
continues. What was copied by then is copied again, and content that is here already is recognised by its SHA-256.
"""

import datetime as dt
import errno
import fcntl
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePath
from typing import Protocol

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from clips.disk import floor, trimmed
from clips.ingest import deleted_before, part_file, quota, receipts
from clips.ingest.fingerprint import fingerprint_of
from clips.ingest.sidecars import owner_of, owner_of_folder
from clips.jobs import pipeline
from clips.models import JobKind, OriginalFile, Upload, UploadState
from clips.storage.files import StorageError, sha256_of, sync

COPY_BLOCK_BYTES = 8 * 1024**2
#: A copy's progress is written down each time so much has come; on a card that is about a second.
PROGRESS_BYTES = 64 * 1024**2
MAX_PATH_CHARS = 1000
SHOWN_NAME_CHARS = 60

Report = Callable[[int], None]


class _Digest(Protocol):
    def update(self, block: bytes) -> None: ...


def is_footage(name: str) -> bool:
    """Return whether a file of this name is imported: it is in no list of sidecar files."""
    return owner_of(name) is None and owner_of_folder(name) is None


def footage_in(
    root: Path, *, but: Iterable[Path] = (), on_error: Callable[[OSError], None] | None = None
) -> Iterator[Path]:
    """Yield the files to import in a folder and its subfolders, except those in ``but``."""
    but = set(but)
    for parent, folders, names in os.walk(root, onerror=on_error):
        folders[:] = [name for name in folders if owner_of_folder(name) is None and Path(parent, name) not in but]
        yield from (Path(parent, name) for name in names if is_footage(name))


def why_not_kept(path: PurePath) -> str:
    """Return why a file cannot be stored under this path, naming the faulty part; nothing if it can.

    A row keeps any path that is text. What is not, because its bytes are those of another machine's code page, could
    be neither shown nor found again.
    """
    for name in path.parts:
        if legible(name) != name:
            return _("The name of %(name)s is not readable text. Please rename it.") % {"name": legible(name)}
    if len(str(path)) > MAX_PATH_CHARS:
        longest = legible(max(path.parts, key=len))[:SHOWN_NAME_CHARS]
        sentence = _("The path of %(name)s is too long. Shorten the name of %(longest)s …")
        return sentence % {"name": path.name[:SHOWN_NAME_CHARS], "longest": longest}
    return ""


def legible(name: object) -> str:
    """Return a name or path with a replacement sign for each byte that is not text."""
    return os.fsencode(str(name)).decode(errors="replace")


def mark_of(stat: os.stat_result) -> str:
    """Return a mark that differs for another file at the same place, or for the same file once it changed."""
    return f"{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ino}"


def modified_at(stat: os.stat_result) -> dt.datetime:
    return dt.datetime.fromtimestamp(stat.st_mtime, tz=dt.UTC)


def may_be_linked(path: Path) -> bool:
    """Return whether the kernel vouches that nobody has a file open for writing.

    A second name saves its bytes from being on the disk twice, but a program that still writes would change what we
    have hashed. A read lease is refused while somebody may write; where there are no leases, or the file is another
    user's, nobody vouches for anything.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        return True
    except OSError:
        return False
    finally:
        os.close(descriptor)


def is_being_written(path: Path) -> bool:
    """Return whether somebody surely has a file open for writing; False if the kernel does not say."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(descriptor)
    return False


def bring(upload: Upload, source: Path, *, may_link: bool, report: Report = lambda n_bytes: None) -> bool:
    """Import a found file's bytes and start its check; False if it must wait for space.

    Parameters
    ----------
    upload : Upload
        Waiting, or left by an earlier try that was cut off.
    source : Path
        The file itself. It stays where it is.
    may_link : bool
        Whether it may get a second name instead of a copy, where both are on one disk.
    report : callable
        Called with the size of each block that is copied, and with 0 while the copy is read again; may raise to stop.

    Raises
    ------
    StorageError
        If it cannot be read, changed meanwhile, or was not copied right; the upload waits, with that sentence.
    """
    part_file.delete_part(upload.pk)
    upload.wait(upload.reason)
    try:
        if not (may_link and _link(upload, source)):
            if _settle_known(upload, source):
                return True
            if not quota.promise(upload):
                return False
            _copy(upload, source, report)
    except OSError as error:
        raise _waits(upload, _("%(name)s cannot be read: %(why)s.") % _why(source, error)) from error
    with transaction.atomic():
        if upload.mark_received():
            pipeline.start(JobKind.INGEST, upload)
    return True


@transaction.atomic
def _settle_known(upload: Upload, source: Path) -> bool:
    """Settle a file whose content is here already without copying it: a reinserted card is read, not copied.

    The fingerprint alone says "probably"; only the SHA-256 of the whole file leaves it out.
    """
    is_known = Q(evicted_at=None, damaged_at=None) | trimmed.stays_trimmed() | Q(bin_entry__isnull=False)
    alike = OriginalFile.objects.filter(is_known, fingerprint=fingerprint_of(source))
    alike = alike.select_related("shoot", "bin_entry")
    hashes = {file.file_hash: file for file in alike}
    known = hashes.get(sha256_of(source)) if hashes else None
    if known is None or (known.bin_entry_id and upload.is_wanted_anyway):
        return False
    _refuse_changed(upload, source.stat())
    is_whole = upload.begin() and upload.advance(from_bytes=0, to_bytes=upload.size_bytes) and upload.mark_received()
    if known.bin_entry_id:
        why = deleted_before.refusal(upload, known)
        return is_whole and upload.settle(UploadState.FAILED, original_file=known, reason=why)
    receipts.settled(upload, known)
    return is_whole and upload.settle(UploadState.DUPLICATE, original_file=known)


def _link(upload: Upload, source: Path) -> bool:
    """Hard-link the file into the folder of uploads; False if that is impossible."""
    if not may_be_linked(source):
        return False
    target = part_file.part_path(upload.pk)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(source, target, follow_symlinks=False)
    except OSError:  # another disk, or one that knows no links
        return False
    sync(target.parent)
    _refuse_changed(upload, target.stat())
    return upload.begin() and upload.advance(from_bytes=0, to_bytes=upload.size_bytes)


def _copy(upload: Upload, source: Path, report: Report) -> None:
    """Copy the file and verify the copy, because cards and cables can corrupt data."""
    part_file.create_part(upload.pk)
    target, digest = part_file.part_path(upload.pk), hashlib.sha256()
    with source.open("rb") as reader, target.open("wb") as writer:
        _refuse_changed(upload, os.fstat(reader.fileno()))
        _copy_bytes(upload, reader, writer, digest, report)
        _refuse_changed(upload, os.fstat(reader.fileno()))
    if sha256_of(target, lambda _done: report(0)) != digest.hexdigest():
        part_file.delete_part(upload.pk)
        raise _waits(
            upload, _("The copy of %(name)s does not match the original. It will be copied again.") % _why(source)
        )
    upload.advance(from_bytes=upload.offset_bytes, to_bytes=upload.size_bytes)


def _copy_bytes(upload: Upload, reader, writer, digest: _Digest, report: Report) -> None:
    """Copy all blocks; the caller acknowledges the last of them once the copy is verified."""
    try:
        while block := reader.read(COPY_BLOCK_BYTES):
            digest.update(block)
            writer.write(block)
            if writer.tell() - upload.offset_bytes >= PROGRESS_BYTES and writer.tell() < upload.size_bytes:
                upload.advance(from_bytes=upload.offset_bytes, to_bytes=writer.tell())
            report(len(block))
        writer.flush()
        os.fsync(writer.fileno())
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        part_file.delete_part(upload.pk)
        raise _waits(upload, floor.lacks_room(upload.size_bytes) or error.strerror) from error


def _refuse_changed(upload: Upload, stat: os.stat_result) -> None:
    if mark_of(stat) == upload.mark:
        return
    part_file.delete_part(upload.pk)
    raise _waits(upload, _("%(name)s changed while it was being read.") % {"name": upload.original_filename})


def _waits(upload: Upload, sentence: str) -> StorageError:
    upload.wait(sentence)
    return StorageError(sentence)


def _why(source: Path, error: OSError | None = None) -> dict[str, str]:
    return {"name": source.name, "why": error.strerror or str(error) if error else ""}
