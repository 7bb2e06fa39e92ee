"""Tests that a file somebody deleted does not come in again unasked, by whatever way, and does when asked."""

import base64
import json
import shutil
from io import StringIO

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.urls import reverse

from clips.ingest import part_file
from clips.ingest.fingerprint import fingerprint_of
from clips.ingest.watch_folder import FAILED, IncomingFolder
from clips.jobs import pipeline
from clips.library import emptying
from clips.library.bin import throw_away
from clips.models import (
    BinEntry,
    CandidateSegment,
    Job,
    JobKind,
    JobState,
    OriginalFile,
    SegmentStatus,
    Shoot,
    Upload,
    UploadSource,
    UploadState,
)
from clips.tests.factories import CandidateSegmentFactory
from clips.tests.media.made_up import make_video

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return make_video(tmp_path_factory.mktemp("made") / "made.mp4", frames=10)


@pytest.fixture
def send(sorter, film, check_uploads):
    """Return a function that uploads the film as the page does, and checks it."""

    def send(**asked) -> Upload:
        size_bytes = film.stat().st_size
        upload = Upload.objects.start(
            owner=sorter, filename="GX010001.MP4", size_bytes=size_bytes, shoot_name="Backyard Rails",
            shoot_date="2024-12-01", **asked,
        )  # fmt: skip
        part_file.create_part(upload.pk)
        shutil.copy(film, part_file.part_path(upload.pk))
        assert upload.advance(from_bytes=0, to_bytes=size_bytes)
        assert upload.mark_received()
        pipeline.start(JobKind.INGEST, upload)
        check_uploads()
        upload.refresh_from_db()
        return upload

    return send


@pytest.fixture
def video(send) -> OriginalFile:
    """The film, uploaded once, with a moment that somebody trashed."""
    video = send().original_file
    CandidateSegmentFactory(original_file=video, status=SegmentStatus.TRASHED)
    return video


@pytest.fixture
def entry(video, sorter) -> BinEntry:
    return throw_away(sorter, videos=[video])


@pytest.fixture
def emptied(entry, curator, work_off) -> BinEntry:
    Job.objects.exclude(kind=JobKind.EMPTY).delete()
    emptying.delete_now(entry, curator)
    work_off()
    assert not (django_settings.DATA_DIR / entry.files.get().stored_path).exists()
    return entry


def sentence(entry: BinEntry) -> str:
    return f"by mia on {entry.thrown_at:%Y-%m-%d}"


def test_the_upload_page_says_who_deleted_it_before_anything_is_sent(client, sorter, entry, video):
    client.force_login(sorter)
    body = json.dumps({"fingerprints": [video.fingerprint]})
    answer = client.post(reverse("clips:upload_known"), body, content_type="application/json")
    (known,) = answer.json()["known"][video.fingerprint]
    assert known["says"] == f"deleted {sentence(entry)}; upload anyway?"
    assert (known["url"], known["sha256"]) == ("/bin", video.file_hash)


def test_a_tus_client_that_tells_the_fingerprint_is_answered_at_once(client, sorter, entry, video):
    client.force_login(sorter)

    def begin(**told: str):
        pairs = {"filename": "GX010001.MP4", "fingerprint": video.fingerprint, **told}
        header = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in pairs.items())
        headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "1000", "Upload-Metadata": header}
        return client.post(reverse("clips:tus_collection"), headers=headers)

    refused = begin()
    assert (refused.status_code, refused.content.decode()) == (422, f"deleted {sentence(entry)}; upload anyway?")
    assert begin(anyway="1").status_code == 201
    assert Upload.objects.latest("created_at").is_wanted_anyway


def test_what_is_sent_all_the_same_is_refused_with_the_sentence_and_a_button(client, sorter, entry, send):
    upload = send()
    assert (upload.state, upload.reason) == (UploadState.FAILED, f"Deleted {sentence(entry)}. Upload anyway?")
    client.force_login(sorter)
    page = client.get(reverse("clips:upload")).content.decode()
    assert reverse("clips:upload_anyway", args=[upload.pk]) in page
    assert OriginalFile.objects.get().bin_entry == entry


def test_the_button_brings_it_back_without_sending_it_again(client, sorter, other_sorter, entry, send, check_uploads):
    upload = send()
    address = reverse("clips:upload_anyway", args=[upload.pk])
    client.force_login(other_sorter)
    assert client.post(address).status_code == 404
    client.force_login(sorter)
    client.post(address)
    check_uploads()
    upload.refresh_from_db()
    assert upload.state == UploadState.REGISTERED
    assert OriginalFile.objects.get().bin_entry is None
    entry.refresh_from_db()
    assert entry.restored_at is not None


def test_upload_anyway_brings_back_what_lies_in_the_bin(entry, video, send):
    assert send(anyway=True).state == UploadState.REGISTERED
    video.refresh_from_db()
    assert (video.bin_entry, video.evicted_at) == (None, None)
    assert OriginalFile.objects.count() == 1


def test_upload_anyway_brings_what_was_deleted_anew_with_what_was_decided(emptied, video, send, film):
    assert send().state == UploadState.FAILED
    assert send(anyway=True).state == UploadState.REGISTERED
    video.refresh_from_db()
    assert (video.bin_entry, video.evicted_at) == (None, None)
    assert (django_settings.DATA_DIR / video.stored_path).read_bytes() == film.read_bytes()
    assert CandidateSegment.objects.get().status == SegmentStatus.TRASHED
    assert Job.objects.active().filter(kind=JobKind.PROBE, original_file=video).exists(), "it is searched again"


def test_a_video_of_a_deleted_session_comes_into_another_of_that_name(video, sorter, send):
    old = video.shoot
    entry = throw_away(sorter, shoots=[old])
    send(anyway=True)
    video.refresh_from_db()
    assert video.shoot_id != old.pk
    assert (video.shoot.name, video.shoot.date, video.shoot.bin_entry) == (old.name, old.date, None)
    entry.refresh_from_db()
    assert entry.is_lying, "the session is still in there"


def test_the_incoming_folder_puts_it_away_with_the_sentence(entry, film, settings, check_uploads):
    settings.INCOMING_REST_SECONDS = 0
    settings.INCOMING_DIR.mkdir()
    shutil.copy(film, settings.INCOMING_DIR / "again.mp4")
    folder = IncomingFolder(settings.INCOMING_DIR)
    for _time in range(3):
        folder.look()
        check_uploads()
    (told,) = (settings.INCOMING_DIR / FAILED).rglob("*.txt")
    assert told.read_text() == f"Deleted {sentence(entry)}. To bring it in anyway, use the upload page.\n"
    assert Upload.objects.get(source=UploadSource.FOLDER).state == UploadState.FAILED
    assert OriginalFile.objects.get().bin_entry == entry


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_command_reports_it_and_brings_it_in_when_told(entry, film, monkeypatch, work_off):
    monkeypatch.setattr("clips.management.commands.ingest.time.sleep", lambda _s: work_off())
    out = StringIO()
    with pytest.raises(CommandError, match="not imported"):
        call_command("ingest", str(film), stdout=out, stderr=StringIO())
    assert f"Deleted {sentence(entry)}" in out.getvalue()
    call_command("ingest", str(film), "--anyway", stdout=out, stderr=StringIO())
    assert OriginalFile.objects.get().bin_entry is None


def test_a_session_is_not_begun_anew_inside_the_bin(video, sorter):
    throw_away(sorter, shoots=[video.shoot])
    assert Shoot.objects.called("Backyard Rails", video.shoot.date).bin_entry is None


def test_the_fingerprint_is_that_of_the_film(video, film):
    assert video.fingerprint == fingerprint_of(film)
    assert not Job.objects.filter(state=JobState.FAILED).exists()
