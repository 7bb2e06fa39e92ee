"""Says a sentence of a row in the reader's language.

Workers know no reader, so rows hold finished English sentences, with their values in them. Each was made of a text
that the files of a language translate; here it is recognised by that text, and made again of the translation.
"""

import re
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from django.conf import settings
from django.utils import translation
from django.utils.formats import get_format

_GAP = re.compile(r"%\((\w+)\)[+.\d]*[sdf]|%%")
_FRACTION = re.compile(r"-?\d+\.\d+")
#: So many letters and signs of a text must stand around its gaps, or it would be recognised in anything.
MIN_FIXED = 10
MAX_DEPTH = 3
#: What may stand in a gap; not what parts the reasons for a moment.
_VALUE = r"(?:(?!; ).)*?"


@dataclass(frozen=True)
class _Shape:
    """A text with gaps: how it begins and ends, what it matches, and what it becomes."""

    start: str
    end: str
    pattern: re.Pattern[str]
    translated: str

    def fill(self, sentence: str) -> dict[str, str] | None:
        if not sentence.startswith(self.start) or not sentence.endswith(self.end):
            return None
        found = self.pattern.fullmatch(sentence)
        return found.groupdict() if found else None


def retold(sentence: object) -> str:
    """Return the sentence in the active language; unchanged where it is not known, as what other programs said."""
    text = str(sentence or "")
    language = translation.get_language() or settings.LANGUAGE_CODE
    return text if not text or language == settings.LANGUAGE_CODE else _retold(text, language, 0)


@lru_cache(maxsize=4096)
def _retold(text: str, language: str, depth: int) -> str:
    known, shapes = _texts(language)
    if text in known:
        return known[text]
    for shape in shapes:
        values = shape.fill(text)
        if values is not None:
            if depth < MAX_DEPTH:
                values = {name: _retold(value, language, depth + 1) for name, value in values.items()}
            values = {name: _number(value, language) for name, value in values.items()}
            return _filled(shape.translated, values)
    parts = text.split("; ")  # the reasons for a moment
    return "; ".join(_retold(part, language, depth) for part in parts) if len(parts) > 1 else text


def _number(value: str, language: str) -> str:
    """Return a number with a fraction as the language writes it; other values as they are."""
    return value.replace(".", get_format("DECIMAL_SEPARATOR", language)) if _FRACTION.fullmatch(value) else value


def _filled(translated: str, values: Mapping[str, str]) -> str:
    return _GAP.sub(lambda gap: values.get(gap[1], "") if gap[1] else "%", translated)


@lru_cache(maxsize=8)
def _texts(language: str) -> tuple[dict[str, str], list[_Shape]]:
    """Return the texts of a language without gaps, and those with them, the most telling first."""
    known, shapes = {}, {}
    for path in settings.LOCALE_PATHS:
        for text, translated in _read(Path(path) / language / "LC_MESSAGES" / "django.mo"):
            if not _GAP.search(text):
                known[text] = translated
            elif len(_GAP.sub("", text)) >= MIN_FIXED:
                shapes[text] = translated
    ordered = sorted(shapes, key=lambda text: -len(_GAP.sub("", text)))
    return known, [_shape(text, shapes[text]) for text in ordered]


def _shape(text: str, translated: str) -> _Shape:
    pattern, at, seen = "", 0, set()
    for gap in _GAP.finditer(text):
        pattern += re.escape(text[at : gap.start()])
        if not gap[1]:
            pattern += "%"
        else:
            pattern += f"(?P={gap[1]})" if gap[1] in seen else f"(?P<{gap[1]}>{_VALUE})"
            seen.add(gap[1])
        at = gap.end()
    pattern += re.escape(text[at:])
    first = _GAP.search(text)
    return _Shape(text[: first.start()] if first else text, text[at:], re.compile(pattern, re.DOTALL), translated)


def _read(path: Path) -> list[tuple[str, str]]:
    """Return the texts of a compiled file and their translations; a plural form is a text like the singular one."""
    if not path.is_file():
        return []
    data = path.read_bytes()
    order = "<" if data[:4] == b"\xde\x12\x04\x95" else ">"
    _magic, _revision, n_texts, texts_at, translations_at = struct.unpack(f"{order}5I", data[:20])

    def parts(table_at: int, number: int) -> list[str]:
        size, at = struct.unpack_from(f"{order}2I", data, table_at + 8 * number)
        return data[at : at + size].decode().split("\0")

    pairs = [(parts(texts_at, number), parts(translations_at, number)) for number in range(n_texts)]
    return [
        (text, translated)
        for texts, translations in pairs
        if texts[0] and "\x04" not in texts[0]
        for text, translated in zip(texts, translations, strict=False)
    ]
