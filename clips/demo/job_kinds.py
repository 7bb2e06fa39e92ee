"""Registers the job that draws the demo film."""

from clips.jobs import registry
from clips.models import Job, JobKind

#: The film of a minute takes some 8 MB.
FILM_BYTES = 16 * 1024**2


def register() -> None:
    """Register this room's kind of job; in the queue of what follows it, since both need the same machine's disk."""
    registry.register(JobKind.DEMO, registry.Step("draw_demo", "light", room_bytes=_film_bytes))


def _film_bytes(_job: Job) -> int:
    return FILM_BYTES
