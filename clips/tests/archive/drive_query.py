"""Evaluates the part of Drive's search language that the site uses: comparisons, ``and``, ``or`` in brackets, texts."""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from clips.tests.archive.drive_store import DriveStore, Item

Condition = Callable[["DriveStore", "Item"], bool]
TEXT = r"'((?:[^'\\]|\\.)*)'"
#: A quoted text, what stands in braces, or one sign.
_TOKEN = re.compile(rf"{TEXT}|{{[^}}]*}}|.", re.DOTALL)


class QueryError(Exception):
    """The query uses something that this server does not support."""


def condition(query: str) -> Condition:
    """Return a function that decides whether a query finds an item; QueryError for unsupported queries."""
    parts = _split(query, "and")
    if len(parts) > 1:
        wanted = [condition(part) for part in parts]
        return lambda store, item: all(is_so(store, item) for is_so in wanted)
    if query.startswith("(") and query.endswith(")"):
        either = [condition(part) for part in _split(query[1:-1], "or")]
        return lambda store, item: any(is_so(store, item) for is_so in either)
    return _comparison(query)


def _split(query: str, word: str) -> list[str]:
    """Split at a word outside quoted text, braces or brackets."""
    parts, depth = [""], 0
    for token in (found[0] for found in _TOKEN.finditer(query)):
        depth += {"(": 1, ")": -1}.get(token, 0)
        parts[-1] += token
        if not depth and parts[-1].endswith(f" {word} ") and len(token) == 1:
            parts[-1] = parts[-1].removesuffix(f" {word} ")
            parts.append("")
    return [part.strip() for part in parts]


def _comparison(text: str) -> Condition:
    if found := re.fullmatch(r"'([^']+)' in parents", text):
        return lambda store, item: store.real_id(found[1]) in item.parents
    if found := re.fullmatch(r"trashed\s*=\s*(true|false)", text):
        return lambda store, item: store.is_trashed(item) == (found[1] == "true")
    if found := re.fullmatch(rf"appProperties has {{ key={TEXT} and value={TEXT} }}", text):
        key, value = _unescaped(found[1]), _unescaped(found[2])
        return lambda _store, item: item.app_properties.get(key) == value
    if found := re.fullmatch(rf"(name|mimeType)\s*(=|!=)\s*{TEXT}", text):
        value = _unescaped(found[3])
        read = {"name": lambda item: item.name, "mimeType": lambda item: item.mime_type}[found[1]]
        return lambda _store, item: (read(item) == value) == (found[2] == "=")
    if found := re.fullmatch(rf"name contains {TEXT}", text):  # of a name Drive finds the beginnings of words
        word = re.compile(rf"\b{re.escape(_unescaped(found[1]))}", re.IGNORECASE)
        return lambda _store, item: bool(word.search(item.name))
    raise QueryError(text)


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
