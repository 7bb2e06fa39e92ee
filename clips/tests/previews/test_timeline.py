"""Tests the time-line of a video: positions and states of its moments, as a drawing and as data."""

import uuid
from datetime import timedelta

import numpy as np
import pytest
from django.urls import reverse
from django.utils import timezone

from clips.media.render.waveform import MAX_STEPS
from clips.models import CandidateSegment, DetectionRun, OriginalFile, SegmentStatus
from clips.previews.timeline import (
    HEIGHT,
    MAX_CURVE_STEPS,
    WIDTH,
    HiLight,
    MarkState,
    coarse_curve,
    hilights_of,
    marks_of,
    outline,
    state_of,
)
from clips.tests.factories import CandidateSegmentFactory, DetectionRunFactory
from clips.tests.media.test_filmstrip import cues_of
from clips.tests.previews.test_filmstrips import file_of, has_filmstrip


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


def test_what_lies_below_the_sensitivity_says_so_and_leads_to_itself(original, segments):
    drawn = marks(original, segments)
    assert [mark.state for mark in drawn] == [MarkState.SHOWN] * 7 + [MarkState.BELOW] * 3
    assert [mark.url for mark in drawn] == [f"/moments/{segment.pk}" for segment in segments]
    assert drawn[0].label == "0:00–0:04 · 95 % · to sort · 3.0 × the usual motion"


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


def test_the_coarse_curve_loses_no_peak():
    values = np.zeros(36_000)
    values[20_001] = 1.0
    coarse = coarse_curve({"step_ms": 100, "values": values.tolist()})
    assert coarse["step_ms"] == 2_400
    assert len(coarse["values"]) == MAX_CURVE_STEPS
    assert [place for place, value in enumerate(coarse["values"]) if value] == [20_001 * 100 // 2_400]
    assert max(coarse["values"]) == 255


def test_a_short_curve_keeps_its_steps():
    assert coarse_curve({"step_ms": 100, "values": [0, 0.5, 1.2]}) == {"step_ms": 100, "values": [0, 128, 255]}
    assert coarse_curve({}) == coarse_curve({"step_ms": 100, "values": []}) == {}


def test_a_flag_stands_where_the_rider_pressed_the_button(original):
    assert hilights_of(original, [150_000, 600_001]) == [HiLight("2:30", "25.00%")]
    assert hilights_of(original, None) == []


@pytest.fixture
def page(client, viewer):
    client.force_login(viewer)
    return client


def facts_of(page, original) -> dict:
    return page.get(reverse("clips:file_timeline", args=[original.pk])).json()


CURVE = {
    "step_ms": 100,
    "values": [0, 1],
    "marks": [
        {"at_ms": 4_000, "kind": "hilight", "strength": 1.0},
        {"at_ms": 5_000, "kind": "impact", "strength": 0.7},
        {"at_ms": 6_000, "kind": "of some later version", "strength": 0.7},
    ],
}


def test_a_page_is_told_all_that_a_line_draws(page, original, run, segments):
    DetectionRun.objects.filter(pk=run.pk).update(curve=CURVE)
    OriginalFile.objects.filter(pk=original.pk).update(probe={"hilights_ms": [4_000]})
    has_filmstrip(original)
    facts = facts_of(page, original)
    marks = facts.pop("marks")
    assert facts.pop("reason_names")["impact"] == "pop or landing"
    assert facts == {
        "duration_ms": 600_000,
        "curve": {"step_ms": 100, "values": [0, 255]},
        "waveform": {"step_ms": 300, "levels": [0, 255]},
        "filmstrip": {
            "url": f"/media/filmstrips/{original.pk}.jpg",
            "cues": f"/media/filmstrips/{original.pk}.vtt",
            "columns": 2,
            "tile_w": 160,
            "tile_h": 90,
            "times_ms": [0, 200_000, 400_000],
        },
        "hilights_ms": [4_000],
        "reasons": [{"at_ms": 5_000, "kind": "impact", "strength": 0.7}],
    }
    assert marks[0] == {
        "id": str(segments[0].pk),
        "start_ms": 0,
        "end_ms": 4_000,
        "score": 0.95,
        "state": MarkState.SHOWN,
        "why": "3.0 × the usual motion",
    }
    assert [mark["state"] for mark in marks] == [MarkState.SHOWN] * 7, "of ten"


def test_what_is_not_there_yet_is_empty(page, original):
    facts = facts_of(page, original)
    del facts["reason_names"]
    assert facts == {
        "duration_ms": 600_000,
        "curve": {},
        "waveform": {},
        "filmstrip": None,
        "marks": [],
        "hilights_ms": [],
        "reasons": [],
    }


def test_a_file_that_was_not_read_yet_has_no_line(page, original):
    OriginalFile.objects.update(duration_ms=None)
    assert page.get(reverse("clips:file_timeline", args=[original.pk])).status_code == 404


def test_an_hour_is_told_in_few_bytes(page, original):
    OriginalFile.objects.update(duration_ms=3_600_000)
    run = DetectionRunFactory(
        original_file=original, curve={"step_ms": 100, "values": np.linspace(0, 1, 36_000).round(3).tolist()}
    )
    CandidateSegment.objects.bulk_create(
        CandidateSegment(
            original_file=original, run=run, start_ms=n * 6_000, end_ms=n * 6_000 + 4_000,
            score=0.8 if n % 4 == 0 else 0.2, why="goes up and comes down",
        )
        for n in range(600)
    )  # fmt: skip
    times_ms = [n * 30_000 for n in range(120)]
    has_filmstrip(original, times_ms=times_ms, waveform={"step_ms": 1_800, "levels": [200] * MAX_STEPS})
    answer = page.get(reverse("clips:file_timeline", args=[original.pk]))
    assert len(answer.json()["marks"]) == 150
    assert len(answer.content) < 50_000


@pytest.mark.parametrize("n_more", [0, 100])
def test_a_line_costs_a_fixed_number_of_queries(page, original, run, segments, n_more, django_assert_num_queries):
    has_filmstrip(original)
    CandidateSegment.objects.bulk_create(
        CandidateSegment(original_file=original, run=run, start_ms=n, end_ms=n + 1, score=0.6) for n in range(n_more)
    )
    with django_assert_num_queries(5):
        facts_of(page, original)


@pytest.mark.parametrize("name", ["file_timeline", "filmstrip_cues", "filmstrip_file"])
def test_who_has_it_already_is_told_so(page, original, name):
    has_filmstrip(original)
    file_of(original).parent.mkdir()
    file_of(original).write_bytes(b"a picture")
    address = reverse(f"clips:{name}", args=[original.pk])
    first = page.get(address)
    assert (first.status_code, first["Cache-Control"]) == (200, "private, no-cache")
    again = page.get(address, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.getvalue()) == (304, b"")
    if name == "file_timeline":
        CandidateSegmentFactory(original_file=original, start_ms=0, end_ms=1)
        assert page.get(address, headers={"If-None-Match": first["ETag"]}).status_code == 200


def test_cues_point_at_the_sprite_beside_them(page, original):
    has_filmstrip(original)
    address = reverse("clips:filmstrip_cues", args=[original.pk])
    answer = page.get(address)
    assert answer["Content-Type"] == "text/vtt; charset=utf-8"
    cues = cues_of(answer.text)
    assert [(begin, end) for begin, end, *_rest in cues] == [(0, 200_000), (200_000, 400_000), (400_000, 600_000)]
    sprite = reverse("clips:filmstrip_file", args=[original.pk])
    assert {address.rpartition("/")[0] + "/" + url for _begin, _end, url, _place in cues} == {sprite}
    assert [place for *_rest, place in cues] == [(0, 0, 160, 90), (160, 0, 160, 90), (0, 90, 160, 90)]


def test_the_sprite_is_a_picture_and_its_absence_is_said(page, original):
    address = reverse("clips:filmstrip_file", args=[original.pk])
    assert page.get(address).status_code == 404
    has_filmstrip(original)
    assert page.get(address).status_code == 404
    file_of(original).parent.mkdir()
    file_of(original).write_bytes(b"a picture")
    answer = page.get(address)
    assert (answer["Content-Type"], answer.getvalue()) == ("image/jpeg", b"a picture")
