"""Groups the moments of a session that are one trick seen by several cameras, by its confirmed pairs of videos.

Groups follow from moments and pairs alone, so they are made anew whenever one of these changes, and whatever was sorted
keeps its moments and clips. What only some cameras' searches found is proposed in the videos of the others as well.
"""

import uuid
from functools import partial

from django.db import transaction

from clips.models import Angle, AngleGroup, CandidateSegment, OriginalFile, PairState, Shoot, VideoPair
from clips.sorting import missed_angles
from clips.sorting.common_clock import Clock, Placed, clocks_of, surest
from clips.sorting.takes import Takes, takes_of

#: Only what a person confirmed: that sound alone is right is proven on made-up cameras only.
GROUPED = (PairState.CONFIRMED,)


@transaction.atomic
def regroup(shoot_id: uuid.UUID) -> int:
    """Make the groups of a session what its moments and pairs say; return how many there are.

    Holds the session, so that two of these do not make them twice.
    """
    Shoot.objects.filter(pk=shoot_id).hold()
    pairs = list(_pairs_of(shoot_id))
    there = Angle.objects.filter(segment__original_file__shoot=shoot_id)
    proposed = missed_angles.untouched(shoot_id)
    if not pairs and not there.exists() and not proposed.exists():
        return 0
    score_shown = Shoot.objects.get(pk=shoot_id).score_shown
    free = set(proposed.lock_free())
    wanted: list[list[Placed]] = []
    takes = takes_of(shoot_id)
    for clocks in clocks_of(pairs, takes.beside(pk for pair in pairs for pk in (pair.first_id, pair.second_id))):
        placed = _placed(clocks)
        groups = _groups([one for one in placed if one.segment.pk not in free], takes)
        before = [one for one in placed if one.segment.pk in free]
        missed_angles.complete(groups, clocks, before, takes, score_shown=score_shown)
        wanted += [group for group in groups if len(group) > 1]
    new = {
        (one.segment.pk, _name(group), one is surest(group), round(1000 * one.clock.shift_ms), _ppm(one.clock))
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
    missed_angles.drop(free - {segment for segment, *_rest in new})
    return len(wanted)


def regroup_soon(*shoot_ids: uuid.UUID) -> None:
    """Make the groups of sessions anew once the caller's transaction, which may hold moments, is committed."""
    for shoot_id in shoot_ids:
        transaction.on_commit(partial(regroup, shoot_id), robust=True)


def regroup_all() -> int:
    """Make the groups of all sessions anew that have confirmed pairs, as after a rebuild; return how many sessions."""
    shoot_ids = set(VideoPair.objects.in_use().filter(state__in=GROUPED).values_list("first__shoot", flat=True))
    for shoot_id in sorted(shoot_ids):
        regroup(shoot_id)
    return len(shoot_ids)


def _pairs_of(shoot_id: uuid.UUID):
    of_shoot = VideoPair.objects.in_use().filter(first__shoot=shoot_id, second__shoot=shoot_id)
    return of_shoot.filter(state__in=GROUPED).order_by("pk")


def _placed(clocks: dict[uuid.UUID, Clock]) -> list[Placed]:
    """Return the moments of these videos in time, of those in use."""
    usable = OriginalFile.objects.in_use().filter(low_res_of=None)
    rows = CandidateSegment.objects.filter(original_file__in=clocks, original_file__id__in=usable.values("pk"))
    rows = rows.defer("features", "why")
    return sorted((Placed.of(row, clocks[row.original_file_id]) for row in rows), key=_in_time)


def _groups(placed: list[Placed], takes: Takes) -> list[list[Placed]]:
    """Return the moments that coincide, at most one of each video, and those that are alone.

    What the chapters of one take have of a moment that lies across their border is in its group as well.
    """
    groups: list[list[Placed]] = []
    open_groups: list[list[Placed]] = []
    for one in placed:
        open_groups = [group for group in open_groups if max(other.end_ms for other in group) > one.start_ms]
        for group in open_groups:
            is_other = all(one.segment.original_file_id != other.segment.original_file_id for other in group)
            if is_other and (one.coincides(group[0]) or _goes_on(one, group, takes)):
                group.append(one)
                break
        else:
            groups.append([one])
            open_groups.append(groups[-1])
    return groups


def _goes_on(one: Placed, group: list[Placed], takes: Takes) -> bool:
    """Return whether a moment is the rest of one that another camera saw whole, and an earlier chapter in part."""
    take = takes.of(one.segment.original_file_id).take
    is_same = [takes.of(other.segment.original_file_id).take == take for other in group]
    others = [other for other, same in zip(group, is_same, strict=True) if not same]
    return any(is_same) and any(one.coincides(other) for other in others)


def _in_time(one: Placed) -> tuple[float, uuid.UUID]:
    return one.start_ms, one.segment.pk


def _name(group: list[Placed]) -> uuid.UUID:
    """Return the id of a group, the same whenever the same moments are grouped."""
    members = sorted(str(one.segment.pk) for one in group)
    return uuid.uuid5(uuid.NAMESPACE_OID, " ".join(members))


def _ppm(clock: Clock) -> float:
    return round((clock.rate - 1) * 1e6, 3)
