"""Gives hearts to many clips at once, takes them away, and undoes either in one step."""

import uuid
from collections.abc import Iterable

from django.db import transaction
from django.utils.translation import gettext as _

from clips.models import BulkChange, BulkKind, FinalClip, Heart
from clips.models.bulk import Undone
from clips.sorting.decisions import ConflictError, earlier_change
from people.models import Member


def heart_many(
    clips: Iterable[uuid.UUID], *, wanted: bool | None = None, member: Member, key: uuid.UUID, asked: str = ""
) -> BulkChange:
    """Give clips the member's heart, or take it away; the same key again changes nothing.

    Parameters
    ----------
    wanted : bool, optional
        Whether they shall have one; by default they shall, unless all of them do.

    Raises
    ------
    ConflictError
        If nothing would change, or the key stands for another change.
    """
    with transaction.atomic():
        held = FinalClip.objects.current().filter(pk__in=list(clips)).hold()
        if earlier := earlier_change(BulkKind.HEART, key, member, asked):
            return earlier
        chosen = FinalClip.objects.filter(pk__in=held).order_by()
        lineages = set(chosen.values_list("lineage", flat=True))
        having = set(Heart.objects.of(lineages, member).select_for_update().values_list("lineage", flat=True))
        if wanted is None:
            wanted = having != lineages
        changing = sorted(lineages - having if wanted else having)
        if not changing:
            raise ConflictError(
                _("Nothing would change: these clips have your heart already.")
                if wanted
                else _("Nothing would change: none of these clips has your heart.")
            )
        made = BulkChange.objects.create(
            pk=key,
            kind=BulkKind.HEART,
            asked=asked,
            member=member,
            member_name=member.username,
            states=[not wanted, wanted],
            rows={str(lineage): [0, 1] for lineage in changing},
            n_changed=len(changing),
        )
        if wanted:
            Heart.objects.give(changing, member)
        else:
            Heart.objects.take_away(changing, member)
    return made


def undo_hearts(change: BulkChange) -> Undone:
    """Take the hearts of a change away again, or give them back; none of a member who left."""
    if change.member is None:
        return Undone(0, change.n_changed)
    lineages = [uuid.UUID(lineage) for lineage in change.rows]
    n_before = Heart.objects.of(lineages, change.member).count()
    if change.gave_hearts:
        n_back = Heart.objects.take_away(lineages, change.member)
    else:
        Heart.objects.give(lineages, change.member)
        n_back = len(lineages) - n_before
    return Undone(n_back, len(lineages) - n_back)
