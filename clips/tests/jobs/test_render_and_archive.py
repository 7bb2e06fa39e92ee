"""Tests the way from a decision to a file in the archive: cut exactly, named, copied, verified."""

import hashlib
import uuid
from pathlib import Path

import av
import pytest
from django.conf import settings as django_settings
from django.utils import timezone

from clips.archive import outage
from clips.archive.backend import RemoteFile
from clips.media.sandbox import runner
from clips.models import (
    ArchiveBlock,
    ArchiveCopy,
    ArchiveFolder,
    CandidateSegment,
    CopyState,
    FinalClip,
    Job,
    JobKind,
    JobState,
    OriginalFile,
)
from clips.sorting import decisions
from clips.storage.files import sha256_of
from clips.tests.factories import CandidateSegmentFactory, OriginalFileFactory
from clips.tests.media.made_up import make_video, shown_numbers
from people.models import Person
from tricks.models import Trick


@pytest.fixture
def filmed(shoot, tmp_path) -> OriginalFile:
    """A real file of ten seconds in the data folder, with its row."""
    stored = django_settings.ORIGINALS_DIR / "filmed.mp4"
    stored.parent.mkdir(parents=True)
    make_video(stored, frames=300, rate=30, bframes=2)
    return OriginalFileFactory(
        shoot=shoot,
        original_filename="GX010001.MP4",
        stored_path="originals/filmed.mp4",
        file_hash=sha256_of(stored),
        size_bytes=stored.stat().st_size,
        camera_id="CAM_GOPRO11",
        fps_label="30FPS",
        duration_ms=10_000,
    )


@pytest.fixture
def kept(filmed, sorter) -> FinalClip:
    """A clip of frames 60 to 90, just decided."""
    CandidateSegmentFactory(original_file=filmed, start_ms=1_000, end_ms=5_000)
    lease = uuid.uuid4()
    (segment,) = CandidateSegment.objects.lease_hand(member=sorter, lease=lease, count=1)
    choice = decisions.Choice(
        start_ms=2_000,
        end_ms=3_000,
        person=Person.objects.add("Miller Downey"),
        trick=Trick.objects.add("KFED", category="RAIL"),
    )
    return decisions.keep(segment, choice, lease=lease, key=uuid.uuid4(), member=sorter)


def archived_path(clip: FinalClip) -> Path:
    return django_settings.ARCHIVE_DIR / clip.copies.get().path


@pytest.mark.slow
def test_a_kept_clip_is_cut_named_and_archived(kept, work_off):
    assert work_off() == [JobKind.RENDER, JobKind.ARCHIVE]
    kept.refresh_from_db()
    folder = "TrickyClip Archive/2024/2024-12-01 - Backyard Rails/Miller_Downey/KFED"
    name = "2024-12-01__BackyardRails__Miller_Downey__KFED__CAM_GOPRO11__30FPS__v001.mp4"
    copy = kept.copies.get()
    assert copy.path == f"{folder}/{name}"
    assert (copy.state, copy.sha256) == (CopyState.VERIFIED, kept.file_hash)
    data = archived_path(kept).read_bytes()
    assert hashlib.sha256(data).hexdigest() == kept.file_hash
    assert len(data) == kept.size_bytes
    assert shown_numbers(archived_path(kept)) == list(range(60, 91)), "both ends included"


@pytest.mark.slow
def test_the_file_says_what_it_is_without_the_database(kept, work_off):
    work_off()
    with av.open(str(archived_path(kept))) as file:
        tags = dict(file.metadata)
    assert tags["com.trickyclip.clip"] == str(kept.pk)
    assert tags["com.trickyclip.original_sha256"] == kept.original_file.file_hash
    assert (tags["com.trickyclip.start_ms"], tags["com.trickyclip.end_ms"]) == ("2000", "3000")


@pytest.mark.slow
def test_nothing_is_left_in_scratch(kept, work_off):
    work_off()
    assert list(django_settings.SCRATCH_DIR.iterdir()) == []


@pytest.mark.slow
def test_a_folder_that_was_deleted_by_hand_comes_back(kept, work_off):
    work_off()
    archived_path(kept).unlink()
    archived_path(kept).parent.rmdir()
    Job.objects.for_target(JobKind.ARCHIVE, kept, params={"again": True})
    work_off()
    assert archived_path(kept).is_file()
    assert ArchiveCopy.objects.count() == 1
    assert ArchiveFolder.objects.count() == 5


@pytest.mark.slow
def test_a_copy_that_arrives_wrong_is_not_called_verified(kept, work_off, monkeypatch):
    wrong = RemoteFile("0" * 64, folder_id="", filename="")
    monkeypatch.setattr("clips.archive.local.LocalArchive.look", lambda _self, _file_id: wrong)
    work_off()
    job = Job.objects.get(kind=JobKind.ARCHIVE)
    assert (job.state, job.attempts) == (JobState.WAITING, 1), "it is tried again"
    assert "differs" in job.reason
    assert not ArchiveCopy.objects.filter(state=CopyState.VERIFIED).exists()


@pytest.mark.slow
def test_an_archive_without_its_folder_is_a_sentence_and_goes_on_by_itself(kept, work_off, settings, tmp_path):
    settings.ARCHIVE_DIR = tmp_path / "disk"
    settings.ARCHIVE_DIR.write_text("a file where a folder should be")
    work_off()
    assert Job.objects.get(kind=JobKind.ARCHIVE).state == JobState.WAITING
    assert "is missing" in ArchiveBlock.objects.get().sentence
    settings.ARCHIVE_DIR.unlink()
    ArchiveBlock.objects.update(look_again_at=timezone.now())
    outage.look_again()
    work_off()
    assert archived_path(kept).is_file()


def test_a_missing_original_is_a_sentence(kept, work_off):
    (django_settings.DATA_DIR / kept.original_file.stored_path).unlink()
    work_off()
    assert "no longer in the data folder" in Job.objects.get(kind=JobKind.RENDER).reason


@pytest.mark.slow
@pytest.mark.parametrize(
    "name",
    [
        "../../../etc",
        "a/b\\c",
        'quo"te',
        "🏂🏂",
        "x" * 300,
        " .. ",
        "CON",
        "Ridé à Zürich",
        "name\nline",
        "$(rm -rf)",
    ],
)
def test_no_session_name_leaves_the_archive(kept, work_off, name):
    shoot = kept.original_file.shoot
    type(shoot).objects.filter(pk=shoot.pk).update(name=name[:100])
    work_off()
    path = archived_path(kept).resolve()
    assert path.is_file()
    assert path.is_relative_to(django_settings.ARCHIVE_DIR)
    assert len(path.relative_to(django_settings.ARCHIVE_DIR).parts) == 6


def test_a_cut_that_the_file_does_not_hold_fails_with_its_sentence(kept, work_off):
    OriginalFile.objects.update(duration_ms=60_000)
    FinalClip.objects.update(start_ms=50_000, end_ms=51_000)
    work_off()
    job = Job.objects.get(kind=JobKind.RENDER)
    assert job.state == JobState.FAILED
    assert "is outside" in job.reason
    assert FinalClip.objects.get().stored_path == ""


def test_the_sandbox_was_what_cut_it(kept, work_off, monkeypatch):
    """No media library may be loaded into the process that holds the database."""
    called = []
    real = runner.run
    monkeypatch.setattr(runner, "run", lambda function, *a, **k: called.append(function) or real(function, *a, **k))
    work_off()
    assert called == ["clips.media.cut.clip:cut"]
