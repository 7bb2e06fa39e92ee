"""Somebody wants room now: told to a worker by a message alone, for whoever wants it will ask again."""

import logging

from celery import current_app
from kombu.exceptions import OperationalError

logger = logging.getLogger(__name__)

TASK, QUEUE = "make_room", "light"


def ask_for_room(wanted_bytes: int) -> bool:
    """Let a worker make room for so much beside what is promised already; False where the broker is away."""
    try:
        current_app.send_task(TASK, args=[wanted_bytes], queue=QUEUE)
    except OperationalError as error:
        logger.warning("The broker cannot be reached (%s); room is made when it is asked for again.", error)
        return False
    return True
