"""Undoes a change of many rows in one step, whatever kind it is."""

from django.db import transaction
from django.utils.translation import gettext as _

from clips.library.bulk import may_undo, undo_tags
from clips.library.edit_all import undo_edit
from clips.library.hearts import undo_hearts
from clips.library.stars import undo_stars
from clips.library.video_moves import undo_move
from clips.models import BulkChange, BulkKind
from clips.models.bulk import Undone
from clips.sorting.decisions import ConflictError
from clips.sorting.trash_many import undo_trash
from people.models import Member

_REVERSE = {
    BulkKind.TAG: undo_tags, BulkKind.MOVE: undo_move, BulkKind.TRASH: undo_trash, BulkKind.HEART: undo_hearts,
    BulkKind.STARS: undo_stars, BulkKind.EDIT: undo_edit,
}  # fmt: skip


def undo(change: BulkChange, *, member: Member) -> Undone:
    """Give rows back what they had before a change, except where they were changed again since.

    Raises
    ------
    ConflictError
        If it was undone already, cannot be undone, or the member may not.
    """
    if change.kind not in _REVERSE:
        raise ConflictError(_("This can’t be undone."))
    if not may_undo(change, member):
        raise ConflictError(_("Only %(name)s or a curator can undo this.") % {"name": change.member_name})
    with transaction.atomic():
        if not change.mark_undone(member):
            raise ConflictError(_("This was already undone."))
        return _REVERSE[BulkKind(change.kind)](change)
