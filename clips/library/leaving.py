"""Erases the name of a member who leaves from what they did in the library."""

from clips.models import BinEntry, BulkChange, CandidateSegment, Decision
from people.leaving import FORMER_MEMBER
from people.models import Member


def forget_member(member: Member) -> None:
    """Replace the member's name in decisions and changes, and free the moments that they hold."""
    CandidateSegment.objects.filter(locked_by=member).leave_hands()
    for rows in (Decision.objects, BulkChange.objects):
        rows.filter(member=member).update(member_name=FORMER_MEMBER)
    BinEntry.objects.filter(thrown_by=member).update(thrown_by_name=FORMER_MEMBER)
