"""Orders clips in lists, and finds the neighbours of a clip in an order."""

from dataclasses import dataclass, field

from django.db.models import BooleanField, Expression, ExpressionWrapper, F, OrderBy, Q, QuerySet, Value
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


def _by_name(label: str, field_name: str, name: str, *, turned: bool = False) -> Order:
    """Order by a name, with missing ones last, and the newest of one name first."""
    computed = {
        "is_nameless": ExpressionWrapper(Q(**{field_name: None}), output_field=BooleanField()),
        "name_key": Coalesce(Lower(f"{field_name}__{name}"), Value("")),
    }
    return Order(label, ("is_nameless", "-name_key" if turned else "name_key", *NEWEST_KEYS), computed)


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
}
CHOICES = [(name, order.label) for name, order in ORDERS.items()]


def in_order(clips: QuerySet, name: str) -> QuerySet:
    order = ORDERS[name]
    # Not as annotations, which would bring their joins into the question how many there are.
    return clips.order_by(*(_expression(order, key) for key in order.keys))


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
