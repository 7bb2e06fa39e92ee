"""Background work about room on the disk."""

from celery import shared_task

from clips.archive import outage
from clips.disk import fetching, upkeep
from clips.jobs.worker import claim


@shared_task(name="fetch")
def fetch(job_id: str) -> None:
    """Bring one original back from the archive."""
    if outage.holds_back(job_id):
        return
    with claim(job_id) as work:
        if work:
            fetching.fetch_back(work)


@shared_task(name="look_after_space")
def look_after_space() -> None:
    """Make room where it gets scarce, and let go on what waited for it."""
    upkeep.look_after()


@shared_task(name="make_room")
def make_room(wanted_bytes: int) -> None:
    """Make room that somebody wants now; asked twice, it finds that there is some."""
    upkeep.make_room_for(wanted_bytes)
