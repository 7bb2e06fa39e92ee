"""Figures of a season: its days and months, what was filmed and kept, by which cameras, and who did it."""

import datetime as dt
from collections import Counter, defaultdict
from dataclasses import dataclass
from itertools import chain
from uuid import UUID

from django.db.models import Count, F, Min, QuerySet, Sum
from django.db.models.functions import TruncMonth
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from clips.models import ClipCategory, FinalClip, OriginalFile, Shoot
from clips.models.camera import camera_name
from clips.season.events import days_there_are, with_videos
from clips.season.plots import Bars, Calendar, bars, calendar
from clips.season.seasons import Season, last_day_of, month_of
from clips.season.table import Cell, Table, clips_at, counted
from clips.templatetags.session_text import clock, hours
from people.models import Person
from tricks.models import Trick
from trickyclip.shared.addresses import address_of

TRICK, CRASH = ClipCategory.TRICK.value, ClipCategory.CRASH.value


@dataclass(frozen=True)
class SeasonFigures:
    season: Season
    #: All that there are, the newest first.
    seasons: list[Season]
    n_clips: int
    filmed_ms: int
    kept_ms: int
    calendar: Calendar
    plot: Bars
    tricks_plot: Bars
    sessions: Table
    months: Table
    riders: Table
    cameras: Table
    keepers: Table

    @property
    def tables(self) -> list[Table]:
        return [self.sessions, self.months, self.riders, self.cameras, self.keepers]


def seasons_there_are() -> list[Season]:
    """Return the seasons in which somebody filmed, the newest first."""
    return sorted({Season.of(day) for day in days_there_are()}, reverse=True)


def figures_of(season: Season) -> SeasonFigures:
    """Return all that a season's page says, in a fixed number of queries."""
    span = {"date__gte": season.first_day, "date__lte": season.last_day}
    clips = FinalClip.objects.current().filter(**span).order_by()
    shoots = list(_shoots(season))
    by_day, by_shoot = _kept(clips)
    filmed_ms = _filmed_ms(shoots)
    filmed_on: Counter[dt.date] = Counter()
    for shoot in shoots:
        filmed_on[shoot.date] += filmed_ms.get(shoot.pk, 0)
    months = _Months(season, by_day, filmed_on, clips)
    return SeasonFigures(
        season=season,
        seasons=seasons_there_are(),
        n_clips=sum(of.n_clips for of in by_day.values()),
        filmed_ms=filmed_on.total(),
        kept_ms=sum(of.kept_ms for of in by_day.values()),
        calendar=calendar(season, {day: of.n_clips for day, of in by_day.items()}),
        plot=months.plot(),
        tricks_plot=months.tricks_plot(),
        sessions=_sessions(shoots, by_shoot, filmed_ms),
        months=months.table(),
        riders=_riders(season, clips),
        cameras=_cameras(season, clips),
        keepers=_keepers(season, clips),
    )


@dataclass
class _Day:
    n_clips: int = 0
    n_landed: int = 0
    n_crashes: int = 0
    kept_ms: int = 0


def _shoots(season: Season) -> QuerySet[Shoot]:
    span = {"date__gte": season.first_day, "date__lte": season.last_day}
    return with_videos().filter(**span).order_by("-date", "name")


def _kept(clips: QuerySet[FinalClip]) -> tuple[dict[dt.date, _Day], dict[UUID, _Day]]:
    """Return what was kept of each day, and of each session, in one query."""
    by_day: dict[dt.date, _Day] = defaultdict(_Day)
    by_shoot: dict[UUID, _Day] = defaultdict(_Day)
    rows = clips.values_list("date", "original_file__shoot", "category")
    for day, shoot, category, n, kept_ms in rows.annotate(n=Count("*"), kept_ms=Sum(F("end_ms") - F("start_ms"))):
        for of in (by_day[day], by_shoot[shoot]):
            of.n_clips += n
            of.kept_ms += kept_ms
            of.n_landed += n if category == TRICK else 0
            of.n_crashes += n if category == CRASH else 0
    return by_day, by_shoot


def _filmed_ms(shoots: list[Shoot]) -> dict[UUID, int]:
    videos = OriginalFile.objects.in_use().filter(low_res_of=None, shoot__in=shoots).order_by().values_list("shoot")
    return {shoot: filmed_ms or 0 for shoot, filmed_ms in videos.annotate(Sum("duration_ms"))}


class _Months:
    """Figures of each month of a season."""

    def __init__(self, season: Season, by_day: dict, filmed_ms: dict, clips: QuerySet[FinalClip]) -> None:
        self.months = season.months
        self.of: dict[dt.date, _Day] = defaultdict(_Day)
        self.filmed_ms: Counter[dt.date] = Counter()
        for day, of in by_day.items():
            month = self.of[month_of(day)]
            month.n_clips += of.n_clips
            month.n_landed += of.n_landed
            month.n_crashes += of.n_crashes
            month.kept_ms += of.kept_ms
        for day, ms in filmed_ms.items():
            self.filmed_ms[month_of(day)] += ms
        landed = clips.filter(category=TRICK).exclude(trick=None).annotate(month=TruncMonth("date"))
        self.n_tricks: Counter[dt.date] = Counter(
            month for month, _trick in landed.values_list("month", "trick").distinct()
        )
        self.new = _new_tricks(season)

    def table(self) -> Table:
        heads = (
            _("Month"), _("Clips"), _("Landed"), _("Crashes"), _("Different tricks"), _("New tricks"), _("Filmed"),
            _("Kept"),
        )  # fmt: skip
        rows = []
        for month in self.months:
            if not (self.of[month].n_clips or self.filmed_ms[month]):
                continue
            of, at = self.of[month], {"date_from": month, "date_to": last_day_of(month)}
            new = self.new[month]
            rows.append([
                Cell(f"{month:%Y-%m}", clips_at(**at), date_format(month, "M Y")),
                counted(of.n_clips, **at),
                counted(of.n_landed, **at, category=TRICK),
                counted(of.n_crashes, **at, category=CRASH),
                Cell(self.n_tricks[month], clips_at(**at, category=TRICK) if self.n_tricks[month] else ""),
                Cell(len(new), clips_at(**at, category=TRICK, trick=new) if new else ""),
                _length(self.filmed_ms[month], **at),
                _length(of.kept_ms, **at),
            ])  # fmt: skip
        hint = _("A new trick is one that nobody landed before. The CSV has minutes.")
        return Table("months", _("Months"), heads, rows, hint)

    def plot(self) -> Bars:
        rows = []
        for month in self.months:
            of = self.of[month]
            numbers = (of.n_landed, of.n_clips - of.n_landed - of.n_crashes, of.n_crashes)
            rows.append((date_format(month, "M"), numbers, clips_at(date_from=month, date_to=last_day_of(month))))
        return bars(rows, (("landed", _("Landed")), ("broll", _("B-roll")), ("crash", _("Crashes"))))

    def tricks_plot(self) -> Bars:
        rows = []
        for month in self.months:
            new = len(self.new[month])
            url = clips_at(date_from=month, date_to=last_day_of(month), category=TRICK)
            rows.append((date_format(month, "M"), (new, self.n_tricks[month] - new), url))
        return bars(rows, (("new", _("New tricks")), ("landed", _("Landed before"))))


def _new_tricks(season: Season) -> dict[dt.date, list[str]]:
    """Return by month the tricks, as addresses name them, that were landed for the first time by anybody."""
    landed = FinalClip.objects.current().filter(category=TRICK).exclude(trick=None).order_by()
    first = landed.values_list("trick").annotate(day=Min("date"))
    days = dict(first.filter(day__gte=season.first_day, day__lte=season.last_day))
    found: dict[dt.date, list[str]] = defaultdict(list)
    for pk, slug in Trick.objects.filter(pk__in=list(days)).order_by("slug").values_list("pk", "slug"):
        found[month_of(days[pk])].append(slug)
    return found


def _length(ms: int, **asked: object) -> Cell:
    return Cell(round(ms / 60_000, 1), clips_at(**asked) if ms else "", hours(ms) if ms >= 60_000 else clock(ms))


def _sessions(shoots: list[Shoot], kept: dict[UUID, _Day], filmed_ms: dict[UUID, int]) -> Table:
    table = []
    for shoot in shoots:
        of = kept[shoot.pk]
        table.append([
            Cell(shoot.date, clips_at(session=shoot.pk), date_format(shoot.date, "SHORT_DATE_FORMAT")),
            Cell(shoot.name, address_of("clips:session", shoot.pk)),
            counted(of.n_clips, session=shoot.pk),
            _length(filmed_ms.get(shoot.pk, 0), session=shoot.pk),
            _length(of.kept_ms, session=shoot.pk),
        ])  # fmt: skip
    heads = (_("Date"), _("Session"), _("Clips"), _("Filmed"), _("Kept"))
    return Table("sessions", _("Sessions"), heads, table)


def _within(season: Season) -> dict[str, dt.date]:
    return {"date_from": season.first_day, "date_to": season.last_day}


def _riders(season: Season, clips: QuerySet[FinalClip]) -> Table:
    n_clips, n_landed = Counter(), Counter()
    named = clips.exclude(person=None).values_list("person", "category").annotate(n=Count("*"))
    also = FinalClip.also.through.objects.filter(finalclip__in=clips.values("pk")).exclude(
        person=F("finalclip__person")
    )  # fmt: skip
    others = also.values_list("person", "finalclip__category").annotate(n=Count("*"))
    for person, category, n in chain(named, others):
        n_clips[person] += n
        n_landed[person] += n if category == TRICK else 0
    people = Person.objects.in_bulk(n_clips)
    rows = []
    for pk, n in sorted(n_clips.items(), key=lambda pair: (-pair[1], str(people[pair[0]]))):
        person, at = people[pk], {"person": people[pk].slug} | _within(season)
        rider = Cell(str(person), address_of("clips:rider", pk))
        rows.append([rider, counted(n, **at), counted(n_landed[pk], **at, category=TRICK)])
    return Table("riders", _("Riders"), (_("Rider"), _("Clips"), _("Landed")), rows)


def _cameras(season: Season, clips: QuerySet[FinalClip]) -> Table:
    rows = clips.values_list("camera_id").annotate(n=Count("*")).order_by("-n", "camera_id")
    cells = [
        [Cell(camera_name(camera)), counted(n, camera=camera, **_within(season))] for camera, n in rows
    ]  # fmt: skip
    return Table("cameras", _("Cameras"), (_("Camera"), _("Clips")), cells)


def _keepers(season: Season, clips: QuerySet[FinalClip]) -> Table:
    rows = clips.values_list("created_by__username").annotate(n=Count("*")).order_by("-n", "created_by__username")
    cells = [
        [Cell(name or _("former member")), counted(n, kept_by=name or "", **_within(season)) if name else Cell(n)]
        for name, n in rows
    ]
    return Table("sorters", _("Sorted by"), (_("Member"), _("Clips")), cells)
