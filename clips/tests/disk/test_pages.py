"""Tests the pages about disk space and evicted originals."""

import json
import uuid

import pytest
from django.core.cache import cache
from django.urls import reverse
from django.utils import timezone

from clips.models import ArchiveCopy, Job, JobKind, OriginalFile
from clips.models import SegmentStatus as Status
from clips.tests.factories import CandidateSegmentFactory, DetectionRunFactory, FinalClipFactory
from trickyclip.shared.whole_pages import AS_A_PAGE_ASKS

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_sums() -> None:
    cache.clear()


@pytest.fixture
def done(make_original, archive_it) -> OriginalFile:
    """An original that is sorted and archived."""
    original = make_original(fingerprint="f" * 64)
    run = DetectionRunFactory(original_file=original)
    CandidateSegmentFactory(original_file=original, run=run, start_ms=0, end_ms=1000, score=0.9, status=Status.TRASHED)
    archive_it(original)
    return original


@pytest.mark.slow
def test_the_jobs_page_says_what_would_make_room_and_a_curator_asks_for_it(client, curator, sorter, done, broker):
    client.force_login(sorter)
    assert "make-room" not in client.get(reverse("clips:jobs")).content.decode()
    client.force_login(curator)
    page = client.get(reverse("clips:jobs")).content.decode()
    assert "sorted and archived originals" in page
    assert "make-room" in page
    said = client.post(reverse("clips:disk_make_room")).content.decode()
    assert "Freeing space" in said
    assert broker.depth("light") == 1


def test_room_that_cannot_be_asked_for_is_said(client, curator, done, broker):
    client.force_login(curator)
    with broker.away():
        assert "No worker available" in client.post(reverse("clips:disk_make_room")).content.decode()


def test_a_session_says_where_its_camera_files_are_and_fetches_them_back(client, sorter, done, let_go):
    let_go(done)
    client.force_login(sorter)
    page = client.get(reverse("clips:session", args=[done.shoot_id]), {"details": ""}).content.decode()
    assert "in the archive only" in page
    said = client.post(reverse("clips:file_fetch", args=[done.pk])).content.decode()
    assert "Waiting to restore the original" in said
    assert Job.objects.get(kind=JobKind.FETCH).original_file == done
    assert (
        "<progress" in client.get(reverse("clips:file_fetch", args=[done.pk]), headers=AS_A_PAGE_ASKS).content.decode()
    )


def test_a_curator_marks_an_original_as_not_needed_and_takes_that_back(client, curator, done):
    client.force_login(curator)
    for name, status, is_marked in (
        ("file_not_needed", 200, True), ("file_not_needed", 409, True),
        ("file_needed", 200, False), ("file_needed", 409, False),
    ):  # fmt: skip
        assert client.post(reverse(f"clips:{name}", args=[done.pk])).status_code == status
        done.refresh_from_db()
        assert bool(done.not_needed_at) == is_marked
        assert done.not_needed_by == (curator if is_marked else None)


def test_the_admin_marks_several_at_once(client, admin, make_original):
    files = [make_original(f"GX0{n}.MP4") for n in range(2)]
    client.force_login(admin)
    chosen = {"action": "not_needed", "_selected_action": [str(file.pk) for file in files]}
    client.post(reverse("admin:clips_originalfile_changelist"), chosen)
    assert OriginalFile.objects.filter(not_needed_by=admin).count() == 2


def test_the_edit_page_says_that_saving_fetches_the_camera_file_back(client, sorter, done, let_go):
    clip = FinalClipFactory(
        original_file=let_go(done), start_ms=0, end_ms=1000, fps_label="60FPS",
        date=done.shoot.date, filename="a__v001.mp4", lineage=uuid.uuid4(),
    )  # fmt: skip
    client.force_login(sorter)
    page = client.get(reverse("clips:clip_edit", args=[clip.pk])).content.decode()
    assert "Restored automatically when needed" in page
    assert f"fetch-now-{done.pk}" in page


@pytest.mark.parametrize("page", ["home", "clips:upload"])
def test_a_full_disk_is_said_where_people_look(client, sorter, done, disk, page):
    client.force_login(sorter)
    assert "Disk full" not in client.get(reverse(page)).content.decode()
    disk["bytes"] = -1
    assert "will continue when there is space" in client.get(reverse(page)).content.decode()


def test_what_no_archive_has_any_more_is_welcome_again(client, sorter, done, let_go):
    let_go(done)
    client.force_login(sorter)
    asked = {"data": json.dumps({"fingerprints": [done.fingerprint]}), "content_type": "application/json"}
    assert client.post(reverse("clips:upload_known"), **asked).json()["known"]
    ArchiveCopy.objects.all().delete()
    OriginalFile.objects.update(not_needed_at=timezone.now())
    assert client.post(reverse("clips:upload_known"), **asked).json()["known"] == {}
