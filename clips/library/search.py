"""Full-text search of clips: builds a clip's search text, and the query for a typed line."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from django.contrib.postgres.search import SearchQuery

from clips.media.formats.suffixes import without_ending
from tricks.naming import fold_signs, index_words, query_words, whole_word

#: PostgreSQL would read "2024-12-01" as three signed numbers; words of letters and digits alone stay what they are.
_WORD = re.compile(r"[^\W_]+")
#: The same for what is stored and what is asked: names and trick names are in no language's dictionary.
CONFIG = "simple"
MAX_WORDS = 12


def words(text: str) -> list[str]:
    """Return the words of a text as they are compared: lower case, split at everything but letters and digits."""
    return _WORD.findall(unicodedata.normalize("NFC", text).casefold())


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


def text_of(clip) -> str:
    """Return all words that find a clip, from its person, trick, others, session, their aliases and its camera's
    name.
    """
    found = dict.fromkeys(word for name in _names(clip) for word in _spellings(name))
    for spelling in clip.trick.spellings if clip.trick else ():
        found |= dict.fromkeys(sorted(index_words(spelling)))
    return " ".join(found)


def _names(clip) -> Iterator[str]:
    yield from (without_ending(clip.filename), str(clip.date))
    for person in filter(None, [clip.person, *clip.also.all()]):
        yield from (person.display_name, person.slug, *_aliases(person))
    if trick := clip.trick:
        yield from (*trick.spellings, trick.slug, trick.category)
        if trick.stance:
            yield str(trick.get_stance_display())
        if trick.direction:
            yield str(trick.get_direction_display())
    original = clip.original_file
    yield from (original.shoot.name, original.shoot.slug, original.original_filename)
    yield clip.own_camera_name or ""
    yield from (clip.camera_id, clip.fps_label, clip.category, str(clip.get_category_display()))


def _aliases(named) -> Iterable[str]:
    return (alias.name for alias in named.aliases.all())


def _spellings(name: str) -> list[str]:
    """Return a name's words, and a short name also as one word: "BS 180" is often typed "bs180"."""
    parts = words(name)
    return [*parts, "".join(parts)] if 1 < len(parts) <= 4 else parts
