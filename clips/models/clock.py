"""Formats and parses places in a video as people write them: 0:41, 1:02.5, 1:02:03."""

import re
from decimal import Decimal

NOTHING = "–"
_WRITTEN = re.compile(r"(?:(?:(\d{1,3}):)?(\d{1,4}):)?(\d{1,6})(?:[.,](\d{1,6}))?", re.ASCII)


def clock(duration_ms: int | None) -> str:
    """Return a duration or a place in a video: 0:41, or 1:02:03 from an hour on; a dash for None."""
    if duration_ms is None:
        return NOTHING
    minutes, seconds = divmod(duration_ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def exact_clock(place_ms: int) -> str:
    """Return a place in a video to the millisecond: 0:41.250."""
    return f"{clock(place_ms)}.{place_ms % 1000:03d}"


def read_clock(text: str) -> int:
    """Return the milliseconds of a text such as 1:02:03.5, 1:02.5, 62.5 or 62,5.

    Raises
    ------
    ValueError
        If the text is none of these, or counts 60 or more seconds or minutes beside a larger unit.
    """
    written = _WRITTEN.fullmatch(text.strip())
    if written is None:
        raise ValueError(text)
    hours, minutes, seconds = (int(number or 0) for number in written.groups()[:3])
    if (written[2] and seconds >= 60) or (written[1] and minutes >= 60):
        raise ValueError(text)
    fraction_ms = round(Decimal(f"0.{written[4] or 0}") * 1000)
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + fraction_ms
