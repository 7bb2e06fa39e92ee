"""Tests that a job whose reader was killed runs alone on the machine, and that others wait, but not for long."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from clips.jobs import admission
from clips.jobs.worker import claim
from clips.models import Job, JobKind, JobState, WaitsFor

pytestmark = pytest.mark.django_db


@pytest.fixture
def add(shoot, make_original):
    def add(kind: JobKind = JobKind.PROBE, **fields) -> Job:
        return Job.objects.create(kind=kind, original_file=make_original(), **fields)

    return add


@pytest.fixture
def make_original(shoot):
    def make():
        number = shoot.files.count()
        return shoot.files.create(
            original_filename=f"GX{number}.MP4", stored_path=f"originals/{number}.mp4", file_hash=f"{number:064}",
            size_bytes=1000, duration_ms=1000,
        )  # fmt: skip

    return make


def may_begin(job: Job) -> bool:
    """Let a worker take a due job up to its start; if it may begin, it stays running."""
    Job.objects.filter(pk=job.pk, state=JobState.WAITING).update(run_after=timezone.now())
    taken = Job.objects.claim(job.pk, worker="one")
    is_held = admission.holds_back(taken)
    if not is_held:
        Job.objects.filter(pk=job.pk).update(started_at=timezone.now() - timedelta(minutes=1))
    job.refresh_from_db()
    return not is_held


def test_without_kills_jobs_run_side_by_side(add):
    assert may_begin(add())
    assert may_begin(add(JobKind.DETECT))


def test_a_killed_one_waits_for_others_and_lets_none_begin_before_it(add):
    running, killed, next_one = add(), add(JobKind.DETECT, kills=1), add(JobKind.RENDER)
    assert may_begin(running)
    assert not may_begin(killed)
    assert not may_begin(next_one), "or its turn would never come"
    assert (next_one.waits_for, next_one.attempts) == ("", 0)
    running.finish()
    assert may_begin(killed)
    assert not may_begin(next_one), "it has the machine to itself"
    killed.finish()
    assert may_begin(next_one)


def test_what_reads_no_video_goes_on(add):
    killed = add(JobKind.DETECT, kills=1)
    assert may_begin(killed)
    assert may_begin(add(JobKind.ARCHIVE))
    assert may_begin(add(JobKind.FETCH))


def test_other_machines_go_on(add, settings):
    assert may_begin(add(JobKind.DETECT, kills=1))
    settings.NODE = "another"
    assert may_begin(add())


def test_of_two_killed_ones_the_earlier_goes_first(add):
    running, first, second = add(), add(JobKind.DETECT, kills=1), add(JobKind.DETECT, kills=2)
    assert may_begin(running)
    assert not may_begin(second)
    assert not may_begin(first)
    running.finish()
    assert not may_begin(second)
    assert may_begin(first)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_those_that_were_claimed_and_are_about_to_give_way_are_no_work(add):
    killed, crowd = add(JobKind.DETECT, kills=1), [add() for _number in range(3)]
    taken = [Job.objects.claim(job.pk, worker="two") for job in crowd]

    def look_a_moment_later() -> None:
        assert [admission.holds_back(job) for job in taken] == [True] * len(taken)
        connection.close()

    others = threading.Timer(0.3, look_a_moment_later)
    others.start()
    assert may_begin(killed), "or whoever is told in one breath with a crowd would never find it gone"
    others.join()
    assert {Job.objects.get(pk=job.pk).state for job in crowd} == {JobState.WAITING}


def test_of_two_killed_ones_that_are_claimed_at_once_the_earlier_begins(add):
    first, second = add(JobKind.DETECT, kills=1), add(JobKind.PROBE, kills=1)
    taken = [Job.objects.claim(job.pk, worker="two") for job in (first, second)]
    assert [admission.holds_back(job) for job in reversed(taken)] == [True, False]


def test_a_wish_that_nobody_repeats_holds_nobody_up(add):
    running, killed = add(), add(JobKind.DETECT, kills=1)
    may_begin(running)
    may_begin(killed)
    running.finish()
    long_ago = timezone.now() - admission.WISH_HOLDS_FOR - timedelta(seconds=1)
    Job.objects.filter(pk=killed.pk).update(run_after=long_ago)
    assert may_begin(add())


def test_one_that_was_cancelled_holds_nobody_up(add):
    running, killed = add(), add(JobKind.DETECT, kills=1)
    may_begin(running)
    may_begin(killed)
    assert killed.waits_for == WaitsFor.MACHINE
    killed.cancel()
    assert may_begin(add())


def test_a_worker_that_fell_silent_holds_nobody_up(add):
    running = add(JobKind.DETECT, kills=1)
    assert may_begin(running)
    Job.objects.filter(pk=running.pk).update(lease_ends_at=timezone.now())
    assert may_begin(add())


def test_where_nothing_confines_readers_jobs_wait_and_say_why(add, monkeypatch, no_walls):
    job = add()
    with claim(job.pk) as work:
        assert work is None
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.WAITING, 0)
    assert "no Landlock" in job.reason
    monkeypatch.setenv("SANDBOX_WITHOUT_LANDLOCK", "1")
    assert may_begin(job)
