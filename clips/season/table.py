"""Tables of figures: each number leads to its clips, and each table is a CSV file as well."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import urlencode

from django.urls import get_script_prefix, reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from trickyclip.shared.spreadsheet import write_table


@dataclass(frozen=True)
class Cell:
    """A value, and the page of what it counts; ``text`` is how a page writes it."""

    value: object
    url: str = ""
    text: str = ""

    @property
    def shown(self) -> str:
        return self.text or str(self.value)

    @property
    def html(self) -> SafeString:
        """Return it as a page shows it; a table has a thousand of them, so no template is asked."""
        shown = escape(self.shown)
        if self.url:
            shown = f'<a href="{escape(self.url)}">{shown}</a>'
        cell = f'<td class="number">{shown}</td>' if self.is_number else f"<td>{shown}</td>"
        return mark_safe(cell)  # noqa: S308 - escaped above

    @property
    def is_number(self) -> bool:
        return isinstance(self.value, int | float)


@dataclass(frozen=True)
class Table:
    """``name`` is that of its file and of its place in the page."""

    name: str
    title: str
    heads: Sequence[str]
    rows: list[list[Cell]] = field(default_factory=list)
    #: Said below it.
    hint: str = ""

    def csv(self) -> str:
        """Return the table as the text of a file."""
        out = io.StringIO()
        write_table(out, [str(head) for head in self.heads], ([str(cell.value) for cell in row] for row in self.rows))
        return out.getvalue()


def clips_at(**asked: object) -> str:
    """Return the address of the clips that fit; what is empty is not asked."""
    given = {name: value for name, value in asked.items() if value}
    return f"{_library(get_script_prefix())}?{urlencode(given, doseq=True)}"


@lru_cache(maxsize=10)
def _library(_prefix: str) -> str:
    return reverse("clips:library")


def counted(n: int, **asked: object) -> Cell:
    """Return a number of clips that leads to them; none leads nowhere."""
    return Cell(n, clips_at(**asked) if n else "")
