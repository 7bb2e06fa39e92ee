"""Computes what a job needs before it can begin: its original on the disk, and space for its output."""

from clips.models import Job, OriginalFile


def original_of(job: Job) -> OriginalFile | None:
    """Return the original of a job; None for an upload, which is none yet."""
    if job.segment_id:
        return job.segment.original_file
    return job.clip.original_file if job.clip_id else job.original_file
