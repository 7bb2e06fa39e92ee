"""Reads what an edit shows: its clips in their order, each with the video that plays and for how long."""

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from uuid import UUID

from django.db.models import Count, OuterRef, QuerySet, Subquery

from clips.models import FinalClip, Reel, ReelClip
from clips.models.clip import FinalClipQuerySet
from clips.previews.playback import Source, full_source, lacks_copy, preview_source
from clips.reels.editing import SHORTEST_MS, speeds_of

#: Of a video whose rate is not known.
USUAL_FRAME_US = 33_333
#: In percent.
FULL_SPEED = 100


@dataclass(frozen=True)
class Entry:
    """A clip's place in an edit, and what is shown there; no clip while that is in the bin.

    ``start_ms`` and ``end_ms`` are in the video, and within the clip as it is now.
    """

    row: ReelClip
    clip: FinalClip | None
    source: Source | None
    start_ms: int = 0
    end_ms: int = 0

    @property
    def number(self) -> int:
        return self.row.position

    @property
    def length_ms(self) -> int:
        """How long it plays, at its speed."""
        return (self.end_ms - self.start_ms) * 100 // self.row.speed

    @property
    def is_trimmed(self) -> bool:
        return self.clip is not None and (self.start_ms, self.end_ms) != (self.clip.start_ms, self.clip.end_ms)

    @property
    def start_s(self) -> float:
        """Where it begins in the source."""
        return self._in_source(self.start_ms)

    @property
    def end_s(self) -> float:
        """Where it ends in the source."""
        return self._in_source(self.end_ms)

    @property
    def rate(self) -> float:
        """How fast the source plays: a preview may be slowed itself."""
        return self.row.speed / 100 * (self.source.slow_down if self.source else 1)

    @property
    def frame_us(self) -> int:
        """How long a frame of the source is shown at its own speed."""
        rate = self.clip.original_file.rate if self.clip else None
        return round(1_000_000 / Fraction(rate)) if rate else USUAL_FRAME_US

    @property
    def awaits_copy(self) -> bool:
        """Return whether browsers play neither the clip nor a copy of it."""
        return self.clip is not None and lacks_copy(self.clip)

    @property
    def speeds(self) -> list[int]:
        return speeds_of(self.clip) if self.clip else []

    @property
    def base_s(self) -> float:
        """Where in the source the millisecond lies with which the whole clip begins."""
        if self.source is None or self.clip is None:
            return 0.0
        lead_s = 0 if self.source.is_preview else (self.clip.lead_us or 0) / 1_000_000
        return self.source.slow_down * (self.clip.start_ms - self.source.offset_ms) / 1000 + lead_s

    @property
    def crop(self) -> list[list[int]]:
        """Where the crop of upright films was put: milliseconds of the clip, and thousandths of the picture's width."""
        if self.clip is None:
            return []
        return [[at_ms - self.clip.start_ms, middle] for at_ms, middle in self.row.crop]

    def _in_source(self, at_ms: int) -> float:
        if self.source is None or self.clip is None:
            return 0.0
        at_s = self.base_s + self.source.slow_down * (at_ms - self.clip.start_ms) / 1000
        is_start = at_ms <= self.clip.start_ms  # all of the first picture is shown, and not what the name leaves of it
        return self.source.start_s if is_start else max(self.source.start_s, min(self.source.end_s, at_s))


def entries_of(reel: Reel) -> list[Entry]:
    """Return the clips of an edit, in a fixed number of queries."""
    rows = list(reel.clips.order_by("position"))
    clips = current_clips(row.lineage for row in rows)
    for row in rows:
        row.reel = reel
    return [entry_of(row, clips.get(row.lineage)) for row in rows]


def entries_of_clips(clips: Iterable[FinalClip]) -> list[Entry]:
    """Return clips as an edit of them would show them: in this order, whole and at their speed."""
    placed = enumerate(clips, start=1)
    return [entry_of(ReelClip(pk=clip.lineage, position=number, lineage=clip.lineage), clip) for number, clip in placed]


def entry_of(row: ReelClip, clip: FinalClip | None) -> Entry:
    """Return what is shown at one place; a trim that a new version leaves nothing of does not count."""
    if clip is None:
        return Entry(row, None, None)
    return Entry(row, clip, full_source(clip) or preview_source(clip), *span_of(row, clip))


def span_of(row: ReelClip, clip: FinalClip) -> tuple[int, int]:
    """Return the part of a clip that is shown at a place, in times of its video."""
    start_ms = clip.start_ms if row.start_ms is None else max(clip.start_ms, row.start_ms)
    end_ms = clip.end_ms if row.end_ms is None else min(clip.end_ms, row.end_ms)
    return (start_ms, end_ms) if end_ms - start_ms >= SHORTEST_MS else (clip.start_ms, clip.end_ms)


def current_clips(lineages: Iterable[UUID]) -> dict[UUID, FinalClip]:
    """Return the current clip of each lineage that has one."""
    rows: FinalClipQuerySet = FinalClip.objects.current().filter(lineage__in=list(lineages))
    return {clip.lineage: clip for clip in rows.order_by().with_names().with_pictures()}


def with_pictures(reels: QuerySet[Reel]) -> QuerySet[Reel]:
    """Annotate each edit with ``n_clips`` and ``pictured``, a moment that has a picture of its first clip."""
    first = ReelClip.objects.filter(reel=OuterRef("pk")).order_by("position")
    counted = first.order_by().values("reel").annotate(n=Count("pk")).values("n")
    clips = FinalClip.objects.current().filter(lineage=OuterRef("first"))
    pictured = clips.exclude(candidate_segment__poster_path="").values("candidate_segment")
    rows = reels.annotate(n_clips=Subquery(counted), first=Subquery(first.values("lineage")[:1]))
    return rows.annotate(pictured=Subquery(pictured[:1]))
