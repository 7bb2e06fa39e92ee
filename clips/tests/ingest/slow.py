"""Clients on slow lines, for tests of a site under their load."""

import contextlib
import hashlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import requests

from clips.tests.ingest.web import OCTETS, Wire

HALF_A_HEAD = b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: "
HALF_A_LOGIN = (
    b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\nuser"
)
PIECES_PER_S = 10


def connect(port: int, said: bytes = b"", *, source: str = "127.0.0.1", buffer_bytes: int = 0) -> socket.socket:
    """Connect and say something; with ``buffer_bytes`` the client takes no more than so much ahead."""
    line = socket.socket()
    if buffer_bytes:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer_bytes)
    line.settimeout(60)
    line.bind((source, 0))
    line.connect(("127.0.0.1", port))
    line.sendall(said)
    return line


@contextlib.contextmanager
def connected(n: int, port: int, said: bytes = b"", **how: object) -> Iterator[list[socket.socket]]:
    lines = [connect(port, said, **how) for _ in range(n)]
    try:
        time.sleep(0.5)
        yield lines
    finally:
        for line in lines:
            line.close()


def head_of(wire: Wire, path: str, length_bytes: int) -> bytes:
    headers = wire.headers | {"Host": "127.0.0.1", "Upload-Offset": "0", "Content-Type": OCTETS}
    lines = [f"PATCH {path} HTTP/1.1", f"Content-Length: {length_bytes}"]
    return "\r\n".join([*lines, *(f"{name}: {value}" for name, value in headers.items()), "", ""]).encode()


def upload_slowly(wire: Wire, port: int, film: bytes, *, seconds: float) -> tuple[bytes, str]:
    """Send a file slowly in one request; return the answer's first bytes, and what is on disk."""
    path = wire.create(len(film))
    with connect(port, head_of(wire, path, len(film))) as line:
        piece_bytes = int(len(film) / seconds / PIECES_PER_S)
        for start in range(0, len(film), piece_bytes):
            line.sendall(film[start : start + piece_bytes])
            time.sleep(1 / PIECES_PER_S)
        answer = line.recv(12)
    part = wire.web.part(path)
    whole = part if part.exists() else wire.web.data_dir / "originals" / part.stem
    return answer, hashlib.sha256(whole.read_bytes()).hexdigest()


@contextlib.contextmanager
def phones(n: int, upload: Callable[[int], object]) -> Iterator[list]:
    """Run uploading phones during the block; yield a list that has their results afterwards."""
    results: list = []
    with ThreadPoolExecutor(n) as pool:
        running = [pool.submit(upload, number) for number in range(n)]
        time.sleep(0.5)
        yield results
        results += [future.result() for future in running]


def slowest_s(url: str, *, times: int = 10) -> float:
    """Return how long the slowest of some pages took."""
    took_s = []
    for _ in range(times):
        begun_s = time.monotonic()
        assert requests.get(url, timeout=60).ok
        took_s.append(time.monotonic() - begun_s)
    return max(took_s)


@contextlib.contextmanager
def dripping(line: socket.socket, *, every_s: float) -> Iterator[list[bytes]]:
    """Send a byte repeatedly during the block; yield a list of what was sent."""
    ended, sent = threading.Event(), []

    def drip() -> None:
        while not ended.wait(every_s):
            with contextlib.suppress(OSError):
                line.sendall(b"x")
                sent.append(b"x")

    thread = threading.Thread(target=drip)
    thread.start()
    try:
        yield sent
    finally:
        ended.set()
        thread.join()
