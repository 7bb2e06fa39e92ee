"""Tests riders: names are found without regard to case, and are unique in the database."""

import pytest
from django.db import IntegrityError

from people.models import Member, Person, PersonAlias

pytestmark = pytest.mark.django_db


def test_added_person_gets_a_slug_and_keeps_the_name_as_typed():
    person = Person.objects.add("  Miller Downey ")
    assert (person.display_name, person.slug) == ("Miller Downey", "Miller_Downey")


def test_second_of_two_names_that_read_alike_gets_a_number():
    Person.objects.add("Zoë")
    assert Person.objects.add("Zoe").slug == "Zoe-2"


@pytest.mark.parametrize("name", ["Miller Downey", "miller downey", "MILLER_DOWNEY", "mills", " Mills "])
def test_person_is_found_by_name_slug_and_alias(name):
    person = Person.objects.add("Miller Downey")
    person.aliases.create(name="Mills")
    person.aliases.create(name="Mill")
    assert list(Person.objects.called(name)) == [person]


def test_person_is_not_found_by_a_part_of_the_name():
    Person.objects.add("Miller Downey")
    assert not Person.objects.called("Miller").exists()


@pytest.mark.parametrize(
    "row",
    [
        {"display_name": "MILLER downey", "slug": "Other"},
        {"display_name": "Other", "slug": "miller_DOWNEY"},
        {"display_name": "Other", "slug": ""},
        {"display_name": "Other", "slug": "a__b"},
        {"display_name": "Other", "slug": "../up"},
        {"display_name": "Other", "slug": "Zoë"},
        {"display_name": "Other", "slug": "bRoLL"},
        {"display_name": "Other", "slug": "TRICK"},
    ],
)
def test_database_refuses_a_name_twice_and_an_unsafe_slug(row):
    Person.objects.add("Miller Downey")
    with pytest.raises(IntegrityError):
        Person.objects.create(**row)


def test_database_refuses_an_alias_twice_without_case():
    PersonAlias.objects.create(person=Person.objects.add("Miller"), name="Mills")
    with pytest.raises(IntegrityError):
        PersonAlias.objects.create(person=Person.objects.add("Milla"), name="MILLS")


def test_database_refuses_a_user_name_twice_without_case():
    Member.objects.create_user("mia")
    with pytest.raises(IntegrityError):
        Member.objects.create_user("Mia")


def test_database_refuses_an_unknown_role():
    with pytest.raises(IntegrityError):
        Member.objects.create_user("mia", role="KING")
