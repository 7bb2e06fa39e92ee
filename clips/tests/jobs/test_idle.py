"""Tests that work for quiet hours begins only while nobody uploads, sorts or waits, and stops when somebody comes."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from clips.disk.evictable import with_ties
from clips.jobs import idle, registry
from clips.jobs.kept_folder import is_kept, kept_folder
from clips.jobs.worker import claim
from clips.media import MediaError
from clips.models import CandidateSegment, Job, JobKind, JobState, LeaseLostError, OriginalFile, Upload, WaitsFor
from clips.models.job import GIVING_WAY
from clips.tests.factories import OriginalFileFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def look(original) -> Job:
    return Job.objects.for_target(JobKind.LOOK, original, priority=9)


def begins(job: Job) -> bool:
    """Let a worker take a due job; return whether it may begin."""
    with claim(str(job.pk)) as work:
        if work is not None:
            work.job.finish()
        return work is not None


def upload(member, **fields) -> Upload:
    sent = Upload.objects.start(
        owner=member, filename="GX02.MP4", size_bytes=10, shoot_name="Backyard Rails", shoot_date="2024-12-01"
    )
    Upload.objects.filter(pk=sent.pk).update(**fields)
    return sent


def test_it_begins_where_nobody_is(look):
    assert begins(look)


def test_it_waits_while_somebody_uploads_and_not_for_one_who_stopped(look, sorter):
    sent = upload(sorter)
    assert not begins(look)
    look.refresh_from_db()
    assert (look.state, look.attempts, look.reason) == (JobState.WAITING, 0, "")
    assert look.run_after > timezone.now() + idle.QUIET_FOR / 2
    Upload.objects.filter(pk=sent.pk).update(updated_at=timezone.now() - idle.UPLOAD_RESTS)
    Job.objects.update(run_after=timezone.now())
    assert begins(look)


def test_it_waits_while_somebody_sorts(look, segments, sorter):
    lease = uuid.uuid4()
    CandidateSegment.objects.lease_hand(member=sorter, lease=lease, count=2)
    assert not begins(look)
    CandidateSegment.objects.give_back(lease)
    Job.objects.update(run_after=timezone.now())
    assert begins(look)


@pytest.mark.parametrize(
    ("fields", "waits"),
    [
        ({}, True),
        ({"run_after": timedelta(minutes=5)}, False),
        ({"run_after": -2 * idle.DUE_FOR}, False),
        ({"waits_for": WaitsFor.ROOM}, False),
        ({"kind": JobKind.LOOK}, False),
        ({"kind": JobKind.READ_BACK}, False),
    ],
    ids=["due", "later", "long due: nobody takes it", "waits for space", "of the same kind", "on disks and networks"],
)
def test_it_waits_for_other_jobs_that_are_due(look, fields, waits):
    after = fields.pop("run_after", timedelta())
    other = {"kind": JobKind.RENDER, "original_file": OriginalFileFactory()} | fields
    Job.objects.create(run_after=timezone.now() + after, **other)
    assert begins(look) is not waits


def test_it_waits_for_other_jobs_that_run_and_not_for_dead_ones(look):
    other = Job.objects.for_target(JobKind.PROBE, OriginalFileFactory())
    assert Job.objects.claim(other.pk, worker="one")
    assert not begins(look)
    Job.objects.filter(pk=other.pk).update(lease_ends_at=timezone.now())
    Job.objects.filter(pk=look.pk).update(run_after=timezone.now())
    assert begins(look)


def test_one_that_waits_makes_all_of_them_wait(look, sorter):
    others = [Job.objects.for_target(JobKind.LOOK, OriginalFileFactory()) for _ in range(3)]
    upload(sorter)
    assert not begins(look)
    assert not Job.objects.due().exists()
    assert {job.state for job in Job.objects.filter(pk__in=[other.pk for other in others])} == {JobState.WAITING}


def test_one_that_runs_stops_when_somebody_comes_and_keeps_its_attempts(look, sorter):
    with claim(str(look.pk)) as work:
        idle.insist(work.job)
        upload(sorter)
        idle.insist(work.job)
        work.job.finish()
    look.refresh_from_db()
    assert (look.state, look.attempts) == (JobState.WAITING, 0)
    assert look.run_after > timezone.now()


def test_it_keeps_no_original_on_the_disk_and_brings_none_back(look, original):
    tied = with_ties(OriginalFile.objects.filter(pk=original.pk))
    assert not tied.get().is_worked_on
    OriginalFile.objects.filter(pk=original.pk).update(evicted_at=timezone.now())
    assert not begins(look)
    look.refresh_from_db()
    assert look.state == JobState.CANCELLED
    assert not Job.objects.filter(kind=JobKind.FETCH).exists()


def test_while_it_runs_its_original_stays(look, original):
    assert Job.objects.claim(look.pk, worker="one")
    assert with_ties(OriginalFile.objects.filter(pk=original.pk)).get().is_worked_on


def test_the_second_look_and_looking_for_other_cameras_are_such_work_of_which_no_page_asks_for_the_end():
    assert registry.idle_kinds() == set(GIVING_WAY) == {JobKind.LOOK, JobKind.PAIR}


def asked_for(job: Job, ago: timedelta) -> None:
    Job.objects.filter(pk=job.pk).update(created_at=timezone.now() - ago)


def test_a_kind_that_waits_for_an_hour_at_most_begins_then_whoever_is_here_and_does_not_stop(look, sorter):
    pair = Job.objects.for_target(JobKind.PAIR, OriginalFileFactory())
    longest = registry.step_of(JobKind.PAIR).waits_at_most
    upload(sorter)
    for job in (look, pair):
        asked_for(job, longest - timedelta(minutes=5))
    assert not begins(pair)
    Job.objects.update(run_after=timezone.now())
    for job in (look, pair):
        asked_for(job, longest)
    assert not begins(look)
    assert list(Job.objects.due()) == [pair], "those that have waited enough are not put off with the others"
    with claim(str(pair.pk)) as work:
        idle.insist(work.job)
        work.job.finish()
    assert Job.objects.get(pk=pair.pk).state == JobState.DONE


@pytest.mark.parametrize(
    ("error", "stays"),
    [
        (idle.BusyError(idle.QUIET_FOR), True),
        (RuntimeError(), True),
        (MediaError("It is damaged."), False),
        (None, False),
    ],
    ids=["interrupted", "a fault of ours", "failed for good", "done"],
)
def test_a_kept_folder_stays_while_its_job_may_go_on(look, settings, error, stays):
    settings.SCRATCH_DIR.mkdir(exist_ok=True)
    try:
        with kept_folder(look) as folder:
            (folder / "record").write_text("done")
            if error:
                raise error
    except type(error or MediaError()):
        pass
    assert (folder / "record").exists() is stays


def test_a_kept_folder_goes_with_a_cancelled_job_and_stays_with_one_that_another_worker_took(look):
    for cancel, stays in ((False, True), (True, False)):
        if cancel:
            look.cancel()
        with pytest.raises(LeaseLostError), kept_folder(look) as folder:
            raise LeaseLostError
        assert folder.exists() is stays


def test_the_folder_of_a_job_that_rests_is_kept_however_long(look):
    with pytest.raises(idle.BusyError), kept_folder(look) as folder:
        raise idle.BusyError(idle.QUIET_FOR)
    assert is_kept(folder.name)
    assert not is_kept(f"pair-{look.original_file_id}")
    assert not is_kept("tmpabcdef")
    look.cancel()
    assert not is_kept(folder.name)
