"""Erases the name of a member who leaves from what they did in the library."""

from functools import partial

from django.db import transaction

from clips.library import export_file
from clips.models import (
    BinEntry,
    BulkChange,
    BulkKind,
    CandidateSegment,
    Comment,
    Decision,
    Heart,
    Reaction,
    Reel,
    ReelChange,
)
from people.leaving import FORMER_MEMBER
from people.models import Member


def forget_member(member: Member) -> None:
    """Erase a member's name from what they did, free what they hold, delete their hearts, reactions and exports."""
    CandidateSegment.objects.filter(locked_by=member).leave_hands()
    Heart.objects.filter(member=member).delete()
    Reaction.objects.filter(member=member).delete()
    Comment.objects.forget_member(member, FORMER_MEMBER)
    BulkChange.objects.filter(member=member, kind=BulkKind.HEART).update(rows={})  # or an undo would give some again
    for rows in (Decision.objects, BulkChange.objects, ReelChange.objects):
        rows.filter(member=member).update(member_name=FORMER_MEMBER)
    Reel.objects.filter(edited_by=member).update(**Reel.objects.unleased())
    Reel.objects.filter(made_by=member).update(made_by_name=FORMER_MEMBER)
    BinEntry.objects.filter(thrown_by=member).update(thrown_by_name=FORMER_MEMBER)
    transaction.on_commit(partial(export_file.clear_of, member), robust=True)
