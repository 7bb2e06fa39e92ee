"""Tests how a typed line is read: days, months, rates and missing tags, and the words that are left."""

import datetime as dt

import pytest

from clips.library.typed import read

#: A Sunday.
TODAY = dt.date(2026, 11, 29)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


@pytest.mark.parametrize(
    ("text", "first", "last", "words"),
    [
        ("2024-12", "2024-12-01", "2024-12-31", ""),
        ("12/2024", "2024-12-01", "2024-12-31", ""),
        ("2.2024 mia", "2024-02-01", "2024-02-29", "mia"),
        ("dez 2024", "2024-12-01", "2024-12-31", ""),
        ("mil December 2024 kfed", "2024-12-01", "2024-12-31", "mil kfed"),
        ("2023 März", "2023-03-01", "2023-03-31", ""),
        ("jan 2024", "2024-01-01", "2024-01-31", ""),
        ("2024-12-01 bs360", "2024-12-01", "2024-12-01", "bs360"),
        ("1.12.2024", "2024-12-01", "2024-12-01", ""),
        ("2024-12-01__BackyardRails", "2024-12-01", "2024-12-01", "__backyardrails"),
        ("yesterday", "2026-11-28", "2026-11-28", ""),
        ("heute zoë", "2026-11-29", "2026-11-29", "zoë"),
        ("last weekend", "2026-11-21", "2026-11-22", ""),
        ("dieses Wochenende", "2026-11-28", "2026-11-29", ""),
        ("last week", "2026-11-16", "2026-11-22", ""),
        ("last month", "2026-10-01", "2026-10-31", ""),
        ("this season crash", "2026-09-01", "2027-08-31", "crash"),
        ("letzte Saison", "2025-09-01", "2026-08-31", ""),
        ("last year", "2025-01-01", "2025-12-31", ""),
    ],
)
def test_a_span_of_days_is_read(text, first, last, words):
    typed = read(text, today=TODAY)
    assert typed.spans == [(day(first), day(last))]
    assert typed.words == words
    assert not typed.months


@pytest.mark.parametrize("text", ["december", "Dezember", "dec", "DEZ"])
def test_a_month_without_a_year_is_one_of_any_year(text):
    typed = read(f"{text} kf", today=TODAY)
    assert (typed.months, typed.words) == ({text.casefold(): 12}, "kf")


@pytest.mark.parametrize(
    ("text", "rates", "words"), [("240 fps", ["240FPS"], ""), ("60fps mia", ["60FPS"], "mia"), ("240", [], "240")]
)
def test_a_rate_is_read_where_it_is_called_one(text, rates, words):
    typed = read(text, today=TODAY)
    assert (typed.rates, typed.words) == (rates, words)


@pytest.mark.parametrize(
    ("text", "lacking", "words"),
    [
        ("untagged", ["both"], ""),
        ("no rider backyard", ["person"], "backyard"),
        ("ohne Trick", ["trick"], ""),
        ("no riders left", [], "no riders left"),
    ],
)
def test_missing_tags_are_read(text, lacking, words):
    typed = read(text, today=TODAY)
    assert (typed.lacking, typed.words) == (lacking, words)


@pytest.mark.parametrize(
    "text",
    ["back 3", "bs 180", "5-0 grind", "50-50", "2024-13", "99.99.2024", "b/s 3-60", "2024-12-", "gx010001", "decade"],
)
def test_names_of_tricks_and_impossible_days_stay_words(text):
    typed = read(text, today=TODAY)
    assert (typed.spans, typed.months, typed.words) == ([], {}, text)


def test_the_last_weekend_on_a_weekday_is_the_one_just_gone():
    assert read("last weekend", today=day("2026-11-30")).spans == [(day("2026-11-28"), day("2026-11-29"))]
    assert read("last month", today=day("2027-01-31")).spans == [(day("2026-12-01"), day("2026-12-31"))]
    assert read("this season", today=day("2026-08-31")).spans == [(day("2025-09-01"), day("2026-08-31"))]
