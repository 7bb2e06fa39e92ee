"""Reads which texts the site says, and keeps the files of other languages complete: ``python -m trickyclip.texts``.

Each language has ``locale/CODE/LC_MESSAGES/django.po``, which people edit, and ``django.mo`` beside it, which Django
reads. This command adds new texts to the first, untranslated, takes out what nobody says any more, and writes the
second. It needs Babel, which requirements-dev.txt has; a running site needs nothing but the files.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_python
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.template.base import Lexer, Token, TokenType
from django.utils.translation import template as tags
from django.utils.translation import trim_whitespace

from trickyclip.plain_sentences import is_plain, sentences

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("people", "tricks", "clips", "detection", "trickyclip")
NOT_SAID = {"tests", "migrations"}
#: Which arguments of which functions are texts; None is the first one.
KEYWORDS = {
    "gettext": None, "gettext_lazy": None, "gettext_noop": None,
    "ngettext": (1, 2), "ngettext_lazy": (1, 2), "pgettext": ((1, "c"), 2), "pgettext_lazy": ((1, "c"), 2),
}  # fmt: skip
#: What a module calls one of them.
ALIAS = re.compile(r"\b(\w*gettext\w*) as (\w+)")
WIDTH = 120

#: A text, its plural if it has one, and its context.
Said = tuple[str, str | None, str | None]


def languages() -> list[str]:
    """Return the languages that have a file."""
    return sorted(path.parent.parent.name for path in ROOT.glob("locale/*/LC_MESSAGES/django.po"))


def po_path(language: str) -> Path:
    return ROOT / "locale" / language / "LC_MESSAGES" / "django.po"


def all_said() -> Catalog:
    """Return all texts of templates and code, each with the files that say it."""
    catalog = Catalog()
    for path in sorted((ROOT / "templates").rglob("*.html")):
        for text, plural, context in said_by_template(path.read_text(encoding="utf-8")):
            _add(catalog, path, text, plural, context)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if NOT_SAID.isdisjoint(path.relative_to(ROOT).parts) and path != Path(__file__).resolve():
                for text, plural, context in said_by_module(path.read_bytes()):
                    _add(catalog, path, text, plural, context)
                name = path.relative_to(ROOT).as_posix()
                for text in sentences(name, path.read_bytes()) if is_plain(name) else ():
                    _add(catalog, path, text, None, None)
    return catalog


def _add(catalog: Catalog, path: Path, text: str, plural: str | None, context: str | None) -> None:
    place = (path.relative_to(ROOT).as_posix(), 0)
    known = catalog.get(text, context)
    if known is not None and plural is None and isinstance(known.id, tuple):
        known.locations = sorted({*known.locations, place})  # the same word alone: it is the singular of that entry
        return
    if known is not None and plural is not None and isinstance(known.id, str):
        locations = known.locations
        catalog.delete(text, context)
        catalog.add((text, plural), locations=[*locations, place], context=context)
        return
    catalog.add((text, plural) if plural else text, locations=[place], context=context)


def said_by_module(source: bytes) -> Iterator[Said]:
    """Yield the texts of a Python module."""
    called = {name: name for name in KEYWORDS} | {alias: name for name, alias in ALIAS.findall(source.decode())}
    for _line, name, texts, _comments in extract_python(io.BytesIO(source), list(called), [], {}):
        function = called[name]
        parts = [texts] if isinstance(texts, str) else list(texts or ())
        if function.startswith("pgettext"):
            context, text = parts[:2]
            yield text, None, context
        elif parts and parts[0]:
            yield parts[0], (parts[1] if function.startswith("ngettext") else None), None


def said_by_template(source: str) -> Iterator[Said]:
    """Yield the texts of a template, as Django asks for them when it draws it."""
    tokens = iter(Lexer(source).tokenize())
    for token in tokens:
        if token.token_type in {TokenType.VAR, TokenType.BLOCK}:
            # What filters and arguments have as _("…"), also those of the tags below.
            for quoted in tags.constant_re.findall(token.contents):
                yield _unquoted(quoted), None, None
        if token.token_type != TokenType.BLOCK:
            continue
        if inline := tags.inline_re.match(token.contents):
            yield _unquoted(inline[1]), None, _unquoted(inline[3]) if inline[3] else None
        elif block := tags.block_re.match(token.contents):
            text, plural = _said_by_block(token, tokens)
            yield text, plural, _unquoted(block[2]) if block[2] else None


def _said_by_block(start: Token, tokens: Iterator[Token]) -> tuple[str, str | None]:
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token.token_type == TokenType.BLOCK and tags.endblock_re.match(token.contents):
            break
        if token.token_type == TokenType.BLOCK and tags.plural_re.match(token.contents):
            parts.append([])
        elif token.token_type == TokenType.VAR:
            parts[-1].append(f"%({token.contents})s")
        elif token.token_type == TokenType.TEXT:
            parts[-1].append(token.contents.replace("%", "%%"))
    texts = ["".join(part) for part in parts]
    if " trimmed" in start.contents:
        texts = [trim_whitespace(text) for text in texts]
    return texts[0], (texts[1] if len(texts) > 1 else None)


def _unquoted(text: str) -> str:
    quote = text[0]
    return text[1:-1].replace(f"\\{quote}", quote).replace("%", "%%")


def read(language: str) -> Catalog:
    """Return the texts of a language as its file has them."""
    with po_path(language).open("rb") as file:
        return read_po(file, locale=language)


def update(language: str) -> Catalog:
    """Bring the files of a language up to what is said now, and return its texts."""
    catalog, said = read(language), all_said()
    said.creation_date = catalog.creation_date  # the file changes with its texts alone
    catalog.update(said, no_fuzzy_matching=True, update_creation_date=False)
    catalog.obsolete.clear()
    catalog.project, catalog.version = "TrickyClip", ""
    catalog.msgid_bugs_address = catalog.last_translator = ""
    with po_path(language).open("wb") as file:
        write_po(file, catalog, width=WIDTH, sort_output=True, include_lineno=False, ignore_obsolete=True)
    po_path(language).with_suffix(".mo").write_bytes(compiled(catalog))
    return catalog


def compiled(catalog: Catalog) -> bytes:
    """Return a catalogue as Django reads it."""
    out = io.BytesIO()
    write_mo(out, catalog)
    return out.getvalue()


def untranslated(catalog: Catalog) -> list[str]:
    """Return the texts that have no translation, or one that somebody still has to look at."""
    return [_first(message.id) for message in catalog if message.id and (message.fuzzy or not _is_whole(message))]


def _is_whole(message: Message) -> bool:
    said = message.string if isinstance(message.string, list | tuple) else [message.string]
    return all(said)


def _first(text: str | list[str] | tuple[str, ...]) -> str:
    return text if isinstance(text, str) else text[0]


if __name__ == "__main__":
    for code in languages():
        missing = untranslated(update(code))
        print(f"{code}: {len(missing)} texts to translate", *missing, sep="\n  ")  # noqa: T201
