"""Tests the audit of an archive, on disk and on Drive: copies that are gone, trashed, changed, moved, or unknown."""

import pytest

from clips.archive.configured import archive_backend
from clips.integrity import repair
from clips.integrity.archive_checks import archive_and_rows, drive_ids
from clips.integrity.finding import Kind
from clips.models import ArchiveCopy, ArchiveFolder, CopyState, FinalClip
from clips.tests.archive.drive_store import FOLDER_TYPE

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def search_has_caught_up(drive) -> None:
    """Make Drive's search list new files at once; otherwise each is looked up by itself."""
    drive.store.search_lag_s = 0


def found() -> list[Kind]:
    return [disagreement.kind for disagreement in archive_and_rows(checksums=False)]


@pytest.fixture
def copy(backend, make_clip, archived) -> ArchiveCopy:
    name = "2024-12-01__BackyardRails__Mia__KFED__CAM_GOPRO11__240FPS__v001.mp4"
    return archived(make_clip(filename=name)).copies.get()


def test_an_archive_in_order_has_nothing_to_say(backend, copy):
    assert found() == []


def test_a_copy_that_is_in_the_trash_is_found_and_a_repair_shows_it_as_removed(backend, copy, work_off):
    archive_backend().trash(copy.remote_id)
    told = list(archive_and_rows(checksums=False))
    assert [disagreement.kind for disagreement in told] == [Kind.COPY_TRASHED]
    told[0].mend()
    work_off()
    copy.refresh_from_db()
    assert copy.state == CopyState.REMOVED
    assert found() == []


def test_a_copy_that_is_not_what_was_archived_is_found(backend, copy):
    FinalClip.objects.update(size_bytes=1)  # which makes the local archive read the file
    ArchiveCopy.objects.update(sha256="b" * 64)
    assert found() == [Kind.COPY_CHANGED]


def test_a_copy_that_nobody_wrote_down_is_found(backend, copy):
    ArchiveCopy.objects.all().delete()
    assert found() == [Kind.COPY_UNKNOWN]


def test_a_copy_that_somebody_moved_on_drive_is_noted_and_nothing_is_wrong(on_drive, make_clip, archived):
    copy, top = archived(make_clip()).copies.get(), ArchiveFolder.objects.get(parent=None)
    on_drive.store.add("best", "Best of", FOLDER_TYPE, [top.remote_id], owner="person@example.org")
    item = on_drive.store.items[copy.remote_id]
    item.parents, item.name = ["best"], "best.mp4"
    assert found() == [Kind.COPY_MOVED]
    assert not Kind.COPY_MOVED.is_wrong


def test_an_archive_whose_top_folder_is_gone_is_said_once(backend, copy, make_clip, archived):
    archived(make_clip())
    ArchiveFolder.objects.filter(parent=None).update(remote_id="no-such-folder")
    assert found() == [Kind.ARCHIVE_SHUT]


def test_a_drive_that_cannot_be_used_is_said_once(on_drive, settings, make_clip, archived):
    archived(make_clip())
    settings.DRIVE_SERVICE_ACCOUNT_FILE = ""
    assert found() == [Kind.ARCHIVE_SHUT]


def test_a_clip_that_names_another_drive_file_takes_over_its_copys(on_drive, make_clip, archived):
    clip = archived(make_clip())
    FinalClip.objects.update(drive_file_id="other")
    assert [disagreement.kind for disagreement in drive_ids(checksums=False)] == [Kind.DRIVE_ID]
    repair.copy_drive_id(clip.pk)
    clip.refresh_from_db()
    assert clip.drive_file_id == clip.copies.get().remote_id


def test_copies_are_not_looked_at_one_by_one(on_drive, make_clip, archived):
    archived(make_clip())
    archived(make_clip())
    on_drive.log.clear()
    assert found() == []
    n_asked = len([line for line in on_drive.log if "files" in line])
    assert n_asked == 6  # the top folder, the shared drive, a list of each kind of video and of session files
