"""Detects any access to a file or a port, by any process, to prove that there was none."""

import ctypes
import os
import select
import socket
from pathlib import Path

_IN_ACCESS, _IN_OPEN = 0x1, 0x20
_IN_NONBLOCK = os.O_NONBLOCK
_EVENT_BYTES = 16


class Watched:
    """Files and a port of this machine that nobody may touch.

    The kernel tells of each open and read of the files (inotify(7)); a connection that nobody accepts waits in the
    port's queue.
    """

    def __init__(self, *files: Path) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._notices = libc.inotify_init1(_IN_NONBLOCK)
        for file in files:
            assert libc.inotify_add_watch(self._notices, os.fsencode(file), _IN_OPEN | _IN_ACCESS) > 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]

    def close(self) -> None:
        os.close(self._notices)
        self._server.close()

    def touches(self) -> list[str]:
        """Return what happened since the last time."""
        found = []
        while select.select([self._server], [], [], 0)[0]:
            self._server.accept()[0].close()
            found.append("a connection")
        try:
            found += ["a file was opened"] * (len(os.read(self._notices, 65536)) // _EVENT_BYTES)
        except BlockingIOError:
            return found
        return found
