"""Which moments a sort page is about, and in what order: all, or those of a session, a camera, a rider."""

import uuid
from dataclasses import dataclass

from django.db.models import Case, IntegerField, OuterRef, QuerySet, Subquery, Value, When
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
            segments = segments.filter(original_file__in=files_last_tagged(self.person))
        return segments

    def in_order(self, segments: QuerySet, file: uuid.UUID | None) -> QuerySet:
        """Order segments as this table lays them; ``file`` is that of the card on top."""
        ordered = segments.by_time() if self.order == BY_TIME else segments.best_first()
        if not (self.finish and file):
            return ordered
        others = Case(When(original_file=file, then=Value(0)), default=Value(1), output_field=IntegerField())
        return ordered.order_by(others, *ordered.query.order_by)


def files_last_tagged(person: uuid.UUID) -> QuerySet:
    """Return the files whose last clip is of that person."""
    clips = FinalClip.objects.current()
    last = clips.filter(original_file=OuterRef("pk")).order_by("-created_at").values("person")[:1]
    files = OriginalFile.objects.filter(pk__in=clips.filter(person=person).values("original_file"))
    return files.annotate(last_person=Subquery(last)).filter(last_person=person).values("pk")


def filters() -> dict[str, list]:
    """Return what there is to choose from: cameras and riders of videos in which something is left."""
    files = CandidateSegment.objects.undecided().order_by().values("original_file").distinct()
    cameras = OriginalFile.objects.filter(pk__in=files).exclude(camera_id="").order_by("camera_id")
    clips = FinalClip.objects.current().filter(original_file__in=files)
    return {
        "cameras": list(cameras.values_list("camera_id", flat=True).distinct()[:MAX_NAMES]),
        "riders": list(Person.objects.filter(pk__in=clips.order_by().values("person"))[:MAX_NAMES]),
    }
