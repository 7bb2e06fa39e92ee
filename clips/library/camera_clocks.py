"""Corrects camera clocks after saying what that changes, and gives cameras the crew's names."""

import copy
import datetime as dt
from dataclasses import dataclass
from functools import partial

from django.db import transaction
from django.db.models import Count, Max
from django.db.models.fields.json import KT
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from clips.jobs import pipeline
from clips.library.clock_faults import ClockFault, fault_of
from clips.models import CameraClock, CameraName, OriginalFile, recording
from people.audit import Action, note

#: Videos without a date that are looked at for the faults of their cameras' clocks.
MOST_FAULTY = 200


@dataclass(frozen=True)
class Change:
    """The recording time of one video before and after a correction, as a local clock shows it."""

    file: OriginalFile
    before: dt.datetime | None
    after: dt.datetime | None


@dataclass
class Camera:
    """One camera that videos came from, or all of a kind that say no serial number."""

    camera_id: str
    serial: str
    n_files: int
    last: dt.datetime | None
    model: str
    #: The crew's name for exactly this one.
    name: str
    clocks: list[CameraClock]
    faults: list[ClockFault]


def cameras() -> list[Camera]:
    """Return all cameras, the most used first, with names, corrections and faults of their clocks."""
    rows = OriginalFile.objects.in_use().order_by().values("camera_id", "camera_serial")
    rows = rows.annotate(n=Count("pk"), last=Max("recorded_at"), model=Max(KT("probe__model")))
    names = {(row.camera_id, row.serial): row.name for row in CameraName.objects.all()}
    clocks, faults = list(CameraClock.objects.all()), _faults()
    found = []
    for row in rows.order_by("-n", "camera_id", "camera_serial"):
        key = row["camera_id"], row["camera_serial"]
        own = [clock for clock in clocks if clock.camera_id == key[0] and clock.serial in {"", key[1]}]
        found.append(
            Camera(*key, row["n"], row["last"], row["model"] or "", names.get(key, ""), own, faults.get(key, []))
        )
    return found


def changes_of(clock: CameraClock) -> list[Change]:
    """Return what a correction, saved or not, is going to change in the times of videos."""
    of_camera = OriginalFile.objects.filter(camera_id=clock.camera_id, probe__has_key="recorded_at")
    files = list(of_camera.select_related("shoot"))
    others = CameraClock.objects.filter(camera_id=clock.camera_id).exclude(serial=clock.serial, day=clock.day)
    found = recording.moments(files, [*others, clock])
    changes = []
    for file in files:
        moment = found[file.pk]
        if file.recorded_at != moment.recorded_at:
            after = copy.copy(file)
            after.recorded_at, after.utc_offset_min = moment.recorded_at, moment.utc_offset_min
            changes.append(Change(file, _wall(file), _wall(after)))
    return sorted(changes, key=lambda change: (str(change.after), change.file.original_filename))


@transaction.atomic
def correct(clock: CameraClock) -> tuple[CameraClock, int | None, int]:
    """Save a correction and put times right; return it, the offset it replaced, and how many videos changed."""
    key = {"camera_id": clock.camera_id, "serial": clock.serial, "day": clock.day}
    before = CameraClock.objects.select_for_update().filter(**key).values_list("offset_s", flat=True).first()
    saved, _is_new = CameraClock.objects.update_or_create(**key, defaults={"offset_s": clock.offset_s})
    note(Action.ADDED if before is None else Action.CHANGED, saved, offset_s=saved.offset_s, before=before)
    return saved, before, place_in_time(clock.camera_id)


@transaction.atomic
def put_back(clock: CameraClock, offset_s: int | None) -> int:
    """Give a correction the offset that it had before, or remove it for None; return how many videos changed."""
    note(Action.DELETED if offset_s is None else Action.CHANGED, clock, offset_s=offset_s, before=clock.offset_s)
    if offset_s is None:
        clock.delete()
    else:
        CameraClock.objects.filter(pk=clock.pk).update(offset_s=offset_s)
    return place_in_time(clock.camera_id)


def place_in_time(*camera_ids: str) -> int:
    """Update the times of these cameras' videos; return how many changed."""
    return OriginalFile.objects.filter(camera_id__in=camera_ids).place_in_time()


@transaction.atomic
def name_camera(camera_id: str, serial: str, name: str) -> None:
    """Give a camera the crew's name, or take it away with an empty one; clips are found by it soon after."""
    rows = CameraName.objects.filter(camera_id=camera_id, serial=serial)
    before = rows.select_for_update().first()
    if name:
        row, _is_new = CameraName.objects.update_or_create(camera_id=camera_id, serial=serial, defaults={"name": name})
        note(Action.CHANGED if before else Action.ADDED, row, camera=camera_id, before=str(before or ""))
    elif before:
        note(Action.DELETED, before, camera=camera_id)
        before.delete()
    refresh_search(camera_id)


def refresh_search(camera_id: str) -> None:
    """Have a worker update the search text of the camera's clips, soon after the answer."""
    transaction.on_commit(partial(pipeline.ask, "refresh_search", camera_id=camera_id))


def said_of_times(n_changed: int) -> str:
    """Return the sentence about how many files have another time now."""
    if not n_changed:
        return _("No file times changed. New files will use it, too.")
    return ngettext("The time of %(n)s file changed.", "The times of %(n)s files changed.", n_changed) % {
        "n": n_changed
    }


def _wall(file: OriginalFile) -> dt.datetime | None:
    """Return a file's time as the wall clock of its place shows it, so that no page turns it into another zone's."""
    return local.replace(tzinfo=None) if (local := file.recorded_locally) else None


def _faults() -> dict[tuple[str, str], list[ClockFault]]:
    """Return the faults of cameras' clocks, one for each day that a clock showed."""
    undated = OriginalFile.objects.in_use().filter(recorded_at=None, probe__clock_shows__isnull=False)
    found: dict[tuple[str, str], dict[dt.date, ClockFault]] = {}
    for file in undated.select_related("shoot").order_by("-created_at")[:MOST_FAULTY]:
        if fault := fault_of(file):
            found.setdefault((file.camera_id, file.camera_serial), {})[fault.day] = fault
    return {camera: list(by_day.values()) for camera, by_day in found.items()}
