"""Full-text search of clips: builds a clip's search text, and the query for a typed line."""

import datetime as dt
import unicodedata
from functools import reduce
from operator import or_

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Q, QuerySet
from django.utils import timezone

from clips.library import typed
from clips.models.search_text import CONFIG, words
from people.models import Person
from tricks.models import Trick
from tricks.naming import fold_signs, query_words, whole_word

MAX_WORDS = 12
#: No camera filmed before; a month of any year is a month of one of these, which an index answers.
FIRST_YEAR = 2000
LACKING = {"both": Q(person=None, trick=None), "person": Q(person=None), "trick": Q(trick=None)}


def matching(clips: QuerySet, text: str) -> QuerySet:
    """Return the clips that have, for each word of ``text``, a word that begins with it.

    What means days, frame rates or missing tags filters by these instead: "december", "240 fps", "no rider".
    """
    today = timezone.localdate()
    asked = typed.read(text, today=today)
    names = [word for word in asked.months if _begins_a_name(word)]
    for day, last_day in asked.spans:
        clips = clips.filter(date__range=(day, last_day))
    for word, month in asked.months.items():
        if word not in names:
            clips = clips.filter(_in_month(month, today))
    for missing in asked.lacking:
        clips = clips.filter(LACKING[missing])
    if asked.rates:
        clips = clips.filter(fps_label__in=asked.rates)
    query = prefix_query(" ".join([asked.words, *names]))
    if query is None:
        return clips.none() if _has_symbols(asked.words) else clips
    return clips.annotate(found_by=SearchVector("search_text", config=CONFIG)).filter(found_by=query)


def _has_symbols(text: str) -> bool:
    """Return whether there is an emoji, or another sign that is a picture, in a text: no name is found by one."""
    return any(unicodedata.category(sign) == "So" for sign in text)


def _begins_a_name(word: str) -> bool:
    """Return whether a rider or trick is called so: then "jan" is Jan, and "jan 2024" still a month."""
    begins = rf"\m{word}"
    people = Person.objects.filter(Q(display_name__iregex=begins) | Q(aliases__name__iregex=begins))
    tricks = Trick.objects.filter(Q(name__iregex=begins) | Q(aliases__name__iregex=begins))
    return people.exists() or tricks.exists()


def _in_month(month: int, today: dt.date) -> Q:
    spans = (typed.month_span(year, month) for year in range(FIRST_YEAR, today.year + 2))
    return reduce(or_, (Q(date__range=span) for span in spans))


def prefix_query(text: str) -> SearchQuery | None:
    """Return the query for a word beginning with each typed word; None if no word was typed.

    What is said of a trick is wanted however it is written: "back 3" finds BS 360, and no other clip of Backyard Rails.
    """
    typed = words(fold_signs(text))[:MAX_WORDS]
    if not typed:
        return None
    steps = query_words(typed)
    ways = [steps, *(_joined(steps, at) for at in range(1, len(steps)) if not (steps[at - 1][1] or steps[at][1]))]
    asked = [" & ".join(_term(parts, meant) for parts, meant in way) for way in ways]
    asked.append(whole_word(" ".join(typed)))
    return SearchQuery(" | ".join(f"({way})" for way in asked), search_type="raw", config=CONFIG)


def _joined(steps: list[tuple[list[str], list[str]]], at: int) -> list[tuple[list[str], list[str]]]:
    """Write two words as one: "hard flip" is also a Hardflip."""
    (before, _), (after, _) = steps[at - 1 : at + 1]
    return [*steps[: at - 1], (["".join([*before, *after])], []), *steps[at + 1 :]]


def _term(typed: list[str], meant: list[str]) -> str:
    """Return the query for some words; marked parts of a trick (xbs, x360) replace what was typed."""
    as_typed = " & ".join(f"{word}:*" for word in typed)
    if not meant:
        return as_typed
    as_meant = " & ".join(word if word.startswith("x") else f"{word}:*" for word in meant)
    return as_meant if all(word.startswith("x") for word in meant) else f"(({as_typed}) | ({as_meant}))"
