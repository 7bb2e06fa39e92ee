"""The Celery app, configured by settings named ``CELERY_*``. A job's truth is its row: clips/models/job.py."""

import os

from celery import Celery, Task
from celery.signals import celeryd_after_setup, worker_process_init
from django.conf import settings
from django.db import OperationalError

from clips.jobs import locks
from clips.media.sandbox.runner import die_with_parent
from people.site_settings import zone
from trickyclip.runtime.alive import TouchesAliveFile
from trickyclip.shared import logs

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "trickyclip.settings")


#: Tried so often again, after this, what waited too long for a lock; jobs see to that themselves: clips/jobs/worker.py
BUSY_RETRIES, BUSY_AGAIN_S = 3, 5


class SiteTask(Task):
    """Names the task in each line it logs, works in the crew's time zone, and retries if the database was busy."""

    def __call__(self, *args: object, **kwargs: object) -> object:
        with logs.about(task=self.name), zone.left_behind():
            zone.use()
            try:
                return super().__call__(*args, **kwargs)
            except OperationalError as error:
                if not locks.is_busy(error):
                    raise
                raise self.retry(exc=error, countdown=BUSY_AGAIN_S, max_retries=BUSY_RETRIES) from error


app = Celery("trickyclip", task_cls=SiteTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
ROOMS = (
    "jobs", "archive", "previews", "disk", "ingest", "sharing", "library", "reels", "integrity", "notifications",
    "demo", "talk",
)  # fmt: skip
app.autodiscover_tasks([*(f"clips.{room}" for room in ROOMS), "detection"])
app.autodiscover_tasks(["clips.previews"], related_name="filmstrip_tasks")
app.autodiscover_tasks(["clips.previews"], related_name="piece_tasks")
app.steps["worker"].add(TouchesAliveFile)


@celeryd_after_setup.connect
def take_own_uploads(instance: object, **_: object) -> None:
    """Let workers of light jobs also do those that only their own machine can do (clips/jobs/pipeline.py)."""
    queues = instance.app.amqp.queues
    if "light" in queues.consume_from:
        queues.select_add(f"light.{settings.NODE}")


@worker_process_init.connect
def leave_with_the_worker(**_: object) -> None:
    """End a pool process with its killed worker, since another worker will take the job."""
    die_with_parent()
