"""Task that deletes abandoned uploads."""

import time

from celery import shared_task
from django.conf import settings
from django.utils.translation import gettext as _

from clips.ingest import part_file
from clips.models import Upload

#: A part file without a row is one whose creation was cut off; a younger one may be in the middle of its creation.
STRAY_AFTER_S = 24 * 3600


@shared_task
def expire_uploads() -> None:
    """Give up uploads without a new byte for ``UPLOAD_IDLE_DAYS``, and free their space."""
    for upload in Upload.objects.idle():
        give_up(upload)  # of one whose bytes are on another node that node deletes the rest, below
    remove_strays()


def give_up(upload: Upload) -> bool:
    """Close an idle upload and delete its bytes; False if somebody writes to it after all."""
    try:
        with part_file.writing(upload.pk):
            given_up = upload.close_idle(_("Nothing arrived for %(n)d days.") % {"n": settings.UPLOAD_IDLE_DAYS})
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
