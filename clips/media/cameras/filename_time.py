"""Reads the date and time that a camera, phone or messenger wrote into a file's name."""

import datetime as dt
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath

from clips.media.cameras import clock

#: 20240116_123456, 20240116123456789, 2024-01-16 at 3.15.23 PM, 2024_0116_100311, or the day alone. Between a day and
#: a time that is written with signs may stand a short word of whatever language.
_DATED = re.compile(
    r"""(?<!\d)(?P<year>(?:19|20)\d\d)[-_. ]?(?P<month>\d\d)[-_. ]?(?P<day>\d\d)
    (?:
        [-_.T ]?(?P<clock>\d{6})(?:\d{3})?
        |(?:[-_.T ]|[ _][^\d]{1,12}?[ _])(?P<hour>\d\d?)[-_.:h](?P<minute>\d\d)[-_.:m](?P<second>\d\d)
        (?:[-_.]\d{3})?(?:[ ]?(?P<half>[AP])M\b)?
    )?
    (?!\d)(?P<utc>Z\b)?""",
    re.IGNORECASE | re.VERBOSE,
)
#: 16.01.2024; with dots only, for 01/02 is January in one country and February in another.
_DAY_FIRST = re.compile(r"(?<!\d)(?P<day>\d\d)\.(?P<month>\d\d)\.(?P<year>(?:19|20)\d\d)(?!\d)")
#: A screen recording of iOS: seconds since 1970.
_REPLAY = re.compile(r"RPReplay_Final(?P<seconds>\d{10})(?!\d)")
#: Pixel phones write UTC (Google's camera: PXL_20220831_003137144 was filmed at 8:31 pm of the day before, UTC-4).
_UTC_NAME = re.compile(r"PXL_|GMT(?=\d)", re.IGNORECASE)
#: When a message was sent or saved is no time of recording, but most often the day.
_MESSENGER = re.compile(r"-WA\d{4}|WhatsApp|signal-|video_\d{4}-|telegram", re.IGNORECASE)


@dataclass(frozen=True)
class NamedTime:
    """The recording time in a file's name."""

    day: dt.date
    #: When recording began; None where only the day is told.
    time: dt.time | None = None
    is_utc: bool = False

    @property
    def moment(self) -> dt.datetime | None:
        """Date and time together: UTC if the name is in UTC, else without a zone. None without a time."""
        if self.time is None:
            return None
        return dt.datetime.combine(self.day, self.time, tzinfo=dt.UTC if self.is_utc else None)


def named_time(filename: str, *, now: dt.datetime | None = None) -> NamedTime | None:
    """Return the recording time in a file name such as "VID_20240116_123456.mp4"; None if there is none.

    Digits that are no day ("20241350"), a day beyond tomorrow and one of a clock that was not set are nothing.
    """
    name = unicodedata.normalize("NFKC", PurePath(filename.replace("\\", "/")).name)  # hard spaces are spaces
    for found in _readings(name):
        shown = found.moment.replace(tzinfo=None) if found.moment else dt.datetime.combine(found.day, dt.time(12))
        # A day alone comes from a phone, which the network sets.
        if clock.can_be_true(shown, now=now, sets_itself=found.time is None):
            return found
    return None


def _readings(name: str) -> Iterator[NamedTime]:
    if found := _REPLAY.search(name):
        moment = dt.datetime.fromtimestamp(int(found["seconds"]), dt.UTC)
        yield NamedTime(moment.date(), moment.time(), is_utc=True)
    for found in (*_DATED.finditer(name), *_DAY_FIRST.finditer(name)):
        try:
            day = dt.date(int(found["year"]), int(found["month"]), int(found["day"]))
        except ValueError:  # digits, but no day
            continue
        time = None if _MESSENGER.search(name) or found.re is _DAY_FIRST else _time(found)
        is_utc = time is not None and bool(found["utc"] or _UTC_NAME.match(name))
        yield NamedTime(day, time, is_utc)


def _time(found: re.Match[str]) -> dt.time | None:
    try:
        if found["clock"]:
            return dt.datetime.strptime(found["clock"], "%H%M%S").time()  # noqa: DTZ007 - whose zone, the name tells
        if found["hour"] is None:
            return None
        hour = int(found["hour"])
        if found["half"]:
            hour = hour % 12 + (12 if found["half"].upper() == "P" else 0)
        return dt.time(hour, int(found["minute"]), int(found["second"]))
    except ValueError:  # digits, but no time
        return None
