"""Reads clips as what happened, in the order in which it did."""

from collections.abc import Iterable
from datetime import date, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from clips.library.filters import FEW
from clips.models import ClipCategory, FinalClip, OriginalFile, Shoot
from clips.season.landings import Event
from people.models import Person

_FIELDS = ("pk", "date", "trick", "category", "start_ms", "end_ms", "created_at", "original_file__recorded_at")


def clips_with(person: Person) -> QuerySet[FinalClip]:
    """Return the current clips that a rider is in, also those that are named after somebody else."""
    also = FinalClip.also.through.objects.filter(person=person, finalclip__is_current=True)
    # As ids PostgreSQL looks for them in an index; for a question in a question it would read all clips.
    ids = list(also.values_list("finalclip", flat=True)[: FEW + 1])
    others = ids if len(ids) <= FEW else also.values("finalclip")
    return FinalClip.objects.current().filter(Q(person=person) | Q(pk__in=others))


def with_videos() -> QuerySet[Shoot]:
    """Return the sessions in which something was filmed."""
    videos = OriginalFile.objects.in_use().filter(shoot=OuterRef("pk"))
    return Shoot.objects.in_use().filter(Exists(videos))


def days_there_are() -> QuerySet[Shoot, date]:
    """Return the days on which somebody filmed."""
    return with_videos().order_by().values_list("date", flat=True)


def events_of(clips: QuerySet[FinalClip]) -> list[Event]:
    """Return clips in the order in which they were filmed, in one query."""
    rows = sorted(clips.order_by().values_list(*_FIELDS), key=_when)
    return list(_events(rows))


def _when(row: tuple) -> tuple:
    """Return what a clip is ordered by: its day, when it begins in that, and without a clock when it was kept."""
    pk, day, _trick, _category, start_ms, _end_ms, created_at, recorded_at = row
    return day, (recorded_at + timedelta(milliseconds=start_ms)) if recorded_at else created_at, pk


def _events(rows: Iterable[tuple]) -> Iterable[Event]:
    for pk, day, trick, category, start_ms, end_ms, _created_at, _recorded_at in rows:
        is_landed, is_crash = category == ClipCategory.TRICK, category == ClipCategory.CRASH
        yield Event(pk, day, trick, is_landed, is_crash, end_ms - start_ms)
