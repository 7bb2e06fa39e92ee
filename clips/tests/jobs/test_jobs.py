"""Tests jobs as rows: who may take and end one, and that nothing happens twice."""

import threading
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from clips.jobs import pipeline, tasks
from clips.jobs.worker import Claim, claim
from clips.media.formats.opening import MediaError
from clips.models import Job, JobKind, JobState, LeaseLostError
from clips.models.job import MAX_ATTEMPTS


@pytest.fixture
def job(original) -> Job:
    return Job.objects.for_target(JobKind.DETECT, original)


def expire(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(lease_ends_at=timezone.now() - timedelta(seconds=1))


def test_asking_twice_for_the_same_work_makes_one_job(original, job):
    assert Job.objects.for_target(JobKind.DETECT, original) == job
    assert Job.objects.for_target(JobKind.PROBE, original) != job


def test_the_database_refuses_a_second_active_job_of_one_kind_and_target(original, job):
    with pytest.raises(IntegrityError), transaction.atomic():
        Job.objects.create(kind=JobKind.DETECT, original_file=original)


def test_ended_work_may_be_asked_for_again(original, job):
    assert job.cancel()
    assert Job.objects.for_target(JobKind.DETECT, original) != job


def test_a_job_is_taken_once(job):
    assert Job.objects.claim(job.pk, worker="one").worker == "one"
    assert Job.objects.claim(job.pk, worker="two") is None


def test_a_job_is_not_taken_before_its_time(job):
    Job.objects.update(run_after=timezone.now() + timedelta(minutes=1))
    assert Job.objects.claim(job.pk, worker="one") is None


def test_a_worker_that_came_too_late_changes_nothing(original, job):
    """Fails when the token is not compared: take the ``lease_token`` out of ``JobQuerySet.held``."""
    late = Job.objects.claim(job.pk, worker="late")
    expire(job)
    Job.objects.return_expired()
    Job.objects.claim(job.pk, worker="quick")
    with pytest.raises(LeaseLostError), Claim(late).finishing():
        original.note_problem("written by the late worker")
    original.refresh_from_db()
    job.refresh_from_db()
    assert original.problem == ""
    assert (job.state, job.worker) == (JobState.RUNNING, "quick")
    assert not late.fail("too late")
    assert not late.put_back("too late")
    with pytest.raises(LeaseLostError):
        late.renew(0.5)


def test_the_effect_is_undone_when_the_job_cannot_be_ended(original, job):
    held = Job.objects.claim(job.pk, worker="one")

    def finish_and_break() -> None:
        with Claim(held).finishing():
            original.note_problem("half done")
            raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        finish_and_break()
    original.refresh_from_db()
    job.refresh_from_db()
    assert original.problem == ""
    assert job.state == JobState.RUNNING


def test_a_fault_of_the_file_ends_the_job_with_its_sentence(job):
    with claim(str(job.pk)):
        raise MediaError("The file is empty.")
    job.refresh_from_db()
    assert (job.state, job.reason) == (JobState.FAILED, "The file is empty.")


def test_any_other_fault_is_tried_again_later_and_at_last_given_up(job):
    for attempt in range(1, MAX_ATTEMPTS + 1):
        Job.objects.update(run_after=timezone.now())
        with pytest.raises(RuntimeError), claim(str(job.pk)):
            raise RuntimeError("no luck")
        job.refresh_from_db()
        assert job.attempts == attempt
        if attempt < MAX_ATTEMPTS:
            assert job.state == JobState.WAITING
            assert job.run_after > timezone.now()
    assert job.state == JobState.FAILED
    assert "failed repeatedly" in job.reason


def test_a_cancelled_job_stops_its_worker_at_the_next_report(job, settings):
    settings.JOB_LEASE_SECONDS = 0.01
    reached = False
    with claim(str(job.pk)) as work:
        Job.objects.filter(pk=job.pk).update(lease_ends_at=timezone.now() + timedelta(minutes=1))
        assert job.cancel()
        while True:
            work.report(0.5)
        reached = True
    job.refresh_from_db()
    assert not reached
    assert job.state == JobState.CANCELLED


def test_reports_prolong_the_lease_and_show_progress(job, settings):
    settings.JOB_LEASE_SECONDS = 0.06
    with claim(str(job.pk)) as work:
        first_end = work.job.lease_ends_at
        while Job.objects.get().progress == 0:
            work.report(0.25)
        row = Job.objects.get()
        assert row.progress == 0.25
        assert row.lease_ends_at > first_end


def test_sweep_returns_what_a_dead_worker_held_and_gives_up_at_last(job):
    for _attempt in range(MAX_ATTEMPTS):
        assert Job.objects.claim(job.pk, worker="dies")
        expire(job)
        pipeline.return_expired(Job.objects.all())
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "stopped several times" in job.reason


def test_a_failed_job_can_be_retried_but_not_beside_a_newer_one(original, job):
    job.cancel()
    assert job.retry()
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.WAITING, 0)
    job.cancel()
    Job.objects.for_target(JobKind.DETECT, original)
    assert not job.retry()


def test_a_start_at_which_nobody_works_returns_jobs_without_counting(job):
    Job.objects.claim(job.pk, worker="one")
    assert Job.objects.release_all() == 1
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.WAITING, 0)


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_take_a_job_once(original):
    job = Job.objects.for_target(JobKind.DETECT, original)
    taken, barrier = [], threading.Barrier(8)

    def take() -> None:
        barrier.wait()
        taken.append(Job.objects.claim(job.pk, worker=str(uuid.uuid4())))
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert len([held for held in taken if held]) == 1


@pytest.mark.django_db(transaction=True)
def test_a_job_is_published_on_commit_and_again_when_the_broker_lost_it(original, broker):
    with transaction.atomic():
        job = pipeline.start(JobKind.DETECT, original)
        assert broker.depth("detect") == 0
    assert broker.depth("detect") == 1
    assert tasks.lost_messages() == []
    broker.wipe()
    assert tasks.lost_messages() == [], "a message may still be on its way"
    Job.objects.update(published_at=timezone.now() - timedelta(minutes=2))
    tasks.sweep()
    assert broker.depth("detect") == 1
    job.refresh_from_db()
    assert job.published_at > timezone.now() - timedelta(seconds=30)


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_costs_time_not_work(original, settings, broker):
    with broker.away():
        job = pipeline.start(JobKind.DETECT, original)
    job.refresh_from_db()
    assert (job.state, job.published_at) == (JobState.WAITING, None)
    assert tasks.lost_messages() == [job]
