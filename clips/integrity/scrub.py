"""Chooses each night which originals are read back, so that all of them are within ``SCRUB_DAYS``."""

import datetime as dt

from django.db import transaction
from django.db.models import Count, F, Min, Q, Sum
from django.utils import timezone

from clips.integrity import read_back
from clips.models import OriginalFile
from people.site_settings.registry import SCRUB_DAYS

#: Of the parts of a trimmed original.
UNREAD = Q(kept_parts__read_back_at=None)


@transaction.atomic
def tonight() -> int:
    """Start reading back damaged originals and those not read for the longest, up to the night's share of all bytes.

    Returns how many. What is not read tonight, because workers are busy, is the first of another night.
    """
    days = SCRUB_DAYS.value()
    if not days:
        return 0
    here = OriginalFile.objects.on_disk().in_use()
    left_bytes = (here.aggregate(n=Sum("size_bytes"))["n"] or 0) / days
    late = timezone.now() - dt.timedelta(days=days)
    due = here.filter(Q(read_back_at=None) | Q(read_back_at__lt=late)).defer("probe")
    chosen = []
    order = (F("damaged_at").asc(nulls_last=True), F("read_back_at").asc(nulls_first=True), "created_at", "pk")
    for original in due.order_by(*order).iterator(chunk_size=200):
        if left_bytes <= 0:
            break
        chosen.append(original)
        left_bytes -= original.size_bytes
    return read_back.share(chosen) + read_back.share(_trimmed(late, days))


def _trimmed(late: dt.datetime, days: int) -> list[OriginalFile]:
    """Return the night's share of trimmed originals, those first whose parts were not read for the longest."""
    trimmed = OriginalFile.objects.trimmed().in_use()
    read = trimmed.annotate(read_at=Min("kept_parts__read_back_at"), unread=Count("kept_parts", filter=UNREAD))
    due = read.filter(Q(unread__gt=0) | Q(read_at__lt=late)).defer("probe")
    return list(due.order_by("-unread", "read_at", "pk")[: -(-trimmed.count() // days)])
