"""Strips what programs append to the name of a copied file, such as "(1)" or "Copy of"."""

import re

#: "GX010123 (1)" of browsers and Windows, "GX010123 copy 2" of macOS, "GX010123 - Kopie", "Copy of GX010123" of Drive.
_WORD = r"(?:copy|kopie|copie|copia|kopia|kópia|másolat|kopi)"
_ENDING = re.compile(rf"(?: ?\(\d{{1,3}}\)| ?[-_ ] ?{_WORD}(?: ?\(?\d{{1,3}}\)?)?)$", re.IGNORECASE)
_BEGINNING = re.compile(r"^(?:Copy of|Kopie von|Copie de|Copia de) ", re.IGNORECASE)


def split(stem: str, also: re.Pattern[str] | None = None) -> tuple[str, str]:
    """Return a file's name without its suffix as it was before it was copied, and what was added to it.

    ``also`` matches endings that only some cameras' names never have by themselves.
    """
    named = _BEGINNING.sub("", stem)
    for ending in filter(None, (_ENDING, also)):
        if found := ending.search(named):
            named = named[: found.start()]
            break
    return named, stem.replace(named, "", 1)
