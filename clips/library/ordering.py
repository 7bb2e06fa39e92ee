"""Orders clips in lists, and finds the neighbours of a clip in an order."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from uuid import UUID

from django.db.models import BooleanField, Count, Expression, ExpressionWrapper, F, OrderBy, Q, QuerySet, Value
from django.db.models.functions import Coalesce, Length, Lower
from django.utils.translation import gettext_lazy as _

from clips.models import FinalClip

NEWEST = "newest"


@dataclass(frozen=True)
class Order:
    """``keys`` are compared in sequence, "-" marks a descending one; the last of them is unique."""

    label: str
    keys: tuple[str, ...]
    computed: dict[str, Expression] = field(default_factory=dict)
    #: The relation whose names come first in the order, and the field that has them.
    by_name_of: tuple[str, str] | None = None


def _by_name(label: str, field_name: str, name: str, *, turned: bool = False) -> Order:
    """Order by a name, with missing ones last, and the newest of one name first."""
    computed = {
        "is_nameless": ExpressionWrapper(Q(**{field_name: None}), output_field=BooleanField()),
        "name_key": Coalesce(Lower(f"{field_name}__{name}"), Value("")),
    }
    keys = ("is_nameless", "-name_key" if turned else "name_key", *NEWEST_KEYS)
    return Order(label, keys, computed, by_name_of=(field_name, name))


#: A rate's label begins with its number, so that of two the shorter is slower.
_RATE = {"rate_digits": Length("fps_label")}
_LENGTH = {"length_ms": F("end_ms") - F("start_ms")}
NEWEST_KEYS = ("-date", "-created_at", "pk")
ORDERS = {
    NEWEST: Order(_("newest first"), NEWEST_KEYS),
    "oldest": Order(_("oldest first"), ("date", "created_at", "pk")),
    "person": _by_name(_("by rider"), "person", "display_name"),
    "-person": _by_name(_("by rider, Z to A"), "person", "display_name", turned=True),
    "trick": _by_name(_("by trick"), "trick", "name"),
    "-trick": _by_name(_("by trick, Z to A"), "trick", "name", turned=True),
    "camera": Order(_("by camera"), ("camera_id", *NEWEST_KEYS)),
    "-camera": Order(_("by camera, Z to A"), ("-camera_id", *NEWEST_KEYS)),
    "rate": Order(_("slowest rate first"), ("rate_digits", "fps_label", *NEWEST_KEYS), _RATE),
    "-rate": Order(_("fastest rate first"), ("-rate_digits", "-fps_label", *NEWEST_KEYS), _RATE),
    "length": Order(_("shortest first"), ("length_ms", *NEWEST_KEYS), _LENGTH),
    "-length": Order(_("longest first"), ("-length_ms", *NEWEST_KEYS), _LENGTH),
    "-stars": Order(_("most stars first"), ("-stars", *NEWEST_KEYS)),
    "-hearts": Order(_("most hearts first"), ("-n_hearts", *NEWEST_KEYS)),
}
CHOICES = [(name, order.label) for name, order in ORDERS.items()]


def in_order(clips: QuerySet, name: str) -> QuerySet:
    order = ORDERS[name]
    # Not as annotations, which would bring their joins into the question how many there are.
    return clips.order_by(*(_expression(order, key) for key in order.keys))


def span(clips: QuerySet, first: int, last: int, *, name: str) -> QuerySet:
    """Return the clips from one place to another of those that are in the order of that name.

    There are many clips and few names. An index counts the clips of each name, so only those are sorted whose names are
    on the page.
    """
    order = ORDERS[name]
    if not order.by_name_of:
        return clips[first:last]
    relation, _name = order.by_name_of
    counts = dict(clips.order_by().values_list(relation).annotate(n=Count("*")))
    chosen, n_before, n_skipped = [], 0, 0
    for group in _in_order_of_names(order, counts):
        n_here = sum(counts[pk] for pk in group)
        if n_before + n_here <= first:
            n_skipped += n_here
        elif n_before < last:
            chosen += group
        n_before += n_here
    of_these = Q(**{f"{relation}__in": [pk for pk in chosen if pk]})
    if None in chosen:
        of_these |= Q(**{relation: None})
    return clips.filter(of_these)[first - n_skipped : last - n_skipped]


def _in_order_of_names(order: Order, counts: Mapping[UUID | None, int]) -> list[list[UUID | None]]:
    """Return the ids that clips were counted by in an order; those of one name together, at last what has no name."""
    relation, name = order.by_name_of
    named = FinalClip._meta.get_field(relation).related_model._default_manager
    in_order = OrderBy(Lower(name), descending=order.keys[1].startswith("-"))
    rows = named.filter(pk__in=[pk for pk in counts if pk]).order_by(in_order).values_list("pk", Lower(name))
    names = groupby(rows, key=itemgetter(1))
    groups: list[list[UUID | None]] = [[pk for pk, _key in same] for _key, same in names]
    return [*groups, [None]] if None in counts else groups


def _expression(order: Order, key: str) -> Expression | str:
    found = order.computed.get(key.lstrip("-"))
    if found is None:
        return key
    return OrderBy(found, descending=key.startswith("-"))


def neighbours(clips: QuerySet, clip: FinalClip, name: str) -> tuple[FinalClip | None, FinalClip | None]:
    """Return the clips just before and just after ``clip`` among ``clips``, in the order of that name."""
    order = ORDERS[name]
    here = FinalClip.objects.filter(pk=clip.pk).annotate(**order.computed)
    values = here.values(*{key.lstrip("-") for key in order.keys}).get()
    clips = clips.annotate(**order.computed)
    backwards = [_turned(key) for key in order.keys]
    before = clips.filter(_beyond(backwards, values)).order_by(*backwards).first()
    after = clips.filter(_beyond(order.keys, values)).order_by(*order.keys).first()
    return before, after


def _turned(key: str) -> str:
    return key[1:] if key.startswith("-") else f"-{key}"


def _beyond(keys: tuple[str, ...] | list[str], values: dict) -> Q:
    """Return the condition of coming after ``values``: the first differing key decides."""
    beyond, same = Q(), Q()
    for key in keys:
        name, further = (key[1:], "lt") if key.startswith("-") else (key, "gt")
        beyond |= same & Q(**{f"{name}__{further}": values[name]})
        same &= Q(**{name: values[name]})
    # Said once more of the first key alone, because an index can begin there.
    first = keys[0].lstrip("-")
    return Q(**{f"{first}__{'lte' if keys[0].startswith('-') else 'gte'}": values[first]}) & beyond
