"""Tests the filters of the sort page, the order of its cards, and its counts."""

import datetime as dt

import pytest
from django.utils import timezone

from clips.models import CandidateSegment, OriginalFile, Shoot
from clips.sorting.queue_filter import choices
from clips.tests.factories import CandidateSegmentFactory, DetectionRunFactory, OriginalFileFactory
from clips.tests.sorting.test_views import Page, order

FREE = {"locked_by": None, "locked_at": None, "lease_token": None, "lease_ends_at": None}


@pytest.fixture
def page(client, sorter, segments) -> Page:
    return Page(client, sorter)


@pytest.fixture
def other_file(original) -> OriginalFile:
    """A file of another camera, of an older session, with three moments."""
    shoot = Shoot.objects.called("Old Park", dt.date(2023, 1, 1))
    other = OriginalFileFactory(
        shoot=shoot, original_filename="C0001.MP4", stored_path="originals/two.mp4", file_hash="b" * 64,
        camera_id="CAM_SONY", duration_ms=60_000, probed_at=original.probed_at,
    )  # fmt: skip
    run = DetectionRunFactory(original_file=other)
    for n in range(3):
        CandidateSegmentFactory(
            original_file=other, run=run, start_ms=n * 9000, end_ms=n * 9000 + 1000, score=0.6 + n / 10
        )
    return other


def files_of(answer) -> set[str]:
    rows = CandidateSegment.objects.filter(pk__in=order(answer))
    return set(rows.values_list("original_file__original_filename", flat=True))


def starts_of(answer) -> list[int]:
    starts = dict(CandidateSegment.objects.values_list("pk", "start_ms"))
    return [starts[pk] for pk in map(type(next(iter(starts))), order(answer))]


def test_a_camera_is_sorted_alone(page, other_file):
    assert files_of(page.post("hand", camera="CAM_SONY")) == {"C0001.MP4"}


@pytest.mark.slow
def test_whose_clip_was_the_last_of_a_video_finds_the_rest_of_it(page, other_file):
    hand = order(page.post("hand"))
    page.keep(hand[0], people="Mia Berger")
    page.keep(hand[1], people="Jo Smith")
    page.post("release")
    people = {clip["person__display_name"]: clip["person"] for clip in page_people()}
    assert files_of(page.post("hand", person=people["Jo Smith"])) == {"GX010001.MP4"}
    page.post("release")
    assert files_of(page.post("hand", person=people["Mia Berger"])) == set()


def page_people():
    from clips.models import FinalClip

    return FinalClip.objects.values("person", "person__display_name")


def test_by_time_is_the_order_of_the_film(page, other_file):
    assert starts_of(page.post("hand", camera="CAM_SONY", order="time")) == [0, 9000, 18000]
    page.post("release")
    assert starts_of(page.post("hand", camera="CAM_SONY")) == [18000, 9000, 0]


def test_the_video_on_top_is_finished_first(page, other_file):
    answer = page.post("hand", file=str(other_file.pk), finish="1")
    assert starts_of(answer)[:3] == [18000, 9000, 0]


def skip_all(rows) -> None:
    """Skip all, each a second after the one before it."""
    started_at = timezone.now() - dt.timedelta(hours=1)
    for n, segment in enumerate(rows):
        segment.skipped_at = started_at + dt.timedelta(seconds=n)
    CandidateSegment.objects.bulk_update(rows, ["skipped_at"])


@pytest.mark.parametrize("laid", ["best", "time"])
def test_what_was_skipped_fills_the_hand_when_the_rest_does_not(page, other_file, laid):
    first_file = CandidateSegment.objects.exclude(original_file=other_file).shown()
    skip_all(first_file.order_by("-start_ms"))
    hand = starts_of(page.post("hand", order=laid))
    assert sorted(hand[:3]) == [0, 9000, 18000], "the older session, which nobody skipped"
    assert hand[3:] == [60_000], "then what was skipped first"


def test_the_video_on_top_is_finished_with_what_was_skipped_of_it(page, other_file):
    of_other = other_file.segments.order_by("-start_ms")
    skip_all(of_other)
    answer = page.post("hand", file=str(other_file.pk), finish="1")
    assert starts_of(answer) == [18000, 9000, 0, 0]
    assert files_of(answer) == {"C0001.MP4", "GX010001.MP4"}


def test_a_moment_as_sure_as_the_session_asks_is_shown(segments):
    segment, shoot = segments[0], Shoot.objects.filter(pk=segments[0].original_file.shoot_id)
    this_one = CandidateSegment.objects.filter(pk=segment.pk)
    hidden = []
    for sensitivity in range(101):
        shoot.update(sensitivity=sensitivity)
        this_one.update(score=(100 - sensitivity) / 100)
        hidden += [] if this_one.shown().exists() else [sensitivity]
    assert hidden == []
    this_one.update(score=0.4999)
    shoot.update(sensitivity=50)
    assert not this_one.shown().exists()


def test_an_unknown_order_is_a_sentence(page):
    assert page.post("hand", order="upside-down").status_code == 422


def test_my_pace_is_counted_from_three_decisions(page):
    hand = order(page.post("hand"))
    for n, segment in enumerate(hand[:3]):
        answer = page.post("trash", segment=segment).content.decode()
        assert ("per minute" in answer) == (n == 2)


@pytest.mark.slow
def test_offered_are_those_who_were_last_in_a_video_of_which_something_is_left(page, other_file):
    hand = order(page.post("hand"))
    page.keep(hand[0], people="Mia Berger")
    page.keep(hand[1], people="Jo Smith")
    assert [person.display_name for person in choices()["riders"]] == ["Jo Smith"]
    CandidateSegment.objects.open().exclude(original_file=other_file).update(status="TRASHED", **FREE)
    assert choices() == {"shoots": [other_file.shoot], "cameras": ["CAM_SONY"], "riders": []}
    CandidateSegment.objects.update(status="TRASHED", **FREE)
    assert choices() == {"shoots": [], "cameras": [], "riders": []}


def test_a_camera_whose_moments_are_too_unsure_to_be_shown_is_not_offered(page, other_file):
    other_file.segments.update(score=0.1)
    assert "CAM_SONY" not in choices()["cameras"]


def test_the_page_offers_what_there_is_to_choose(page, other_file):
    shown = page.client.get("/sort?camera=CAM_SONY&order=time&finish=1").content.decode()
    assert "<option selected>CAM_SONY</option>" in shown
    assert 'value="time" selected' in shown
