"""Tests that changes people make to copies on Drive are noticed."""

import pytest

from clips.archive import tasks, uploader
from clips.models import ArchiveBlock, ArchiveCursor, CopyState, Job, JobKind

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("whatever_the_user_sees")]


@pytest.fixture
def clips(on_drive, make_clip, archived) -> list:
    """Three clips on Drive, with all changes so far read."""
    made = [archived(make_clip()) for _number in range(3)]
    tasks.notice_archive_changes()
    return made


def states(clips) -> list[str]:
    return [clip.copies.get().state for clip in clips]


@pytest.mark.slow
def test_a_copy_that_is_thrown_away_is_shown_so_and_one_that_is_brought_back_too(on_drive, clips, work_off):
    file_id = clips[1].drive_file_id
    on_drive.store.trash(file_id)
    tasks.notice_archive_changes()
    assert work_off() == [JobKind.ARCHIVE]
    assert states(clips) == [CopyState.VERIFIED, CopyState.REMOVED, CopyState.VERIFIED]
    on_drive.store.trash(file_id, trashed=False)
    tasks.notice_archive_changes()
    work_off()
    assert states(clips) == [CopyState.VERIFIED] * 3
    clips[1].refresh_from_db()
    assert clips[1].drive_file_id == file_id


def test_a_folder_takes_its_copies_along(on_drive, clips, work_off):
    on_drive.store.trash(clips[0].copies.get().folder.parent.remote_id)
    tasks.notice_archive_changes()
    work_off()
    assert states(clips) == [CopyState.REMOVED] * 3


def test_a_copy_that_is_deleted_for_good_is_shown_so(on_drive, clips, work_off):
    on_drive.store.delete(clips[0].drive_file_id)
    tasks.notice_archive_changes()
    work_off()
    assert states(clips) == [CopyState.REMOVED, CopyState.VERIFIED, CopyState.VERIFIED]


@pytest.fixture
def right_after_the_look(monkeypatch):
    """Return a function that has something happen between a job's last look at Drive and its end, once."""
    looked = []

    def happens(deed) -> None:
        def deliver(item, work, **options):
            copy = uploader.send(item, work, **options)
            if not looked:
                looked.append(deed())
            return copy

        monkeypatch.setattr(tasks, "send", deliver)

    return happens


def test_what_is_thrown_away_while_a_job_ends_is_looked_at_again(on_drive, clips, work_off, right_after_the_look):
    def thrown_away() -> None:
        on_drive.store.trash(clips[0].drive_file_id)
        tasks.notice_archive_changes()

    right_after_the_look(thrown_away)
    Job.objects.for_target(JobKind.ARCHIVE, clips[0])
    assert work_off() == [JobKind.ARCHIVE] * 2
    assert states(clips) == [CopyState.REMOVED, CopyState.VERIFIED, CopyState.VERIFIED]


@pytest.mark.parametrize(
    ("deed", "args", "state"),
    [("trash", [], CopyState.REMOVED), ("revise", [b"graded by Jo"], CopyState.CHANGED)],
)
def test_what_is_done_to_a_new_clip_as_it_arrives_is_looked_at_again(
    on_drive, make_clip, work_off, right_after_the_look, deed, args, state
):
    tasks.notice_archive_changes()
    clip = make_clip()

    def done() -> None:
        getattr(on_drive.store, deed)(clip.copies.get().remote_id, *args)
        tasks.notice_archive_changes()

    right_after_the_look(done)
    Job.objects.for_target(JobKind.ARCHIVE, clip)
    assert work_off() == [JobKind.ARCHIVE] * 2
    assert states([clip]) == [state]


def test_what_is_restored_while_a_job_ends_is_looked_at_again(on_drive, clips, work_off, right_after_the_look):
    file_id = clips[0].drive_file_id
    on_drive.store.trash(file_id)
    tasks.notice_archive_changes()
    work_off()

    def restored() -> None:
        on_drive.store.trash(file_id, trashed=False)
        tasks.notice_archive_changes()

    right_after_the_look(restored)
    Job.objects.for_target(JobKind.ARCHIVE, clips[0])
    assert work_off() == [JobKind.ARCHIVE] * 2
    assert states(clips) == [CopyState.VERIFIED] * 3


def test_what_we_did_ourselves_starts_nothing(on_drive, make_clip, archived, clips, work_off):
    archived(make_clip())
    archived(clips[0], JobKind.WITHDRAW)
    tasks.notice_archive_changes()
    assert work_off() == []


def test_a_page_that_could_not_be_read_is_read_again(on_drive, clips, work_off):
    on_drive.store.trash(clips[0].drive_file_id)
    on_drive.troubles.once("GET /drive/v3/changes", "permission")
    token = ArchiveCursor.objects.get().token
    tasks.notice_archive_changes()
    assert ArchiveCursor.objects.get().token == token
    ArchiveBlock.objects.all().delete()
    tasks.notice_archive_changes()
    work_off()
    assert states(clips)[0] == CopyState.REMOVED


def test_a_position_that_drive_does_not_know_any_more_ends_nothing(on_drive, clips, work_off):
    """As after months, or with another account; what happened before it is left to the nightly audit."""
    ArchiveCursor.objects.update(token="another~7")
    tasks.notice_archive_changes()
    on_drive.store.trash(clips[0].drive_file_id)
    tasks.notice_archive_changes()
    work_off()
    assert states(clips)[0] == CopyState.REMOVED
    assert not ArchiveBlock.objects.exists()


def test_each_log_is_read_from_its_own_position(on_drive, clips, settings, work_off):
    settings.DRIVE_FOLDER_ID = ""  # somebody chose My Drive, and then the shared drive again
    tasks.notice_archive_changes()
    on_drive.store.trash(clips[0].drive_file_id)
    settings.DRIVE_FOLDER_ID = "shared-drive"
    tasks.notice_archive_changes()
    work_off()
    assert states(clips)[0] == CopyState.REMOVED
    assert {cursor.log for cursor in ArchiveCursor.objects.all()} == {"", "shared-drive"}
