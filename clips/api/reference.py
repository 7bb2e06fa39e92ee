"""Shapes the API's OpenAPI description for a page: groups of calls, and the objects that they answer with."""

import json
import re
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from django.conf import settings
from django.urls import resolve
from django.utils import translation
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _
from drf_spectacular.generators import SchemaGenerator

from people.access import SAFE_METHODS
from people.models import Role

#: Calls are gathered by the first word of their path, in this order.
GROUPS = {
    "upload": _("Upload"), "sort": _("Sort"), "clips": _("Clips"), "bulk": _("Changes of many clips"),
    "edits": _("Edits"), "comments": _("Comments"), "sessions": _("Sessions"), "videos": _("Videos"),
    "pairs": _("Pairs of videos"), "people": _("Riders"), "tricks": _("Tricks"), "bin": _("Bin"), "jobs": _("Jobs"),
}  # fmt: skip
#: The values of examples, by the name of a field; a field with another name gets the one of its kind.
SAMPLES = {
    "filename": "GX010001.MP4", "size_bytes": 734003200, "start_ms": 1000, "end_ms": 5000,
    "display_name": "Miller Downey", "name": "Boardslide",
}  # fmt: skip
SAMPLE_ID = "5f0c6a52-0d8e-4c58-9b0e-8f2b1f6f3a10"
SAMPLES_OF_KINDS = {"uuid": SAMPLE_ID, "date": "2024-12-01", "boolean": True, "integer": 1, "number": 1.0}

Said = dict[str, Any]


@dataclass(frozen=True)
class Value:
    """The kind of a value: a type of JSON, a format of a string, or the name of an object."""

    kind: str
    choices: tuple[str, ...] = ()
    limits: str = ""
    is_object: bool = False
    is_list: bool = False
    #: A list that comes page by page.
    is_paged: bool = False
    may_be_null: bool = False


@dataclass(frozen=True)
class Field:
    """A parameter, or a field of a body or an object."""

    name: str
    value: Value
    about: SafeString
    is_required: bool
    default: str


@dataclass(frozen=True)
class Answer:
    """A status that a call answers with, and its body if it has one."""

    status: str
    value: Value | None


@dataclass(frozen=True)
class Call:
    """A method of a path."""

    id: str
    method: str
    path: str
    about: SafeString
    role: Role
    parameters: tuple[Field, ...]
    body: tuple[Field, ...]
    answers: tuple[Answer, ...]
    #: Path and body of an example.
    address: str
    sample: str


@dataclass(frozen=True)
class Reference:
    """The whole API: its calls by group, and the objects by their names."""

    groups: dict[str, tuple[Call, ...]]
    objects: dict[str, tuple[Field, ...]]


@cache
def reference() -> Reference:
    """Return the API as it is described: in English, and once for each process, as it changes with the code alone."""
    with translation.override(settings.LANGUAGE_CODE):
        return shaped(SchemaGenerator().get_schema(public=True))


def shaped(schema: Said) -> Reference:
    """Return what an OpenAPI description says, for a page."""
    known = schema["components"]["schemas"]
    groups: dict[str, list[Call]] = {tag: [] for tag in GROUPS}
    for path, methods in schema["paths"].items():
        for method, said in methods.items():
            groups[said["tags"][0]].append(_call(path, method.upper(), said, known))
    calls = {tag: tuple(calls) for tag, calls in groups.items()}
    answered = [answer.value for each in calls.values() for call in each for answer in call.answers]
    return Reference(calls, _objects([value.kind for value in answered if value and value.is_object], known))


def _objects(names: list[str], known: Said) -> dict[str, tuple[Field, ...]]:
    """Return the fields of objects, and of those within them."""
    found: dict[str, tuple[Field, ...]] = {}
    while names:
        name = names.pop()
        if name not in found:
            found[name] = _fields(known[name], known)
            names += [field.value.kind for field in found[name] if field.value.is_object]
    return dict(sorted(found.items()))


def _call(path: str, method: str, said: Said, known: Said) -> Call:
    address = path.replace("{id}", SAMPLE_ID)
    read, write = resolve(address).func.access
    content = _content(said.get("requestBody"))
    return Call(
        id=said["operationId"],
        method=method,
        path=path,
        about=_told(said.get("description", "")),
        role=read if method in SAFE_METHODS else write,
        parameters=tuple(_parameter(one, known) for one in said.get("parameters", ())),
        body=_fields(_named(content.get("schema", {}), known), known, for_writing=True),
        answers=tuple(_answer(status, one, known) for status, one in said["responses"].items()),
        address=address,
        sample=_sample(content, known),
    )


def _parameter(said: Said, known: Said) -> Field:
    return _field(said["name"], said["schema"] | said, said.get("required", False), known)


def _answer(status: str, said: Said, known: Said) -> Answer:
    schema = _content(said).get("schema")
    return Answer(status, _value(schema, known) if schema else None)


def _content(said: Said | None) -> Said:
    """Return what a body is in the first of its media types; nothing without a body."""
    return next(iter((said or {}).get("content", {}).values()), {})


def _named(said: Said, known: Said) -> Said:
    return known[said["$ref"].rpartition("/")[2]] if "$ref" in said else said


def _fields(said: Said, known: Said, *, for_writing: bool = False) -> tuple[Field, ...]:
    required = said.get("required", ())
    return tuple(
        _field(name, one, name in required, known)
        for name, one in said.get("properties", {}).items()
        if not (for_writing and one.get("readOnly"))
    )


def _field(name: str, said: Said, is_required: bool, known: Said) -> Field:
    default = json.dumps(said["default"]) if said.get("default") not in (None, "", []) else ""
    return Field(name, _value(said, known), _told(said.get("description", "")), is_required, default)


def _value(said: Said, known: Said) -> Value:
    if "$ref" in said:
        return _value_of_name(said["$ref"].rpartition("/")[2], known)
    if parts := said.get("allOf") or said.get("oneOf") or said.get("anyOf"):
        values = [_value(part, known) for part in parts]
        may_be_null = bool(said.get("nullable")) or any(value.may_be_null for value in values)
        return replace(values[0], choices=sum((value.choices for value in values), ()), may_be_null=may_be_null)
    may_be_null = bool(said.get("nullable")) or None in said.get("enum", ())
    if said.get("type") == "array":
        return replace(_value(said["items"], known), is_list=True, may_be_null=may_be_null)
    kind = said.get("type", "any")
    return Value(
        kind=said.get("format", kind) if kind == "string" else kind,
        choices=tuple(str(choice) or '""' for choice in said.get("enum", ()) if choice is not None),
        limits=_limits(said),
        may_be_null=may_be_null,
    )


def _value_of_name(name: str, known: Said) -> Value:
    said = known[name]
    if "properties" not in said:
        return _value(said, known)  # a set of choices
    if results := said["properties"].get("results"):
        return replace(_value(results, known), is_paged=True)
    return Value(name, is_object=True)


def _limits(said: Said) -> str:
    """Return between what a number or the length of a text lies; what only the database bounds is left out."""
    least, most = said.get("minimum"), said.get("maximum", said.get("maxLength"))
    if most is not None and abs(most) >= 2**31 - 1:
        least = most = None
    if least is None:
        return "" if most is None else f"≤ {most}"
    return f"≥ {least}" if most is None else f"{least}–{most}"


def _sample(content: Said, known: Said) -> str:
    """Return a body as an example: one that the description has, or all that is required of it, or else all of it."""
    if not content:
        return ""
    if examples := content.get("examples"):
        return json.dumps(next(iter(examples.values()))["value"], ensure_ascii=False)
    fields = _fields(_named(content["schema"], known), known, for_writing=True)
    wanted = [field for field in fields if field.is_required] or fields
    return json.dumps({field.name: _sample_value(field) for field in wanted}, ensure_ascii=False)


def _sample_value(field: Field) -> object:
    value = field.value
    of_kind = value.choices[0] if value.choices else SAMPLES_OF_KINDS.get(value.kind, "…")
    one = SAMPLES.get(field.name, of_kind)
    return [one] if value.is_list else one


def _told(text: str) -> SafeString:
    """Return a description as HTML: what stands between backticks as code, and no list of choices at its end."""
    text = "" if text.startswith("* `") else text.partition("\n\n* `")[0]
    pieces = enumerate(re.split(r"`+([^`]+)`+", text))
    html = "".join(format_html("<code>{}</code>" if n % 2 else "{}", piece) for n, piece in pieces)
    return mark_safe(html)  # noqa: S308 - escaped above
