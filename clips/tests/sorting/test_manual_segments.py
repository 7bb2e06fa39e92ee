"""Tests splitting a moment, adding one by hand, and undoing both."""

import re
import uuid

import pytest
from django.conf import settings
from django.urls import reverse

from clips.models import CandidateSegment, Decision, Job, JobKind, Preview, SegmentStatus
from clips.tests.factories import CandidateSegmentFactory
from clips.tests.sorting.test_views import Page, drawn, order


@pytest.fixture
def page(client, sorter, segments) -> Page:
    return Page(client, sorter)


def spans() -> set[tuple[int, int]]:
    return set(CandidateSegment.objects.values_list("start_ms", "end_ms"))


def test_a_split_makes_two_cards_that_share_no_frame(page, segments):
    first = order(page.post("hand"))[0]
    answer = page.post("split", segment=first, at_ms=1500, have=first)
    assert answer.status_code == 200
    part, rest = CandidateSegment.objects.get(pk=first), CandidateSegment.objects.get(parent=first)
    assert [(part.start_ms, part.end_ms), (rest.start_ms, rest.end_ms)] == [(0, 1499), (1500, 4000)]
    assert order(answer)[:2] == [first, str(rest.pk)]
    assert str(rest.pk) in drawn(answer)
    assert rest.run == part.run


def test_what_is_split_off_plays_from_the_preview_that_is_there(page, segments):
    first = order(page.post("hand"))[0]
    (settings.DATA_DIR / "candidates").mkdir()
    (settings.DATA_DIR / f"candidates/{first}.mp4").write_bytes(b"film")
    Preview.objects.create(segment_id=first, stored_path=f"candidates/{first}.mp4", start_ms=0, end_ms=7000,
                           width_px=320, height_px=180, size_bytes=4)  # fmt: skip
    page.post("split", segment=first, at_ms=1500)
    preview = Preview.objects.get(segment__parent=first)
    assert (settings.DATA_DIR / preview.stored_path).read_bytes() == b"film"
    assert (preview.start_ms, preview.end_ms) == (0, 7000)


def test_a_split_too_near_an_end_is_a_sentence(page):
    first = order(page.post("hand"))[0]
    answer = page.post("split", segment=first, at_ms=50)
    assert answer.status_code == 422
    assert "Split inside the moment" in answer.content.decode()


def test_a_split_that_makes_what_the_search_proposed_already_is_a_sentence(page, segments, run):
    """Fails with a 500 when the constraint alone says so: leave ``making._end_at`` out."""
    first = order(page.post("hand"))[0]
    CandidateSegmentFactory(original_file=run.original_file, run=run, start_ms=0, end_ms=1499, score=0.1)
    answer = page.post("split", segment=first, at_ms=1500)
    assert answer.status_code == 422
    assert "moment of exactly this length" in answer.content.decode()
    assert page.post("split", segment=first, at_ms=1520).status_code == 200


def test_the_same_split_twice_splits_once(page):
    first = order(page.post("hand"))[0]
    key = str(uuid.uuid4())
    for _again in range(2):
        assert page.post("split", segment=first, at_ms=1500, key=key).status_code == 200
    assert CandidateSegment.objects.filter(parent=first).count() == 1


def test_an_undone_split_is_one_moment_again(page):
    before = spans()
    first = order(page.post("hand"))[0]
    page.post("split", segment=first, at_ms=1500)
    answer = page.post("undo")
    assert answer.status_code == 200
    assert spans() == before
    assert order(answer)[0] == first


@pytest.mark.slow
def test_a_split_is_not_undone_under_what_was_decided_of_it(page):
    first = order(page.post("hand"))[0]
    split = str(uuid.uuid4())
    page.post("split", segment=first, at_ms=1500, key=split)
    page.post("trash", segment=str(CandidateSegment.objects.get(parent=first).pk))
    answer = page.post("undo", decision=split)
    assert answer.status_code == 409
    assert "Undo that first" in answer.content.decode()


@pytest.mark.slow
def test_what_was_decided_and_undone_stays_written_down_when_the_split_is_undone(page):
    first = order(page.post("hand"))[0]
    page.post("split", segment=first, at_ms=1500)
    rest = str(CandidateSegment.objects.get(parent=first).pk)
    page.post("trash", segment=rest)
    for _step in range(2):
        assert page.post("undo").status_code == 200
    assert CandidateSegment.objects.get(pk=first).end_ms == 4000
    assert CandidateSegment.objects.get(pk=rest).status == SegmentStatus.TRASHED
    assert Decision.objects.filter(segment=rest).count() == 2


def test_a_moment_made_by_hand_comes_first_and_its_preview_before_all_others(page):
    first = order(page.post("hand"))[0]
    answer = page.post("add", segment=first, start_ms=300_000, end_ms=304_000)
    made = CandidateSegment.objects.get(run=None)
    assert (made.start_ms, made.end_ms) == (300_000, 304_000)
    assert order(answer)[0] == str(made.pk)
    assert Job.objects.get(kind=JobKind.PREVIEW, segment=made).priority == 0


def test_the_same_moment_asked_for_twice_is_made_once(page):
    first = order(page.post("hand"))[0]
    key = str(uuid.uuid4())
    for _again in range(2):
        page.post("add", segment=first, start_ms=300_000, end_ms=304_000, key=key)
    assert CandidateSegment.objects.filter(run=None).count() == 1


def test_a_moment_outside_the_video_is_a_sentence(page):
    first = order(page.post("hand"))[0]
    answer = page.post("add", segment=first, start_ms=599_000, end_ms=604_000)
    assert answer.status_code == 422
    assert "data-sentence" in answer.content.decode()


def test_an_undone_moment_is_gone(page):
    before = spans()
    first = order(page.post("hand"))[0]
    page.post("add", segment=first, start_ms=300_000, end_ms=304_000)
    assert page.post("undo").status_code == 200
    assert spans() == before
    assert not Job.objects.filter(kind=JobKind.PREVIEW, segment=None, original_file=None).exists()


def test_trimming_past_the_edge_asks_for_a_wider_preview(page, segments):
    first = order(page.post("hand"))[0]
    segment = CandidateSegment.objects.get(pk=first)
    Preview.objects.create(segment=segment, stored_path="candidates/x.mp4", start_ms=0, end_ms=7000,
                           width_px=320, height_px=180, size_bytes=4)  # fmt: skip
    address = reverse("clips:segment_preview", args=[first])
    answer = page.client.post(address, {"start_ms": 1000, "end_ms": 9500}).content.decode()
    assert re.search('data-widening="waiting"', answer)
    job = Job.objects.get(kind=JobKind.PREVIEW)
    assert job.params["trimmed_ms"] == [1000, 9500]
    page.client.post(address, {"start_ms": 1000, "end_ms": 11_000})
    job.refresh_from_db()
    assert job.params["trimmed_ms"] == [1000, 11_000], "one job, for what is wanted now"
    inside = page.client.post(address, {"start_ms": 1000, "end_ms": 5000}).content.decode()
    assert 'data-widening="ready"' in inside


def test_nonsense_times_are_refused(page):
    first = order(page.post("hand"))[0]
    address = reverse("clips:segment_preview", args=[first])
    assert page.client.post(address, {"start_ms": "soon", "end_ms": 5}).status_code == 422
