"""Tests tricks: found as people type them, and unique in the database."""

import pytest
from django.db import IntegrityError

from tricks.models import Trick, TrickAlias

pytestmark = pytest.mark.django_db


def test_added_trick_has_its_direction_in_the_slug():
    assert Trick.objects.add("Boardslide", category="RAIL", direction="FS").slug == "FS_Boardslide"


def test_trick_that_is_called_like_a_category_of_clips_gets_another_slug():
    assert Trick.objects.add("Crash").slug == "Move_Crash"


@pytest.mark.parametrize("name", ["FS Boardslide", "fs boardslide", "fs_boardslide", "Front Board"])
def test_trick_is_found_by_name_with_direction_slug_and_alias(name):
    trick = Trick.objects.add("Boardslide", direction="FS")
    Trick.objects.add("Boardslide", direction="BS")
    trick.aliases.create(name="front board")
    assert list(Trick.objects.called(name)) == [trick]


def test_trick_of_one_direction_is_not_meant_by_its_bare_name():
    Trick.objects.add("Boardslide", direction="FS")
    assert not Trick.objects.called("Boardslide").exists()


@pytest.mark.parametrize(
    "row",
    [
        {"name": "kfed", "slug": "Other", "category": "RAIL"},
        {"name": "Other", "slug": "kfed", "category": "RAIL"},
        {"name": "Other", "slug": "a__b", "category": "RAIL"},
        {"name": "Other", "slug": "BROLL", "category": "RAIL"},
        {"name": "Other", "slug": "Other", "category": "rail"},
        {"name": "Other", "slug": "Other", "category": ""},
        {"name": "Other", "slug": "Other", "category": "RAIL", "direction": "UP"},
    ],
)
def test_database_refuses_a_trick_twice_and_unsafe_values(row):
    Trick.objects.add("KFED", category="RAIL")
    with pytest.raises(IntegrityError):
        Trick.objects.create(**row)


def test_same_name_in_another_direction_is_another_trick():
    Trick.objects.add("360", direction="FS")
    assert Trick.objects.add("360", direction="BS").slug == "BS_360"


def test_database_refuses_an_alias_twice_without_case():
    TrickAlias.objects.create(trick=Trick.objects.add("KFED"), name="kf")
    with pytest.raises(IntegrityError):
        TrickAlias.objects.create(trick=Trick.objects.add("Kickflip"), name="KF")
