"""Tasks that find occasions for notices, and that send them."""

from celery import shared_task

from clips.notifications import occasions, outbox


@shared_task(name="look_for_notices")
def look_for_notices() -> None:
    """Create the notices for all current occasions."""
    if occasions.look():
        send_notices.delay()


@shared_task(name="send_notices")
def send_notices() -> None:
    """Send the notices in the outbox."""
    outbox.send_due()
