"""Registers the job that makes a share video of a clip."""

from clips.jobs import registry
from clips.models import Job, JobKind

#: Share videos have 2 MB a second, and play slowed down.
SHARE_BYTES_PER_S = 4_000_000


def register() -> None:
    """Register this room's kind of job."""
    share = registry.Step("share", "media", reads_original=True, reads_ms=_clip_ms, room_bytes=_copy_bytes)
    registry.register(JobKind.SHARE, share)


def _clip_ms(job: Job) -> tuple[int, int]:
    return job.clip.start_ms, job.clip.end_ms


def _copy_bytes(job: Job) -> int:
    return registry.SMALL_BYTES + SHARE_BYTES_PER_S * job.clip.duration_ms // 1000
