"""Registers the jobs of the archive, and what becomes of a job that meets a fault of it."""

from clips.archive import outage
from clips.archive.backend import ArchiveBlockedError, ArchiveError
from clips.archive.configured import archive_shares_disk
from clips.jobs import registry
from clips.models import Job, JobKind


def register() -> None:
    """Register this room's kinds of jobs and its faults."""
    registry.register(JobKind.ARCHIVE, registry.Step("archive", "light", room_bytes=_copy_bytes))
    registry.register(JobKind.WITHDRAW, registry.Step("withdraw", "light"))
    registry.register(JobKind.REGAIN, registry.Step("regain", "light", room_bytes=_clip_bytes))
    registry.register(JobKind.RECORD, registry.Step("record", "light"))
    registry.register(JobKind.RENAME, registry.Step("rename", "light"))
    registry.add_fault_handler(_wait_for_archive)
    registry.add_passing_fault(ArchiveError)


def _copy_bytes(job: Job) -> int:
    """Return what a copy adds here: nothing, unless the archive is a folder on the same disk."""
    return ((job.clip or job.original_file).size_bytes or 0) if archive_shares_disk() else 0


def _clip_bytes(job: Job) -> int:
    return job.clip.size_bytes or 0


def _wait_for_archive(job: Job, error: Exception) -> bool:
    """Let a job wait that met an outage of the whole archive, which is no fault of its own."""
    return isinstance(error, ArchiveBlockedError) and outage.hold(job, error)
