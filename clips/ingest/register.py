"""Turns a complete part file into an original: hashes it, checks whether it is known, stores it, adds its row."""

from collections.abc import Callable
from functools import partial
from pathlib import Path, PurePosixPath

from django.db import transaction
from django.utils.translation import gettext as _

from clips.archive.lost_originals import made_up_name
from clips.archive.naming import read_original_name
from clips.disk import fetching, trimmed
from clips.ingest import deleted_before, receipts
from clips.ingest.fingerprint import fingerprint_of
from clips.ingest.part_file import delete_part, part_path
from clips.ingest.session_assignment import hold_sessions, session_for
from clips.jobs import pipeline
from clips.jobs.worker import Claim
from clips.media.sandbox import runner
from clips.models import OriginalFile, Upload, UploadSource, UploadState
from clips.storage import files
from clips.storage.files import StorageError, sha256_of
from people.naming.spelling import clean_name

#: Kept on the stored file's name because it helps a person who looks into the folder; nothing reads it.
KNOWN_SUFFIXES = frozenset(
    {".mp4", ".mov", ".m4v", ".avi", ".mkv", ".mts", ".m2ts", ".ts", ".lrv", ".lrf", ".360", ".insv"}
)
MAX_NAME_CHARS = 300


def display_name(name: str) -> str:
    """Return an upload's name for display: its last part, on one line, never used as a path."""
    name = PurePosixPath(clean_name(name).replace("\\", "/")).name.strip()
    if len(name) > MAX_NAME_CHARS:
        suffix = PurePosixPath(name).suffix[:10]
        name = name[: MAX_NAME_CHARS - len(suffix)] + suffix
    return name or "upload"


def take_in(work: Claim) -> None:
    """Do the INGEST job: one original for each content, whoever sent it and however often.

    MediaError where nobody watches it come and it is no video, or where it was deleted before: then it becomes no
    original, but goes back to where it was found, with the sentence.
    """
    upload = work.job.upload
    stored_path = stored_path_of(upload)
    source = _where_it_lies(upload, stored_path)
    file_hash = _hash_of(source, work)
    deleted_before.refuse(upload, file_hash)
    fingerprint = fingerprint_of(source)
    is_known = OriginalFile.objects.filter(file_hash=file_hash).exists()
    facts = None if upload.source == UploadSource.BROWSER or is_known else _facts_of(source, work)
    sent = _send_ahead(source, stored_path, file_hash, work)
    place = partial(_place, source, sent)
    first = partial(hold_sessions, upload) if facts else None
    if upload.is_wanted_anyway and is_known:
        first = partial(deleted_before.hold, upload, file_hash)
    with work.finishing(first=first):
        known = OriginalFile.objects.filter(file_hash=file_hash)
        original = known.select_related("bin_entry", "shoot").first()
        is_back = original is not None and bool(original.bin_entry_id) and upload.is_wanted_anyway
        if is_new := original is None:
            shoot, when = session_for(upload, facts) if facts else (upload.shoot.or_namesake(), {})
            original, is_new = OriginalFile.objects.get_or_create(
                file_hash=file_hash,
                defaults={
                    "id": upload.pk,
                    "shoot": shoot,
                    "uploader": upload.owner,
                    "original_filename": _name_at_camera(upload.original_filename, file_hash),
                    "stored_path": stored_path,
                    "size_bytes": upload.size_bytes,
                    "fingerprint": fingerprint,
                    **when,
                },
            )
        upload.settle(UploadState.REGISTERED if is_new or is_back else UploadState.DUPLICATE, original_file=original)
        receipts.settled(upload, original)
        if is_new:
            pipeline.start_next(work.job, original)
            place(stored_path)
        else:
            _come_again(original, fingerprint, upload, work, place)
            # Another upload of the same was faster.
            transaction.on_commit(lambda: files.discard(sent - {original.stored_path}))
        transaction.on_commit(lambda: delete_part(upload.pk))


def _come_again(
    original: OriginalFile, fingerprint: str, upload: Upload, work: Claim, place: Callable[[str], None]
) -> None:
    """Note that the bytes of a known file came once more, in the transaction that settles their upload."""
    if original.bin_entry_id and upload.is_wanted_anyway:
        deleted_before.bring_in(original, upload, work, place)
        return
    # One that came before there were fingerprints gets its own now; of a lost one nothing else was known either.
    OriginalFile.objects.filter(pk=original.pk, fingerprint="").update(fingerprint=fingerprint)
    unread = OriginalFile.objects.evicted().filter(pk=original.pk, probed_at=None)
    unread.update(size_bytes=upload.size_bytes)
    name = _name_at_camera(upload.original_filename, original.file_hash)
    unread.filter(original_filename=made_up_name(original.file_hash)).update(original_filename=name)
    # One that was let go has its bytes again, now that they have come anyway; not what was trimmed on purpose.
    if not OriginalFile.objects.filter(trimmed.stays_trimmed(), pk=original.pk).exists():
        fetching.put_back(original, place)


def _place(source: Path, sent: set[str], stored_path: str) -> None:
    """Move the file to its path, unless it is there already."""
    if stored_path not in sent and source != files.store_of(stored_path).path_of(stored_path):
        files.store(source, stored_path)


def _send_ahead(source: Path, stored_path: str, file_hash: str, work: Claim) -> set[str]:
    """Upload a file to its bucket before the transaction, since it takes as long as the upload; return its paths.

    None on this machine's disk, where it is only moved. The path is this upload's alone, or one that waits for these
    very bytes, so that a worker which dies now, or loses the job, leaves what the next one writes again.
    """
    if files.is_local(stored_path):
        return set()
    known = OriginalFile.objects.filter(file_hash=file_hash).first()
    if known and known.evicted_at is None and files.exists(known.stored_path):
        return set()
    path = known.stored_path if known else stored_path
    files.store(source, path, work.report)
    return {path}


def _hash_of(source: Path, work: Claim) -> str:
    """Return the file's SHA-256; a hard-linked file may have been written to in the meantime."""
    before = source.stat()
    file_hash = sha256_of(source, work.report)
    after = source.stat()
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise StorageError(_("The file changed while it was being read. It will be read again once it stops changing."))
    return file_hash


def _facts_of(source: Path, work: Claim) -> dict:
    return runner.run("clips.media.probe:probe", {"path": str(source)}, on_tick=work.report)


def stored_path_of(upload: Upload) -> str:
    """Return the stored path of an upload's file after its check."""
    suffix = PurePosixPath(upload.original_filename).suffix.lower()
    return f"originals/{upload.pk}{suffix if suffix in KNOWN_SUFFIXES else ''}"


def _name_at_camera(filename: str, file_hash: str) -> str:
    """Return a file's name before an archive added digits of its checksum, for a file that comes back from there."""
    name, digits = read_original_name(filename) or (filename, "")
    return name if file_hash.startswith(digits) else filename


def _where_it_lies(upload: Upload, stored_path: str) -> Path:
    """Return the file; an attempt that died between the move and the commit left it in its final place."""
    for path in (part_path(upload.pk), files.store_of(stored_path).path_of(stored_path)):
        if path and path.is_file() and path.stat().st_size == upload.size_bytes:
            return path
    raise StorageError(_("The uploaded file is no longer on the disk. Please upload it again."))
