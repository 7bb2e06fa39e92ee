"""Waits until the uploads of a measurement are checked, and deletes them again."""

import time
from uuid import UUID

from django.core.management.base import CommandError

from clips.models import Job, OriginalFile, Shoot, Upload, UploadState
from clips.storage import files

PATIENCE_S = 600


def wait_until_checked(upload_ids: list[UUID]) -> None:
    rows = Upload.objects.filter(pk__in=upload_ids)
    deadline_s = time.monotonic() + PATIENCE_S
    while rows.filter(state__in=[UploadState.RECEIVING, UploadState.RECEIVED]).exists():
        if time.monotonic() > deadline_s:
            raise CommandError("The uploads were not checked in time. Is a worker running?")
        time.sleep(0.1)


def forget(upload_ids: list[UUID], session_name: str) -> None:
    """Delete the uploaded videos and their session."""
    originals = OriginalFile.objects.filter(pk__in=upload_ids)
    files.discard(originals.values_list("stored_path", flat=True))
    Job.objects.filter(upload__in=upload_ids).delete()
    Upload.objects.filter(pk__in=upload_ids).delete()
    originals.delete()
    Shoot.objects.filter(name=session_name, files=None, uploads=None).delete()
