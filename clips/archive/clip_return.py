"""Fetches cut clips back from the archive, where their files are gone from the data folder."""

from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from clips.archive import lost_originals
from clips.archive.backend import ArchiveError
from clips.archive.configured import archive_backend, archive_name
from clips.jobs import pipeline
from clips.jobs.backfill import BACKFILL_PRIORITY
from clips.jobs.worker import Claim
from clips.models import ArchiveCopy, CopyState, FinalClip, JobKind
from clips.storage import files
from clips.storage.files import sha256_of, staged

PART_SUFFIX = ".regain"


def want(clip: FinalClip, *, priority: int = BACKFILL_PRIORITY) -> bool:
    """Start the job that brings a clip's file back; False if the archive does not have it."""
    if copy_of(clip) is None:
        return False
    pipeline.start(JobKind.REGAIN, clip, priority=priority)
    return True


def copy_of(clip: FinalClip) -> ArchiveCopy | None:
    """Return the copy of a clip's very bytes in the archive in use; versions of the same frames share one."""
    copies = ArchiveCopy.objects.filter(backend=archive_name(), state=CopyState.VERIFIED, sha256=clip.file_hash)
    return copies.filter(clip__lineage=clip.lineage).first()


def bring_back(work: Claim) -> None:
    """Do the REGAIN job; ArchiveError if the archive does not give the file, or gave another one."""
    clip = work.job.clip
    copy = copy_of(clip)
    if not clip.stored_path or files.exists(clip.stored_path):
        work.job.finish()
        return
    if copy is None:
        work.fail(_("No archive has this clip. Upload its original again, and cut it again."))
        return
    part: Path = settings.SCRATCH_DIR / f"{clip.pk}{PART_SUFFIX}"
    part.parent.mkdir(parents=True, exist_ok=True)
    archive_backend(work.report).fetch(copy.remote_id, part)
    if sha256_of(part, lambda _done: work.report()) != clip.file_hash:
        part.unlink()
        raise ArchiveError(_("The file from the archive does not match the file sent. It will be retried."))
    lost_originals.learn_from(clip, part, work)
    with staged({clip.stored_path: part}, work.report) as place, work.finishing():
        place(clip.stored_path)
    part.unlink(missing_ok=True)
