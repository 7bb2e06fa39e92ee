"""Sums up what could be deleted now, and what must happen first for the rest, for people."""

from dataclasses import dataclass

from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from clips.disk import evictable
from clips.models import OriginalFile
from clips.previews import cache, pieces
from clips.storage import files


@dataclass(frozen=True)
class Freeable:
    """A kind of file, its size, and what must be done first; empty if it may be deleted now."""

    title: str
    size_bytes: int
    first: str = ""


def freeable() -> tuple[Freeable, ...]:
    """Return what may be deleted now, in that order, then what could be deleted after an action."""
    found = []
    if files.store_of(cache.FOLDER).is_local:
        found.append(Freeable(_("pieces of watched videos"), pieces.used()))
        sorted_previews = cache.in_order_of_loss().filter(rank=cache.SORTED).order_by()
        found.append(Freeable(_("previews of sorted moments"), _sum(sorted_previews)))
    if files.store_of("originals").is_local:
        found += _originals()
    return tuple(one for one in found if one.size_bytes)


def _originals() -> list[Freeable]:
    rows = evictable.with_ties(OriginalFile.objects.on_disk())
    done = evictable.sorted_out(rows)
    bare = done.filter(has_loose_clips=False, is_archived=False, not_needed_at=None)
    loose = done.filter(has_loose_clips=True)
    to_archive = _("archive them, or mark them as removable")
    return [
        Freeable(_("sorted and archived originals"), _sum(evictable.evictable().order_by())),
        Freeable(_("sorted originals"), _sum(bare), to_archive),
        Freeable(_("originals whose clips are not all archived"), _sum(loose), _("wait until the clips are archived")),
        Freeable(_("originals with moments to sort"), _sum(rows.filter(is_open=True)), _("sort them")),
    ]


def _sum(rows) -> int:
    return rows.aggregate(total=Sum("size_bytes"))["total"] or 0
