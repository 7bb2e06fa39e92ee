"""Tests the starter list: consistent in itself, and harmless to the crew's own tricks."""

import json
from collections import Counter
from io import StringIO

import pytest
from django.core.management import call_command

from people.naming.slugs import slugify
from tricks import naming
from tricks.management.commands.load_tricks import STARTER_TRICKS
from tricks.models import KNOWN_CATEGORIES, Trick, TrickAlias

ENTRIES = json.loads(STARTER_TRICKS.read_text("utf-8"))


def load(**options: object) -> str:
    out = StringIO()
    call_command("load_tricks", stdout=out, **options)
    return out.getvalue().strip()


def test_every_entry_is_well_formed():
    fields = {"name", "category", "aliases"}
    assert [entry for entry in ENTRIES if set(entry) != fields] == []
    assert {entry["category"] for entry in ENTRIES} <= set(KNOWN_CATEGORIES)
    assert [entry["name"] for entry in ENTRIES if naming.label(*naming.split(entry["name"])) != entry["name"]] == []
    names = [name for entry in ENTRIES for name in (entry["name"], *entry["aliases"])]
    assert [name for name in names if name != " ".join(name.split()) or not 0 < len(name) <= 100] == []


def test_no_name_stands_for_two_tricks():
    """Names and aliases are one space: each is what somebody may type. So are slugs."""
    typed = [name for entry in ENTRIES for name in (entry["name"], *entry["aliases"])]
    counted = Counter(map(naming.normal_form, typed))
    assert [name for name in typed if counted[naming.normal_form(name)] > 1] == []
    slugs = Counter(slugify(entry["name"], fallback="Move").casefold() for entry in ENTRIES)
    assert [slug for slug, n_uses in slugs.items() if n_uses > 1] == []


def test_list_is_long_enough_to_start_with_in_every_category():
    per_category = Counter(entry["category"] for entry in ENTRIES)
    assert 150 <= len(ENTRIES) <= 220
    assert min(per_category[category] for category in KNOWN_CATEGORIES) >= 10


@pytest.mark.django_db
def test_empty_database_gets_every_trick_with_every_alias():
    assert load() == f"Starter tricks: {len(ENTRIES)} added, 0 already there."
    assert Trick.objects.count() == len(ENTRIES)
    assert TrickAlias.objects.count() == sum(len(entry["aliases"]) for entry in ENTRIES)


@pytest.mark.django_db
@pytest.mark.parametrize("slug", ["KFED", "Britney", "Back270_Out"])
def test_rail_tricks_of_a_ski_crew_are_there(slug):
    load()
    assert Trick.objects.get(slug=slug).category == "RAIL"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("typed", "slug"),
    [("kf", "KFED"), ("nosegrab", "Nose_Grab"), ("b2", "Back270_Out"), ("fs boardslide", "FS_Boardslide")],
)
def test_what_people_type_finds_one_trick(typed, slug):
    load()
    assert [trick.slug for trick in Trick.objects.called(typed)] == [slug]


@pytest.mark.django_db
def test_second_load_adds_nothing():
    load()
    before = snapshot()
    assert load() == f"Starter tricks: 0 added, {len(ENTRIES)} already there."
    assert snapshot() == before


@pytest.mark.django_db
def test_dry_run_counts_and_adds_nothing():
    Trick.objects.add("KFED", category="RAIL")
    assert load(dry_run=True) == f"Starter tricks: {len(ENTRIES) - 1} would be added, 1 already there."
    assert Trick.objects.count() == 1


@pytest.mark.django_db
def test_trick_that_the_crew_changed_is_left_as_it_is():
    load()
    Trick.objects.filter(slug="KFED").update(name="K-Fed to fakie", category="JUMP")
    TrickAlias.objects.filter(name="kf").update(name="the kf")
    TrickAlias.objects.filter(name="k-fed").delete()
    before = snapshot()
    assert load() == f"Starter tricks: 0 added, {len(ENTRIES)} already there."
    assert snapshot() == before


@pytest.mark.django_db
def test_trick_that_the_crew_knows_by_an_alias_is_not_added_again():
    Trick.objects.add("Kevin", category="RAIL").aliases.create(name="kfed")
    load()
    assert [trick.name for trick in Trick.objects.called("KFED")] == ["Kevin"]


@pytest.mark.django_db
def test_alias_that_the_crew_uses_for_something_else_is_left_out():
    own = Trick.objects.add("B2")
    load()
    assert list(Trick.objects.called("b2")) == [own]
    assert Trick.objects.filter(slug="Back270_Out").exists()


def snapshot() -> set[tuple]:
    return set(Trick.objects.values_list("pk", "name", "slug", "category", "direction", "aliases__name"))
