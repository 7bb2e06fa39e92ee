"""Tests that only unfinished uploads expire, after some idle days."""

import datetime as dt
import os
import time

import pytest
from django.utils import timezone

from clips.ingest import part_file, quota, tasks
from clips.models import Upload, UploadState
from clips.tests.ingest.test_quota import ABOUT

pytestmark = pytest.mark.django_db


@pytest.fixture
def upload(sorter) -> Upload:
    """An upload of ten bytes that got four of them."""
    upload = quota.begin(sorter, "GX010123.MP4", 10, ABOUT)
    part_file.part_path(upload.pk).write_bytes(b"0123")
    upload.advance(from_bytes=0, to_bytes=4)
    return upload


def idle_for(upload: Upload, **span: float) -> None:
    Upload.objects.filter(pk=upload.pk).update(updated_at=timezone.now() - dt.timedelta(**span))


def test_after_seven_idle_days_the_bytes_go_and_the_row_says_why(upload):
    idle_for(upload, days=7, minutes=1)
    tasks.expire_uploads()
    upload.refresh_from_db()
    assert (upload.state, upload.reason) == (UploadState.GONE, "Nothing arrived for 7 days.")
    assert not part_file.part_path(upload.pk).exists()


def test_one_day_less_and_it_stays(upload):
    idle_for(upload, days=6, hours=23)
    tasks.expire_uploads()
    upload.refresh_from_db()
    assert upload.state == UploadState.RECEIVING
    assert part_file.part_path(upload.pk).read_bytes() == b"0123"


def test_how_many_days_can_be_set(upload, settings):
    settings.UPLOAD_IDLE_DAYS = 1
    idle_for(upload, days=2)
    tasks.expire_uploads()
    upload.refresh_from_db()
    assert upload.state == UploadState.GONE


def test_one_that_is_written_to_right_now_stays(upload):
    idle_for(upload, days=8)
    with part_file.writing(upload.pk):
        tasks.expire_uploads()
    upload.refresh_from_db()
    assert upload.state == UploadState.RECEIVING


def test_a_whole_file_never_goes_however_long_its_check_takes(upload):
    upload.advance(from_bytes=4, to_bytes=10)
    upload.mark_received()
    idle_for(upload, days=100)
    tasks.expire_uploads()
    upload.refresh_from_db()
    assert upload.state == UploadState.RECEIVED
    assert part_file.part_path(upload.pk).exists()


def test_one_whose_bytes_are_lost_goes_too(upload):
    idle_for(upload, days=8)
    part_file.delete_part(upload.pk)
    tasks.expire_uploads()
    upload.refresh_from_db()
    assert upload.state == UploadState.GONE


def test_part_files_that_belong_to_nothing_go_after_a_day(upload, settings):
    old, young = (settings.UPLOADS_DIR / f"{name}.part" for name in ("old", "young"))
    old.touch()
    young.touch()
    a_day_ago = time.time() - tasks.STRAY_AFTER_S - 60
    for path in (old, part_file.part_path(upload.pk)):
        os.utime(path, (a_day_ago, a_day_ago))
    tasks.expire_uploads()
    assert sorted(settings.UPLOADS_DIR.iterdir()) == sorted([young, part_file.part_path(upload.pk)])


def test_the_schedule_names_a_task_that_exists(settings):
    from trickyclip.celery import app

    app.loader.import_default_modules()
    assert settings.CELERY_BEAT_SCHEDULE["expire_uploads"]["task"] in app.tasks
