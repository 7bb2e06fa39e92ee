"""Lays the files of several cameras on one clock, as a clip whose camera an editor switches.

A multicam clip counts frames of the time-line. Where a camera's file begins in it is a whole frame of those, and shows
a whole frame of the file: each is at most half a frame away from where the clock has it, and what is shown begins with
the very frame that the cut begins with.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, floor

from clips.reels.timeline.model import CameraAngle, Media, Multicam, frames_until


@dataclass(frozen=True)
class OnClock:
    """A camera's file, one of its frames, and when that begins on the clock of all cameras."""

    media: Media
    camera: str
    frame: int
    at_s: Fraction


def multicam(name: str, rate: Fraction, files: Sequence[OnClock]) -> Multicam:
    """Lay files on one clock: the frame that is told of each shows at the frame of ``rate`` next to its time."""
    laid = [_laid(file, rate) for file in files]
    begins = min(angle.at_frame for angle in laid)
    angles = (CameraAngle(one.media, one.camera, one.first_frame, one.at_frame - begins) for one in laid)
    return Multicam(name, rate, tuple(angles))


def _laid(file: OnClock, rate: Fraction) -> CameraAngle:
    """Return where a file lies, counted from the clock's own start.

    Of a file with more frames than the clip shows every second, third …: its first frame is chosen so that the one that
    is told of is among them.
    """
    own = file.media.rate
    for first in range(max(1, ceil(own / rate) + 1)):
        until = frames_until(file.frame - first, own, rate)
        if first + floor(until * own / rate) == file.frame:
            break
    return CameraAngle(file.media, file.camera, first, round((file.at_s - (file.frame - first) / own) * rate))
