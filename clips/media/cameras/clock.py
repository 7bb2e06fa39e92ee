"""Knows which cameras write local time into UTC fields, and rejects clock times that cannot be right."""

import datetime as dt
import re
from dataclasses import dataclass

#: Cameras' epochs lie before: 1904 (QuickTime), 1970 (UNIX), 1980 (FAT).
_FIRST_TRUE_YEAR = 1990
#: The first of January of these years is what a clock without power begins again with, and still shows that evening:
#: 2015 and 2016 in GoPros and in others of their time (SJCAM's M20: softsolder.com, 2018-05-25), 2000 in clock chips.
_RESET_YEARS = frozenset({2000, 2015, 2016})
#: Other firmwares begin with a first of January of their own. That is told from a true one by the first hour alone.
_RESET_HOURS = 1


@dataclass(frozen=True)
class LocalClock:
    """Cameras of one maker that write local time into fields meant for UTC."""

    make: re.Pattern[str]
    #: Which of its models; None for all.
    model: re.Pattern[str] | None = None


#: Others are believed. Where a file tells its zone beside its time, that is read (``makers``), and no guess is needed.
LOCAL_CLOCKS = (
    # No GoPro knew time zones before the HERO11: gopro/labs#5, blog.mono0x.net of 2021-11-03.
    LocalClock(re.compile("GoPro"), re.compile(r"HERO ?(\d|10)\b|MAX$|Fusion", re.IGNORECASE)),
    # piwigo-videojs#98, pulsejet/memories#1256, immich#13009 (a Z30; its own tag 0x19 tells the zone).
    LocalClock(re.compile("nikon", re.IGNORECASE)),
    # ExifTool's note on QuickTime's times (digital cameras often store local time). Where a Canon's Exif beside it
    # shows that it is UTC (PowerShots: photoprism#2640), ``canon`` finds the zone.
    LocalClock(re.compile("canon", re.IGNORECASE)),
)


def shows_local_time(make: str | None, model: str | None) -> bool:
    """Return whether a camera writes local time into a field meant for UTC."""
    return any(
        one.make.match(make or "") is not None and (one.model is None or one.model.match(model or "") is not None)
        for one in LOCAL_CLOCKS
    )


def can_be_true(shown: dt.datetime, *, now: dt.datetime | None = None, sets_itself: bool = False) -> bool:
    """Return whether a clock may have been right when it showed this time.

    Parameters
    ----------
    shown : datetime
        As it was shown; a zone is not looked at.
    now : datetime, optional
        In UTC; that of this machine unless given.
    sets_itself : bool
        Whether the network sets it, as a phone's; then midnight of New Year's Day is one as any other.

    Returns
    -------
    bool
        False for a clock that was never set or lost its power, and for one beyond tomorrow.
    """
    now = now or dt.datetime.now(dt.UTC)
    if shown.year < _FIRST_TRUE_YEAR or shown.date() > now.date() + dt.timedelta(days=1):
        return False
    if sets_itself or (shown.month, shown.day) != (1, 1) or shown.year == now.year:
        return True
    return shown.year not in _RESET_YEARS and shown.hour >= _RESET_HOURS
