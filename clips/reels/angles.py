"""Shows another camera's clip of the same moment in an edit: instead of the one that is there, or from a picture on.

Instants are carried over by the clock that both videos lie on, from frame to frame: the frame that begins nearest to
the one of the other camera. So going back leads to the same frames, and nothing creeps.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from math import ceil

from django.utils.translation import gettext as _

from clips.library.angles import other_angles
from clips.media.pictures.named_frames import frame_on_screen, last_ms_of_frame, ms_of_frame, nearest_frame
from clips.models import Angle, FinalClip, OriginalFile, ReelChange, ReelChangeKind, ReelClip
from clips.models.reel import MAX_CLIPS
from clips.reels.contents import Entry, span_of
from clips.reels.editing import (
    SHORTEST_MS,
    Hand,
    NotPossibleError,
    State,
    current_clip,
    setting,
    speeds_of,
    write_change,
)
from clips.sorting.decisions import ConflictError

#: Of a video whose rate is not known each millisecond counts as a frame.
EACH_MS = Fraction(1000)
#: Entries that are no further apart go on from one another.
GOES_ON_MS = 50


@dataclass(frozen=True)
class Camera:
    """A clip of a trick that several cameras filmed, and how its video lies on their clock."""

    clip: FinalClip
    angle: Angle
    first_frame_ms: int = 0

    @property
    def rate(self) -> Fraction:
        return self.clip.original_file.rate or EACH_MS

    @property
    def first(self) -> int:
        """The clip's first frame, counted from the video's."""
        return self.frame(self.clip.start_ms)

    @property
    def last(self) -> int:
        """The clip's last frame."""
        return self.frame(self.clip.end_ms)

    def frame(self, at_ms: int) -> int:
        return frame_on_screen(at_ms, self.rate, self.first_frame_ms)

    def begins_at_ms(self, frame: int) -> float:
        """Return when a frame begins on the clock of all cameras."""
        return self.angle.at_ms(self.first_frame_ms + float(frame * 1000 / self.rate))

    def nearest(self, at_ms: float) -> int:
        """Return the frame that begins nearest to a time of that clock."""
        return nearest_frame(self.angle.place_ms(at_ms), self.rate, self.first_frame_ms)

    def start_ms_of(self, frame: int) -> int:
        """Return the start of what begins with a frame of the clip."""
        return self.clip.start_ms if frame == self.first else ms_of_frame(frame, self.rate, self.first_frame_ms)

    def end_ms_of(self, frame: int) -> int:
        """Return the end of what a frame of the clip is the last of: as late as names it."""
        if frame == self.last:
            return self.clip.end_ms
        return max(last_ms_of_frame(frame, self.rate, self.first_frame_ms), self.clip.start_ms)


@dataclass(frozen=True)
class Carried:
    """A span of another camera's clip, None and None for all of it, and how much of what was wanted it lacks."""

    start_ms: int | None
    end_ms: int | None
    lacks_ms: int = 0


@dataclass(frozen=True)
class Switched:
    """What became of a change of the camera: its row of the history, and how much the other clip lacks."""

    change: ReelChange | None
    lacks_ms: int


def show_camera(row: ReelClip, camera: uuid.UUID, *, hand: Hand) -> Switched:
    """Show another camera's clip of the same moment at a place of an edit, at the same instants as far as it has them.

    A crop by hand was made for the other picture, so it is left behind; speed, title and sound stay.

    Raises
    ------
    NotPossibleError
        If it is no clip of the same moment, shows next to nothing of it, or has too few frames for the speed.
    """
    lacks_ms = 0

    def alter(state: State) -> None:
        nonlocal lacks_ms
        now = _as_it_is(row, state)
        own, other = _both(now, camera)
        span = carried(own, other, *span_of(now, own.clip))
        setting(row, lineage=str(camera), start_ms=span.start_ms, end_ms=span.end_ms, crop=[])(state)
        lacks_ms = span.lacks_ms

    return Switched(write_change(row.reel, ReelChangeKind.ANGLE, alter, hand), lacks_ms)


def cut_to_camera(row: ReelClip, camera: uuid.UUID, at_ms: int, *, hand: Hand) -> Switched:
    """Split a place of an edit at a time of its video; from there on another camera's clip is shown.

    ``at_ms`` names the first frame that is not shown any more. The first part keeps a crop by hand, the second has
    none.

    Raises
    ------
    NotPossibleError
        As above; if nothing would be left of a part; or if the other clip does not show that instant.
    """
    lacks_ms = 0

    def alter(state: State) -> None:
        nonlocal lacks_ms
        now = _as_it_is(row, state)
        own, other = _both(now, camera)
        span_ms = span_of(now, own.clip)
        cut_ms = _cut_within(own, at_ms, span_ms)
        rest = carried(own, other, cut_ms, span_ms[1], is_exact_start=True)
        if len(state.order) >= MAX_CLIPS:
            raise ConflictError(_("An edit has at most %(n)d clips.") % {"n": MAX_CLIPS})
        first, second = str(row.pk), str(uuid.uuid4())
        shown = {"lineage": str(camera), "start_ms": rest.start_ms, "end_ms": rest.end_ms, "crop": []}
        state.rows[second] = state.rows[first] | shown
        setting(row, start_ms=span_ms[0], end_ms=cut_ms - 1)(state)
        state.order.insert(state.order.index(first) + 1, second)
        lacks_ms = rest.lacks_ms

    return Switched(write_change(row.reel, ReelChangeKind.CUT, alter, hand), lacks_ms)


def carried(own: Camera, other: Camera, start_ms: int, end_ms: int, *, is_exact_start: bool = False) -> Carried:
    """Return which part of another camera's clip shows a span of one's own, within what it has.

    ``is_exact_start`` refuses a clip that does not show the start.
    """
    first = other.nearest(own.begins_at_ms(own.frame(start_ms)))
    last = other.nearest(own.begins_at_ms(own.frame(end_ms) + 1)) - 1
    # Both were cut by one decision, to whole frames of their own: as far apart they end at the same instant.
    apart = max(1, ceil(other.rate / own.rate))
    if not is_exact_start and start_ms == own.clip.start_ms and abs(first - other.first) <= apart:
        first = other.first
    if end_ms == own.clip.end_ms and abs(last - other.last) <= apart:
        last = other.last
    if is_exact_start and not other.first <= first <= other.last:
        raise NotPossibleError(_("The other camera’s clip doesn’t show this moment."))
    lacks = max(0, other.first - first) + max(0, last - other.last)
    first, last = max(first, other.first), min(last, other.last)
    start_ms, end_ms = (other.start_ms_of(first), other.end_ms_of(last)) if first <= last else (0, 0)
    if end_ms - start_ms < SHORTEST_MS:
        raise NotPossibleError(_("The other camera’s clip doesn’t show this moment."))
    if (start_ms, end_ms) == (other.clip.start_ms, other.clip.end_ms):
        return Carried(None, None, round(lacks * 1000 / other.rate))
    return Carried(start_ms, end_ms, round(lacks * 1000 / other.rate))


def cameras_of(clip: FinalClip) -> list[Camera]:
    """Return a clip and those of other cameras of the same moment; none without others. A fixed number of queries."""
    others = [found.clip for found in other_angles(clip)]
    if not others:
        return []
    own = Angle.objects.get(segment=clip.candidate_segment_id)
    angles = [own, *(other.candidate_segment.angle for other in others)]
    clips = [clip, *others]
    begins = first_frames(each.original_file_id for each in clips)
    return [Camera(each, angle, begins[each.original_file_id]) for each, angle in zip(clips, angles, strict=True)]


def first_frames(originals: Iterable[uuid.UUID]) -> dict[uuid.UUID, int]:
    """Return when the first frame of each video begins, in milliseconds, in one query."""
    rows = OriginalFile.objects.filter(pk__in=set(originals)).values_list("pk", "probe__start_ms")
    return {pk: start_ms or 0 for pk, start_ms in rows}


def going_on(entries: list[Entry]) -> set[uuid.UUID]:
    """Return the places whose pictures go on from those before at the same instant and speed, in one query."""
    shown = [(entry, entry.clip) for entry in entries if entry.clip]
    angles = {
        angle.segment_id: angle
        for angle in Angle.objects.filter(segment__in=[clip.candidate_segment_id for _entry, clip in shown])
    }

    def on_clock(clip: FinalClip, at_ms: int) -> tuple[uuid.UUID, float]:
        angle = angles.get(clip.candidate_segment_id)
        return (angle.group_id, angle.at_ms(at_ms)) if angle else (clip.lineage, float(at_ms))

    found = set()
    for (before, before_clip), (entry, clip) in pairwise(shown):
        (one, ends_ms), (other, begins_ms) = on_clock(before_clip, before.end_ms), on_clock(clip, entry.start_ms)
        if one == other and before.row.speed == entry.row.speed and abs(begins_ms - ends_ms) <= GOES_ON_MS:
            found.add(entry.row.pk)
    return found


def _as_it_is(row: ReelClip, state: State) -> ReelClip:
    """Return a place as the edit has it now that it is held."""
    if str(row.pk) not in state.rows:
        raise ConflictError(_("This clip is not in the edit any more."))
    return ReelClip(pk=row.pk, reel=row.reel, **state.rows[str(row.pk)])


def _cut_within(own: Camera, at_ms: int, span_ms: tuple[int, int]) -> int:
    """Return where a span is cut: where the picture begins that is on screen then; NotPossibleError near its ends."""
    if own.clip.lead_us is None:
        # When its file begins is not known to the millisecond, so neither is when a picture of it does.
        at_ms = ms_of_frame(own.frame(at_ms), own.rate, own.first_frame_ms)
    if not span_ms[0] + SHORTEST_MS <= at_ms <= span_ms[1] - SHORTEST_MS:
        raise NotPossibleError(_("Leave at least a tenth of a second on both sides."))
    return at_ms


def _both(row: ReelClip, camera: uuid.UUID) -> tuple[Camera, Camera]:
    """Return the camera that is shown at a place, and the one that is wanted."""
    cameras = cameras_of(current_clip(row))
    other = next((found for found in cameras[1:] if found.clip.lineage == camera), None)
    if other is None:
        raise NotPossibleError(_("This is no other camera of the same moment any more."))
    if row.speed not in speeds_of(other.clip):
        raise NotPossibleError(_("The other camera has too few frames for this clip’s speed."))
    return cameras[0], other
