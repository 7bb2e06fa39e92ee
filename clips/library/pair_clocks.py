"""Puts right a camera's clock that a confirmed pair of videos shows to have been wrong that day."""

import datetime as dt
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace

from django.db import transaction

from clips.library.camera_clocks import changes_of, correct, put_back
from clips.library.pairs import PairRow, Pairs, pairs_of
from clips.models import CameraClock, OriginalFile, PairState, Shoot, VideoPair
from clips.models.recording import camera_time, zone_of

#: Clocks show whole seconds, and some cameras note when a recording ended; further apart one of two was wrong.
MOST_APART_S = 3.0
#: Makers of phones, whose clocks the network sets: beside one of them the other camera was wrong.
_SET_BY_NETWORK = frozenset({"apple", "android", "google", "samsung"})
_Key = tuple[str, str, dt.date]


@dataclass(frozen=True)
class WrongClock:
    """A camera whose clock was wrong on a day if the other one of a pair was right."""

    file: OriginalFile
    #: Whether it is the first of the pair.
    is_first: bool
    #: How far its clock was behind the other's; ahead if negative.
    behind_s: int
    #: What puts it right, not saved.
    clock: CameraClock
    n_videos: int

    @property
    def is_ahead(self) -> bool:
        return self.behind_s < 0

    @property
    def apart_ms(self) -> int:
        return 1000 * abs(self.behind_s)


def with_wrong_clocks(rows: list[PairRow]) -> list[PairRow]:
    """Return these lines, those with the clocks that may have been wrong which show it first of a camera and a day."""
    apart = {row.pair.pk: behind_s for row in rows if (behind_s := _behind_s(row.pair)) is not None}
    if not apart:
        return rows
    ids = [pk for row in rows if row.pair.pk in apart for pk in (row.pair.first_id, row.pair.second_id)]
    files = OriginalFile.objects.select_related("shoot").in_bulk(ids)
    clocks = list(CameraClock.objects.filter(camera_id__in={file.camera_id for file in files.values()}))
    told: set[_Key] = set()
    found = []
    for row in rows:
        wrong = _wrong(row.pair, files, clocks, apart[row.pair.pk], told) if row.pair.pk in apart else []
        found.append(replace(row, wrong_clocks=wrong))
    return found


def pairs_with_clocks(shoot: Shoot) -> Pairs:
    """Return the pairs of a session, with the clocks that they show to have been wrong."""
    pairs = pairs_of(shoot)
    return replace(pairs, standing=with_wrong_clocks(pairs.standing))


def put_right(pair: VideoPair, *, is_first: bool, offset_s: int) -> tuple[CameraClock, int | None, int] | None:
    """Save the correction that a pair's line offered; None if it would be another one by now.

    Returns
    -------
    (CameraClock, int or None, int), or None
        As `clips.library.camera_clocks.correct`.
    """
    with transaction.atomic():
        Shoot.objects.filter(pk=pair.first.shoot_id).hold()  # of two who press at once the second finds it done
        now = VideoPair.objects.in_use().select_related("first", "second").filter(pk=pair.pk).first()
        behind_s = _behind_s(now) if now else None
        if now is None or behind_s is None:
            return None
        files = OriginalFile.objects.select_related("shoot").in_bulk([now.first_id, now.second_id])
        clocks = list(CameraClock.objects.filter(camera_id__in={file.camera_id for file in files.values()}))
        for one in _wrong(now, files, clocks, behind_s, set()):
            if one.is_first == is_first and one.clock.offset_s == offset_s:
                return correct(one.clock)
    return None


def take_back(clock_pk: int, *, offset_s: int, before_s: int | None) -> int | None:
    """Undo a correction if it is as it was made; return how many videos changed, None if somebody changed it since."""
    with transaction.atomic():
        clock = CameraClock.objects.select_for_update().filter(pk=clock_pk, offset_s=offset_s).first()
        return put_back(clock, before_s) if clock else None


def _behind_s(pair: VideoPair) -> float | None:
    """Return how far the second camera's clock was behind the first's; None if they agree, or nobody can say."""
    is_measured = pair.confidence > 0 or pair.nudge_us  # else it lies as clocks said that may be corrected by now
    times = pair.first.recorded_at, pair.second.recorded_at
    if pair.state != PairState.CONFIRMED or not is_measured or None in times:
        return None
    behind_s = pair.shift_ms / 1000 - (times[1] - times[0]).total_seconds()
    return behind_s if abs(behind_s) > MOST_APART_S else None


def _wrong(
    pair: VideoPair, files: dict[uuid.UUID, OriginalFile], clocks: list[CameraClock], behind_s: float, told: set[_Key]
) -> list[WrongClock]:
    """Return the one or two clocks that may be wrong; none where one of them was ``told`` of, which is added to."""
    sides = [(files[pair.first_id], True, -round(behind_s)), (files[pair.second_id], False, round(behind_s))]
    phones = [is_first for file, is_first, _s in sides if _is_set_by_network(file)]
    found = []
    for file, is_first, own_behind_s in sides:
        shown = camera_time(file.probe, zone_of(file.shoot), file.original_filename)
        if shown is None or phones == [is_first]:
            continue
        key = file.camera_id, file.camera_serial, shown.date()
        if key in told:
            return []
        file.own_camera_name = getattr(pair, "first_camera_name" if is_first else "second_camera_name", None)
        offset_s = _offset_s(key, clocks) + own_behind_s
        clock = CameraClock(camera_id=key[0], serial=key[1], day=key[2], offset_s=offset_s)
        found.append((key, WrongClock(file, is_first, own_behind_s, clock, 0)))
    told |= {key for key, _one in found}
    return [replace(one, n_videos=len(changes_of(one.clock))) for _key, one in found]


def _offset_s(key: _Key, clocks: Iterable[CameraClock]) -> int:
    """Return what is added to a camera's time on a day now: its own correction, else that of its kind."""
    camera_id, serial, day = key
    by_serial = {clock.serial: clock.offset_s for clock in clocks if (clock.camera_id, clock.day) == (camera_id, day)}
    return by_serial.get(serial, by_serial.get("", 0))


def _is_set_by_network(file: OriginalFile) -> bool:
    return str(file.probe.get("make") or "").lower() in _SET_BY_NETWORK
