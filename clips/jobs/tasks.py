"""Tasks of a clip's life. Each takes one job id and may be delivered any number of times."""

from collections import Counter
from datetime import UTC, timedelta
from functools import partial

from celery import current_app, shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from clips.archive import outage
from clips.archive.backend import silent
from clips.archive.change_feed import notice_changes
from clips.archive.item import cargo_of_job
from clips.archive.uploader import note_end, note_withdrawn, send, take_back
from clips.ingest import camera_proxies, drive_folder
from clips.ingest.register import take_in
from clips.jobs import pipeline
from clips.jobs.worker import claim
from clips.library import renaming
from clips.media import sandbox
from clips.models import FinalClip, Job, JobKind, LeaseLostError
from clips.sharing import links
from clips.storage import files
from clips.storage.files import local_copy, scratch_folder, sha256_of, staged


@shared_task
def look_into_drive_folder(*, whole: bool = False) -> None:
    """Import new files of the Drive folder; ``whole`` lists all of it instead of the changes."""
    drive_folder.look_into(whole=whole)


@shared_task
def collect(job_id: str) -> None:
    """Fetch one file from the Drive folder."""
    with claim(job_id) as work:
        if work:
            drive_folder.collect(work)


@shared_task
def ingest(job_id: str) -> None:
    """Hash and register one complete upload."""
    with claim(job_id) as work:
        if work:
            take_in(work)


@shared_task
def probe(job_id: str) -> None:
    """Read the facts about a camera file."""
    with claim(job_id) as work:
        if work is None:
            return
        original = work.job.original_file
        with local_copy(original, work.report) as path:
            facts = sandbox.run("clips.media.probe:probe", {"path": str(path)}, on_tick=work.report)
        with work.finishing():
            original.apply_probe(facts)
            if not camera_proxies.pair(original):
                pipeline.start_next(work.job, original)


@shared_task
def render(job_id: str) -> None:
    """Cut one clip out of its original."""
    with claim(job_id) as work:
        if work is None:
            return
        clip = work.job.clip
        with local_copy(clip.original_file, work.report) as source, scratch_folder() as folder:
            out = folder / "clip"
            cut = {"source": str(source), "out": str(out), "start_ms": clip.start_ms, "end_ms": clip.end_ms}
            cut |= {"tags": clip_tags(clip), "recorded_at": true_beginning(clip)}
            made = sandbox.run("clips.media.cut.clip:cut", cut, on_tick=work.report)
            stored_path = f"final_clips/{clip.pk}.{made['ending']}"
            file_fields = {"file_hash": sha256_of(out, work.report), "size_bytes": out.stat().st_size}
            with staged({stored_path: out}, work.report) as place, work.finishing():
                clip.note_cut(made, stored_path=stored_path, **file_fields)
                if clip.stored_path not in {"", stored_path}:  # cut before as a file of another kind
                    transaction.on_commit(partial(files.discard, [clip.stored_path]))
                clip.refresh_from_db()
                pipeline.start_next(work.job, clip)
                if not work.job.params.get("alone"):
                    links.want_playable(clip, priority=links.LAST)
                place(stored_path)


@shared_task
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
        cargo = cargo_of_job(work.job)
        try:
            copy = send(cargo, work, again=bool(work.job.params.get("again")))
            with work.finishing():
                note_end(cargo, copy)
            outage.note_sent(work.job)
        except LeaseLostError:
            clip = work.job.clip
            if clip and clip.jobs.filter(kind=JobKind.WITHDRAW).exists():
                take_back(clip, silent)  # the decision was undone while it was sent, or the clip got another date
            raise


@shared_task
def withdraw(job_id: str) -> None:
    """Withdraw a removed clip from the archive."""
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


@shared_task
def rename(job_id: str) -> None:
    """Rename the clips of a renamed rider, trick or session."""
    with claim(job_id) as work:
        if work:
            renaming.catch_up(work)


@shared_task
def look_after_archive() -> None:
    """Check whether an archive outage is over."""
    outage.look_again()


@shared_task
def notice_archive_changes() -> None:
    """Notice what people did to copies."""
    notice_changes()


@shared_task
def sweep() -> None:
    """Return jobs of silent workers, and publish again what the broker has lost."""
    pipeline.return_expired(Job.objects.all())
    for job in lost_messages():
        pipeline.publish(job)


@shared_task
def refresh_search(*, camera_id: str = "") -> None:
    """Update the search texts of clips, and rename those with outdated file names; or only those of one camera, whose
    name is in no file name.
    """
    if camera_id:
        FinalClip.objects.filter(camera_id=camera_id).refresh_search()
    else:
        FinalClip.objects.all().refresh_search()
        renaming.follow_lagging()


def lost_messages() -> list[Job]:
    """Return the due jobs that the broker may not know of.

    A queue that holds a message for each due job has lost none. Otherwise all that were told long enough ago are
    told again: a message too many costs a look at the row, one too few would cost the job.
    """
    due = list(Job.objects.due().select_related("upload").order_by("priority", "created_at"))
    waiting = Counter(pipeline.queue_of(job) for job in due)
    with current_app.connection_for_write() as connection:
        channel = connection.default_channel
        known = {queue: channel.queue_declare(queue, passive=False).message_count for queue in waiting}
    # No sooner, so that a message on its way is not doubled.
    told_before = timezone.now() - timedelta(seconds=settings.SWEEP_SECONDS)
    return [
        job
        for job in due
        if job.published_at is None
        or (job.published_at < told_before and known[q := pipeline.queue_of(job)] < waiting[q])
    ]


def true_beginning(clip: FinalClip) -> str | None:
    """Return when the clip's file was recorded, by a correct clock; None if unknown."""
    recorded_at = clip.original_file.recorded_at
    return recorded_at.astimezone(UTC).isoformat() if recorded_at else None


def clip_tags(clip: FinalClip) -> dict[str, str]:
    """Return the tags inside the clip's file, which identify it without the database."""
    return {
        "com.trickyclip.clip": str(clip.pk),
        "com.trickyclip.original_sha256": clip.original_file.file_hash,
        "com.trickyclip.start_ms": str(clip.start_ms),
        "com.trickyclip.end_ms": str(clip.end_ms),
        "com.trickyclip.category": clip.category,
        "com.trickyclip.lineage": str(clip.lineage),
        "com.trickyclip.kept_at": clip.created_at.isoformat(),
    }
