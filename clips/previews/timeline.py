"""Data of a video's time-line: its moments, their scores and their state."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from clips.models import CandidateSegment, OriginalFile, SegmentStatus
from clips.models.clock import clock
from trickyclip.shared.retold import retold

#: Of the drawing, in units of its own picture, which the page scales.
WIDTH, HEIGHT = 1000, 48
#: A moment of four seconds in an hour would be one unit wide; this much can be seen and hit.
MIN_MARK_WIDTH = 5
#: Height of the moment with the lowest score.
MIN_MARK_HEIGHT = 14
#: Of the curve that goes to pages: one a second for 25 minutes, and 6 KB at most for any length.
MAX_CURVE_STEPS = 1_500
#: What a fraction of two decimals may lack in binary; with it, 0.88 rounded down is 88 %.
NOISE = 1e-6


#: Stands for the id of any moment.
_ANY = UUID(int=0)


class MarkState:
    SHOWN = "shown"
    BELOW = "below"
    HELD = "held"
    KEPT = "kept"
    TRASHED = "trashed"


STATE_NAMES = {
    MarkState.SHOWN: _("to sort"),
    MarkState.BELOW: _("hidden"),
    MarkState.HELD: _("being sorted"),
    MarkState.KEPT: _("kept"),
    MarkState.TRASHED: _("trashed"),
}


#: What a run's marks are called; ``detection.scoring.marks`` says what each is.
REASON_NAMES = {
    "hilight": _("HiLight"),
    "impact": _("pop or landing"),
    "motion": _("most motion"),
    "air": _("weightless"),
    "spin": _("turns"),
    "cut": _("cut in the video"),
    "flash": _("flash of light"),
    "bump": _("camera bump"),
}


@dataclass(frozen=True)
class Mark:
    """One moment on the line; ``x``, ``y``, ``width`` and ``height`` in the drawing's units.

    A page draws hundreds of them and asks each for its words twice, so these are fields and not properties.
    """

    segment_id: UUID
    start_ms: int
    end_ms: int
    state: str
    state_name: str
    url: str
    place: str
    likelihood: str
    why: str
    x: float
    y: float
    width: float
    height: float

    @property
    def label(self) -> str:
        return " · ".join(filter(None, [self.place, self.likelihood, self.state_name, self.why]))

    @property
    def path(self) -> str:
        """The rectangle as an SVG path."""
        return f"M{self.x:.1f} {self.y:.1f}h{self.width:.1f}v{self.height:.1f}h-{self.width:.1f}z"


def marks_of(original: OriginalFile, segments: Iterable[CandidateSegment], *, score_shown: float) -> list[Mark]:
    """Return the marks of a file's segments in the order of time; each links to its clip or its own page.

    ``segments`` come with their current clips prefetched as ``current_clips``; the file has been probed.
    """
    scale = WIDTH / original.duration_ms
    names = {state: str(name) for state, name in STATE_NAMES.items()}
    # Asked once: a page draws hundreds.
    address = reverse("clips:moment", args=[_ANY]).replace(str(_ANY), "{}")
    marks = []
    for segment in sorted(segments, key=lambda segment: (segment.start_ms, segment.end_ms)):
        state = state_of(segment, score_shown=score_shown)
        width = max(MIN_MARK_WIDTH, (segment.end_ms - segment.start_ms) * scale)
        height = MIN_MARK_HEIGHT + (HEIGHT - MIN_MARK_HEIGHT) * (1 if segment.score is None else segment.score)
        marks.append(
            Mark(
                segment_id=segment.pk,
                start_ms=segment.start_ms,
                end_ms=segment.end_ms,
                state=state,
                state_name=names[state],
                url=_clip_url(segment) or address.format(segment.pk),
                place=f"{clock(segment.start_ms)}–{clock(segment.end_ms)}",
                likelihood="" if segment.likelihood is None else f"{int(100 * segment.likelihood + NOISE)} %",
                why=retold(segment.why) or (gettext("added by hand") if segment.run_id is None else ""),
                x=min(segment.start_ms * scale, WIDTH - width),
                y=HEIGHT - height,
                width=width,
                height=height,
            )
        )
    return marks


def state_of(segment: CandidateSegment, *, score_shown: float) -> str:
    """Return the state of a segment, or whether the sensitivity shows it; an expired lease holds nothing."""
    if segment.status == SegmentStatus.ACCEPTED:
        return MarkState.KEPT
    if segment.status == SegmentStatus.TRASHED:
        return MarkState.TRASHED
    if segment.status == SegmentStatus.IN_PROGRESS and segment.lease_ends_at > timezone.now():
        return MarkState.HELD
    is_shown = segment.run_id is None or segment.score >= score_shown
    return MarkState.SHOWN if is_shown else MarkState.BELOW


def outline(values: list[float] | None, *, n_columns: int = WIDTH // 2) -> str:
    """Return the curve as the points of a closed SVG polygon; each column is the highest of its stretch."""
    if not values:
        return ""
    n_columns = min(n_columns, len(values))
    edges = np.linspace(0, len(values), n_columns, endpoint=False).astype(int)
    highest = np.clip(np.maximum.reduceat(np.asarray(values, dtype=float), edges), 0, 1)
    xs = np.linspace(0, WIDTH, n_columns)
    points = [f"{x:.0f},{HEIGHT * (1 - y):.1f}" for x, y in zip(xs, highest, strict=True)]
    return " ".join([f"0,{HEIGHT}", *points, f"{WIDTH},{HEIGHT}"])


@dataclass(frozen=True)
class HiLight:
    """A flag on the line, where the rider pressed the camera's button."""

    place: str
    x_percent: str


def hilights_of(original: OriginalFile, hilights_ms: list[int] | None) -> list[HiLight]:
    """Return the flags of a probed file; those past its end are left out."""
    return [
        HiLight(clock(at_ms), f"{100 * at_ms / original.duration_ms:.2f}%")
        for at_ms in hilights_ms or []
        if 0 <= at_ms <= original.duration_ms
    ]


def coarse_curve(curve: dict) -> dict:
    """Return a run's curve as ``step_ms`` and values from 0 to 255, each the highest of its step; empty for none.

    ``curve`` as a DetectionRun keeps it: ``step_ms``, and values from 0 to 1.
    """
    values = curve.get("values")
    if not values or not curve.get("step_ms"):
        return {}
    n_together = -(-len(values) // MAX_CURVE_STEPS)
    highest = np.maximum.reduceat(np.asarray(values, dtype=float), np.arange(0, len(values), n_together))
    levels = np.round(255 * np.clip(np.nan_to_num(highest), 0, 1)).astype(int)
    return {"step_ms": curve["step_ms"] * n_together, "values": levels.tolist()}


def reasons_of(curve: dict) -> list[dict]:
    """Return the times of a run's reasons: ``at_ms``, ``kind`` and ``strength``; none for old runs.

    Without HiLights, which the file itself knows, also where no run has seen it.
    """
    marks = curve.get("marks", [])
    return [mark for mark in marks if mark["kind"] in REASON_NAMES and mark["kind"] != "hilight"]


def _clip_url(segment: CandidateSegment) -> str:
    """Return the page of a segment's clip; empty if there is none."""
    return reverse("clips:clip", args=[segment.current_clips[0].pk]) if segment.current_clips else ""
