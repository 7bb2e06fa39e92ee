"""Applies people's decisions about the segments they hold: each once, under their lease. See also undo.py."""

import uuid
from dataclasses import dataclass, field, replace

from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.archive.naming import file_stem
from clips.disk import fetching
from clips.jobs import kept, pipeline
from clips.models import (
    BulkChange,
    BulkKind,
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
from people.naming.slugs import UNKNOWN
from tricks.models import Trick


class TrimError(Exception):
    """The requested span is not within the file. The text is one sentence."""


class ConflictError(Exception):
    """Somebody was faster, the lease ran out, or the key belongs to another decision. The text is one sentence.

    ``clip`` is the id of one on whose page more can be done about it.
    """

    def __init__(self, sentence: str, *, clip: uuid.UUID | None = None) -> None:
        super().__init__(sentence)
        self.clip = clip


@dataclass(frozen=True)
class Choice:
    """The kept span of a segment, and its names."""

    start_ms: int
    end_ms: int
    category: ClipCategory = ClipCategory.TRICK
    person: Person | None = None
    trick: Trick | None = None
    also: list[Person] = field(default_factory=list)


def choice_of(clip: FinalClip) -> Choice:
    """Return the choice behind a clip, as the start of its next version."""
    return Choice(
        start_ms=clip.start_ms,
        end_ms=clip.end_ms,
        category=clip.category,
        person=clip.person,
        trick=clip.trick,
        also=list(clip.also.all()),
    )


def is_chosen(choice: Choice, clip: FinalClip) -> bool:
    """Return whether a clip equals the choice; the order of the other people does not matter."""
    there = choice_of(clip)
    return replace(choice, also=[]) == replace(there, also=[]) and set(choice.also) - {choice.person} == set(there.also)


def keep(
    segment: CandidateSegment, choice: Choice, *, stars: int = 0, lease: uuid.UUID, key: uuid.UUID, member: Member
) -> FinalClip:
    """Make a clip of a held segment, with that many stars; the same key again answers with the first one's clip.

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
            decided = earlier_decision(DecisionKind.KEEP, segment, key, member)
            return FinalClip.objects.get(pk=decided.after["clip"])
        clip = clip_of(segment, choice, stars, member)
        after = {"status": SegmentStatus.ACCEPTED, "clip": str(clip.pk)}
        record(DecisionKind.KEEP, segment, key, member, after=after)
    return clip


def clip_of(segment: CandidateSegment, choice: Choice, stars: int, member: Member) -> FinalClip:
    """Make the clip of a moment that was accepted, or restore that of an undone keep."""
    clip = _brought_back(segment, choice) or _made(segment, choice, member)
    if stars != clip.stars:
        FinalClip.objects.filter(lineage=clip.lineage).update(stars=stars)
    return clip


def _made(segment: CandidateSegment, choice: Choice, member: Member) -> FinalClip:
    clip = make_clip(segment.original_file, choice, member, candidate_segment=segment)
    pipeline.start(JobKind.RENDER, clip)
    return clip


def _brought_back(segment: CandidateSegment, choice: Choice) -> FinalClip | None:
    """Restore the clip of an undone keep when exactly that is kept again; None if there is none.

    It has its file and its name still, and what an archive threw away comes out of the trash and is not sent again.
    """
    removed = FinalClip.objects.filter(candidate_segment=segment, removed_at__isnull=False).order_by("-removed_at")
    clip = removed.select_for_update(of=("self",)).first()
    stem = clip_stem(segment.original_file, choice)
    if not (clip and is_chosen(choice, clip) and clip.filename.startswith(f"{stem}__v")):
        return None
    FinalClip.objects.filter(pk=clip.pk).update(removed_at=None, is_current=True)
    for job in clip.jobs.active().filter(kind=JobKind.WITHDRAW).order_by("pk"):
        job.cancel()
    if clip.stored_path:
        pipeline.start(JobKind.ARCHIVE, clip, again=True)
    else:
        pipeline.start(JobKind.RENDER, clip)
    return FinalClip.objects.get(pk=clip.pk)


def trash(segment: CandidateSegment, *, lease: uuid.UUID, key: uuid.UUID, member: Member) -> None:
    """Trash a held segment; the same key again changes nothing. ConflictError as in ``keep``."""
    with transaction.atomic():
        if segment.trash(lease=lease):
            record(DecisionKind.TRASH, segment, key, member, after={"status": SegmentStatus.TRASHED})
        else:
            earlier_decision(DecisionKind.TRASH, segment, key, member)


def skip(segment: CandidateSegment, *, lease: uuid.UUID, key: uuid.UUID, member: Member) -> None:
    """Leave a held segment for later: it comes back after all others. Key and ConflictError as in ``keep``."""
    skipped_at = timezone.now()
    with transaction.atomic():
        if segment.skip(lease=lease, skipped_at=skipped_at):
            after = {"status": SegmentStatus.UNREVIEWED, "skipped_at": skipped_at.isoformat()}
            record(DecisionKind.SKIP, segment, key, member, after=after)
        else:
            earlier_decision(DecisionKind.SKIP, segment, key, member)


def put_aside(segment: CandidateSegment, *, lease: uuid.UUID, key: uuid.UUID, member: Member) -> None:
    """Set the whole video of a held segment aside, also out of everybody's hands; nothing is trashed.

    Key and ConflictError as in ``keep``.
    """
    aside_at = timezone.now()
    with transaction.atomic():
        OriginalFile.objects.filter(pk=segment.original_file_id).hold()
        of_file = CandidateSegment.objects.filter(original_file=segment.original_file_id)
        of_file.undecided().lock_in_order()
        if CandidateSegment.objects.held(lease).filter(pk=segment.pk).exists():
            of_file.leave_hands()
            OriginalFile.objects.filter(pk=segment.original_file_id).update(aside_at=aside_at)
            after = {"status": SegmentStatus.UNREVIEWED, "aside_at": aside_at.isoformat()}
            record(DecisionKind.ASIDE, segment, key, member, after=after)
        else:
            earlier_decision(DecisionKind.ASIDE, segment, key, member)


def check_trim(original: OriginalFile, start_ms: int, end_ms: int) -> None:
    """Raise TrimError unless the span is within the file, and not in what was trimmed off it for good."""
    if start_ms >= end_ms:
        raise TrimError(_("The clip must end after it starts."))
    duration_ms = original.duration_ms or end_ms  # of a lost file nobody knows how long it is
    if start_ms < 0 or end_ms > duration_ms:
        length = f"{duration_ms // 60000}:{duration_ms // 1000 % 60:02d}"
        if start_ms < duration_ms < end_ms and (following := original.next_part()):
            sentence = _("This video ends at %(length)s and continues in %(file)s. Make a separate clip there.")
            raise TrimError(sentence % {"length": length, "file": following})
        raise TrimError(_("The video is %(length)s long. The clip must be within it.") % {"length": length})
    if original.trimmed_at and not kept.has(original, start_ms, end_ms) and fetching.copy_of(original) is None:
        raise TrimError(kept.gone(original, start_ms, end_ms))


def check_moment(original: OriginalFile, start_ms: int, end_ms: int) -> None:
    """Raise TrimError unless a moment of that span can be added, to be sorted: of trimmed videos none is dealt."""
    check_trim(original, start_ms, end_ms)
    if original.trimmed_at:
        raise TrimError(_("This video was trimmed. Restore it to add moments."))


def clip_stem(original: OriginalFile, choice: Choice) -> str:
    """Return the file name of a new clip up to the version."""
    return file_stem(
        date=original.shoot.date,
        session=original.shoot.slug,
        person=choice.person.slug if choice.person else UNKNOWN,
        trick=choice.trick.slug if choice.trick else UNKNOWN,
        camera_id=original.camera_id,
        fps_label=original.fps_label,
    )


def make_clip(original: OriginalFile, choice: Choice, member: Member, **of_clip) -> FinalClip:
    """Create the row of a clip with a new name; ``of_clip`` are its segment and, for a re-edit, its lineage."""
    clip = FinalClip.objects.create(
        **of_clip,
        original_file=original,
        person=choice.person,
        trick=choice.trick,
        category=choice.category,
        start_ms=choice.start_ms,
        end_ms=choice.end_ms,
        camera_id=original.camera_id,
        fps_label=original.fps_label,
        date=original.shoot.date,
        filename=str(FileName.objects.allocate(clip_stem(original, choice), original.clip_ending)),
        created_by=member,
    )
    clip.also.set(person for person in choice.also if person != choice.person)
    try:
        connection.check_constraints()  # now, while a sentence can still be said, and not at the commit
    except IntegrityError as error:
        raise ConflictError(_("This person or trick was just merged into another. Choose again.")) from error
    FinalClip.objects.filter(pk=clip.pk).refresh_search()
    return clip


def record(
    kind: DecisionKind,
    segment: CandidateSegment,
    key: uuid.UUID,
    member: Member,
    *,
    before: dict | None = None,
    after: dict,
) -> Decision:
    """Record a decision in the transaction of its effect; ``segment`` is as it was before."""
    skipped_at = segment.skipped_at and segment.skipped_at.isoformat()
    before = before or {"status": SegmentStatus.UNREVIEWED, "skipped_at": skipped_at}
    try:
        with transaction.atomic():
            return Decision.objects.create(
                pk=key,
                kind=kind,
                segment=segment,
                member=member,
                member_name=member.username,
                before=before,
                after=after,
            )
    except IntegrityError as error:
        # The key was used; where its decision was undone, the segment may well be in the same hand again.
        earlier_decision(kind, segment, key, member)
        raise ConflictError(_("This was just decided.")) from error


def earlier_decision(kind: DecisionKind, segment: CandidateSegment, key: uuid.UUID, member: Member) -> Decision:
    """Return the decision that this key already made, for a caller who just failed to decide."""
    earlier = Decision.objects.filter(pk=key).first()
    if earlier is None:
        raise ConflictError(_why_not_held(segment))
    if (earlier.kind, earlier.segment_id, earlier.member_id) != (kind, segment.pk, member.pk):
        raise ConflictError(_("This key was used for another decision."))
    if earlier.undone_by_id:
        raise ConflictError(_("This decision was undone. Decide again."))
    return earlier


def earlier_change(kind: BulkKind, key: uuid.UUID, member: Member, asked: str = "") -> BulkChange | None:
    """Return the change of many rows that this key already made; ConflictError if it stands for another one.

    ``asked`` is the mark of the request; with another one the key stands for another change.
    Call it with the rows in hand: the same request may come twice at once, and the second one waits for them.
    """
    earlier = BulkChange.objects.filter(pk=key).first()
    if earlier is None:
        return None
    is_other = bool(asked and earlier.asked) and asked != earlier.asked
    if is_other or (earlier.kind, earlier.member_id) != (kind, member.pk):
        raise ConflictError(_("This key was used for another change."))
    return earlier


def _why_not_held(segment: CandidateSegment) -> str:
    if OriginalFile.objects.filter(pk=segment.original_file_id, aside_at__isnull=False).exists():
        return _("The video was set aside, so its moments are not in the queue now.")
    if OriginalFile.objects.filter(pk=segment.original_file_id, bin_entry__isnull=False).exists():
        return _("The video is in the bin, so its moments are not in the queue now.")
    return _("You no longer hold this moment: the time ran out, or it was already decided.")
