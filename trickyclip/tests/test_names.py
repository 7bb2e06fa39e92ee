"""Slugs: whatever is typed becomes a safe part of a file name, and no two are alike."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from people.naming.slugs import (
    MAX_SLUG_BYTES,
    RESERVED,
    WINDOWS_DEVICES,
    closest,
    free_slug,
    is_guess,
    numbered,
    slugify,
)

#: As the database has it, for people, tricks and sessions alike: only what Windows keeps for a device ends with "_".
SAFE = re.compile(rf"[A-Za-z0-9]+([_-][A-Za-z0-9]+)*|(?i:{'|'.join(sorted(WINDOWS_DEVICES))})_")
SLUGS = st.from_regex(SAFE, fullmatch=True).map(lambda slug: slug[:MAX_SLUG_BYTES].rstrip("-"))
JOINERS = st.sampled_from(["_", ""])
FALLBACKS = st.sampled_from(["Person", "Move", "Session"])
WORDY = st.lists(st.text(alphabet="aZ9_-'. é", max_size=50), max_size=4).map(" ".join)


@given(name=st.text() | WORDY, fallback=FALLBACKS, joiner=JOINERS)
@example(name="BROLL", fallback="Move", joiner="_")
@example(name="b roll", fallback="Session", joiner="")
@example(name="../../etc/passwd", fallback="Person", joiner="_")
@example(name="a" * 39 + " b", fallback="Person", joiner="_")
@example(name="\x00🛹", fallback="Person", joiner="_")
@example(name="con", fallback="Person", joiner="_")
def test_slug_is_short_safe_and_never_reserved(name, fallback, joiner):
    slug = slugify(name, fallback=fallback, joiner=joiner)
    assert SAFE.fullmatch(slug)
    assert "__" not in slug
    assert 1 <= len(slug.encode()) <= MAX_SLUG_BYTES
    assert slug.upper() not in RESERVED


@given(name=st.text() | WORDY, fallback=FALLBACKS)
def test_slug_of_a_slug_is_itself(name, fallback):
    slug = slugify(name, fallback=fallback)
    assert slugify(slug, fallback=fallback) == slug


@given(slug=SLUGS.filter(lambda slug: slug.upper() not in RESERVED | WINDOWS_DEVICES))
def test_every_slug_is_its_own(slug):
    whole = slug if slug[:-1].upper() in WINDOWS_DEVICES else slug.rstrip("_")
    assert slugify(whole, fallback="Person") == whole


@given(name=st.text() | WORDY, n_taken=st.integers(0, 30))
@example(name="COM1", n_taken=2)
def test_free_slug_is_safe_and_new_however_many_are_taken(name, n_taken):
    taken = set()
    for _number in range(n_taken + 1):
        slug = free_slug(name, fallback="Person", taken=lambda slug: slug.casefold() in taken)
        assert SAFE.fullmatch(slug)
        assert len(slug) <= MAX_SLUG_BYTES
        assert slug.casefold() not in taken
        taken.add(slug.casefold())


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Miller Downey", "Miller_Downey"),
        ("  Zoë   Ångström ", "Zoe_Angstrom"),
        ("O'Neill", "ONeill"),
        ("O’Neill", "ONeill"),
        ("50-50", "50-50"),
        ("Back270 Out", "Back270_Out"),
        ("__a__b__", "a_b"),
        ("Jürgen", "Jurgen"),
        ("crash", "Person_crash"),
        ("…", "Person"),
        ("", "Person"),
    ],
)
def test_slug_reads_like_the_name(name, slug):
    assert slugify(name, fallback="Person") == slug


def test_slug_of_composed_and_decomposed_letters_is_the_same():
    assert slugify("Zoe\u0308", fallback="Person") == slugify("Zo\u00eb", fallback="Person")


def test_session_slug_writes_words_together():
    assert slugify("backyard rails", fallback="Session", joiner="") == "BackyardRails"


def test_number_behind_a_long_slug_keeps_the_limit():
    assert numbered("a" * 40, 12) == "a" * 37 + "-12"


@pytest.mark.parametrize(
    ("typed", "name"), [("jo smtih", "Jo Smith"), ("milelr dow", "Miller Downey"), ("fs bordslide", "FS Boardslide")]
)
def test_a_typo_finds_the_name_and_is_called_a_guess(typed, name):
    assert closest(typed, {name: [name]}, limit=1) == [name]
    assert is_guess(typed, [name])
    assert not is_guess(name[:4], [name])


@pytest.mark.parametrize(("typed", "name"), [("Abe Recent", "Zoe Recent"), ("BS Boardslide", "FS Boardslide")])
def test_a_full_name_that_shares_a_word_with_another_is_no_typo_of_it(typed, name):
    assert closest(typed, {name: [name]}, limit=1) == []
