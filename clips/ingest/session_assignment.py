"""Assigns a file that came without a session to one: by its own day, and by the gap to other recordings."""

import datetime as dt
import re
from collections.abc import Sequence

from django.utils import timezone, translation
from django.utils.formats import date_format

from clips.archive.naming import ORIGINALS, ROOT
from clips.jobs import locks
from clips.media.cameras import clock
from clips.models import CameraClock, OriginalFile, Shoot, Upload, recording
from people.naming.spelling import clean_name
from people.site_settings.registry import SITE_LANGUAGE
from people.site_settings.zone import zone

#: Longer than the way to the next spot with a meal between, shorter than a night's sleep.
LONGEST_GAP = dt.timedelta(hours=4)
#: What is filmed before this hour, by the clock of the place, belongs to the night that began the day before.
NIGHT_ENDS_HOUR = 4
#: No camera writes one file for longer; older files than this before a gap need not be looked at.
LONGEST_FILE = dt.timedelta(hours=12)
#: A card is read within so long.
SAME_CARD = dt.timedelta(hours=12)
#: A clock that loses its power begins again at the same day each time. The correction of one outage is not that of the
#: next, so it leads to no session that is older than this.
SAME_OUTAGE = dt.timedelta(days=14)
MAX_NAME_CHARS = 100
#: What cameras call their folders, and the archive those around its sessions; nobody means a session by them.
_NO_SESSION = re.compile(
    r"DCIM|\d{3}[A-Z0-9_]{3,5}|DJI_\d+|PRIVATE|M4ROOT|AVCHD|BDMV|STREAM|CLIP|CLIPS|MISC|VIDEO|MP_ROOT|XDROOT"
    r"|SUB|GENERAL|THMBNL|CONTENTS|PROXY|CAMERA\d*|PANA_GRP|CANONMSC"
    rf"|{ROOT}|{ORIGINALS}|20\d\d",
    re.IGNORECASE,
)
_DATED = re.compile(r"(?P<date>\d{4}-\d\d-\d\d)(?:[\s_-]+(?P<name>.*))?")


def named_by(folders: Sequence[str]) -> tuple[str, dt.date | None]:
    """Return the session name and date in the folder names around a file, as ``2024-12-01 - Backyard Rails``."""
    told = next((name for name in folders if name.strip() and not _NO_SESSION.fullmatch(name)), "")
    name = clean_name(told)
    if found := _DATED.fullmatch(name):
        try:
            return (found["name"] or "").strip()[:MAX_NAME_CHARS], dt.date.fromisoformat(found["date"])
        except ValueError:
            pass  # the 31st of February is a name like any other
    return name[:MAX_NAME_CHARS], None


def session_for(upload: Upload, facts: dict) -> tuple[Shoot, dict]:
    """Return the session of an upload and its recording time, as fields of its original.

    Call it in the transaction that makes the original, after ``hold_sessions``.
    """
    moment, when = _recorded(upload, facts)
    if upload.shoot is not None:
        return upload.shoot.or_namesake(), when
    shoots = Shoot.objects.in_use()
    if upload.session_name:
        shoots = shoots.filter(name__iexact=upload.session_name)
    named_day = None if when else recording.named_day(upload.original_filename)
    day = upload.session_date or named_day or own_day(moment or timezone.localtime())
    found = None
    if upload.session_date is None and moment is not None and not named_day:
        found = _near(moment, dt.timedelta(milliseconds=facts["duration_ms"]), shoots)
    elif upload.session_date is None and not named_day and upload.session_name:
        found = _filled_lately(shoots)
    found = found or shoots.filter(date=day).order_by("created_at").first()
    with translation.override(SITE_LANGUAGE.value()):
        return found or Shoot.objects.called(upload.session_name or date_format(day, "l"), day), when


def hold_sessions(upload: Upload) -> None:
    """Lock out other session searches until the transaction ends, or two files of one evening each begin one.

    Call it before any row is locked: whoever waits here holds up nobody. A file whose session was named when it was
    sent looks for none.
    """
    if upload.shoot_id is None:
        locks.hold(locks.Lock.SESSION)


def own_day(moment: dt.datetime) -> dt.date:
    """Return the day of a moment for those who film at night."""
    return (moment - dt.timedelta(hours=NIGHT_ENDS_HOUR)).date()


def _recorded(upload: Upload, facts: dict) -> tuple[dt.datetime | None, dict]:
    """Return the local time by which a file is assigned to a session, and the time that its original may state.

    A file that does not say when it was recorded was changed last when its recording ended; that is kept by cards and
    by programs that synchronise, and good enough for a day, but no fact to be written down. A camera whose clock lost
    its power dates its card's files by that clock, too: then there is no moment.
    """
    shoot = upload.shoot or Shoot()
    file = OriginalFile(
        shoot=shoot, camera_id=facts["camera_id"], camera_serial=facts.get("serial") or "",
        original_filename=upload.original_filename, duration_ms=facts["duration_ms"], probe=facts,
    )  # fmt: skip
    clocks = CameraClock.objects.filter(camera_id=file.camera_id)
    moment = recording.moments([file], clocks)[file.pk]
    is_outage = facts.get("clock_shows") and recording.named_day(upload.original_filename) is None
    if moment.recorded_at is not None and not (is_outage and moment.recorded_at < timezone.now() - SAME_OUTAGE):
        file.recorded_at, file.utc_offset_min = moment.recorded_at, moment.utc_offset_min
        return file.recorded_locally, {"recorded_at": moment.recorded_at, "utc_offset_min": moment.utc_offset_min}
    ended_at = (upload.modified_at or timezone.now()).astimezone(zone())
    if not clock.can_be_true(ended_at):
        return None, {}
    return ended_at - dt.timedelta(milliseconds=facts["duration_ms"]), {}


def _filled_lately(shoots) -> Shoot | None:
    """Return the newest session that got a file lately: that of the other files of the same card."""
    lately = timezone.now() - SAME_CARD
    return shoots.filter(files__created_at__gte=lately).order_by("-date", "created_at").first()


def _near(moment: dt.datetime, length: dt.timedelta, shoots) -> Shoot | None:
    """Return the session of the recording nearest in time to this one, if the gap is short."""
    around = (moment - LONGEST_GAP - LONGEST_FILE, moment + length + LONGEST_GAP)
    files = OriginalFile.objects.in_use().filter(shoot__in=shoots, recorded_at__range=around).select_related("shoot")
    gaps = []
    for file in files.only("recorded_at", "duration_ms", "shoot"):
        ended_at = file.recorded_at + dt.timedelta(milliseconds=file.duration_ms or 0)
        gap = max(file.recorded_at - (moment + length), moment - ended_at, dt.timedelta())
        gaps.append((gap, file.shoot))
    gap, shoot = min(gaps, key=lambda found: found[0], default=(LONGEST_GAP, None))
    return shoot if gap < LONGEST_GAP else None
