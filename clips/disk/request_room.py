"""Asks a worker to free disk space. Best effort: callers retry."""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

TASK, QUEUE = "make_room", "light"


def ask_for_room(wanted_bytes: int) -> bool:
    """Have a worker free this much beside what is reserved already; False if the broker is away."""
    try:
        current_app.send_task(TASK, args=[wanted_bytes], queue=QUEUE)
    except OperationalError as error:
        logger.warning("The broker cannot be reached (%s). Space is freed at the next request.", error)
        return False
    return True
