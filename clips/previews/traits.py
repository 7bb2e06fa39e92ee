"""Measures what a moment's preview tells of its rider and landing, in a child of its own; for suggestions on cards."""

import logging
from collections.abc import Callable
from typing import Any

from clips.media import MediaError
from clips.media.sandbox.runner import KilledError, Limits, run
from clips.models import CandidateSegment

log = logging.getLogger(__name__)
#: Far above the half second that a preview takes: it is small, and read once.
LIMITS = Limits(cpu_s=60, wall_s=120)
#: The air time of a moment of which none was measured.
USUAL_AIR_S = 0.5

_measure: list[str] = []


def measure_with(function: str) -> None:
    """Let previews be measured with "package.module:name", which takes ``moments``: paths and times in them."""
    _measure[:] = [function]


def traits_of(
    made: list[tuple[CandidateSegment, str, dict[str, Any]]], on_tick: Callable[[float | None], None]
) -> list[dict[str, Any]]:
    """Return the traits of moments from their new previews: path, and what was made.

    A preview is worth as much without them, so what goes wrong is noted and no more.
    """
    if not _measure or not made:
        return [{} for _ in made]
    moments = [_moment(segment, path, found) for segment, path, found in made]
    try:
        found: list[dict[str, Any]] = run(_measure[0], {"moments": moments}, limits=LIMITS, on_tick=on_tick)
    except (MediaError, KilledError) as fault:
        log.warning("No traits of %s: %s", made[0][0].original_file, fault)
        return [{} for _ in made]
    return found


def _moment(segment: CandidateSegment, path: str, found: dict[str, Any]) -> dict[str, Any]:
    """Return where a moment's flight lies in its preview: around its middle, which is where the search puts it."""
    slow_down = found["slow_down"]
    middle_s = (segment.start_ms + segment.end_ms) / 2000 - found["start_ms"] / 1000
    half_s = (segment.features.get("air_s") or USUAL_AIR_S) / 2
    return {
        "path": path,
        "take_off_s": max(0.0, (middle_s - half_s) * slow_down),
        "landing_s": (middle_s + half_s) * slow_down,
        "slow_down": slow_down,
    }
