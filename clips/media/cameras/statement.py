"""What a maker's own part of a file says of the camera and of the moment."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Said:
    """What one maker's boxes say; None for what they do not."""

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
