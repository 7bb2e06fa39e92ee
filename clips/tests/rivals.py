"""Runs concurrent transactions on real connections in a known order."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection

PATIENCE_S = 20.0


class Rival:
    """Runs a function in a thread with its own connection; ``result`` waits for it."""

    def __init__(self, act: Callable[[], object]) -> None:
        self._act, self._result, self._error = act, None, None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._result = self._act()
        except Exception as error:
            self._error = error
        finally:
            connection.close()

    def result(self, within_s: float = PATIENCE_S) -> object:
        """Return the result; an exception is raised here."""
        self._thread.join(within_s)
        assert not self._thread.is_alive(), f"still waits after {within_s} s"
        if self._error:
            raise self._error
        return self._result


@contextmanager
def holding(sql: str, params: list) -> Iterator[Callable[[], None]]:
    """Hold the locks of a statement in another connection's transaction; yields a function that ends it."""
    other = connection.copy()
    other.set_autocommit(False)
    try:
        with other.cursor() as cursor:
            cursor.execute(sql, params)
        yield other.rollback
    finally:
        other.rollback()
        other.close()


def holding_row(row: object) -> Iterator[Callable[[], None]]:
    return holding(f'SELECT 1 FROM "{row._meta.db_table}" WHERE id = %s FOR UPDATE', [row.pk])  # noqa: S608


def wait_for_blocked(count: int) -> None:
    """Wait until this many connections to this database wait for a lock."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    ends_s = time.monotonic() + PATIENCE_S
    while time.monotonic() < ends_s:
        with connection.cursor() as cursor:
            cursor.execute(asked)
            if cursor.fetchone()[0] >= count:
                return
        time.sleep(0.01)
    raise AssertionError(f"{count} were to wait for a lock")
