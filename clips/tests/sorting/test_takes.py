"""Tests that the chapters of one take lie on one clock, and that a moment across their border is not two."""

import pytest

from clips.models import Angle, CandidateSegment, FinalClip, OriginalFile
from clips.sorting.angle_groups import regroup
from clips.sorting.takes import takes_of
from clips.tests.recorded import utc
from clips.tests.sorting.test_angles import grouped, moment, tie, video
from clips.tests.sorting.test_views import Page

pytestmark = pytest.mark.django_db

#: The helmet camera's take has two chapters; the phone began 10 s after the first.
FIRST_MS = 60_000


@pytest.fixture
def chapters(shoot) -> list[OriginalFile]:
    gopro = {"camera_id": "CAM_GOPRO11", "camera_serial": "C1"}
    first = video(shoot, "one", original_filename="GX010042.MP4", duration_ms=FIRST_MS, recorded_at=utc(10), **gopro)
    second = video(shoot, "two", original_filename="GX020042.MP4", recorded_at=utc(10, 1), **gopro)
    return [first, second]


@pytest.fixture
def phone(shoot) -> OriginalFile:
    return video(shoot, "phone")


def test_a_confirmed_pair_of_one_chapter_lays_the_next_one_as_well(chapters, phone, sorter):
    seen, beside = moment(chapters[1], 100_000, 104_000), moment(phone, 150_500, 153_500)
    tie(chapters[0], phone, 10.0, sorter)
    assert grouped() == [{seen.pk, beside.pk}]
    own, other = Angle.objects.get(segment=seen), Angle.objects.get(segment=beside)
    assert other.place_ms(own.at_ms(100_000)) == 150_000


@pytest.mark.parametrize("gap", ["later", "another number", "unknown length"])
def test_what_does_not_follow_without_a_gap_is_a_take_of_its_own(chapters, phone, sorter, gap):
    fields = {"later": {"recorded_at": utc(10, 1, 20)}, "another number": {"original_filename": "GX030042.MP4"}}
    if gap in fields:
        OriginalFile.objects.filter(pk=chapters[1].pk).update(**fields[gap])
    else:
        OriginalFile.objects.filter(pk=chapters[0].pk).update(duration_ms=None)
    assert takes_of(phone.shoot_id).chapters == {}
    moment(chapters[1], 100_000, 104_000), moment(phone, 150_500, 153_500)
    tie(chapters[0], phone, 10.0, sorter)
    assert grouped() == []


def test_a_moment_across_the_border_of_two_chapters_is_one_card_and_each_has_its_part(client, chapters, phone, sorter):
    end, begin = moment(chapters[0], 58_000, FIRST_MS), moment(chapters[1], 0, 1_800)
    whole = moment(phone, 48_200, 51_600, 0.95)
    tie(chapters[0], phone, 10.0, sorter)
    assert grouped() == [{end.pk, begin.pk, whole.pk}]
    page = Page(client, sorter)
    page.post("hand")
    page.keep(str(whole.pk), angles=f"{end.pk} {begin.pk}", start_ms=48_200, end_ms=51_600)
    clips = FinalClip.objects.current().values_list("original_file", "start_ms", "end_ms")
    assert set(clips) == {
        (chapters[0].pk, 58_200, FIRST_MS), (chapters[1].pk, 0, 1_600), (phone.pk, 48_200, 51_600)
    }  # fmt: skip


def test_what_another_camera_saw_across_the_border_is_proposed_in_one_chapter(chapters, phone, sorter):
    whole = moment(phone, 48_000, 52_000, 0.95)
    for chapter in chapters:
        moment(chapter, 20_000, 24_000, 0.01)  # so that it was searched
    tie(chapters[0], phone, 10.0, sorter)
    proposed = CandidateSegment.objects.filter(is_from_angle=True)
    assert [one.original_file_id in {chapter.pk for chapter in chapters} for one in proposed] == [True]
    assert grouped() == [{whole.pk, proposed[0].pk}]
    assert regroup(phone.shoot_id) == 1
    assert proposed.count() == 1
