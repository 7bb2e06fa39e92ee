"""Tests that a worker with only the database, the broker and a bucket in common does every step."""

import hashlib
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.urls import reverse

from clips.ingest import part_file, tasks
from clips.jobs import pipeline
from clips.models import (
    ArchiveCopy,
    CandidateSegment,
    Filmstrip,
    FinalClip,
    Job,
    JobKind,
    JobState,
    OriginalFile,
    Preview,
    Upload,
    UploadState,
)
from clips.sharing import links
from clips.sorting import decisions
from clips.storage import files, local_cache
from clips.tests.factories import FinalClipFactory
from clips.tests.media.made_up import make_video
from clips.tests.storage.conftest import environment, objects
from clips.tests.workers import Worker, eventually
from people.models import Person

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]


@pytest.fixture(scope="module")
def film(tmp_path_factory) -> bytes:
    return make_video(tmp_path_factory.mktemp("film") / "GX01.MP4", frames=240, events_s=[4]).read_bytes()


@pytest.fixture
def received(sorter, film) -> Job:
    """The job of an upload whose last byte arrived on this machine."""
    return receive(sorter, film)


def receive(sorter, film: bytes) -> Job:
    upload = Upload.objects.start(
        owner=sorter, filename="GX010001.MP4", size_bytes=len(film),
        shoot_name="Backyard Rails", shoot_date="2024-12-01",
    )  # fmt: skip
    part_file.create_part(upload.pk)
    part_file.part_path(upload.pk).write_bytes(film)
    upload.advance(from_bytes=0, to_bytes=len(film))
    upload.mark_received()
    return pipeline.start(JobKind.INGEST, upload)


@pytest.fixture
def other_machine(broker, s3, tmp_path) -> Iterator[Path]:
    """The data folder of another machine with a worker."""
    folder = tmp_path / "other"
    worker = Worker(
        **environment(s3), DATA_DIR=str(folder), ARCHIVE_DIR=str(django_settings.ARCHIVE_DIR), JOB_LEASE_SECONDS="60"
    )
    yield folder
    worker.stop()


def all_done() -> bool:
    assert not Job.objects.filter(state=JobState.FAILED).exists(), Job.objects.filter(state=JobState.FAILED).values()
    return not Job.objects.active().exists()


def keep_the_best(sorter) -> FinalClip:
    lease = uuid.uuid4()
    (segment,) = CandidateSegment.objects.lease_hand(member=sorter, lease=lease, count=1)
    choice = decisions.Choice(
        start_ms=segment.start_ms, end_ms=segment.end_ms, person=Person.objects.add("Miller Downey")
    )
    return decisions.keep(segment, choice, lease=lease, key=uuid.uuid4(), member=sorter)


def test_a_worker_with_a_data_folder_of_its_own_does_every_step(
    client, sorter, broker, s3, received, film, other_machine
):
    assert (broker.depth("light"), broker.depth(f"light.{django_settings.NODE}")) == (0, 1), "it is ours alone"
    tasks.ingest(str(received.pk))  # as this machine's own worker does
    assert Upload.objects.get().state == UploadState.REGISTERED
    original = OriginalFile.objects.get()
    assert not part_file.part_path(original.pk).exists()
    eventually(all_done, "what was uploaded is analysed and shown")
    clip = keep_the_best(sorter)
    links.want_copy(clip)
    eventually(all_done, "what was kept is cut, copied and archived")

    clip.refresh_from_db()
    copy = clip.shared_copies.get()
    paths = {original.stored_path, clip.stored_path, copy.stored_path, Filmstrip.objects.get().stored_path}
    paths |= set(Preview.objects.values_list("stored_path", flat=True))
    paths |= set(CandidateSegment.objects.exclude(poster_path="").values_list("poster_path", flat=True))
    assert set(objects(s3)) == paths, "and nothing is left of what was on its way"
    for machine in (django_settings.DATA_DIR, other_machine):
        assert [name for name in ("originals", "candidates", "final_clips") if (machine / name).exists()] == []
    copies = {path.name for path in (other_machine / "scratch" / local_cache.FOLDER).iterdir()}
    assert copies == {original.file_hash, clip.file_hash}, "each was brought in once"
    archived = django_settings.ARCHIVE_DIR / ArchiveCopy.objects.get().path
    assert hashlib.sha256(archived.read_bytes()).hexdigest() == clip.file_hash

    client.force_login(sorter)
    played = client.get(reverse("clips:clip_file", args=[clip.pk]), headers={"Range": "bytes=100-299"})
    assert (played.status_code, played["Content-Range"]) == (206, f"bytes 100-299/{clip.size_bytes}")
    assert b"".join(played.streaming_content) == archived.read_bytes()[100:300]
    again = client.get(reverse("clips:clip_file", args=[clip.pk]), headers={"If-None-Match": played["ETag"]})
    assert again.status_code == 304
    for name, key in (("preview_file", clip.candidate_segment_id), ("poster_file", clip.candidate_segment_id)):
        assert client.get(reverse(f"clips:{name}", args=[key])).status_code == 200
    assert client.get(reverse("clips:shared_copy_download", args=[copy.pk]))["Content-Length"] == str(copy.size_bytes)


def test_an_ingest_that_died_behind_its_upload_to_the_bucket_is_repeated_without_harm(s3, received, film):
    files.store(part_file.part_path(received.upload_id), f"originals/{received.upload_id}.mp4")
    tasks.ingest(str(received.pk))
    assert OriginalFile.objects.get().file_hash == hashlib.sha256(film).hexdigest()
    assert objects(s3) == {f"originals/{received.upload_id}.mp4": len(film)}


def test_of_two_uploads_of_the_same_file_at_once_one_stays(s3, sorter, received, film, monkeypatch):
    store = files.store

    def overtaken(*arguments: object) -> None:
        monkeypatch.setattr(files, "store", store)
        store(*arguments)
        tasks.ingest(str(receive(sorter, film).pk))

    monkeypatch.setattr(files, "store", overtaken)
    tasks.ingest(str(received.pk))
    assert [upload.state for upload in Upload.objects.order_by("created_at")] == ["DUPLICATE", "REGISTERED"]
    assert objects(s3) == {OriginalFile.objects.get().stored_path: len(film)}
    assert list(django_settings.UPLOADS_DIR.iterdir()) == []


def test_a_bucket_that_takes_nothing_keeps_the_upload_and_says_why(s3, received):
    s3.fail("PUT", 99)
    tasks.ingest(str(received.pk))
    received.refresh_from_db()
    assert (received.state, received.reason) == (JobState.WAITING, "The storage answers with an error (503).")
    assert part_file.part_path(received.upload_id).is_file()
    s3.troubles.clear()
    Job.objects.retry_all()
    tasks.ingest(str(received.pk))
    assert Upload.objects.get().state == UploadState.REGISTERED


def test_the_rest_of_an_upload_that_another_machine_began_is_sent_there(s3, client, sorter):
    upload = Upload.objects.start(
        owner=sorter, filename="GX01.MP4", size_bytes=10, shoot_name="Backyard Rails", shoot_date="2024-12-01"
    )
    Upload.objects.update(node="another")
    client.force_login(sorter)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0"}
    address = reverse("clips:tus_resource", args=[upload.pk])
    answer = client.patch(address, b"0123456789", content_type="application/offset+octet-stream", headers=headers)
    assert answer.status_code == 503
    assert "Another server has the beginning" in answer.text
    assert not Upload.objects.get().is_gone


def test_a_page_says_that_a_file_cannot_be_read_now(s3, client, viewer, original):
    FinalClipFactory(
        original_file=original, start_ms=0, end_ms=1000, date="2024-12-01", filename="a.mp4",
        stored_path="final_clips/a.mp4", file_hash="a" * 64, size_bytes=5,
    )  # fmt: skip
    client.force_login(viewer)
    s3.fail("HEAD", 99)
    answer = client.get(reverse("clips:clip_file", args=[FinalClip.objects.get().pk]))
    assert (answer.status_code, answer.text) == (503, "The storage answers with an error (503).")
