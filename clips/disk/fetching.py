"""Fetches evicted originals back, from the archive or from a repeated upload."""

from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.archive.backend import ArchiveError
from clips.archive.configured import archive_backend, of_archive
from clips.disk import trimmed
from clips.jobs import pipeline
from clips.jobs.worker import Claim
from clips.models import ArchiveCopy, CopyState, Job, JobKind, OriginalFile, WaitsFor
from clips.storage import files
from clips.storage.files import sha256_of, staged

PART_SUFFIX = ".fetch"


def part_path(original: OriginalFile) -> Path:
    """Return the path of an original's part file while it is fetched; always the same, so that workers resume it."""
    return settings.SCRATCH_DIR / f"{original.pk}{PART_SUFFIX}"


def want(original: OriginalFile, *, priority: int) -> Job:
    """Request an evicted original that a person will need."""
    return pipeline.start(JobKind.FETCH, original, priority=priority)


def fetch_back(work: Claim) -> None:
    """Do the FETCH job: fetch the bytes, verify them, and resume the jobs that waited for them.

    ArchiveError if the archive does not give them, or gave others; a later attempt goes on where this one stopped.
    """
    original, part = work.job.original_file, part_path(work.job.original_file)
    if original.evicted_at is None:
        with work.finishing():
            _let_go_on(original)
        part.unlink(missing_ok=True)
        return
    copy = copy_of(original)
    if copy is None:
        work.fail(_why_not(original))
        return
    _fetch(original, copy, part, work)
    with staged({original.stored_path: part}, work.report) as place, transaction.atomic():
        # Before the job's row: who finds the original gone holds its lock, and looks at its jobs behind it.
        OriginalFile.objects.select_for_update().get(pk=original.pk)
        with work.finishing():
            put_back(original, place)
    part.unlink(missing_ok=True)  # where somebody uploaded it meanwhile


def _why_not(original: OriginalFile) -> str:
    if original.trimmed_at:
        return _(
            "This video was trimmed, and this part of it is gone. Upload the file again. It will be recognised, and "
            "everything continues."
        )
    return _("No archive has this original. Upload the file again. It will be recognised, and everything continues.")


def mend(work: Claim) -> bool:
    """Replace the damaged bytes of the job's original by those of the archive, and end the job; False without a copy.

    ArchiveError if the archive does not give them, or gave others; what is on the disk stays until then.
    """
    original, part = work.job.original_file, part_path(work.job.original_file)
    copy = copy_of(original)
    if copy is None:
        return False
    _fetch(original, copy, part, work)
    with staged({original.stored_path: part}, work.report) as place, transaction.atomic():
        OriginalFile.objects.select_for_update().get(pk=original.pk)  # before the job's row, as above
        with work.finishing():
            if original.note_mended():
                place(original.stored_path)
                pipeline.start(JobKind.READ_BACK, original, priority=work.job.priority)
    part.unlink(missing_ok=True)
    return True


def _fetch(original: OriginalFile, copy: ArchiveCopy, part: Path, work: Claim) -> None:
    """Fetch an original's bytes into a part file and verify them."""
    part.parent.mkdir(parents=True, exist_ok=True)
    archive_backend(work.report, name=copy.backend).fetch(copy.remote_id, part)
    if sha256_of(part, lambda _done: work.report()) != original.file_hash:
        part.unlink()
        raise ArchiveError(_("The file from the archive does not match the file sent. It will be retried."))


def copy_of(original: OriginalFile) -> ArchiveCopy | None:
    """Return the copy of an original in the archive in use, or where it was before; None if none was verified whole."""
    whole = ArchiveCopy.objects.filter(of_archive(), original_file=original, state=CopyState.VERIFIED)
    return whole.filter(sha256=original.file_hash).order_by("backend").first()


def put_back(original: OriginalFile, place: Callable[[str], None]) -> bool:
    """Restore an original's bytes, in the caller's transaction; False if it has them already.

    ``place`` is called with the path that they belong to, also where they are gone or damaged though nobody let them
    go: a disk may lose a file, and then whoever sends it once more brings it back.
    """
    evicted = OriginalFile.objects.evicted().filter(pk=original.pk)
    back = {"evicted_at": None, "trimmed_at": None, "trim_at": None, "trim_by": None, "fetched_at": timezone.now()}
    was_let_go = bool(evicted.update(**back))
    is_back = original.note_mended() or was_let_go or not files.exists(original.stored_path)
    if is_back:
        place(original.stored_path)
        trimmed.drop_parts(original)
    if was_let_go and original.probed_at is None:  # a rebuild knew only its clips
        pipeline.start(JobKind.PROBE, original)
    _let_go_on(original)
    return is_back


def _let_go_on(original: OriginalFile) -> None:
    again = Job.objects.about(original).let_go_on(WaitsFor.ORIGINAL)
    transaction.on_commit(lambda: [pipeline.publish(job) for job in again])


def fetch_context(original: OriginalFile) -> dict:
    """Return what ``_fetch.html`` shows of an original: where it is, and the job that brings it back."""
    job = None
    if original.evicted_at:
        job = Job.objects.filter(kind=JobKind.FETCH, original_file=original).order_by("-created_at").first()
    original.kept_spans = list(original.kept_parts.spans()) if original.trimmed_at else []
    return {"original": original, "fetch": job, "copy": copy_of(original) if original.evicted_at else None}
