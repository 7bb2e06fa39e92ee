"""Defines which background step follows which, starts their jobs, and publishes them to the broker."""

import logging

from celery import current_app
from django.db import OperationalError, models, transaction
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError as BrokerError

from clips.jobs import locks, registry
from clips.models import Job, JobKind
from clips.models.job import DEFAULT_PRIORITY, TARGETS, JobQuerySet, target_field
from clips.storage import files

logger = logging.getLogger(__name__)


def start(kind: JobKind, target: models.Model, *, priority: int = DEFAULT_PRIORITY, **params: object) -> Job:
    """Create the job in the caller's transaction, and publish it on commit."""
    job = Job.objects.for_target(kind, target, priority=priority, params=params)
    transaction.on_commit(lambda: publish(job))
    return job


def look_again(kind: JobKind, target: models.Model, *, priority: int = DEFAULT_PRIORITY, **params: object) -> None:
    """Start the job because its target changed; where one runs that may have looked before, another follows it."""
    of_target = Job.objects.filter(kind=kind, **{target_field(target): target})
    if not of_target.have_followed(params):
        start(kind, target, priority=priority, **params)


def start_after(job: Job, params: dict[str, object]) -> None:
    """Start another job like a finished one, with other parameters; one that its end has just begun gets them."""
    about = {f"{name}_id": getattr(job, f"{name}_id") for name in TARGETS} | {"kind": job.kind}
    if Job.objects.active().filter(**about).update(params=params):
        return
    following = Job.objects.create(**about, priority=job.priority, params=params)
    transaction.on_commit(lambda: publish(following))


def start_next(job: Job, target: models.Model) -> None:
    """Start the step after a finished job, unless that was requested alone (a backfill of one step)."""
    if job.params.get("alone"):
        return
    for kind in registry.step_of(job.kind).then:
        start(kind, target, priority=job.priority)


def queue_of(job: Job) -> str:
    """Return the queue of a job. An upload is checked on the node that received its bytes.

    Nodes that share their originals' folder share their uploads' too, so then any of them does it.
    """
    queue = registry.step_of(job.kind).queue
    if job.upload is None or files.is_local("originals"):
        return queue
    return own_queue(queue, job.upload.node)


def own_queue(queue: str, node: str) -> str:
    """Return the name of the queue that only the workers of one node listen to."""
    return f"{queue}.{node}"


def publish(job: Job) -> None:
    """Publish a waiting job. A broker that is away is no error: the sweep publishes it again."""
    step = registry.step_of(job.kind)
    try:
        current_app.send_task(step.task, args=[str(job.pk)], queue=queue_of(job), priority=job.priority)
    except BrokerError as error:
        logger.warning("The broker cannot be reached (%s). Job %s waits for the sweep.", error, job.pk)
        return
    Job.objects.all().note_published(job.pk)


def ask(task: str, *, in_s: float = 0, **params: object) -> None:
    """Request something that somebody or beat asks for again; so a broker that is away is no error here either."""
    try:
        current_app.send_task(task, kwargs=params, queue="light", countdown=in_s or None)
    except BrokerError as error:
        logger.warning("The broker cannot be reached (%s). %s waits for its schedule.", error, task)


def return_expired(jobs: JobQuerySet) -> list[Job]:
    """Return jobs of silent workers to the queue; fail and return those that had their last try.

    One that somebody else has locked, or what it is about, is left for the next time, and holds up none of the others.
    """
    jobs.return_expired()
    return [job for job in jobs.spent() if _ends(job)]


def _ends(job: Job) -> bool:
    try:
        with locks.passing_by():
            return give_up(job, _("The worker stopped several times during this."))
    except OperationalError as error:
        if not locks.is_busy(error):
            raise
        logger.info("Job %s is left to the next sweep, because its rows are locked.", job.pk)
        return False


@transaction.atomic
def give_up(job: Job, reason: str) -> bool:
    """Fail a job with a sentence for people, shown where they look for its target; False if not ours."""
    if ended := job.fail(reason):
        registry.step_of(job.kind).on_failure(job, reason)
    return ended
