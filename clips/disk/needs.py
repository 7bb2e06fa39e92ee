"""Finds the original that a job is about."""

from clips.models import Job, OriginalFile


def original_of(job: Job) -> OriginalFile | None:
    """Return the original that a job is about; None for an upload, which is none yet."""
    if job.segment_id:
        return job.segment.original_file
    return job.clip.original_file if job.clip_id else job.original_file
