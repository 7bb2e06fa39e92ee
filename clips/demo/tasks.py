"""Task that draws the demo film."""

from celery import shared_task

from clips.demo import session
from clips.jobs.worker import claim


@shared_task(name="draw_demo")
def draw_demo(job_id: str) -> None:
    """Draw the demo film and upload it."""
    with claim(job_id) as work:
        if work:
            session.draw(work)
