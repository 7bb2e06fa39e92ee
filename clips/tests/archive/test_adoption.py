"""Tests the adoption of copies that are in another place than their row says, or have no row, on Drive and on disk."""

import hashlib
from collections.abc import Callable
from io import StringIO

import pytest
from django.core import serializers
from django.core.management import CommandError, call_command
from django.utils import timezone

from clips.archive import renaming
from clips.archive.configured import archive_backend
from clips.integrity.finding import Kind
from clips.integrity.run import audit
from clips.models import ArchiveCopy, ArchiveFolder, CopyState, FinalClip, Job, JobKind, OriginalFile, Shoot
from clips.tests.archive.drive_store import FOLDER_TYPE, Item
from clips.tests.archive.test_uploader import held, only_moves
from people.models import Person

pytestmark = pytest.mark.django_db

NAME = "2024-12-01__BackyardRails__Mia__Unknown__CAM_GOPRO11__240FPS__v001.mp4"
KEPT = (Person, Shoot, OriginalFile, FinalClip, ArchiveFolder, ArchiveCopy)
REPAIR, REARCHIVE, REBUILD = ("audit", "--repair"), ("rearchive", "--no-wait"), ("rebuild_from_archive", "--move", "1")


@pytest.fixture(autouse=True)
def search_has_caught_up(drive) -> None:
    drive.store.search_lag_s = 0


@pytest.fixture
def clip(backend, make_clip, archived) -> FinalClip:
    return archived(make_clip(filename=NAME))


@pytest.fixture
def restored(clip, work_off) -> FinalClip:
    """A clip whose session and rider were renamed after the backup that came back."""
    kept = [serializers.serialize("json", model.objects.all()) for model in KEPT]
    Person.objects.update(slug="Mia_Berg")
    Shoot.objects.update(name="Night Rails", slug="NightRails")
    renaming.follow(Shoot.objects.get())
    work_off()
    assert "NightRails__Mia_Berg" in held(clip).filename
    for rows in kept:
        for row in serializers.deserialize("json", rows):
            row.save()
    return clip


@pytest.fixture
def mend(backend, work_off) -> Callable[..., str]:
    """Return a function that calls a command and does its jobs, and sends nothing meanwhile."""

    def call(*command: str) -> str:
        out = StringIO()
        with only_moves(backend):
            try:
                call_command(*command, stdout=out, stderr=out)
            except CommandError as error:
                out.write(str(error))
            work_off()
        return out.getvalue()

    return call


def wrong() -> list[Kind]:
    return [found.kind for found, _mended in audit() if found.kind.value.startswith("COPY_")]


def is_in_place(clip: FinalClip) -> bool:
    """Return whether row and archive agree that the copy is at the place of its name."""
    copy, there = clip.copies.get(), held(clip)
    said = (there.folder_id, there.filename, there.sha256, there.is_trashed)
    in_place = copy.path == f"TrickyClip Archive/2024/2024-12-01 - Backyard Rails/Mia/Unknown/{NAME}"
    return in_place and said == (copy.folder.remote_id, NAME, clip.file_hash, False) and copy.state == "VERIFIED"


# On the local archive a rebuild reads inside the files, and noise says nothing; test_converge.py has real ones.
EACH_WAY = [("local", REPAIR), ("local", REARCHIVE), ("drive", REPAIR), ("drive", REARCHIVE), ("drive", REBUILD)]


@pytest.mark.slow
@pytest.mark.parametrize(("backend", "command"), EACH_WAY, indirect=["backend"], ids=str)
def test_what_was_renamed_after_the_backup_is_moved_back(backend, command, restored, mend):
    assert wrong()
    mend(*command)
    assert is_in_place(restored)
    assert wrong() == []


@pytest.mark.parametrize(("backend", "command"), EACH_WAY[:4], indirect=["backend"], ids=str)
def test_a_copy_of_which_the_backup_knows_nothing_is_taken_over(backend, command, clip, mend):
    ArchiveCopy.objects.all().delete()
    ArchiveFolder.objects.all().delete()
    mend(*command)
    assert is_in_place(clip)
    clip.refresh_from_db()
    assert clip.drive_file_id == (clip.copies.get().remote_id if backend.name == "drive" else "")
    assert wrong() == []


@pytest.mark.parametrize("again", [True, False], ids=["rearchived", "repaired"])
def test_a_camera_file_of_which_the_backup_knows_nothing_is_taken_over(backend, clip, mend, work_off, settings, again):
    settings.ORIGINALS_DIR.mkdir()
    (settings.DATA_DIR / clip.original_file.stored_path).write_bytes(b"film")
    OriginalFile.objects.update(size_bytes=4, file_hash=hashlib.sha256(b"film").hexdigest())
    original = OriginalFile.objects.get()
    Job.objects.for_target(JobKind.ARCHIVE, original)
    work_off()
    path = original.copies.get().path
    original.copies.all().delete()
    if again and backend.name == "drive":
        Job.objects.for_target(JobKind.ARCHIVE, original)
    mend(*REPAIR)
    assert (original.copies.get().path, original.copies.get().state) == (path, CopyState.VERIFIED)
    assert wrong() == []


def test_a_camera_file_that_only_the_archive_has_is_found_by_one_repair(backend, clip, mend, work_off, settings):
    """Neither its copy's row nor that it was let go is in the backup."""
    settings.ORIGINALS_DIR.mkdir()
    path = settings.DATA_DIR / clip.original_file.stored_path
    path.write_bytes(b"film")
    OriginalFile.objects.update(size_bytes=4, file_hash=hashlib.sha256(b"film").hexdigest())
    Job.objects.for_target(JobKind.ARCHIVE, OriginalFile.objects.get())
    work_off()
    ArchiveCopy.objects.exclude(original_file=None).delete()
    path.unlink()
    mend(*REPAIR)
    assert OriginalFile.objects.get().evicted_at
    assert OriginalFile.objects.get().copies.get().state == CopyState.VERIFIED


def test_a_removed_clip_that_lies_in_the_archive_again_is_put_into_its_trash(backend, clip, archived, mend):
    FinalClip.objects.update(removed_at=timezone.now(), is_current=False)
    archived(clip, JobKind.WITHDRAW)
    archive_backend().restore(clip.copies.get().remote_id)
    assert wrong() == [Kind.COPY_LEFT]
    mend(*REPAIR)
    assert held(clip).is_trashed
    assert wrong() == []


def test_old_versions_of_a_removed_clip_are_not_archived_again(backend, clip, make_clip, archived, mend):
    FinalClip.objects.update(is_current=False)
    make_clip(lineage=clip.lineage, is_current=False, removed_at=timezone.now())
    archived(clip, JobKind.WITHDRAW)
    mend(*REARCHIVE)
    assert held(clip).is_trashed


def own_copy(on_drive, clip: FinalClip, folder_id: str) -> Item:
    """Put a person's own copy of a clip somewhere, with all that Drive copies along."""
    sent = on_drive.store.items[clip.drive_file_id]
    item = on_drive.store.drop(sent.name, sent.content, folder_id)
    item.app_properties = dict(sent.app_properties)
    return item


def test_a_persons_own_copy_outside_the_archive_is_nobodys_business(on_drive, make_clip, archived, mend):
    clip = archived(make_clip(filename=NAME))
    own = own_copy(on_drive, clip, "shared-drive")
    assert wrong() == []
    on_drive.store.delete(clip.drive_file_id)
    mend(*REPAIR)
    assert (own.trashed, own.parents, clip.copies.get().state) == (False, ["shared-drive"], CopyState.REMOVED)


def test_a_persons_own_copy_within_the_archive_is_told_and_left_alone(on_drive, make_clip, archived, mend):
    clip = archived(make_clip(filename=NAME))
    top = ArchiveFolder.objects.get(parent=None).remote_id
    on_drive.store.add("best", "Best of", FOLDER_TYPE, [top], owner="person@example.org", drive_id="shared-drive")
    own = own_copy(on_drive, clip, "best")
    mend(*REPAIR)
    assert wrong() == [Kind.COPY_UNKNOWN]
    assert (own.trashed, own.parents) == (False, ["best"])
    assert is_in_place(clip)


def test_folders_of_which_the_backup_knows_nothing_are_used_again(on_drive, make_clip, archived):
    first = archived(make_clip())
    ArchiveCopy.objects.update(folder=None)
    ArchiveFolder.objects.all().delete()
    second = archived(make_clip())
    assert held(first).folder_id == held(second).folder_id
    names = [item.name for item in on_drive.store.folders()]
    assert sorted(names) == sorted(set(names))


def test_a_cut_that_is_replaced_where_a_later_name_put_it_is_moved_back(on_drive, make_clip, archived, own_data_dir):
    """Not taken for one that a person has moved."""
    clip = archived(make_clip(filename=NAME))
    row = ArchiveCopy.objects.filter(clip=clip)
    before = row.values("path", "folder").get()
    Person.objects.update(slug="Mia_Berg")
    archived(clip)
    Person.objects.update(slug="Mia")
    row.update(**before)
    (own_data_dir / clip.stored_path).write_bytes(b"cut again")
    FinalClip.objects.update(file_hash=hashlib.sha256(b"cut again").hexdigest(), size_bytes=9)
    assert is_in_place(archived(clip))
