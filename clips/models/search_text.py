"""Gathers the words that find a clip: its names, aliases, session, day and camera, kept in one column."""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from clips.media.formats.suffixes import without_ending
from people.models import Person
from tricks.naming import index_words

if TYPE_CHECKING:
    from clips.models import FinalClip

#: PostgreSQL would read "2024-12-01" as three signed numbers; words of letters and digits alone stay what they are.
_WORD = re.compile(r"[^\W_]+")
#: The same for what is stored and what is asked: names and trick names are in no language's dictionary.
CONFIG = "simple"


def words(text: str) -> list[str]:
    """Return the words of a text as they are compared: small letters, cut at everything that is no letter or digit."""
    return _WORD.findall(unicodedata.normalize("NFC", text).casefold())


def text_of(clip: "FinalClip") -> str:
    """Return every word that shall find a clip; reads its person, trick, others, session, their aliases and the name
    of its camera."""
    found = dict.fromkeys(word for name in _names(clip) for word in _spellings(name))
    for spelling in clip.trick.spellings if clip.trick else ():
        found |= dict.fromkeys(sorted(index_words(spelling)))
    return " ".join(found)


def _names(clip: "FinalClip") -> Iterator[str]:
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


def _aliases(named: Person) -> Iterable[str]:
    return (alias.name for alias in named.aliases.all())


def _spellings(name: str) -> list[str]:
    """Return a name's words, and a short name also as one word: "BS 180" is typed "bs180" as often."""
    parts = words(name)
    return [*parts, "".join(parts)] if 1 < len(parts) <= 4 else parts
