"""Tests rebuilding clips from the archive after the database is lost."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from clips.archive import tasks as archive_tasks
from clips.archive.naming import (
    ROOT,
    file_stem,
    folder_name,
    folder_parts,
    original_name,
    read_names,
    read_original_name,
)
from clips.ingest import tasks as ingest_tasks
from clips.ingest.watch_folder import IncomingFolder
from clips.models import (
    ArchiveCopy,
    CandidateSegment,
    CopyState,
    Decision,
    FileName,
    FinalClip,
    Job,
    JobKind,
    OriginalFile,
    Shoot,
)
from clips.tests.jobs.test_render_and_archive import filmed, kept  # noqa: F401
from people.models import Person
from tricks.models import Trick

pytestmark = pytest.mark.django_db


def rebuilt(*options: str) -> str:
    out = StringIO()
    call_command("rebuild_from_archive", *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def lost(backend, request, kept, work_off) -> FinalClip:  # noqa: F811
    """A real clip was cut and archived; then all rows are gone but the original's, which was brought in again."""
    if backend.name == "drive":
        request.getfixturevalue("drive").store.search_lag_s = 0  # by the time that somebody rebuilds it has caught up
    work_off()
    clip = FinalClip.objects.select_related("original_file").get()
    for model in (ArchiveCopy, Job, Decision, FinalClip, FileName, Trick, Person):
        model.objects.all().delete()
    clip.pk = kept.pk
    return clip


@pytest.mark.slow
def test_a_clip_is_as_it_was(lost):
    rebuilt()
    old, new = lost, FinalClip.objects.get()
    for name in ("pk", "filename", "start_ms", "end_ms", "camera_id", "fps_label", "date", "category", "drive_file_id"):
        assert getattr(new, name) == getattr(old, name), name
    assert (new.person.display_name, str(new.trick)) == ("Miller Downey", "KFED")
    copy = new.copies.get()
    assert (copy.state, copy.sha256) == (CopyState.VERIFIED, old.file_hash)
    assert FileName.objects.allocate(FileName.objects.get().stem).number == 2, "no name is given twice"
    assert Shoot.objects.get().name == "Backyard Rails"


@pytest.mark.slow
def test_a_second_time_changes_nothing(lost):
    rebuilt()
    assert "1  clips already here" in rebuilt()
    assert FinalClip.objects.count() == ArchiveCopy.objects.count() == Person.objects.count() == 1


@pytest.mark.slow
def test_a_dry_run_says_it_and_does_nothing(lost):
    text = rebuilt("--dry-run")
    assert "1  clips\n" in text
    assert "1  people" in text
    assert not FinalClip.objects.exists()
    assert not Person.objects.exists()


@pytest.mark.slow
def test_a_clip_whose_original_is_not_here_waits_for_it(lost):
    OriginalFile.objects.all().update(file_hash="f" * 64)
    text = rebuilt()
    assert "1 clips are waiting for it" in text
    assert not FinalClip.objects.exists()
    OriginalFile.objects.all().update(file_hash=lost.original_file.file_hash)
    rebuilt()
    assert FinalClip.objects.count() == 1


@pytest.mark.slow
def test_an_original_that_the_archive_has_comes_back_through_the_incoming_folder(
    lost, backend, settings, work_off, tmp_path
):
    """With its own name, into its own session, and with it the clips that waited for it."""
    archive_tasks.archive(str(Job.objects.for_target(JobKind.ARCHIVE, lost.original_file, params={"alone": True}).pk))
    there = ArchiveCopy.objects.get(state=CopyState.VERIFIED)
    for model in (ArchiveCopy, Job, CandidateSegment, OriginalFile, Shoot):
        model.objects.all().delete()
    (settings.DATA_DIR / lost.original_file.stored_path).unlink()
    text = rebuilt()
    assert f"1 clips are waiting for it; the archive has it as {there.filename}." in text
    assert str(settings.INCOMING_DIR) in text
    put = settings.INCOMING_DIR / Path(there.path).relative_to(ROOT)
    put.parent.mkdir(parents=True)
    backend.fetch(there.remote_id, put)
    settings.INCOMING_REST_SECONDS = 0
    folder = IncomingFolder(settings.INCOMING_DIR)
    for _look in range(3):
        folder.look()
    ingest_tasks.ingest(str(Job.objects.get(kind=JobKind.INGEST).pk))
    original = OriginalFile.objects.get()
    assert (original.original_filename, original.file_hash) == ("GX010001.MP4", lost.original_file.file_hash)
    assert "1  clips\n" in rebuilt()
    assert Shoot.objects.get().name == "Backyard Rails"


def test_names_of_originals_are_read_back_as_they_were_written():
    for name in ("GX010001.MP4", "a__b.mov", "no suffix", "VID.2024.12.longsuffix"):
        assert read_original_name(original_name(name, "0123456789abcdef")) == (name, "01234567")
    assert read_original_name("GX010001.MP4") is None


def test_a_name_in_the_archive_holds_nothing_that_cannot_be_seen():
    for mark in "\u202e\u202a\u2066\u2069\u200b\u200e\u200d\ufe0f\u00ad\u2060\ufeff":
        assert folder_name(f"Mia{mark} Berg{mark}") == "Mia Berg"
        assert original_name(f"GX{mark}01.MP4", "0123456789abcdef") == "GX01__01234567.MP4"
    assert folder_name("Rails. . ") == "Rails"
    assert folder_name("...") == "Session"


def test_names_are_read_back_as_they_were_written(shoot):
    names = {"date": shoot.date, "person": "Miller_Downey", "trick": "BROLL"}
    folders = folder_parts(session_name="Backyard Rails", **names)
    stem = file_stem(session="BackyardRails", camera_id="CAM_GOPRO11", fps_label="240FPS", **names)
    named = read_names(folders, f"{stem}__v012.mp4")
    assert (named.session_name, named.person, named.trick, named.number) == (
        "Backyard Rails",
        "Miller_Downey",
        "BROLL",
        12,
    )
    assert read_names((), f"{stem}__v012.mp4").session_name == "BackyardRails"
    assert read_names(folders, "holiday.mp4") is None
    assert read_names(folders, "2024-99-99__a__b__c__CAM_X__60FPS__v001.mp4") is None
