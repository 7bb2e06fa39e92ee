"""Undoes a member's own decisions: reverses their effect and returns the segment to the hand."""

import uuid
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.jobs import pipeline
from clips.models import (
    CandidateSegment,
    Decision,
    DecisionKind,
    FinalClip,
    Job,
    JobKind,
    OriginalFile,
    SegmentStatus,
)
from clips.sharing import links
from clips.sorting import manual_segments
from clips.sorting.decisions import ConflictError, record
from people.models import Member


def undo(*, lease: uuid.UUID, key: uuid.UUID, member: Member, decision: uuid.UUID | None = None) -> CandidateSegment:
    """Reverse one's own decision, by default the last one not undone; the same key again changes nothing.

    Returns
    -------
    CandidateSegment
        What it was about; it is in the hand of that lease again.

    Raises
    ------
    ConflictError
        If there is nothing to undo, somebody built upon it, or the key stands for another decision.
    """
    with transaction.atomic():
        if earlier := Decision.objects.filter(pk=key).first():
            return _undone_before(earlier, member)
        undone = _lock_decision(member, decision)
        segment = undone.segment
        if Decision.objects.not_undone().filter(segment=segment, created_at__gt=undone.created_at).exists():
            raise ConflictError(_("This moment has been decided again since. Undo that first."))
        others = [entry["segment"] for entry in undone.after.get("angles", [])]
        CandidateSegment.objects.filter(pk__in=[segment.pk, *others] if others else []).lock_in_order()
        _REVERSE[DecisionKind(undone.kind)](undone, lease, member)
        after = {"status": SegmentStatus.IN_PROGRESS, "decision": str(undone.pk)}
        undoing = record(DecisionKind.UNDO, segment, key, member, before=undone.after, after=after)
        Decision.objects.filter(pk=undone.pk).update(undone_by=undoing)
    return segment


def _undone_before(earlier: Decision, member: Member) -> CandidateSegment:
    if (earlier.kind, earlier.member_id) != (DecisionKind.UNDO, member.pk):
        raise ConflictError(_("This key was used for another decision."))
    return earlier.segment


def _lock_decision(member: Member, decision: uuid.UUID | None) -> Decision:
    """Lock the decision to undo, so that two pages of one member do not both undo it."""
    rows = Decision.objects.filter(member=member).exclude(kind=DecisionKind.UNDO)
    rows = rows.filter(pk=decision) if decision else rows.not_undone()
    chosen = rows.select_for_update(of=("self",)).select_related("segment__original_file__shoot").first()
    if chosen is None:
        raise ConflictError(_("You have nothing to undo."))
    if chosen.undone_by_id:
        raise ConflictError(_("This was already undone."))
    return chosen


def _undo_keep(undone: Decision, lease: uuid.UUID, member: Member) -> None:
    """Remove the clip with all its versions, and those of the other angles that it kept as well."""
    status = undone.after.get("status", SegmentStatus.ACCEPTED)  # of several angles another one may have been kept
    _reopen(undone, lease, member, CandidateSegment.objects.filter(status=status))
    angles = undone.after.get("angles", [])
    for clip in dict.fromkeys([undone.after["clip"], *(entry["clip"] for entry in angles if entry["clip"])]):
        _remove(clip, member)
    _reopen_angles(undone, lease, member)


def _remove(clip: str, member: Member) -> None:
    """Remove a clip with all its versions; later edits by somebody else stay until their page undoes them."""
    kept = FinalClip.objects.get(pk=clip)
    versions = FinalClip.objects.filter(lineage=kept.lineage).select_related("created_by")
    current = versions.filter(is_current=True).first()
    if current is None and versions.filter(bin_entry__isnull=False).exists():
        raise ConflictError(_("The clip is in the bin. Restore it first."))
    if current and current.pk != kept.pk and current.created_by_id != member.pk:
        said = {"name": current.created_by or _("A former member")}
        raise ConflictError(
            _("%(name)s has edited this clip since. Return to your version first.") % said, clip=current.pk
        )
    gone = {"is_current": False, "removed_at": timezone.now()}
    if current is None or not FinalClip.objects.current().filter(pk=current.pk).update(**gone):
        raise ConflictError(_("The clip was just changed or removed."))
    for version in versions:
        _withdraw(version)


def _withdraw(clip: FinalClip) -> None:
    """End a removed clip's jobs, and withdraw its archive copies. Its name is not used again."""
    # Again until there is none: a cut that ends at this moment starts the archiving.
    ended = [JobKind.RENDER, JobKind.SHARE, JobKind.ARCHIVE]
    while jobs := list(Job.objects.active().filter(clip=clip, kind__in=ended).order_by("pk")):
        for job in jobs:
            job.cancel()
    links.drop_copies(clip)
    if clip.jobs.filter(kind=JobKind.ARCHIVE).exists():
        pipeline.start(JobKind.WITHDRAW, clip)


def _undo_trash(undone: Decision, lease: uuid.UUID, member: Member) -> None:
    _reopen(undone, lease, member, CandidateSegment.objects.filter(status=SegmentStatus.TRASHED))
    _reopen_angles(undone, lease, member)


def _undo_skip(undone: Decision, lease: uuid.UUID, member: Member) -> None:
    in_own_hand = CandidateSegment.objects.held(lease)
    _reopen(undone, lease, member, CandidateSegment.objects.available() | in_own_hand)
    _reopen_angles(undone, lease, member)


def _undo_aside(undone: Decision, lease: uuid.UUID, member: Member) -> None:
    put_aside = OriginalFile.objects.filter(pk=undone.segment.original_file_id, aside_at=undone.after["aside_at"])
    if not put_aside.update(aside_at=None):
        raise ConflictError(_("The video is already back."))
    _reopen(undone, lease, member, CandidateSegment.objects.available())


def _undo_split(undone: Decision, lease: uuid.UUID, member: Member) -> None:
    _unmake(undone)
    own = CandidateSegment.objects.held(lease) | CandidateSegment.objects.available()
    _reopen(undone, lease, member, own)
    CandidateSegment.objects.filter(pk=undone.segment_id).update(end_ms=undone.before["end_ms"])


def _undo_add(undone: Decision, lease: uuid.UUID, member: Member) -> None:
    _unmake(undone)


def _unmake(undone: Decision) -> None:
    # Both at once, in the order of everybody: the next hand locks them, too.
    CandidateSegment.objects.filter(pk__in=[undone.segment_id, undone.after["made"]]).lock_in_order()
    if not manual_segments.unmake(undone.after["made"]):
        raise ConflictError(_("The moments made from it have been decided since. Undo that first."))


def _reopen(undone: Decision, lease: uuid.UUID, member: Member, was) -> None:
    before = undone.before.get("skipped_at")
    skipped_at = datetime.fromisoformat(before) if before else None
    if not undone.segment.reopen(lease=lease, member=member, was=was, skipped_at=skipped_at):
        raise ConflictError(_("Somebody else has this moment now."))


def _reopen_angles(undone: Decision, lease: uuid.UUID, member: Member) -> None:
    """Give the other angles of the same decision to the page, too; what was sorted again since stays as it is."""
    for entry in undone.after.get("angles", []):
        was = CandidateSegment.objects.filter(status=entry["status"])
        if entry["status"] == SegmentStatus.UNREVIEWED:
            was = CandidateSegment.objects.available() | CandidateSegment.objects.held(lease)
        segment = CandidateSegment.objects.filter(pk=entry["segment"]).first()
        skipped_at = entry["skipped_at"] and datetime.fromisoformat(entry["skipped_at"])
        if segment:
            segment.reopen(lease=lease, member=member, was=was, skipped_at=skipped_at or None)


def restore(segment: CandidateSegment, *, member: Member) -> bool:
    """Take a moment out of the trash, whoever put it there, to be sorted again; False if it is not there."""
    with transaction.atomic():
        if not segment.restore():
            return False
        before = {"status": SegmentStatus.TRASHED}
        after = {"status": SegmentStatus.UNREVIEWED}
        undoing = record(DecisionKind.UNDO, segment, uuid.uuid4(), member, before=before, after=after)
        not_undone = Decision.objects.not_undone().filter(segment=segment, kind=DecisionKind.TRASH)
        not_undone.update(undone_by=undoing)
    return True


_REVERSE = {
    DecisionKind.KEEP: _undo_keep,
    DecisionKind.TRASH: _undo_trash,
    DecisionKind.SKIP: _undo_skip,
    DecisionKind.ASIDE: _undo_aside,
    DecisionKind.SPLIT: _undo_split,
    DecisionKind.ADD: _undo_add,
}
