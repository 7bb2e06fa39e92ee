"""Edits all cameras' clips of one trick in one step: each gets a new version of its own, undone together."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from clips.library.angles import beside
from clips.library.new_version import UnchangedError, reedit
from clips.models import Angle, BulkChange, BulkKind, FinalClip
from clips.models.bulk import Undone
from clips.sorting.angles import span_in
from clips.sorting.decisions import Choice, ConflictError, TrimError, choice_of
from people.models import Member

#: Cuts of two cameras that lie no further apart than a slow camera's frame were made at the same instants.
_ALIKE_MS = 40


@dataclass(frozen=True)
class Edited:
    """A new version, and the one step that undoes it together with those of the other cameras; None if it is alone."""

    version: FinalClip
    change: BulkChange | None = None
    #: Clips of other cameras that somebody else changed meanwhile, or whose video does not show the new cut.
    n_left: int = 0


def edit(
    clip: FinalClip,
    choice: Choice,
    *,
    member: Member,
    tags: bool = True,
    cut: bool = False,
    shown: Collection[uuid.UUID] | None = None,
) -> Edited:
    """Make a new version of a clip, and of the other cameras' clips of its trick; raises the errors of ``reedit``.

    Parameters
    ----------
    clip : FinalClip
    choice : Choice
        Wanted of ``clip``; of the others what differs from it as it is.
    member : Member
    tags : bool
        Whether rider, trick and category go to the others, where they change.
    cut : bool
        Whether the others are cut at the same instants, where the cut changes.
    shown : collection of UUID, optional
        The others that the person saw: what was changed or came since is left alone. By default all.
    """
    with transaction.atomic():
        others = [pk for pk in beside(clip).values_list("pk", flat=True) if shown is None or pk in shown]
        held = set(FinalClip.objects.filter(pk__in=[clip.pk, *others]).hold())
        if clip.pk not in held or not FinalClip.objects.current().filter(pk=clip.pk).exists():
            return Edited(reedit(clip, choice, member=member))  # the same request again, or somebody was faster
        before = choice_of(FinalClip.objects.with_tags().get(pk=clip.pk))
        wanted = _wanted(before, choice, tags=tags)
        with_cut = cut and (before.start_ms, before.end_ms) != (choice.start_ms, choice.end_ms)
        version = reedit(clip, choice, member=member)
        made = {version.pk: clip.pk}
        n_left = len(set(shown or ()) - set(others))
        if wanted or with_cut:
            rows = FinalClip.objects.current().with_tags().select_related("original_file__shoot")
            for other in rows.filter(pk__in=others).order_by("pk"):
                new, is_left = _edited(other, clip, choice, wanted, with_cut, member)
                n_left += is_left
                if new:
                    made[new.pk] = other.pk
        change = _noted(made, member) if len(made) > 1 else None
    return Edited(version, change, n_left if wanted or with_cut else 0)


def are_cut_alike(clip: FinalClip) -> bool:
    """Return whether all cameras' clips of a trick begin and end at the same instants, as far as their videos go."""
    own = Angle.objects.filter(segment=clip.candidate_segment_id).first()
    others = beside(clip).select_related("original_file", "candidate_segment__angle") if own else ()
    return all(_is_alike(clip, own, other) for other in others if own)


def undo_edit(change: BulkChange) -> Undone:
    """Give clips the choice of their versions before ``change``, except those that were edited again since."""
    member = BulkChange.objects.select_related("undone_by").get(pk=change.pk).undone_by
    before = {uuid.UUID(after): uuid.UUID(change.states[at]) for after, (at,) in change.rows.items()}
    FinalClip.objects.filter(pk__in=list(before)).hold()
    rows = FinalClip.objects.current().with_names().filter(pk__in=list(before))
    versions = FinalClip.objects.with_tags().in_bulk(list(before.values()))
    n_restored = 0
    for clip in rows.order_by("pk"):
        try:
            with transaction.atomic():
                reedit(clip, choice_of(versions[before[clip.pk]]), member=member)
        except (KeyError, TrimError, UnchangedError, ConflictError):
            continue  # that version is gone, or its part of the video: what is there stays
        n_restored += 1
    return Undone(n_restored, len(before) - n_restored)


def _wanted(before: Choice, choice: Choice, *, tags: bool) -> dict[str, Any]:
    """Return those tags that a choice changes."""
    wanted: dict[str, Any] = {}
    if not tags:
        return wanted
    if before.person != choice.person or set(before.also) != set(choice.also) - {choice.person}:
        wanted |= {"person": choice.person, "also": choice.also}
    wanted |= {name: getattr(choice, name) for name in ("trick", "category") if _differs(before, choice, name)}
    return wanted


def _differs(before: Choice, choice: Choice, name: str) -> bool:
    return bool(getattr(before, name) != getattr(choice, name))


def _edited(
    other: FinalClip, clip: FinalClip, choice: Choice, wanted: dict[str, Any], with_cut: bool, member: Member
) -> tuple[FinalClip | None, bool]:
    """Make the new version of another camera's clip; return it, and whether its cut was left as it is."""
    new = replace(choice_of(other), **wanted)
    span_ms = _span_in(other, clip, (choice.start_ms, choice.end_ms)) if with_cut else None
    for one in filter(None, (span_ms and replace(new, start_ms=span_ms[0], end_ms=span_ms[1]), new)):
        is_left = with_cut and one is new
        try:
            with transaction.atomic():
                return reedit(other, one, member=member), is_left
        except UnchangedError:
            return None, is_left
        except TrimError:
            continue  # that part of its video was trimmed off for good: its cut stays
    return None, True


def _span_in(other: FinalClip, clip: FinalClip, span_ms: tuple[int, int]) -> tuple[int, int] | None:
    rows = Angle.objects.filter(segment__in=[other.candidate_segment_id, clip.candidate_segment_id])
    angles = {angle.segment_id: angle for angle in rows}
    own, theirs = angles.get(clip.candidate_segment_id), angles.get(other.candidate_segment_id)
    if own is None or theirs is None or own.group_id != theirs.group_id:
        return None
    return span_in(theirs, own, span_ms, other.original_file)


def _is_alike(clip: FinalClip, own: Angle, other: FinalClip) -> bool:
    span_ms = span_in(other.candidate_segment.angle, own, (clip.start_ms, clip.end_ms), other.original_file)
    return span_ms is not None and all(
        abs(place_ms - there_ms) <= _ALIKE_MS
        for place_ms, there_ms in zip(span_ms, (other.start_ms, other.end_ms), strict=True)
    )


def _noted(made: dict[uuid.UUID, uuid.UUID], member: Member) -> BulkChange:
    """Note which versions, the keys, came for which."""
    return BulkChange.objects.create(
        kind=BulkKind.EDIT,
        member=member,
        member_name=member.username,
        states=[str(pk) for pk in made.values()],
        rows={str(after): [number] for number, after in enumerate(made)},
        n_changed=len(made),
    )
