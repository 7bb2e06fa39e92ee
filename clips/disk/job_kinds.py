"""Registers the jobs that fetch an original back and trim one, and what keeps a job waiting for room or an original."""

from clips.disk import floor, gate
from clips.jobs import registry
from clips.models import Job, JobKind, WaitsFor


def register() -> None:
    """Register this room's kinds of jobs, its admission check and its fault handler."""
    fetch = registry.Step("fetch", "light", room_bytes=_original_bytes, on_failure=_refuse_waiting)
    registry.register(JobKind.FETCH, fetch)
    # What makes room does not wait for it: the parts that stay may lie below the floor until the rest is gone.
    registry.register(JobKind.TRIM, registry.Step("trim", "light"))
    registry.add_admission_check(gate.holds_back)
    registry.add_fault_handler(_wait_for_room)


def _original_bytes(job: Job) -> int:
    return job.original_file.size_bytes


def _refuse_waiting(job: Job, reason: str) -> None:
    """Fail the jobs that waited for an original which does not come back."""
    for waiting in Job.objects.about(job.original_file).refuse(WaitsFor.ORIGINAL, reason):
        registry.step_of(waiting.kind).on_failure(waiting, reason)


def _wait_for_room(job: Job, error: Exception) -> bool:
    """Let a job wait that found the disk full."""
    return floor.is_disk_full(error) and gate.wait_for_room(job, floor.sentence())
