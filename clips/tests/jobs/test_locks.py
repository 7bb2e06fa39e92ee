"""Tests named locks: no two are alike, none blocks unrelated work, and the sweep waits for nobody."""

import ast
import uuid
from contextlib import contextmanager
from datetime import timedelta

import pglock
import pytest
from celery.exceptions import Retry
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from clips.disk import upkeep
from clips.disk.tasks import look_after_space
from clips.ingest.session_assignment import hold_sessions
from clips.jobs import locks, pipeline, tasks
from clips.jobs.locks import Lock
from clips.jobs.worker import claim
from clips.models import Job, JobKind, JobState, Shoot, Upload
from clips.models.job import MAX_ATTEMPTS
from clips.tests.rivals import Rival, holding, holding_row
from trickyclip.celery import BUSY_AGAIN_S

pytestmark = [pytest.mark.django_db(transaction=True)]


def test_no_two_locks_are_alike():
    """Fails when two names are the same number to PostgreSQL; two same names are refused at once, by the enum."""
    assert len({pglock.advisory_id(lock) for lock in Lock}) == len(Lock.__members__) >= 3


@pytest.mark.slow
def test_all_locks_have_their_name_in_one_place():
    """Fails when somebody takes an advisory lock past `clips.jobs.locks`, by a number or a name of their own."""
    found = []
    for app in ("clips", "detection", "people", "tricks", "trickyclip"):
        for file in (settings.BASE_DIR / app).rglob("*.py"):
            if "tests" in file.parts or file.name == "locks.py":
                continue
            words = {node.value for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Constant)}
            if any(isinstance(word, str) and "advisory_" in word for word in words) or "pglock" in file.read_text():
                found.append(str(file))
    assert found == []


@contextmanager
def lock_of_another(lock: Lock):
    with holding("SELECT pg_advisory_lock(%s)", [pglock.advisory(lock).int_lock_id]):
        yield


@pytest.fixture
def silent_jobs(original, shoot) -> list[Job]:
    """Two jobs whose workers went silent, the second one in its last attempt."""
    first, second = (Job.objects.for_target(kind, original) for kind in (JobKind.DETECT, JobKind.PROBE))
    for job in (first, second):
        assert Job.objects.claim(job.pk, worker="dies")
    Job.objects.update(lease_ends_at=timezone.now() - timedelta(seconds=1))
    Job.objects.filter(pk=second.pk).update(attempts=MAX_ATTEMPTS)
    return [first, second]


def states() -> dict[str, str]:
    return dict(Job.objects.values_list("kind", "state"))


@pytest.mark.parametrize("lock", Lock)
def test_the_sweep_goes_on_while_a_lock_is_held(silent_jobs, broker, lock):
    with lock_of_another(lock):
        Rival(tasks.sweep).result(within_s=5)
    assert states() == {JobKind.DETECT: JobState.WAITING, JobKind.PROBE: JobState.FAILED}


@pytest.mark.parametrize("locked", [0, 1])
def test_the_sweep_goes_on_past_a_locked_row(silent_jobs, broker, locked):
    """Fails when it waits for the row: leave ``skip_locked`` out of ``JobQuerySet.lock_free``."""
    before = states()
    with holding_row(silent_jobs[locked]):
        Rival(tasks.sweep).result(within_s=5)
        other = silent_jobs[1 - locked].kind
        after = {JobKind.DETECT: JobState.WAITING, JobKind.PROBE: JobState.FAILED}
        assert states() == before | {other: after[other]}
    Rival(tasks.sweep).result(within_s=5)
    assert states() == after


def test_a_job_fails_together_with_what_is_said_of_it(silent_jobs, original, broker):
    """Fails when the job ends first: then nobody would say ever after why the video has no camera data."""
    with holding_row(original):
        Rival(tasks.sweep).result(within_s=5)
        assert states()[JobKind.PROBE] == JobState.RUNNING
    Rival(tasks.sweep).result(within_s=5)
    original.refresh_from_db()
    assert "stopped several times" in original.problem


def test_telling_the_broker_waits_for_no_row(original, broker):
    job = Job.objects.for_target(JobKind.DETECT, original)
    with holding_row(job):
        Rival(lambda: pipeline.publish(job)).result(within_s=5)
    assert broker.depth("detect") == 1


def test_a_file_finds_its_session_while_room_is_made():
    """Fails when both have the same lock, as they once had."""

    def find() -> None:
        with transaction.atomic():
            hold_sessions(Upload())

    with lock_of_another(Lock.UPKEEP):
        Rival(find).result(within_s=5)


def test_room_is_made_while_a_file_finds_its_session(monkeypatch):
    made = []
    monkeypatch.setattr(upkeep.eviction, "make_room", lambda n_bytes: made.append(n_bytes) or 0)
    monkeypatch.setattr(upkeep, "scarce_bytes", lambda: 1)
    with lock_of_another(Lock.SESSION):
        Rival(upkeep.look_after).result(within_s=5)
    assert made == [1]
    with lock_of_another(Lock.UPKEEP):
        Rival(upkeep.look_after).result(within_s=5)
    assert made == [1], "somebody else makes room already"


def test_a_file_whose_session_was_named_waits_for_nobody(shoot):
    def find() -> None:
        with transaction.atomic():
            hold_sessions(Upload(shoot=shoot))

    with lock_of_another(Lock.SESSION):
        Rival(find).result(within_s=5)


def test_a_lock_that_does_not_come_in_time_is_told_apart():
    def wait() -> None:
        with pglock.timeout(0.1), transaction.atomic():
            locks.hold(Lock.ROOM)

    with lock_of_another(Lock.ROOM), pytest.raises(Exception, match="lock timeout") as raised:
        Rival(wait).result()
    assert locks.is_busy(raised.value)
    assert not locks.is_busy(ValueError())


@pytest.mark.parametrize("locked", ["original", "shoot"], ids=["before its work", "in its work"])
def test_a_job_that_waited_too_long_is_tried_again(original, broker, locked):
    job = Job.objects.for_target(JobKind.DETECT, original)

    def work() -> None:
        with pglock.timeout(0.1), claim(str(job.pk)) as held:
            if held:
                Shoot.objects.filter(pk=original.shoot_id).update(sensitivity=60)

    with holding_row(original if locked == "original" else original.shoot):
        Rival(work).result()
    job.refresh_from_db()
    assert (job.state, job.attempts, job.reason) == (JobState.WAITING, 1, "The database was busy for too long.")
    assert job.run_after > timezone.now()


def test_a_job_whose_row_is_locked_is_taken_later(original, broker):
    job = Job.objects.for_target(JobKind.DETECT, original)

    def take() -> list:
        with connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 100")
        with claim(str(job.pk)) as work:
            return [work]

    with holding_row(job):
        assert Rival(take).result() == [None]
    assert Job.objects.claim(job.pk, worker="later")


def test_what_beat_asks_for_is_tried_again_when_the_database_was_busy(broker, monkeypatch):
    def look() -> None:
        with pglock.timeout(0.1), transaction.atomic():
            locks.hold(Lock.UPKEEP)

    def run() -> None:  # the real task, as a worker calls it
        look_after_space.push_request(id=str(uuid.uuid4()), called_directly=False, delivery_info={})
        try:
            look_after_space()
        finally:
            look_after_space.pop_request()

    monkeypatch.setattr(upkeep, "look_after", look)
    with lock_of_another(Lock.UPKEEP), pytest.raises(Retry) as raised:
        Rival(run).result()
    assert raised.value.when == BUSY_AGAIN_S
    assert broker.depth("light") == 1
