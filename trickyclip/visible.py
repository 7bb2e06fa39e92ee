"""Text from outside as it may be shown: what a person cannot see, or what turns letters around, is not in it."""

import unicodedata

from django.db import models

#: Seen as nothing at all, although Unicode counts them as letters, marks or symbols.
_LOOK_EMPTY = frozenset(
    "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
    + "".join(map(chr, (*range(0x180B, 0x1810), *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))))
)
#: Controls, halves of characters, ends of lines, private letters and such as no version of Unicode knows.
_NO_TEXT = frozenset({"Cc", "Cs", "Zl", "Zp", "Co", "Cn"})


def visible(text: str) -> str:
    """Return a name on one line, with nothing in it that is invisible or turns what follows around.

    U+202E lets "exe.4pm" read as "mp4.exe", and two names that differ by a zero-width space read as the same.
    """
    letters = []
    for letter in unicodedata.normalize("NFC", text):
        category = unicodedata.category(letter)
        if category == "Cf" or letter in _LOOK_EMPTY:
            continue
        letters.append(" " if category in _NO_TEXT else letter)
    return " ".join("".join(letters).split())


class VisibleField(models.CharField):
    """A name that somebody typed: what is stored of it, and searched by it, is what can be seen."""

    def to_python(self, value: object) -> str | None:
        text = super().to_python(value)
        return text if text is None else visible(text)

    def deconstruct(self) -> tuple:
        """To the database it is text like any other, so that it needs no migration."""
        name, _path, arguments, options = super().deconstruct()
        return name, "django.db.models.CharField", arguments, options
