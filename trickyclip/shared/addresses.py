"""Makes the addresses of many rows, as a page of cards needs them."""

from functools import lru_cache
from uuid import UUID

from django.urls import get_script_prefix, reverse

#: Stands where a row's id will be.
_ANY = UUID(int=0)


def address_of(route: str, pk: UUID) -> str:
    """Return the address of a route whose only argument is a row's id.

    Django looks through the patterns of a route for each address; a page of 48 cards has two hundred.
    """
    before, after = _around_id(route, get_script_prefix())
    return f"{before}{pk}{after}"


@lru_cache(maxsize=200)
def _around_id(route: str, _prefix: str) -> tuple[str, str]:
    before, _id, after = reverse(route, args=[_ANY]).rpartition(str(_ANY))
    return before, after
