"""Options of an autocomplete box for names (templates/_picker_options.html, static/js/picker.js)."""

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest

from people.naming.spelling import clean_name

MAX_OPTIONS = 8
MAX_TYPED = 100


@dataclass(frozen=True)
class Option:
    """One line of the list.

    Attributes
    ----------
    value : str
        What is written into the box.
    notes : tuple of str
        Small print beside it.
    is_new : bool
        Nobody knows this name yet; saving adds it.
    is_marked : bool
        Enter takes it. Only one of a list, and never a mere guess.
    is_exact : bool
        What is typed is its name, however written; leaving the box takes it.
    is_double : bool
        Resembles what is new so much that it is still offered after the new name was taken.
    """

    value: str
    notes: tuple[str, ...] = ()
    is_new: bool = False
    is_marked: bool = False
    is_exact: bool = False
    is_double: bool = False


def offered(rows: QuerySet) -> QuerySet:
    """Return the riders or tricks that a list offers, without those named only by undone keeps, as typos are."""
    clips = rows.model._meta.get_field("clips").related_model.objects.filter(
        **{rows.model._meta.model_name: OuterRef("pk")}
    )
    only_undone = Exists(clips.exclude(removed_at=None)) & ~Exists(clips.filter(removed_at=None))
    return rows.exclude(only_undone)


def is_too_long(request: HttpRequest) -> bool:
    """Return whether what is typed is longer than a name may be: no option is offered then, for it would be cut."""
    return len(clean_name(request.GET.get("q", ""))) > MAX_TYPED


def typed_in(request: HttpRequest, name: str = "q") -> str:
    """Return the text typed into the box (``?q=``), cleaned as names are."""
    return clean_name(request.GET.get(name, ""))[:MAX_TYPED]


def wanted(request: HttpRequest, options: list[Option]) -> list[Option]:
    """Return the options that a box takes: with ``?known=1`` no new name."""
    return [option for option in options if not option.is_new] if request.GET.get("known") else options
