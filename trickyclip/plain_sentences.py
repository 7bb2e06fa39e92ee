"""Reads the sentences of rooms that know no Django, and so mark none of their texts with ``_()``.

What they say ends up in rows, as English; ``trickyclip.shared.retold`` says it in the reader's language. Here
``f"The video ends before {clock(start_ms)}."`` becomes the text ``The video ends before %(clock)s.``
"""

import ast
from collections.abc import Iterator
from pathlib import PurePosixPath

#: Files and folders whose sentences people read.
ROOMS = (
    "clips/media", "clips/archive", "clips/notifications/connection.py", "detection/analyze.py", "detection/decode",
    "detection/scoring/reasons.py", "detection/scoring/crew_reasons.py",
)  # fmt: skip
#: What a developer reads at a terminal.
NOT_SAID = {"__main__.py", "child.py", "confine.py", "oauth.py"}
#: Of these each text of more than a word.
REASONS = ("detection/scoring/reasons.py", "detection/scoring/crew_reasons.py")


def is_plain(path: str) -> bool:
    return path.startswith(ROOMS) and PurePosixPath(path).name not in NOT_SAID


def sentences(path: str, source: bytes) -> Iterator[str]:
    """Yield the sentences of a module as texts with named gaps."""
    tree = ast.parse(source)
    left_out = set(_not_for_people(tree))
    for node in ast.walk(tree):
        if node in left_out:
            continue
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Finding":
            yield from (arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant))  # what was looked at
        if isinstance(node, ast.JoinedStr):
            left_out.update(ast.walk(node))
            text = _with_gaps(node)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            text = node.value
        else:
            continue
        if " " in text.strip() if path in REASONS else _is_sentence(text):
            yield text


def _is_sentence(text: str) -> bool:
    return text[:1].isupper() and text.endswith((".", "?")) and " " in text


def _not_for_people(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield docstrings, what is logged, and what is marked as a text already."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value
        if isinstance(node, ast.Call):
            called = node.func
            is_logged = isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name)
            if (is_logged and called.value.id == "logger") or (isinstance(called, ast.Name) and called.id == "_"):
                yield from ast.walk(node)


def _with_gaps(node: ast.JoinedStr) -> str:
    names: list[str] = []
    parts = []
    for part in node.values:
        if isinstance(part, ast.FormattedValue):
            name = _name_of(part.value) or "value"
            while name in names:
                name += "_too"
            names.append(name)
            parts.append(f"%({name})s")
        elif isinstance(part, ast.Constant):
            parts.append(str(part.value).replace("%", "%%"))
    return "".join(parts)


def _name_of(value: ast.expr) -> str:
    if isinstance(value, ast.Name):
        return value.id
    if isinstance(value, ast.Attribute):
        return value.attr
    if isinstance(value, ast.Subscript):
        key = value.slice
        return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else _name_of(value.value)
    if isinstance(value, ast.Call):
        return _name_of(value.func)
    return ""
