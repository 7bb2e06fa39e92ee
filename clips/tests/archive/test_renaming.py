"""Tests renames with archived copies: killed midway, twice in a row, and around an undo, in each kind of archive."""

import functools
import time
import uuid
from collections.abc import Callable

import pytest
from django.utils import timezone

from clips.archive import renaming, session_filing, uploader
from clips.archive import tasks as archive_tasks
from clips.archive.backend import ListedFile
from clips.archive.configured import archive_backend
from clips.archive.drive.client import GoogleDriveArchive
from clips.jobs import tasks as jobs_tasks
from clips.library import tasks as library_tasks
from clips.library.bulk import TagChange, change_tags
from clips.library.new_version import reedit
from clips.library.search import matching
from clips.models import CopyState, FileName, FinalClip, Job, JobKind, JobState, Shoot
from clips.sorting.decisions import choice_of, keep
from clips.tests.archive.drive_store import SEARCH_LAG_S
from clips.tests.archive.test_uploader import folder_names, held, only_moves
from clips.tests.archive.test_withdraw import undo_last
from clips.tests.jobs.test_render_and_archive import filmed, kept  # noqa: F401 - fixtures
from people.models import Person

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


class Killed(BaseException):
    """A simulated kill: nothing in the site catches it, so it leaves everything as a killed process does."""


def rename(person: Person, name: str) -> None:
    Person.objects.filter(pk=person.pk).update(display_name=name, slug=name.replace(" ", "_"))
    renaming.follow(person)


def after_a_kill(work_off) -> None:
    """Let the killed worker's lease expire, and another worker continue."""
    Job.objects.filter(state=JobState.RUNNING).update(lease_ends_at=timezone.now())
    jobs_tasks.sweep()
    work_off()


def stock(*, checksums: bool) -> list[ListedFile]:
    """List the archive when a search has caught up with it: Drive's lags behind (drive_store.py)."""
    time.sleep(2 * SEARCH_LAG_S)
    return list(archive_backend().stock(checksums=checksums))


def is_called(clip: FinalClip, name: str) -> bool:
    """Return whether row, copy and archive all have this name, and the archive has one whole copy."""
    clip.refresh_from_db()
    copy, there = clip.copies.get(), held(clip)
    named = f"__{name}__" in clip.filename and folder_names(clip)[-2] == name
    in_place = (there.folder_id, there.filename) == (copy.folder.remote_id, clip.filename)
    lying = [one for one in stock(checksums=True) if one.sha256 == clip.file_hash]
    is_whole = (copy.state, there.sha256, len(lying)) == (CopyState.VERIFIED, clip.file_hash, 1)
    return named and in_place and is_whole and copy.path.endswith(clip.filename)


def test_files_are_renamed_and_nothing_is_sent_again(backend, make_clip, archived, work_off):
    clips = [archived(make_clip()) for _number in range(3)]
    with only_moves(backend):
        rename(clips[0].person, "Mia Berg")
        work_off()
    assert all(is_called(clip, "Mia_Berg") for clip in clips)
    assert [matching(FinalClip.objects.all(), typed).count() for typed in ("berg", "mia berg")] == [3, 3]


def test_a_worker_killed_between_two_clips_renames_each_once(backend, make_clip, archived, work_off, monkeypatch):
    clips = [archived(make_clip()) for _number in range(3)]
    real, n_calls = renaming._rename, []

    def killed_at_the_second(clip):
        n_calls.append(clip)
        if len(n_calls) == 2:
            raise Killed
        real(clip)

    monkeypatch.setattr(renaming, "_rename", killed_at_the_second)
    rename(clips[0].person, "Mia Berg")
    with pytest.raises(Killed):
        work_off()
    assert FinalClip.objects.filter(filename__contains="Mia_Berg").count() == 1
    after_a_kill(work_off)
    assert all(is_called(clip, "Mia_Berg") for clip in clips)
    assert FileName.objects.filter(stem__contains="Mia_Berg").count() == 3


@pytest.mark.parametrize("moment", ["before the move", "after the move"])
def test_two_renames_around_a_worker_killed_while_it_moves(backend, make_clip, archived, work_off, monkeypatch, moment):
    """Neither the row nor the current name says where the file is then."""
    clip = archived(make_clip())
    real = type(backend).move

    def killed(self, *args, **kwargs):
        if moment == "after the move":
            real(self, *args, **kwargs)
        raise Killed

    monkeypatch.setattr(type(backend), "move", killed)
    rename(clip.person, "Mia Berg")
    with pytest.raises(Killed):
        work_off()
    monkeypatch.setattr(type(backend), "move", real)
    rename(clip.person, "Mia Hill")
    after_a_kill(work_off)
    assert is_called(clip, "Mia_Hill")


def test_a_clip_removed_after_its_worker_was_killed_goes_into_the_trash(
    backend, make_clip, archived, work_off, monkeypatch
):
    clip = archived(make_clip())
    real = type(backend).move

    def killed(self, *args, **kwargs):
        real(self, *args, **kwargs)
        raise Killed

    monkeypatch.setattr(type(backend), "move", killed)
    rename(clip.person, "Mia Berg")
    with pytest.raises(Killed):
        work_off()
    monkeypatch.setattr(type(backend), "move", real)
    Job.objects.all().delete()
    archived(clip, JobKind.WITHDRAW)
    assert [lying.is_trashed for lying in stock(checksums=False)] == [True]


def test_a_second_rename_while_the_first_one_runs_is_caught_up_with(
    backend, make_clip, archived, work_off, monkeypatch
):
    clip = archived(make_clip())
    real, renamed = renaming.bring_up_to_date, []

    def renamed_again(clips):
        real(clips)
        if not renamed:
            renamed.append(rename(clip.person, "Mia Hill"))

    monkeypatch.setattr(renaming, "bring_up_to_date", renamed_again)
    rename(clip.person, "Mia Berg")
    assert work_off().count(JobKind.RENAME) == 2
    assert is_called(clip, "Mia_Hill")


def test_a_rename_while_a_clip_is_sent_is_caught_up_with(backend, make_clip, archived, work_off, monkeypatch):
    """Only the file name differs: the folders of a session that keeps its name stay."""
    clip = make_clip()
    real = type(backend).put

    def put_and_rename(self, parcel):
        real(self, parcel)
        Shoot.objects.update(slug="Yard")
        renaming.bring_up_to_date([clip.pk])

    monkeypatch.setattr(type(backend), "put", put_and_rename)
    archived(clip)
    clip.refresh_from_db()
    assert "__Yard__" in clip.filename
    assert held(clip).filename == clip.filename


def test_all_versions_follow(backend, make_clip, archived, work_off, sorter):
    first = archived(make_clip())
    first.original_file.duration_ms = 60_000
    first.original_file.save()
    choice = choice_of(first)
    version = reedit(first, type(choice)(**vars(choice) | {"end_ms": choice.end_ms + 100}), member=sorter)
    Job.objects.all().delete()  # there is no camera file to cut it from
    rename(first.person, "Mia Berg")
    work_off()
    version.refresh_from_db()
    assert is_called(first, "Mia_Berg")
    assert "__Mia_Berg__" in version.filename


@pytest.mark.parametrize("undone", ["before", "after"])
def test_what_is_kept_again_after_a_rename_comes_back_under_the_new_name(backend, request, work_off, undone):
    clip = request.getfixturevalue("kept")
    work_off()
    old = held(clip).filename
    lease = uuid.uuid4()
    if undone == "before":
        undo_last(clip, lease)
        work_off()
    rename(clip.person, "Mia Berg")
    work_off()
    if undone == "before":
        assert (held(clip).is_trashed, held(clip).filename) == (True, old), "the trash is left alone"
    else:
        undo_last(clip, lease)
        work_off()
    clip.refresh_from_db()
    clip.person.refresh_from_db()
    again = keep(clip.candidate_segment, choice_of(clip), lease=lease, key=uuid.uuid4(), member=clip.created_by)
    assert again.pk == clip.pk
    with only_moves(backend):
        assert work_off() == [JobKind.ARCHIVE]
    assert is_called(clip, "Mia_Berg")


def test_a_move_that_an_undo_did_not_see_brings_nothing_back(backend, request, work_off):
    """The job of the move is committed a moment after the undo looked for jobs to cancel."""
    clip = request.getfixturevalue("kept")
    work_off()
    rename(clip.person, "Mia Berg")
    archive_tasks.rename(str(Job.objects.get(kind=JobKind.RENAME).pk))
    undo_last(clip)
    work_off()
    unseen = Job.objects.filter(kind=JobKind.ARCHIVE, state=JobState.CANCELLED)
    assert unseen.update(state=JobState.WAITING, finished_at=None) == 1
    work_off()
    assert (clip.copies.get().state, held(clip).is_trashed) == (CopyState.WITHDRAWN, True)


def test_the_night_catches_up_with_what_was_changed_past_the_forms(backend, make_clip, archived, work_off):
    clip = archived(make_clip())
    renaming.follow(clip.original_file.shoot)
    work_off()
    Person.objects.update(display_name="Mia Berg", slug="Mia_Berg")
    library_tasks.refresh_search()
    assert work_off() == [JobKind.RENAME, JobKind.ARCHIVE]
    assert is_called(clip, "Mia_Berg")
    library_tasks.refresh_search()
    assert work_off() == []


@pytest.fixture
def swap(on_drive, make_clip, archived, sorter) -> tuple[FinalClip, FinalClip]:
    """Two clips alone in their riders' folders, each of which is to go into the other's."""
    on_drive.store.search_lag_s = 0
    mia, jo = archived(make_clip()), archived(make_clip(person=Person.objects.add("Jo")))
    for clip, person in ((mia, jo.person), (jo, mia.person)):
        change_tags([clip.pk], TagChange(sets_people=True, people=(person,)), member=sorter, key=uuid.uuid4())
    for job in Job.objects.active().filter(kind=JobKind.RENAME):
        archive_tasks.rename(str(job.pk))
    return mia, jo


def move(clip: FinalClip) -> None:
    archive_tasks.archive(str(Job.objects.active().get(kind=JobKind.ARCHIVE, clip=clip).pk))


def once_at(monkeypatch, owner: object, name: str, happens: Callable[[], None], *, after: bool = False) -> None:
    """Let something happen before or after the next call of a function."""
    real = getattr(owner, name)

    def with_it(*args, **kwargs):
        monkeypatch.setattr(owner, name, real)
        if not after:
            happens()
        answer = real(*args, **kwargs)
        if after:
            happens()
        return answer

    monkeypatch.setattr(owner, name, with_it)


def in_the_trash(drive) -> list[str]:
    return [item.name for item in drive.store.files() if drive.store.is_trashed(item)]


@pytest.mark.parametrize("is_late", [False, True], ids=["found to be empty", "in the trash already"])
def test_a_folder_that_another_worker_is_about_to_fill_is_taken_out_of_the_trash(
    on_drive, swap, work_off, monkeypatch, is_late
):
    leaves, comes = swap
    once_at(monkeypatch, GoogleDriveArchive, "_set_trashed", functools.partial(move, comes), after=is_late)
    move(leaves)
    work_off()
    assert (is_called(leaves, "Jo"), is_called(comes, "Mia"), in_the_trash(on_drive)) == (True, True, [])


def test_a_clip_whose_next_folder_was_just_removed_goes_into_another(on_drive, swap, work_off, monkeypatch):
    leaves, comes = swap
    once_at(monkeypatch, uploader, "ensure_folder", functools.partial(move, leaves), after=True)
    move(comes)
    work_off()
    assert (is_called(leaves, "Jo"), is_called(comes, "Mia"), in_the_trash(on_drive)) == (True, True, [])


def test_a_clip_that_is_sent_into_a_folder_that_was_just_removed_is_seen(
    on_drive, swap, make_clip, work_off, monkeypatch
):
    leaves, stays = swap
    Job.objects.active().filter(clip=stays).delete()
    new = make_clip(person=Person.objects.get(slug="Mia"))
    Job.objects.for_target(JobKind.ARCHIVE, new)
    once_at(monkeypatch, uploader, "ensure_folder", functools.partial(move, leaves), after=True)
    move(new)
    work_off()
    assert (held(new).sha256, folder_names(new)[-2], in_the_trash(on_drive)) == (new.file_hash, "Mia", [])


def test_a_sessions_file_whose_folder_was_just_removed_is_written_into_another(
    on_drive, make_clip, work_off, monkeypatch
):
    on_drive.store.search_lag_s = 0
    Job.objects.for_target(JobKind.RECORD, make_clip().original_file.shoot)
    real = session_filing.ensure_folder

    def removed_at_once(backend, parts):
        folder = real(backend, parts)
        monkeypatch.setattr(session_filing, "ensure_folder", real)
        uploader.remove_empty(backend, folder)
        assert [item.name for item in on_drive.store.folders() if item.trashed]
        return folder

    monkeypatch.setattr(session_filing, "ensure_folder", removed_at_once)
    work_off()
    assert Job.objects.get(kind=JobKind.RECORD).state == JobState.DONE
    assert ([item.name for item in on_drive.store.files()], in_the_trash(on_drive)) == (["trickyclip.json"], [])
