"""Registers the jobs that cut a clip and empty the bin, and what keeps a job waiting for the bin."""

from clips.jobs import registry
from clips.library import emptying
from clips.models import Job, JobKind

#: A cut begins with the keyframe before its span, and its folder holds nothing else.
CUT_SPARE = 1.25


def register() -> None:
    """Register this room's kinds of jobs, and its admission check."""
    render = registry.Step(
        "render", "media", (JobKind.ARCHIVE,), reads_original=True, reads_ms=_clip_ms, room_bytes=_cut_bytes
    )
    registry.register(JobKind.RENDER, render)
    registry.register(JobKind.EMPTY, registry.Step("empty_bin_entry", "light"))
    registry.add_admission_check(emptying.waits_in_bin)


def _clip_ms(job: Job) -> tuple[int, int]:
    return job.clip.start_ms, job.clip.end_ms


def _cut_bytes(job: Job) -> int:
    original, clip = job.clip.original_file, job.clip
    share = clip.duration_ms / max(clip.duration_ms, original.duration_ms or 0, 1)
    return registry.SMALL_BYTES + int(CUT_SPARE * share * original.size_bytes)
