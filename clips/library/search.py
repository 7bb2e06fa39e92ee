"""Full-text search of clips: builds a clip's search text, and the query for a typed line."""

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import QuerySet

from clips.models.search_text import CONFIG, words
from tricks.naming import fold_signs, query_words, whole_word

MAX_WORDS = 12


def matching(clips: QuerySet, text: str) -> QuerySet:
    """Return the clips that have, for each word of ``text``, a word that begins with it."""
    query = prefix_query(text)
    if query is None:
        return clips
    return clips.annotate(found_by=SearchVector("search_text", config=CONFIG)).filter(found_by=query)


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
