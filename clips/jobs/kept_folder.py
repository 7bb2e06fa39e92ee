"""Gives a job a folder that stays when its worker is killed or stopped, so that the next one goes on from there."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from clips.media import MediaError
from clips.models import Job, JobState, LeaseLostError


@contextmanager
def kept_folder(job: Job, name: str) -> Iterator[Path]:
    """Yield a folder of that name on the data's disk; it goes when the job has ended, failed for good or was cancelled.

    On a full disk one that rests is deleted too, which costs the work but no result.
    """
    folder = settings.SCRATCH_DIR / name
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
