"""Tests that a moment which only one camera's search found is proposed in the other camera's video, and only there."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from clips.library.pairs import change
from clips.models import Angle, CandidateSegment, Job, JobKind, OriginalFile, SegmentStatus, VideoPair
from clips.sorting.angle_groups import regroup
from clips.tests.factories import CandidateSegmentFactory
from clips.tests.sorting.test_angles import LATER_S, grouped, moment, page, scene, statuses, tie, video  # noqa: F401
from clips.tests.sorting.test_views import order

pytestmark = pytest.mark.django_db

NOW = timezone.now()


@pytest.fixture
def missed(scene) -> CandidateSegment:  # noqa: F811
    """A trick of the helmet camera that the phone's search missed."""
    found = moment(scene.helmet, 100_000, 104_000, 0.7)
    regroup(scene.shoot.pk)
    return found


def proposed() -> CandidateSegment:
    return CandidateSegment.objects.get(is_from_angle=True)


def test_it_lies_at_the_same_time_belongs_to_its_trick_and_asks_for_its_preview(scene, missed):  # noqa: F811
    other = proposed()
    assert other.original_file == scene.phone
    assert abs(other.start_ms - (missed.start_ms - 1000 * LATER_S)) < 10
    assert abs(other.end_ms - (missed.end_ms - 1000 * LATER_S)) < 10
    assert (other.score, other.status) == (0.7, SegmentStatus.UNREVIEWED)
    assert {missed.pk, other.pk} in grouped()
    assert Angle.objects.get(segment=missed).is_lead
    assert Job.objects.filter(kind=JobKind.PREVIEW, segment=other).exists()


def test_again_it_is_the_same_one(scene, missed):  # noqa: F811
    before = CandidateSegment.objects.filter(is_from_angle=True).values().get()
    groups = grouped()
    for _ in range(2):
        regroup(scene.shoot.pk)
    assert CandidateSegment.objects.filter(is_from_angle=True).values().get() == before
    assert grouped() == groups


def test_its_score_follows_that_of_the_moment_it_was_proposed_for(scene, missed):  # noqa: F811
    CandidateSegment.objects.filter(pk=missed.pk).update(score=0.95, chance=0.9)
    regroup(scene.shoot.pk)
    assert (proposed().score, proposed().chance) == (0.95, 0.9)


@pytest.mark.slow
def test_one_card_shows_both_and_says_which_search_missed_it(page, missed):  # noqa: F811
    text = page.post("hand").content.decode()
    names = dict(re.findall(r'data-angle="([^"]+)" data-name="([^"]+)"', text))
    assert names[str(proposed().pk)].endswith(" · seen by another camera")
    assert "another" not in names[str(missed.pk)]
    assert str(proposed().pk) not in order(page.post("hand"))
    page.keep(str(missed.pk), angles=str(proposed().pk), start_ms=100_500, end_ms=103_500)
    assert statuses(missed, proposed()) == [SegmentStatus.ACCEPTED] * 2


@pytest.mark.slow
def test_where_the_trick_was_kept_before_the_other_video_has_a_card_of_its_own(page, scene, sorter):  # noqa: F811
    page.post("hand")
    page.keep(str(scene.alone.pk), start_ms=2_500, end_ms=5_500)
    drone = video(scene.shoot, "drone")
    moment(drone, 500_000, 504_000)
    tie(scene.helmet, drone, 0.0, sorter)
    of_drone = CandidateSegment.objects.get(is_from_angle=True, original_file=drone, start_ms=2_000)
    assert str(of_drone.pk) in order(page.post("hand"))
    card = page.post("hand", moment=str(of_drone.pk)).content.decode()
    assert "seen by another camera" in card


def of_phone(**fields: object):
    return lambda scene, _sorter: OriginalFile.objects.filter(pk=scene.phone.pk).update(**fields)  # noqa: F811


def of_moment(**fields: object):
    return lambda _scene, _sorter: CandidateSegment.objects.filter(start_ms=100_000).update(**fields)


REASONS_GONE = {
    "pair taken apart": lambda scene, sorter: change(scene.pair, lambda pair: pair.take_apart(sorter)),  # noqa: F811
    "trashed": of_moment(status=SegmentStatus.TRASHED),
    "hidden": of_moment(score=0.1),
    "video set aside": of_phone(aside_at=NOW),
    "video not here": of_phone(evicted_at=NOW),
    "video trimmed": of_phone(evicted_at=NOW, trimmed_at=NOW),
}


@pytest.mark.parametrize("reason", REASONS_GONE)
def test_it_goes_with_its_reason(scene, missed, sorter, reason):  # noqa: F811
    REASONS_GONE[reason](scene, sorter)
    regroup(scene.shoot.pk)
    assert not CandidateSegment.objects.filter(is_from_angle=True).exists()


@pytest.mark.parametrize(
    "touched",
    [{"status": SegmentStatus.TRASHED}, {"status": SegmentStatus.ACCEPTED}, {"skipped_at": NOW}],
    ids=["trashed", "accepted", "skipped"],
)
def test_what_somebody_sorted_stays_and_is_not_proposed_again(scene, missed, sorter, touched):  # noqa: F811
    CandidateSegment.objects.filter(is_from_angle=True).update(**touched)
    before = proposed()
    for _ in range(2):
        regroup(scene.shoot.pk)
    assert proposed() == before
    assert change(scene.pair, lambda pair: pair.take_apart(sorter))
    assert proposed() == before, "it is a moment of its own now"


def test_a_card_that_is_open_stays_when_the_pair_is_taken_apart(page, scene, missed, sorter):  # noqa: F811
    page.post("hand")
    assert change(VideoPair.objects.get(), lambda pair: pair.take_apart(sorter))
    assert proposed().status == SegmentStatus.IN_PROGRESS


def test_where_its_own_search_finds_it_after_all_there_is_one_moment(scene, missed):  # noqa: F811
    found = moment(scene.phone, 90_300, 93_800)
    regroup(scene.shoot.pk)
    assert not CandidateSegment.objects.filter(is_from_angle=True).exists()
    assert {missed.pk, found.pk} in grouped()


def test_what_a_person_marked_is_proposed_as_certain(scene):  # noqa: F811
    CandidateSegmentFactory(original_file=scene.helmet, start_ms=100_000, end_ms=104_000)
    regroup(scene.shoot.pk)
    assert proposed().score == 1.0


def test_a_video_that_was_not_searched_yet_gets_nothing(scene, sorter):  # noqa: F811
    drone = video(scene.shoot, "drone")
    tie(scene.helmet, drone, 0.0, sorter)
    assert not drone.segments.exists()


def test_showing_more_of_a_session_proposes_more(client, sorter, scene, django_capture_on_commit_callbacks):  # noqa: F811
    hidden = moment(scene.helmet, 200_000, 204_000, 0.2)
    regroup(scene.shoot.pk)
    assert not CandidateSegment.objects.filter(is_from_angle=True).exists()
    client.force_login(sorter)
    with django_capture_on_commit_callbacks(execute=True):
        client.post(reverse("clips:session_sensitivity", args=[scene.shoot.pk]), {"sensitivity": 90})
    assert {hidden.pk, proposed().pk} in grouped()
