"""A client's connection: how much of its request has arrived, and which part of the answer it has not taken yet."""

import select
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto

from gunicorn.http.message import Request
from gunicorn.http.wsgi import Response
from gunicorn.workers.gthread import TConn

#: A paused player leaves its answer unread for minutes; longer than this and it asks for the rest anew.
STREAM_STALL_S = 300.0
#: What a long answer may be ahead of its client, and how much of it is sent in one piece.
AHEAD_BYTES = 256 * 1024
#: How often somebody who waits for a client looks whether the server is being stopped.
LOOK_S = 1.0


class Stage(Enum):
    """The state of a line that the loop waits for; a line that is idle or in a thread has none of these."""

    HEAD = auto()
    BODY = auto()
    #: For the client to take the rest of its answer.
    SENDING = auto()
    #: For the client to close: closed by us, with something unread, it would lose the answer.
    LINGER = auto()


@dataclass
class Answer:
    """The site's answer to a request, before all of it is written."""

    response: Response
    #: What the WSGI application returned.
    parts: object
    environ: dict
    began: datetime


class Outlet:
    """Takes an answer in place of the socket, without waiting for the client unless it is told to be patient."""

    def __init__(self, sock: socket.socket, going: Callable[[], bool]) -> None:
        self._sock, self._going = sock, going
        self.unsent = bytearray()
        #: In a thread that may wait: long answers are held in memory only up to AHEAD_BYTES.
        self.patient = False

    def sendall(self, data: bytes) -> None:
        sent_bytes = 0
        if not self.unsent:
            sent_bytes = self._send(data)
        self.unsent += memoryview(data)[sent_bytes:]
        while self.patient and len(self.unsent) > AHEAD_BYTES:
            self._wait()
            self.flush()

    def send(self, data: bytes) -> int:
        self.sendall(data)
        return len(data)

    def sendfile(self, file, offset: int = 0, count: int | None = None) -> None:
        """Send part of an open file, as gunicorn does for answers that are files."""
        file.seek(offset)
        left_bytes = count if count is not None else 2**63
        while left_bytes and (piece := file.read(min(AHEAD_BYTES, left_bytes))):
            self.sendall(piece)
            left_bytes -= len(piece)

    def flush(self) -> int:
        """Send as much as the line takes now; return how much that was."""
        sent_bytes = self._send(bytes(self.unsent[:AHEAD_BYTES])) if self.unsent else 0
        del self.unsent[:sent_bytes]
        return sent_bytes

    def gettimeout(self) -> float:
        """Return 0, so that gunicorn need not make the socket non-blocking first."""
        return 0.0

    def _send(self, data: bytes) -> int:
        try:
            return self._sock.send(data)
        except (BlockingIOError, InterruptedError):
            return 0

    def _wait(self) -> None:
        deadline_s = time.monotonic() + STREAM_STALL_S
        poll = select.poll()
        poll.register(self._sock, select.POLLOUT)
        while not poll.poll(1000 * LOOK_S):
            if time.monotonic() > deadline_s or not self._going():
                raise TimeoutError("The client does not read its answer.")


class Line(TConn):
    """A connection as gunicorn's loop keeps it, with what it needs to wait for a request without a thread."""

    def __init__(self, cfg, sock: socket.socket, client, server, going: Callable[[], bool]) -> None:
        super().__init__(cfg, sock, client, server)
        self.outlet = Outlet(sock, going)
        #: What came and is not used yet: a head, a body, what a client sent ahead.
        self.received = bytearray()
        self.stage: Stage | None = None
        self.deadline_s = 0.0
        self.request: Request | None = None
        self.answer: Answer | None = None
        #: Whether the connection may be used for a further request.
        self.keeps = False
        #: Under which addresses it is counted (limits.py): as a connection, and for its request.
        self.counted_as: str | None = None
        self.asks_for: str | None = None
        #: What it may take of memory, and what came of a body that nobody wants.
        self.held_bytes = self.thrown_bytes = 0

    @property
    def peer(self) -> str:
        """The address at the other end; "" through a socket file."""
        return self.client[0] if isinstance(self.client, tuple) else ""

    def take(self, n_bytes: int) -> bytes:
        """Return and remove the first of the received bytes."""
        taken = bytes(self.received[:n_bytes])
        del self.received[:n_bytes]
        return taken
