"""Imports files from the drop folder on Google Drive, then moves them to ``processed`` or ``failed``.

The list of changes is read from a token that is saved in the transaction that makes the rows for its files, so nothing
is skipped or imported twice, also if two look at once. Once a day the folder is listed in full, since lists of changes
are not complete for ever. A job fetches each file and verifies it against Drive's checksum.
"""

import datetime as dt
import hashlib
import logging
from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as _noop
from django.utils.translation import ngettext

from clips.archive.backend import ArchiveBlockedError, ArchiveError, BlockReason, FileRefusedError
from clips.archive.configured import drive_inbox
from clips.archive.uploader import ensure_folder
from clips.disk import gate
from clips.ingest import outcome, part_file, quota
from clips.ingest.register import display_name
from clips.ingest.session_assignment import named_by
from clips.ingest.sidecars import is_left_alone
from clips.jobs import pipeline
from clips.jobs.worker import Claim
from clips.models import Inbox, JobKind, Upload, UploadSource, UploadState
from clips.storage.files import StorageError, sha256_of
from people.site_settings.registry import DRIVE_DROP_FOLDER_ID

if TYPE_CHECKING:
    from clips.archive.drive.inbox import DriveInbox, Found

logger = logging.getLogger(__name__)

LIST_EVERY = dt.timedelta(days=1)
#: How long a file waits where Drive as a whole does not answer, unless Drive says itself how long.
TRY_AGAIN_AFTER = dt.timedelta(minutes=5)
#: The page shows how much of a file is here each time so much has come.
PROGRESS_BYTES = 32 * 1024**2
MAX_PAGES = 20
#: How long a file without a checksum is looked for at every look; afterwards with the daily listing.
AWAITED_FOR = dt.timedelta(days=1)
#: How long a file whose downloads are used up each day is tried again.
GIVEN_UP_AFTER = dt.timedelta(days=7)
CHANGED = _noop("It was changed or removed from the Drive folder before it was downloaded.")


def place() -> str:
    return f"drive:{DRIVE_DROP_FOLDER_ID.value()}"


def look_into(*, whole: bool = False) -> None:
    """Start a job for each new file in the drop folder, and move finished ones away."""
    if not DRIVE_DROP_FOLDER_ID.value():
        return
    sentence = ""
    try:
        drive = drive_inbox()
        is_listed = _take_over(drive, whole=whole)
        sentence = _put_away(drive, all_of_them=is_listed)
    except ArchiveError as error:
        sentence = str(error)
    if Inbox.objects.looked_into(place(), sentence) and sentence:
        logger.warning(sentence)


# --- what is new ----------------------------------------------------------------------------------------------------


def _take_over(drive: "DriveInbox", *, whole: bool) -> bool:
    """Write down what is new; return whether the folder was listed in full for that."""
    drive.be_there()
    inbox, _made = Inbox.objects.get_or_create(place=place())
    is_late = inbox.listed_at is None or inbox.listed_at < timezone.now() - LIST_EVERY
    if whole or is_late or not inbox.token or inbox.log != drive.drive_id:
        _list(drive, inbox)
        return True
    for _page in range(MAX_PAGES):
        try:
            found, token, is_all = drive.changed(inbox.token)
        except FileRefusedError:  # the position is too old, or of another account
            _list(drive, inbox)
            return True
        if is_all or not _write_down(inbox, found, token):
            return False
        inbox.token = token
        if any(not file.has_bytes for file in found):  # the list tells what there is of these
            _list(drive, inbox)
            return True
    return False


def _list(drive: "DriveInbox", inbox: Inbox) -> None:
    """List the folder in full, and once more at the next look if something in it is still arriving."""
    token = drive.start_token()
    found = [file for file in drive.everything() if not is_left_alone(file.folders, file.name)]
    is_awaited = any(file.is_arriving and _is_young(file) for file in found)
    listed_at = None if is_awaited else timezone.now()
    _write_down(inbox, found, token, log=drive.drive_id, listed_at=listed_at, left_alone=_left_alone(found))


def _is_young(file: "Found") -> bool:
    modified_at = parse_datetime(file.modified_at) if file.modified_at else None
    return modified_at is None or modified_at > timezone.now() - AWAITED_FOR


@transaction.atomic
def _write_down(inbox: Inbox, found: Iterable["Found"], token: str, **fields: object) -> bool:
    """Create the rows of what was found, and save how far we have read; False if another look was faster."""
    if not Inbox.objects.filter(pk=inbox.pk, token=inbox.token).update(token=token, **fields):
        return False
    for file in found:
        if file.has_bytes and not is_left_alone(file.folders, file.name):
            _write_down_one(file)
    return True


def _write_down_one(file: "Found") -> None:
    session_name, session_date = named_by(file.folders)
    upload, is_new = Upload.objects.get_or_create(
        source=UploadSource.DRIVE,
        remote_id=file.file_id,
        mark=file.checksum,
        defaults={
            "state": UploadState.WAITING,
            "came_from": "/".join([*file.folders, file.name])[-1000:],
            "original_filename": display_name(file.name),
            "size_bytes": file.size_bytes,
            "modified_at": parse_datetime(file.modified_at) if file.modified_at else None,
            "session_name": session_name,
            "session_date": session_date,
        },
    )
    if is_new or (upload.put_away_at and upload.come_again()):
        pipeline.start(JobKind.COLLECT, upload)
    elif upload.put_away_at:  # put back by somebody, though it is here: it is put away again
        Upload.objects.filter(pk=upload.pk).update(put_away_at=None, updated_at=timezone.now())


def _left_alone(found: list["Found"]) -> str:
    """Return a sentence about files in the folder that are not fetched; empty if there are none."""
    n_shortcuts = sum(file.is_shortcut for file in found)
    n_documents = sum(file.is_googles and not file.is_shortcut for file in found)
    n_empty = sum(not file.is_googles and not file.is_arriving and not file.size_bytes for file in found)
    n_arriving = sum(file.is_arriving for file in found)
    told = []
    if n_shortcuts:
        told.append(ngettext("%(n)d shortcut", "%(n)d shortcuts", n_shortcuts) % {"n": n_shortcuts})
    if n_documents:
        told.append(ngettext("%(n)d Google document", "%(n)d Google documents", n_documents) % {"n": n_documents})
    if n_empty:
        told.append(ngettext("%(n)d empty file", "%(n)d empty files", n_empty) % {"n": n_empty})
    sentences = []
    if told:
        sentence = _("Ignored in the Drive folder: %(what)s. Put the videos themselves there.")
        sentences.append(sentence % {"what": _(" and ").join(told)})
    if n_arriving:
        sentence = ngettext(
            "%(n)d file is still on its way into the Drive folder.",
            "%(n)d files are still on their way into the Drive folder.",
            n_arriving,
        )
        sentences.append(sentence % {"n": n_arriving})
    return " ".join(sentences)


# --- one file --------------------------------------------------------------------------------------------------------


def collect(work: Claim) -> None:
    """Do the COLLECT job: fetch one file, resuming an earlier try, and start its check.

    StorageError where what came is not what Drive says it is; it is then fetched anew. Where Drive as a whole does not
    answer the job waits and loses no attempt; nothing else is stopped by that.
    """
    upload = work.job.upload
    upload.come_again()  # where somebody retries what was given up
    try:
        _fetch(upload, work)
    except FileRefusedError as error:
        _refused(upload, work, error)
    except ArchiveBlockedError as error:
        if error.reason == BlockReason.PERMISSION and _as_it_was(drive_inbox(work.report), upload):
            raise ArchiveError(str(error)) from error  # of this file: it is given up after some tries
        wait = dt.timedelta(seconds=error.retry_after_s) if error.retry_after_s else TRY_AGAIN_AFTER
        work.job.postpone(timezone.now() + wait, reason=str(error))


def _refused(upload: Upload, work: Claim, error: FileRefusedError) -> None:
    """Close a file that Drive does not give out, or wait for the next day where its downloads are used up."""
    is_late = upload.created_at < timezone.now() - GIVEN_UP_AFTER
    if error.retry_after_s and not is_late:
        work.job.postpone(timezone.now() + dt.timedelta(seconds=error.retry_after_s), reason=str(error))
        return
    is_there = _as_it_was(drive_inbox(work.report), upload)
    if is_there and not (error.is_final or error.retry_after_s):
        raise error  # of what is not known, another try may tell more
    with work.finishing():
        upload.give_up(str(error) if is_there else _(CHANGED))
        transaction.on_commit(lambda: part_file.delete_part(upload.pk))


def _as_it_was(drive: "DriveInbox", upload: Upload) -> bool:
    """Return whether a file is still there with the content that it was found with."""
    there = drive.look_for(upload.remote_id)
    return there is not None and there.checksum == upload.mark


def _fetch(upload: Upload, work: Claim) -> None:
    if upload.state == UploadState.WAITING and not quota.promise(upload):
        gate.wait_for_room(work.job, upload.reason)
        return
    if upload.state != UploadState.RECEIVING:  # an earlier worker was cut off behind its last step
        with work.finishing():
            return
    drive = drive_inbox(_reporting(upload, work))
    if not _as_it_was(drive, upload):
        with work.finishing():
            upload.give_up(_(CHANGED))
            transaction.on_commit(lambda: part_file.delete_part(upload.pk))
        return
    _fetch_bytes(upload, drive, work)
    with work.finishing():
        upload.advance(from_bytes=upload.offset_bytes, to_bytes=upload.size_bytes)
        upload.mark_received()
        pipeline.start_next(work.job, upload)


def _fetch_bytes(upload: Upload, drive: "DriveInbox", work: Claim) -> None:
    """Append the missing bytes to the part file, and compare the whole with Drive's checksum."""
    path = part_file.part_path(upload.pk)
    if not path.exists():
        part_file.create_part(upload.pk)
    try:
        with part_file.writing(upload.pk):  # a late worker that does not know yet that it is one
            drive.fetch(upload.remote_id, path)
    except part_file.LockedError as error:
        raise StorageError(_("Another worker is downloading this file.")) from error
    kind, _colon, expected = upload.mark.partition(":")
    came = sha256_of(path, work.report) if kind == "sha256" else _md5_of(path, work)
    if came != expected:
        part_file.delete_part(upload.pk)
        upload.wait(_("The download from Google Drive does not match the file there. It will be downloaded again."))
        raise StorageError(upload.reason)


def _md5_of(path, work: Claim) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    with path.open("rb") as file:
        while block := file.read(16 * 1024**2):
            digest.update(block)
            work.report()
    return digest.hexdigest()


def _reporting(upload: Upload, work: Claim):
    """Return a report that keeps the lease and, now and then, saves how much of the file is here."""

    def report(progress: float | None) -> None:
        work.report(progress)
        n_bytes = int((progress or 0) * upload.size_bytes)
        if upload.offset_bytes + PROGRESS_BYTES <= n_bytes < upload.size_bytes:
            upload.advance(from_bytes=upload.offset_bytes, to_bytes=n_bytes)

    return report


# --- afterwards ------------------------------------------------------------------------------------------------------


def _put_away(drive: "DriveInbox", *, all_of_them: bool) -> str:
    """Move settled files away on Drive; return why one could not be moved, or "".

    It is tried again at the next looks, after a day only with the daily listing, and holds up none of the others.
    """
    settled = [UploadState.REGISTERED, UploadState.DUPLICATE, UploadState.FAILED, UploadState.GONE]
    owed = Upload.objects.owed(UploadSource.DRIVE).filter(state__in=settled).select_related("original_file")
    if not all_of_them:
        owed = owed.filter(updated_at__gt=timezone.now() - AWAITED_FOR)
    sentence = ""
    for upload in owed:
        try:
            _put_away_one(drive, upload)
        except FileRefusedError as error:
            sentence = sentence or str(error)
    return sentence


def _put_away_one(drive: "DriveInbox", upload: Upload) -> None:
    from clips.archive.drive.inbox import FAILED, PROCESSED

    is_bad = upload.state in {UploadState.FAILED, UploadState.GONE}
    if _as_it_was(drive, upload):
        folders = (FAILED if is_bad else PROCESSED, timezone.localdate().isoformat())
        folder = ensure_folder(drive, folders)
        drive.put_away(upload.remote_id, to_folder_id=folder.remote_id, sentence=outcome.of(upload))
    upload.note_put_away()
    if is_bad:
        part_file.delete_part(upload.pk)
