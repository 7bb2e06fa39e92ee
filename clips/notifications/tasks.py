"""What looks for something to tell, and what sends it; neither is ever waited for."""

from celery import shared_task

from clips.notifications import occasions, outbox


@shared_task
def look_for_notices() -> None:
    """Write down whatever there is to tell."""
    if occasions.look():
        send_notices.delay()


@shared_task
def send_notices() -> None:
    """Send what waits in the outbox."""
    outbox.send_due()
