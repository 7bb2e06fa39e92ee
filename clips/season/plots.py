"""Measures what a page draws as SVG: bars and a calendar, in units of their own drawing."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.formats import date_format

from clips.season.seasons import Season
from clips.season.table import clips_at

WIDTH, HEIGHT = 600, 140
#: A lone bar is no wall.
WIDEST_BAR = 48
#: Above the calendar, for its months.
HEAD = 20
#: Of a day in the calendar, with the gap behind it.
DAY = 12
SIDE = 10
LEVELS = 4


@dataclass(frozen=True)
class Part:
    """One colour of a bar."""

    kind: str
    y: float
    height: float


@dataclass(frozen=True)
class Bar:
    label: str
    x: float
    width: float
    parts: list[Part]
    says: str
    url: str


@dataclass(frozen=True)
class Bars:
    """Bars beside each other, each of stacked parts; ``kinds`` are their names in order."""

    kinds: Sequence[tuple[str, str]]
    bars: list[Bar]
    top: str
    width: int = WIDTH
    height: int = HEIGHT


def bars(rows: Sequence[tuple[str, Sequence[float], str]], kinds: Sequence[tuple[str, str]], *, unit: str = "") -> Bars:
    """Return the drawing of rows: the label, a number for each kind, and the address behind the bar."""
    highest = max((sum(numbers) for _label, numbers, _url in rows), default=0) or 1
    step = WIDTH / max(1, len(rows))
    width = min(step * 0.8, WIDEST_BAR)
    scale = HEIGHT / highest
    drawn = []
    for place, (label, numbers, url) in enumerate(rows):
        y, parts = float(HEIGHT), []
        for (kind, _name), number in zip(kinds, numbers, strict=True):
            y -= number * scale
            parts.append(Part(kind, round(y, 1), round(number * scale, 1)))
        says = ", ".join(f"{name}: {number:g}" for (_kind, name), number in zip(kinds, numbers, strict=True))
        drawn.append(Bar(label, round((place + 0.5) * step - width / 2, 1), round(width, 1), parts, says, url))
    return Bars(kinds, drawn, f"{highest:g} {unit}".strip())


@dataclass(frozen=True)
class Day:
    x: int
    y: int
    level: int
    says: str
    url: str


@dataclass(frozen=True)
class Calendar:
    """A column a week, a row a day of it; ``months`` are the columns where one begins."""

    days: list[Day]
    #: The days without a clip, as one path.
    empty: str
    months: list[tuple[int, str]]
    width: int
    height: int
    day: int = DAY


def calendar(season: Season, n_clips: Mapping[dt.date, int]) -> Calendar:
    """Return the drawing of a season by the number of clips of each day."""
    most = max(n_clips.values(), default=0) or 1
    monday = season.first_day - dt.timedelta(days=season.first_day.weekday())
    days, empty, months = [], [], []
    for number in range((season.last_day - season.first_day).days + 1):
        day = season.first_day + dt.timedelta(days=number)
        week, row = divmod((day - monday).days, 7)
        if day.day == 1:
            months.append((week * DAY, date_format(day, "M")))
        x, y = week * DAY, HEAD + row * DAY
        if n := n_clips.get(day, 0):
            days.append(Day(x, y, -(-n * LEVELS // most), f"{day}: {n}", clips_at(date=day)))
        else:
            empty.append(f"M{x} {y}h{SIDE}v{SIDE}h-{SIDE}z")
    return Calendar(days, "".join(empty), months, (week + 1) * DAY, HEAD + 7 * DAY)
