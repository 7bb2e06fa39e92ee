"""Moves videos, with their clips and moments, to another session; undone in one step.

Names follow in one background job. What is inside the clips' files stays true: the time of recording does not change.
"""

import uuid
from collections.abc import Iterable
from typing import NamedTuple

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from clips.archive.renaming import follow
from clips.models import BulkChange, BulkKind, FinalClip, OriginalFile, Shoot
from clips.models.bulk import Undone
from clips.sorting.angle_groups import regroup_soon
from clips.sorting.decisions import ConflictError, earlier_change
from people.models import Member


class MovePlan(NamedTuple):
    """The videos that clips were cut from, and how many clips go along with them."""

    videos: list[uuid.UUID]
    n_clips: int
    #: Of these, so many were not chosen.
    n_others: int


def plan_move(clips: QuerySet[FinalClip]) -> MovePlan:
    """Return what moves when the videos of these clips do: a clip is in the session of its video."""
    chosen = list(clips.order_by().values_list("pk", flat=True))
    videos = FinalClip.objects.filter(pk__in=chosen).order_by().values_list("original_file", flat=True).distinct()
    n_clips = FinalClip.objects.current().filter(original_file__in=videos).count()
    return MovePlan(list(videos), n_clips, n_clips - len(chosen))


def move_videos(
    videos: Iterable[uuid.UUID], shoot: Shoot, *, member: Member, key: uuid.UUID, asked: str = ""
) -> BulkChange:
    """Move videos and the small copies of each to ``shoot``; the same key again changes nothing.

    Raises
    ------
    ConflictError
        If all of them are there already, or the key stands for another change.
    """
    with transaction.atomic():
        ids = list(videos)
        rows = OriginalFile.objects.in_use().filter(Q(pk__in=ids) | Q(low_res_of__in=ids)).exclude(shoot=shoot)
        before = _hold(rows, shoot)
        if earlier := earlier_change(BulkKind.MOVE, key, member, asked):
            return earlier
        if not before:
            raise ConflictError(_("These videos are in %(session)s already.") % {"session": shoot})
        states = [*dict.fromkeys(before.values()), str(shoot.pk)]
        made = BulkChange.objects.create(
            pk=key,
            kind=BulkKind.MOVE,
            asked=asked,
            label=str(shoot)[:300],
            member=member,
            member_name=member.username,
            states=states,
            rows={str(pk): [states.index(was), len(states) - 1] for pk, was in before.items()},
            n_changed=len(before),
            made_session=shoot.is_new,
        )
        _put(before, shoot.pk)
        regroup_soon(shoot.pk, *{uuid.UUID(was) for was in before.values()})
        follow(made)
    return made


def undo_move(change: BulkChange) -> Undone:
    """Move videos back that are still where ``change`` put them; the session that it made goes when it is empty."""
    went = {uuid.UUID(pk): change.states[before] for pk, (before, _after) in change.rows.items()}
    target = Shoot.objects.filter(pk=change.states[-1]).first()
    there = Shoot.objects.in_bulk(set(went.values()))
    rows = OriginalFile.objects.filter(pk__in=list(went), shoot=target)
    held = _hold(rows, target, *there.values()) if target else {}
    for shoot in there.values():
        _put([pk for pk in held if went[pk] == str(shoot.pk)], shoot.pk)
    regroup_soon(*there, *([target.pk] if target else []))
    n_back = sum(went[pk] in map(str, there) for pk in held)
    follow(change)
    if change.made_session:
        _remove_if_empty(change.states[-1])
    return Undone(n_back, len(went) - n_back)


def _remove_if_empty(shoot: str) -> None:
    """Delete the session that a move made, unless somebody uses it meanwhile."""
    held = Shoot.objects.filter(pk=shoot).select_for_update().values_list("pk", flat=True)
    unused = {"files": None, "uploads": None, "reels": None, "links": None, "bin_entry": None}
    Shoot.objects.filter(pk__in=list(held), **unused).delete()


def _hold(rows, *shoots: Shoot) -> dict[uuid.UUID, str]:
    """Lock the sessions and then the videos, in the order of everybody; return the session of each video."""
    ids = {*rows.values_list("shoot", flat=True), *(shoot.pk for shoot in shoots)}
    Shoot.objects.filter(pk__in=ids).hold()
    held = rows.hold()
    return {pk: str(shoot) for pk, shoot in OriginalFile.objects.filter(pk__in=held).values_list("pk", "shoot")}


def _put(videos: Iterable[uuid.UUID], shoot: uuid.UUID) -> None:
    moved = OriginalFile.objects.filter(pk__in=list(videos))
    moved.update(shoot=shoot)
    moved.place_in_time()
