"""Tests that a job that needs space waits with a sentence, and continues by itself."""

import errno

import psycopg
import pytest
from django.db import OperationalError
from django.utils import timezone

from clips.jobs.worker import claim
from clips.media import MediaError
from clips.media.sandbox.runner import DiskFullError
from clips.models import Job, JobKind, JobState, WaitsFor
from clips.models.job import MAX_ATTEMPTS

pytestmark = pytest.mark.django_db


def test_a_job_that_writes_files_waits_below_the_floor(make_original, disk):
    job = Job.objects.for_target(JobKind.POSTER, make_original())
    disk["bytes"] = -1
    for _time in range(MAX_ATTEMPTS + 1):
        Job.objects.update(run_after=job.created_at)
        with claim(job.pk) as work:
            assert work is None
    job.refresh_from_db()
    assert (job.state, job.attempts, job.waits_for) == (JobState.WAITING, 0, WaitsFor.ROOM)
    assert "will continue" in job.reason


def test_a_job_that_writes_rows_alone_goes_on_below_the_floor(make_original, disk):
    disk["bytes"] = -1
    with claim(Job.objects.for_target(JobKind.PROBE, make_original()).pk) as work:
        assert work.job.state == JobState.RUNNING


@pytest.mark.parametrize("kind", [JobKind.LOOK, JobKind.PAIR])
def test_what_nobody_waits_for_never_brings_a_trimmed_video_back(make_original, disk, kind):
    now = timezone.now()
    job = Job.objects.for_target(kind, make_original(evicted_at=now, trimmed_at=now))
    with claim(job.pk) as work:
        assert work is None
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    assert not Job.objects.filter(kind=JobKind.FETCH).exists()


def full_below(error: Exception) -> Exception:
    wrapped = OperationalError("could not extend file")
    wrapped.__cause__ = error
    return wrapped


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        DiskFullError(),
        full_below(psycopg.errors.DiskFull()),
        full_below(OSError(errno.EDQUOT, "Disk quota exceeded")),
    ],
)
def test_a_disk_that_fills_in_the_middle_costs_no_attempt(make_original, error):
    job = Job.objects.for_target(JobKind.POSTER, make_original())
    with claim(job.pk):
        raise error
    job.refresh_from_db()
    assert (job.state, job.attempts, job.waits_for) == (JobState.WAITING, 0, WaitsFor.ROOM)


def test_a_fault_of_the_file_is_none_of_the_disk(make_original):
    job = Job.objects.for_target(JobKind.POSTER, make_original())
    with claim(job.pk):
        raise MediaError("This is no video.")
    job.refresh_from_db()
    assert job.state == JobState.FAILED
