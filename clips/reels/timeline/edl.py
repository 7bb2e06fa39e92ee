"""Writes an EDL (CMX 3600), the format that every editor reads and that holds least.

It knows one rate for all, up to 60, no sound of its own, no titles and no paths: an event names its clip in a comment.
Places in a file are written in frames of the time-line, rounded down.
"""

from fractions import Fraction
from math import floor

from django.utils.translation import gettext as _

from clips.media.mp4.timecode import Timecode
from clips.reels.timeline.model import Cut, Placed, Timeline, TimelineError

MAX_EVENTS = 999
MAX_RATE = 60
#: "AX": the reel of whatever comes from a file; names of reels have eight letters.
REEL = "AX"


def write(timeline: Timeline) -> bytes:
    """Return the list; TimelineError for a rate above 60 or more than 999 clips."""
    if timeline.rate > MAX_RATE:
        raise TimelineError(_("An EDL counts up to 60 frames a second. Choose a lower rate."))
    if len(timeline.cuts) > MAX_EVENTS:
        raise TimelineError(_("An EDL holds up to 999 clips. Choose another format."))
    lines = [f"TITLE: {_line(timeline.name)}", "FCM: NON-DROP FRAME", ""]
    for placed in timeline.placed:
        lines += _event(placed, timeline.rate)
    return ("\r\n".join(lines) + "\r\n").encode("utf-8")


def _event(placed: Placed, rate: Fraction) -> list[str]:
    cut = placed.cut
    first = _in_timeline(cut, cut.first_frame, rate)
    n_source = max(1, floor(placed.n_frames * cut.speed))
    times = (first, first + n_source, placed.at_frame, placed.end_frame)
    channels = "AA/V" if cut.is_heard else "V"
    clocks = " ".join(_clock(frame, rate) for frame in times)
    lines = [f"{placed.number:03}  {REEL:<8} {channels:<5} C        {clocks}"]
    if cut.speed != 1:
        lines.append(f"M2   {REEL:<8} {float(rate * cut.speed):05.1f}                {_clock(first, rate)}")
    lines.append(f"* FROM CLIP NAME: {_line(cut.media.name)}")
    said = " / ".join(word for word in (cut.rider, cut.trick, cut.title) if word)
    if said:
        lines.append(f"* COMMENT: {_line(said)}")
    for marker in cut.markers:
        shown = placed.at_frame + floor((marker.frame - cut.first_frame) / cut.media.rate / cut.speed * rate)
        lines.append(f"* LOC: {_clock(shown, rate)} RED     {_line(marker.name)}")
    return [*lines, ""]


def _in_timeline(cut: Cut, frame: int, rate: Fraction) -> int:
    return floor((cut.media.starts_at_frame + frame) / cut.media.rate * rate)


def _clock(frame: int, rate: Fraction) -> str:
    return str(Timecode(frame, Fraction(round(rate)), drops=False))


def _line(text: str) -> str:
    return " ".join(text.split())
