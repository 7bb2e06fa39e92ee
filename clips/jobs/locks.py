"""The site's named locks, the order in which rows are locked, and how to tell that a lock did not come in time.

**Order of rows.** Who locks several locks them from the outside in, so that no two wait for each other: a named lock
first, then the session, its video, its moments in the order of their ids, a clip; each of them before its own jobs, and
several jobs in the order of their ids. What no person waits for skips rows that somebody else has locked.
"""

import enum
from collections.abc import Iterator
from contextlib import contextmanager

import pglock
from django.db import OperationalError
from psycopg import errors

#: A statement waited too long for a lock or ran too long, or two transactions waited for each other: the same again
#: may well succeed.
_PASSING = (errors.LockNotAvailable, errors.QueryCanceled, errors.DeadlockDetected)
#: Who comes by again anyway waits no longer than this for a row that somebody else has locked.
PASSING_BY_S = 0.2


@enum.unique
class Lock(enum.StrEnum):
    """What only one at a time may do. PostgreSQL knows a lock by a number, which django-pglock makes of its name."""

    ROOM = "taking room for an upload"
    SESSION = "looking for the session of a new file"
    UPKEEP = "making room on the disk"


def hold(lock: Lock) -> None:
    """Wait for a lock and keep it until the transaction ends; OperationalError if ``lock_timeout`` passes first."""
    pglock.advisory(lock, xact=True, side_effect=pglock.Raise).acquire()


@contextmanager
def held_if_free(lock: Lock) -> Iterator[bool]:
    """Hold a lock for the block, and yield True; where somebody else has it, yield False at once."""
    with pglock.advisory(lock, timeout=0) as is_held:
        yield is_held


@contextmanager
def passing_by() -> Iterator[None]:
    """Wait hardly at all for the locks of others."""
    with pglock.timeout(PASSING_BY_S):
        yield


def is_busy(error: BaseException) -> bool:
    """Whether a statement was given up for the sake of others, and may be tried again."""
    return isinstance(error, OperationalError) and isinstance(error.__cause__, _PASSING)
