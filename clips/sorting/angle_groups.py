"""Groups the moments of a session that are one trick seen by several cameras, by its confirmed pairs of videos.

Groups follow from moments and pairs alone, so they are made anew whenever one of these changes, and whatever was sorted
keeps its moments and clips.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial

from django.db import transaction

from clips.models import Angle, AngleGroup, CandidateSegment, OriginalFile, PairState, Shoot, VideoPair

#: Only what a person confirmed: that sound alone is right is proven on made-up cameras only.
GROUPED = (PairState.CONFIRMED,)
#: Moments that share this much of the shorter one are one, as in one video (`detection.scoring.same_moment`).
COINCIDES = 0.5


@dataclass(frozen=True)
class Clock:
    """How a video lies on the clock that it shares with others."""

    shift_ms: float = 0.0
    rate: float = 1.0

    def at_ms(self, place_ms: float) -> float:
        return self.shift_ms + self.rate * place_ms

    def after(self, shift_ms: float, rate: float) -> "Clock":
        """Return the clock of a video that lies so on the video of this one."""
        return Clock(self.shift_ms + self.rate * shift_ms, self.rate * rate)


@dataclass(frozen=True)
class Placed:
    """A moment on the clock of its video's cameras."""

    segment: CandidateSegment
    clock: Clock
    start_ms: float
    end_ms: float

    def coincides(self, other: "Placed") -> bool:
        shared_ms = min(self.end_ms, other.end_ms) - max(self.start_ms, other.start_ms)
        return shared_ms >= COINCIDES * min(self.end_ms - self.start_ms, other.end_ms - other.start_ms)


@transaction.atomic
def regroup(shoot_id: uuid.UUID) -> int:
    """Make the groups of a session what its moments and pairs say; return how many there are.

    Holds the session, so that two of these do not make them twice.
    """
    Shoot.objects.filter(pk=shoot_id).hold()
    pairs = list(_pairs_of(shoot_id))
    there = Angle.objects.filter(segment__original_file__shoot=shoot_id)
    if not pairs and not there.exists():
        return 0
    wanted = [group for videos in _clocks(pairs) for group in _groups(videos)]
    new = {
        (one.segment.pk, _name(group), one is _lead(group), round(1000 * one.clock.shift_ms), _ppm(one.clock))
        for group in wanted
        for one in group
    }
    old = set(there.values_list("segment", "group", "is_lead", "shift_us", "drift_ppm"))
    if new != old:
        groups = list(there.values_list("group", flat=True))
        there.delete()
        AngleGroup.objects.filter(pk__in=groups, angles=None).delete()
        AngleGroup.objects.bulk_create([AngleGroup(pk=_name(group)) for group in wanted], ignore_conflicts=True)
        Angle.objects.bulk_create(
            Angle(segment_id=segment, group_id=group, is_lead=is_lead, shift_us=shift_us, drift_ppm=drift_ppm)
            for segment, group, is_lead, shift_us, drift_ppm in sorted(new)
        )
    return len(wanted)


def regroup_soon(*shoot_ids: uuid.UUID) -> None:
    """Make the groups of sessions anew once the caller's transaction, which may hold moments, is committed."""
    for shoot_id in shoot_ids:
        transaction.on_commit(partial(regroup, shoot_id), robust=True)


def _pairs_of(shoot_id: uuid.UUID):
    of_shoot = VideoPair.objects.in_use().filter(first__shoot=shoot_id, second__shoot=shoot_id)
    return of_shoot.filter(state__in=GROUPED).order_by("pk")


def _clocks(pairs: list[VideoPair]) -> list[dict[uuid.UUID, Clock]]:
    """Return the clocks of videos that are tied by pairs, each set of them on the clock of one of them."""
    ties: dict[uuid.UUID, list[tuple[uuid.UUID, float, float]]] = defaultdict(list)
    for pair in pairs:
        rate = 1 + (pair.drift_ppm or 0.0) * 1e-6
        ties[pair.first_id].append((pair.second_id, pair.shift_ms, rate))
        ties[pair.second_id].append((pair.first_id, -pair.shift_ms / rate, 1 / rate))
    found: list[dict[uuid.UUID, Clock]] = []
    seen: set[uuid.UUID] = set()
    for video in sorted(ties):
        if video in seen:
            continue
        clocks, to_visit = {video: Clock()}, [video]
        while to_visit:
            here = to_visit.pop(0)
            for other, shift_ms, rate in ties[here]:
                if other not in clocks:
                    clocks[other] = clocks[here].after(shift_ms, rate)
                    to_visit.append(other)
        seen |= clocks.keys()
        found.append(clocks)
    return found


def _groups(clocks: dict[uuid.UUID, Clock]) -> list[list[Placed]]:
    """Return the moments of these videos that coincide, at most one of each video."""
    usable = OriginalFile.objects.in_use().filter(low_res_of=None)
    rows = CandidateSegment.objects.filter(original_file__in=clocks, original_file__id__in=usable.values("pk"))
    rows = rows.only("original_file", "start_ms", "end_ms", "score", "run")
    placed = sorted((_placed(row, clocks[row.original_file_id]) for row in rows), key=_in_time)
    groups: list[list[Placed]] = []
    open_groups: list[list[Placed]] = []
    for one in placed:
        open_groups = [group for group in open_groups if group[0].end_ms > one.start_ms]
        for group in open_groups:
            is_other = all(one.segment.original_file_id != other.segment.original_file_id for other in group)
            if is_other and one.coincides(group[0]):
                group.append(one)
                break
        else:
            groups.append([one])
            open_groups.append(groups[-1])
    return [group for group in groups if len(group) > 1]


def _placed(segment: CandidateSegment, clock: Clock) -> Placed:
    return Placed(segment, clock, clock.at_ms(segment.start_ms), clock.at_ms(segment.end_ms))


def _in_time(one: Placed) -> tuple[float, uuid.UUID]:
    return one.start_ms, one.segment.pk


def _lead(group: Iterable[Placed]) -> Placed:
    """Return the angle whose card is sorted: what a person made, else what the search is surest of."""
    return min(group, key=lambda one: (one.segment.run_id is not None, -(one.segment.score or 0.0), one.segment.pk))


def _name(group: Iterable[Placed]) -> uuid.UUID:
    """Return the id of a group, the same whenever the same moments are grouped."""
    members = sorted(str(one.segment.pk) for one in group)
    return uuid.uuid5(uuid.NAMESPACE_OID, " ".join(members))


def _ppm(clock: Clock) -> float:
    return round((clock.rate - 1) * 1e6, 3)
