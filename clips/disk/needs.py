"""Computes what a job needs before it can begin: its original on the disk, and space for its output."""

from pathlib import Path

from django.conf import settings

from clips.archive.configured import archive_name
from clips.models import Job, JobKind, OriginalFile

#: These read the original itself.
READS_ORIGINAL = frozenset(
    {
        JobKind.PROBE,
        JobKind.DETECT,
        JobKind.POSTER,
        JobKind.PREVIEW,
        JobKind.FILMSTRIP,
        JobKind.RENDER,
        JobKind.SHARE,
    }
)
#: Beside what is counted: a keyframe before the span, tables, and small pictures.
SMALL_BYTES = 2 * 1024**2
#: A cut begins with the keyframe before its span, and its folder holds nothing else.
CUT_SPARE = 1.25
#: A preview of 540p has 0.4 MB a second, and plays slowed down up to four times; copies for sharing have 2 MB.
PREVIEW_BYTES_PER_S, SHARE_BYTES_PER_S = 2_000_000, 4_000_000


def original_of(job: Job) -> OriginalFile | None:
    """Return the original of a job; None for an upload, which is none yet."""
    if job.segment_id:
        return job.segment.original_file
    return job.clip.original_file if job.clip_id else job.original_file


def room_bytes(job: Job) -> int:
    """Return roughly how much a job adds to the disk; 0 if it only adds rows or deletes something."""
    match job.kind:
        case JobKind.FETCH:
            return job.original_file.size_bytes
        case JobKind.POSTER | JobKind.FILMSTRIP:
            return SMALL_BYTES
        case JobKind.PREVIEW:
            segment = job.segment
            return SMALL_BYTES + PREVIEW_BYTES_PER_S * (segment.end_ms - segment.start_ms) // 1000
        case JobKind.RENDER:
            return SMALL_BYTES + _cut_bytes(job)
        case JobKind.SHARE:
            return SMALL_BYTES + SHARE_BYTES_PER_S * job.clip.duration_ms // 1000
        case JobKind.ARCHIVE if archive_shares_disk():
            return (job.clip or job.original_file).size_bytes or 0
    return 0


def archive_shares_disk() -> bool:
    """Return whether the archive is a folder on the disk of the data folder."""
    if archive_name() != "local":
        return False
    return _nearest(settings.ARCHIVE_DIR).stat().st_dev == settings.DATA_DIR.stat().st_dev


def _cut_bytes(job: Job) -> int:
    original, clip = job.clip.original_file, job.clip
    share = clip.duration_ms / max(clip.duration_ms, original.duration_ms or 0, 1)
    return int(CUT_SPARE * share * original.size_bytes)


def _nearest(path: Path) -> Path:
    """Return the path, or the nearest existing folder above it."""
    return path if path.exists() else _nearest(path.parent)
