"""Tests an archive outage: it is reported once, its jobs wait instead of failing, and resume by themselves."""

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.urls import reverse
from django.utils import timezone

from clips.archive import outage, tasks
from clips.models import ArchiveBlock, BlockReason, CopyState, Job, JobKind, JobState
from people.models import Person

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
N_CLIPS = 5


@pytest.fixture
def waiting(on_drive, make_clip) -> list:
    """Clips that are to be archived."""
    clips = [make_clip() for _number in range(N_CLIPS)]
    for clip in clips:
        Job.objects.for_target(JobKind.ARCHIVE, clip)
    return clips


def look_now() -> None:
    ArchiveBlock.objects.update(look_again_at=timezone.now())
    tasks.look_after_archive()


@pytest.mark.parametrize(
    ("stop", "mend", "reason"),
    [
        (lambda drive: drive.troubles.always("POST /upload", "quota"), None, BlockReason.QUOTA),
        (
            lambda drive: setattr(drive.store.items["shared-drive"], "read_only", True),
            lambda drive: setattr(drive.store.items["shared-drive"], "read_only", False),
            BlockReason.PERMISSION,
        ),
        (lambda drive: drive.troubles.always("POST /upload", "daily"), None, BlockReason.DAILY_LIMIT),
        (lambda drive: drive.troubles.always("GET", "503"), None, BlockReason.UNREACHABLE),
        (
            lambda drive: drive.accounts.revoke(),
            lambda drive: setattr(drive.accounts, "is_revoked", False),
            BlockReason.CREDENTIALS,
        ),
        (
            lambda drive: setattr(drive.store.items["shared-drive"], "trashed", True),
            lambda drive: setattr(drive.store.items["shared-drive"], "trashed", False),
            BlockReason.FOLDER,
        ),
    ],
)
def test_one_block_is_said_and_all_goes_on_when_it_is_mended(on_drive, waiting, work_off, stop, mend, reason):
    stop(on_drive)
    assert work_off() == [JobKind.ARCHIVE], "the others do not even try"
    assert [block.reason for block in ArchiveBlock.objects.all()] == [reason]
    assert not Job.objects.exclude(state=JobState.WAITING, attempts=0).exists()
    on_drive.troubles.over()
    if mend:
        mend(on_drive)
    look_now()
    if reason in outage.TOLD_BY_TRYING:
        assert work_off()[0] == JobKind.ARCHIVE
    assert not ArchiveBlock.objects.exists()
    work_off()
    assert {clip.copies.get().state for clip in waiting} == {CopyState.VERIFIED}
    assert len(on_drive.store.files()) == N_CLIPS


def test_a_block_that_still_stands_stays_with_its_beginning(on_drive, waiting, work_off):
    on_drive.accounts.revoke()
    work_off()
    since = ArchiveBlock.objects.get().since
    look_now()
    block = ArchiveBlock.objects.get()
    assert block.since == since
    assert block.look_again_at > timezone.now()


@pytest.mark.parametrize("trouble", ["drive full", "daily"])
def test_what_only_a_try_tells_is_tried_with_one_file_at_a_time(on_drive, waiting, work_off, trouble):
    on_drive.troubles.always("POST /upload", trouble)
    work_off()
    since = ArchiveBlock.objects.get().since
    for _time in range(3):
        n_tried = on_drive.count("POST /upload")
        look_now()
        assert work_off() == [JobKind.ARCHIVE]
        assert on_drive.count("POST /upload") == n_tried + 1
        assert ArchiveBlock.objects.get().since == since, "it has stood all the while"
    assert not Job.objects.exclude(state=JobState.WAITING, attempts=0).exists()


def test_a_file_with_a_trouble_of_its_own_does_not_keep_a_block_that_has_passed(on_drive, waiting, work_off, settings):
    on_drive.troubles.always("POST /upload", "quota")
    work_off()
    on_drive.troubles.over()
    first = Job.objects.order_by("created_at").first()
    (settings.DATA_DIR / first.clip.stored_path).unlink()
    look_now()
    work_off()
    first.refresh_from_db()
    assert (first.attempts, ArchiveBlock.objects.exists()) == (1, True), "it has told nothing"
    tasks.look_after_archive()  # a minute later, and not when half an hour has passed
    work_off()
    assert not ArchiveBlock.objects.exists()
    assert Job.objects.filter(state=JobState.DONE).count() == N_CLIPS - 1


def test_a_folder_that_is_closed_to_us_stops_what_belongs_there_and_nothing_else(
    on_drive, make_clip, archived, work_off
):
    first = archived(make_clip())
    on_drive.store.items[first.copies.get().folder.remote_id].read_only = True
    shut_out = Job.objects.for_target(JobKind.ARCHIVE, make_clip())
    other = make_clip(person=Person.objects.add("Jo"))
    Job.objects.for_target(JobKind.ARCHIVE, other)
    work_off()
    shut_out.refresh_from_db()
    assert not ArchiveBlock.objects.exists()
    assert (shut_out.state, shut_out.attempts) == (JobState.WAITING, 1)
    assert "does not allow this" in shut_out.reason
    assert other.copies.get().state == CopyState.VERIFIED


def test_nobody_looks_before_it_is_worth_it(on_drive, waiting, work_off):
    on_drive.troubles.always("POST /upload", "daily")
    work_off()
    n_asked = len(on_drive.log)
    tasks.look_after_archive()
    assert len(on_drive.log) == n_asked
    assert ArchiveBlock.objects.get().until > timezone.now() + timedelta(hours=23)


def test_a_job_that_comes_while_it_is_blocked_waits(on_drive, waiting, work_off, make_clip):
    on_drive.accounts.revoke()
    work_off()
    late = Job.objects.for_target(JobKind.ARCHIVE, make_clip())
    n_asked = len(on_drive.log)
    tasks.archive(str(late.pk))
    late.refresh_from_db()
    assert (late.state, late.attempts) == (JobState.WAITING, 0)
    assert late.run_after > timezone.now()
    assert len(on_drive.log) == n_asked


def test_nobody_connected_is_a_block_too(settings, make_clip, work_off):
    settings.ARCHIVE_BACKEND = "drive"
    Job.objects.for_target(JobKind.ARCHIVE, make_clip())
    work_off()
    assert ArchiveBlock.objects.get().reason == BlockReason.SETTINGS


def test_another_archives_block_stops_nothing_here(on_drive, waiting, work_off, settings):
    on_drive.accounts.revoke()
    work_off()
    settings.ARCHIVE_BACKEND = "local"
    assert outage.current_outage() is None


@pytest.mark.parametrize("page", ["home", "clips:jobs"])
def test_the_pages_say_it_once_in_one_sentence(on_drive, waiting, work_off, client, sorter, page):
    on_drive.accounts.revoke()
    work_off()
    client.force_login(sorter)
    text = client.get(reverse(page)).content.decode()
    assert text.count("Google no longer accepts") == 1


@pytest.mark.django_db(transaction=True)
def test_a_block_that_ends_while_a_job_is_put_off_leaves_none_waiting(on_drive, make_clip):
    job = Job.objects.for_target(JobKind.ARCHIVE, make_clip())
    block = ArchiveBlock.objects.note("drive", reason=BlockReason.QUOTA, sentence="Full.", retry_after_s=None)
    held = []

    def hold():
        held.append(outage.holds_back(job.pk))
        connection.close()

    with transaction.atomic():
        outage.lift(block)
        worker = threading.Thread(target=hold)
        worker.start()
        worker.join(0.3)  # it has seen the block, and waits for how that goes on
        assert worker.is_alive()
    worker.join(10)
    job.refresh_from_db()
    assert held == [False]
    assert job.run_after <= timezone.now()
