"""Trashes the moments of a session or video that the sensitivity hides, in one step that can be undone.

The bulk change is the record. There is no `Decision` for each of them: nobody looked at these moments, so they are no
lesson for the detector, and the key for undo on the sort page means the last card.
"""

import uuid

from django.db import transaction
from django.utils.translation import gettext as _

from clips.models import BulkChange, BulkKind, CandidateSegment
from clips.models.bulk import Undone
from clips.models.segment import CandidateSegmentQuerySet
from clips.sorting.decisions import ConflictError, earlier_change
from people.models import Member


def trash_hidden(segments: CandidateSegmentQuerySet, *, member: Member, key: uuid.UUID, asked: str = "") -> BulkChange:
    """Trash those of these moments that nobody sorts and the sensitivity hides; the same key again changes nothing.

    Raises
    ------
    ConflictError
        If there are none, or the key stands for another change.
    """
    with transaction.atomic():
        hidden = segments.undecided().unreviewed()
        hidden = hidden.exclude(pk__in=hidden.shown().values("pk"))
        locked = CandidateSegment.objects.filter(pk__in=hidden.lock_in_order())
        if earlier := earlier_change(BulkKind.TRASH, key, member, asked):
            return earlier
        ids = list(locked.unreviewed().values_list("pk", flat=True))  # as they are now that nobody else can take them
        if not ids:
            raise ConflictError(_("There are no hidden moments to trash."))
        made = BulkChange.objects.create(
            pk=key,
            kind=BulkKind.TRASH,
            asked=asked,
            member=member,
            member_name=member.username,
            rows={str(pk): [] for pk in ids},
            n_changed=len(ids),
        )
        CandidateSegment.objects.filter(pk__in=ids).trash_unreviewed()
    return made


def undo_trash(change: BulkChange) -> Undone:
    """Bring moments back that are still in the trash."""
    n_back = CandidateSegment.objects.filter(pk__in=list(change.rows)).restore_trashed()
    return Undone(n_back, change.n_changed - n_back)
