"""Tests the pages about disk space and evicted originals."""

import json
import uuid

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clips.disk import overview
from clips.models import ArchiveCopy, Job, JobKind, OriginalFile
from clips.models import SegmentStatus as Status
from clips.tests.factories import CandidateSegmentFactory, DetectionRunFactory, FinalClipFactory, ShootFactory
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


@pytest.mark.slow
def test_a_curator_sees_what_trimming_frees_plans_it_and_thinks_again(client, curator, done):
    OriginalFile.objects.update(size_bytes=10**9)
    client.force_login(curator)
    address = reverse("clips:session_trim", args=[done.shoot_id])
    shown = client.get(address, headers=AS_A_PAGE_ASKS).content.decode()
    assert "1 video can be trimmed" in shown
    planned = client.post(address).content.decode()
    assert "will be trimmed on" in planned
    assert "trim-undo" in planned
    assert "Undo under Details" in client.get(reverse("clips:session", args=[done.shoot_id])).content.decode()
    done.refresh_from_db()
    assert (done.trim_by, done.trim_at > timezone.now()) == (curator, True)
    assert Job.objects.get(kind=JobKind.FILMSTRIP).is_active
    Job.objects.all().delete()
    undone = client.post(reverse("clips:session_trim_undo", args=[done.shoot_id])).content.decode()
    assert "trim-plan" in undone
    done.refresh_from_db()
    assert done.trim_at is None


def test_a_planned_video_that_waits_says_for_what(client, curator, done):
    CandidateSegmentFactory(original_file=done, score=0.9)
    OriginalFile.objects.update(trim_at=timezone.now() - timezone.timedelta(minutes=1))
    client.force_login(curator)
    shown = client.get(reverse("clips:session_trim", args=[done.shoot_id]), headers=AS_A_PAGE_ASKS).content.decode()
    assert "is due to be trimmed" in shown
    assert "1 of them waits: it has moments to sort" in shown


def test_a_video_that_stays_whole_says_why(client, curator, done):
    CandidateSegmentFactory(original_file=done, score=0.9)
    client.force_login(curator)
    address = reverse("clips:session_trim", args=[done.shoot_id])
    shown = client.get(address, headers=AS_A_PAGE_ASKS).content.decode()
    assert "it has moments to sort" in shown
    assert "trim-plan" not in shown


def test_more_videos_cost_the_panel_no_more_queries(
    client, curator, done, make_original, django_assert_max_num_queries
):
    client.force_login(curator)
    address = reverse("clips:session_trim", args=[done.shoot_id])
    with CaptureQueriesContext(connection) as few:
        client.get(address, headers=AS_A_PAGE_ASKS)
    for number in range(5):
        make_original(f"GX02{number}.MP4")
    with django_assert_max_num_queries(len(few)):
        client.get(address, headers=AS_A_PAGE_ASKS)


def test_the_storage_page_says_what_each_session_takes_and_when_the_disk_is_full(client, curator, done, monkeypatch):
    OriginalFile.objects.update(size_bytes=28 * 10**9)
    monkeypatch.setattr(overview, "free_bytes", lambda: 21 * 10**9)
    client.force_login(curator)
    page = client.get(reverse("clips:storage")).content.decode()
    assert reverse("clips:session", args=[done.shoot_id]) in page
    assert 'data-kind="originals" x="0.0" y="0" width="1000.0"' in page
    assert "the disk is full in about 3 weeks" in page
    assert "Trim sorted videos" in page


def test_sessions_are_summed_by_kind_and_the_small_ones_together(done, make_original, monkeypatch):
    monkeypatch.setattr(overview, "MOST_SESSIONS", 1)
    other = ShootFactory(name="Night", slug="Night", date="2024-12-02")
    make_original("GX03.MP4", shoot=other, size_bytes=1000)
    FinalClipFactory(original_file=done, stored_path="final_clips/a.mp4", size_bytes=50, file_hash="c" * 64)
    first, others = overview.sessions()
    assert (first.shoot, first.by_kind) == (done.shoot, {"originals": 300_000, "clips": 50})
    assert (others.shoot, others.size_bytes) == (None, 1000)
    assert sum(piece.width for piece in first.pieces) == pytest.approx(overview.WIDTH, abs=0.2)


def test_a_disk_that_lasts_for_years_is_not_counted_in_weeks(client, curator, done, monkeypatch):
    monkeypatch.setattr(overview, "free_bytes", lambda: 10**12)
    client.force_login(curator)
    assert "the disk lasts for more than two years" in client.get(reverse("clips:storage")).content.decode()


def test_without_new_footage_there_is_no_forecast(done):
    assert overview.forecast().days_left is not None
    OriginalFile.objects.update(created_at=timezone.now() - timezone.timedelta(days=60))
    assert overview.forecast().days_left is None
