"""What looks for something to tell, and what sends it; neither is ever waited for."""

from celery import shared_task

from clips.notifications import occasions, outbox


@shared_task(name="look_for_notices")
def look_for_notices() -> None:
    """Write down whatever there is to tell."""
    if occasions.look():
        send_notices.delay()


@shared_task(name="send_notices")
def send_notices() -> None:
    """Send what waits in the outbox."""
    outbox.send_due()
