"""Tests trick names: typed names find the intended trick in every place that takes a name."""

import re

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from tricks import naming
from tricks.models import Trick
from tricks.tests.trick_names import KNOWN, TYPED
from tricks.words import ENDINGS, PHRASES, SHORT_SPINS_DEG, SPINS_DEG
from trickyclip.shared.whole_pages import AS_A_PAGE_ASKS

KNOWN_BY_FORM = {naming.normal_form(name): name for name in KNOWN}
#: Whatever may stand in a trick's name, and much that may not.
WORDS = [
    *PHRASES,
    *ENDINGS,
    *SHORT_SPINS_DEG,
    *map(str, sorted(SPINS_DEG)),
    "grab",
    "air",
    "kfed",
    "Zoë",
    "to",
    "-",
    "/",
]
NAMES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join) | st.text(max_size=30)


def test_the_table_has_rows_enough_and_no_two_known_tricks_are_one():
    assert len(TYPED) >= 150
    assert len(KNOWN_BY_FORM) == len(KNOWN)


@pytest.mark.parametrize(("typed", "meant"), TYPED)
def test_what_is_typed_is_the_trick_that_is_meant(typed, meant):
    assert KNOWN_BY_FORM.get(naming.normal_form(typed)) == meant


@pytest.fixture
def known(db) -> None:
    for name in KNOWN:
        Trick.objects.add(name)


@pytest.mark.slow
def test_picker_takes_it_at_enter_or_makes_a_new_trick(client, viewer, known):
    client.force_login(viewer)
    wrong = {}
    for typed, meant in TYPED:
        html = client.get(reverse("tricks:pick"), {"q": typed}, headers=AS_A_PAGE_ASKS).content.decode()
        marked, new = re.search(r'data-value="([^"]+)" data-marked( data-new)?', html).groups()
        if (marked, bool(new)) != ((meant, False) if meant else (naming.label(*naming.split(typed)), True)):
            wrong[typed] = marked
    assert wrong == {}


@pytest.mark.slow
def test_nothing_that_contradicts_what_was_typed_is_offered(client, viewer, known):
    """Another number, direction or stance is another trick, however much else of the name is alike."""
    client.force_login(viewer)
    wrong = []
    for typed, _meant in TYPED:
        asked = naming.read(typed)
        html = client.get(reverse("tricks:pick"), {"q": typed}, headers=AS_A_PAGE_ASKS).content.decode()
        for offered in re.findall(r'data-value="([^"]+)"(?! data-marked)', html):
            name = naming.read(offered)
            grows = typed[-1].isdigit() and re.search(rf"\b{re.escape(typed.split()[-1])}", offered, re.IGNORECASE)
            fits = set(asked.rotations_deg) <= set(name.rotations_deg)
            fits = fits and asked.direction in ("", name.direction) and asked.stance in ("", name.stance)
            if not (fits or grows):
                wrong.append((typed, offered))
    assert wrong == []


@pytest.mark.slow
def test_form_of_a_keep_finds_it_or_adds_one_trick(known):
    for typed, meant in TYPED:
        found = Trick.objects.find_or_add(typed)
        assert Trick.objects.find_or_add(typed) == found, typed
        assert (str(found) == meant) if meant else (found.normal_name not in KNOWN_BY_FORM), typed


@pytest.mark.slow
def test_api_answers_409_with_the_trick_that_it_is(client, sorter, known):
    client.force_login(sorter)
    for typed, meant in TYPED:
        answer = client.post("/api/tricks", {"name": typed}, content_type="application/json")
        if meant:
            assert (answer.status_code, answer.json()["detail"]) == (409, f"{meant} already has this name."), typed
        else:
            assert answer.status_code == 201, typed
            again = client.post("/api/tricks", {"name": typed}, content_type="application/json")
            assert again.status_code == 409, typed
            Trick.objects.filter(pk=answer.json()["id"]).delete()  # the next row may be the same trick


def test_api_takes_stance_and_direction_apart_or_in_the_name(client, sorter):
    client.force_login(sorter)
    apart = {"name": "360", "direction": "FS", "stance": "SW"}
    answer = client.post("/api/tricks", apart, content_type="application/json").json()
    assert (answer["name"], answer["stance"], answer["direction"]) == ("360", "SW", "FS")
    assert (answer["rotation_deg"], answer["slug"]) == (360, "SW_FS_360")
    assert client.post("/api/tricks", {"name": "switch front 3"}, content_type="application/json").status_code == 409


@pytest.mark.slow
def test_admin_refuses_it_with_the_trick_that_it_is(client, curator, known):
    client.force_login(curator)
    for typed, meant in TYPED:
        n_before = Trick.objects.count()
        fields = {"name": typed, "slug": "", "stance": "", "direction": "", "category": "RAIL"}
        fields |= {"aliases-INITIAL_FORMS": 0, "aliases-TOTAL_FORMS": 0}
        answer = client.post(reverse("admin:tricks_trick_add"), fields)
        assert Trick.objects.count() == n_before + (0 if meant else 1), typed
        if meant:
            assert f"{meant} already has this name." in answer.content.decode(), typed
        else:
            Trick.objects.latest("created_at").delete()  # the next row may be the same trick


def test_database_itself_refuses_one_trick_under_two_names(db):
    Trick.objects.add("FS 360")
    with pytest.raises(Exception, match="trick_normal_name_unique"):
        Trick.objects.create(name="frontside 3-60", slug="Other")


@pytest.mark.parametrize(
    ("typed", "parts"),
    [
        ("switch back 1", ("SW", "BS", "180")),
        ("frontside Boardslide", ("", "FS", "Boardslide")),
        ("front board", ("", "FS", "board")),
        ("nollie Inward Heel", ("NOLLIE", "", "Inward Heel")),
        ("fs3", ("", "FS", "360")),
        ("left 9", ("", "LEFT", "900")),
        ("Back270 Out", ("", "", "Back270 Out")),
        ("Back Swap", ("", "", "Back Swap")),
        ("Backflip", ("", "", "Backflip")),
        ("Nollie", ("", "", "Nollie")),
        ("Half Cab", ("", "", "Half Cab")),
        ("cork 7", ("", "", "cork 720")),
    ],
)
def test_a_new_trick_is_written_with_its_stance_and_direction_apart(typed, parts):
    assert naming.split(typed) == parts


@given(name=NAMES)
def test_splitting_a_name_leaves_the_trick_what_it_is(name):
    assert naming.normal_form(naming.label(*naming.split(name))) == naming.normal_form(name)


@given(name=NAMES)
def test_splitting_twice_is_splitting_once(name):
    label = naming.label(*naming.split(name))
    assert naming.label(*naming.split(label)) == label


@given(name=NAMES)
def test_case_and_white_space_say_nothing(name):
    assert naming.normal_form(f"  {name.upper()} ") == naming.normal_form(name.upper().lower())


@given(name=NAMES.filter(lambda name: name.strip()))
def test_every_name_has_a_form(name):
    assert naming.normal_form(name) or not naming._plain(name)
