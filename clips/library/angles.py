"""Finds the clips of the same trick from other cameras, and how each lies beside the one that is shown."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from clips.models import Angle, FinalClip
from clips.models.clip import FinalClipQuerySet
from clips.previews.playback import Source, best_source


@dataclass(frozen=True)
class ClipAngle:
    """Another camera's clip of the same trick.

    Attributes
    ----------
    clip : FinalClip
    source : Source or None
        Its video; None while there is none that a browser plays.
    shift_ms : float
        How much later than in the shown clip's original an instant comes in this one's.
    """

    clip: FinalClip
    source: Source | None
    shift_ms: float


def other_angles(shown: FinalClip) -> list[ClipAngle]:
    """Return the other cameras' clips of the trick that a clip shows, by camera."""
    own = Angle.objects.filter(segment=shown.candidate_segment_id).first()
    if own is None:
        return []
    rows = (
        _beside(shown, own)
        .select_related("person", "trick", "candidate_segment__angle")
        .with_pictures()
        .with_camera_names()
    )
    # Clocks drift by milliseconds an hour: what is right in the middle of a clip is right in all of it.
    middle_ms = (shown.start_ms + shown.end_ms) / 2
    at_ms = own.at_ms(middle_ms)
    return [
        ClipAngle(clip, best_source(clip), clip.candidate_segment.angle.place_ms(at_ms) - middle_ms)
        for clip in rows.order_by("camera_id", "pk")
    ]


def beside(shown: FinalClip) -> FinalClipQuerySet:
    """Return the other cameras' current clips of the trick that a clip shows."""
    own = Angle.objects.filter(segment=shown.candidate_segment_id).first()
    return _beside(shown, own) if own else FinalClip.objects.none()


def with_beside(clips: Iterable[uuid.UUID]) -> set[uuid.UUID]:
    """Return the ids of some clips, and of those that show the same tricks from other cameras, in one query."""
    chosen = set(clips)
    same_trick = FinalClip.objects.filter(
        pk__in=chosen, candidate_segment__angle__group=OuterRef("candidate_segment__angle__group")
    ).exclude(original_file=OuterRef("original_file"))
    rows = FinalClip.objects.current().filter(Exists(same_trick), candidate_segment__angle__isnull=False)
    return chosen | set(rows.order_by().values_list("pk", flat=True))


def _beside(shown: FinalClip, own: Angle) -> FinalClipQuerySet:
    rows = FinalClip.objects.current().filter(candidate_segment__angle__group=own.group_id)
    return rows.exclude(lineage=shown.lineage).exclude(original_file=shown.original_file_id)
