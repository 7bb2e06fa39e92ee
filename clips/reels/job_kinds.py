"""Registers the jobs that render an edit as one film, and that cut its clips with handles."""

from clips.jobs import registry
from clips.models import Job, JobKind
from clips.reels import handles
from clips.reels.handles import HANDLES_MS

#: At most 16 Mbit/s of picture for 1080p, and its sound; once in segments and once joined.
_BYTES_PER_PX_S = 2


def register() -> None:
    """Register this room's kinds of jobs."""
    registry.register(JobKind.FILM, registry.Step("render_reel", "media", room_bytes=_film_bytes))
    cut = registry.Step(
        "cut_handles", "media", reads_original=True, reads_ms=handles.wanted_ms, room_bytes=_handles_bytes
    )
    registry.register(JobKind.HANDLES, cut)


def _film_bytes(job: Job) -> int:
    render = job.reel_render
    n_px = render.shorter_px**2
    seconds = job.params.get("length_s", 0)
    return registry.SMALL_BYTES + _BYTES_PER_PX_S * n_px * seconds


def _handles_bytes(job: Job) -> int:
    original, length_ms = job.clip.original_file, job.clip.duration_ms + 2 * HANDLES_MS[-1]
    share = min(1, length_ms / max(1, original.duration_ms or length_ms))
    return registry.SMALL_BYTES + round(share * original.size_bytes)
