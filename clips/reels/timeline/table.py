"""Writes the time-line as a table, for spreadsheets and for scripts of one's own."""

import io
from fractions import Fraction

from clips.media.mp4.timecode import Timecode
from clips.reels.timeline.model import Placed, Timeline, rate_text
from trickyclip.shared.spreadsheet import write_table

COLUMNS = (
    "number", "file", "rider", "trick", "session", "title", "speed percent", "sound", "file fps", "first frame",
    "frames", "file timecode", "timeline fps", "timeline frame", "timeline frames", "timeline timecode",
)  # fmt: skip


def write(timeline: Timeline) -> bytes:
    """Return the table as CSV."""
    text = io.StringIO()
    write_table(text, COLUMNS, (_row(placed, timeline.rate) for placed in timeline.placed))
    return text.getvalue().encode("utf-8")


def _row(placed: Placed, rate: Fraction) -> list[str]:
    cut, media = placed.cut, placed.cut.media
    in_file = media.starts_at_frame + cut.first_frame
    facts = (
        placed.number, media.path, cut.rider, cut.trick, cut.session, cut.title, cut.speed_percent,
        "yes" if cut.is_heard else "no", rate_text(media.rate), cut.first_frame, cut.n_frames,
        _clock(in_file, media.rate), rate_text(rate), placed.at_frame, placed.n_frames, _clock(placed.at_frame, rate),
    )  # fmt: skip
    return [str(fact) for fact in facts]


def _clock(frame: int, rate: Fraction) -> str:
    return str(Timecode(frame, Fraction(round(rate)), drops=False))
