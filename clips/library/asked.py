"""Reads a query of the library from its address, and writes the one address that this query has."""

from collections.abc import Mapping
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from clips.library import ordering
from clips.library.facets import TITLES

VIEWS = ("grid", "list")
#: Filters that take several values, in repeated parameters.
MANY = (*TITLES, "clip")
FILTERS = ("q", "date", "date_from", "date_to", *MANY)
#: What an address leaves out, because it goes without saying.
UNSAID = {"sort": ordering.NEWEST, "view": VIEWS[0]}

#: A query of the library: text by name, and for filters of several values a list.
Asked = dict[str, str | list[str]]


def asked_for(query: QueryDict) -> Asked:
    """Return the meaningful parts of the query in one order, so that the same query has the same address."""
    values = {name: [_clean(value) for value in query.getlist(name)] for name in (*FILTERS, *UNSAID)}
    asked: Asked = {name: found[-1] if found else "" for name, found in values.items()}
    asked |= {name: sorted(set(values[name]) - {""}) for name in MANY}
    if asked["view"] not in VIEWS:
        asked["view"] = VIEWS[0]
    return {name: value for name, value in asked.items() if value and value != UNSAID.get(name)}


def _clean(value: str) -> str:
    return value.replace("\0", "").strip()  # PostgreSQL takes no NUL, and nobody types one


def query_of(asked: Mapping[str, object]) -> str:
    """Return a query as an address writes it."""
    return urlencode(asked, doseq=True)


def library_address(query: str) -> str:
    """Return the address of the current library query."""
    return f"{reverse('clips:library')}?{query}" if query else reverse("clips:library")
