"""Tests spellings: names that a person reads as the same are one name, in Python and in the database."""

import datetime as dt
import unicodedata

import pytest
from django.db import connection
from django.db.models import CharField, Value
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from clips.models import Shoot
from people.models import Person
from people.naming.fields import NameKey
from people.naming.spelling import clean_name, name_key
from tricks.models import Trick
from tricks.naming import normal_form

INVISIBLE = "\u200b\u200c\u200d\u200e\u202a\u202e\u2060\ufeff\u00ad\u061c\u3164\U000e0041\x00\x07"
SPACES = " \t\u00a0\u202f\u2003\u3000\u2800"
#: What names are made of: letters of several scripts, marks, joiners, emoji, spaces, and what nobody sees.
LETTERS = "aZéÅzß ςΣσ ДдÖöİıĳﬁ²½李가あक्षत्रمیخ\u0308\u0301\u094d👩🚀❤️🏂1-'.,_"
NAMES = st.text(alphabet=LETTERS + INVISIBLE + SPACES + "\ufe0f", max_size=20) | st.text(max_size=30)


@given(name=NAMES)
@example(name="e\u200b\u0301")
@example(name="\u200d\u200dक\u094d\u200d\u200dष")
def test_cleaning_twice_is_cleaning_once(name):
    assert clean_name(clean_name(name)) == clean_name(name)


@given(name=NAMES)
def test_a_key_is_its_own_key(name):
    assert name_key(name_key(name)) == name_key(name)


@given(name=NAMES)
def test_composition_case_and_spaces_make_no_other_name(name):
    key = name_key(name)
    for form in ("NFC", "NFD"):
        assert name_key(unicodedata.normalize(form, name)) == key
    assert name_key(f"\u00a0{name}\u202f ".replace(" ", "\u2003 ")) == key


@given(letters=st.text(alphabet="abzABZéöДд ", min_size=1), marks=st.lists(st.sampled_from(INVISIBLE), max_size=6))
def test_what_nobody_sees_says_nothing(letters, marks):
    name = letters
    for place, mark in enumerate(marks):
        at = (7 * place) % (len(name) + 1)
        name = name[:at] + mark + name[at:]
    assert clean_name(name) == clean_name(letters)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Zo\u00eb", "Zoe\u0308"),
        ("Jo  Smith", "Jo Smith"),
        ("Jo\u00a0Smith", "jo smith"),
        ("J\u200bo", "Jo"),
        ("Jo\u202e", "Jo"),
        ("STRAUSS", "Strau\u00df"),
        ("ΣΑΣ", "Σας"),
        ("Ｍｉａ", "Mia"),
        ("\u2764\ufe0f", "\u2764"),
        ("Jo\u3164", "Jo"),
        ("Jo_Smith", "jo smith"),
        ("Jo\u2800Smith", "Jo Smith"),
    ],
)
def test_two_spellings_are_one_person(db, first, second):
    person = Person.objects.find_or_add(first)
    assert Person.objects.find_or_add(second) == person
    with pytest.raises(Exception, match="person_name_unique"):
        Person.objects.create(display_name=second, slug="Other")


@pytest.mark.parametrize(
    "name",
    [
        "می\u200cخواهم",  # a Persian word that a non-joiner parts
        "क्\u200dष",  # a Devanagari half form
        "👩\u200d🚀",
        "👨\u200d👩\u200d👧",
        "❤\ufe0f",
        "🏂🏽",
    ],
)
def test_joiners_of_scripts_and_emoji_stay(name):
    assert clean_name(name) == unicodedata.normalize("NFC", name)


@pytest.mark.parametrize(("first", "second"), [("Mia", "Maia"), ("Ö", "O"), ("Jo Smith", "JoSmith"), ("Jo.", "Jo")])
def test_other_names_stay_others(db, first, second):
    assert Person.objects.find_or_add(first) != Person.objects.find_or_add(second)


class InTheDatabase(TestCase):
    @given(name=st.text(alphabet=LETTERS + INVISIBLE + SPACES, max_size=20))
    def test_database_makes_the_same_key(self, name):
        with connection.cursor() as cursor:
            key = NameKey(Value(clean_name(name), output_field=CharField()))
            sql, params = key.resolve_expression(Person.objects.all().query).as_sql(
                Person.objects.all().query.get_compiler("default"), connection
            )
            cursor.execute(f"SELECT {sql}", params)
            assert cursor.fetchone()[0] == name_key(name)

    @pytest.mark.slow
    @settings(max_examples=40)
    @given(names=st.lists(st.text(alphabet=LETTERS + INVISIBLE + SPACES, min_size=1, max_size=6), max_size=8))
    def test_no_two_rows_read_as_the_same(self, names):
        names = [name for name in names if name_key(name)]
        for name in names:
            Person.objects.find_or_add(name)
            Shoot.objects.called(name, dt.date(2024, 12, 1))
            Trick.objects.find_or_add(name)
        keys = {name_key(name) for name in names}
        assert {name_key(row.display_name) for row in Person.objects.all()} == keys
        assert {name_key(row.name) for row in Shoot.objects.all()} == keys
        assert Person.objects.count() == Shoot.objects.count() == len(keys)
        forms = {normal_form(clean_name(name)) for name in names}
        assert {normal_form(str(row)) for row in Trick.objects.all()} == forms
        assert Trick.objects.count() == len(forms)


def test_update_and_bulk_create_clean_names_too(db):
    (person,) = Person.objects.bulk_create([Person(display_name=" Mia\u200b  Berg ", slug="Mia")])
    assert Person.objects.get().display_name == "Mia Berg"
    Person.objects.filter(pk=person.pk).update(display_name="Mi\u00adra\u00a0Berg")
    assert Person.objects.get(display_name="mira berg".title()).name_key == "mira berg"


def test_a_name_of_nothing_visible_is_refused(db):
    with pytest.raises(Exception, match="person_has_a_name"):
        Person.objects.add("\u200b\u3164 ")
