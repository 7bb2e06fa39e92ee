"""What people decide about the segments they hold: keep or trash, once, by the lease they hold it with."""

import uuid
from dataclasses import dataclass, field

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from clips import pipeline
from clips.archive.path import file_stem
from clips.models import (
    CandidateSegment,
    ClipCategory,
    Decision,
    DecisionKind,
    FileName,
    FinalClip,
    JobKind,
    OriginalFile,
    SegmentStatus,
)
from people.models import Member, Person
from tricks.models import Trick


class TrimError(Exception):
    """The asked span is no part of the file; the text is one sentence."""


class ConflictError(Exception):
    """Somebody was faster, the lease ran out, or the key stands for another decision; the text is one sentence."""


@dataclass(frozen=True)
class Choice:
    """What is kept of a segment, and what it is called."""

    start_ms: int
    end_ms: int
    category: ClipCategory = ClipCategory.TRICK
    person: Person | None = None
    trick: Trick | None = None
    also: list[Person] = field(default_factory=list)


def keep(segment: CandidateSegment, choice: Choice, *, lease: uuid.UUID, key: uuid.UUID, member: Member) -> FinalClip:
    """Make a clip of a held segment; the same key again answers with the first one's clip.

    Raises
    ------
    TrimError
        If the span is empty or lies outside the file.
    ConflictError
        If the lease does not hold the segment any more, or the key stands for another decision.
    """
    check_trim(segment.original_file, choice.start_ms, choice.end_ms)
    with transaction.atomic():
        if not segment.accept(lease=lease):
            decided = _earlier_decision(DecisionKind.KEEP, segment, key, member)
            return FinalClip.objects.get(pk=decided.after["clip"])
        clip = _make_clip(segment, choice, member)
        _record(DecisionKind.KEEP, segment, key, member, after={"clip": str(clip.pk)})
        pipeline.start(JobKind.RENDER, clip)
    return clip


def trash(segment: CandidateSegment, *, lease: uuid.UUID, key: uuid.UUID, member: Member) -> None:
    """Take a held segment out of the queue; the same key again changes nothing. ConflictError as in ``keep``."""
    with transaction.atomic():
        if segment.trash(lease=lease):
            _record(DecisionKind.TRASH, segment, key, member, after={})
        else:
            _earlier_decision(DecisionKind.TRASH, segment, key, member)


def check_trim(original: OriginalFile, start_ms: int, end_ms: int) -> None:
    """Raise TrimError unless the span is a part of the file."""
    if start_ms >= end_ms:
        raise TrimError(_("The clip must end after it begins."))
    if start_ms < 0 or end_ms > original.duration_ms:
        length = f"{original.duration_ms // 60000}:{original.duration_ms // 1000 % 60:02d}"
        raise TrimError(_("The video is %(length)s long; the clip must lie inside it.") % {"length": length})


def clip_stem(original: OriginalFile, choice: Choice) -> str:
    """Return the file name, up to the version, of what is kept of a file."""
    return file_stem(
        date=original.shoot.date,
        session=original.shoot.slug,
        person=choice.person.slug if choice.person else choice.category,
        trick=choice.trick.slug if choice.trick else choice.category,
        camera_id=original.camera_id,
        fps_label=original.fps_label,
    )


def _make_clip(segment: CandidateSegment, choice: Choice, member: Member) -> FinalClip:
    original = segment.original_file
    clip = FinalClip.objects.create(
        candidate_segment=segment,
        original_file=original,
        person=choice.person,
        trick=choice.trick,
        category=choice.category,
        start_ms=choice.start_ms,
        end_ms=choice.end_ms,
        camera_id=original.camera_id,
        fps_label=original.fps_label,
        date=original.shoot.date,
        filename=str(FileName.objects.allocate(clip_stem(original, choice))),
        created_by=member,
    )
    clip.also.set(choice.also)
    return clip


def _record(kind: DecisionKind, segment: CandidateSegment, key: uuid.UUID, member: Member, *, after: dict) -> None:
    statuses = {DecisionKind.KEEP: SegmentStatus.ACCEPTED, DecisionKind.TRASH: SegmentStatus.TRASHED}
    try:
        with transaction.atomic():
            Decision.objects.create(
                pk=key,
                kind=kind,
                segment=segment,
                member=member,
                member_name=member.username,
                before={"status": SegmentStatus.UNREVIEWED},
                after={"status": statuses[kind], **after},
            )
    except IntegrityError as error:
        raise ConflictError(_("This key was used for another decision.")) from error


def _earlier_decision(kind: DecisionKind, segment: CandidateSegment, key: uuid.UUID, member: Member) -> Decision:
    """Return the decision that this key already made; whoever asks has just failed to decide."""
    earlier = Decision.objects.filter(pk=key, undone_by=None).first()
    if earlier is None:
        raise ConflictError(_("You do not hold this segment any more: the time ran out, or it was decided already."))
    if (earlier.kind, earlier.segment_id, earlier.member_id) != (kind, segment.pk, member.pk):
        raise ConflictError(_("This key was used for another decision."))
    return earlier
