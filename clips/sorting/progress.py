"""Counts how far sessions are sorted, with the same few queries for one session as for fifty."""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, Q, QuerySet, Sum

from clips.models import CandidateSegment, FinalClip, OriginalFile, SegmentStatus, Shoot
from clips.sorting import search_progress
from clips.sorting.search_progress import Search

OF_SHOOT = "original_file__shoot"
#: The drawn bar is so wide, in units of its own picture, which the page scales.
BAR_WIDTH = 1000


@dataclass
class Progress:
    """The moments of a session by state."""

    files: int = 0
    filmed_ms: int = 0
    clips: int = 0
    kept: int = 0
    trashed: int = 0
    #: Shown by the session's sensitivity and not decided; without the videos that were set aside.
    left: int = 0
    #: How far the search is for what is still to come; None where everything was looked at.
    search: Search | None = None
    #: Videos in which nobody looked, because that failed.
    unsearched: int = 0

    @property
    def moments(self) -> int:
        return self.kept + self.trashed + self.left

    @property
    def percent_sorted(self) -> int:
        """Percentage sorted, rounded down: 100 means that nothing is left."""
        return 100 * (self.kept + self.trashed) // self.moments if self.moments else 0

    @property
    def kept_width(self) -> int:
        return BAR_WIDTH * self.kept // self.moments if self.moments else 0

    @property
    def decided_width(self) -> int:
        """Width of the progress bar: trashed moments added to the kept ones."""
        return BAR_WIDTH * (self.kept + self.trashed) // self.moments if self.moments else 0


@dataclass(frozen=True)
class ToSort:
    """A session and its number of moments to sort."""

    shoot_id: UUID
    name: str
    date: dt.date
    n_left: int


def progress_of(shoots: Iterable[Shoot]) -> dict[UUID, Progress]:
    """Return the numbers of each of these sessions by its id, in six queries."""
    ids = [shoot.pk for shoot in shoots]
    found: dict[UUID, Progress] = defaultdict(Progress)
    files = OriginalFile.objects.in_use().filter(shoot__in=ids, low_res_of=None).order_by().values_list("shoot")
    for shoot, n_files, filmed_ms in files.annotate(Count("pk"), Sum("duration_ms")):
        found[shoot].files, found[shoot].filmed_ms = n_files, filmed_ms or 0
    counts = {
        "n_kept": Count("pk", filter=Q(status=SegmentStatus.ACCEPTED)),
        "n_trashed": Count("pk", filter=Q(status=SegmentStatus.TRASHED)),
    }
    for shoot, kept, trashed in _by_shoot(CandidateSegment.objects.decided().in_use(), ids).annotate(**counts):
        found[shoot].kept, found[shoot].trashed = kept, trashed
    for shoot, n_left in _by_shoot(CandidateSegment.objects.undecided().shown(), ids).annotate(Count("pk")):
        found[shoot].left = n_left
    for shoot, n_clips in _by_shoot(FinalClip.objects.current(), ids).annotate(Count("pk")):
        found[shoot].clips = n_clips
    for shoot, search in search_progress.searches_of(ids).items():
        found[shoot].search = search
    for shoot, n_unsearched in search_progress.unsearched_of(ids).items():
        found[shoot].unsearched = n_unsearched
    return {pk: found[pk] for pk in ids}


def sessions_to_sort(limit: int) -> list[ToSort]:
    """Return the newest sessions with moments left to sort, in one query."""
    fields = [f"{OF_SHOOT}__{name}" for name in ("pk", "name", "date")]
    rows = CandidateSegment.objects.undecided().shown().order_by().values_list(*fields)
    newest = rows.annotate(Count("pk")).order_by(f"-{OF_SHOOT}__date", f"{OF_SHOOT}__name", f"{OF_SHOOT}__pk")
    return [ToSort(*row) for row in newest[:limit]]


def _by_shoot(rows: QuerySet, ids: list[UUID]) -> QuerySet:
    return rows.filter(**{f"{OF_SHOOT}__in": ids}).order_by().values_list(OF_SHOOT)
