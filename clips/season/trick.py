"""Figures of a trick: who does it, who landed it first, and its best clips."""

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from clips.models import ClipCategory, FinalClip
from clips.season.best import best_clips, picture_among
from clips.season.events import events_of
from clips.season.figures import Figures, landed_and_crashed
from clips.season.landings import Event, Landing, landings
from clips.season.rider import first_cell, tries_cell
from clips.season.seasons import Season
from clips.season.table import Cell, Table, clips_at, counted
from people.models import Member, Person
from tricks.models import Trick
from trickyclip.shared.addresses import address_of


@dataclass(frozen=True, kw_only=True)
class TrickFigures(Figures):
    #: Who landed it before all others, and in which clip; None while nobody did.
    first_rider: Person | None
    first: Event | None


def figures_of(trick: Trick, member: Member) -> TrickFigures:
    """Return all that a trick's page says, in a fixed number of queries."""
    clips = FinalClip.objects.current().filter(trick=trick)
    events = events_of(clips)
    of_rider = _by_rider(clips, events)
    landed = {rider: landings(own)[trick.pk] for rider, own in of_rider.items() if trick.pk in landings(own)}
    people = Person.objects.in_bulk(landed)
    order = {event.clip: place for place, event in enumerate(events)}
    last = len(order)

    def place(rider: UUID) -> tuple[int, str]:
        first = landed[rider].first
        return order[first.clip] if first else last, str(people[rider])

    ranked = sorted(landed, key=place)
    first = ranked[0] if ranked and landed[ranked[0]].first else None
    best = best_clips(clips, member)
    return TrickFigures(
        name=str(trick),
        n_clips=len(events),
        clips_url=clips_at(trick=trick.slug),
        curated_url=reverse("tricks:trick", args=[trick.pk]),
        main=_riders(trick, [(people[rider], landed[rider]) for rider in ranked]),
        plot=landed_and_crashed(_by_season(events), trick=trick.slug),
        first_rider=people[first] if first else None,
        first=landed[first].first if first else None,
        best=best,
        picture=picture_among(best),
    )


def _by_rider(clips: QuerySet[FinalClip], events: list[Event]) -> dict[UUID, list[Event]]:
    """Return the events of each rider that is in them, in two queries."""
    riders = defaultdict(set)
    for clip, person in clips.exclude(person=None).order_by().values_list("pk", "person"):
        riders[clip].add(person)
    also = FinalClip.also.through.objects.filter(finalclip__in=[event.clip for event in events])
    for clip, person in also.values_list("finalclip", "person"):
        riders[clip].add(person)
    found: dict[UUID, list[Event]] = defaultdict(list)
    for event in events:
        for person in riders[event.clip]:
            found[person].append(event)
    return found


def _riders(trick: Trick, rows: list[tuple[Person, Landing]]) -> Table:
    heads = (_("Rider"), _("First landed"), _("Tries until landed"), _("Landed"))
    cells = []
    for person, landing in rows:
        at = {"person": person.slug, "trick": trick.slug, "category": ClipCategory.TRICK.value}
        rider = Cell(str(person), address_of("clips:rider", person.pk))
        cells.append([rider, first_cell(landing.first), tries_cell(landing), counted(landing.n_landed, **at)])
    return Table("riders", _("Who does it"), heads, cells)


def _by_season(events: list[Event]) -> dict[Season, tuple[int, int]]:
    """Return how often it was landed and crashed in each season."""
    numbers: dict[Season, tuple[int, int]] = {}
    for event in events:
        season = Season.of(event.day)
        n_landed, n_crashes = numbers.get(season, (0, 0))
        numbers[season] = n_landed + event.is_landed, n_crashes + event.is_crash
    return numbers
