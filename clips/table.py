"""Which moments a sort page is about, and in what order: all, or those of a session, a camera, a rider."""

import uuid
from dataclasses import dataclass

from django.db.models import Case, Exists, IntegerField, OuterRef, QuerySet, Subquery, Value, When
from django.utils.translation import gettext_lazy as _

from clips.models import CandidateSegment, FinalClip, OriginalFile
from people.models import Person

BEST_FIRST, BY_TIME = "best", "time"
ORDERS = {BEST_FIRST: _("best of each video first"), BY_TIME: _("by time")}
MAX_NAMES = 100


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

    def narrow(self, segments: QuerySet) -> QuerySet:
        segments = segments.in_session(self.session)
        if self.camera:
            segments = segments.filter(original_file__camera_id=self.camera)
        if self.person:
            # As a list: PostgreSQL cannot tell how few these files are, and would ask of each segment anew.
            segments = segments.filter(original_file__in=list(files_last_tagged(self.person)))
        return segments

    def in_turns(self, segments: QuerySet, file: uuid.UUID | None) -> list[QuerySet]:
        """Order segments as this table lays them, for ``lease_hand``; ``file`` is that of the card on top."""
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
    """Return the ids of the files in which something is open and whose last clip is of that person."""
    clips = FinalClip.objects.current().order_by()
    of_file = {"original_file": OuterRef("original_file")}
    is_open = Exists(CandidateSegment.objects.open().filter(**of_file))
    has_later = Exists(clips.filter(**of_file, created_at__gt=OuterRef("created_at")))
    return clips.filter(is_open, ~has_later, person=person).values_list("original_file", flat=True)


def filters() -> dict[str, list]:
    """Return what there is to choose from: cameras, and who was last tagged, of videos in which something is left."""
    last = FinalClip.objects.current().filter(original_file=OuterRef("pk")).order_by("-created_at").values("person")
    left = CandidateSegment.objects.undecided().shown().order_by().values("original_file")
    files = OriginalFile.objects.filter(pk__in=left).order_by().annotate(last_person=Subquery(last[:1]))
    found = set(files.values_list("camera_id", "last_person").distinct())
    cameras = {camera for camera, _person in found} - {""}
    riders = {person for _camera, person in found} - {None}
    return {
        "cameras": sorted(cameras)[:MAX_NAMES],
        "riders": list(Person.objects.filter(pk__in=riders)[:MAX_NAMES]),
    }
