"""Tests the page of what was learned from sorting, its buttons, and what they do to cards."""

import pytest
from django.urls import reverse
from django.utils import timezone

from clips.models import CandidateSegment, CrewLayer, Job, JobKind, LayerState
from clips.tests.factories import CandidateSegmentFactory
from people.models import Action, AuditEntry

pytestmark = pytest.mark.django_db

PAGE = reverse("clips:learned")
WEIGHTS = {"arc": 0.0, "incoherence": 0.0, "pair_db": -0.5, "together": 0.0, "moving": 0.0, "air_s": 0.0, "gap": 0.0}
LAYER = {"format": 1, "kinds": {"heard, held": {"weights": WEIGHTS, "bias": 0.1, "line": 0.0}}}
QUIET = {"z_scores": {"arc": 3.0, "incoherence": 2.0, "pair_db": 0.0}, "pair_db": 8.0, "looked": "seen"}


def layer(**fields) -> CrewLayer:
    now = timezone.now()
    fields = {"state": LayerState.IN_USE, "layer": LAYER, "more": 0.09, "version": 3, "used_since": now} | fields
    return CrewLayer.objects.create(
        n_decisions=214, n_kept=80, n_sessions=6, learned_until=now, changed_at=now, **fields
    )


@pytest.fixture
def page(client, curator):
    client.force_login(curator)
    return client


def text(page) -> str:
    return " ".join(page.get(PAGE).content.decode().split())


def press(page, act: str, version: int = 3):
    return page.post(reverse("clips:learned_change", args=[version, act]), follow=True)


def test_it_says_from_how_much_was_learned_and_what_it_finds(page):
    layer()
    body = text(page)
    assert "Learned from 214 decisions. Finds 9 % more tricks." in body
    assert "In use." in body
    assert ">Pause<" in body
    assert ">Forget<" in body
    assert ">Use<" not in body


@pytest.mark.parametrize(
    ("fields", "says", "buttons"),
    [
        ({"state": LayerState.PAUSED}, "Paused. The search decides alone.", {"Use", "Forget"}),
        ({"state": LayerState.REVERTED}, "Turned off by itself", {"Use", "Forget"}),
        ({"state": LayerState.NO_GAIN, "layer": {"kinds": {}}, "more": 0}, "Not used: it was no better", {"Forget"}),
        ({"state": LayerState.FORGOTTEN, "layer": {}}, "Forgotten. Only new decisions count.", set()),
    ],
)
def test_each_state_says_what_it_is_and_offers_what_is_possible(page, fields, says, buttons):
    layer(**fields)
    body = text(page)
    assert says in body
    assert {one for one in ("Use", "Pause", "Forget") if f">{one}<" in body} == buttons


def test_no_figure_is_claimed_without_a_gain(page):
    layer(more=0.0)
    assert "more tricks" not in text(page)
    CrewLayer.objects.update(more=-0.2)
    assert "more tricks" not in text(page)


def test_before_anything_was_learned_it_says_when_it_will(page):
    assert "It learns after each 25 decisions." in text(page)


def test_pause_and_use_change_cards_and_back(page, run, shoot, work_off):
    layer()
    segment = CandidateSegmentFactory(
        original_file=run.original_file, run=run, score=0.5, features=QUIET, start_ms=0, end_ms=4000
    )
    press(page, "pause")
    assert work_off() == [JobKind.LEARN]
    assert CandidateSegment.objects.get().plain_score is None
    press(page, "use")
    assert work_off() == [JobKind.LEARN]
    segment.refresh_from_db()
    assert segment.plain_score == 0.5
    assert segment.score > 0.55
    assert segment.crew_why == "your crew keeps quiet landings"
    assert list(AuditEntry.objects.filter(action=Action.CHANGED).values_list("details__what", flat=True).order_by("pk"))


def test_forget_deletes_the_weights(page):
    layer()
    press(page, "forget")
    assert (CrewLayer.objects.get().layer, CrewLayer.objects.get().state) == ({}, LayerState.FORGOTTEN)


def test_who_is_too_late_is_told_so_and_changes_nothing(page, shoot):
    layer(state=LayerState.REPLACED)
    assert "This has changed meanwhile." in press(page, "use").content.decode()
    assert CrewLayer.objects.get().state == LayerState.REPLACED
    assert not Job.objects.exists()


def test_an_act_or_version_that_does_not_exist_is_not_found(page):
    layer()
    assert press(page, "praise").status_code == 404
    assert press(page, "pause", version=8).status_code == 404


def test_sorters_do_not_decide_it(client, sorter):
    layer()
    client.force_login(sorter)
    assert client.get(PAGE).status_code == 403
    assert client.post(reverse("clips:learned_change", args=[3, "pause"])).status_code == 403


def test_a_card_says_the_crews_habit(client, sorter, run):
    CandidateSegmentFactory(
        original_file=run.original_file, run=run, score=0.9, why="goes up and comes down",
        crew_why="your crew keeps quiet landings",
    )  # fmt: skip
    client.force_login(sorter)
    body = client.post(reverse("clips:sort_hand"), {"lease": "7f3f5b62-3a35-4a9e-9c50-9b3c3d1c2a11"}).content.decode()
    assert "goes up and comes down; your crew keeps quiet landings" in body
