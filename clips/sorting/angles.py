"""Decides about a trick with angles: one decision about all that its card shows, recorded on the card's moment."""

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.media.pictures.named_frames import named_ms
from clips.models import Angle, CandidateSegment, DecisionKind, FinalClip, OriginalFile, SegmentStatus
from clips.models.camera import own_name
from clips.previews import requests
from clips.sorting.decisions import (
    Choice,
    ConflictError,
    check_trim,
    clip_of,
    earlier_decision,
    record,
)
from people.models import Member

#: Of a trim that hardly reaches into another camera's video nothing is kept there.
LEAST_MS = 200


@dataclass(frozen=True)
class OtherAngle:
    """Another camera's moment of what a card shows."""

    segment: CandidateSegment
    #: How much later the same instant is in its video than in that of the card, around the moment.
    shift_ms: float


def others_of(
    leads: Iterable[CandidateSegment], among: Iterable[uuid.UUID] | None = None, *, lease: uuid.UUID | None = None
) -> dict[uuid.UUID, list[OtherAngle]]:
    """Return the other angles of some cards, by the card's moment: those a page holds, or those of ``among``.

    In two queries, one where there are none.
    """
    leads = {lead.pk: lead for lead in leads}
    rows = CandidateSegment.objects.led_by(list(leads))
    rows = rows.filter(pk__in=list(among)) if among is not None else rows.held(lease) if lease else rows.none()
    rows = rows.with_card().select_related("original_file__shoot", "preview", "angle")
    rows = rows.annotate(own_camera_name=own_name("original_file__camera_id", "original_file__camera_serial"))
    found: dict[uuid.UUID, list[OtherAngle]] = defaultdict(list)
    # On each card in the same order: the next angle is the same camera's as on the card before.
    others = list(rows.order_by("original_file__camera_id", "original_file__camera_serial", "pk"))
    if not others:
        return found
    of_camera = own_name("segment__original_file__camera_id", "segment__original_file__camera_serial")
    own = Angle.objects.filter(segment__in=leads).annotate(own_camera_name=of_camera)
    by_group = {angle.group_id: angle for angle in own}
    for angle in own:
        leads[angle.segment_id].original_file.own_camera_name = angle.own_camera_name
    requests.bring_jobs(others)
    for other in others:
        angle = by_group[other.angle.group_id]
        lead = leads[angle.segment_id]
        other.original_file.own_camera_name = other.own_camera_name
        middle_ms = (lead.start_ms + lead.end_ms) / 2
        shift_ms = other.angle.place_ms(angle.at_ms(middle_ms)) - middle_ms
        found[lead.pk].append(OtherAngle(other, shift_ms))
    return found


def kept_of_some(decided: uuid.UUID, after: dict[str, Any]) -> frozenset[uuid.UUID]:
    """Return which angles a keep about a moment kept if it left others out; none where it kept all of them."""
    if not after.get("clip"):
        return frozenset()
    others = {uuid.UUID(other["segment"]): other["status"] for other in after.get("angles", [])}
    became = {decided: after.get("status")} | others
    kept = frozenset(pk for pk, status in became.items() if status == SegmentStatus.ACCEPTED)
    return kept if len(kept) < len(became) else frozenset()


def lead_of(moment: uuid.UUID) -> uuid.UUID:
    """Return the moment whose card shows another one as well: its own, if it has none beside it."""
    lead = CandidateSegment.objects.undecided().filter(angle__is_lead=True, angle__group__angles__segment=moment)
    return lead.values_list("pk", flat=True).first() or moment


def keep(
    segment: CandidateSegment,
    choice: Choice,
    *,
    angles: list[uuid.UUID],
    only: Collection[uuid.UUID] = (),
    stars: int = 0,
    lease: uuid.UUID,
    key: uuid.UUID,
    member: Member,
) -> FinalClip:
    """Make a clip of each angle of a card, all of the same time; or of some alone, and trash the others.

    Parameters
    ----------
    segment : CandidateSegment
        That of the card, in whose video's time the choice is.
    angles : list of UUID
        The other moments that the card showed; those that the page holds no more are left alone.
    only : collection of UUID, optional
        Those moments to keep; by default all.

    Raises
    ------
    TrimError
        If the span is empty or lies outside of the card's video.
    ConflictError
        As `clips.sorting.decisions.keep`, and if no angle to keep shows that time.
    """
    check_trim(segment.original_file, choice.start_ms, choice.end_ms)
    with transaction.atomic():
        card = _held(segment, angles, lease)
        if not card:
            decided = earlier_decision(DecisionKind.KEEP, segment, key, member)
            return FinalClip.objects.get(pk=decided.after["clip"])
        choices = {one.pk: _choice_for(one, segment, choice) for one in card}
        done: list[dict[str, Any]] = []
        for one in card:
            wanted = choices[one.pk]
            if only and one.pk not in only:
                one.trash(lease=lease)
                done.append(_entry(one, SegmentStatus.TRASHED))
            elif wanted and one.accept(lease=lease):
                done.append(_entry(one, SegmentStatus.ACCEPTED, clip_of(one, wanted, stars, member)))
        clips = [entry["clip"] for entry in done if entry["clip"]]
        if not clips:
            raise ConflictError(_("This camera’s video does not show all of that."))
        own, others = done[0], done[1:]
        after = {"status": own["status"], "clip": own["clip"] or clips[0], "angles": others}
        record(DecisionKind.KEEP, segment, key, member, after=after)
    return FinalClip.objects.get(pk=after["clip"])


def trash(
    segment: CandidateSegment, *, angles: list[uuid.UUID], lease: uuid.UUID, key: uuid.UUID, member: Member
) -> None:
    """Trash all angles of a card; the same key again changes nothing."""
    with transaction.atomic():
        if not (card := _held(segment, angles, lease)):
            earlier_decision(DecisionKind.TRASH, segment, key, member)
            return
        done = [_entry(one, SegmentStatus.TRASHED) for one in card if one.trash(lease=lease)]
        after = {"status": SegmentStatus.TRASHED, "angles": done[1:]}
        record(DecisionKind.TRASH, segment, key, member, after=after)


def skip(
    segment: CandidateSegment, *, angles: list[uuid.UUID], lease: uuid.UUID, key: uuid.UUID, member: Member
) -> None:
    """Leave all angles of a card for later; the same key again changes nothing."""
    skipped_at = timezone.now()
    with transaction.atomic():
        if not (card := _held(segment, angles, lease)):
            earlier_decision(DecisionKind.SKIP, segment, key, member)
            return
        done = [_entry(one, SegmentStatus.UNREVIEWED) for one in card if one.skip(lease=lease, skipped_at=skipped_at)]
        after = {"status": SegmentStatus.UNREVIEWED, "skipped_at": skipped_at.isoformat(), "angles": done[1:]}
        record(DecisionKind.SKIP, segment, key, member, after=after)


def span_in(angle: Angle, lead: Angle, span_ms: tuple[int, int], video: OriginalFile) -> tuple[int, int] | None:
    """Return what one angle's video shows of a span of another's; None where that is next to nothing."""
    start_ms, end_ms = (named_ms(angle.place_ms(lead.at_ms(place_ms)), video.rate) for place_ms in span_ms)
    start_ms, end_ms = max(0, start_ms), min(end_ms, video.duration_ms or end_ms)
    return (start_ms, end_ms) if end_ms - start_ms >= LEAST_MS else None


def _held(segment: CandidateSegment, angles: list[uuid.UUID], lease: uuid.UUID) -> list[CandidateSegment]:
    """Lock and return a card's moment and those others that are still with it; none if the page lost the card."""
    CandidateSegment.objects.filter(pk__in=[segment.pk, *angles]).lock_in_order()
    if not CandidateSegment.objects.held(lease).filter(pk=segment.pk).exists():
        return []
    # The same trick still: somebody may have taken the pair apart while the card was open. Read at once, for groups are
    # made anew beside this, on a clock of their own.
    angles_of = {angle.segment_id: angle for angle in Angle.objects.filter(group__angles__segment=segment)}
    beside = CandidateSegment.objects.held(lease).filter(pk__in=angles_of.keys() & set(angles)).exclude(pk=segment.pk)
    card = [segment, *beside.with_card().select_related("original_file__shoot", "preview").order_by("pk")]
    for one in card:
        if one.pk in angles_of:
            one.angle = angles_of[one.pk]
    return card


def _choice_for(one: CandidateSegment, lead: CandidateSegment, choice: Choice) -> Choice | None:
    """Return a choice about the card's video in the time of another; None where that shows next to nothing of it."""
    if one.pk == lead.pk:
        return choice
    span_ms = span_in(one.angle, lead.angle, (choice.start_ms, choice.end_ms), one.original_file)
    return replace(choice, start_ms=span_ms[0], end_ms=span_ms[1]) if span_ms else None


def _entry(one: CandidateSegment, status: SegmentStatus, clip: FinalClip | None = None) -> dict[str, Any]:
    """Return what a decision did to one angle, as its row keeps it."""
    skipped_at = one.skipped_at and one.skipped_at.isoformat()
    return {"segment": str(one.pk), "status": status, "clip": clip and str(clip.pk), "skipped_at": skipped_at}
