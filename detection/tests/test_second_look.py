"""Tests that a second look adds what was missed, leaves alone what people did, and runs as a job of quiet hours."""

import uuid

import pytest
from django.urls import reverse
from django.utils import timezone

from clips.jobs import idle
from clips.models import (
    Angle,
    CandidateSegment,
    DetectionRun,
    Job,
    JobKind,
    JobState,
    PairState,
    Preview,
    SegmentStatus,
    Upload,
    VideoPair,
)
from clips.models.job import GIVING_WAY
from clips.sorting import decisions
from clips.storage.files import sha256_of
from clips.tests.factories import CandidateSegmentFactory, DetectionRunFactory, OriginalFileFactory
from detection import tasks
from detection.moments import add_moments, replace_moments
from detection.tests.film import Film

pytestmark = pytest.mark.django_db


def candidate(start_ms: int, score: float = 0.8, **fields) -> dict:
    facts = {"chance": 0.7, "why": "goes up and comes down", "features": {"version": 3}}
    return {"start_ms": start_ms, "end_ms": start_ms + 4000, "score": score} | facts | fields


def found(*candidates: dict, values: list[float] | None = None) -> dict:
    curve = {"step_ms": 100, "values": values or [0.04] * 6000}
    ranked = sorted(candidates, key=lambda one: -one["score"])
    return {"version": "2", "parameters": {}, "curve": curve, "timings": {}, "seen": 1.0, "candidates": ranked}


def rows() -> list[tuple]:
    return list(CandidateSegment.objects.order_by("start_ms").values_list("start_ms", "score", "is_second_look"))


@pytest.fixture
def first(original) -> DetectionRun:
    """A first look: one moment that is shown, and one that is hidden."""
    return replace_moments(original, found(candidate(10_000, 0.7), candidate(30_000, 0.3)))


def test_what_was_missed_is_added_and_what_is_there_is_scored_anew(original, first):
    ids = set(CandidateSegment.objects.values_list("pk", flat=True))
    run = add_moments(original, found(candidate(10_200, 0.9), candidate(30_000, 0.35), candidate(50_000, 0.6)))
    assert rows() == [(10_200, 0.9, False), (30_000, 0.35, False), (50_000, 0.6, True)]
    assert ids < set(CandidateSegment.objects.values_list("pk", flat=True)), "a moment keeps its id, and its preview"
    assert DetectionRun.objects.get() == run


def test_what_was_hidden_and_is_shown_now_counts_as_added(original, first):
    add_moments(original, found(candidate(10_000, 0.4), candidate(30_000, 0.8)))
    assert rows() == [(10_000, 0.4, False), (30_000, 0.8, True)]


def test_what_it_does_not_propose_again_stays_with_what_its_place_is_worth(original, first):
    values = [0.0] * 6000
    values[310] = 0.11
    add_moments(original, found(candidate(10_000, 0.9), values=values))
    assert rows() == [(10_000, 0.9, False), (30_000, 0.11, False)]
    assert CandidateSegment.objects.get(start_ms=30_000).chance < 0.11


@pytest.mark.parametrize("status", [SegmentStatus.ACCEPTED, SegmentStatus.TRASHED])
def test_what_is_decided_stays_as_it_is(original, first, status):
    CandidateSegment.objects.filter(start_ms=10_000).update(status=status)
    add_moments(original, found(candidate(10_300, 0.95), candidate(50_000, 0.6)))
    decided = CandidateSegment.objects.get(status=status)
    assert (decided.start_ms, decided.score, decided.run) == (10_000, 0.7, first)
    assert CandidateSegment.objects.filter(start_ms__range=(8_000, 14_000)).count() == 1


def test_what_was_skipped_or_made_by_hand_or_is_held_stays_as_it_is(original, first, sorter):
    by_hand = CandidateSegmentFactory(original_file=original, start_ms=70_000, end_ms=74_000)
    lease = uuid.uuid4()
    held = CandidateSegment.objects.lease_hand(member=sorter, lease=lease, count=2)
    skipped = next(segment for segment in held if segment.start_ms == 10_000)
    decisions.skip(skipped, lease=lease, key=uuid.uuid4(), member=sorter)
    before = list(CandidateSegment.objects.order_by("pk").values())
    add_moments(original, found(candidate(10_100, 0.2), candidate(70_100, 0.9)))
    after = {row["id"]: row for row in CandidateSegment.objects.filter(pk__in=[by_hand.pk, skipped.pk]).values()}
    assert [row for row in before if row["id"] in after] == sorted(after.values(), key=lambda row: str(row["id"]))


def test_what_was_skipped_as_another_angle_of_a_card_stays_as_it_is(original, first):
    CandidateSegment.objects.filter(start_ms=10_000).update(skipped_at=timezone.now())
    add_moments(original, found(candidate(10_100, 0.2), candidate(50_000, 0.9)))
    assert rows() == [(10_000, 0.7, False), (30_000, 0.04, False), (50_000, 0.9, True)]


def test_what_a_second_look_adds_joins_what_another_camera_saw(original, first, sorter, settings, monkeypatch):
    """Fails when groups of angles stay as they were before the second look."""
    stored = settings.ORIGINALS_DIR / "one.mp4"
    stored.parent.mkdir(parents=True, exist_ok=True)
    stored.write_bytes(b"film")
    phone = OriginalFileFactory(shoot=original.shoot, camera_id="CAM_PHONE", duration_ms=600_000)
    beside = CandidateSegmentFactory(
        original_file=phone, run=DetectionRunFactory(original_file=phone), start_ms=45_000, end_ms=49_000, score=0.9
    )
    same_time = {"offset_s": 5.0, "drift_ppm": None, "confidence": 0.9, "is_sure": True}
    VideoPair.objects.all().note(original, phone, same_time, state=PairState.SURE)
    VideoPair.objects.get().confirm(sorter)
    assert not Angle.objects.exists()
    monkeypatch.setattr(tasks.runner, "run", lambda *_args, **_how: found(candidate(50_000, 0.6)))
    job = Job.objects.for_target(JobKind.LOOK, original, priority=9)
    tasks.look_closer(str(job.pk))
    added = CandidateSegment.objects.get(is_second_look=True)
    assert set(Angle.objects.values_list("segment", "is_lead")) == {(added.pk, False), (beside.pk, True)}


def test_two_that_turn_out_to_be_one_are_one(original):
    replace_moments(original, found(candidate(10_000, 0.6), candidate(13_000, 0.4)))
    add_moments(original, found(candidate(11_500, 0.9)))
    assert [row[0] for row in rows()] == [11_500]


def test_a_moment_does_not_move_out_of_its_preview(original, first):
    shown = CandidateSegment.objects.get(start_ms=10_000)
    Preview.objects.create(
        segment=shown, stored_path="candidates/one.mp4", start_ms=9_900, end_ms=14_100, width_px=2, height_px=2,
        size_bytes=1,
    )  # fmt: skip
    add_moments(original, found(candidate(10_050, 0.9)))
    assert rows()[0][:2] == (10_050, 0.9)
    add_moments(original, found(candidate(11_000, 0.8)))
    assert rows()[0][:2] == (10_050, 0.8)


def test_twice_the_same_look_leaves_the_same_rows(original, first):
    looked = found(candidate(10_000, 0.9), candidate(50_000, 0.6))
    add_moments(original, looked)
    once = rows()
    add_moments(original, looked)
    assert rows() == once


def test_a_new_search_begins_anew(original, first):
    add_moments(original, found(candidate(50_000, 0.6)))
    replace_moments(original, found(candidate(10_000, 0.7)))
    assert rows() == [(10_000, 0.7, False)]


@pytest.mark.parametrize(
    ("seen", "is_on", "wanted"), [(0.2, True, True), (1.0, True, False), (0.2, False, False)],
    ids=["seen in part", "seen fully", "switched off"],
)  # fmt: skip
def test_the_first_search_asks_for_a_second_look_where_it_did_not_see_all(
    original, monkeypatch, settings, seen, is_on, wanted
):
    settings.LOOK_CLOSER = is_on
    stored = settings.ORIGINALS_DIR / "one.mp4"
    stored.parent.mkdir(parents=True, exist_ok=True)
    stored.write_bytes(b"film")
    monkeypatch.setattr(tasks.runner, "run", lambda *_args, **_how: found(candidate(1000)) | {"seen": seen})
    tasks.detect(str(Job.objects.for_target(JobKind.DETECT, original).pk))
    looks = Job.objects.filter(kind=JobKind.LOOK)
    assert looks.exists() is wanted
    assert all((job.priority, job.original_file) == (9, original) for job in looks)


@pytest.fixture
def filmed(settings):
    """A video with three tricks of which an earlier search found none."""
    stored = settings.ORIGINALS_DIR / "filmed.mp4"
    stored.parent.mkdir(parents=True, exist_ok=True)
    Film(tricks=[(4.0, 4.5), (9.0, 9.55), (13.0, 13.45)]).write(stored)
    return OriginalFileFactory(
        stored_path="originals/filmed.mp4", file_hash=sha256_of(stored), size_bytes=stored.stat().st_size,
        duration_ms=16_000, camera_id="CAM_GOPRO11", fps_label="30FPS", probed_at=timezone.now(),
    )  # fmt: skip


@pytest.mark.slow
def test_the_job_finds_what_was_missed_once_and_the_session_says_so(client, viewer, filmed, settings):
    job = Job.objects.for_target(JobKind.LOOK, filmed, priority=9)
    for _ in range(2):
        tasks.look_closer(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.DONE
    assert CandidateSegment.objects.filter(score__gte=0.5).count() == 3
    assert DetectionRun.objects.get().parameters["effort"] == "closer"
    assert list(settings.SCRATCH_DIR.iterdir()) == []
    assert Job.objects.filter(kind=JobKind.POSTER).count() == 1
    client.force_login(viewer)
    page = client.get(reverse("clips:session", args=[filmed.shoot_id])).content.decode()
    assert "Looked closer: 3 more moments" in page


@pytest.mark.slow
def test_it_stops_when_somebody_uploads_and_goes_on_later_without_doing_it_again(filmed, sorter, settings, monkeypatch):
    job = Job.objects.for_target(JobKind.LOOK, filmed, priority=9)
    folder = settings.SCRATCH_DIR / f"look-{filmed.pk}"

    def come(progress: float | None) -> bool:
        if list(folder.glob("look-*.npz")):
            Upload.objects.start(
                owner=sorter, filename="GX02.MP4", size_bytes=10, shoot_name="Backyard Rails", shoot_date="2024-12-01"
            )
        return True

    real = idle.insist
    monkeypatch.setattr(tasks, "TICK_S", 0.01)
    monkeypatch.setattr(idle, "insist", lambda job: come(None) and real(job))
    tasks.look_closer(str(job.pk))
    job.refresh_from_db()
    assert (job.state, job.attempts) == (JobState.WAITING, 0)
    assert not CandidateSegment.objects.exists()
    kept = {path.name: path.stat().st_mtime_ns for path in folder.glob("*.npz")}
    assert kept
    Upload.objects.all().delete()
    monkeypatch.setattr(idle, "insist", real)
    Job.objects.filter(pk=job.pk).update(run_after=timezone.now())
    tasks.look_closer(str(job.pk))
    job.refresh_from_db()
    assert job.state == JobState.DONE
    assert CandidateSegment.objects.filter(score__gte=0.5).count() == 3
    assert not folder.exists()


@pytest.mark.slow
@pytest.mark.parametrize("kind", GIVING_WAY)
def test_a_job_that_waits_for_quiet_makes_no_page_ask_again_and_again(client, sorter, original, run, kind):
    """Fails when a job that waits for a quiet hour counts as work in progress."""
    client.force_login(sorter)
    page = f"{reverse('clips:session', args=[original.shoot_id])}?details"
    Job.objects.for_target(kind, original, priority=9)
    assert 'hx-trigger="every 3s"' not in client.get(page).content.decode()
    assert 'hx-trigger="every 3s"' not in client.get(page.partition("?")[0]).content.decode()
    assert "Processing" not in client.get(reverse("home")).content.decode()
    Job.objects.claim(Job.objects.get().pk, worker="one")
    assert 'hx-trigger="every 3s"' in client.get(page).content.decode()
