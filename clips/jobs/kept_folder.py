"""Gives a job a folder that stays when its worker is killed or stopped, so that the next one goes on from there."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

from django.conf import settings

from clips.media import MediaError
from clips.models import Job, JobState, LeaseLostError
from clips.models.job import ABOUT


@contextmanager
def kept_folder(job: Job) -> Iterator[Path]:
    """Yield a job's own folder on the data's disk; it goes when the job has ended, failed for good or was cancelled.

    On a full disk one that rests is deleted too, which costs the work but no result.
    """
    folder = settings.SCRATCH_DIR / f"{job.kind.lower()}-{job.target_id}"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        yield folder
    except LeaseLostError:
        mine = Job.objects.filter(pk=job.pk)
        if not mine.exists() or mine.filter(state=JobState.CANCELLED).exists():
            shutil.rmtree(folder, ignore_errors=True)
        raise
    except MediaError:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def is_kept(name: str) -> bool:
    """Return whether a folder of that name is one of a job that may go on, however long it rests."""
    kind, _dash, about = name.partition("-")
    try:
        target_id = UUID(about)
    except ValueError:
        return False
    jobs = Job.objects.active().filter(kind=kind.upper())
    return jobs.alias(about_id=ABOUT).filter(about_id=target_id).exists()
