"""Turn what people type into names that are safe in file names, folders and addresses."""

import itertools
import re
import unicodedata
from collections.abc import Callable

from anyascii import anyascii

MAX_SLUG_BYTES = 40
#: A clip without a person or a trick has its category in that place of its name, so these are not for people.
RESERVED = frozenset({"BROLL", "CRASH", "TRICK"})
_WORD = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")


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
        1 to 40 bytes, without "__" and never a reserved word. Not yet unique.
    """
    ascii_name = anyascii(unicodedata.normalize("NFC", name)).replace("'", "")
    words = _WORD.findall(ascii_name) or [fallback]
    if not joiner:
        words = [word[0].upper() + word[1:] for word in words]
    slug = joiner.join(words)
    if slug.upper() in RESERVED:
        slug = f"{fallback}{joiner}{slug}"
    return slug[:MAX_SLUG_BYTES].rstrip("_-")


def numbered(slug: str, number: int) -> str:
    """Return ``slug`` with a number behind it, for the second of two that would read alike; still within 40 bytes."""
    tail = f"-{number}"
    return slug[: MAX_SLUG_BYTES - len(tail)].rstrip("_-") + tail


def free_slug(name: str, *, fallback: str, taken: Callable[[str], bool], joiner: str = "_") -> str:
    """Return the first of ``slug``, ``slug-2``, ``slug-3`` … that is not taken."""
    slug = slugify(name, fallback=fallback, joiner=joiner)
    candidates = itertools.chain([slug], (numbered(slug, number) for number in itertools.count(2)))
    return next(candidate for candidate in candidates if not taken(candidate))
