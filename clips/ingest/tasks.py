"""Task that deletes abandoned uploads."""

import time

from celery import shared_task
from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clips.ingest import camera_proxies, drive_folder, part_file, receipts
from clips.ingest.register import take_in
from clips.jobs import pipeline
from clips.jobs.worker import claim
from clips.media.sandbox import runner
from clips.models import Upload
from clips.storage.files import local_copy
from people.site_settings.registry import UPLOAD_IDLE_DAYS

#: A part file without a row is one whose creation was cut off; a younger one may be in the middle of its creation.
STRAY_AFTER_S = 24 * 3600


@shared_task(name="expire_uploads")
def expire_uploads() -> None:
    """Give up uploads without a new byte for ``UPLOAD_IDLE_DAYS``, and free their space."""
    for upload in Upload.objects.idle():
        give_up(upload)  # of one whose bytes are on another node that node deletes the rest, below
    remove_strays()


def give_up(upload: Upload) -> bool:
    """Close an idle upload and delete its bytes; False if somebody writes to it after all."""
    try:
        with part_file.writing(upload.pk):
            days = UPLOAD_IDLE_DAYS.value()
            why = ngettext("Nothing arrived for %(n)d day.", "Nothing arrived for %(n)d days.", days)
            given_up = upload.close_idle(why % {"n": days})
            if given_up:
                part_file.delete_part(upload.pk)
            return given_up
    except part_file.LockedError:
        return False
    except part_file.LostBytesError:
        return upload.close_idle(_("Its data is no longer on the disk."))


def remove_strays() -> None:
    """Delete part files that no unfinished upload needs."""
    if not settings.UPLOADS_DIR.is_dir():
        return
    old = time.time() - STRAY_AFTER_S
    paths = [path for path in settings.UPLOADS_DIR.glob("*.part") if path.stat().st_mtime < old]
    needed = {str(pk) for pk in Upload.objects.with_part().values_list("pk", flat=True)}
    for path in paths:
        if path.stem not in needed:
            path.unlink(missing_ok=True)


@shared_task(name="look_after_receipts")
def look_after_receipts() -> None:
    """Note which receipts are safe by now."""
    receipts.look_after()


@shared_task(name="look_into_drive_folder")
def look_into_drive_folder(*, whole: bool = False) -> None:
    """Bring in what people put into the Drive folder for that; ``whole`` lists all of it instead of what changed."""
    drive_folder.look_into(whole=whole)


@shared_task(name="collect")
def collect(job_id: str) -> None:
    """Fetch one file out of the Drive folder."""
    with claim(job_id) as work:
        if work:
            drive_folder.collect(work)


@shared_task(name="ingest")
def ingest(job_id: str) -> None:
    """Hash and register one whole upload."""
    with claim(job_id) as work:
        if work:
            take_in(work)


@shared_task(name="probe")
def probe(job_id: str) -> None:
    """Read what a camera file says of itself."""
    with claim(job_id) as work:
        if work is None:
            return
        original = work.job.original_file
        with local_copy(original, work.report) as path:
            facts = runner.run("clips.media.probe:probe", {"path": str(path)}, on_tick=work.report)
        with work.finishing():
            original.apply_probe(facts)
            if not camera_proxies.pair(original):
                pipeline.start_next(work.job, original)
