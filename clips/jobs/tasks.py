"""Tasks of a clip's life. Each takes one job id and may be delivered any number of times."""

from collections import Counter
from datetime import timedelta

from celery import current_app, shared_task
from django.conf import settings
from django.utils import timezone

from clips.jobs import pipeline
from clips.models import Job


@shared_task(name="sweep")
def sweep() -> None:
    """Return jobs of silent workers, and publish again what the broker has lost."""
    pipeline.return_expired(Job.objects.all())
    for job in lost_messages():
        pipeline.publish(job)


def lost_messages() -> list[Job]:
    """Return the due jobs that the broker may not know of.

    A queue that holds a message for each due job has lost none. Otherwise all that were told long enough ago are
    told again: a message too many costs a look at the row, one too few would cost the job.
    """
    due = list(Job.objects.due().select_related("upload").order_by("priority", "created_at"))
    waiting = Counter(pipeline.queue_of(job) for job in due)
    with current_app.connection_for_write() as connection:
        channel = connection.default_channel
        known = {queue: channel.queue_declare(queue, passive=False).message_count for queue in waiting}
    # No sooner, so that a message on its way is not doubled.
    told_before = timezone.now() - timedelta(seconds=settings.SWEEP_SECONDS)
    return [
        job
        for job in due
        if job.published_at is None
        or (job.published_at < told_before and known[q := pipeline.queue_of(job)] < waiting[q])
    ]
