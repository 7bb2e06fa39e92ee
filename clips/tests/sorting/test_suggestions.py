"""Tests what cards suggest after a few decisions, and that nothing of it is written by itself."""

import uuid
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from clips.models import CandidateSegment, ClipCategory, Decision, FinalClip
from clips.sorting import suggestions
from clips.sorting.hand import deal
from clips.sorting.suggestions import Suggestion, suggestions_for
from clips.tests.factories import (
    CandidateSegmentFactory,
    DetectionRunFactory,
    FinalClipFactory,
    OriginalFileFactory,
    ShootFactory,
)
from people.models import Person
from tricks.models import Trick

pytestmark = pytest.mark.django_db

#: A turn each ten seconds.
TURN_MS = 10_000
IN_TURNS = ["Mia", "Jo", "Ronja"]


@pytest.fixture
def moment(run) -> Callable[..., CandidateSegment]:
    """Return a function that makes the moment of a turn, the first one number 0."""

    def make(number: int, *, air_s: float | None = None, run=run, **fields) -> CandidateSegment:
        start_ms = number * TURN_MS
        features = {} if air_s is None else {"air_s": air_s}
        return CandidateSegmentFactory(
            original_file=run.original_file, run=run, start_ms=start_ms, end_ms=start_ms + 3000, score=0.9,
            features=features, **fields,
        )  # fmt: skip

    return make


@pytest.fixture
def kept(moment) -> Callable[..., FinalClip]:
    """Return a function that makes the moment of a turn and the clip that was kept of it."""

    def make(number: int, rider: str, trick: str = "", *, category: str = ClipCategory.TRICK, **fields) -> FinalClip:
        own = moment(number, status="ACCEPTED", **fields)
        return FinalClipFactory(
            original_file=own.original_file, candidate_segment=own, start_ms=own.start_ms, end_ms=own.end_ms,
            person=Person.objects.find_or_add(rider) if rider else None,
            trick=Trick.objects.find_or_add(trick) if trick else None, category=category,
        )  # fmt: skip

    return make


def of(one: CandidateSegment) -> Suggestion | None:
    return next(iter(suggestions_for([one.pk])), None)


def test_a_new_session_suggests_nothing(moment):
    assert of(moment(0)) is None


def test_two_clips_are_too_few(kept, moment):
    for number in range(2):
        kept(number, "Mia", "Kickflip")
    assert of(moment(2)) is None


def test_who_is_next_in_turn_is_suggested(kept, moment):
    for number in range(15):
        kept(number, IN_TURNS[number % 3])
    assert of(moment(15)).people == "Mia"


def test_turns_are_those_of_filming_whatever_is_sorted_first(kept, moment):
    for number in reversed([one for one in range(16) if one != 7]):
        kept(number, IN_TURNS[number % 3])
    assert of(moment(7)).people == "Jo"


def test_without_an_order_of_turns_no_rider_is_suggested(kept, moment):
    for number, rider in enumerate("aabcbaccbabcacbbca"):
        kept(number, f"{rider}-rider")
    found = of(moment(30))
    assert found is None or found.people == ""


def test_a_riders_habit_is_suggested_and_follows_who_rides(kept, moment):
    for number in range(24):
        kept(number, IN_TURNS[number % 2], ["Kickflip", "Ollie"][number % 2])
    found = of(moment(24))
    assert (found.people, found.trick) == ("Mia", "Kickflip")
    assert found.tricks == {"Mia": "Kickflip", "Jo": "Ollie"}


def test_air_time_tells_two_tricks_of_one_rider_apart(kept, moment):
    for number in range(16):
        is_high = number % 2
        kept(number, "Mia", ["Ollie", "Backflip"][is_high], air_s=[0.4, 1.2][is_high] + 0.01 * (number // 4))
    assert of(moment(16, air_s=1.2)).trick == "Backflip"
    assert of(moment(17, air_s=0.42)).trick == "Ollie"
    assert of(moment(18)).trick == ""


def test_what_a_rider_did_on_other_days_counts(kept, moment):
    other = DetectionRunFactory(original_file=OriginalFileFactory(shoot=ShootFactory(name="Plaza", slug="Plaza")))
    assert other.original_file.shoot_id != moment(100).original_file.shoot_id
    for number in range(30):
        kept(number, "Mia", "Kickflip", run=other)
    for number in range(3):
        kept(number, "Mia")
    untagged = of(moment(5))
    assert untagged is None or untagged.trick == ""
    FinalClip.objects.filter(trick=None).update(trick=Trick.objects.find_or_add("Kickflip"))
    assert of(moment(6)).trick == "Kickflip"


def test_colours_tell_who_rides_where_turns_do_not(kept, moment):
    red, blue = [0.9, 0.05, 0.05], [0.05, 0.05, 0.9]
    for number, rider in enumerate("abbabaabbbaaab"):
        kept(number, f"{rider}-rider", traits={"colours": red if rider == "a" else blue})
    assert of(moment(30, traits={"colours": [0.85, 0.1, 0.05]})).people == "a-rider"
    assert of(moment(31, traits={"colours": [0.1, 0.05, 0.85]})).people == "b-rider"
    unknown = of(moment(32))
    assert unknown is None or unknown.people == ""


def test_the_sound_after_the_landing_tells_a_crash(kept, moment):
    for number in range(12):
        is_crash = number % 3 == 0
        category = ClipCategory.CRASH if is_crash else ClipCategory.TRICK
        kept(number, "Mia", category=category, traits={"after_db": -20.0 + number % 2 if is_crash else number % 2})
    assert of(moment(12, traits={"after_db": -19.0})).is_crash
    quiet = of(moment(13, traits={"after_db": 0.0}))
    assert quiet is None or not quiet.is_crash


def test_the_hand_tells_what_is_suggested(kept, moment, sorter):
    for number in range(15):
        kept(number, IN_TURNS[number % 3])
    card = moment(15)
    hand = deal(member=sorter, lease=uuid.uuid4())
    assert [(one.segment, one.people) for one in hand.suggestions] == [(card.pk, "Mia")]


def test_a_keep_writes_what_its_boxes_hold_and_not_what_was_suggested(kept, moment, sorter):
    for number in range(24):
        kept(number, IN_TURNS[number % 2], ["Kickflip", "Ollie"][number % 2])
    card, lease = moment(24), uuid.uuid4()
    page = Client()
    page.force_login(sorter)
    hand = page.post(reverse("clips:sort_hand"), {"lease": lease}).content.decode()
    assert f'data-suggested="{card.pk}" data-people="Mia" data-trick="Kickflip"' in hand
    fields = {"lease": lease, "key": uuid.uuid4(), "segment": card.pk, "start_ms": card.start_ms}
    fields |= {"end_ms": card.end_ms, "category": "TRICK", "people": "", "trick": ""}
    assert page.post(reverse("clips:sort_keep"), fields).status_code == 200
    clip = FinalClip.objects.get(candidate_segment=card)
    assert (clip.person, clip.trick) == (None, None)
    assert "Mia" not in str(Decision.objects.get(segment=card).after)


def test_b_roll_and_removed_clips_suggest_nothing(kept, moment):
    for number in range(9):
        kept(number, "Mia", "Kickflip", category=ClipCategory.BROLL)
    assert of(moment(9)) is None
    for number in range(10, 19):
        kept(number, "Mia", "Kickflip")
    assert of(moment(19)).trick == "Kickflip"
    FinalClip.objects.update(is_current=False)
    assert of(moment(20)) is None


def test_a_fixed_number_of_queries(kept, moment, django_assert_num_queries):
    for number in range(30):
        kept(number, IN_TURNS[number % 3], "Kickflip")
    cards = [moment(number).pk for number in range(30, 34)]
    with django_assert_num_queries(4):
        suggestions_for(cards)
    for number in range(40, 70):
        kept(number, IN_TURNS[number % 3], "Kickflip")
    with django_assert_num_queries(4):
        suggestions_for(cards)


def test_of_a_large_session_older_clips_are_turns_between(kept, moment, monkeypatch, django_assert_num_queries):
    """Every other clip is older than what is asked for: what is left follows each other only seemingly."""
    monkeypatch.setattr(suggestions, "IN_SESSION", 12)
    for number in [*range(0, 24, 2), *range(1, 24, 2)]:
        kept(number, IN_TURNS[number % 3])
    following = moment(24).pk
    with django_assert_num_queries(5):
        found = suggestions_for([following])
    assert not found or found[0].people in ("", "Mia")
    monkeypatch.setattr(suggestions, "IN_SESSION", 100)
    assert of(moment(25)).people == "Jo"
