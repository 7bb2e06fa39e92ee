"""Sums up what fills the disk by session and kind, what each policy would free, and when it is full at this pace."""

import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db.models import Q, Sum
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from clips.disk import evictable, trimmable
from clips.models import FinalClip, KeptPart, OriginalFile, Preview, Shoot
from clips.storage.files import free_bytes

#: Sums over every clip take a while in a large library; so long they are new enough.
NEW_FOR_S = 60
#: As many sessions have a bar of their own, the largest first.
MOST_SESSIONS = 12
#: The pace is that of so many days.
PACE_DAYS = 28
#: What of a session is drawn, in this order: its rows, where each says whose it is, and what it is called.
KINDS: tuple[tuple[str, str | Promise], ...] = (
    ("originals", _("originals")),
    ("parts", _("trimmed originals")),
    ("clips", _("clips")),
    ("previews", _("previews")),
)
#: Further away than this no pace of some weeks tells when the disk is full.
FAR_DAYS = 2 * 365
#: Bars are drawn in so many units.
WIDTH = 1000


@dataclass(frozen=True)
class Piece:
    """A piece of a session's bar, in units of the drawing."""

    kind: str
    x: float
    width: float


@dataclass(frozen=True)
class SessionBytes:
    """Bytes of one session by kind; ``shoot`` is None for all others together."""

    shoot: Shoot | None
    by_kind: dict[str, int]
    largest_bytes: int

    @property
    def size_bytes(self) -> int:
        return sum(self.by_kind.values())

    @property
    def parts(self) -> list[tuple[str | Promise, int]]:
        """Return the name and the bytes of each kind that there is."""
        return [(title, self.by_kind[kind]) for kind, title in KINDS if self.by_kind.get(kind)]

    @property
    def pieces(self) -> list[Piece]:
        found, x = [], 0.0
        for kind, _title in KINDS:
            width = WIDTH * self.by_kind.get(kind, 0) / max(1, self.largest_bytes)
            if width:
                found.append(Piece(kind, round(x, 1), round(width, 1)))
            x += width
        return found


@dataclass(frozen=True)
class Policy:
    """A setting, its present value and the bytes that it would free."""

    title: str | Promise
    setting: str
    freed_bytes: int
    says: str | Promise


@dataclass(frozen=True)
class Forecast:
    """The pace at which the disk fills, and the days until it is full; None where nothing came for long."""

    bytes_per_day: int
    days_left: int | None

    @property
    def is_far(self) -> bool:
        return self.days_left is not None and self.days_left > FAR_DAYS

    @property
    def weeks_left(self) -> int | None:
        """Return the weeks until it is full, where days would pretend to know too much."""
        return None if self.days_left is None or self.days_left < 2 * 7 else round(self.days_left / 7)


@dataclass(frozen=True)
class Overview:
    sessions: list[SessionBytes]
    policies: list[Policy]
    forecast: Forecast


def overview() -> Overview:
    """Return all of it, at most a minute old."""
    key = f"disk_overview:{settings.DATA_DIR}"
    known: tuple[float, Overview] | None = cache.get(key)
    if known is None or time.time() - known[0] > NEW_FOR_S:
        known = (time.time(), Overview(sessions(), policies(), forecast()))
        cache.set(key, known, NEW_FOR_S)
    return known[1]


def sessions() -> list[SessionBytes]:
    """Return what each of the largest sessions takes, then all others together."""
    found: dict[UUID, dict[str, int]] = defaultdict(dict)
    for kind, rows, shoot in _rows():
        for key, n_bytes in rows.order_by().values_list(shoot).annotate(n=Sum("size_bytes")):
            if n_bytes:
                found[key][kind] = n_bytes
    by_size = sorted(found.items(), key=lambda pair: (-sum(pair[1].values()), str(pair[0])))
    shown, others = by_size[:MOST_SESSIONS], by_size[MOST_SESSIONS:]
    rest: dict[str, int] = defaultdict(int)
    for _key, by_kind in others:
        for kind, n_bytes in by_kind.items():
            rest[kind] += n_bytes
    shoots = Shoot.objects.in_bulk([key for key, _by_kind in shown])
    lines = [(shoots.get(key), by_kind) for key, by_kind in shown] + ([(None, dict(rest))] if rest else [])
    largest_bytes = max((sum(by_kind.values()) for _shoot, by_kind in lines), default=1)
    return [SessionBytes(shoot, by_kind, largest_bytes) for shoot, by_kind in lines]


def policies() -> list[Policy]:
    """Return what trimming, archiving and emptying the bin would free."""
    done = evictable.sorted_out(evictable.with_ties(OriginalFile.objects.on_disk().in_use()))
    sorted_bytes = _sum(done.filter(has_loose_clips=False))
    return [
        Policy(
            _("Trim sorted videos"), "TRIM_ORIGINALS", trimmable.estimate(trimmable.trimmable()).freed_bytes,
            _("Clips stay as they are. Only still pictures of the rest stay."),
        ),
        Policy(
            _("Archive sorted originals"), "ARCHIVE_ORIGINALS", sorted_bytes,
            _("They go from this disk once the archive has them, and are restored when needed."),
        ),
        Policy(
            _("Empty the bin sooner"), "BIN_DAYS", _sum(OriginalFile.objects.on_disk().exclude(bin_entry=None)),
            _("What is in the bin can’t be restored then."),
        ),
    ]  # fmt: skip


def forecast() -> Forecast:
    """Return when the disk is full if as much comes as in the last weeks, and nothing goes."""
    since = Q(created_at__gt=timezone.now() - timedelta(days=PACE_DAYS))
    came = _sum(OriginalFile.objects.filter(since)) + _sum(FinalClip.objects.filter(since))
    per_day = came // PACE_DAYS
    return Forecast(per_day, max(0, free_bytes()) // per_day if per_day else None)


def _rows() -> list[tuple[str, Any, str]]:
    """Return what each kind is summed over, and the field that leads to the session."""
    return [
        ("originals", OriginalFile.objects.on_disk(), "shoot"),
        ("parts", KeptPart.objects.all(), "original_file__shoot"),
        ("clips", FinalClip.objects.exclude(stored_path=""), "original_file__shoot"),
        ("previews", Preview.objects.all(), "segment__original_file__shoot"),
    ]


def _sum(rows: Any) -> int:
    total: int | None = rows.order_by().aggregate(total=Sum("size_bytes"))["total"]
    return total or 0
