"""Tests that the archived copy follows its clip: sent once, moved, withdrawn and restored, in each kind of archive."""

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from django.db import connection

from clips.archive.configured import archive_backend
from clips.archive.drive.client import GoogleDriveArchive
from clips.archive.item import CUT, MAX_FACT_BYTES, fitting
from clips.archive.uploader import ensure_folder
from clips.library.new_version import reedit
from clips.models import (
    ArchiveBlock,
    ArchiveCopy,
    ArchiveFolder,
    CopyState,
    Job,
    JobKind,
    JobState,
    OriginalFile,
    Shoot,
)
from clips.models.clip import MAX_PEOPLE
from clips.sorting.decisions import choice_of
from people.merging import merge
from people.models import Person
from people.renaming import announce

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


def held(clip):
    return archive_backend().look(clip.copies.get().remote_id)


def folder_names(clip) -> list[str]:
    row, names = clip.copies.get().folder, []
    while row:
        names, row = [row.name, *names], row.parent
    return names


def test_a_clip_is_sent_and_verified(backend, make_clip, archived):
    clip = archived(make_clip())
    copy = clip.copies.get()
    assert (copy.state, copy.sha256, copy.session) == (CopyState.VERIFIED, clip.file_hash, "")
    assert held(clip).sha256 == clip.file_hash
    assert copy.path == "TrickyClip Archive/2024/2024-12-01 - Backyard Rails/Mia/Unknown/2024-12-01__clip__v001.mp4"
    assert folder_names(clip) == copy.path.split("/")[:-1]


def test_a_second_job_sends_nothing_again(backend, make_clip, archived):
    clip = archived(make_clip())
    remote_id = clip.copies.get().remote_id
    archived(clip)
    assert clip.copies.get().remote_id == remote_id
    assert Job.objects.filter(state=JobState.DONE).count() == 2


def test_a_new_cut_replaces_the_old_one(backend, make_clip, archived, own_data_dir):
    clip = archived(make_clip())
    (own_data_dir / clip.stored_path).write_bytes(b"cut again")
    type(clip).objects.filter(pk=clip.pk).update(file_hash=hashlib.sha256(b"cut again").hexdigest())
    clip.refresh_from_db()
    archived(clip)
    assert held(clip).sha256 == clip.file_hash
    assert clip.copies.get().state == CopyState.VERIFIED


def renamed(name: str) -> Person:
    person = Person.objects.get()
    person.display_name, person.slug = name, name.replace(" ", "_")
    person.save()
    announce(person)
    return person


def test_a_renamed_person_takes_the_copies_along(backend, make_clip, archived, work_off):
    clip = archived(make_clip())
    renamed("Mia Berg")
    work_off()
    assert folder_names(clip)[-2:] == ["Mia_Berg", "Unknown"]
    assert held(clip).folder_id == clip.copies.get().folder.remote_id
    assert (held(clip).sha256, clip.copies.get().state) == (clip.file_hash, CopyState.VERIFIED)


def test_another_tag_moves_the_copy_to_its_new_place(backend, make_clip, archived, work_off, sorter):
    clip = archived(make_clip())
    OriginalFile.objects.update(duration_ms=60_000)
    clip.original_file.refresh_from_db()
    sent = clip.copies.get()
    with only_moves(backend):
        choice = replace(choice_of(clip), person=Person.objects.add("Jo"))
        version = reedit(clip, choice, member=sorter)
        work_off()
    copy = version.copies.get()
    assert (copy.pk, copy.state, held(version).sha256) == (sent.pk, CopyState.VERIFIED, clip.file_hash)
    assert folder_names(version)[-2:] == ["Jo", "Unknown"]
    assert held(version).filename == version.filename
    assert not clip.copies.exists()


@pytest.mark.parametrize(
    "name", ["' or name contains '", "x' in parents or '1'='1", "../../etc", "a/b\\c", "-rf $(id)"]
)
def test_a_session_called_like_a_query_or_a_path_gets_its_folder_and_no_other(backend, make_clip, archived, name):
    Shoot.objects.update(name=name)
    clip, beside = archived(make_clip()), archived(make_clip())
    assert folder_names(clip)[:2] == ["TrickyClip Archive", "2024"]
    assert len(folder_names(clip)) == 5, "no name makes folders of its own"
    assert clip.copies.get().folder == beside.copies.get().folder
    assert {held(one).sha256 for one in (clip, beside)} == {clip.file_hash, beside.file_hash}
    assert ArchiveFolder.objects.count() == 5


@contextmanager
def only_moves(backend) -> Iterator[None]:
    """Let nothing be sent meanwhile."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(type(backend), "put", lambda _self, parcel: pytest.fail(f"{parcel.filename} is sent"))
        yield


def test_a_rename_while_it_is_sent_is_caught_up_with(backend, make_clip, archived, monkeypatch):
    clip = make_clip()
    real = type(backend).put

    def put_and_rename(self, parcel):
        real(self, parcel)
        Person.objects.update(slug="Mia_Berg")

    monkeypatch.setattr(type(backend), "put", put_and_rename)
    archived(clip)
    assert Job.objects.filter(state=JobState.DONE).count() == 2
    assert folder_names(clip)[-2] == "Mia_Berg"
    assert held(clip).folder_id == clip.copies.get().folder.remote_id


def test_a_merge_takes_the_copies_along(backend, make_clip, archived, work_off):
    clip = archived(make_clip())
    jo = Person.objects.add("Jo")
    merge(Person.objects.get(slug="Mia"), jo)
    work_off()
    assert folder_names(clip)[-2] == "Jo"
    assert held(clip).folder_id == clip.copies.get().folder.remote_id


def test_a_withdrawn_copy_lies_in_the_trash_and_comes_back(backend, make_clip, archived):
    clip = archived(make_clip())
    archived(clip, JobKind.WITHDRAW)
    assert clip.copies.get().state == CopyState.WITHDRAWN
    assert held(clip).is_trashed
    archived(clip)
    assert clip.copies.get().state == CopyState.VERIFIED
    assert held(clip).is_trashed is False


def test_a_copy_that_somebody_threw_away_is_not_sent_again_by_itself(backend, make_clip, archived):
    clip = archived(make_clip())
    archive_backend().trash(clip.copies.get().remote_id)
    archived(clip)
    assert clip.copies.get().state == CopyState.REMOVED
    assert (held(clip).is_trashed, clip.drive_file_id) == (True, "")
    archived(clip)
    assert clip.copies.get().state == CopyState.REMOVED
    archived(clip, again=True)
    assert clip.copies.get().state == CopyState.VERIFIED
    assert held(clip).is_trashed is False


def test_a_folder_that_was_thrown_away_gets_a_successor(on_drive, make_clip, archived):
    first = archived(make_clip())
    on_drive.store.items[first.copies.get().folder.parent.remote_id].trashed = True
    second = archived(make_clip())
    assert held(first).is_trashed
    assert held(second).is_trashed is False
    assert first.copies.get().folder == second.copies.get().folder
    assert [row.name for row in ArchiveFolder.objects.filter(name="Mia")] == ["Mia"]


def test_drive_shows_who_a_file_is(on_drive, make_clip, archived):
    clip, other = make_clip(), Person.objects.add("李小龙")
    clip.also.add(other)
    clip = archived(clip)
    item = on_drive.store.items[clip.drive_file_id]
    place = f"{clip.copies.get().folder.remote_id}/{clip.filename}"
    assert item.app_properties == {
        "trickyclip_place": hashlib.sha256(place.encode()).hexdigest(),
        "trickyclip_content": clip.file_hash,
        "trickyclip_clip": str(clip.pk),
        "trickyclip_original": "a" * 64,
        "trickyclip_in": "1000",
        "trickyclip_out": "1500",
        "trickyclip_category": "TRICK",
        "trickyclip_lineage": str(clip.lineage),
        "trickyclip_kept_at": clip.created_at.isoformat(),
        "trickyclip_session": str(clip.original_file.shoot_id),
        "trickyclip_session_name": "Backyard Rails",
        "trickyclip_video": "GX01.MP4",
        "trickyclip_video_bytes": "1",
        "trickyclip_rider": str(clip.person_id),
        "trickyclip_rider_name": "Mia",
        "trickyclip_also_1": str(other.pk),
    }
    most = len(item.app_properties) - 1 + len(("trick", "trick_name")) + MAX_PEOPLE
    assert most <= 30, "so many Drive keeps"
    assert clip.copies.get().url == f"https://drive.google.com/file/d/{clip.drive_file_id}/view"


def test_facts_are_cut_to_the_bytes_that_drive_keeps():
    name = "trickyclip_rider_name"
    told = fitting(name, "李" * 100)
    assert len(f"{name}{told}".encode()) <= MAX_FACT_BYTES
    assert told.endswith(CUT)
    assert fitting(name, "Zoë Müller-Lüdenscheidt") == "Zoë Müller-Lüdenscheidt"


@pytest.mark.parametrize("by_hand", ["moved", "renamed"])
def test_a_copy_that_somebody_moved_or_renamed_stays_where_they_put_it(
    on_drive, make_clip, archived, work_off, by_hand
):
    clip = archived(make_clip())
    item = on_drive.store.items[clip.drive_file_id]
    if by_hand == "moved":
        item.parents = ["shared-drive"]
    else:
        item.name = "best of.mp4"
    before = (list(item.parents), item.name)
    renamed("Mia Berg")
    assert work_off() == [JobKind.RENAME, JobKind.ARCHIVE]
    assert (item.parents, item.name) == before
    assert clip.copies.get().state == CopyState.VERIFIED
    archived(clip, JobKind.WITHDRAW)
    assert item.trashed, "by its id, wherever it lies"


def test_a_copy_that_arrives_wrong_is_not_verified_and_is_mended(on_drive, make_clip, archived, monkeypatch):
    clip = make_clip()
    real = on_drive.store.finish

    def damage(session):
        item = real(session)
        item.sha256 = "0" * 64
        return item

    monkeypatch.setattr(on_drive.store, "finish", damage)
    archived(clip)
    assert "differs" in Job.objects.get().reason
    assert clip.copies.get().state == CopyState.SENDING
    monkeypatch.undo()
    Job.objects.update(run_after=Job.objects.get().created_at)
    archived(clip)
    assert clip.copies.get().state == CopyState.VERIFIED
    assert len(on_drive.store.files()) == 1


@pytest.mark.django_db(transaction=True)
def test_eight_workers_at_a_new_path_make_each_folder_once(on_drive):
    parts = ("TrickyClip Archive", "2024", "2024-12-01 - Backyard Rails", "Mia", "KFED")
    on_drive.store.search_lag_s = 3600
    begin, made, failed = threading.Barrier(8), [], []

    def work() -> None:
        try:
            begin.wait()
            made.append(ensure_folder(archive_backend(), parts).remote_id)
        except Exception as error:  # told by the test
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _number in range(8)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert failed == []
    assert [item.name for item in on_drive.store.folders()] == list(parts)
    assert len(set(made)) == 1
    assert ArchiveFolder.objects.count() == len(parts)


def test_a_worker_that_lost_its_job_writes_nothing_more(on_drive, make_clip, archived, monkeypatch):
    """A second worker took the job over while the first one was asking for an id."""
    clip = make_clip()
    real = GoogleDriveArchive.new_file_id

    def slow(self, *args):
        Job.objects.filter(state=JobState.RUNNING).update(lease_token="00000000-0000-4000-8000-000000000000")
        return real(self, *args)

    monkeypatch.setattr(GoogleDriveArchive, "new_file_id", slow)
    archived(clip)
    copy = ArchiveCopy.objects.get()
    assert (copy.remote_id, copy.session, copy.state) == ("", "", CopyState.SENDING)
    assert on_drive.store.files() == []


def test_a_removed_clip_is_taken_back_from_the_archive_of_before_too(on_drive, make_clip, archived, settings):
    settings.ARCHIVE_BACKEND = "local"
    clip = archived(make_clip())
    settings.ARCHIVE_BACKEND = "drive"
    archived(clip)
    archived(clip, JobKind.WITHDRAW)
    assert {copy.backend: copy.state for copy in clip.copies.all()} == dict.fromkeys(
        ["local", "drive"], CopyState.WITHDRAWN
    )
    (item,) = on_drive.store.files()
    assert item.trashed
    assert not (settings.ARCHIVE_DIR / clip.copies.get(backend="local").path).exists()


def test_an_archive_of_before_that_cannot_be_reached_stops_nothing_in_the_new_one(
    on_drive, make_clip, archived, settings
):
    clip = archived(make_clip())
    settings.ARCHIVE_BACKEND = "local"
    archived(clip)
    on_drive.accounts.revoke()
    archived(clip, JobKind.WITHDRAW)
    job = Job.objects.get(kind=JobKind.WITHDRAW)
    assert (job.state, job.attempts) == (JobState.WAITING, 1)
    assert "no longer accepts" in job.reason
    assert not ArchiveBlock.objects.exists()
