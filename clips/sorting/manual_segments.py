"""Creates moments by hand while sorting: splits one in two, or adds one anywhere in the video. See also undo.py."""

import uuid

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.models import CandidateSegment, Decision, DecisionKind, Preview, SegmentStatus
from clips.models.leases import lent
from clips.previews import requests
from clips.sorting.decisions import TrimError, check_trim, earlier_decision, record
from clips.storage import files
from people.models import Member

#: Neither part of a split is shorter.
LEAST_MS = 100


def split(segment: CandidateSegment, at_ms: int, *, lease: uuid.UUID, key: uuid.UUID, member: Member) -> None:
    """End a held segment before the frame at ``at_ms``; the rest becomes another segment in the same hand.

    Raises
    ------
    TrimError
        If a part would be too short.
    ConflictError
        If the lease does not hold the segment any more, or the key stands for another decision.
    """
    with transaction.atomic():
        held = CandidateSegment.objects.held(lease).filter(pk=segment.pk)
        if Decision.objects.filter(pk=key).exists() or not held.lock_in_order():
            earlier_decision(DecisionKind.SPLIT, segment, key, member)
            return
        segment.refresh_from_db(fields=["start_ms", "end_ms"])
        if not segment.start_ms + LEAST_MS <= at_ms <= segment.end_ms - LEAST_MS:
            raise TrimError(_("Split inside the moment, a little away from its ends."))
        rest = _make(segment, at_ms, segment.end_ms, lease, member)
        before = {"status": SegmentStatus.IN_PROGRESS, "end_ms": segment.end_ms}
        # A millisecond names the frame on screen, and both ends belong to a clip: one earlier is the frame before.
        _end_at(segment, at_ms - 1)
        _share_preview(segment, rest)
        after = {"status": SegmentStatus.IN_PROGRESS, "end_ms": at_ms - 1, "made": str(rest.pk)}
        record(DecisionKind.SPLIT, segment, key, member, before=before, after=after)


def add(
    beside: CandidateSegment, start_ms: int, end_ms: int, *, lease: uuid.UUID, key: uuid.UUID, member: Member
) -> CandidateSegment:
    """Add a moment in the video of a held segment, in the same hand; the same key again adds no other.

    TrimError if it lies outside the video; ConflictError as in ``split``.
    """
    check_trim(beside.original_file, start_ms, end_ms)
    with transaction.atomic():
        held = CandidateSegment.objects.held(lease).filter(pk=beside.pk)
        if Decision.objects.filter(pk=key).exists() or not held.lock_in_order():
            made = earlier_decision(DecisionKind.ADD, beside, key, member).after["made"]
            return CandidateSegment.objects.get(pk=made)
        made = _make(beside, start_ms, end_ms, lease, member, by_hand=True)
        after = {"status": SegmentStatus.IN_PROGRESS, "made": str(made.pk)}
        record(DecisionKind.ADD, beside, key, member, before={"status": SegmentStatus.IN_PROGRESS}, after=after)
        requests.want_preview(made, urgent=True)
    return made


def unmake(made_id: str) -> bool:
    """Delete an added moment, in the caller's transaction; False if somebody decided about it."""
    rows = CandidateSegment.objects.filter(pk=made_id)
    if not rows.lock_in_order():
        return True
    made = rows.get()
    if Decision.objects.not_undone().filter(segment=made).exists():
        return False
    if Decision.objects.filter(segment=made).exists():
        # What was decided about it and undone stays written down, and so must what it was about.
        rows.update(status=SegmentStatus.TRASHED, **rows.unleased())
        return True
    requests.drop_files([made.pk])
    made.jobs.all().delete()
    made.delete()
    return True


def _make(
    like: CandidateSegment, start_ms: int, end_ms: int, lease: uuid.UUID, member: Member, *, by_hand: bool = False
) -> CandidateSegment:
    facts = ("run", "score", "chance", "is_second_look", "is_from_angle", "why")
    proposed = {} if by_hand else {"parent": like} | {name: getattr(like, name) for name in facts}
    return CandidateSegment.objects.create(
        original_file=like.original_file,
        start_ms=start_ms,
        end_ms=end_ms,
        **proposed,
        status=SegmentStatus.IN_PROGRESS,
        locked_by=member,
        locked_at=timezone.now(),
        **lent(lease, settings.SORT_LEASE_SECONDS),
    )


def _end_at(segment: CandidateSegment, end_ms: int) -> None:
    """Set an earlier end of a segment; TrimError if the same run already has a moment with it."""
    try:
        with transaction.atomic():
            CandidateSegment.objects.filter(pk=segment.pk).update(end_ms=end_ms)
    except IntegrityError as error:
        raise TrimError(
            _("A moment of exactly this length already exists. Split a little earlier or later.")
        ) from error


def _share_preview(segment: CandidateSegment, rest: CandidateSegment) -> None:
    """Give the split-off moment the existing preview that shows it, so that its card plays at once."""
    made = Preview.objects.filter(segment=segment).first()
    path = requests.stored_paths(rest.pk)[0]
    if made is None or not files.duplicate(made.stored_path, path):
        requests.want_preview(rest, urgent=True)
        return
    same = ("start_ms", "end_ms", "slow_down", "width_px", "height_px", "size_bytes")
    Preview.objects.create(segment=rest, stored_path=path, **{name: getattr(made, name) for name in same})
