"""Corrects recording times with the crew's camera settings, and groups the files of one recording.

A camera's clock is read as the camera means it, corrected by the crew's entry for that camera and day, and stored in
UTC with the local offset.
"""

import datetime as dt
import re
import zoneinfo
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from clips.media.cameras import copy_suffixes
from clips.media.cameras.filename_time import named_time
from clips.media.cameras.gopro import recording
from clips.media.cameras.timestamps import zone_min
from people.site_settings.registry import TIME_ZONE

if TYPE_CHECKING:
    from clips.models import CameraClock, OriginalFile, Shoot

#: What ``parts`` reads of each file.
PART_FIELDS = ("shoot_id", "camera_id", "camera_serial", "original_filename", "recorded_at", "duration_ms")
#: What a session has whose time zone nobody chose.
UNCHOSEN_ZONE = "UTC"
#: AVCHD numbers its clips, and begins a new one where a file may not grow further.
_AVCHD_NAME = re.compile(r"(?P<number>\d{5})\.(?:MTS|M2TS)", re.IGNORECASE)
#: Its times are whole seconds. Nobody ends a recording and begins the next one sooner.
_SAME_SECOND = dt.timedelta(seconds=1.2)
#: The chapters of one name follow each other; old cameras note the time of each a little late.
_CHAPTER_SLACK = dt.timedelta(seconds=5)
#: A file may bear the moment at which its recording began, or at which it ended.
_NAME_AGREES = dt.timedelta(seconds=5)
_QUARTER = dt.timedelta(minutes=15)
#: Makers whose models differ in what their clocks mean; that is seen by the local time in the files' names (DroneDB#23,
#: exiftool-vendored.js#113, Insta360Develop/Android-SDK#15).
_NAMED_BY_LOCAL_TIME = frozenset({"DJI", "Insta360"})


@dataclass(frozen=True)
class Moment:
    """Recording time of a file: in UTC, and the local offset if known."""

    recorded_at: dt.datetime | None
    utc_offset_min: int | None


@dataclass(frozen=True)
class Part:
    """The number of a file among the files of one recording, and how many there are."""

    number: int
    n_parts: int

    def __str__(self) -> str:
        return _("part %(number)s of %(n_parts)s") % {"number": self.number, "n_parts": self.n_parts}


def zone_of(shoot: "Shoot") -> zoneinfo.ZoneInfo:
    """Return the time zone of a session: its own, or else that of this site."""
    return zoneinfo.ZoneInfo(shoot.time_zone if shoot.time_zone != UNCHOSEN_ZONE else TIME_ZONE.value())


def camera_time(facts: Mapping[str, Any], zone: zoneinfo.ZoneInfo, filename: str = "") -> dt.datetime | None:
    """Return the local time on the camera's clock; ``facts`` are the probe's.

    As its file says it, else as the camera wrote it into the file's name. Some cameras mark the wall clock of the place
    as UTC. A phone tells the place's offset itself. A clock that cannot have been right is told as well: its correction
    counts from what it showed.
    """
    said = parse_datetime(facts.get("recorded_at") or "")
    if said is None:
        named = named_time(filename)
        if named and named.moment:
            return named.moment.astimezone(zone) if named.is_utc else named.moment.replace(tzinfo=zone)
        said = parse_datetime(facts.get("clock_shows") or "")
    if said is None:
        return None
    offset_min = facts.get("utc_offset_min")
    if offset_min is None:
        named_min = _named_offset_min(facts, filename)
        if facts.get("clock_is_local") or (named_min == 0 and facts.get("make") in _NAMED_BY_LOCAL_TIME):
            return said.replace(tzinfo=zone)
        offset_min = named_min or None
    return said.astimezone(zone if offset_min is None else dt.timezone(dt.timedelta(minutes=offset_min)))


def named_day(filename: str) -> dt.date | None:
    """Return the calendar day in a file's name; None if there is none."""
    named = named_time(filename)
    return named.day if named else None


def moments(files: Iterable["OriginalFile"], clocks: Iterable["CameraClock"]) -> dict[UUID, Moment]:
    """Return each file's recording time; ``files`` with their sessions, and all parts of each recording."""
    files = list(files)
    corrections = {(clock.camera_id, clock.serial, clock.day): clock.offset_s for clock in clocks}
    behind_s = _behind_first_part(files)
    return {file.pk: _moment(file, corrections, behind_s.get(file.pk, 0)) for file in files}


def parts(files: Iterable["OriginalFile"]) -> dict[UUID, Part]:
    """Return the part numbers of all split files; ``files`` are all of one session."""
    found: dict[UUID, Part] = {}
    files = list(files)
    for chapters in (*_recordings(files), *_avchd_recordings(files)):
        n_parts = max(chapter for chapter, _file in chapters)
        if n_parts > 1:
            found.update((file.pk, Part(chapter, n_parts)) for chapter, file in chapters)
    return found


def takes(files: Iterable["OriginalFile"]) -> list[list["OriginalFile"]]:
    """Return the files of each split recording that follow each other without a gap, in order; at least two each."""
    files, found = list(files), []
    for chapters in (*_recordings(files), *_avchd_recordings(files)):
        take: list[OriginalFile] = []
        last = 0
        for number, file in chapters:
            if not take or number != last + 1 or not _is_next(take[-1], file):
                take = []
                found.append(take)
            take.append(file)
            last = number
    return [take for take in found if len(take) > 1]


def next_part(file: "OriginalFile", alike: Iterable["OriginalFile"]) -> "OriginalFile | None":
    """Return the file that continues a recording; ``alike`` are those of the same camera and session."""
    alike = list(alike)
    for chapters in (*_recordings(alike), *_avchd_recordings(alike)):
        numbers = {one.pk: chapter for chapter, one in chapters}
        if file.pk in numbers:
            following = numbers[file.pk] + 1
            return next((one for chapter, one in chapters if chapter == following), None)
    return None


def _moment(file: "OriginalFile", corrections: Mapping[tuple[str, str, dt.date], int], behind_s: float) -> Moment:
    zone = zone_of(file.shoot)
    shown = camera_time(file.probe, zone, file.original_filename)
    if shown is None:
        return Moment(None, None)
    day = shown.date()
    offset_s = corrections.get((file.camera_id, file.camera_serial, day))
    if offset_s is None:
        offset_s = corrections.get((file.camera_id, "", day))
    if offset_s is None:
        if not _is_believed(file):
            return Moment(None, None)
        offset_s = 0
    recorded_at = shown.astimezone(dt.UTC) + dt.timedelta(seconds=offset_s + behind_s)
    return Moment(recorded_at, _utc_offset_min(file, zone, recorded_at))


def _is_believed(file: "OriginalFile") -> bool:
    """Return whether a file's recording time is usable without a correction of the camera's clock."""
    named = named_time(file.original_filename)
    return bool(file.probe.get("recorded_at") or (named and named.moment))


def _utc_offset_min(file: "OriginalFile", zone: zoneinfo.ZoneInfo, recorded_at: dt.datetime) -> int | None:
    facts = file.probe
    if (said := facts.get("utc_offset_min")) is not None:
        return int(said)
    if not facts.get("clock_is_local") and (named := _named_offset_min(facts, file.original_filename)):
        return named
    if zone.key == UNCHOSEN_ZONE:  # nobody has said where it was
        return None
    ahead = zone.utcoffset(recorded_at.astimezone(zone))
    return None if ahead is None else round(ahead.total_seconds() / 60)


def _named_offset_min(facts: Mapping[str, Any], filename: str) -> int | None:
    """Return how far the local time in a file's name is ahead of the time inside; None if that is no time zone."""
    said, named = parse_datetime(facts.get("recorded_at") or ""), named_time(filename)
    if said is None or named is None or named.moment is None or named.is_utc:
        return None
    ahead = named.moment - said.replace(tzinfo=None)
    for behind in (dt.timedelta(), dt.timedelta(milliseconds=facts.get("duration_ms") or 0)):
        offset = round((ahead + behind) / _QUARTER) * _QUARTER
        if abs(ahead + behind - offset) <= _NAME_AGREES:
            return zone_min(round(offset / dt.timedelta(minutes=1)))
    return None


def _behind_first_part(files: list["OriginalFile"]) -> dict[UUID, float]:
    """Return how many seconds after the first one the parts of a recording begin.

    Recent GoPros write the beginning of the whole recording into each of its parts; older ones write each part's own,
    and there nothing is added.
    """
    behind_s = {}
    for chapters in _recordings(files):
        elapsed_ms = 0
        for expected, (chapter, file) in enumerate(chapters, start=1):
            if chapter != expected or file.duration_ms is None:
                break  # without a part before it nobody knows how long that was
            if file.probe.get("recorded_at") == chapters[0][1].probe.get("recorded_at"):
                behind_s[file.pk] = elapsed_ms / 1000
            elapsed_ms += file.duration_ms
    return behind_s


def _recordings(files: Iterable["OriginalFile"]) -> list[list[tuple[int, "OriginalFile"]]]:
    """Return the chapters of each GoPro recording in order; numbers restart in another camera and session.

    Where two files are the same chapter, those with one copy's ending belong together, as those of another card do that
    were put into one folder.
    """
    found = defaultdict(list)
    for file in files:
        if name := recording(file.original_filename):
            found[*_camera_of(file), name.number, name.is_low_res].append((name, file))
    recordings = []
    for chapters in found.values():
        is_one = max(Counter(name.chapter for name, _file in chapters).values()) == 1
        by_ending = defaultdict(list)
        for name, file in chapters:
            by_ending["" if is_one else name.copy_ending].append((name.chapter, file))
        recordings += [sorted(each, key=lambda pair: pair[0]) for each in by_ending.values()]
    return recordings


def _avchd_recordings(files: Iterable["OriginalFile"]) -> list[list[tuple[int, "OriginalFile"]]]:
    """Return the consecutive numbered clips of each camcorder as chapters from 1 on."""
    found: dict[tuple[object, ...], dict[int, OriginalFile]] = defaultdict(dict)
    for file in files:
        path = PurePath(file.original_filename)
        if name := _AVCHD_NAME.fullmatch(copy_suffixes.split(path.stem)[0] + path.suffix):
            found[_camera_of(file)][int(name["number"])] = file
    recordings: list[list[tuple[int, OriginalFile]]] = []
    for clips in found.values():
        for number, file in sorted(clips.items()):
            if (before := clips.get(number - 1)) and _goes_on(before, file):
                recordings[-1].append((len(recordings[-1]) + 1, file))
            else:
                recordings.append([(1, file)])
    return recordings


def _is_next(before: "OriginalFile", after: "OriginalFile") -> bool:
    """Return whether a chapter begins where the one before it ends, as far as is known."""
    if before.duration_ms is None:
        return False
    return None in (before.recorded_at, after.recorded_at) or _goes_on(before, after, _CHAPTER_SLACK)


def _goes_on(before: "OriginalFile", after: "OriginalFile", slack: dt.timedelta = _SAME_SECOND) -> bool:
    if before.recorded_at is None or after.recorded_at is None or before.duration_ms is None:
        return False
    ended_at = before.recorded_at + dt.timedelta(milliseconds=before.duration_ms)
    return abs(after.recorded_at - ended_at) <= slack


def _camera_of(file: "OriginalFile") -> tuple[UUID, str, str]:
    return file.shoot_id, file.camera_id, file.camera_serial
