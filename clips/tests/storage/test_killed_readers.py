"""Tests readers of videos killed from outside, as by the kernel: the job is retried later, alone."""

# ruff: noqa: F811 - fixtures of another module

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from celery import current_app
from django.utils import timezone

from clips.jobs.registry import step_of
from clips.models import Job, JobKind, JobState, Preview, Upload, UploadSource, WaitsFor
from clips.models.job import MAX_KILLS
from clips.tests.factories import CandidateSegmentFactory
from clips.tests.jobs.test_killed_workers import clip, filmed, segment, upload, work  # noqa: F401 - fixtures

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
READ_VIDEOS = [
    JobKind.INGEST, JobKind.PROBE, JobKind.DETECT, JobKind.POSTER, JobKind.PREVIEW, JobKind.FILMSTRIP, JobKind.RENDER,
    JobKind.SHARE,
]  # fmt: skip
EACH_KIND = pytest.mark.parametrize("work", READ_VIDEOS, indirect=True)


@contextlib.contextmanager
def readers_killed() -> Iterator[list[int]]:
    """Kill each reader that this process starts with SIGKILL as soon as it exists; yields their process ids."""
    killed, is_over = [], threading.Event()

    def kill() -> None:
        children = Path(f"/proc/{os.getpid()}/task")
        while not is_over.wait(0.01):
            pids = {int(pid) for task in children.iterdir() for pid in (task / "children").read_text().split()}
            for pid in pids - set(killed):
                with contextlib.suppress(OSError):
                    if b"clips.media.sandbox.child" in Path(f"/proc/{pid}/cmdline").read_bytes():
                        os.kill(pid, signal.SIGKILL)
                        killed.append(pid)

    thread = threading.Thread(target=kill)
    thread.start()
    try:
        yield killed
    finally:
        is_over.set()
        thread.join()


def do(job: Job) -> Job:
    """Run the job now in a worker, by its real task."""
    current_app.loader.import_default_modules()
    Job.objects.filter(pk=job.pk).update(run_after=timezone.now() - timedelta(seconds=1))
    current_app.tasks[step_of(job.kind).task](str(job.pk))
    job.refresh_from_db()
    return job


def job_of(work) -> Job:
    kind, row, _check = work
    Upload.objects.update(source=UploadSource.FOLDER)  # of a browser's upload INGEST reads nothing
    return Job.objects.for_target(kind, row, params={"alone": True})


@EACH_KIND
def test_it_is_tried_again_and_costs_no_attempt(work):
    job = job_of(work)
    with readers_killed() as killed:
        do(job)
    assert len(killed) == 1
    assert (job.state, job.kills, job.attempts) == (JobState.WAITING, 1, 0)
    assert "memory ran out" in job.reason
    assert job.run_after > timezone.now()
    assert do(job).state == JobState.DONE
    work[2]()


@EACH_KIND
def test_killed_again_and_again_it_fails_with_both_possible_reasons(work):
    job = job_of(work)
    with readers_killed() as killed:
        for _time in range(MAX_KILLS):
            assert job.state == JobState.WAITING
            do(job)
    assert len(killed) == MAX_KILLS == 3
    assert job.state == JobState.FAILED
    assert job.reason == (
        "This was stopped from outside 3 times: either the video needs more memory than this machine has, "
        "or something else on the machine takes it or stops what reads the video."
    )
    assert job.retry()
    assert do(job).state == JobState.DONE


def test_previews_made_together_are_each_tried_alone(filmed):
    segments = [CandidateSegmentFactory(original_file=filmed, start_ms=ms, end_ms=ms + 900) for ms in (0, 800)]
    jobs = [Job.objects.for_target(JobKind.PREVIEW, each) for each in segments]
    with readers_killed() as killed:
        do(jobs[0])
    assert len(killed) == 1, "they were made together"
    assert set(Job.objects.values_list("kills", "attempts", "state")) == {(1, 0, JobState.WAITING)}
    do(jobs[0])
    assert Preview.objects.count() == 1
    do(jobs[1])
    assert Preview.objects.count() == 2


def test_it_waits_for_what_runs_beside_it(filmed, segment):
    job = Job.objects.for_target(JobKind.PROBE, filmed, params={"alone": True})
    with readers_killed():
        do(job)
    beside = Job.objects.claim(Job.objects.for_target(JobKind.PREVIEW, segment).pk, worker="beside")
    with readers_killed() as killed:
        do(job)
    assert killed == [], "nothing was begun"
    assert (job.state, job.waits_for, job.kills, job.attempts) == (JobState.WAITING, WaitsFor.MACHINE, 1, 0)
    beside.finish()
    assert do(job).state == JobState.DONE
