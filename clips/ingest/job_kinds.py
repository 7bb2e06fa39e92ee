"""Registers the jobs that bring files in: collecting, checking and reading them."""

from clips.jobs import registry
from clips.models import Job, JobKind, Upload, UploadState


def register() -> None:
    """Register this room's kinds of jobs."""
    registry.register(JobKind.COLLECT, registry.Step("collect", "light", (JobKind.INGEST,), on_failure=_give_up))
    registry.register(JobKind.INGEST, registry.Step("ingest", "light", (JobKind.PROBE,), on_failure=_refuse))
    probe = registry.Step("probe", "light", (JobKind.DETECT,), reads_original=True, on_failure=_note_problem)
    registry.register(JobKind.PROBE, probe)


def _give_up(job: Job, reason: str) -> None:
    job.upload.give_up(reason)


def _refuse(job: Job, reason: str) -> None:
    upload = Upload.objects.get(pk=job.upload_id)  # the work may have noted what file it is
    upload.settle(UploadState.FAILED, original_file=upload.original_file, reason=reason)


def _note_problem(job: Job, reason: str) -> None:
    job.original_file.note_problem(reason)
