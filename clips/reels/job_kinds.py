"""Registers the job that renders an edit as one film."""

from clips.jobs import registry
from clips.models import Job, JobKind

#: At most 16 Mbit/s of picture for 1080p, and its sound; once in segments and once joined.
_BYTES_PER_PX_S = 2


def register() -> None:
    """Register this room's kind of job."""
    registry.register(JobKind.FILM, registry.Step("render_reel", "media", room_bytes=_film_bytes))


def _film_bytes(job: Job) -> int:
    render = job.reel_render
    n_px = render.shorter_px**2
    seconds = job.params.get("length_s", 0)
    return registry.SMALL_BYTES + _BYTES_PER_PX_S * n_px * seconds
