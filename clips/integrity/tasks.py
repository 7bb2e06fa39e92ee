"""Task of the nightly audit, which changes nothing."""

from celery import shared_task

from clips.integrity.run import audit_into
from clips.models import AuditReport


@shared_task(name="audit")
def audit() -> None:
    """Check rows, files and archive against each other, and save the findings for the jobs page."""
    report = AuditReport.objects.begin(checksums=False, repairs=False)
    if report:
        audit_into(report)
