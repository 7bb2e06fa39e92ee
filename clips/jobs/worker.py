"""Runs a job: claims it, keeps its lease, and ends it exactly once."""

import logging
import os
import socket
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import OperationalError, transaction
from django.utils.translation import gettext as _

from clips.jobs import admission, idle, locks, pipeline, registry
from clips.media import MediaError
from clips.media.sandbox.runner import KilledError
from clips.models import FinalClip, Job, LeaseLostError
from clips.storage.files import StorageError
from trickyclip.shared import logs

logger = logging.getLogger(__name__)

#: Faults whose text is a sentence for people. These are the file's own, and trying again would not help.
LASTING_FAULTS = (MediaError,)
#: Between two renewals of a lease; also how long a cancelled job may go on.
MAX_SILENCE_S = 0.5


class Claim:
    """A job that this worker holds, as long as it reports."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self._renew_every_s = min(MAX_SILENCE_S, settings.JOB_LEASE_SECONDS / 6)
        self._renewed_s = time.monotonic()

    def report(self, progress: float | None = None) -> None:
        """Renew the lease and save the progress (0 to 1). LeaseLostError means: stop, it is not ours now."""
        if time.monotonic() - self._renewed_s >= self._renew_every_s:
            self.job.renew(progress)
            self._renewed_s = time.monotonic()

    @contextmanager
    def finishing(self, *, first: Callable[[], None] | None = None) -> Iterator[None]:
        """Commit the job's effect and its end in one transaction; a worker that is too late commits neither.

        ``first`` locks what comes before the job's row (`clips.jobs.locks`); of a job about a clip, the clip is locked.
        """
        with transaction.atomic():
            if first:
                first()
            if self.job.clip_id:
                FinalClip.objects.filter(pk=self.job.clip_id).hold()
            self.job.finish()
            yield
            if (params := self.job.next_params()) is not None:
                pipeline.start_after(self.job, params)

    def fail(self, reason: str) -> None:
        """End the job with a sentence for people, while the work itself continues for others."""
        pipeline.give_up(self.job, reason)


@contextmanager
def claim(job_id: str) -> Iterator[Claim | None]:
    """Claim a job; yields None if there is nothing to do, as for a message delivered twice."""
    job = _take(job_id)
    if job is None:
        yield None
        return
    with logs.about(job=job.pk):
        try:
            yield Claim(job)
        except Exception as error:
            if not _settle(job, error):
                raise


@contextmanager
def claim_more(job_ids: Iterable[UUID]) -> Iterator[list[Claim]]:
    """Claim those of these jobs that nobody else has, to do them along with a claimed one.

    Whatever ends the block ends each of them that has not ended yet, in its own right, and is passed on to the first.
    """
    jobs = [job for job_id in job_ids if (job := _take(job_id))]
    try:
        yield [Claim(job) for job in jobs]
    except Exception as error:
        for job in jobs:
            _settle(job, error)
        raise


def _take(job_id: UUID | str) -> Job | None:
    job = None
    try:
        job = Job.objects.claim(job_id, worker=f"{socket.gethostname()}:{os.getpid()}")
        return None if job is None or registry.holds_back(job) or admission.holds_back(job) else job
    except OperationalError as error:
        if not locks.is_busy(error):
            raise
        logger.warning("Job %s is taken later, because its row or its original's is locked.", job_id)
        if job:
            _try_again(job, busy())
        return None


def _settle(job: Job, error: Exception) -> bool:
    """End a failed job, or schedule its retry; False if the fault is ours and should be in the log.

    A job that has ended already, or is not ours any more, stays as it is.
    """
    if isinstance(error, LeaseLostError):
        logger.info("Job %s (%s) was cancelled or taken over. Its work is discarded.", job.pk, job.kind)
    elif isinstance(error, idle.BusyError):
        idle.put_off(job, error.wait)
    elif isinstance(error, LASTING_FAULTS):
        pipeline.give_up(job, str(error))
    elif registry.handles(job, error):
        pass
    elif isinstance(error, KilledError):
        if not job.rest_after_kill(admission.killed()):
            pipeline.give_up(job, admission.killed_again(job))
    elif isinstance(error, (StorageError, *registry.passing_faults())):
        _try_again(job, str(error))
    elif isinstance(error, SoftTimeLimitExceeded):
        pipeline.give_up(job, _("This took too long."))
    elif locks.is_busy(error):
        logger.warning("Job %s (%s) waited too long for others' locks. It will be retried.", job.pk, job.kind)
        _try_again(job, busy())
    else:
        if not job.put_back(f"{type(error).__name__}: {error}"):
            why = _("This failed repeatedly. See the log for details: %(error)s")
            pipeline.give_up(job, why % {"error": type(error).__name__})
        return False
    return True


def _try_again(job: Job, reason: str) -> None:
    if not job.put_back(reason):
        pipeline.give_up(job, reason)


def busy() -> str:
    """Return the sentence for a job that waited too long for others' locks."""
    return _("The database was busy for too long.")
