"""Tests moving a file recorded on another day, and its clips, to the session of its own day."""

import datetime as dt
import io
import struct

import av
import pytest
from django.conf import settings
from django.contrib.messages import get_messages
from django.core.management import call_command
from django.urls import reverse

from clips.jobs import pipeline
from clips.library import own_day
from clips.models import CameraClock, CopyState, FinalClip, Job, JobKind, JobState, OriginalFile, Shoot
from clips.sorting import decisions
from clips.sorting.decisions import Choice
from clips.storage.files import sha256_of
from clips.tests.factories import OriginalFileFactory
from clips.tests.media.camera_boxes import add_to_movie, box
from clips.tests.media.made_up import make_video
from clips.tests.recorded import add_probed, utc


@pytest.fixture
def alps(shoot) -> Shoot:
    shoot.time_zone = "Europe/Vienna"
    shoot.save()
    return shoot


@pytest.fixture
def clip(shoot, sorter) -> FinalClip:
    return decisions.make_clip(add_probed(shoot), Choice(0, 4000), sorter)


@pytest.fixture
def wrong_day(clip) -> OriginalFile:
    """A file of a camera whose clock was a day slow, with a clip that is archived."""
    CameraClock.objects.create(camera_id="CAM_GOPRO8", day=dt.date(2024, 12, 1), offset_s=86_400)
    OriginalFile.objects.all().place_in_time()
    Job.objects.update(state=JobState.DONE)
    Job.objects.create(kind=JobKind.ARCHIVE, clip=clip, state=JobState.DONE)
    return OriginalFile.objects.get()


def test_a_file_goes_to_the_session_of_its_own_day_with_its_clips(alps, wrong_day, clip):
    assert own_day.move_to_own_day(wrong_day) == 1
    wrong_day.refresh_from_db()
    assert (str(wrong_day.shoot), wrong_day.shoot.time_zone) == ("2024-12-02 Backyard Rails", "Europe/Vienna")
    version = FinalClip.objects.current().get()
    assert version.filename.startswith("2024-12-02__BackyardRails__Unknown__")
    assert (version.lineage, version.date, version.created_by) == (clip.lineage, dt.date(2024, 12, 2), clip.created_by)
    assert "2024" in version.search_text
    jobs = set(Job.objects.active().values_list("kind", "clip"))
    assert jobs == {(JobKind.RENDER, version.pk), (JobKind.WITHDRAW, clip.pk)}


def test_a_clip_that_is_being_cut_is_not_archived_under_the_wrong_date(wrong_day, clip):
    job = Job.objects.create(kind=JobKind.RENDER, clip=clip)
    own_day.move_to_own_day(wrong_day)
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED


def test_a_file_of_its_own_day_or_of_no_day_stays(shoot):
    with pytest.raises(own_day.OwnDayError, match="already in the session of the day"):
        own_day.move_to_own_day(add_probed(shoot))
    with pytest.raises(own_day.OwnDayError, match="does not say when"):
        own_day.move_to_own_day(add_probed(shoot, "b.mp4", recorded_at=None))


def test_the_admin_shows_the_other_day_and_moves_the_file(client, curator, shoot, wrong_day):
    right = add_probed(shoot, "b.mp4", camera_id="CAM_X")
    client.force_login(curator)
    files = reverse("admin:clips_originalfile_changelist")
    assert client.get(files).content.decode().count("2 Dec 2024") == 1
    action = {"action": "move_to_session_of_own_day", "_selected_action": [wrong_day.pk, right.pk]}
    answer = client.post(files, action)
    sentences = [str(message) for message in get_messages(answer.wsgi_request)]
    assert sentences[-1].startswith("Files moved: 1. Clips")
    assert any("b.mp4 is already in the session of the day it was recorded." in sentence for sentence in sentences)
    assert Shoot.objects.filter(name="Backyard Rails").count() == 2


# All of it with real files.


@pytest.fixture
def filmed(alps) -> OriginalFile:
    """Four seconds from a HERO8, whose clock shows local time and calls it UTC."""
    stored = settings.ORIGINALS_DIR / "filmed.mp4"
    stored.parent.mkdir(parents=True)
    make_video(stored, frames=120, size=(256, 144), tags={"creation_time": "2024-12-01T10:00:00Z"})
    add_to_movie(stored, box(b"udta", box(b"FIRM", b"HD8.01.02.51.00"), box(b"HMMT", struct.pack(">II", 1, 2500))))
    return OriginalFileFactory(
        shoot=alps,
        original_filename="GX010001.MP4",
        stored_path="originals/filmed.mp4",
        file_hash=sha256_of(stored),
        size_bytes=stored.stat().st_size,
    )


def creation_time_of(path) -> dt.datetime:
    with av.open(str(path)) as file:
        return dt.datetime.fromisoformat(file.metadata["creation_time"])


@pytest.mark.slow
def test_old_rows_learn_what_is_read_now(filmed, work_off):
    call_command("reprobe", no_wait=True, stdout=io.StringIO())
    assert work_off() == [JobKind.PROBE]
    filmed.refresh_from_db()
    assert (filmed.camera_id, filmed.recorded_at, filmed.utc_offset_min) == ("CAM_GOPRO8", utc(9), 60)
    assert filmed.probe["hilights_ms"] == [2500]


@pytest.mark.slow
def test_a_corrected_clock_moves_an_archived_clip_to_its_day(filmed, sorter, work_off):
    pipeline.start(JobKind.PROBE, filmed, alone=True)
    work_off()
    filmed.refresh_from_db()
    clip = decisions.make_clip(filmed, Choice(1000, 2000), sorter)
    pipeline.start(JobKind.RENDER, clip)
    work_off()
    wrong = settings.ARCHIVE_DIR / clip.copies.get().path
    assert creation_time_of(wrong) == utc(9, 0, 1), "in UTC, from where the clip begins"

    CameraClock.objects.create(camera_id="CAM_GOPRO8", day=dt.date(2024, 12, 1), offset_s=86_400)
    OriginalFile.objects.all().place_in_time()
    filmed.refresh_from_db()
    own_day.move_to_own_day(filmed)
    assert sorted(work_off()) == sorted([JobKind.RENDER, JobKind.WITHDRAW, JobKind.ARCHIVE])
    version = FinalClip.objects.current().get()
    right = settings.ARCHIVE_DIR / version.copies.get().path
    assert right.parts[-4:-2] == ("2024-12-02 - Backyard Rails", "Unknown")
    assert creation_time_of(right) == utc(9, 0, 1, day=2)
    assert (right.is_file(), wrong.is_file()) == (True, False)
    assert clip.copies.get().state == CopyState.WITHDRAWN
