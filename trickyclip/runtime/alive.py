"""Keeps a worker's heartbeat in the modification time of a file, which is cheap to check often.

``celery inspect ping`` would load all of Django for each check, some seconds on a small machine's two cores.
"""

from pathlib import Path

from celery import bootsteps
from django.conf import settings

EVERY_S = 10.0


class TouchesAliveFile(bootsteps.StartStopStep):
    """Touches ``ALIVE_FILE`` from the worker's own loop, so it stops when the loop does."""

    requires = {"celery.worker.components:Timer"}

    def include_if(self, worker: object) -> bool:
        return bool(settings.ALIVE_FILE)

    def start(self, worker: object) -> None:
        path = Path(settings.ALIVE_FILE)
        worker.timer.call_after(0, path.touch)  # not now: the loop that asks for work is yet to begin
        worker.timer.call_repeatedly(EVERY_S, path.touch)
