"""Names the site's advisory locks, defines the order of row locks, and recognises lock timeouts.

**Order of rows.** Several locks are taken from the outside in, so that no two transactions wait for each other: a named
lock first, then an entry of the bin, the session, its video, its moments in the order of their ids, a clip; each of
them before its own jobs, and several jobs in the order of their ids. What no person waits for skips rows that somebody
else has locked.
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
    """Work that only one process at a time may do. django-pglock turns the name into PostgreSQL's number."""

    ROOM = "taking room for an upload"
    SESSION = "looking for the session of a new file"
    UPKEEP = "making room on the disk"
    LEARN = "learning from sorting"


def hold(lock: Lock) -> None:
    """Wait for a lock and keep it until the transaction ends; OperationalError if ``lock_timeout`` passes first."""
    pglock.advisory(lock, xact=True, side_effect=pglock.Raise).acquire()


@contextmanager
def held_if_free(lock: Lock) -> Iterator[bool]:
    """Hold a lock for the block, and yield True; if somebody else has it, yield False at once."""
    with pglock.advisory(lock, timeout=0) as is_held:
        yield is_held


@contextmanager
def passing_by() -> Iterator[None]:
    """Wait only briefly for the locks of others."""
    with pglock.timeout(PASSING_BY_S):
        yield


def is_busy(error: BaseException) -> bool:
    """Return whether the database cancelled a statement in favour of others, so that it may be retried."""
    return isinstance(error, OperationalError) and isinstance(error.__cause__, _PASSING)
