"""Figures of a rider: what they landed and when first, how often they tried, in which seasons and edits."""

from dataclasses import dataclass

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clips.models import ClipCategory, Reel, ReelClip
from clips.reels.contents import with_pictures
from clips.season.best import best_clips, picture_among
from clips.season.events import clips_with, days_there_are, events_of
from clips.season.figures import Figures, landed_and_crashed
from clips.season.landings import Event, Landing, OfSeason, by_season, landings, streaks
from clips.season.seasons import Season
from clips.season.table import Cell, Table, clips_at, counted
from people.models import Member, Person
from tricks.models import Trick
from trickyclip.shared.addresses import address_of

#: Edits that are shown, the last changed first.
EDITS = 12


@dataclass(frozen=True, kw_only=True)
class RiderFigures(Figures):
    n_landed: int
    seasons: Table
    streak: tuple[int, int]
    edits: list[Reel]

    @property
    def tables(self) -> list[Table]:
        return [self.main, self.seasons]


def figures_of(person: Person, member: Member) -> RiderFigures:
    """Return all that a rider's page says, in a fixed number of queries."""
    clips = clips_with(person)
    events = events_of(clips)
    landed = landings(events)
    seasons = by_season(events, landed)
    best = best_clips(clips, member)
    of_edits = ReelClip.objects.filter(lineage__in=clips.order_by().values("lineage")).values("reel")
    edits = with_pictures(Reel.objects.in_use().filter(pk__in=of_edits)).order_by("-changed_at")
    return RiderFigures(
        name=str(person),
        n_clips=len(events),
        clips_url=clips_at(person=person.slug),
        curated_url=reverse("people:rider", args=[person.pk]),
        n_landed=sum(landing.first is not None for landing in landed.values()),
        main=_tricks(person, landed),
        seasons=_seasons(person, seasons),
        plot=landed_and_crashed(
            {season: (of.n_landed, of.n_crashes) for season, of in seasons.items()}, person=person.slug
        ),
        streak=streaks((event.day for event in events), days_there_are()),
        best=best,
        picture=picture_among(best),
        edits=list(edits[:EDITS]),
    )


def _tricks(person: Person, landed: dict) -> Table:
    names = Trick.objects.in_bulk(landed)

    def order(pair: tuple) -> tuple:
        trick, landing = pair
        return landing.first is None, -landing.first.day.toordinal() if landing.first else 0, str(names[trick])

    rows = [_trick_row(person, names[trick], landing) for trick, landing in sorted(landed.items(), key=order)]
    heads = (_("Trick"), _("First landed"), _("Tries until landed"), _("Landed"))
    hint = _("A try is a crash with the same trick tagged, before it was landed, and the landing itself.")
    return Table("tricks", _("Tricks"), heads, rows, hint)


def _trick_row(person: Person, trick: Trick, landing: Landing) -> list[Cell]:
    return [
        Cell(str(trick), address_of("clips:trick", trick.pk)),
        first_cell(landing.first),
        tries_cell(landing),
        counted(landing.n_landed, person=person.slug, trick=trick.slug, category=ClipCategory.TRICK.value),
    ]


def first_cell(first: Event | None) -> Cell:
    """Return the day on which something was landed first, with its clip."""
    if first is None:
        return Cell("", text=_("not yet"))
    return Cell(first.day, address_of("clips:clip", first.clip), date_format(first.day, "DATE_FORMAT"))


def tries_cell(landing: Landing) -> Cell:
    """Return a number of tries with their clips."""
    clips = [*landing.crashes_before, *([landing.first.clip] if landing.first else [])]
    return Cell(landing.n_tries, clips_at(clip=[str(clip) for clip in clips], sort="oldest"))


def _seasons(person: Person, seasons: dict[Season, OfSeason]) -> Table:
    rows = []
    for season, of in seasons.items():
        at = {"person": person.slug, "date_from": season.first_day, "date_to": season.last_day}
        new = [str(clip) for clip in of.new_tricks]
        rows.append([
            Cell(str(season), reverse("clips:season", args=[season.year])),
            counted(of.n_clips, **at),
            counted(of.n_landed, **at, category=ClipCategory.TRICK.value),
            Cell(len(of.tricks), clips_at(**at, category=ClipCategory.TRICK.value) if of.tricks else ""),
            counted(len(new), clip=new, sort="oldest"),
            counted(of.n_crashes, **at, category=ClipCategory.CRASH.value),
        ])  # fmt: skip
    heads = (_("Season"), _("Clips"), _("Landed"), _("Different tricks"), _("New tricks"), _("Crashes"))
    return Table("seasons", _("Seasons"), heads, rows)
