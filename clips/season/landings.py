"""Tells from the clips of a trick when it was landed first, and how often it was tried before. Knows no rows."""

import datetime as dt
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from clips.season.seasons import Season


@dataclass(frozen=True)
class Event:
    """A clip as something that happened."""

    clip: UUID
    day: dt.date
    trick: Hashable
    is_landed: bool
    is_crash: bool
    length_ms: int = 0


@dataclass
class Landing:
    """A trick of a rider: the first clip in which it is landed, and the crashes before that."""

    first: Event | None = None
    n_landed: int = 0
    crashes_before: list[UUID] = field(default_factory=list)

    @property
    def n_tries(self) -> int:
        """Tries until it was landed, that one included; those so far while it was not."""
        return len(self.crashes_before) + (self.first is not None)


def landings(events: Iterable[Event]) -> dict[Hashable, Landing]:
    """Return the landing of each trick; ``events`` are in the order in which they happened."""
    found: dict[Hashable, Landing] = {}
    for event in events:
        if event.trick is None or not (event.is_landed or event.is_crash):
            continue
        landing = found.setdefault(event.trick, Landing())
        if event.is_landed:
            landing.first = landing.first or event
            landing.n_landed += 1
        elif landing.first is None:
            landing.crashes_before.append(event.clip)
    return found


def streaks(days: Iterable[dt.date], all_days: Iterable[dt.date]) -> tuple[int, int]:
    """Return how many of the crew's days in a row somebody was in clips: up to the last day, and at most."""
    there = set(days)
    now = longest = 0
    for day in sorted({*all_days, *there}):
        now = now + 1 if day in there else 0
        longest = max(longest, now)
    return now, longest


@dataclass
class OfSeason:
    """A rider's clips, tricks and crashes of one season."""

    n_clips: int = 0
    n_landed: int = 0
    n_crashes: int = 0
    tricks: set[Hashable] = field(default_factory=set)
    new_tricks: list[UUID] = field(default_factory=list)


def by_season(events: Iterable[Event], landed: dict[Hashable, Landing]) -> dict[Season, OfSeason]:
    """Return what was done in each season, the newest first."""
    found: dict[Season, OfSeason] = {}
    for event in events:
        of = found.setdefault(Season.of(event.day), OfSeason())
        of.n_clips += 1
        of.n_crashes += event.is_crash
        if event.is_landed:
            of.n_landed += 1
            of.tricks |= {event.trick} - {None}
    for landing in landed.values():
        if landing.first:
            found[Season.of(landing.first.day)].new_tricks.append(landing.first.clip)
    return dict(sorted(found.items(), reverse=True))
