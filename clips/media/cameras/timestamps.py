"""Parses times that cameras write as text: Exif, AVI and binary-coded decimals."""

import datetime as dt
import re

_MONTHS = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
    "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
}  # fmt: skip
#: "Mon Mar 10 15:04:43 2003" of C's asctime (Canon, Casio, Sony), also with a comma or the year in front of the time.
_IN_WORDS = re.compile(
    r"(?:[a-z]{3,9},? +)?(?P<month>[a-z]{3})[a-z]* +(?P<day>\d\d?),? +(?:(?P<year>\d{4}) +)?"
    r"(?P<hour>\d\d?):(?P<minute>\d\d):(?P<second>\d\d)(?: +(?P<late_year>\d{4}))?",
    re.IGNORECASE,
)
#: "2024:01:16 12:34:56" (Exif), "2005/08/09 22:25" (Pentax), "2001/ 1/27  1:42PM" (Casio), "2002-12-16T15:35:01".
_IN_DIGITS = re.compile(
    r"(?P<year>\d{4})[-:/.] ?(?P<month>\d\d?)[-:/.] ?(?P<day>\d\d?)[/T]?\s*"
    r"(?P<hour>\d\d?): ?(?P<minute>\d\d)(?:: ?(?P<second>\d\d))?\s*(?P<half>[AP]M?)?",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"([+-])(\d\d):?(\d\d)")
MAX_OFFSET_MIN = 14 * 60


def written_time(text: str) -> dt.datetime | None:
    """Return the local time in a text, without a zone; None if it holds no time.

    The forms are those that ExifTool knows of AVI (RIFF, ``IDIT``), and Exif's own.
    """
    found = _IN_DIGITS.match(text.strip()) or _IN_WORDS.match(text.strip())
    if found is None:
        return None
    parts = found.groupdict()
    hour = int(parts["hour"])
    if half := parts.get("half"):
        hour = hour % 12 + (12 if half[0] in "pP" else 0)
    month = parts["month"]
    try:
        return dt.datetime(  # noqa: DTZ001 - the wall clock's, whose zone is told elsewhere or nowhere
            int(parts.get("late_year") or parts["year"] or 0),
            int(month) if month.isdigit() else _MONTHS.get(month.lower(), 0),
            int(parts["day"]), hour, int(parts["minute"]), int(parts["second"] or 0),
        )  # fmt: skip
    except ValueError:
        return None


def written_offset_min(text: str) -> int | None:
    """Return the minutes ahead of UTC in an Exif offset such as "+09:00"; None for anything else."""
    found = _OFFSET.fullmatch(text.strip())
    if found is None:
        return None
    return zone_min(int(f"{found[1]}1") * (int(found[2]) * 60 + int(found[3])))


def zone_min(minutes: int) -> int | None:
    """Return an offset from UTC; None if no place on earth has it, as where a camera writes "not set"."""
    return minutes if abs(minutes) <= MAX_OFFSET_MIN else None


def iso(shown: dt.datetime, offset_min: int | None) -> str:
    """Return a moment in ISO 8601, with its offset where that is known."""
    if offset_min is None:
        return shown.isoformat()
    return shown.replace(tzinfo=dt.timezone(dt.timedelta(minutes=offset_min))).isoformat()
