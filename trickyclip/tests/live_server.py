"""Serves the pages of tests from a thread of the test process, and comes to rest before their rows are deleted.

Django's own live server goes on answering what a page asked before it was closed. Then the next test meets its rows, or
the deletion of all rows meets its locks and leaves everything to the next test.
"""

import contextlib
import faulthandler
import socket
import threading
import time

from django.core.servers.basehttp import ThreadedWSGIServer
from django.db import connection
from pytest_django.live_server_helper import LiveServer

#: How long an answer that nobody waits for may take, and a transaction of another process: no more than a busy machine.
PATIENCE_S = 60
OTHERS = """
    SELECT pid, application_name, state, query FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
    AND backend_type = 'client backend'
"""


class RestingServer(ThreadedWSGIServer):
    """A web server that knows its open connections and can end them all."""

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()

    def process_request(self, request, client_address) -> None:
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def process_request_thread(self, request, client_address) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._changed:
                self._open.discard(request)
                self._changed.notify_all()

    def come_to_rest(self, patience_s: float = PATIENCE_S) -> None:
        """End all connections, and return when no thread works on a request any more."""
        self._accept_all()
        with self._changed:
            for request in self._open:
                with contextlib.suppress(OSError):  # its other end is closed already
                    request.shutdown(socket.SHUT_RDWR)  # who still sends an answer learns that nobody reads it
            if not self._changed.wait_for(lambda: not self._open, patience_s):
                faulthandler.dump_traceback()
                raise AssertionError(f"the live server still answers after {patience_s} s: stderr says what it does")

    def _accept_all(self) -> None:
        """Return when all who connected before are known: connections are accepted one after the other."""
        with socket.create_connection(self.server_address, timeout=PATIENCE_S) as last:
            last.shutdown(socket.SHUT_WR)
            last.recv(1)


def resting_live_server(address: str) -> LiveServer:
    """Start what the fixture ``live_server`` returns, with a server that comes to rest."""
    live_server = LiveServer(address, start=False)
    live_server.thread.server_class = RestingServer
    live_server.start()
    return live_server


def others_end_their_transactions(patience_s: float = PATIENCE_S) -> None:
    """Wait for transactions of other connections to the test's database: a deletion of all rows waits for their locks,
    or they for its.
    """
    until_s = time.monotonic() + patience_s
    while True:
        with connection.cursor() as cursor:
            cursor.execute(OTHERS)
            others = cursor.fetchall()
        if not others:
            return
        assert time.monotonic() < until_s, f"a transaction outlives its test by {patience_s} s: {others}"
        time.sleep(0.02)
