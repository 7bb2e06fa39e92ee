"""Gathers the footage that the start page shows: the newest session with its best clip, riders, one's own clips."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum
from django.utils import timezone

from clips.models import CandidateSegment, ClipCategory, FinalClip, OriginalFile, Shoot, Upload
from clips.previews.playback import Source, light_source, moment_source
from people.models import Member

NEWEST_CLIPS = 12
OWN_CLIPS = 6
#: Riders are those of so many of the newest clips: who rode lately, found without counting the whole library.
RIDERS, LATELY = 12, 240
#: An upload that got no byte for so long is not running: its page was closed, or its network is gone.
SILENT_AFTER = timedelta(minutes=2)


@dataclass(frozen=True)
class Newest:
    """The newest session, and what there is of it."""

    shoot: Shoot
    n_clips: int
    #: Those with the most clips first.
    riders: list[str]


@dataclass(frozen=True)
class Picture:
    """What moves behind the newest session's name: its best clip, else its likeliest moment."""

    #: The moment whose picture stands there before anything moves.
    poster_of: UUID
    source: Source | None
    clip: FinalClip | None


@dataclass(frozen=True)
class Face:
    """A rider, and the moment whose picture stands for them."""

    name: str
    slug: str
    poster_of: UUID | None


@dataclass(frozen=True)
class Incoming:
    """Videos that are being uploaded, by anybody."""

    n_videos: int
    #: Of all their bytes; 0 to 1.
    progress: float


def newest_session() -> Newest | None:
    """Return the newest session that has videos; None while there is none."""
    videos = OriginalFile.objects.in_use().filter(shoot=OuterRef("pk"))
    shoot = Shoot.objects.in_use().filter(Exists(videos)).order_by("-date", "-created_at", "pk").first()
    if shoot is None:
        return None
    clips = FinalClip.objects.current().filter(original_file__shoot=shoot).order_by()
    counts = clips.values_list("person__display_name").annotate(n=Count("*")).order_by("-n", "person__display_name")
    rows = list(counts)
    return Newest(shoot, sum(n for _name, n in rows), [name for name, _n in rows if name])


def picture_of(shoot: Shoot) -> Picture | None:
    """Return what moves behind a session's name; None while there is no picture of it."""
    if clip := _best_clip(FinalClip.objects.current().filter(original_file__shoot=shoot)):
        return Picture(clip.candidate_segment_id, light_source(clip), clip)
    if moment := _best_moment(shoot):
        return Picture(moment.pk, moment_source(moment), None)
    return None


def _best_clip(clips: QuerySet[FinalClip]) -> FinalClip | None:
    """Return the clip with the most hearts; of several the one that the search was surest of. A crash comes last."""
    pictured = clips.filter(candidate_segment__poster_path__gt="")
    ranked = pictured.annotate(is_crash=Q(category=ClipCategory.CRASH))
    ranked = ranked.order_by("is_crash", "-n_hearts", "-candidate_segment__score", "pk")
    pk = ranked.values_list("pk", flat=True).first()
    return FinalClip.objects.with_names().with_pictures().filter(pk=pk).first() if pk else None


def _best_moment(shoot: Shoot) -> CandidateSegment | None:
    moments = CandidateSegment.objects.undecided().shown().in_session(shoot.pk).exclude(poster_path="")
    return moments.select_related("preview").defer("features").order_by("-score", "pk").first()


def faces() -> list[Face]:
    """Return who rode lately, each once, with the picture of their newest clip."""
    fields = ("person__display_name", "person__slug", "candidate_segment", "candidate_segment__poster_path")
    newest = FinalClip.objects.current().order_by("-created_at", "pk")[:LATELY]
    found: dict[str, Face] = {}
    for name, slug, moment, poster in newest.values_list(*fields):
        if slug and (slug not in found or (poster and found[slug].poster_of is None)):
            found[slug] = Face(name, slug, moment if poster else None)
    return list(found.values())[:RIDERS]


def own_clips(member: Member, beside: list[FinalClip]) -> list[FinalClip]:
    """Return the newest clips that a member kept; none where they are the newest of all anyway."""
    mine = FinalClip.objects.current().filter(created_by=member).order_by("-created_at", "pk")
    own = list(mine.values_list("pk", flat=True)[:OWN_CLIPS])  # what cards show costs more, and is mostly not wanted
    if {clip.pk for clip in beside}.issuperset(own):
        return []
    return list(mine.filter(pk__in=own).for_cards(member))


def others_sorting(member: Member) -> dict[UUID, list[str]]:
    """Return who else has moments in their hands, by session."""
    rows = CandidateSegment.objects.in_hands().exclude(locked_by=member).order_by("locked_by__username")
    found = defaultdict(list)
    for shoot, name in rows.values_list("original_file__shoot", "locked_by__username").distinct():
        if name:
            found[shoot].append(name)
    return dict(found)


def incoming() -> Incoming | None:
    """Return the videos that are being uploaded now; None if there are none."""
    moving = Upload.objects.receiving().filter(updated_at__gte=timezone.now() - SILENT_AFTER)
    sums = moving.aggregate(n=Count("pk"), there=Sum("offset_bytes"), whole=Sum("size_bytes"))
    return Incoming(sums["n"], sums["there"] / sums["whole"]) if sums["n"] and sums["whole"] else None
