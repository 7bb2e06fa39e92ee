"""What admins set, as this process saw it a moment ago.

Readers ask often and a setting changes once a month, so one query every few seconds serves them all. The process in
which a setting is changed forgets its snapshot at once; every other one follows within ``REFRESH_S``.
"""

import logging
import threading
import time

from django.apps import apps
from django.db import DatabaseError, connection

logger = logging.getLogger(__name__)

REFRESH_S = 3.0

_lock = threading.Lock()
_texts: dict[str, str] | None = None
_stale_at_s = 0.0


def texts() -> dict[str, str]:
    """Return the values of all rows, at most a few seconds old; older ones if the database does not answer."""
    is_first = _texts is None
    # Whoever comes while another thread reads takes the values from before; only at the start there are none.
    if (is_first or time.monotonic() >= _stale_at_s) and _lock.acquire(blocking=is_first):
        try:
            if _texts is None or time.monotonic() >= _stale_at_s:
                _read()
        finally:
            _lock.release()
    return _texts or {}


def hold(values: dict[str, str]) -> None:
    """Take these values for the rows' until ``forget``: for tests, which count queries and begin without rows."""
    global _texts, _stale_at_s
    _texts, _stale_at_s = values, float("inf")


def forget() -> None:
    """Read the rows anew at the next question."""
    global _stale_at_s
    _stale_at_s = 0.0


def _read() -> None:
    global _texts, _stale_at_s
    _stale_at_s = time.monotonic() + REFRESH_S
    if connection.needs_rollback:  # no query is possible before this transaction ends
        return
    try:
        # By its name, because models read settings too.
        _texts = dict(apps.get_model("people.SiteSetting").objects.values_list("key", "value"))
    except DatabaseError as error:
        logger.warning("The settings could not be read (%s). The last known ones count.", type(error).__name__)
        _texts = _texts or {}
        _stale_at_s = time.monotonic() + REFRESH_S  # from now on, for to find that out has taken its time
