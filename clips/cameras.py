"""What a crew knows of its cameras, applied to what files say: when they were recorded, which parts belong together.

A camera's clock is read as the camera means it, put right by the crew's correction for that camera and day, and kept
in UTC with the place's offset from it.
"""

import datetime as dt
import zoneinfo
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.conf import settings
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from clips.media.gopro import Recording, recording

if TYPE_CHECKING:
    from clips.models import CameraClock, OriginalFile, Shoot

#: What ``parts`` reads of each file.
PART_FIELDS = ("shoot_id", "camera_id", "camera_serial", "original_filename")
#: What a session has whose time zone nobody chose.
UNCHOSEN_ZONE = "UTC"


@dataclass(frozen=True)
class Moment:
    """When a file was recorded: in UTC, and how far the clocks of the place were ahead of it, where that is known."""

    recorded_at: dt.datetime | None
    utc_offset_min: int | None


@dataclass(frozen=True)
class Part:
    """Which of how many files of one recording a file is."""

    number: int
    n_parts: int

    def __str__(self) -> str:
        return _("part %(number)s of %(n_parts)s") % {"number": self.number, "n_parts": self.n_parts}


def zone_of(shoot: "Shoot") -> zoneinfo.ZoneInfo:
    """Return the time zone of a session: its own, or where nobody chose one, that of this site."""
    return zoneinfo.ZoneInfo(shoot.time_zone if shoot.time_zone != UNCHOSEN_ZONE else settings.TIME_ZONE)


def camera_time(facts: Mapping[str, Any], zone: zoneinfo.ZoneInfo) -> dt.datetime | None:
    """Return what the camera's clock showed where it recorded, as its file says it; ``facts`` are the probe's.

    A GoPro before the HERO11 marks the wall clock of the place as UTC. A phone tells the place's offset itself.
    """
    said = parse_datetime(facts.get("recorded_at") or "")
    if said is None:
        return None
    if facts.get("clock_is_local"):
        return said.replace(tzinfo=zone)
    offset_min = facts.get("utc_offset_min")
    return said.astimezone(zone if offset_min is None else dt.timezone(dt.timedelta(minutes=offset_min)))


def moments(files: Iterable["OriginalFile"], clocks: Iterable["CameraClock"]) -> dict[UUID, Moment]:
    """Return for each file when it was recorded; ``files`` with their sessions, and all parts of each recording."""
    files = list(files)
    corrections = {(clock.camera_id, clock.serial, clock.day): clock.offset_s for clock in clocks}
    behind_s = _behind_first_part(files)
    return {file.pk: _moment(file, corrections, behind_s.get(file.pk, 0)) for file in files}


def parts(files: Iterable["OriginalFile"]) -> dict[UUID, Part]:
    """Return which part of its recording each file is, of those that are split; ``files`` are all of one session."""
    found = {}
    for chapters in _recordings(files).values():
        if len(chapters) > 1 or chapters[0][0].chapter > 1:
            n_parts = max(name.chapter for name, _file in chapters)
            found.update((file.pk, Part(name.chapter, n_parts)) for name, file in chapters)
    return found


def _moment(file: "OriginalFile", corrections: Mapping[tuple, int], behind_s: float) -> Moment:
    zone = zone_of(file.shoot)
    shown = camera_time(file.probe, zone)
    if shown is None:
        return Moment(None, None)
    day = shown.date()
    offset_s = corrections.get((file.camera_id, file.camera_serial, day))
    if offset_s is None:
        offset_s = corrections.get((file.camera_id, "", day), 0)
    recorded_at = shown.astimezone(dt.UTC) + dt.timedelta(seconds=offset_s + behind_s)
    return Moment(recorded_at, _utc_offset_min(file.probe, zone, recorded_at))


def _utc_offset_min(facts: Mapping[str, Any], zone: zoneinfo.ZoneInfo, recorded_at: dt.datetime) -> int | None:
    if (said := facts.get("utc_offset_min")) is not None:
        return said
    if zone.key == UNCHOSEN_ZONE:  # nobody has said where it was
        return None
    return round(recorded_at.astimezone(zone).utcoffset().total_seconds() / 60)


def _behind_first_part(files: list["OriginalFile"]) -> dict[UUID, float]:
    """Return by how many seconds the parts of a recording begin after the first one.

    Recent GoPros write the beginning of the whole recording into each of its parts; older ones write each part's own,
    and there nothing is added.
    """
    behind_s = {}
    for chapters in _recordings(files).values():
        elapsed_ms = 0
        for expected, (name, file) in enumerate(chapters, start=1):
            if name.chapter != expected or file.duration_ms is None:
                break  # without a part before it nobody knows how long that was
            if file.probe.get("recorded_at") == chapters[0][1].probe.get("recorded_at"):
                behind_s[file.pk] = elapsed_ms / 1000
            elapsed_ms += file.duration_ms
    return behind_s


def _recordings(files: Iterable["OriginalFile"]) -> dict[tuple, list[tuple[Recording, "OriginalFile"]]]:
    """Return the files of each recording in order; numbers begin again in another camera and another session."""
    found = defaultdict(list)
    for file in files:
        if name := recording(file.original_filename):
            camera = (file.shoot_id, file.camera_id, file.camera_serial)
            found[*camera, name.number, name.is_low_res].append((name, file))
    return {key: sorted(chapters, key=lambda pair: pair[0].chapter) for key, chapters in found.items()}
