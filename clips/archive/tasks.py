"""Runs the background steps of the archive. Each takes one job id and may be delivered any number of times."""

from celery import shared_task

from clips.archive import clip_return, earlier, outage, renaming, session_filing
from clips.archive.backend import silent
from clips.archive.change_feed import notice_changes
from clips.archive.item import item_of_job
from clips.archive.uploader import Wish, note_end, note_withdrawn, send, take_back
from clips.jobs import pipeline
from clips.jobs.worker import claim
from clips.models import FinalClip, Job, JobKind, LeaseLostError, OriginalFile


@shared_task(name="archive")
def archive(job_id: str) -> None:
    """Put one cut clip or one original into the archive and verify it there."""
    if outage.holds_back(job_id):
        return
    with claim(job_id) as work:
        if work is None:
            return
        if _is_removed(work.job):  # since its move was asked for
            work.job.finish()
            return
        item = item_of_job(work.job)
        try:
            copy = send(item, work, wish=_wish(work.job))
            with work.finishing():
                note_end(item, copy)
            outage.note_sent(work.job)
        except LeaseLostError:
            thing = work.job.clip or work.job.original_file
            if thing.jobs.filter(kind=JobKind.WITHDRAW).exists() and not _is_back(thing):
                take_back(thing, silent)  # it was removed while it was sent, or the clip got another date
            raise


def _wish(job: Job) -> Wish:
    return next((wish for wish in Wish if wish and job.params.get(wish.value)), Wish.NONE)


def _is_removed(job: Job) -> bool:
    return bool(job.clip.removed_at) if job.clip else bool(job.original_file.bin_entry_id)


@shared_task(name="withdraw")
def withdraw(job_id: str) -> None:
    """Take a removed clip, or a deleted video, back from the archive."""
    if outage.holds_back(job_id):
        return
    with claim(job_id) as work:
        if work is None:
            return
        thing = work.job.clip or work.job.original_file
        try:
            take_back(thing, work.report)
            with work.finishing():
                note_withdrawn(thing)
        except LeaseLostError:
            if _is_back(thing):  # while it was thrown away
                pipeline.start(JobKind.ARCHIVE, thing, again=True)
            raise


def _is_back(thing: FinalClip | OriginalFile) -> bool:
    rows = FinalClip.objects.current() if isinstance(thing, FinalClip) else OriginalFile.objects.in_use()
    return rows.filter(pk=thing.pk).exists()


@shared_task(name="regain")
def regain(job_id: str) -> None:
    """Fetch one cut clip back from the archive."""
    if outage.holds_back(job_id):
        return
    with claim(job_id) as work:
        if work:
            clip_return.bring_back(work)


@shared_task(name="record")
def record(job_id: str) -> None:
    """Write all that the rows say of a session beside its clips."""
    if outage.holds_back(job_id):
        return
    with claim(job_id) as work:
        if work:
            session_filing.describe(work)


@shared_task(name="describe_sessions")
def describe_sessions() -> None:
    """See which sessions changed since they were described in the archive."""
    session_filing.follow_changes()


@shared_task(name="rename")
def rename(job_id: str) -> None:
    """Rename the clips of a rider, trick or session that got another name."""
    with claim(job_id) as work:
        if work:
            renaming.catch_up(work)


@shared_task(name="send_earlier_clips")
def send_earlier_clips() -> None:
    """Ask for the archiving of the clips that the archive never had."""
    earlier.send()


@shared_task(name="look_after_archive")
def look_after_archive() -> None:
    """See whether what stopped the archive is mended."""
    outage.look_again()


@shared_task(name="notice_archive_changes")
def notice_archive_changes() -> None:
    """See what people did to copies by themselves."""
    notice_changes()
