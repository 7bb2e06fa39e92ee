"""Runs the background steps of the archive. Each takes one job id and may be delivered any number of times."""

from celery import shared_task

from clips.archive import outage, renaming
from clips.archive.backend import silent
from clips.archive.change_feed import notice_changes
from clips.archive.item import item_of_job
from clips.archive.uploader import note_end, note_withdrawn, send, take_back
from clips.jobs import pipeline
from clips.jobs.worker import claim
from clips.models import FinalClip, JobKind, LeaseLostError


@shared_task(name="archive")
def archive(job_id: str) -> None:
    """Put one cut clip or one original into the archive and verify it there."""
    if outage.holds_back(job_id):
        return
    with claim(job_id) as work:
        if work is None:
            return
        if work.job.clip and work.job.clip.removed_at:  # since its move was asked for
            work.job.finish()
            return
        item = item_of_job(work.job)
        try:
            copy = send(item, work, again=bool(work.job.params.get("again")))
            with work.finishing():
                note_end(item, copy)
            outage.note_sent(work.job)
        except LeaseLostError:
            clip = work.job.clip
            if clip and clip.jobs.filter(kind=JobKind.WITHDRAW).exists():
                take_back(clip, silent)  # the decision was undone while it was sent, or the clip got another date
            raise


@shared_task(name="withdraw")
def withdraw(job_id: str) -> None:
    """Take a removed clip back from the archive."""
    if outage.holds_back(job_id):
        return
    with claim(job_id) as work:
        if work is None:
            return
        clip = FinalClip.objects.with_names().get(pk=work.job.clip_id)
        try:
            take_back(clip, work.report)
            with work.finishing():
                note_withdrawn(clip)
        except LeaseLostError:
            if FinalClip.objects.current().filter(pk=clip.pk).exists():  # kept again while it was thrown away
                pipeline.start(JobKind.ARCHIVE, clip, again=True)
            raise


@shared_task(name="rename")
def rename(job_id: str) -> None:
    """Rename the clips of a rider, trick or session that got another name."""
    with claim(job_id) as work:
        if work:
            renaming.catch_up(work)


@shared_task(name="look_after_archive")
def look_after_archive() -> None:
    """See whether what stopped the archive is mended."""
    outage.look_again()


@shared_task(name="notice_archive_changes")
def notice_archive_changes() -> None:
    """See what people did to copies by themselves."""
    notice_changes()
