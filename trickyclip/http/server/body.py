"""Streams the body of an upload to the site as it arrives, without waiting for more."""

import select
import time
from collections.abc import Callable

from django.conf import settings

from trickyclip.http.server.connection import LOOK_S, Line

#: What gunicorn itself reads at most at once.
AT_ONCE_BYTES = 1024 * 1024


class Pace:
    """The slowest allowed body: longest silence, and least bytes a second over three times as long."""

    def __init__(self, *, stall_s: float, least_rate: float) -> None:
        self._stall_s, self._over_s, self._least_rate = stall_s, 3 * stall_s, least_rate
        self._heard_s = self._since_s = time.monotonic()
        self._n_bytes = 0

    def came(self, n_bytes: int) -> None:
        self._heard_s = time.monotonic()
        self._n_bytes += n_bytes

    def is_too_slow(self) -> bool:
        now_s = time.monotonic()
        if now_s - self._heard_s > self._stall_s:
            return True
        took_s = now_s - self._since_s
        if took_s < self._over_s:
            return False
        too_slow = self._n_bytes < self._least_rate * took_s
        self._since_s, self._n_bytes = now_s, 0
        return too_slow


class UploadBody:
    """A ``wsgi.input`` whose ``read`` returns as soon as there are any bytes.

    It raises TimeoutError where the client is too slow, or the server is being stopped: what was read before can be
    kept, because nothing that came is held back here.
    """

    def __init__(self, line: Line, length_bytes: int, going: Callable[[], bool]) -> None:
        self._line, self._going = line, going
        self._pace: Pace | None = None
        self.left_bytes = length_bytes

    def read(self, size: int | None = -1) -> bytes:
        wanted_bytes = self.left_bytes if size is None or size < 0 else min(size, self.left_bytes)
        if not wanted_bytes:
            return b""
        if self._pace is None:  # not before somebody reads: waiting for a thread is not the client's fault
            self._pace = Pace(stall_s=settings.UPLOAD_STALL_SECONDS, least_rate=settings.UPLOAD_MIN_RATE)
        data = self._line.take(wanted_bytes) or self._receive(min(wanted_bytes, AT_ONCE_BYTES))
        self._pace.came(len(data))
        self.left_bytes -= len(data)
        return data

    def readline(self, size: int | None = -1) -> bytes:
        """Refuse: nobody reads an upload in lines, but WSGI wants the name."""
        raise NotImplementedError

    def _receive(self, wanted_bytes: int) -> bytes:
        poll = None
        while True:
            if self._pace.is_too_slow():
                raise TimeoutError("The request body arrives too slowly.")
            try:
                return self._line.sock.recv(wanted_bytes)
            except (BlockingIOError, InterruptedError):
                if not self._going():
                    raise TimeoutError("The server is being stopped.") from None
            if poll is None:
                poll = select.poll()
                poll.register(self._line.sock, select.POLLIN)
            poll.poll(1000 * LOOK_S)
