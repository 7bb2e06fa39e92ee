"""Deals the hand of one open sort page, fills in its cards, and counts what is left to sort."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import timedelta
from zlib import crc32

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import Count, Max, Min, OuterRef, Q, QuerySet, UUIDField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.translation import gettext as _

from clips.models import (
    Angle,
    CandidateSegment,
    ClipCategory,
    Decision,
    DecisionKind,
    FinalClip,
    OriginalFile,
)
from clips.previews import requests
from clips.sorting.angles import OtherAngle, kept_of_some, others_of
from clips.sorting.queue_filter import Table
from clips.sorting.suggestions import Suggestion, suggestions_for
from people.models import Member, Person

HAND = 4
#: My pace is that of the last minutes; two decisions are no pace.
PACE_OVER, LEAST_FOR_PACE = timedelta(minutes=10), 3
#: One card in so many brings along one that its session only just hides.
ONE_IN = 20
SORTING = [DecisionKind.KEEP, DecisionKind.TRASH, DecisionKind.SKIP]
#: As many names lie on the digits, out of the last keeps of so many.
N_RECENT, RECENT_KEEPS = 9, 60


@dataclass(frozen=True)
class Tags:
    """The prefilled values of a card's boxes."""

    people: str = ""
    trick: str = ""
    category: str = ClipCategory.TRICK
    stars: int = 0

    @classmethod
    def of(cls, clip: FinalClip | None) -> "Tags":
        return cls.naming(clip, [person.display_name for person in clip.also.all()]) if clip else cls()

    @classmethod
    def naming(cls, clip: FinalClip, others: list[str]) -> "Tags":
        """Return the tags of a clip that also shows ``others``."""
        names = [clip.person.display_name] if clip.person else []
        return cls(", ".join(names + sorted(others)), str(clip.trick or ""), clip.category, clip.stars)

    def carried(self) -> "Tags":
        """Return the tags for the next card: only the rider, since hardly anybody does the same trick again."""
        return Tags(people=self.people)


@dataclass(frozen=True)
class Recent:
    """A member's recent names, each with a digit key; in order of name, so that they keep their places."""

    people: list[str] = field(default_factory=list)
    tricks: list[str] = field(default_factory=list)
    #: The newest of them, behind a key of its own.
    last_trick: str = ""


@dataclass(frozen=True)
class AnglePlace:
    """An angle on a card: the moment, its shift, and whether it is on screen or left out."""

    segment: CandidateSegment
    #: As `OtherAngle.shift_ms`; None for the card's own.
    shift_ms: float | None
    is_on_screen: bool
    is_left_out: bool


@dataclass(frozen=True)
class Card:
    segment: CandidateSegment
    start_ms: int
    end_ms: int
    tags: Tags
    #: Whether the rider is that of the last keep, and the tags are not of this very moment.
    is_inherited: bool
    #: The same trick from other cameras.
    angles: list[OtherAngle] = field(default_factory=list)
    #: Those of all its angles that a keep which is undone kept, where it left others out.
    kept: frozenset[uuid.UUID] = frozenset()

    @property
    def only(self) -> list[uuid.UUID]:
        """The angles that a keep would keep, in their order; none for all of them."""
        all_angles = [self.segment.pk, *(angle.segment.pk for angle in self.angles)]
        only = [pk for pk in all_angles if pk in self.kept]
        return only if len(only) < len(all_angles) else []

    @property
    def places(self) -> list["AnglePlace"]:
        """All angles, the card's own first; of one that alone is kept the video is on screen."""
        only = self.only
        on_screen = only[0] if len(only) == 1 else self.segment.pk
        return [
            AnglePlace(one, shift_ms, one.pk == on_screen, len(only) > 1 and one.pk not in only)
            for one, shift_ms in [(self.segment, None), *((angle.segment, angle.shift_ms) for angle in self.angles)]
        ]

    @property
    def people_box(self) -> str:
        """The id of its box in the page, which holds several cards at once."""
        return f"people-{self.segment.pk}"

    @property
    def trick_box(self) -> str:
        return f"trick-{self.segment.pk}"


@dataclass(frozen=True)
class Left:
    """The number of undecided moments."""

    in_all: int = 0
    in_session: int | None = None
    in_file: int | None = None
    #: Decisions per minute of whom it is told, while they sort.
    pace: float | None = None
    #: User names of those who sort at this moment.
    others: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Hand:
    #: Ids of all that the page holds, in the order in which to show it.
    order: list[uuid.UUID]
    #: Those of them that the page does not have yet.
    cards: list[Card]
    left: Left
    #: The segment that goes before all others, because a decision about it was just undone.
    front: uuid.UUID | None = None
    recent: Recent = field(default_factory=Recent)
    #: Of the last keep that stands.
    last: Tags = Tags()
    #: For the cards of ``order``.
    suggestions: list[Suggestion] = field(default_factory=list)


def deal(
    *,
    member: Member,
    lease: uuid.UUID,
    have: Collection[uuid.UUID] = (),
    without: Collection[uuid.UUID] = (),
    table: Table = Table(),  # noqa: B008  it is frozen
    file: uuid.UUID | None = None,
    front: uuid.UUID | None = None,
) -> Hand:
    """Renew the leases of a page, fill its hand, and return the missing cards.

    Parameters
    ----------
    have : collection of UUID
        Segments whose card the page has already.
    without : collection of UUID
        Segments that were decided on a page that is gone, and whose decision has not arrived yet.
    table : Table
        What it sorts, and in what order.
    file : UUID, optional
        The file of its current card, whose rest is counted.
    front : UUID, optional
        A segment to be shown first.
    """
    # Most crews have none, and each question about them is a long one.
    with_angles = table.with_angles and Angle.objects.exists()
    segments = table.narrow(CandidateSegment.objects.exclude(pk__in=without)).lease_hand(
        member=member, lease=lease, count=HAND, in_turns=lambda rows: table.in_turns(rows, file),
        with_angles=with_angles,
    )  # fmt: skip
    segments = _with_one_below(segments, have, member, lease, with_angles=with_angles)
    segments.sort(key=lambda segment: segment.pk != front)
    new = [segment for segment in segments if segment.pk not in have]
    if not have and segments:
        file = segments[0].original_file_id
    last = last_tags(member)
    return Hand(
        order=[segment.pk for segment in segments],
        cards=_cards(new, member, front, last.carried(), others_of(new, lease=lease) if with_angles else {}),
        left=count_left(member, file, with_angles=with_angles),
        front=front,
        recent=recent_names(member),
        last=last,
        suggestions=suggestions_for([segment.pk for segment in segments]),
    )


def _with_one_below(
    hand: list[CandidateSegment], have: Collection[uuid.UUID], member: Member, lease: uuid.UUID, *, with_angles: bool
) -> list[CandidateSegment]:
    """Return a hand in which a hidden moment comes second, where it has one or its new cards bring one along.

    Which cards do follows from their places in their videos, so that dealing the same again brings nothing new.
    """
    below = [one for one in hand if one.is_just_below]
    bringing = next((one for one in hand if one.pk not in have and brings_one_below(one)), None)
    if bringing and not below:
        one = CandidateSegment.objects.lease_below(bringing, member=member, lease=lease, with_angles=with_angles)
        below = [one] if one else []
    if not below:
        return hand
    others = [one for one in hand if not one.is_just_below]
    return [*others[:1], *below, *others[1:]]


def brings_one_below(moment: CandidateSegment) -> bool:
    """Return whether the card of a moment brings along one just below the line, as one in ``ONE_IN`` does."""
    return moment.run_id is not None and crc32(str(moment.start_ms).encode()) % ONE_IN == 0


@transaction.atomic
def take(moment: uuid.UUID, *, member: Member, lease: uuid.UUID) -> str:
    """Put one moment into a page's hand, also from another page of the same member, whatever the sensitivity.

    Returns
    -------
    str
        Who has it instead, in a sentence; empty where the page has it now, or where nobody has to sort it.
    """
    segment = CandidateSegment.objects.undecided().select_related("locked_by").filter(pk=moment).first()
    if segment is None:
        return ""
    free = CandidateSegment.objects.available() | CandidateSegment.objects.undecided().filter(locked_by=member)
    if segment.reopen(lease=lease, member=member, was=free, skipped_at=segment.skipped_at):
        return ""
    name = segment.locked_by or _("Somebody else")
    return _("%(name)s is sorting the moment you chose. Here are others.") % {"name": name}


def count_left(member: Member, file: uuid.UUID | None, *, with_angles: bool = False) -> Left:
    """Count the cards that are left in all, in a file and in that file's session, and list who else is sorting.

    ``with_angles`` counts a trick with angles once.
    """
    original = OriginalFile.objects.filter(pk=file).values("pk", "shoot").first() if file else None
    counts = {"in_all": Count("pk")}
    if original:
        counts["in_session"] = Count("pk", filter=Q(original_file__shoot=original["shoot"]))
        counts["in_file"] = Count("pk", filter=Q(original_file=original["pk"]))
    held = CandidateSegment.objects.in_hands().exclude(locked_by=member).exclude(locked_by=None)
    others = held.order_by("locked_by__username").values_list("locked_by__username", flat=True).distinct()
    moments = CandidateSegment.objects.undecided().shown()
    counted = (moments.not_led() if with_angles else moments).aggregate(**counts)
    return Left(**counted, pace=pace_of(member), others=list(others))


def pace_of(member: Member) -> float | None:
    """Return a member's decisions per minute over the last ten minutes; None for fewer than three."""
    since = timezone.now() - PACE_OVER
    recent = Decision.objects.not_undone().filter(member=member, created_at__gte=since, kind__in=SORTING)
    found = recent.aggregate(n=Count("pk"), first=Min("created_at"), last=Max("created_at"))
    if found["n"] < LEAST_FOR_PACE:
        return None
    return 60 * (found["n"] - 1) / max(1.0, (found["last"] - found["first"]).total_seconds())


def last_tags(member: Member) -> Tags:
    """Return the tags of the member's last keep that was not undone."""
    others = Person.objects.filter(also_in=OuterRef("pk")).values("display_name")
    clips = FinalClip.objects.filter(pk__in=_kept_by(member)[:1]).select_related("person", "trick")
    clip = clips.annotate(others=ArraySubquery(others)).first()  # in one query, for each answer brings it
    return Tags.naming(clip, clip.others) if clip else Tags()


def recent_names(member: Member) -> Recent:
    """Return the people and tricks of the member's last keeps that were not undone."""
    rows = (
        FinalClip.objects.filter(pk__in=_kept_by(member)[:RECENT_KEEPS])
        .select_related("person", "trick")
        .order_by("-created_at")
    )
    people, tricks = {}, {}
    for clip in rows.only("created_at", "person__display_name", "trick__name", "trick__stance", "trick__direction"):
        if clip.person:
            people.setdefault(clip.person.display_name)
        if clip.trick:
            tricks.setdefault(str(clip.trick))
    return Recent(
        people=sorted([*people][:N_RECENT], key=str.lower),
        tricks=sorted([*tricks][:N_RECENT], key=str.lower),
        last_trick=next(iter(tricks), ""),
    )


def _kept_by(member: Member) -> QuerySet:
    """Return the ids of the clips of a member's keeps that were not undone, the last one first."""
    keeps = Decision.objects.not_undone().filter(member=member, kind=DecisionKind.KEEP).order_by("-created_at")
    return keeps.annotate(clip=Cast(KeyTextTransform("clip", "after"), UUIDField())).values("clip")


def _cards(
    segments: list[CandidateSegment],
    member: Member,
    front: uuid.UUID | None,
    inherited: Tags,
    angles: dict[uuid.UUID, list[OtherAngle]],
) -> list[Card]:
    if not segments:
        return []
    requests.bring_jobs(segments)
    cards = [
        Card(segment, segment.start_ms, segment.end_ms, inherited, True, angles.get(segment.pk, []))
        for segment in segments
    ]
    # A keep that was undone comes back as it was kept.
    removed = FinalClip.objects.filter(candidate_segment=front, removed_at__isnull=False, created_by=member)
    if front and cards[0].segment.pk == front and (clip := removed.with_tags().order_by("-removed_at").first()):
        cards[0] = Card(cards[0].segment, clip.start_ms, clip.end_ms, Tags.of(clip), False, cards[0].angles)
    if front and cards[0].segment.pk == front and cards[0].angles:
        undoing = Decision.objects.filter(kind=DecisionKind.UNDO, segment=front, member=member).order_by("-created_at")
        undone = undoing.values_list("before", flat=True).first() or {}
        cards[0] = replace(cards[0], kept=kept_of_some(front, undone))
    return cards
