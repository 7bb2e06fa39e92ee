"""Tests the drop folder on Drive: each file is imported once and whole, and moved away afterwards."""

import secrets
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from clips.archive.drive import oauth
from clips.disk import floor
from clips.ingest import drive_folder, part_file, register
from clips.ingest import tasks as ingest_tasks
from clips.jobs import pipeline
from clips.jobs import tasks as jobs_tasks
from clips.models import Inbox, Job, JobKind, JobState, OriginalFile, Upload, UploadState
from clips.models.job import MAX_ATTEMPTS
from clips.tests.archive.drive_store import FOLDER_TYPE
from clips.tests.archive.drive_troubles import refuse
from clips.tests.workers import Worker, eventually

pytestmark = pytest.mark.django_db

BLOCK_BYTES = 256 * 1024


@pytest.fixture
def inbox(on_drive, settings, monkeypatch):
    """A Drive with a drop folder in its shared drive."""
    settings.ARCHIVE_BACKEND = "local"
    settings.DRIVE_DROP_FOLDER_ID = "drop"
    monkeypatch.setattr("clips.archive.drive.downloads.FETCH_BYTES", BLOCK_BYTES)
    facts = {"camera_id": "CAM_UNKNOWN", "recorded_at": None, "duration_ms": 333}
    monkeypatch.setattr(register, "_facts_of", lambda *_: facts)
    on_drive.store.add("drop", "Drop here", FOLDER_TYPE, ["shared-drive"], owner="", drive_id="shared-drive")
    return on_drive


@pytest.fixture
def fetched(inbox):
    """Return a function that looks, fetches and checks what is due, and looks again to move it away."""

    def run(*, whole: bool = False) -> None:
        drive_folder.look_into(whole=whole)
        for kind, task in ((JobKind.COLLECT, ingest_tasks.collect), (JobKind.INGEST, ingest_tasks.ingest)):
            for job in Job.objects.due().filter(kind=kind):
                task(str(job.pk))
        drive_folder.look_into()

    return run


@pytest.mark.usefixtures("whatever_the_user_sees")
def test_what_a_member_puts_in_is_seen_at_the_next_look(inbox, fetched):
    fetched()
    inbox.store.drop("GX02.MP4", b"film" * 1000, "drop")
    drive_folder.look_into()
    assert Upload.objects.get().original_filename == "GX02.MP4"
    listed_at = Inbox.objects.get().listed_at
    Inbox.objects.update(log="", token="user~0")  # as before the log was kept
    inbox.store.drop("GX03.MP4", b"more" * 1000, "drop")
    drive_folder.look_into()
    assert Upload.objects.count() == 2
    assert Inbox.objects.get().listed_at > listed_at, "another log's position is worth nothing, so all is listed"
    Inbox.objects.update(token="of another account~7")
    inbox.store.drop("GX04.MP4", b"last" * 1000, "drop")
    drive_folder.look_into()
    assert Upload.objects.count() == 3, "nor is one that Drive does not know"


def where(inbox, item) -> str:
    return inbox.store.path(item)


@pytest.fixture
def today() -> str:
    return timezone.localdate().isoformat()


def test_a_file_is_fetched_checked_and_put_away(inbox, fetched, settings, today):
    content = secrets.token_bytes(3 * BLOCK_BYTES + 7)
    inbox.store.add("day", "2024-12-01 Backyard Rails", FOLDER_TYPE, ["drop"], owner="", drive_id="shared-drive")
    item = inbox.store.drop("GX010001.MP4", content, "day")
    fetched()
    original = OriginalFile.objects.get()
    assert (settings.DATA_DIR / original.stored_path).read_bytes() == content
    assert str(original.shoot) == "2024-12-01 Backyard Rails"
    assert where(inbox, item) == f"Crew/Drop here/processed/{today}/GX010001.MP4"
    assert item.description == "added to 2024-12-01 Backyard Rails"
    fetched()
    fetched(whole=True)
    assert Upload.objects.count() == 1, "what was put away does not come again"


def test_what_comes_later_is_seen_by_the_list_of_changes(inbox, fetched):
    fetched()
    n_lists = inbox.count("GET /drive/v3/files?") + inbox.count("GET /drive/v3/files")
    inbox.store.drop("elsewhere.mp4", b"elsewhere")
    inbox.store.drop("here.mp4", b"here", "drop")
    inbox.store.add("moved", "Park", FOLDER_TYPE, ["drop"], owner="", drive_id="shared-drive")
    inbox.store.drop("inside.mp4", b"inside", "moved")
    inbox.store.drop("GX010001.THM", b"a picture", "drop")
    inbox.store.add("system", "@eaDir", FOLDER_TYPE, ["drop"], owner="", drive_id="shared-drive")
    inbox.store.drop("GX010001.MP4", b"a thumbnail", "system")
    fetched()
    assert n_lists
    assert sorted(Upload.objects.values_list("came_from", flat=True)) == ["Park/inside.mp4", "here.mp4"]


def test_a_duplicate_is_a_result(inbox, fetched, today):
    inbox.store.drop("first.mp4", b"the same", "drop")
    fetched()
    second = inbox.store.drop("second.mp4", b"the same", "drop")
    fetched()
    assert OriginalFile.objects.count() == 1
    assert Upload.objects.filter(state=UploadState.DUPLICATE).count() == 1
    assert where(inbox, second).startswith(f"Crew/Drop here/processed/{today}/")
    assert second.description.startswith("already here: first.mp4")


@pytest.mark.slow
def test_what_is_no_video_is_put_into_failed_with_the_sentence(inbox, fetched, today, monkeypatch):
    monkeypatch.undo()
    item = inbox.store.drop("diary.mp4", b"Dear diary, " * 50, "drop")
    fetched()
    assert where(inbox, item) == f"Crew/Drop here/failed/{today}/diary.mp4"
    assert item.description == "This is a text file, not a video."
    assert not OriginalFile.objects.exists()


def test_shortcuts_and_documents_are_left_alone_with_words(inbox, fetched):
    for kind in ("shortcut", "document", "document"):
        inbox.store.add(kind + secrets.token_hex(2), kind, f"application/vnd.google-apps.{kind}", ["drop"],
                        owner="", drive_id="shared-drive")  # fmt: skip
    fetched()
    assert "Ignored in the Drive folder: 1 shortcut and 2 Google documents." in Inbox.objects.get().left_alone
    assert not Upload.objects.exists()


def test_what_arrives_late_or_empty_is_said_and_fetched_when_it_is_whole(inbox, fetched):
    fetched()
    late = inbox.store.drop("GX01.MP4", b"a film", "drop")
    late.modified_at = timezone.now().isoformat()
    sha256, late.sha256, late.md5 = late.sha256, "", ""
    inbox.store.drop("GX02.MP4", b"", "drop")
    fetched()
    said = Inbox.objects.get().left_alone
    assert "Ignored in the Drive folder: 1 empty file." in said
    assert "1 file is still on its way" in said
    late.sha256 = sha256  # of which no log tells
    fetched()
    assert Upload.objects.get().state == UploadState.REGISTERED
    assert "on its way" not in Inbox.objects.get().left_alone
    assert Inbox.objects.get().listed_at, "from now on once a day again"


def test_a_flagged_file_is_put_into_failed_with_the_sentence(inbox, fetched, today):
    item = inbox.store.drop("GX01.MP4", b"a film", "drop")
    item.is_flagged = True
    fetched()
    assert Upload.objects.get().state == UploadState.GONE
    assert where(inbox, item) == f"Crew/Drop here/failed/{today}/GX01.MP4"
    assert "malware or spam" in item.description


def test_a_file_whose_downloads_are_used_up_is_tried_again_the_next_day_and_not_for_ever(inbox, fetched):
    item = inbox.store.drop("GX01.MP4", b"a film", "drop")
    inbox.troubles.always(f"GET /drive/v3/files/{item.id}?alt=media", "downloaded")
    fetched()
    job = Job.objects.get()
    assert (job.state, job.attempts) == (JobState.WAITING, 0)
    assert job.run_after > timezone.now() + timedelta(hours=23)
    assert "tried again tomorrow" in job.reason
    Upload.objects.update(created_at=timezone.now() - timedelta(days=8))
    Job.objects.update(run_after=timezone.now())
    fetched()
    assert Upload.objects.get().state == UploadState.GONE
    assert "/failed/" in where(inbox, item)


def test_a_file_that_is_replaced_while_it_is_fetched_comes_as_what_it_is_then(inbox, fetched):
    item = inbox.store.drop("GX01.MP4", secrets.token_bytes(3 * BLOCK_BYTES), "drop")
    drive_folder.look_into()
    first = Upload.objects.get()
    part_file.create_part(first.pk)
    part_file.part_path(first.pk).write_bytes(b"1" * BLOCK_BYTES)  # of the content before
    inbox.store.revise(item.id, b"another film")
    fetched()
    fetched()
    assert sorted(Upload.objects.values_list("state", flat=True)) == [UploadState.GONE, UploadState.REGISTERED]
    assert OriginalFile.objects.get().size_bytes == len(b"another film")


@pytest.mark.slow
def test_a_fetch_that_is_cut_off_goes_on_where_it_was(inbox, fetched, settings):
    content = secrets.token_bytes(4 * BLOCK_BYTES)
    item = inbox.store.drop("GX010001.MP4", content, "drop")
    media = f"GET /drive/v3/files/{item.id}"
    inbox.troubles.once(media, "slow", "slow", "slow", "cut", "503", "lost")
    fetched()
    assert (settings.DATA_DIR / OriginalFile.objects.get().stored_path).read_bytes() == content


def test_a_worker_that_died_leaves_what_it_got_to_the_next(inbox, settings):
    content = secrets.token_bytes(4 * BLOCK_BYTES)
    inbox.store.drop("GX010001.MP4", content, "drop")
    drive_folder.look_into()
    upload = Upload.objects.get()
    part_file.create_part(upload.pk)
    part_file.part_path(upload.pk).write_bytes(content[: 3 * BLOCK_BYTES + 5])
    n_before = len(inbox.log)
    ingest_tasks.collect(str(Job.objects.get().pk))
    assert part_file.part_path(upload.pk).read_bytes() == content
    n_ranges = sum(line.startswith("GET /drive/v3/files/") for line in inbox.log[n_before:])
    assert n_ranges <= 3, "two questions and one range"


def test_bytes_that_are_not_what_drive_says_are_fetched_again(inbox):
    content = secrets.token_bytes(1000)
    inbox.store.drop("GX010001.MP4", content, "drop")
    drive_folder.look_into()
    upload, job = Upload.objects.get(), Job.objects.get()
    part_file.create_part(upload.pk)
    part_file.part_path(upload.pk).write_bytes(b"\0" * 1000)
    ingest_tasks.collect(str(job.pk))
    upload.refresh_from_db()
    assert (upload.state, part_file.part_path(upload.pk).exists()) == (UploadState.WAITING, False)
    Job.objects.update(run_after=timezone.now())
    ingest_tasks.collect(str(job.pk))
    upload.refresh_from_db()
    assert upload.state == UploadState.RECEIVED


def test_a_file_that_drive_knows_by_md5_alone_is_checked_by_that(inbox, fetched):
    item = inbox.store.drop("GX010001.MP4", b"some bytes", "drop")
    item.sha256 = ""
    fetched()
    assert Upload.objects.get().mark.startswith("md5:")
    assert OriginalFile.objects.exists()


def test_a_full_disk_lets_it_wait_with_a_sentence(inbox, fetched, monkeypatch):
    inbox.store.drop("GX010001.MP4", b"some bytes", "drop")
    with monkeypatch.context() as full:
        full.setattr(floor, "free_bytes", lambda: 5)
        fetched()
    upload, job = Upload.objects.get(), Job.objects.get()
    assert upload.state == UploadState.WAITING
    assert job.state == JobState.WAITING
    assert "when there is space" in upload.reason
    assert job.attempts == 0
    Job.objects.update(run_after=timezone.now())
    fetched()
    assert OriginalFile.objects.exists()


def test_a_drive_that_refuses_everything_stops_nothing_else_and_loses_no_attempt(inbox, fetched):
    inbox.store.drop("GX010001.MP4", b"some bytes", "drop")
    drive_folder.look_into()
    inbox.accounts.revoke()
    ingest_tasks.collect(str(Job.objects.get().pk))
    job = Job.objects.get()
    assert (job.state, job.attempts) == (JobState.WAITING, 0)
    assert "no longer accepts" in job.reason
    drive_folder.look_into()
    assert "no longer accepts" in Inbox.objects.get().sentence


def test_a_file_that_was_taken_out_before_it_came_is_given_up(inbox, fetched):
    item = inbox.store.drop("GX010001.MP4", b"some bytes", "drop")
    drive_folder.look_into()
    inbox.store.trash(item.id)
    fetched()
    assert Upload.objects.get().state == UploadState.GONE


def test_a_file_that_could_not_be_moved_is_moved_at_the_next_look(inbox, fetched):
    item = inbox.store.drop("GX010001.MP4", b"some bytes", "drop")
    item.read_only = True
    fetched()
    assert "does not allow changing this file" in Inbox.objects.get().sentence
    item.read_only = False
    fetched()
    assert "/processed/" in where(inbox, item)
    assert Inbox.objects.get().sentence == ""


def test_a_file_that_may_not_be_moved_holds_up_no_other_and_is_tried_once_a_day(inbox, fetched):
    theirs = inbox.store.drop("GX01.MP4", b"owned by somebody", "drop")
    theirs.read_only = True
    fetched()
    ours = inbox.store.drop("GX02.MP4", b"some bytes", "drop")
    fetched()
    assert "/processed/" in where(inbox, ours)
    assert "does not allow changing this file" in Inbox.objects.get().sentence
    Upload.objects.update(updated_at=timezone.now() - timedelta(days=2))
    n_tried = inbox.count(f"PATCH /drive/v3/files/{theirs.id}")
    drive_folder.look_into()
    assert inbox.count(f"PATCH /drive/v3/files/{theirs.id}") == n_tried
    drive_folder.look_into(whole=True)
    assert inbox.count(f"PATCH /drive/v3/files/{theirs.id}") == n_tried + 1


@pytest.mark.slow
def test_a_file_that_is_not_given_out_is_no_job_for_ever_and_a_trashed_folder_is_said(inbox, fetched):
    items = {}
    for reason in ("cannotDownloadFile", "insufficientFilePermissions"):
        items[reason] = inbox.store.drop(f"{reason}.mp4", secrets.token_bytes(9), "drop")
        inbox.troubles.always(f"GET /drive/v3/files/{items[reason].id}?alt=media", refuse(403, reason))
    for _time in range(MAX_ATTEMPTS):
        Job.objects.filter(state=JobState.WAITING).update(run_after=timezone.now())
        fetched()
    assert not Job.objects.filter(state=JobState.WAITING).exists()
    assert all("/failed/" in where(inbox, item) for item in items.values())
    assert "does not let others download" in items["cannotDownloadFile"].description
    assert "does not allow this" in items["insufficientFilePermissions"].description
    inbox.store.trash("drop")
    drive_folder.look_into()
    assert "is in its trash" in Inbox.objects.get().sentence


@pytest.mark.parametrize("when", ["_write_down", "looked_into"])
def test_a_look_that_was_cut_off_skips_nothing(inbox, fetched, monkeypatch, when):
    fetched()
    inbox.store.drop("GX010001.MP4", b"some bytes", "drop")

    def die(*_args, **_kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as cut:
        target = drive_folder if when == "_write_down" else Inbox.objects
        cut.setattr(target, when, die)
        with pytest.raises(KeyboardInterrupt):
            drive_folder.look_into()
    fetched()
    assert OriginalFile.objects.count() == Upload.objects.count() == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_that_look_at_once_take_each_file_once(inbox):
    for number in range(5):
        inbox.store.drop(f"{number}.mp4", f"{number}".encode(), "drop")
    barrier = threading.Barrier(3)

    def look() -> None:
        barrier.wait()
        drive_folder.look_into(whole=True)
        connection.close()

    threads = [threading.Thread(target=look) for _ in range(3)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert Upload.objects.count() == Job.objects.count() == 5


def test_a_persons_account_is_asked_for_the_whole_drive(settings):
    settings.DRIVE_FOLDER_ID = ""
    assert oauth.scope() == oauth.OWN_FILES
    settings.DRIVE_DROP_FOLDER_ID = "drop"
    assert oauth.scope() == oauth.WHOLE_DRIVE


def test_the_button_has_the_folder_looked_into(client, curator, settings, broker):
    settings.DRIVE_DROP_FOLDER_ID = "drop"
    client.force_login(curator)
    assert reverse("clips:drive_folder_look") in client.get(reverse("clips:upload")).content.decode()
    answer = client.post(reverse("clips:drive_folder_look"), follow=True)
    assert "Checking the Drive folder" in answer.content.decode()
    assert broker.depth("light") == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_workers_of_which_one_is_killed_fetch_each_file_once(inbox, broker, settings, monkeypatch):
    """Real workers, cut connections, and a SIGKILL while something is fetched."""
    contents = {f"GX01000{number}.MP4": secrets.token_bytes(20_000_000 + number) for number in range(3)}
    for name, content in contents.items():
        inbox.store.drop(name, content, "drop")
    drive_folder.look_into()
    Job.objects.update(params={"alone": True})  # what is fetched need not be looked into here
    for name in ("DRIVE_DROP_FOLDER_ID", "DRIVE_SERVICE_ACCOUNT_FILE", "DRIVE_API_URL"):
        monkeypatch.setenv(name, getattr(settings, name))
    monkeypatch.setenv("DRIVE_BACK_OFF_SECONDS", "0.02")
    inbox.troubles.by_chance(0.2, seed=8)
    workers = [Worker(), Worker()]

    def all_here() -> bool:
        jobs_tasks.sweep()
        time.sleep(0.3)
        return not Upload.objects.exclude(state=UploadState.RECEIVED).exists()

    try:
        [pipeline.publish(job) for job in Job.objects.all()]
        eventually(lambda: Upload.objects.filter(state=UploadState.RECEIVING).exists(), "a fetch begins")
        workers.pop(0).stop()
        workers.append(Worker())
        eventually(all_here, "all files are here")
    finally:
        [worker.stop() for worker in workers]
    for upload in Upload.objects.all():
        assert part_file.part_path(upload.pk).read_bytes() == contents[upload.original_filename]
    assert Job.objects.filter(state=JobState.DONE).count() == 3
