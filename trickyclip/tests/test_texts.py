"""Tests that every text of the site is said in every language, and that its files are what is said now."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.mofile import read_mo
from django.conf import settings
from django.template import Context, Engine
from django.template.base import Lexer, TokenType
from django.utils import translation

from clips.media import MediaError
from trickyclip import texts
from trickyclip.plain_sentences import sentences
from trickyclip.shared.retold import retold

OTHERS = [code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE]
TEMPLATES = sorted((texts.ROOT / "templates").rglob("*.html"))
MOST_BYTES = 1_000_000
GAP = re.compile(r"%\(\w+\)[+.\d]*[sdf]|%%|\{\w*\}|(?<!\w)#(?!\w)|</?[a-z]+")
#: What stands in a template without a tag around it: names, units and signs that are the same in every language.
SAME_EVERYWHERE = {
    "TrickyClip", "API", "Google Drive", "GB", "px", "fps", "QR", "ZIP", "CSV", "JSON", "Esc", "Enter", "Tab", "Space",
    "Shift", "Alt", "Ctrl", "Del", "Home", "End", "PgUp", "PgDn", "in", "s", "min", "h", "v",
}  # fmt: skip
ATTRIBUTES = re.compile(r"""\b(?:title|alt|aria-label|placeholder|aria-description)=(["'])(.*?)\1""", re.DOTALL)


@pytest.fixture(scope="module")
def said() -> set[tuple[str, str | None]]:
    return keys(texts.all_said())


def keys(catalog) -> set[tuple[str, str | None]]:
    """Return the texts of a catalogue, with the plural behind the singular where they have one."""
    return {("\0".join(ids(m)), m.context) for m in catalog if m.id}


def pairs(catalog) -> set[tuple[str, str | None, str]]:
    """Return each text with its context and its translation, plurals joined."""
    return {("\0".join(ids(m)), m.context, "\0".join(translations(m))) for m in catalog if m.id}


def ids(message) -> list[str]:
    return [message.id] if isinstance(message.id, str) else list(message.id)


def translations(message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def test_each_offered_language_has_a_file():
    assert texts.languages() == sorted(OTHERS)


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated(language):
    assert texts.untranslated(texts.read(language)) == []


@pytest.mark.slow
@pytest.mark.parametrize("language", OTHERS)
def test_the_file_has_all_that_is_said_and_nothing_else(language, said):
    told = "run: python -m trickyclip.texts, then translate what it lists"
    known = keys(texts.read(language))
    assert said - known == set(), told
    assert known - said == set(), told


@pytest.mark.parametrize("language", OTHERS)
def test_the_compiled_file_is_that_of_the_texts(language):
    """It is committed, so that a clone speaks the language without another program."""
    path = texts.po_path(language).with_suffix(".mo")
    with path.open("rb") as file:
        compiled = read_mo(file)
    assert pairs(compiled) == pairs(texts.read(language))
    assert path.stat().st_size < MOST_BYTES


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_gaps_and_marks_of_its_text(language):
    wrong = []
    for message in texts.read(language):
        for source, translated in zip(ids(message), translations(message), strict=True) if message.id else ():
            if sorted(GAP.findall(source)) != sorted(GAP.findall(translated)):
                wrong.append((source, translated))
            edges = [(text[:1].isspace(), text[-1:].isspace()) for text in (source, translated)]
            if edges[0] != edges[1]:
                wrong.append((source, translated))
    assert wrong == []


@pytest.mark.parametrize("language", OTHERS)
def test_plurals_have_as_many_forms_as_the_language(language):
    catalog = texts.read(language)
    assert all(len(message.string) == catalog.num_plurals for message in catalog if isinstance(message.id, tuple))


def outside_tags(source: str) -> Iterator[str]:
    """Yield the words of a template that stand outside of tags for translation."""
    is_within, seen = False, ""
    for token in Lexer(source).tokenize():
        if token.token_type == TokenType.BLOCK:
            name = token.contents.split()[0]
            is_within = name in {"blocktranslate", "comment"} or (
                is_within and name not in {"endblocktranslate", "endcomment"}
            )
        if token.token_type == TokenType.TEXT and not is_within:
            seen += token.contents
        else:
            seen += "\0"
    seen = re.sub(r"<(script|style|code)\b.*?</\1>", "\0", seen, flags=re.DOTALL)
    for found in ATTRIBUTES.finditer(seen):
        yield found[2]
    bare = re.sub(r"""[\w:-]+=(["']).*?\1""", "", seen, flags=re.DOTALL)
    yield from re.sub(r"<[^>]*>", "\0", bare, flags=re.DOTALL).split("\0")


def untranslatable(source: str) -> list[str]:
    words = [
        word for text in outside_tags(source) for word in re.findall(r"[A-Za-z’]{2,}", re.sub(r"&\w+;", " ", text))
    ]
    same = {part for name in SAME_EVERYWHERE for part in name.split()}
    return [word for word in words if word not in same and not word.isupper()]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.relative_to(texts.ROOT / "templates").as_posix())
def test_no_template_says_a_word_that_cannot_be_translated(path: Path):
    assert untranslatable(path.read_text(encoding="utf-8")) == []


def test_templates_write_dates_as_the_language_does():
    """Each is a format of the language, or translated; but for what machines read, in single quotes."""
    wrong = [
        (path.name, found)
        for path in TEMPLATES
        for found in re.findall(r"""\|date:("[^"]*"|'[^']*')""", path.read_text(encoding="utf-8"))
        if not found[1:-1].endswith("FORMAT") and found not in {'"H:i"', "'Y-m-d'", "'c'"}
    ]
    assert wrong == []


def test_a_word_outside_of_tags_would_be_found():
    assert untranslatable('<p title="Look here">{% translate "This is well" %} but not this</p>') == [
        "Look", "here", "but", "not", "this",
    ]  # fmt: skip
    assert untranslatable("{% blocktranslate %}All is well{% endblocktranslate %}<b>TrickyClip</b>") == []


#: Each way in which a template says something.
WAYS = """{% load i18n %}{% translate 'Save' %}{% translate "100% sure" %}
{% blocktranslate trimmed count n=n with name=name %}
  {{ n }} clip of {{ name }}
{% plural %}
  {{ n }} clips of {{ name }}
{% endblocktranslate %}{{ name|default:_("somebody") }}{% blocktranslate %} as it is {% endblocktranslate %}"""


def test_a_template_is_read_as_django_asks_for_its_texts(monkeypatch):
    """What Django looks for while it draws is what was read; else a text would be translated in vain."""
    asked: list[str] = []
    monkeypatch.setattr(translation._trans, "gettext", lambda text: asked.append(text) or text)
    monkeypatch.setattr(translation._trans, "ngettext", lambda one, many, n: asked.extend([one, many]) or one)
    Engine(libraries={"i18n": "django.templatetags.i18n"}).from_string(WAYS).render(Context({"n": 2, "name": ""}))
    read = [text for one, many, _context in texts.said_by_template(WAYS) for text in (one, many) if text]
    assert sorted(asked) == sorted(read)


def test_a_module_is_read_with_its_plurals_and_contexts():
    source = b"""from x import gettext as _, gettext_lazy as _l
_("a" "b"); _l("c"); ngettext("one", "many", n); pgettext_lazy("way", "left"); _(name); other("no")"""
    assert list(texts.said_by_module(source)) == [
        ("ab", None, None),
        ("c", None, None),
        ("one", "many", None),
        ("left", None, "way"),
    ]


def test_a_sentence_of_a_room_without_django_is_read_with_its_gaps():
    source = b'"""Doc of it."""\nraise E(f"It ends before {clock(at)}, 5 % early.")\nlogger.info("Not this one.")'
    assert list(sentences("clips/media/x.py", source)) == ["It ends before %(clock)s, 5 %% early."]


@pytest.mark.parametrize(
    ("english", "german"),
    [
        ("This file contains no video.", "Diese Datei enthält kein Video."),
        ("The video ends before 0:12.", "Das Video endet vor 0:12."),
        (
            "This failed repeatedly. See the log for details: KeyError",
            "Das ist mehrmals fehlgeschlagen. Einzelheiten stehen im Log: KeyError",
        ),
        ("pop and landing, 0.4 s air; weightless", "Absprung und Landung, 0,4 s Luft; schwerelos"),
        ("weightless; 1.5 × the usual motion", "schwerelos; 1,5 × so viel Bewegung wie üblich"),
        ("it failed: This took too long.", "fehlgeschlagen: Das hat zu lange gedauert."),
        ("What Google says of it", "What Google says of it"),
        ("", ""),
    ],
)
def test_a_sentence_of_a_row_is_said_in_the_readers_language(english, german):
    assert retold(english) == english
    with translation.override("de"):
        assert retold(english) == german
    assert retold(MediaError(english)) == english
