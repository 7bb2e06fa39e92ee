"""Columns of the library's list: which are shown, how a click on one sorts, and what need not be said in each row."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from clips.archive import outage
from clips.archive.status import set_copy_statuses
from clips.library import ordering
from clips.library.asked import UNSAID, Asked, query_of
from clips.models import FinalClip

#: Which columns this browser shows, with dots between; written by js/library/columns.js.
COOKIE = "library_columns"


@dataclass(frozen=True)
class Column:
    """``orders`` are those of the first and of the second click; none if it does not sort."""

    name: str
    title: str
    orders: tuple[str, ...] = ()


#: The first two are in the clip's own cell, and always there.
FIXED = (Column("person", _("Rider"), ("person", "-person")), Column("trick", _("Trick"), ("trick", "-trick")))
CHOICE = (
    Column("session", _("Session")),
    Column("date", _("Date"), (ordering.NEWEST, "oldest")),
    Column("camera", _("Camera"), ("camera", "-camera")),
    Column("rate", _("Frame rate"), ("-rate", "rate")),
    Column("length", _("Length"), ("-length", "length")),
    Column("file", _("File name")),
    Column("archive", _("Archive")),
)
USUAL = frozenset({"session", "date", "camera", "rate", "file", "archive"})
#: Written in the clip's own cell.
IN_CLIP = frozenset({"file"})


@dataclass(frozen=True)
class Head:
    """The head of a column: the query of its link, and for a screen reader how it is sorted now."""

    name: str
    title: str
    query: str
    sorted: str


def list_context(clips: Sequence[FinalClip], asked: Asked, cookie: str | None) -> dict:
    """Return what the list needs besides its clips; they get their ``copy_status`` where it is shown."""
    shown = USUAL if cookie is None else frozenset(cookie.split("."))
    context: dict = {"column_choices": [(column, column.name in shown) for column in CHOICE]}
    heads = [column for column in CHOICE if column.name in shown - IN_CLIP]
    if "archive" in shown:
        set_copy_statuses(clips, outage.current_outage())
        context["usual_status"] = usual = _usual_status(clips)
        if all(clip.copy_status.text == usual and not clip.copy_status.url for clip in clips):
            heads = [column for column in heads if column.name != "archive"]
    columns = frozenset(column.name for column in heads) | (shown & IN_CLIP)
    fixed, chosen = ([_head(column, asked) for column in some] for some in (FIXED, heads))
    return context | {"columns": columns, "clip_heads": fixed, "heads": chosen}


def _usual_status(clips: Sequence[FinalClip]) -> str:
    """Return what most of the clips' archive copies are, if that is all right: only other rows say theirs."""
    counted = Counter(clip.copy_status.text for clip in clips if clip.copy_status.level == "DONE")
    return counted.most_common(1)[0][0] if counted else ""


def _head(column: Column, asked: Asked) -> Head:
    order = asked.get("sort", ordering.NEWEST)
    if not column.orders:
        return Head(column.name, str(column.title), "", "")
    next_order = column.orders[1] if order == column.orders[0] else column.orders[0]
    rest = {name: value for name, value in asked.items() if name != "sort"}
    query = query_of(rest if next_order == UNSAID["sort"] else rest | {"sort": next_order})
    is_descending = order.startswith("-") or order == ordering.NEWEST
    direction = "descending" if is_descending else "ascending"
    return Head(column.name, str(column.title), query, direction if order in column.orders else "")
