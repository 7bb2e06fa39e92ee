"""Reads a table or a folder in batches, so that an audit of 100,000 rows takes the memory of a thousand."""

import os
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TypeVar

from django.db.models import QuerySet

from clips.storage import files

AT_ONCE = 1000
#: What changed a moment ago may be in the middle of being made: files are placed before rows are committed.
GRACE_S = 3600

Thing = TypeVar("Thing")


def batches(things: Iterable[Thing], size: int = AT_ONCE) -> Iterator[list[Thing]]:
    things = iter(things)
    while batch := list(islice(things, size)):
        yield batch


def rows_in_batches(rows: QuerySet, *fields: str) -> Iterator[list[tuple]]:
    """Yield tuples of the primary key and these fields; each batch is read when its turn comes."""
    rows, last = rows.order_by("pk").values_list("pk", *fields), None
    while batch := list((rows if last is None else rows.filter(pk__gt=last))[:AT_ONCE]):
        yield batch
        last = batch[-1][0]


class Lengths:
    """Lengths of stored files. A bucket is listed by folder, because asking for each file takes an hour."""

    def __init__(self) -> None:
        self._listed: dict[str, dict[str, int]] = {}

    def of(self, stored_path: str) -> int | None:
        """Return a file's length at the first listing of its folder; None for a missing file."""
        if files.store_of(stored_path).is_local:
            return files.size_bytes(stored_path)
        folder = stored_path.rpartition("/")[0]
        if folder not in self._listed:
            self._listed[folder] = {found.stored_path: found.size_bytes for found in files.listed(folder)}
        return self._listed[folder].get(stored_path)


def old_entries(folder: Path, *, older_than_s: float = GRACE_S) -> Iterator[os.DirEntry]:
    """Yield the entries of a folder untouched for so long; none if there is no folder."""
    now_s = time.time()
    try:
        with os.scandir(folder) as entries:
            yield from (entry for entry in entries if _age_s(entry, now_s) > older_than_s)
    except FileNotFoundError:
        return


def _age_s(entry: os.DirEntry, now_s: float) -> float:
    try:
        return now_s - entry.stat(follow_symlinks=False).st_mtime
    except FileNotFoundError:
        return 0.0
