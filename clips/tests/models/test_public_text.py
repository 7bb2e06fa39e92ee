"""Tests who sees which sentences: failed uploads their owner, server paths only curators."""

import datetime as dt

import pytest
from django.urls import reverse
from django.utils import timezone

from clips.models import ArchiveBlock, Inbox, Job, JobKind, JobState, Upload, UploadState
from clips.models.public_text import told
from people.models import Member
from trickyclip.shared.redact import without_paths
from trickyclip.shared.whole_pages import AS_A_PAGE_ASKS

TEXT_FILE = "This is a text file, not a video."


def failed_upload(owner: Member, name: str = "notes.txt") -> Job:
    upload = Upload.objects.create(
        owner=owner, original_filename=name, size_bytes=9, offset_bytes=9, state=UploadState.FAILED, reason=TEXT_FILE
    )
    return Job.objects.create(kind=JobKind.INGEST, upload=upload, state=JobState.FAILED, reason=TEXT_FILE)


@pytest.fixture
def shown(client):
    """Return a function that returns the text of a page for a member."""

    def show(member: Member, name: str) -> str:
        client.force_login(member)
        return client.get(reverse(name), headers=AS_A_PAGE_ASKS).content.decode()

    return show


def test_a_failed_upload_is_told_to_whose_it_was_and_to_curators_on_the_jobs_page(shown, sorter, other_sorter, curator):
    failed_upload(sorter)
    assert TEXT_FILE in shown(sorter, "clips:home_now")
    assert TEXT_FILE in shown(sorter, "clips:jobs_live")
    assert TEXT_FILE not in shown(other_sorter, "clips:home_now")
    assert TEXT_FILE not in shown(other_sorter, "clips:jobs_live")
    assert TEXT_FILE not in shown(curator, "clips:home_now")
    assert TEXT_FILE in shown(curator, "clips:jobs_live")


def test_a_video_that_cannot_be_searched_is_told_to_its_uploader(shown, original, sorter, other_sorter):
    original.__class__.objects.update(uploader=sorter)
    Job.objects.create(kind=JobKind.DETECT, original_file=original, state=JobState.FAILED, reason="damaged")
    assert "damaged" in shown(sorter, "clips:home_now")
    assert "damaged" not in shown(other_sorter, "clips:home_now")


def test_what_stops_the_whole_crew_is_told_to_all(shown, original, other_sorter):
    Job.objects.create(kind=JobKind.FILMSTRIP, original_file=original, state=JobState.FAILED, reason="no disk")
    said = shown(other_sorter, "clips:home_now")
    assert "no disk" in said
    assert "Dismiss" not in said


def test_whose_upload_it_was_dismisses_it_and_nobody_else(client, shown, sorter, other_sorter):
    job = failed_upload(sorter)
    fields = {"kind": job.kind, "state": job.state, "reason": job.reason}
    client.force_login(other_sorter)
    client.post(reverse("clips:failure_dismiss"), fields)
    assert "Dismiss" in shown(sorter, "clips:home_now")
    answer = client.post(reverse("clips:failure_dismiss"), fields).content.decode()
    assert TEXT_FILE not in answer
    assert TEXT_FILE in shown(sorter, "clips:upload_recent"), "the upload page still says what became of it"


def test_what_came_by_itself_is_told_to_curators_who_dismiss_it(client, shown, original, sorter, curator):
    job = Job.objects.create(kind=JobKind.PROBE, original_file=original, state=JobState.FAILED, reason="cut off")
    assert "cut off" not in shown(sorter, "clips:home_now")
    assert "cut off" in shown(curator, "clips:home_now")
    fields = {"kind": job.kind, "state": job.state, "reason": job.reason}
    assert "cut off" not in client.post(reverse("clips:failure_dismiss"), fields).content.decode()


def test_a_viewer_is_not_told_to_sort(shown, viewer, segments):
    said = shown(viewer, "clips:home_now")
    assert "moments in" not in said
    assert "To sort" not in said
    assert "/sort" not in said


@pytest.mark.parametrize(
    ("sentence", "is_told"),
    [
        ("FileNotFoundError: [Errno 2] No such file: '/srv/data/originals/one.mp4'", "No such file: 'one.mp4'"),
        ("'/srv/My Clips/a b.mp4' is gone", "'a b.mp4' is gone"),
        ("The archive's disk (/mnt/archive) is full.", "disk (archive) is full."),
        ("/mnt/archive/2024/one.mp4 cannot be written (no)", "one.mp4 cannot be written (no)"),
        ("See https://example.org/a/b for 3/4 of it", "See https://example.org/a/b for 3/4 of it"),
        ("2 km/h and/or nothing", "2 km/h and/or nothing"),
    ],
)
def test_a_path_becomes_the_name_of_its_file(sentence, is_told):
    assert is_told in without_paths(sentence)
    assert "/srv" not in without_paths(sentence)
    assert "/mnt" not in without_paths(sentence)


def test_folders_of_the_site_are_known_also_with_spaces(settings, tmp_path):
    settings.INCOMING_DIR = tmp_path / "Our Clips"
    sentence = f"{settings.INCOMING_DIR}/day one/a.mp4 cannot be read"
    assert told(sentence) == "day one/a.mp4 cannot be read"
    assert told(f"{settings.INCOMING_DIR} is gone") == "Our Clips is gone"


def test_no_reason_that_is_kept_has_a_path_in_it(original, sorter, settings):
    path = f"{settings.DATA_DIR}/originals/one.mp4"
    job = Job.objects.create(kind=JobKind.DETECT, original_file=original)
    job = Job.objects.claim(job.pk, worker="w")
    assert job.put_back(f"OSError: [Errno 5] Input/output error: '{path}'")
    upload = failed_upload(sorter).upload
    assert upload.settle(UploadState.FAILED, reason=f"{path} is gone")
    original.note_problem(f"{path} cannot be read")
    rows = (Job.objects.get(pk=job.pk).reason, Upload.objects.get(pk=upload.pk).reason)
    original.refresh_from_db()
    for sentence in (*rows, original.problem):
        assert "one.mp4" in sentence
        assert str(settings.DATA_DIR) not in sentence


@pytest.mark.slow
def test_pages_show_paths_of_the_server_to_curators_alone(shown, sorter, curator, settings):
    settings.INCOMING_DIR = settings.DATA_DIR / "incoming"
    Inbox.objects.create(place=str(settings.INCOMING_DIR), sentence=f"{settings.INCOMING_DIR}/a.mp4 cannot be moved")
    ArchiveBlock.objects.create(
        backend="local",
        reason="QUOTA",
        sentence=f"The disk ({settings.DATA_DIR}/archive) is full",
        look_again_at=timezone.now() + dt.timedelta(hours=1),
    )
    for name in ("clips:upload", "clips:upload_recent", "clips:home_now", "clips:jobs", "clips:jobs_live"):
        assert str(settings.DATA_DIR) not in shown(sorter, name), name
    assert "a.mp4 cannot be moved" in shown(sorter, "clips:upload")
    assert str(settings.INCOMING_DIR) in shown(curator, "clips:upload")
