"""What a sort page can be narrowed to, in which order its cards come, and what it counts."""

import datetime as dt

import pytest

from clips.models import CandidateSegment, DetectionRun, OriginalFile, Shoot
from clips.tests.test_sort_views import Page, order


@pytest.fixture
def page(client, sorter, segments) -> Page:
    return Page(client, sorter)


@pytest.fixture
def other_file(original) -> OriginalFile:
    """A file of another camera, of an older session, with three moments."""
    shoot = Shoot.objects.called("Old Park", dt.date(2023, 1, 1))
    other = OriginalFile.objects.create(
        shoot=shoot, original_filename="C0001.MP4", stored_path="originals/two.mp4", file_hash="b" * 64,
        size_bytes=1000, camera_id="CAM_SONY", duration_ms=60_000, probed_at=original.probed_at,
    )  # fmt: skip
    run = DetectionRun.objects.create(original_file=other, version="test")
    for n in range(3):
        CandidateSegment.objects.create(
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


def test_an_unknown_order_is_a_sentence(page):
    assert page.post("hand", order="upside-down").status_code == 422


def test_my_pace_is_counted_from_three_decisions(page):
    hand = order(page.post("hand"))
    for n, segment in enumerate(hand[:3]):
        answer = page.post("trash", segment=segment).content.decode()
        assert ("a minute" in answer) == (n == 2)


def test_the_page_offers_what_there_is_to_choose(page, other_file):
    shown = page.client.get("/sort?camera=CAM_SONY&order=time&finish=1").content.decode()
    assert "<option selected>CAM_SONY</option>" in shown
    assert 'value="time" selected' in shown
