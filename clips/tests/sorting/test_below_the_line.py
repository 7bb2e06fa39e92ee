"""Tests that one card in twenty brings along one that the sensitivity only just hides, and that it is marked."""

import uuid
from zlib import crc32

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clips.models import Angle, AngleGroup, CandidateSegment, SegmentStatus
from clips.models.segment import JUST_BELOW
from clips.sorting.hand import ONE_IN, brings_one_below, deal
from clips.tests.factories import CandidateSegmentFactory, DetectionRunFactory, OriginalFileFactory

pytestmark = pytest.mark.django_db

BRINGS = next(at for at in range(1000, 100_000) if crc32(str(at).encode()) % ONE_IN == 0)
MARK = "Just below the line"


def moment(run, start_ms: int, score: float, **fields) -> CandidateSegment:
    return CandidateSegmentFactory(
        original_file=run.original_file, run=run, start_ms=start_ms, end_ms=start_ms + 4000, score=score, **fields
    )


@pytest.fixture
def table(run) -> list[CandidateSegment]:
    """Five that are shown, of which the best brings one along, and three that are hidden: two of them only just."""
    shown = [moment(run, BRINGS, 0.9), *(moment(run, 200_000 + 10_000 * n, 0.8 - 0.01 * n) for n in range(4))]
    return [*shown, moment(run, 300_000, 0.4), moment(run, 310_000, 0.45), moment(run, 320_000, 0.2)]


def scores(hand) -> list[float]:
    by_id = CandidateSegment.objects.in_bulk(hand.order)
    return [by_id[pk].score for pk in hand.order]


def test_a_card_in_twenty_brings_the_best_hidden_one_which_comes_second(table, sorter):
    assert scores(deal(member=sorter, lease=uuid.uuid4())) == [0.9, 0.45, 0.8, 0.79, 0.78]


def test_about_one_card_in_twenty_does():
    n = sum(crc32(str(at).encode()) % ONE_IN == 0 for at in range(0, 4_000_000, 50))
    assert 80_000 / ONE_IN * 0.95 < n < 80_000 / ONE_IN * 1.05


def test_the_others_bring_none(table, sorter):
    CandidateSegment.objects.filter(pk=table[0].pk).update(start_ms=BRINGS + 1)
    assert not brings_one_below(CandidateSegment.objects.get(pk=table[0].pk))
    assert scores(deal(member=sorter, lease=uuid.uuid4())) == [0.9, 0.8, 0.79, 0.78]


def test_one_that_was_made_by_hand_brings_none(table, sorter):
    CandidateSegment.objects.filter(pk=table[0].pk).update(run=None, score=None)
    assert 0.45 not in scores(deal(member=sorter, lease=uuid.uuid4()))


def test_dealing_the_same_again_brings_no_second_one(table, sorter):
    lease = uuid.uuid4()
    first = deal(member=sorter, lease=lease)
    assert deal(member=sorter, lease=lease).order == first.order
    assert deal(member=sorter, lease=lease, have=first.order).cards == []
    assert CandidateSegment.objects.filter(status=SegmentStatus.IN_PROGRESS).count() == 5


@pytest.mark.parametrize(
    "spoil",
    [
        {"score": 0.5 - JUST_BELOW - 0.01},
        {"status": SegmentStatus.TRASHED},
        {"skipped_at": "2026-01-01T00:00Z"},
    ],
    ids=["far below", "decided", "skipped"],
)
def test_only_what_is_just_hidden_and_undecided_is_brought(table, sorter, spoil):
    CandidateSegment.objects.filter(score__lt=0.5).update(**spoil)
    assert len(deal(member=sorter, lease=uuid.uuid4()).order) == 4


def test_what_another_page_holds_is_not_brought(table, sorter, other_sorter):
    one = CandidateSegment.objects.lease_below(table[0], member=other_sorter, lease=uuid.uuid4())
    two = CandidateSegment.objects.lease_below(table[0], member=other_sorter, lease=uuid.uuid4())
    assert (one.score, two.score) == (0.45, 0.4)
    assert CandidateSegment.objects.lease_below(table[0], member=sorter, lease=uuid.uuid4()) is None


def test_it_comes_from_the_video_of_the_card_alone(table, sorter):
    other = DetectionRunFactory(original_file=OriginalFileFactory(duration_ms=600_000))
    CandidateSegment.objects.filter(score__lt=0.5).update(run=other, original_file=other.original_file)
    assert len(deal(member=sorter, lease=uuid.uuid4()).order) == 4


def test_another_angle_of_a_trick_is_never_brought(table, sorter):
    group = AngleGroup.objects.create()
    Angle.objects.create(group=group, segment=table[6], is_lead=True, shift_us=0)
    assert scores(deal(member=sorter, lease=uuid.uuid4()))[1] == 0.4


def test_its_card_says_so_and_no_other_does(client, table, sorter):
    client.force_login(sorter)
    body = client.post(reverse("clips:sort_hand"), {"lease": uuid.uuid4()}).content.decode()
    cards = body.split("data-card")[1:]
    assert [MARK in card for card in cards] == [False, True, False, False, False]


def test_its_answer_is_a_decision_like_any_other(client, table, sorter):
    client.force_login(sorter)
    lease = uuid.uuid4()
    client.post(reverse("clips:sort_hand"), {"lease": lease})
    answer = client.post(reverse("clips:sort_trash"), {"lease": lease, "segment": table[6].pk, "key": uuid.uuid4()})
    assert answer.status_code == 200
    assert CandidateSegment.objects.get(pk=table[6].pk).status == SegmentStatus.TRASHED


def test_a_deal_that_brings_none_asks_the_database_no_more(table, sorter):
    """Fails when each deal looks for hidden ones."""
    CandidateSegment.objects.filter(pk=table[0].pk).update(start_ms=BRINGS + 1)
    with CaptureQueriesContext(connection) as asked:
        deal(member=sorter, lease=uuid.uuid4())
    assert not [one for one in asked.captured_queries if "< 0.5" in one["sql"]]
