"""A video drawn as a line: where its moments lie and what became of them."""

import uuid
from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from clips.models import CandidateSegment, SegmentStatus
from clips.timeline import HEIGHT, WIDTH, MarkState, marks_of, outline, state_of


def marks(original, segments):
    for segment in segments:
        segment.current_clips = []
    return marks_of(original, segments, score_shown=original.shoot.score_shown)


def test_a_mark_lies_where_its_moment_lies(original, segments):
    first, second = marks(original, segments)[:2]
    assert (first.x, second.x) == (0, pytest.approx(WIDTH * 10_000 / 600_000, abs=0.05))
    assert first.width == pytest.approx(WIDTH * 4_000 / 600_000, abs=0.05)
    assert all(
        mark.x + mark.width <= WIDTH and mark.y + mark.height == pytest.approx(HEIGHT) for mark in [first, second]
    )


def test_a_moment_at_the_end_of_a_long_video_stays_inside_and_can_be_hit(original, run):
    original.duration_ms = 36_000_000
    segment = CandidateSegment(original_file=original, run=run, start_ms=35_999_000, end_ms=36_000_000, score=0.9)
    (mark,) = marks(original, [segment])
    assert mark.width >= 5
    assert mark.x + mark.width == pytest.approx(WIDTH)


def test_the_surer_the_higher(original, segments):
    heights = [mark.height for mark in marks(original, segments)]
    assert heights == sorted(heights, reverse=True)
    assert min(heights) > 0


def test_what_lies_below_the_sensitivity_says_so_and_leads_nowhere(original, segments):
    drawn = marks(original, segments)
    assert [mark.state for mark in drawn] == [MarkState.SHOWN] * 7 + [MarkState.BELOW] * 3
    assert drawn[0].url == f"/sort?session={original.shoot_id}"
    assert drawn[-1].url == ""
    assert drawn[0].label == "0:00–0:04 · 0.95 · to sort · the rider moves 3 × more than usual"


def test_a_moment_by_hand_is_shown_however_low_the_sensitivity(original):
    segment = CandidateSegment(original_file=original, start_ms=0, end_ms=4_000)
    assert state_of(segment, score_shown=1.0) == MarkState.SHOWN
    assert marks(original, [segment])[0].label == "0:00–0:04 · to sort · added by hand"


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({"status": SegmentStatus.ACCEPTED}, MarkState.KEPT),
        ({"status": SegmentStatus.TRASHED}, MarkState.TRASHED),
        ({"status": SegmentStatus.IN_PROGRESS, "lease_ends_at": timedelta(minutes=1)}, MarkState.HELD),
        ({"status": SegmentStatus.IN_PROGRESS, "lease_ends_at": timedelta(minutes=-1)}, MarkState.SHOWN),
    ],
)
def test_a_mark_says_what_became_of_its_moment(original, fields, state):
    if "lease_ends_at" in fields:
        fields = fields | {"lease_ends_at": timezone.now() + fields["lease_ends_at"], "lease_token": uuid.uuid4()}
    assert state_of(CandidateSegment(original_file=original, start_ms=0, end_ms=1, **fields), score_shown=0) == state


def test_the_outline_loses_no_peak():
    values = np.zeros(36_000)
    values[20_001] = 1.0
    points = outline(values.tolist()).split()
    assert points[0] == f"0,{HEIGHT}"
    assert points[-1] == f"{WIDTH},{HEIGHT}"
    assert len(points) < 1000
    assert [point for point in points if point.endswith(",0.0")]


def test_no_curve_has_no_outline():
    assert outline([]) == outline(None) == ""
