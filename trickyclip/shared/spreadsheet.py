"""Writes tables as CSV that spreadsheets open as it is meant."""

import csv
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import SupportsWrite

#: A spreadsheet would take a text that begins so for a formula.
FORMULAS = ("=", "+", "-", "@", "\t", "\r")


def write_table(text: "SupportsWrite[str]", columns: Iterable[str], rows: Iterable[Iterable[str]]) -> None:
    """Write rows as CSV below the names of their columns."""
    text.write("\ufeff")  # without this mark Excel shows "Zoë" wrong
    table = csv.writer(text)
    table.writerow(columns)
    table.writerows([f"'{value}" if value.startswith(FORMULAS) else value for value in row] for row in rows)
