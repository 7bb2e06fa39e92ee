"""Paginates long lists of wide rows."""

from collections.abc import Callable

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet


class WidePaginator(Paginator):
    """Sorts ids only, and reads the rest of the rows of one page.

    PostgreSQL would sort fifty thousand clips with all that a list shows of them on the disk before it cuts off the
    first page. ``whole`` says how to read the rows of a page, ``span`` which rows are from one place to another.
    """

    def __init__(
        self, rows: QuerySet, per_page: int, *, whole: QuerySet, span: Callable[[QuerySet, int, int], QuerySet]
    ) -> None:
        super().__init__(rows, per_page)
        self._whole, self._span = whole, span

    def page(self, number: int) -> Page:
        page = super().page(number)
        first = (page.number - 1) * self.per_page
        ids = list(self._span(self.object_list, first, first + self.per_page).values_list("pk", flat=True))
        found = self._whole.in_bulk(ids)
        page.object_list = [found[pk] for pk in ids if pk in found]
        return page
