"""Tests the step from an upload's bytes to an original: registered once, probed, or refused with a sentence."""

import hashlib
import threading

import av
import pytest
from django.conf import settings as django_settings
from django.db import connection

from clips.ingest import part_file, tasks
from clips.ingest.fingerprint import fingerprint_of
from clips.jobs import pipeline
from clips.models import Job, JobKind, JobState, OriginalFile, SharedCopy, Upload, UploadState
from clips.sorting import decisions
from clips.tests.media.made_up import make_video


@pytest.fixture
def received(sorter):
    """Return a function that puts bytes where a finished upload leaves them."""

    def receive(data: bytes, filename: str = "GX010001.MP4") -> Upload:
        upload = Upload.objects.start(
            owner=sorter,
            filename=filename,
            size_bytes=len(data),
            shoot_name="Backyard Rails",
            shoot_date="2024-12-01",
        )
        part_file.create_part(upload.pk)
        part_file.part_path(upload.pk).write_bytes(data)
        assert upload.advance(from_bytes=0, to_bytes=len(data))
        assert upload.mark_received()
        pipeline.start(JobKind.INGEST, upload)
        return upload

    return receive


@pytest.mark.slow
def test_a_video_becomes_an_original_with_its_facts(received, work_off, tmp_path):
    data = make_video(tmp_path / "a.mp4", frames=60, rate=30).read_bytes()
    upload = received(data)
    assert work_off()[:3] == [JobKind.INGEST, JobKind.PROBE, JobKind.DETECT]
    upload.refresh_from_db()
    original = upload.original_file
    assert upload.state == UploadState.REGISTERED
    assert original.file_hash == hashlib.sha256(data).hexdigest()
    assert original.fingerprint == fingerprint_of(django_settings.DATA_DIR / original.stored_path)
    assert (django_settings.DATA_DIR / original.stored_path).read_bytes() == data
    assert (original.fps_label, original.duration_ms, original.width_px) == ("30FPS", 2000, 320)
    assert original.uploader == upload.owner
    assert not part_file.part_path(upload.pk).exists()


@pytest.mark.slow
def test_videos_are_opened_in_child_processes_alone(received, sorter, work_off, tmp_path, monkeypatch):
    """From the first look to the share video: where this process opened one itself, its job would fail."""
    received(make_video(tmp_path / "a.mp4", frames=240, size=(256, 144), events_s=[4]).read_bytes())

    def refuse(*_arguments: object, **_options: object) -> None:
        raise AssertionError("opened outside the sandbox")

    monkeypatch.setattr(av, "open", refuse)
    assert {JobKind.INGEST, JobKind.PROBE, JobKind.DETECT, JobKind.POSTER, JobKind.PREVIEW} <= set(work_off())
    clip = decisions.make_clip(OriginalFile.objects.get(), decisions.Choice(start_ms=3_000, end_ms=5_000), sorter)
    pipeline.start(JobKind.RENDER, clip)
    assert work_off() == [JobKind.RENDER, JobKind.ARCHIVE]
    SharedCopy.objects.create(clip=clip)
    pipeline.start(JobKind.SHARE, clip)
    assert work_off() == [JobKind.SHARE]
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.DONE}


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_known_bytes_are_a_result_not_a_failure(received, work_off, tmp_path):
    data = make_video(tmp_path / "a.mp4", frames=30).read_bytes()
    received(data)
    second = received(data, filename="copy of it.mp4")
    work_off()
    second.refresh_from_db()
    assert second.state == UploadState.DUPLICATE
    assert second.original_file == OriginalFile.objects.get()
    assert list(django_settings.UPLOADS_DIR.iterdir()) == [], "the second copy takes no room"


def test_a_file_from_before_fingerprints_gets_its_own_when_it_is_sent_again(received, work_off):
    received(b"some bytes")
    work_off()
    OriginalFile.objects.update(fingerprint="")
    received(b"some bytes")
    work_off()
    original = OriginalFile.objects.get()
    assert original.fingerprint == fingerprint_of(django_settings.DATA_DIR / original.stored_path)


@pytest.mark.django_db(transaction=True)
def test_the_same_bytes_at_the_same_moment_make_one_original(received):
    uploads = [received(b"the same bytes") for _ in range(4)]
    barrier = threading.Barrier(4)

    def take_in(job: Job) -> None:
        barrier.wait()
        tasks.ingest(str(job.pk))
        connection.close()

    threads = [threading.Thread(target=take_in, args=[job]) for job in Job.objects.filter(kind=JobKind.INGEST)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    states = sorted(Upload.objects.get(pk=upload.pk).state for upload in uploads)
    assert states == [UploadState.DUPLICATE] * 3 + [UploadState.REGISTERED]
    original = OriginalFile.objects.get()
    assert (django_settings.DATA_DIR / original.stored_path).read_bytes() == b"the same bytes"
    assert Job.objects.filter(kind=JobKind.PROBE).count() == 1


def test_an_attempt_that_died_after_the_move_is_picked_up(received, work_off):
    upload = received(b"some bytes")
    moved = django_settings.DATA_DIR / f"originals/{upload.pk}.mp4"
    moved.parent.mkdir()
    part_file.part_path(upload.pk).rename(moved)
    work_off()
    assert OriginalFile.objects.get().stored_path == f"originals/{upload.pk}.mp4"
    assert moved.read_bytes() == b"some bytes"


def test_what_is_no_video_says_so_and_is_kept(received, work_off):
    upload = received(b"Dear diary, today I landed a kickflip. " * 50)
    assert work_off() == [JobKind.INGEST, JobKind.PROBE]
    original = OriginalFile.objects.get()
    job = Job.objects.get(kind=JobKind.PROBE)
    assert job.state == JobState.FAILED
    assert original.problem == job.reason
    assert original.problem.endswith(".")
    assert (django_settings.DATA_DIR / original.stored_path).stat().st_size == upload.size_bytes


@pytest.mark.slow
def test_a_video_cut_off_before_its_index_says_so(received, work_off, tmp_path):
    data = make_video(tmp_path / "a.mp4", frames=300).read_bytes()
    assert data.rindex(b"moov") > len(data) // 2, "the index is at the end, as cameras write it"
    received(data[: len(data) // 2])
    assert work_off() == [JobKind.INGEST, JobKind.PROBE]
    assert Job.objects.get(kind=JobKind.PROBE).state == JobState.FAILED
    assert "cut off" in OriginalFile.objects.get().problem


@pytest.mark.slow
def test_a_truncated_video_yields_its_readable_part(received, work_off, tmp_path):
    whole = make_video(tmp_path / "a.mp4", frames=300, faststart=True).read_bytes()
    received(whole[: len(whole) * 2 // 3])
    assert JobKind.DETECT in work_off()
    original = OriginalFile.objects.get()
    assert "stops at" in original.problem
    assert 4_000 < original.duration_ms < 8_500
    assert not Job.objects.exclude(state=JobState.DONE).exists()


@pytest.mark.slow
def test_a_video_without_sound_is_analysed(received, work_off, tmp_path):
    received(make_video(tmp_path / "a.mp4", frames=90, audio=False).read_bytes())
    assert JobKind.DETECT in work_off()
    assert OriginalFile.objects.get().has_audio is False
    assert not Job.objects.filter(state=JobState.FAILED).exists()
