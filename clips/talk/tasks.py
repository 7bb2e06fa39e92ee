"""Task that forgets from which addresses guests spoke."""

from celery import shared_task

from clips.talk import guests


@shared_task(name="forget_senders")
def forget_senders() -> None:
    """Forget the marks of guests' addresses after a day."""
    guests.forget_senders()
