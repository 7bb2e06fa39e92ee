"""Base of read-only admin pages, and helpers to show values and links."""

from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode

from clips.models.clock import NOTHING, clock
from people.audit import AuditedAdmin

#: The lookup of all that was filmed in one session; a list of every session beside each page would be too long.
OF_SHOOT = "original_file__shoot__id__exact"


class RecordAdmin(AuditedAdmin):
    """Rows that are a record, or that workers write: searchable, readable and read-only."""

    list_per_page = 50
    show_full_result_count = False  # these tables grow without end

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: models.Model | None = None) -> bool:
        return False


def place(row: models.Model) -> str:
    """Return where in its video a moment is: 0:41–0:45."""
    return f"{clock(row.start_ms)}–{clock(row.end_ms)}"


def size(size_bytes: int | None) -> str:
    return NOTHING if size_bytes is None else filesizeformat(size_bytes)


def row_link(row: models.Model | None) -> str:
    """Return a link to a row's own page."""
    if row is None:
        return NOTHING
    return format_html('<a href="{}">{}</a>', reverse(_page(type(row), "change"), args=[row.pk]), row)


def rows_link(model: type[models.Model], n_rows: int, **lookups: object) -> str:
    """Return a link with the number of rows that leads to the list of exactly these."""
    address = f"{reverse(_page(model, 'changelist'))}?{urlencode(lookups)}"
    return format_html('<a href="{}">{}</a>', address, n_rows)


def add_link(model: type[models.Model], text: str, **fields: object) -> str:
    """Return a link to the form for a new row, with these fields filled in."""
    return format_html('<a href="{}">{}</a>', f"{reverse(_page(model, 'add'))}?{urlencode(fields)}", text)


def count_of(rows: QuerySet, to: str) -> Coalesce:
    """Return the number of ``rows`` that refer to the current row by the path ``to``.

    As a subquery, because two counts over joins would multiply each other.
    """
    counted = rows.filter(**{to: OuterRef("pk")}).order_by().values(to).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def _page(model: type[models.Model], page: str) -> str:
    return f"admin:{model._meta.app_label}_{model._meta.model_name}_{page}"


class IdSelect(AutocompleteSelect):
    """A box of rows found by typing; a submitted value that is no id is shown empty, beside the error."""

    def optgroups(self, name: str, value: list, attrs: dict | None = None) -> list:
        return super().optgroups(name, [one for one in value if self._may_be_id(one)], attrs)

    def _may_be_id(self, value: str) -> bool:
        try:
            self.field.remote_field.model._meta.pk.to_python(value)
        except ValidationError:
            return False
        return True
