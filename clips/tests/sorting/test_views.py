"""Tests the answers of the sort page's routes: always the current hand, in few queries."""

import re
import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clips.library.new_version import reedit
from clips.models import (
    CandidateSegment,
    Decision,
    FinalClip,
    Job,
    JobKind,
    OriginalFile,
    Preview,
    SegmentStatus,
)
from clips.sorting.decisions import Choice
from people.models import Person
from tricks import naming
from tricks.models import Trick
from trickyclip.shared.whole_pages import AS_A_PAGE_ASKS


class Page:
    """One open sort page."""

    def __init__(self, client, member) -> None:
        client.force_login(member)
        self.client, self.lease = client, str(uuid.uuid4())

    def post(self, name: str, **fields):
        key = {} if name == "hand" else {"key": str(uuid.uuid4())}
        return self.client.post(reverse(f"clips:sort_{name}"), {"lease": self.lease} | key | fields)

    def keep(self, segment: str, **fields):
        span = {"start_ms": 1000, "end_ms": 3000, "category": "TRICK"}
        return self.post("keep", segment=segment, **(span | fields))


def order(answer) -> list[str]:
    return re.search(r'data-order="([^"]*)"', answer.content.decode())[1].split()


def drawn(answer) -> list[str]:
    return re.findall(r'data-segment="([^"]+)"', answer.content.decode())


@pytest.fixture
def page(client, sorter, segments) -> Page:
    Preview.objects.bulk_create(
        Preview(segment=s, stored_path=f"candidates/{s.pk}.mp4", start_ms=s.start_ms, end_ms=s.end_ms,
                width_px=320, height_px=180, size_bytes=1) for s in segments
    )  # fmt: skip
    return Page(client, sorter)


def test_opening_the_page_takes_no_card_away(page):
    assert page.client.get(reverse("clips:sort")).status_code == 200
    assert not CandidateSegment.objects.filter(status=SegmentStatus.IN_PROGRESS).exists()


def test_a_hand_is_four_cards_and_only_what_the_page_lacks_is_drawn(page):
    hand = page.post("hand")
    assert drawn(hand) == order(hand)
    assert len(order(hand)) == 4
    again = page.post("hand", have=" ".join(order(hand)))
    assert (order(again), drawn(again)) == (order(hand), [])


def test_a_decision_answers_with_the_next_card(page):
    first, *rest = order(page.post("hand"))
    answer = page.post("trash", segment=first, have=" ".join([first, *rest]))
    assert order(answer)[:3] == rest
    assert len(drawn(answer)) == 1


def test_a_keep_adds_who_and_what_nobody_knew(page):
    (first, *_rest) = order(page.post("hand"))
    assert page.keep(first, people="Miller Downey, Jo Smith", trick="FS Boardslide").status_code == 200
    clip = FinalClip.objects.get()
    assert (clip.person.display_name, clip.also.get().display_name) == ("Miller Downey", "Jo Smith")
    assert (clip.trick.name, clip.trick.direction) == ("Boardslide", "FS")


def test_a_keep_finds_people_by_alias(page):
    miller = Person.objects.add("Miller Downey")
    miller.aliases.create(name="Mills")
    (first, *_rest) = order(page.post("hand"))
    page.keep(first, people="mills", trick="")
    assert FinalClip.objects.get().person == miller


def test_a_refused_keep_adds_nobody(page):
    first = order(page.post("hand"))[0]
    page.post("trash", segment=first)
    answer = page.keep(first, people="Nobody Yet", trick="Unheard Of")
    assert answer.status_code == 409
    assert "no longer hold" in answer.content.decode()
    assert len(order(answer)) == 4, "the fresh truth"
    assert not Person.objects.exists()
    assert not Trick.objects.exists()


@pytest.mark.parametrize("wrong", [{"end_ms": 10**9}, {"start_ms": 3000}, {"category": "NONE"}, {"start_ms": "soon"},
                                   {"people": "x" * 2000}, {"trick": "x" * 101}])  # fmt: skip
def test_a_wrong_keep_gets_a_sentence_and_stays_in_hand(page, wrong):
    first = order(page.post("hand"))[0]
    answer = page.keep(first, **wrong)
    assert answer.status_code == 422
    assert "data-sentence" in answer.content.decode()
    assert first in order(answer)


@pytest.mark.parametrize("name", ["hand", "keep", "trash", "skip", "aside", "undo", "release"])
def test_nonsense_is_a_sentence(page, name):
    answer = page.client.post(reverse(f"clips:sort_{name}"), {"lease": "none", "have": "x y"})
    assert answer.status_code == 422
    assert answer.content


def test_an_undo_comes_first_and_as_it_was_kept(page):
    first = order(page.post("hand"))[0]
    page.keep(first, people="Miller Downey", trick="KFED", start_ms=500)
    answer = page.post("undo")
    assert order(answer)[0] == drawn(answer)[0] == first
    card = answer.content.decode().split("</article>")[0]
    assert 'value="500"' in card
    assert 'value="Miller Downey"' in card
    assert "data-touched" in card


@pytest.mark.slow
def test_names_of_an_undone_keep_are_offered_no_more(page):
    hand = order(page.post("hand"))
    page.keep(hand[0], people="Mia Bregr", trick="kickflp")
    page.post("undo")
    for name, typed, typo in (("people", "mi", "Mia Bregr"), ("tricks", "kickf", "kickflp")):
        answer = page.client.get(reverse(f"{name}:pick"), {"q": typed}, headers=AS_A_PAGE_ASKS)
        assert f'data-value="{typo}"' not in answer.content.decode()
    page.keep(hand[0], people="Mia Bregr", trick="kickflp")
    answer = page.client.get(reverse("tricks:pick"), {"q": "kickf"}, headers=AS_A_PAGE_ASKS)
    assert 'data-value="kickflp"' in answer.content.decode()


@pytest.mark.slow
def test_an_undo_says_that_a_later_edit_went_along(page, sorter):
    hand = order(page.post("hand"))
    page.keep(hand[0])
    assert "data-sentence" not in page.post("undo").content.decode()
    page.keep(hand[0])
    reedit(FinalClip.objects.current().get(), Choice(1_500, 2_500), member=sorter)
    assert "Undone, along with your later edit of this clip." in page.post("undo").content.decode()


def test_a_nothing_to_undo_is_a_sentence(page):
    answer = page.post("undo")
    assert answer.status_code == 409
    assert "nothing to undo" in answer.content.decode()


def test_a_closed_page_gives_back_all_but_what_is_on_its_way(page):
    hand = order(page.post("hand"))
    assert page.post("release", waiting=hand[0]).status_code == 204
    held = CandidateSegment.objects.filter(status=SegmentStatus.IN_PROGRESS)
    assert [str(pk) for pk in held.values_list("pk", flat=True)] == hand[:1]


def test_a_reloaded_page_gets_the_hand_that_it_left(page, sorter):
    hand = order(page.post("hand"))
    reloaded = Page(page.client, sorter)
    assert order(reloaded.post("hand", left=page.lease)) == hand


def test_what_a_page_that_is_gone_decided_is_dealt_to_nobody_and_its_arrival_deals_that_page_nothing(page):
    first, second, *_others = order(page.post("hand"))
    gone, page.lease = page.lease, str(uuid.uuid4())
    answer = page.post("trash", segment=first, lease=gone, no_hand="1")
    assert (answer.status_code, answer.content) == (200, b"")
    assert CandidateSegment.objects.get(pk=first).status == SegmentStatus.TRASHED
    assert CandidateSegment.objects.held(gone).count() == 3, "nobody would see a fourth card"
    CandidateSegment.objects.held(gone).update(lease_ends_at=timezone.now())
    assert second not in order(page.post("hand", waiting=second)), "it would be decided twice"
    page.lease = str(uuid.uuid4())
    assert second in order(page.post("hand"))


def test_a_session_is_sorted_alone(page, segments):
    elsewhere = page.post("hand", session=str(uuid.uuid4()))
    assert order(elsewhere) == []
    assert "data-nothing-left" in elsewhere.content.decode()
    here = page.post("hand", session=str(segments[0].original_file.shoot_id))
    assert len(order(here)) == 4


def carried(answer) -> tuple[set[str], set[str], set[str]]:
    """Return the rider, trick and category on the cards of an answer."""
    html = answer.content.decode()
    boxes = [set(re.findall(rf'name="{name}" type="text" value="([^"]*)"', html)) for name in ("people", "trick")]
    return (*boxes, set(re.findall(r'name="category" value="(\w+)"[^>]* checked', html)))


def test_the_rider_of_the_last_keep_is_on_the_next_cards_and_not_its_trick_or_kind(page):
    hand = order(page.post("hand"))
    answer = page.keep(hand[0], people="Miller Downey, Jo Smith", trick="KFED", category="CRASH")
    assert carried(answer) == ({"Miller Downey, Jo Smith"}, {""}, {"TRICK"})
    reloaded = page.post("hand", have="")
    assert carried(reloaded) == ({"Miller Downey, Jo Smith"}, {""}, {"TRICK"})


@pytest.mark.slow
def test_an_answer_says_what_the_last_keep_that_stands_was_kept_as(page):
    def last(answer) -> tuple[str, str]:
        return re.search(r'data-last-people="([^"]*)" data-last-trick="([^"]*)"', answer.content.decode()).groups()

    hand = order(page.post("hand"))
    assert last(page.post("hand")) == ("", "")
    assert last(page.keep(hand[0], people="Miller Downey", trick="KFED")) == ("Miller Downey", "KFED")
    assert last(page.keep(hand[1], people="Jo Smith")) == ("Jo Smith", "KFED"), "the last trick that was named"
    assert last(page.keep(hand[2], people="Ann Arbor", trick="Kickflip")) == ("Ann Arbor", "Kickflip")
    assert last(page.post("undo")) == ("Jo Smith", "KFED")


@pytest.mark.slow
def test_what_was_decided_lately_says_as_what_it_was_kept(page):
    hand = order(page.post("hand"))
    page.keep(hand[0], people="Miller Downey", trick="KFED")
    page.post("trash", segment=hand[1])
    past = page.client.get(reverse("clips:sort_past"), headers=AS_A_PAGE_ASKS).content.decode()
    assert re.findall(r'<div data-decision="[^"]+" data-segment="([^"]+)"([^>]*)>', past) == [
        (hand[1], ""),
        (hand[0], ' data-people="Miller Downey" data-trick="KFED"'),
    ]
    assert carried(page.client.get(reverse("clips:sort_past"), headers=AS_A_PAGE_ASKS))[:2] == (
        {"Miller Downey"},
        {"", "KFED"},
    )


@pytest.mark.slow
def test_the_digits_bear_the_names_of_the_last_keeps(page):
    hand = order(page.post("hand"))
    page.keep(hand[0], people="Zoe Zander", trick="KFED")
    answer = page.keep(hand[1], people="Ann Arbor, Jo Smith").content.decode()
    assert re.findall(r'data-recent-of="people" data-digit="\d" data-value="([^"]+)"', answer) == [
        "Ann Arbor",
        "Zoe Zander",
    ]
    assert re.findall(r'data-recent-of="trick" data-digit="\d" data-value="([^"]+)"', answer) == ["KFED"]


def test_a_video_put_aside_and_brought_back(page):
    first = order(page.post("hand"))[0]
    assert order(page.post("aside", segment=first)) == []
    assert OriginalFile.objects.get().aside_at is not None
    assert len(order(page.post("undo"))) == 4
    assert Decision.objects.count() == 2


@pytest.mark.slow
def test_queries_do_not_grow_with_the_queue(page, run, django_assert_max_num_queries):
    with django_assert_max_num_queries(20):
        hand = order(page.post("hand"))
    CandidateSegment.objects.bulk_create(
        CandidateSegment(original_file=run.original_file, run=run, start_ms=n, end_ms=n + 10, score=0.9)
        for n in range(3000)
    )
    have = " ".join(hand)
    with django_assert_max_num_queries(28):
        page.post("trash", segment=hand[0], have=have)
    with django_assert_max_num_queries(54):
        page.keep(hand[1], people="Miller Downey", trick="KFED", have=have)
    with django_assert_max_num_queries(44):
        page.post("undo", have=have)


@pytest.mark.parametrize(
    ("typed", "first"),
    [("mil", "Miller Downey"), ("md", "Miller Downey"), ("millz", "Miller Downey"), ("down", "Miller Downey"),
     ("jo", "Jo Smith"), ("berger", "Mia Berger")],
)  # fmt: skip
def test_a_few_letters_pick_a_person(client, viewer, typed, first):
    for name in ("Jo Smith", "Mia Berger", "Miller Downey"):
        Person.objects.add(name)
    Person.objects.get(display_name="Miller Downey").aliases.create(name="Millz")
    client.force_login(viewer)
    assert marked(client.get(reverse("people:pick"), {"q": typed}, headers=AS_A_PAGE_ASKS)) == first


@pytest.mark.parametrize(
    ("typed", "meant"), [("mlile", "Miller Downey"), ("smtih", "Jo Smith"), ("bärger", "Mia Berger")]
)
def test_a_typo_stays_a_new_name_with_whom_it_resembles_beside_it(client, viewer, typed, meant):
    for name in ("Jo Smith", "Mia Berger", "Miller Downey"):
        Person.objects.add(name)
    client.force_login(viewer)
    answer = client.get(reverse("people:pick"), {"q": typed}, headers=AS_A_PAGE_ASKS)
    assert marked(answer) == typed
    assert re.search(r'data-value="([^"]+)" data-double', answer.content.decode())[1] == meant


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("boardslide", "FS Boardslide"),
        ("fsb", "FS Boardslide"),
        ("bs 18", "BS 180"),
        ("bs18", "BS 180"),
        ("180", "BS 180"),
    ],
)
def test_a_few_letters_offer_a_trick_and_enter_takes_only_its_name(client, viewer, typed, offered):
    """A new trick is shown as it would be written: "bs18" is BS 1800."""
    Trick.objects.add("FS Boardslide")
    Trick.objects.add("BS 180")
    client.force_login(viewer)
    answer = client.get(reverse("tricks:pick"), {"q": typed}, headers=AS_A_PAGE_ASKS)
    assert f'data-value="{offered}"' in answer.content.decode()
    assert marked(answer) == naming.label(*naming.split(typed))


def marked(answer) -> str:
    """Return the option that Enter takes."""
    return re.search(r'data-value="([^"]+)" data-marked', answer.content.decode())[1]


def test_who_nobody_knows_is_offered_as_new(client, viewer):
    Person.objects.add("Jo Smith")
    client.force_login(viewer)
    assert "data-new" in client.get(reverse("people:pick"), {"q": "Zoe"}, headers=AS_A_PAGE_ASKS).content.decode()
    assert (
        "data-new" not in client.get(reverse("people:pick"), {"q": "jo smith"}, headers=AS_A_PAGE_ASKS).content.decode()
    )


def test_what_is_typed_stays_text(client, viewer):
    client.force_login(viewer)
    options = client.get(
        reverse("people:pick"), {"q": '"><script>alert(1)</script>'}, headers=AS_A_PAGE_ASKS
    ).content.decode()
    assert "<script" not in options


@pytest.mark.slow
def test_the_past_brings_the_cards_that_undos_would(page):
    first, second, third, _fourth = order(page.post("hand"))
    page.keep(first, people="Miller Downey", start_ms=1200)
    page.post("skip", segment=second)
    page.post("trash", segment=third)
    page.post("undo")
    past = page.client.get(reverse("clips:sort_past"), headers=AS_A_PAGE_ASKS).content.decode()
    assert re.findall(r'data-decision="[^"]+" data-segment="([^"]+)"', past) == [second, first], (
        "what stands, newest first"
    )
    kept = past[past.index(f'data-card data-touched tabindex="-1" data-segment="{first}"') :]
    assert 'value="Miller Downey"' in kept
    assert 'name="start_ms" value="1200"' in kept
    assert "data-more" not in past


@pytest.mark.slow
def test_the_past_goes_on_from_a_decision_and_takes_as_many_queries_for_many(
    page, django_assert_max_num_queries, monkeypatch
):
    monkeypatch.setattr("clips.sorting.history.PORTION", 2)
    for segment in order(page.post("hand"))[:3]:
        page.keep(segment, people="Miller Downey, Jo Smith")
    newest = page.client.get(reverse("clips:sort_past"), headers=AS_A_PAGE_ASKS).content.decode()
    assert "data-more" in newest
    *_newer, oldest = re.findall(r'data-decision="([^"]+)"', newest)
    with django_assert_max_num_queries(10):
        further = page.client.get(
            reverse("clips:sort_past"), {"before": oldest}, headers=AS_A_PAGE_ASKS
        ).content.decode()
    assert len(re.findall("data-decision=", further)) == 1


@pytest.mark.slow
@pytest.mark.parametrize("state", ["DONE", "FAILED"])
def test_cards_without_previews_take_as_many_queries_for_many(page, state):
    Preview.objects.all().delete()
    for segment in CandidateSegment.objects.all():
        finished = {"started_at": timezone.now(), "finished_at": timezone.now(), "progress": 1}
        Job.objects.create(kind=JobKind.PREVIEW, segment=segment, state=state, reason="It is broken.", **finished)
    hand = order(page.post("hand"))
    page.post("trash", segment=hand[0])
    n_queries = []
    for _decision in range(2):
        with CaptureQueriesContext(connection) as queries:
            past = page.client.get(reverse("clips:sort_past"), headers=AS_A_PAGE_ASKS).content.decode()
        n_queries.append(len(queries))
        for segment in hand[1:]:
            page.post("trash", segment=segment)
    assert past.count("It is broken.") == (4 if state == "FAILED" else 0)
    assert n_queries[0] == n_queries[1]


def test_a_session_whose_rest_others_hold_is_not_called_sorted(page, segments):
    session = segments[0].original_file.shoot_id
    order(page.post("hand"))
    CandidateSegment.objects.filter(status=SegmentStatus.UNREVIEWED).update(status=SegmentStatus.TRASHED)
    page.lease = str(uuid.uuid4())
    answer = page.post("hand", session=session).content.decode()
    assert "The rest is open in another tab" in answer
    CandidateSegment.objects.update(status=SegmentStatus.TRASHED, locked_by=None, locked_at=None, lease_token=None,
                                    lease_ends_at=None)  # fmt: skip
    assert "Everything is sorted" in page.post("hand", session=session).content.decode()
