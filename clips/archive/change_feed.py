"""Reads Drive's list of changes to notice copies that people deleted or restored there."""

import logging
from typing import TYPE_CHECKING

from django.db import transaction
from django.db.models import Q

from clips.archive import outage, questions
from clips.archive.backend import ArchiveBlockedError, ArchiveError, Change, FileRefusedError
from clips.archive.configured import archive_backend, archive_name
from clips.jobs import pipeline
from clips.models import ArchiveCopy, ArchiveCursor, ArchiveFolder, CopyState, JobKind

if TYPE_CHECKING:
    from clips.archive.drive.client import GoogleDriveArchive

logger = logging.getLogger(__name__)

#: Behind what people wait for.
LOOK_PRIORITY = 8
MAX_PAGES = 20


def notice_changes() -> int:
    """Check each copy that no longer matches its row; return how many."""
    if archive_name() != "drive" or outage.current_outage():
        return 0
    try:
        return _read()
    except ArchiveBlockedError as error:
        outage.note(error)
    except ArchiveError:
        pass  # the same page is read again next time
    return 0


def _read() -> int:
    backend, n_started = archive_backend(), 0
    cursor, _made = ArchiveCursor.objects.get_or_create(backend=backend.name, log=backend.drive_id)
    for _page in range(MAX_PAGES):
        changes, token = _changes_since(backend, cursor)
        with transaction.atomic():  # a page is taken over whole and once, or not at all
            taken = ArchiveCursor.objects.filter(pk=cursor.pk, token=cursor.token).update(token=token)
            copies, n_lost = _take_over(changes) if taken else ([], 0)
        n_started += len(copies)
        if n_lost > questions.HANDFUL:  # before the jobs begin, which would notice it one by one
            raise questions.many_gone(backend, n_lost)
        if not taken or not changes:
            break
        cursor.token = token
    return n_started


def _changes_since(backend: "GoogleDriveArchive", cursor: ArchiveCursor) -> tuple[list[Change], str]:
    """Return the next page of changes, or the log's end where Drive does not read on from the old position.

    That one is too old, or of another account. The audit sees what changed in between.
    """
    try:
        return backend.changes_since(cursor.token)
    except FileRefusedError:
        if not cursor.token:
            raise
        logger.warning("Google Drive does not tell changes from the saved position on. They are read from now on.")
        return backend.changes_since("")


def _take_over(changes: list[Change]) -> tuple[list[ArchiveCopy], int]:
    """Start a job for each copy that is gone, changed or back, which checks it and saves its state.

    Returns them, and how many are gone. A copy on its way is checked as it arrives, which may just have been: whatever
    a job is at, another one follows it.
    """
    gone = {change.id for change in changes if change.is_gone}
    back = {change.id: change.sha256 for change in changes if not change.is_gone and change.id not in gone}
    in_use = ArchiveCopy.objects.filter(backend="drive", clip__isnull=False, clip__removed_at=None)
    in_use = in_use.exclude(state=CopyState.WITHDRAWN)
    copies = list(in_use.filter(_of(gone)).select_related("clip"))
    n_lost = sum(copy.state == CopyState.VERIFIED for copy in copies)
    left = [CopyState.REMOVED, CopyState.CHANGED]
    copies += in_use.filter(_of(set(back)), state__in=left).select_related("clip")
    # Of what is there still, another content is looked at, and one that Drive has not read yet.
    same = in_use.filter(remote_id__in=back).exclude(state__in=left).select_related("clip")
    copies += [copy for copy in same if back[copy.remote_id] != copy.sha256]
    for copy in copies:
        pipeline.look_again(JobKind.ARCHIVE, copy.clip, priority=LOOK_PRIORITY)
    return copies, n_lost


def _of(remote_ids: set[str]) -> Q:
    """Return the condition that a copy has one of these ids, or is in such a folder, which takes its content along."""
    inside = set(ArchiveFolder.objects.filter(backend="drive", remote_id__in=remote_ids).values_list("pk", flat=True))
    new = inside
    while new := set(ArchiveFolder.objects.filter(parent__in=new).values_list("pk", flat=True)) - inside:
        inside |= new
    return Q(remote_id__in=remote_ids) | Q(folder__in=inside)
