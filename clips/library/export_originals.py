"""Reads the checksums of original videos, which a ZIP must say beforehand, a few seconds at a time.

Nobody needs the CRC-32 of an original but whoever takes it home, so it is read when that is asked for. A camera file of
12 GB takes a minute; how far it was read is kept with the facts about the file, and the next request goes on there.
"""

import time
import zlib
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from datetime import time as time_of_day
from uuid import UUID

from django.db.models import Count, F, JSONField, QuerySet, Sum, Value
from django.db.models.expressions import CombinedExpression
from django.utils import timezone

from clips.archive.item import item_of
from clips.models import OriginalFile
from clips.storage import files
from clips.storage.files import MissingFileError

#: In the facts about a file: how many bytes were read, and their CRC-32.
KEPT_AS = "crc32"
_KEPT = f"probe__{KEPT_AS}"


@dataclass(frozen=True, slots=True)
class Original:
    """A video as an entry of the ZIP."""

    pk: UUID
    path: str
    stored_path: str
    size_bytes: int
    crc32: int
    modified: datetime
    file_hash: str


def sum_of(videos: QuerySet[OriginalFile]) -> tuple[int, int]:
    """Return how many of these videos are here, and their bytes."""
    said = videos.on_disk().aggregate(n=Count("pk"), size=Sum("size_bytes"))
    return said["n"], said["size"] or 0


def read_on(videos: QuerySet[OriginalFile], *, for_s: float) -> int:
    """Read on for so long; return how many bytes are left. A missing file is left out."""
    until_s, left_bytes = time.monotonic() + for_s, 0
    rows = videos.on_disk().order_by("created_at", "pk").values_list("pk", "stored_path", "size_bytes", _KEPT)
    for pk, stored_path, size_bytes, kept in list(rows):
        n_read, crc32 = kept or (0, 0)
        if n_read < size_bytes:
            try:
                n_read = _read_one(pk, stored_path, n_read, crc32, until_s)
            except MissingFileError:
                continue
        left_bytes += size_bytes - n_read
    return left_bytes


def _read_one(pk: UUID, stored_path: str, n_read: int, crc32: int, until_s: float) -> int:
    """Read on in one file until the time is over, keep the place, and return it."""
    began_at = n_read
    with closing(files.read(stored_path)) as file:
        file.narrow(n_read, file.size_bytes - 1)
        for block in file:
            crc32 = zlib.crc32(block, crc32)
            n_read += len(block)
            if time.monotonic() > until_s:
                break
    if n_read > began_at:
        kept = Value({KEPT_AS: [n_read, crc32]}, output_field=JSONField())
        OriginalFile.objects.filter(pk=pk).update(probe=CombinedExpression(F("probe"), "||", kept))
    return n_read


def entries_of(videos: QuerySet[OriginalFile]) -> list[Original]:
    """Return those of these videos that are here as a whole, and whose checksum is read."""
    rows = videos.on_disk().select_related("shoot").annotate(kept=F(_KEPT)).defer("probe")
    found = [original for original in rows.iterator() if original.kept and original.kept[0] == original.size_bytes]
    lengths_bytes = files.sizes_bytes(original.stored_path for original in found)
    there = (original for original in found if lengths_bytes[original.stored_path] == original.size_bytes)
    return sorted((_original(original) for original in there), key=lambda one: one.path)


def _original(original: OriginalFile) -> Original:
    recorded_at = original.recorded_at
    noon = datetime.combine(original.shoot.date, time_of_day(12))
    return Original(
        original.pk, item_of(original).path, original.stored_path, original.size_bytes, original.kept[1],
        timezone.make_naive(recorded_at) if recorded_at else noon, original.file_hash,
    )  # fmt: skip
