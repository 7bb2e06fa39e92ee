"""Corrects misspelt words of a search by the names that there are.

RapidFuzz compares each with a few hundred names in a millisecond. PostgreSQL's pg_trgm would be a second way beside it,
because the PostgreSQL that comes with the site does not have it.
"""

import re
import unicodedata
from collections.abc import Iterator

from anyascii import anyascii
from django.utils import timezone
from rapidfuzz import fuzz, process

from clips.library import typed
from clips.models import CameraName, Shoot
from clips.models.search_text import words
from people.models import Person, PersonAlias
from tricks.models import Trick, TrickAlias

_WORD = re.compile(r"[^\W_]+")
#: Shorter words resemble too many others.
SHORTEST = 3
#: How much a word must resemble a name's: of four letters one may be wrong, or two be swapped.
ALIKE_PERCENT, SHORT_ALIKE_PERCENT = 75, 80
#: Behind a whole word that fits as well.
OF_BEGINNING = 0.95


def corrected(text: str) -> str:
    """Return the text with each word that begins no known name replaced by the most similar one; "" if none is.

    What means days or rates stays as it is.
    """
    text = unicodedata.normalize("NFC", text).casefold()
    of_names = set(words(typed.read(text, today=timezone.localdate()).words))
    known = {_folded(word): word for name in _names() for word in words(name)}
    fixed = _WORD.sub(lambda found: _corrected(found[0], known) if found[0] in of_names else found[0], text)
    return "" if fixed == text else " ".join(fixed.split())


def _corrected(word: str, known: dict[str, str]) -> str:
    """Return the most similar of the known words, which are given by how they look without accents."""
    wanted = _folded(word)
    if len(word) < SHORTEST or not word.isalpha() or any(other.startswith(wanted) for other in known):
        return word
    least = SHORT_ALIKE_PERCENT if len(wanted) == SHORTEST else ALIKE_PERCENT
    best = process.extractOne(wanted, sorted(known), scorer=_likeness, score_cutoff=least)
    return known[best[0]] if best else word


def _folded(word: str) -> str:
    return anyascii(word).casefold()


def _likeness(typed: str, word: str, **_options: object) -> float:
    whole = fuzz.ratio(typed, word)
    return max(whole, OF_BEGINNING * fuzz.ratio(typed, word[: len(typed)])) if len(word) > len(typed) else whole


def _names() -> Iterator[str]:
    yield from Person.objects.values_list("display_name", flat=True)
    yield from PersonAlias.objects.values_list("name", flat=True)
    yield from (str(trick) for trick in Trick.objects.only("name", "stance", "direction").order_by())
    yield from TrickAlias.objects.values_list("name", flat=True)
    yield from Shoot.objects.order_by().values_list("name", flat=True)
    yield from CameraName.objects.values_list("name", flat=True)
