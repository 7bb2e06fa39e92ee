"""Tasks of the nightly checks: the audit, which changes nothing, and reading originals back."""

from celery import shared_task

from clips.integrity import scrub as scrubbing
from clips.integrity.read_back import read_back as read_one_back
from clips.integrity.run import audit_into
from clips.jobs.worker import claim
from clips.models import AuditReport


@shared_task(name="audit")
def audit() -> None:
    """Check rows, files and archive against each other, and save the findings for the jobs page."""
    report = AuditReport.objects.begin(checksums=False, repairs=False)
    if report:
        audit_into(report)


@shared_task(name="scrub")
def scrub() -> None:
    """Start reading tonight's share of the originals back."""
    scrubbing.tonight()


@shared_task(name="read_back")
def read_back(job_id: str) -> None:
    """Read one original back from the disk, and mend it from the archive if it is damaged."""
    with claim(job_id) as work:
        if work:
            read_one_back(work)
