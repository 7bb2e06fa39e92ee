"""Holds what a maker's own boxes say about camera and recording time."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """The values in one maker's boxes; None for those that are missing."""

    make: str | None = None
    model: str | None = None
    serial: str | None = None
    #: ISO 8601: with its offset from UTC, or without one where it is the wall clock of the place.
    recorded_at: str | None = None
    #: Frames per second while recording, as "119.88".
    capture_rate: str | None = None
    #: The zone that the camera's clock was set to, as minutes ahead of UTC with summer time.
    utc_offset_min: int | None = None


NOTHING = Said()
