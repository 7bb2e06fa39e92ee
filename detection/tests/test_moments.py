"""Tests repeated detection of a partly sorted file, and the use of the probe's facts in detection."""

import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from clips.jobs.worker import MAX_SILENCE_S
from clips.models import CandidateSegment, DetectionRun, SegmentStatus
from clips.tests.factories import CandidateSegmentFactory, OriginalFileFactory
from detection.moments import replace_moments
from detection.tasks import TICK_S, stretch_of, usual_beside

pytestmark = pytest.mark.django_db


def found(*spans_ms: tuple[int, int]) -> dict:
    candidates = [
        {"start_ms": start_ms, "end_ms": end_ms, "score": 0.8, "why": "pop and landing", "features": {"version": 2}}
        for start_ms, end_ms in spans_ms
    ]
    return {"version": "2", "parameters": {}, "curve": {}, "timings": {}, "candidates": candidates}


def test_what_nobody_touched_is_replaced(original, segments):
    run = replace_moments(original, found((500, 3500)))
    assert [(s.start_ms, s.end_ms, s.run) for s in CandidateSegment.objects.all()] == [(500, 3500, run)]
    assert DetectionRun.objects.get() == run


@pytest.mark.parametrize("status", [SegmentStatus.ACCEPTED, SegmentStatus.TRASHED])
def test_what_somebody_touched_stays_and_is_not_proposed_again(original, segments, status):
    CandidateSegment.objects.filter(pk=segments[2].pk).update(status=status)
    replace_moments(original, found((20_300, 24_300), (50_000, 53_000)))
    spans = sorted(CandidateSegment.objects.values_list("start_ms", "end_ms", "status"))
    assert spans == [(20_000, 24_000, status), (50_000, 53_000, SegmentStatus.UNREVIEWED)]


def test_what_somebody_is_looking_at_stays(original, segments, sorter):
    now = timezone.now()
    CandidateSegment.objects.filter(pk=segments[2].pk).update(
        status=SegmentStatus.IN_PROGRESS,
        locked_by=sorter,
        locked_at=now,
        lease_token=uuid.uuid4(),
        lease_ends_at=now + timedelta(minutes=3),
    )
    replace_moments(original, found((20_300, 24_300)))
    assert CandidateSegment.objects.get() == segments[2]


def test_what_a_person_added_by_hand_stays(original, segments):
    own = CandidateSegmentFactory(original_file=original, start_ms=100_000, end_ms=103_000)
    replace_moments(original, found((100_500, 103_500)))
    assert CandidateSegment.objects.get() == own


def test_what_a_run_proposes_twice_becomes_one_moment_the_better_one(original):
    """Fails when each candidate becomes a row, as of a worker of an older version."""
    twice = found((1000, 4000), (1000, 4000), (1400, 5000), (9000, 12_000))
    twice["candidates"][1]["score"] = 0.2
    replace_moments(original, twice)
    spans = CandidateSegment.objects.order_by("start_ms").values_list("start_ms", "end_ms", "score")
    assert list(spans) == [(1000, 4000, 0.8), (9000, 12_000, 0.8)]


def test_the_database_refuses_a_moment_that_its_run_has_already(original, run, segments):
    first = segments[0]
    span_ms = {"start_ms": first.start_ms, "end_ms": first.end_ms}
    with pytest.raises(IntegrityError), transaction.atomic():
        CandidateSegmentFactory(original_file=original, run=run, score=0.2, **span_ms)
    CandidateSegmentFactory(original_file=original, **span_ms)  # by hand


def test_twice_the_same_analysis_leaves_the_same_rows(original, segments):
    for _ in range(2):
        replace_moments(original, found((1000, 4000), (9000, 12_000)))
    assert sorted(CandidateSegment.objects.values_list("start_ms", flat=True)) == [1000, 9000]


def test_a_short_video_is_compared_with_others_of_its_camera_in_its_session(original, run, shoot):
    usual = {"of": {"arc": [0.0, 0.1]}, "length_s": 600.0}
    DetectionRun.objects.filter(pk=run.pk).update(parameters={"usual": usual})
    same = {"shoot": shoot, "camera_id": original.camera_id, "camera_serial": original.camera_serial}
    short = OriginalFileFactory(duration_ms=6000, **same)
    assert usual_beside(short) == [usual]
    assert usual_beside(OriginalFileFactory(duration_ms=60_000, **same)) == []
    assert usual_beside(OriginalFileFactory(duration_ms=6000, **same | {"camera_id": "CAM_OTHER"})) == []
    assert usual_beside(original) == []


def test_slow_motion_is_stretched_by_capture_rate_over_the_rate_it_plays_at(original):
    original.rate_num, original.rate_den = 30_000, 1001
    original.capture_rate_num, original.capture_rate_den = 240_000, 1001
    assert stretch_of(original) == pytest.approx(8)


def test_without_another_capture_rate_time_is_not_stretched(original):
    original.capture_rate_num = original.capture_rate_den = None
    assert stretch_of(original) == 1


def test_a_cancelled_analysis_asks_whether_it_is_still_wanted_within_a_second():
    assert TICK_S + MAX_SILENCE_S < 1


@pytest.mark.slow
def test_what_could_not_be_read_is_said_on_the_pages_of_the_file_and_of_its_moments(client, viewer, original):
    sentences = ["The sound could not be read. Moments were found from the picture alone.", "Another sentence."]
    run = replace_moments(original, found((500, 3500)) | {"unread": sentences})
    assert run.unread == " ".join(sentences)
    client.force_login(viewer)
    moment = run.segments.get()
    session = reverse("clips:session", args=[original.shoot_id])
    for page in (f"{session}?details", reverse("clips:moment", args=[moment.pk])):
        assert f'<p class="problem" role="note">{run.unread}</p>' in client.get(page).content.decode()
    replace_moments(original, found((500, 3500)))
    assert "could not be read" not in client.get(f"{session}?details").content.decode()
