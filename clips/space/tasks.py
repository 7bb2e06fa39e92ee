"""Background work about room on the disk."""

from celery import shared_task

from clips.archive import blocks
from clips.claim import claim
from clips.space import fetching


@shared_task
def fetch(job_id: str) -> None:
    """Bring one original back from the archive."""
    if blocks.holds_back(job_id):
        return
    with claim(job_id) as work:
        if work:
            fetching.fetch_back(work)
