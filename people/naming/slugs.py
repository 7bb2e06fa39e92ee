"""Turns typed names into slugs that are safe in file names, folders and addresses, and finds the intended name."""

import functools
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from anyascii import anyascii
from rapidfuzz import fuzz

from people.naming.spelling import clean_name

MAX_SLUG_BYTES = 40
#: Stands in a clip's name where it has no rider or no trick.
UNKNOWN = "Unknown"
#: Categories, and what stands for nobody: these are not for people and tricks.
RESERVED = frozenset({"BROLL", "CRASH", "TRICK", UNKNOWN.upper()})
#: Devices of Windows, where no file or folder may have such a name, in any case:
#: https://learn.microsoft.com/windows/win32/fileio/naming-a-file
WINDOWS_DEVICES = frozenset(
    {"CON", "PRN", "AUX", "NUL", *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10))}
)
_WORD = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
#: Two letters swapped in a word of five read 80 % alike; what is below this is another name.
_ALIKE_PERCENT = 72
_SHORTEST_TYPO = 3
#: How well a name fits of which one word, not the first, begins as typed; with a typo it is at most 85.
BEGINS = 88

Named = TypeVar("Named")


def slugify(name: str, *, fallback: str, joiner: str = "_") -> str:
    """Return ``name`` as ASCII words of letters, digits and hyphens.

    Parameters
    ----------
    name : str
        Any text.
    fallback : str
        What to call it when nothing of ``name`` can be written in ASCII; also put before a reserved word.
    joiner : str
        What stands between words: "_" for people and tricks. "" writes each word with a capital instead, as
        sessions have it: "Backyard Rails" is "BackyardRails".

    Returns
    -------
    str
        1 to 40 bytes, without "__", never a reserved word; a name that Windows keeps for a device has "_" behind it:
        "Con" is "Con_". Not yet unique.
    """
    ascii_name = anyascii(unicodedata.normalize("NFKC", clean_name(name))).replace("'", "")
    words = _WORD.findall(ascii_name) or [fallback]
    if not joiner:
        words = [word[0].upper() + word[1:] for word in words]
    slug = joiner.join(words)
    if slug.upper() in RESERVED:
        slug = f"{fallback}{joiner}{slug}"
    slug = slug[:MAX_SLUG_BYTES].rstrip("_-")
    return f"{slug}_" if slug.upper() in WINDOWS_DEVICES else slug


def numbered(slug: str, number: int) -> str:
    """Return ``slug`` with a number appended, for a duplicate; still within 40 bytes."""
    tail = f"-{number}"
    return slug[: MAX_SLUG_BYTES - len(tail)].rstrip("_-") + tail


def free_slug(name: str, *, fallback: str, taken: Callable[[str], bool], joiner: str = "_") -> str:
    """Return the first of ``slug``, ``slug-2``, ``slug-3`` … that is not taken."""
    slug = slugify(name, fallback=fallback, joiner=joiner)
    candidates = itertools.chain([slug], (numbered(slug, number) for number in itertools.count(2)))
    return next(candidate for candidate in candidates if not taken(candidate))


def closest(typed: str, spellings: Mapping[Named, Iterable[str]], *, limit: int) -> list[Named]:
    """Return the names that the typed beginning probably means, best first.

    Parameters
    ----------
    typed : str
        The beginning of a name, of one of its words, its initials, or any of these with a typo.
    spellings : mapping
        All that each one is called: name, aliases, slug.
    limit : int
        The most to return.
    """
    likely = ((max((likeness(typed, name) for name in names), default=0), one) for one, names in spellings.items())
    ranked = sorted((pair for pair in likely if pair[0]), key=lambda pair: -pair[0])
    return [one for _likely, one in ranked[:limit]]


def is_guess(typed: str, names: Iterable[str]) -> bool:
    """Return whether only a typo links the text to any of the names, so that it may as well be a new name."""
    return max((likeness(typed, name) for name in names), default=0) < BEGINS


def likeness(typed: str, name: str) -> float:
    """Return how well a beginning fits a name: 100 is the name itself, ``BEGINS`` and more no typo, 0 no fit."""
    typed, whole = _fold(typed), _fold(name)
    words = whole.split()
    if typed == whole:
        return 100
    if whole.startswith(typed):
        return 95
    if len(words) > 1 and typed.replace(" ", "") == "".join(word[0] for word in words):
        return 92
    if any(word.startswith(typed) for word in words) or whole.replace(" ", "").startswith(typed.replace(" ", "")):
        return BEGINS
    if len(typed) < _SHORTEST_TYPO:
        return 0
    alike = _alike_percent(typed.split(), words)
    return alike * 0.85 if alike >= _ALIKE_PERCENT else 0


def _alike_percent(typed: list[str], words: list[str]) -> float:
    """Return how well typed words with typos fit those of a name: as well as the worst of them.

    Word by word, because half of a name being right says nothing: Abe Recent is not Zoe Recent.
    """
    if len(typed) == 1:
        return max((_alike_beginning(typed[0], part) for part in [*words, " ".join(words)]), default=0)
    if len(typed) != len(words):
        return fuzz.ratio(" ".join(typed), " ".join(words))
    *before, last = zip(typed, words, strict=True)
    return min([fuzz.ratio(*pair) for pair in before] + [_alike_beginning(*last)])


def _alike_beginning(typed: str, word: str) -> float:
    """Return the likeness of beginnings: a typo early in a long word must count before the rest is typed."""
    return max(fuzz.ratio(typed, word[:length]) for length in (len(typed), None))


@functools.lru_cache(maxsize=4096)
def _fold(name: str) -> str:
    return " ".join(anyascii(unicodedata.normalize("NFC", name)).casefold().replace("_", " ").split())
