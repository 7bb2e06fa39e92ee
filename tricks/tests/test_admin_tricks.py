"""Tests the curators' admin pages of tricks."""

import pytest
from django.test import Client
from django.urls import reverse

from tricks.models import Trick

ADD = reverse("admin:tricks_trick_add")
LIST = reverse("admin:tricks_trick_changelist")


@pytest.fixture(autouse=True)
def curating(client: Client, curator) -> None:
    client.force_login(curator)


def form(name: str, *aliases: str, **fields: str) -> dict:
    """Return the fields of the page for a new trick."""
    fields = {"name": name, "slug": "", "direction": "", "category": "RAIL"} | fields
    fields |= {"aliases-INITIAL_FORMS": 0, "aliases-TOTAL_FORMS": len(aliases)}
    return fields | {f"aliases-{number}-name": alias for number, alias in enumerate(aliases)}


def test_empty_slug_is_made_from_direction_and_name(client):
    client.post(ADD, form("Boardslide", direction="FS"))
    assert Trick.objects.get().slug == "FS_Boardslide"


@pytest.mark.parametrize(("kept", "slug"), [({}, "FS_K-Fed"), ({"keep_slug": "on"}, "KFED")])
def test_slug_follows_the_name_and_the_direction_unless_it_is_kept(client, kept, slug):
    trick = Trick.objects.add("KFED")
    change = reverse("admin:tricks_trick_change", args=[trick.pk])
    client.post(change, form("K-Fed", slug=trick.slug, direction="FS", **kept))
    trick.refresh_from_db()
    assert (trick.name, trick.slug) == ("K-Fed", slug)
    assert trick in Trick.objects.called("KFED")


def test_category_of_the_crews_own_is_written_in_capitals(client):
    client.post(ADD, form("Sled Jump", category="sled"))
    assert Trick.objects.get().category == "SLED"


def test_category_that_is_no_word_is_refused_with_a_sentence(client):
    html = client.post(ADD, form("Sled Jump", category="on snow")).content.decode()
    assert "A category is one word in capitals, like RAIL." in html


def test_refused_slug_comes_with_a_better_one(client):
    html = client.post(ADD, form("KFED", slug="K/Fed")).content.decode()
    assert "This cannot be used in file names. Try “K_Fed”." in html
    assert not Trick.objects.exists()


@pytest.mark.parametrize("name", ["kfed", "KF"])
def test_name_that_a_trick_goes_by_is_refused(client, name):
    Trick.objects.add("KFED").aliases.create(name="kf")
    assert "KFED already has this name." in client.post(ADD, form(name)).content.decode()
    assert Trick.objects.count() == 1


def test_same_name_in_another_direction_is_taken(client):
    Trick.objects.add("360", direction="FS")
    client.post(ADD, form("360", direction="BS"))
    assert Trick.objects.count() == 2


def test_alias_that_another_trick_goes_by_is_refused(client):
    Trick.objects.add("Boardslide", direction="FS")
    html = client.post(ADD, form("Front Board", "fs boardslide")).content.decode()
    assert "FS Boardslide already has this name." in html


def test_category_is_set_in_the_list(client):
    trick = Trick.objects.add("KFED", category="JUMP")
    form = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": trick.pk, "form-0-category": "RAIL"}
    client.post(LIST, form | {"_save": "Save"})
    trick.refresh_from_db()
    assert trick.category == "RAIL"


def test_trick_is_found_by_its_alias(client):
    Trick.objects.add("KFED").aliases.create(name="kf")
    Trick.objects.add("Britney")
    found = client.get(LIST, {"q": "kf"}).context["cl"].result_list
    assert [trick.name for trick in found] == ["KFED"]
