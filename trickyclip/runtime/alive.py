"""A worker's sign of life for whoever asks often: the age of a file costs nothing to see.

``celery inspect ping`` would load all of Django for each question, some seconds of a small machine's only two cores.
"""

from pathlib import Path

from celery import bootsteps
from django.conf import settings

EVERY_S = 10.0


class TouchesAliveFile(bootsteps.StartStopStep):
    """Touch ``ALIVE_FILE`` from the worker's own loop, which does so only as long as it goes round."""

    requires = {"celery.worker.components:Timer"}

    def include_if(self, worker: object) -> bool:
        return bool(settings.ALIVE_FILE)

    def start(self, worker: object) -> None:
        path = Path(settings.ALIVE_FILE)
        worker.timer.call_after(0, path.touch)  # not now: the loop that asks for work is yet to begin
        worker.timer.call_repeatedly(EVERY_S, path.touch)
