"""Gathers what a session's page shows of its clips: the best as cards, who was there, and the cover picture."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Count, F, Q
from django.db.models.functions import Lower

from clips.models import CandidateSegment, FinalClip, SegmentStatus, Shoot
from people.models import Member, Person

#: Rows of four on a wide page; the library has all of them.
SHOWN = 12
#: To choose a cover from.
MOST_PICTURES = 60


@dataclass(frozen=True)
class Rider:
    """Somebody who was there, with how many clips they are in."""

    name: str
    slug: str
    n_clips: int


def clips_of(shoot: Shoot, member: Member) -> list[FinalClip]:
    """Return the first clips of a session in the order in which they were filmed, as cards show them."""
    rows = FinalClip.objects.current().filter(original_file__shoot=shoot)
    rows = rows.for_cards(member)
    return list(rows.order_by(F("original_file__recorded_at").asc(nulls_last=True), "start_ms", "pk")[:SHOWN])


def riders_of(shoot: Shoot) -> list[Rider]:
    """Return who is in the session's clips, the one with the most first; filmers are not counted."""
    current = FinalClip.objects.current().filter(original_file__shoot=shoot).order_by()
    also = FinalClip.also.through.objects.filter(finalclip__in=current.values("pk"))
    counted: Counter[UUID] = Counter()
    for rows in (current.exclude(person=None).values_list("person"), also.values_list("person")):
        counted.update(dict(rows.annotate(Count("pk"))))
    people = Person.objects.filter(pk__in=counted).order_by(Lower("display_name"))
    riders = [Rider(person.display_name, person.slug, counted[person.pk]) for person in people]
    return sorted(riders, key=lambda rider: -rider.n_clips)


def pictures_of(shoot: Shoot) -> list[CandidateSegment]:
    """Return moments whose pictures can stand for a session: kept ones first, then the best."""
    rows = CandidateSegment.objects.in_use().filter(original_file__shoot=shoot).exclude(poster_path="")
    rows = rows.exclude(status=SegmentStatus.TRASHED).annotate(is_kept=Q(status=SegmentStatus.ACCEPTED))
    return list(rows.order_by("-is_kept", F("score").desc(nulls_last=True), "pk").only("start_ms")[:MOST_PICTURES])


def covers_of(shoots: Iterable[Shoot]) -> dict[UUID, UUID]:
    """Return, by session, the moment whose picture stands for it: the chosen one, or else one that was kept."""
    shoots = list(shoots)
    with_picture = CandidateSegment.objects.in_use().exclude(poster_path="")
    chosen = with_picture.filter(pk__in=[shoot.cover_id for shoot in shoots if shoot.cover_id])
    there = set(chosen.values_list("pk", flat=True))
    covers = {shoot.pk: shoot.cover_id for shoot in shoots if shoot.cover_id in there}
    others = [shoot.pk for shoot in shoots if shoot.pk not in covers]
    kept = with_picture.filter(original_file__shoot__in=others, status=SegmentStatus.ACCEPTED)
    first = kept.order_by("original_file__shoot_id", F("score").desc(nulls_last=True), "pk")
    return covers | dict(first.distinct("original_file__shoot_id").values_list("original_file__shoot_id", "pk"))
