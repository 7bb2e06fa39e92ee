"""Tests the edit of the day: which clips it has and in which order, when it is made, and when it is left alone."""

import random
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from clips.models import (
    ClipCategory,
    Decision,
    DecisionKind,
    FinalClip,
    Heart,
    Notice,
    NoticeChannel,
    NoticeKind,
    Reel,
    SegmentStatus,
    Shoot,
)
from clips.notifications import occasions
from clips.reels import editing
from clips.reels.draft import MAX_BLOOPERS, MAX_MS, Take, Weighing, choose
from clips.reels.drafting import draft_edits
from clips.tests.factories import CandidateSegmentFactory, FinalClipFactory, OriginalFileFactory
from people.models import Person


def take(at: int, rider: str = "mia", trick: str | None = None, **more) -> Take:
    fields = {"length_ms": 6000, "score": 0.5} | more
    return Take(key=f"{at}", at=(at,), riders=frozenset({rider}), trick=trick or f"trick {at}", **fields)


def keys(takes: list[Take]) -> str:
    return " ".join(one.key for one in takes)


def test_the_best_rated_are_in_it_in_order_of_time_and_crashes_come_last():
    crash = take(0, is_crash=True, stars=5)
    takes = [crash, *(take(at, stars=5 if at % 2 else 0) for at in range(1, 31))]
    chosen = choose(takes)
    assert chosen[-1] == crash
    assert keys(chosen[:-1]) == " ".join(str(at) for at in range(1, 29, 2))
    assert sum(one.length_ms for one in chosen) <= MAX_MS


def test_a_rider_without_stars_is_in_it_and_one_who_only_crashed():
    takes = [take(at, stars=5) for at in range(20)]
    takes += [take(30, "jo"), take(31, "kim", is_crash=True), *(take(40 + at, is_crash=True) for at in range(9))]
    chosen = choose(takes)
    assert {"30", "31"} <= {one.key for one in chosen}
    assert sum(one.is_crash for one in chosen) == 1
    bloopers = choose([take(at, is_crash=True) for at in range(9)])
    assert len(bloopers) == MAX_BLOOPERS


def test_no_trick_follows_itself_while_there_is_another_way():
    assert keys(choose([take(1, trick="KFED", stars=5), take(2, trick="KFED"), take(3, trick="BS 180")])) == "1 3"
    # Two riders with one trick each, and nothing in between in time: one of them moves.
    takes = [take(1, "mia", "KFED"), take(2, "jo", "KFED"), take(3, "kim", "BS 180")]
    assert keys(choose(takes)) in {"1 3 2", "2 3 1"}
    # A day of one trick: everybody is in it all the same.
    assert len(choose([take(at, rider, "KFED") for at, rider in enumerate(("mia", "jo", "kim"))])) == 3


def test_the_weights_decide():
    liked, rated = take(1, hearts=5), take(2, stars=4)
    found = take(3, score=1.0)
    alone = {weighing: keys(choose([liked, rated, found], weighing, max_ms=6000)) for weighing in Weighing}
    assert alone == {Weighing.RATED: "2", Weighing.HEARTS: "1", Weighing.SEARCH: "3", Weighing.RIDERS: "2"}
    takes = [take(at, "mia", stars=5) for at in range(9)] + [take(at, "jo") for at in range(10, 19)]
    of_jo = [one for one in choose(takes, Weighing.RIDERS, max_ms=60_000) if "jo" in one.riders]
    assert len(of_jo) == 5


@pytest.mark.parametrize("seed", range(10))
def test_whatever_was_filmed_the_edit_keeps_its_rules(seed):
    rng = random.Random(seed)  # noqa: S311 - made-up takes
    riders = [f"rider {n}" for n in range(rng.randint(1, 9))]
    takes = [
        take(
            at, rng.choice(riders), rng.choice("ABCDEFG"), length_ms=rng.randint(1000, 9000), stars=rng.randint(0, 5),
            is_crash=rng.random() < 0.2, score=rng.random(),
        )
        for at in range(rng.randint(1, 60))
    ]  # fmt: skip
    for weighing in Weighing:
        chosen = choose(takes, weighing)
        assert sum(one.length_ms for one in chosen) <= MAX_MS
        assert {rider for one in chosen for rider in one.riders} == {rider for one in takes for rider in one.riders}
        assert [one.is_crash for one in chosen] == sorted(one.is_crash for one in chosen)
        assert len({one.key for one in chosen}) == len(chosen)
        assert chosen == choose(takes, weighing)


@pytest.fixture
def session(shoot, sorter) -> Shoot:
    """A session that was sorted just now: six kept moments of two riders, and one crash."""
    video = OriginalFileFactory(shoot=shoot, duration_ms=600_000)
    mia, jo = Person.objects.add("Mia"), Person.objects.add("Jo")
    for number in range(7):
        keep(video, number * 10_000, mia if number else jo, sorter, is_crash=number == 3)
    return shoot


def keep(video, at_ms: int, person: Person, member, *, is_crash: bool = False) -> FinalClip:
    span = {"start_ms": at_ms, "end_ms": at_ms + 4000}
    segment = CandidateSegmentFactory(original_file=video, status=SegmentStatus.ACCEPTED, **span)
    Decision.objects.create(segment=segment, kind=DecisionKind.KEEP, member=member, member_name=member.username)
    category = ClipCategory.CRASH if is_crash else ClipCategory.TRICK
    return FinalClipFactory(
        original_file=video, candidate_segment=segment, person=person, category=category, created_by=member, **span
    )


def clips_of(reel: Reel) -> list[FinalClip]:
    by_lineage = {clip.lineage: clip for clip in FinalClip.objects.current()}
    return [by_lineage[lineage] for lineage in reel.clips.order_by("position").values_list("lineage", flat=True)]


def test_a_sorted_session_has_its_edit_once_and_is_told_of(session):
    channel = NoticeChannel.objects.create(name="crew", kind="WEBHOOK", shown_target="x")
    video = session.files.get()
    open_moment = CandidateSegmentFactory(original_file=video, start_ms=500_000, end_ms=504_000)
    assert draft_edits() == 0
    open_moment.delete()
    assert draft_edits() == 1
    reel = Reel.objects.get()
    assert (reel.name, reel.shoot, reel.is_drafted) == (session.name, session, True)
    starts = [clip.start_ms for clip in clips_of(reel)]
    assert starts == [0, 10_000, 20_000, 40_000, 50_000, 60_000, 30_000]  # the crash behind the others
    assert draft_edits() == 0
    occasions.sorted_sessions()
    occasions.sorted_sessions()
    notice = Notice.objects.get(channel=channel, kind=NoticeKind.SORTED)
    assert notice.path == reverse("clips:reel", args=[reel.pk])
    assert notice.title == f"{session.name} is sorted: watch the edit"
    with pytest.raises(IntegrityError, match="reel_drafted_once"), transaction.atomic():
        Reel.objects.create(name="Another", made_by_name="x", shoot=session, is_drafted=True)


def test_what_is_sorted_later_joins_it_until_somebody_edits(session, sorter, hand):
    draft_edits()
    reel, video = Reel.objects.get(), session.files.get()
    late = keep(video, 100_000, Person.objects.get(slug="Jo"), sorter)
    assert Reel.objects.filter(pk=reel.pk).lend(uuid.uuid4(), sorter)
    assert draft_edits() == 0  # somebody looks at it, and may be about to change it
    Reel.objects.update(lease_ends_at=timezone.now() - timedelta(minutes=1))
    assert draft_edits() == 1
    assert late in clips_of(reel)
    editing.remove_clip(reel.clips.first(), hand=hand(sorter, uuid.uuid4()))
    Reel.objects.update(lease_token=None, lease_ends_at=None, edited_by=None)
    keep(video, 200_000, late.person, sorter)
    assert draft_edits() == 0
    assert reel.clips.count() == 7


def test_an_undone_or_binned_draft_stays_as_it_was_left(session, sorter):
    draft_edits()
    reel = Reel.objects.get()
    editing.undo(reel.changes.get(), member=sorter, lease=uuid.uuid4())
    Reel.objects.update(lease_token=None, lease_ends_at=None, edited_by=None, changed_at=timezone.now() - timedelta(1))
    assert draft_edits() == 0
    assert reel.clips.count() == 0


def test_one_click_chooses_by_other_weights_as_one_change(client, session, sorter, hand):
    draft_edits()
    reel = Reel.objects.get()
    row = reel.clips.get(position=2)
    client.force_login(sorter)
    page = {"lease": uuid.uuid4(), "key": uuid.uuid4()}
    editing.set_title(row, "First", hand=hand(sorter, page["lease"]))
    FinalClip.objects.exclude(lineage=row.lineage).filter(start_ms__gte=40_000).update(end_ms=200_000)
    hearted = FinalClip.objects.get(start_ms=20_000)
    Heart.objects.give([hearted.lineage], sorter)
    before = clips_of(reel)
    path = reverse("clips:reel_draft", args=[reel.pk])
    answer = client.post(path, page | {"weighing": "hearts"})
    assert answer.status_code == 200
    assert "Chose the clips" in answer.content.decode()
    assert [clip.start_ms for clip in clips_of(reel)] == [0, 10_000, 20_000, 30_000]
    assert reel.clips.get(lineage=row.lineage).title == "First"  # what was in it keeps what it had
    editing.undo(reel.changes.to_undo(), member=sorter, lease=page["lease"])
    assert [clip.pk for clip in clips_of(reel)] == [clip.pk for clip in before]
    assert client.post(path, page | {"weighing": "luck"}).status_code == 422
    other = editing.make_reel("By hand", member=sorter)
    assert client.post(reverse("clips:reel_draft", args=[other.pk]), page | {"weighing": "rated"}).status_code == 404
