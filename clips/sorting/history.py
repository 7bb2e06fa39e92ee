"""Lists a member's recent decisions with the cards that an undo would bring back, for a page to load early."""

import uuid
from dataclasses import dataclass

from clips.models import Decision, DecisionKind, FinalClip
from clips.previews import requests
from clips.sorting.angles import OtherAngle, kept_of_some, others_of
from clips.sorting.hand import Card, Tags, last_tags
from people.models import Member

#: As many at once; a page asks for more while it still has some.
PORTION = 16
#: And with the page itself, for undos right after a reload: each card costs the server two milliseconds.
WITH_PAGE = 8


@dataclass(frozen=True)
class PastDecision:
    decision: Decision
    #: As it looks when this decision is undone; None where a later one of the same portion is about the same segment.
    card: Card | None
    #: Of a keep: what it was kept as.
    tags: Tags | None = None

    @property
    def end_ms(self) -> int | None:
        """End of the moment before it was split."""
        return self.decision.before["end_ms"] if self.decision.kind == DecisionKind.SPLIT else None

    @property
    def made(self) -> str:
        """The segment made by hand, which an undo deletes."""
        return self.decision.after["made"] if self.decision.kind == DecisionKind.ADD else ""


def past_of(
    member: Member, *, before: uuid.UUID | None = None, portion: int | None = None
) -> tuple[list[PastDecision], bool]:
    """Return a member's last decisions that were not undone, newest first, and whether there are older ones.

    ``before`` is one of them, from which to go on. In a fixed number of queries.
    """
    portion = portion or PORTION
    not_undone = Decision.objects.not_undone().filter(member=member)
    if before:
        not_undone = not_undone.filter(created_at__lt=Decision.objects.filter(pk=before).values("created_at"))
    # As ``with_card`` does it for segments.
    shown = not_undone.select_related("segment__original_file__shoot", "segment__preview")
    shown = shown.defer("segment__features", "segment__original_file__probe")
    rows = list(shown.order_by("-created_at")[: portion + 1])
    decisions, has_more = rows[:portion], len(rows) > portion
    requests.bring_jobs([decision.segment for decision in decisions])
    clips = FinalClip.objects.with_tags().in_bulk(
        [decision.after["clip"] for decision in decisions if decision.kind == DecisionKind.KEEP]
    )
    clips = {str(pk): clip for pk, clip in clips.items()}
    inherited = last_tags(member).carried() if decisions else Tags()
    beside = [entry["segment"] for decision in decisions for entry in decision.after.get("angles", [])]
    angles = others_of((decision.segment for decision in decisions), beside) if beside else {}
    drawn, past = set(), []
    for decision in decisions:
        clip = clips.get(decision.after.get("clip"))
        card = None if decision.segment_id in drawn else _card(decision, clip, inherited, angles)
        past.append(PastDecision(decision, card, Tags.of(clip) if clip else None))
        drawn.add(decision.segment_id)
    return past, has_more


def _card(
    decision: Decision, clip: FinalClip | None, inherited: Tags, angles: dict[uuid.UUID, list[OtherAngle]]
) -> Card:
    segment, beside = decision.segment, angles.get(decision.segment_id, [])
    kept = kept_of_some(segment.pk, decision.after)
    if clip and clip.candidate_segment_id == segment.pk:  # what was kept comes back as it was kept
        return Card(segment, clip.start_ms, clip.end_ms, Tags.of(clip), False, beside, kept)
    tags = Tags.of(clip) if clip else inherited  # another angle alone was kept, whose times are of another video
    return Card(segment, segment.start_ms, segment.end_ms, tags, clip is None, beside, kept)
