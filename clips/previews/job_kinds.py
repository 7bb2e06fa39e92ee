"""Registers the jobs that make moments and videos visible: pictures, previews, filmstrips and pieces to watch."""

from clips.jobs import registry
from clips.jobs.registry import SMALL_BYTES, Step
from clips.models import Job, JobKind
from clips.previews import requests

#: A preview of 540p has 0.4 MB a second, and plays slowed down up to four times.
PREVIEW_BYTES_PER_S = 2_000_000


def register() -> None:
    """Register this room's kinds of jobs."""
    # Ends by asking for the previews: not one of the same target, but one a segment (clips/previews/requests.py).
    registry.register(JobKind.POSTER, Step("poster", "media", reads_original=True, room_bytes=_few_bytes))
    preview = Step("preview", "media", reads_original=True, reads_ms=requests.wanted_span_ms, room_bytes=_preview_bytes)
    registry.register(JobKind.PREVIEW, preview)
    # Among the light jobs, though it is none: somebody waits for the picture, and media jobs may take an hour.
    registry.register(JobKind.PIECES, Step("pieces", "light", reads_original=True, room_bytes=_piece_bytes))
    registry.register(JobKind.FILMSTRIP, Step("filmstrip", "media", reads_original=True, room_bytes=_few_bytes))


def _few_bytes(_job: Job) -> int:
    return SMALL_BYTES


def _piece_bytes(_job: Job) -> int:
    return 10 * SMALL_BYTES  # what is made ahead of the watcher; the cache makes room for more


def _preview_bytes(job: Job) -> int:
    segment = job.segment
    return SMALL_BYTES + PREVIEW_BYTES_PER_S * (segment.end_ms - segment.start_ms) // 1000
