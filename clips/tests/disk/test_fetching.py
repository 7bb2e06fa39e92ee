"""Tests that an evicted original is fetched back when needed, and that waiting jobs continue by themselves."""

import pytest
from django.utils import timezone

from clips.archive.configured import archive_backend
from clips.archive.local import LocalArchive
from clips.archive.renaming import follow
from clips.disk import fetching
from clips.ingest import part_file
from clips.jobs.worker import claim
from clips.models import (
    ArchiveCopy,
    CopyState,
    Job,
    JobKind,
    JobState,
    OriginalFile,
    Shoot,
    Upload,
    UploadState,
    WaitsFor,
)
from clips.storage.files import sha256_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def archived(make_original, archive_it, let_go) -> OriginalFile:
    """An original that the archive holds and the disk does not."""
    original = make_original()
    archive_it(original)
    return let_go(original)


def bytes_are_right(original: OriginalFile, data_dir) -> bool:
    return sha256_of(data_dir / original.stored_path) == original.file_hash


def test_an_original_lies_in_the_archive_by_session_and_name(archived):
    copy = ArchiveCopy.objects.get()
    folder = "TrickyClip Archive/Originals/2024/2024-12-01 - Backyard Rails"
    assert copy.path == f"{folder}/GX010001__{archived.file_hash[:8]}.MP4"
    assert (copy.state, copy.sha256) == (CopyState.VERIFIED, archived.file_hash)


def test_two_cameras_that_count_alike_lie_beside_each_other(make_original, archive_it):
    for _time in range(2):
        archive_it(make_original("GX010001.MP4"))
    assert ArchiveCopy.objects.filter(state=CopyState.VERIFIED).count() == 2


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b\\c:d?.MOV", "..", "", "ö" * 200 + ".mp4", "x.tar gz%"])
def test_whatever_a_file_was_called_it_stays_within_its_session(make_original, archive_it, settings, name):
    archive_it(make_original(name))
    copy = ArchiveCopy.objects.get()
    path = (settings.ARCHIVE_DIR / copy.path).resolve()
    assert path.is_file()
    assert path.parent == settings.ARCHIVE_DIR / "TrickyClip Archive/Originals/2024/2024-12-01 - Backyard Rails"


def test_a_renamed_session_takes_its_originals_along(archived, shoot, work_off, settings):
    Shoot.objects.filter(pk=shoot.pk).update(name="Night Rails")
    follow(shoot)
    work_off()
    copy = ArchiveCopy.objects.get()
    assert "/2024-12-01 - Night Rails/" in copy.path
    assert (settings.ARCHIVE_DIR / copy.path).is_file()


def test_a_job_waits_for_its_original_and_loses_no_attempt(archived):
    job = Job.objects.for_target(JobKind.DETECT, archived)
    with claim(job.pk) as work:
        assert work is None
    job.refresh_from_db()
    assert (job.state, job.attempts, job.waits_for) == (JobState.WAITING, 0, WaitsFor.ORIGINAL)
    assert "being restored" in job.reason
    assert Job.objects.get(kind=JobKind.FETCH).priority == job.priority


def test_what_waited_goes_on_when_the_original_is_back(archived, own_data_dir):
    job = Job.objects.for_target(JobKind.DETECT, archived)
    with claim(job.pk):
        pass
    with claim(Job.objects.get(kind=JobKind.FETCH).pk) as work:
        fetching.fetch_back(work)
    archived.refresh_from_db()
    assert archived.evicted_at is None
    assert bytes_are_right(archived, own_data_dir)
    with claim(job.pk) as work:
        assert work.job.attempts == 1


def test_a_fetch_goes_on_with_what_an_earlier_worker_got(archived, own_data_dir, work_off, monkeypatch):
    held = (archive_backend().root / ArchiveCopy.objects.get().remote_id).read_bytes()
    begun = fetching.part_path(archived)
    begun.parent.mkdir()
    begun.write_bytes(held[:100_000])
    n_read = []
    real = LocalArchive._pour

    def pour(self, reader, writer):
        n_read.append(len(held) - reader.tell())
        real(self, reader, writer)

    monkeypatch.setattr(LocalArchive, "_pour", pour)
    Job.objects.for_target(JobKind.FETCH, archived)
    work_off()
    assert n_read == [200_000]
    assert bytes_are_right(archived, own_data_dir)
    assert not begun.exists()


def test_other_bytes_than_were_sent_are_not_taken_for_the_original(archived, own_data_dir):
    copy = archive_backend().root / ArchiveCopy.objects.get().remote_id
    copy.write_bytes(b"x" * archived.size_bytes)
    job = Job.objects.for_target(JobKind.FETCH, archived)
    with claim(job.pk) as work:
        fetching.fetch_back(work)
    job.refresh_from_db()
    assert job.state == JobState.WAITING
    assert "does not match the file sent" in job.reason
    assert not (own_data_dir / archived.stored_path).exists()


def test_what_no_archive_holds_ends_with_a_sentence_for_all_that_wait(archived, work_off):
    ArchiveCopy.objects.update(state=CopyState.REMOVED, verified_at=None)
    job = Job.objects.for_target(JobKind.PROBE, archived)
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.FAILED
    assert "Upload the file again" in job.reason
    archived.refresh_from_db()
    assert archived.problem == job.reason


def test_a_second_upload_of_an_original_that_was_let_go_brings_it_back(archived, sorter, own_data_dir, work_off):
    data = (archive_backend().root / ArchiveCopy.objects.get().remote_id).read_bytes()
    upload = Upload.objects.start(
        owner=sorter, filename="again.MP4", size_bytes=len(data), shoot_name="Rails", shoot_date="2024-12-01"
    )
    part_file.create_part(upload.pk)
    part_file.part_path(upload.pk).write_bytes(data)
    upload.advance(from_bytes=0, to_bytes=len(data))
    upload.mark_received()
    Job.objects.for_target(JobKind.INGEST, upload)
    work_off()
    upload.refresh_from_db()
    archived.refresh_from_db()
    assert (upload.state, upload.original_file) == (UploadState.DUPLICATE, archived)
    assert archived.evicted_at is None
    assert bytes_are_right(archived, own_data_dir)


def test_one_original_is_fetched_at_a_time(archived, make_original):
    other = make_original("GX010002.MP4")
    running = Job.objects.for_target(JobKind.FETCH, other)
    with claim(running.pk) as work:
        second = Job.objects.for_target(JobKind.FETCH, archived)
        with claim(second.pk) as none:
            assert none is None
        second.refresh_from_db()
        assert (second.state, second.attempts) == (JobState.WAITING, 0)
        assert second.run_after > timezone.now()
        work.fail("enough")
