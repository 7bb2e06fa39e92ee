"""Filters and orders the moments of a sort page: all, or those of a session, a camera, a rider."""

import uuid
from collections import Counter
from dataclasses import dataclass

from django.db.models import Case, Count, Exists, IntegerField, OuterRef, QuerySet, Subquery, Value, When
from django.utils.translation import gettext_lazy as _

from clips.models import CandidateSegment, FinalClip, Shoot
from people.models import Person

BEST_FIRST, BY_TIME = "best", "time"
ORDERS = {BEST_FIRST: _("best of each video first"), BY_TIME: _("by time")}
MAX_SESSIONS, MAX_NAMES = 50, 100


@dataclass(frozen=True)
class Table:
    session: uuid.UUID | None = None
    camera: str | None = None
    #: Whom the last clip of the video was of: most often the rest of the video is of them too.
    person: uuid.UUID | None = None
    order: str = BEST_FIRST
    #: Whether the video of the card on top comes before all others, until nothing of it is left.
    finish: bool = False

    @property
    def is_narrow(self) -> bool:
        return any((self.session, self.camera, self.person))

    @property
    def with_angles(self) -> bool:
        """Return whether a trick with angles is one card: not where only some cameras' moments are asked for."""
        return not (self.camera or self.person)

    def narrow(self, segments: QuerySet) -> QuerySet:
        segments = segments.in_session(self.session)
        if self.camera:
            segments = segments.filter(original_file__camera_id=self.camera)
        if self.person:
            # As a list: PostgreSQL cannot tell how few these files are, and would ask of each segment anew.
            segments = segments.filter(original_file__in=list(files_last_tagged(self.person)))
        return segments

    def in_turns(self, segments: QuerySet, file: uuid.UUID | None) -> list[QuerySet]:
        """Order segments for this filter, for ``lease_hand``; ``file`` is that of the top card."""
        ordered = segments.by_time() if self.order == BY_TIME else segments.best_first()
        if not (self.finish and file):
            return ordered.in_turns()
        others = Case(When(original_file=file, then=Value(0)), default=Value(1), output_field=IntegerField())
        unskipped, everything = ordered.in_turns()
        return [
            ordered.filter(original_file=file),
            unskipped,
            everything.order_by(others, *everything.query.order_by),
        ]


def files_last_tagged(person: uuid.UUID) -> QuerySet:
    """Return the ids of the files with undecided moments whose last clip shows that person."""
    clips = FinalClip.objects.current().order_by()
    of_file = {"original_file": OuterRef("original_file")}
    is_open = Exists(CandidateSegment.objects.open().filter(**of_file))
    has_later = Exists(clips.filter(**of_file, created_at__gt=OuterRef("created_at")))
    return clips.filter(is_open, ~has_later, person=person).values_list("original_file", flat=True)


def choices() -> dict[str, list]:
    """Return the options of the filter: sessions and cameras with moments left, and riders last tagged in such a video.

    Sessions come newest first, each with ``n_left``. All from one look at what is left, file by file.
    """
    last = FinalClip.objects.current().filter(original_file=OuterRef("original_file")).order_by("-created_at")
    files = CandidateSegment.objects.undecided().shown().order_by().values("original_file").annotate(n_left=Count("pk"))
    files = files.annotate(last_person=Subquery(last.values("person")[:1]))
    n_left, cameras, riders = Counter(), set(), set()
    of_file = ("original_file__shoot", "original_file__camera_id", "last_person", "n_left")
    for shoot, camera, rider, n_of_file in files.values_list(*of_file):
        n_left[shoot] += n_of_file
        cameras.add(camera)
        riders.add(rider)
    shoots = list(Shoot.objects.filter(pk__in=n_left)[:MAX_SESSIONS])
    for shoot in shoots:
        shoot.n_left = n_left[shoot.pk]
    return {
        "shoots": shoots,
        "cameras": sorted(cameras - {""})[:MAX_NAMES],
        "riders": list(Person.objects.filter(pk__in=riders - {None})[:MAX_NAMES]),
    }
