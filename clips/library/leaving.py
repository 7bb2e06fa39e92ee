"""Erases the name of a member who leaves from what they did in the library."""

from functools import partial

from django.db import transaction

from clips.library import export_file
from clips.models import BinEntry, BulkChange, CandidateSegment, Decision
from people.leaving import FORMER_MEMBER
from people.models import Member


def forget_member(member: Member) -> None:
    """Replace the member's name in decisions and changes, free the moments that they hold, and delete their exports."""
    CandidateSegment.objects.filter(locked_by=member).leave_hands()
    for rows in (Decision.objects, BulkChange.objects):
        rows.filter(member=member).update(member_name=FORMER_MEMBER)
    BinEntry.objects.filter(thrown_by=member).update(thrown_by_name=FORMER_MEMBER)
    transaction.on_commit(partial(export_file.clear_of, member), robust=True)
