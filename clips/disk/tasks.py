"""Tasks that manage disk space."""

from celery import shared_task

from clips.archive import outage
from clips.disk import fetching, trimming, upkeep
from clips.jobs.worker import claim


@shared_task(name="fetch")
def fetch(job_id: str) -> None:
    """Fetch one original back from the archive."""
    if outage.holds_back(job_id):
        return
    with claim(job_id) as work:
        if work:
            fetching.fetch_back(work)


@shared_task(name="trim")
def trim(job_id: str) -> None:
    """Trim one original to what its clips need."""
    with claim(job_id) as work:
        if work:
            trimming.trim(work)


@shared_task(name="look_after_space")
def look_after_space() -> None:
    """Free scarce space, and resume the jobs that waited for it."""
    upkeep.look_after()


@shared_task(name="make_room")
def make_room(wanted_bytes: int) -> None:
    """Free requested space; does nothing the second time."""
    upkeep.make_room_for(wanted_bytes)
