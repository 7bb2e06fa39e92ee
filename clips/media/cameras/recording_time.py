"""Derives when a recording began from all the times in its file."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from clips.media.cameras import canon, clock
from clips.media.cameras.model import Camera
from clips.media.cameras.statement import Said

_APPLE = "com.apple.quicktime.creationdate"
_CREATION = "creation_time"
#: QuickTime's ``©day``, in which phones and some cameras write the offset of the place, too.
_DAY = "date"
#: Clips of this site bear true UTC, whatever their camera's clock meant.
_OURS = "com.trickyclip.clip"
#: Phones' clocks are set by the network.
_PHONES_TAGS = (_APPLE, "com.android.version")


@dataclass(frozen=True)
class _Shown:
    """A clock's reading, with its zone where the file has one."""

    at: datetime
    #: Minutes ahead of UTC; None where ``at`` is meant for UTC and the place is unknown.
    offset_min: int | None
    is_local: bool = False


def recorded(said: Said, tags: Mapping[str, str], made_by: Camera, gopro_offset_min: int | None) -> dict[str, Any]:
    """Return when the recording began in UTC, and the local offset from UTC where the file says so.

    Parameters
    ----------
    said : Said
        What the maker's own boxes say. They know it best.
    tags : mapping of str to str
        The container's, as FFmpeg gives them. Apple's own stays true when a phone exports a copy later. A plain
        creation time is meant for UTC and tells nothing of the place, but for cameras that write local time there.
    made_by : Camera
        For what its clock means.
    gopro_offset_min : int or None
        The zone in a GoPro's settings.

    Returns
    -------
    dict
        ``recorded_at`` (ISO 8601, or None), ``utc_offset_min``, ``clock_is_local`` (the wall clock's time stands in
        ``recorded_at`` as if it were UTC, because nobody knows the zone) and ``clock_shows`` (None, or what the clock
        showed where that cannot be: it was never set, lost its power, or lies in the future).
    """
    sets_itself = any(tag in tags for tag in _PHONES_TAGS)
    impossible = None
    for shown in _shown(said, tags, made_by, gopro_offset_min):
        with contextlib.suppress(OverflowError):  # the first and the last hours of all years
            moment = shown.at.astimezone(UTC)
            facts = {"utc_offset_min": shown.offset_min, "clock_is_local": shown.is_local}
            if clock.can_be_true(shown.at, sets_itself=sets_itself):
                return {"recorded_at": moment.isoformat(), **facts, "clock_shows": None}
            impossible = impossible or {"recorded_at": None, **facts, "clock_shows": moment.isoformat()}
    nothing = {"utc_offset_min": None, "clock_is_local": made_by.marks_local_time_as_utc, "clock_shows": None}
    return impossible or {"recorded_at": None, **nothing}


def _shown(said: Said, tags: Mapping[str, str], made_by: Camera, gopro_offset_min: int | None) -> Iterator[_Shown]:
    """Yield the reading of each clock in the file, the most reliable first."""
    created = _read(tags.get(_CREATION))
    own = said.recorded_at
    if own and made_by.make == "Canon":
        own = canon.moment(own, created)
    for moment in (_read(own), _read(tags.get(_APPLE))):
        if moment is not None and moment.tzinfo is not None:
            yield _Shown(moment, _offset_min(moment))
        elif moment is not None:
            yield _at_the_place(moment, said.utc_offset_min)
    day = _read(tags.get(_DAY))
    if day is not None and day.tzinfo is not None:
        yield _Shown(day, _offset_min(day))
    if created is None:
        return
    if created.tzinfo is None or (made_by.marks_local_time_as_utc and _OURS not in tags):
        yield _at_the_place(created, said.utc_offset_min)
    elif gopro_offset_min is None:
        yield _Shown(created, None)
    else:  # on its own clock, which begins again at its own midnight
        yield _Shown(created.astimezone(timezone(timedelta(minutes=gopro_offset_min))), gopro_offset_min)


def _at_the_place(moment: datetime, offset_min: int | None) -> _Shown:
    """Return a reading as local time: in true UTC where the zone is known, else as if local time were UTC."""
    if offset_min is None:
        return _Shown(moment.replace(tzinfo=UTC), None, is_local=True)
    return _Shown(moment.replace(tzinfo=timezone(timedelta(minutes=offset_min))), offset_min)


def _read(text: str | None) -> datetime | None:
    try:
        return datetime.fromisoformat(text.strip()) if text else None
    except ValueError:
        return None


def _offset_min(moment: datetime) -> int:
    offset = moment.utcoffset()
    return round(offset.total_seconds() / 60) if offset else 0
