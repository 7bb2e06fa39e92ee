"""Lays other cameras' files of the same moment beside the cuts of a time-line, for editors that switch cameras."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from uuid import UUID

from clips.models import Angle, FinalClip
from clips.models.camera import camera_name
from clips.reels.contents import FULL_SPEED
from clips.reels.timeline.model import Cut, Media, Multicam
from clips.reels.timeline.multicam import OnClock, multicam


@dataclass(frozen=True)
class LinkedFile:
    """A file linked for a clip: which frame of the video it begins with, and when the video's first one does."""

    media: Media
    begins_with: int = 0
    first_frame_ms: int = 0

    def at_ms(self, frame: int) -> float:
        """Return when a frame of the file begins in the video."""
        return self.first_frame_ms + float((self.begins_with + frame) * 1000 / self.media.rate)

    def frame_next_to(self, at_ms: float) -> int:
        """Return the frame of the file that begins nearest to a time of the video."""
        return round((at_ms - self.first_frame_ms) * float(self.media.rate) / 1000) - self.begins_with


FileOf = Callable[[FinalClip], LinkedFile | None]


@dataclass(frozen=True)
class Tricks:
    """Tricks that several cameras filmed: the clips of each, and the angle of each clip's moment."""

    clips: dict[UUID, list[FinalClip]] = field(default_factory=dict)
    angles: dict[UUID, Angle] = field(default_factory=dict)

    @classmethod
    def of(cls, shown: Iterable[FinalClip]) -> "Tricks":
        """Return the tricks of some clips, with all cameras' clips of them, in a fixed number of queries."""
        moments = {clip.candidate_segment_id: clip for clip in shown if clip.candidate_segment_id}
        groups = set(Angle.objects.filter(segment__in=moments).values_list("group", flat=True))
        if not groups:
            return cls()
        rows = FinalClip.objects.current().filter(candidate_segment__angle__group__in=groups)
        rows = rows.with_names().with_pictures().select_related("candidate_segment__angle")
        found, angles = defaultdict(list), {}
        in_edit = {clip.pk for clip in moments.values()}
        # Of one video one clip is an angle, rather one that is shown.
        for clip in sorted(rows.order_by("camera_id", "pk"), key=lambda clip: clip.pk not in in_edit):
            angle = clip.candidate_segment.angle
            angles[clip.candidate_segment_id] = angle
            if all(other.original_file_id != clip.original_file_id for other in found[angle.group_id]):
                found[angle.group_id].append(clip)
        return cls({group: clips for group, clips in found.items() if len(clips) > 1}, angles)

    @property
    def all_clips(self) -> list[FinalClip]:
        return [clip for clips in self.clips.values() for clip in clips]

    def group_of(self, clip: FinalClip) -> UUID | None:
        angle = self.angles.get(clip.candidate_segment_id)
        return angle.group_id if angle and angle.group_id in self.clips else None

    def at_ms(self, clip: FinalClip, file: LinkedFile, frame: int) -> float:
        """Return when a frame of a clip's file begins on the clock of all cameras."""
        return self.angles[clip.candidate_segment_id].at_ms(file.at_ms(frame))

    def frame_at(self, clip: FinalClip, file: LinkedFile, at_ms: float) -> int:
        """Return the frame of a clip's file that begins nearest to a time of that clock."""
        return file.frame_next_to(self.angles[clip.candidate_segment_id].place_ms(at_ms))


def with_angles(
    cuts: Sequence[Cut], shown: Sequence[FinalClip], tricks: Tricks, file_of: FileOf, rate: Fraction
) -> list[Cut]:
    """Return cuts, of which those at full speed have the other cameras' files beside them, on one clock.

    Parameters
    ----------
    cuts : sequence of Cut
    shown : sequence of FinalClip
        What each cut shows.
    tricks : Tricks
    file_of : callable
        Returns the file that is linked for a clip; None if there is none.
    rate : Fraction
        Of the time-line.
    """
    known: dict[UUID, Multicam | None] = {}
    laid = []
    for number, (cut, clip) in enumerate(zip(cuts, shown, strict=True)):
        group = tricks.group_of(clip) if cut.speed_percent == FULL_SPEED else None
        if group and group not in known:
            first = _first_frames(cuts[number:], shown[number:])
            known[group] = _multicam(cut, clip, tricks, file_of, rate, first)
        whole = known.get(group) if group else None
        is_angle = whole and any(angle.media == cut.media for angle in whole.angles)
        laid.append(replace(cut, multicam=whole) if is_angle else cut)
    return laid


def _first_frames(cuts: Sequence[Cut], shown: Sequence[FinalClip]) -> dict[UUID, int]:
    """Return of each clip the frame of its file with which the first cut at full speed begins."""
    found: dict[UUID, int] = {}
    for cut, clip in zip(cuts, shown, strict=True):
        if cut.speed_percent == FULL_SPEED:
            found.setdefault(clip.pk, cut.first_frame)
    return found


def _multicam(
    cut: Cut, clip: FinalClip, tricks: Tricks, file_of: FileOf, rate: Fraction, first_frames: dict[UUID, int]
) -> Multicam | None:
    """Return the files of all cameras of a cut's moment; None if no other one can be linked.

    A camera is laid by the frame with which its first cut begins, one that no cut shows by the instant of this cut.
    """
    group, own = tricks.group_of(clip), file_of(clip)
    if group is None or own is None:
        return None
    at_ms = tricks.at_ms(clip, own, cut.first_frame)
    laid = []
    for one in sorted(tricks.clips[group], key=lambda one: (one.camera_id, one.pk)):
        if (file := file_of(one)) is None:
            continue
        frame = first_frames.get(one.pk)
        frame = tricks.frame_at(one, file, at_ms) if frame is None else frame
        begins_us = round(tricks.at_ms(one, file, frame) * 1000)
        name = one.own_camera_name or camera_name(one.camera_id)
        laid.append(OnClock(file.media, name, frame, Fraction(begins_us, 1_000_000)))
    return multicam(cut.name, rate, laid) if len(laid) > 1 else None
