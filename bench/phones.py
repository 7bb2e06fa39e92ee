"""Simulates phones on slow lines during a measurement: some upload, some fall silent, some never end their headers."""

import base64
import contextlib
import hashlib
import http.client
import os
import socket
import threading
import time
from collections.abc import Iterator
from uuid import UUID

from django.core.management.base import CommandError
from django.db import connection
from django.utils import timezone

from bench.sent import forget, wait_until_checked
from clips.models import OriginalFile
from people.models import ApiToken, Member

SESSION = "Phone bench"
OCTETS = "application/offset+octet-stream"
#: A phone hands its network a piece so often.
PIECES_PER_S = 5
PATIENCE_S = 300
#: Never over, and never silent for long: one byte in so many seconds.
DRIP_S = 2.0


class Phones:
    """A number of phones, each in its own thread until ``leave``."""

    def __init__(self, host: str, member: Member, *, rate: int) -> None:
        self._name, _colon, port = host.partition(":")
        self._port = int(port or 80)
        self._token, secret = ApiToken.objects.issue(member, "bench_crowd")
        self._headers = {"Authorization": f"Bearer {secret}", "Tus-Resumable": "1.0.0", "Host": host}
        self._rate = rate
        self._left = threading.Event()
        self._threads: list[threading.Thread] = []
        self.sent: dict[UUID, tuple[str, int]] = {}
        self.begun: list[UUID] = []
        self.faults: list[str] = []
        #: How long the site bore a body that does not come, and headers that do not end.
        self.bore_s: dict[str, list[float]] = {"silent bodies": [], "slow headers": []}

    def call(self, *, n_phones: int, n_silent: int, n_slow_headers: int, seconds: float) -> None:
        """Start the phones; each upload takes the given number of seconds."""
        works = [lambda: self._upload(int(seconds * self._rate))] * n_phones
        works += [lambda number=number: self._fall_silent(number) for number in range(n_silent)]
        works += [self._never_end_headers] * n_slow_headers
        self._threads = [threading.Thread(target=self._guarded, args=(work,), daemon=True) for work in works]
        for thread in self._threads:
            thread.start()

    def leave(self) -> None:
        """Let uploads finish, and stop the other phones."""
        self._left.set()
        for thread in self._threads:
            thread.join(PATIENCE_S)

    def check(self) -> str:
        """Return one line on what was uploaded.

        Raises
        ------
        CommandError
            If a file is not here as it was sent.
        """
        if self.faults:
            raise CommandError(f"{len(self.faults)} phones broke off: {self.faults[0]}")
        wait_until_checked(list(self.sent))
        here = dict(OriginalFile.objects.filter(pk__in=self.sent).values_list("pk", "file_hash"))
        wrong = [pk for pk, (sha256, _size_bytes) in self.sent.items() if here.get(pk) != sha256]
        if wrong:
            raise CommandError(f"{len(wrong)} of {len(self.sent)} uploads are not here as they were sent.")
        n_mb = sum(size_bytes for _sha256, size_bytes in self.sent.values()) / 1e6
        return f"{len(self.sent)} phones sent {n_mb:.1f} MB, all of it here by SHA-256"

    def forget(self) -> None:
        self._token.delete()
        forget(self.begun, SESSION)

    def _guarded(self, work) -> None:
        try:
            work()
        except (OSError, http.client.HTTPException, CommandError) as error:
            self.faults.append(f"{type(error).__name__}: {error}")
        finally:
            connection.close()

    # --- uploads ------------------------------------------------------------------------------------------------------

    def _upload(self, size_bytes: int) -> None:
        film = os.urandom(size_bytes)
        path = self._begin(size_bytes)
        here = 0
        while here < size_bytes:
            here = self._append(path, film, here)
        self.sent[UUID(path.rpartition("/")[2])] = (hashlib.sha256(film).hexdigest(), size_bytes)

    def _begin(self, size_bytes: int) -> str:
        said = {"filename": f"{os.urandom(4).hex()}.mp4", "session": SESSION, "date": f"{timezone.localdate()}"}
        metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in said.items())
        line = http.client.HTTPConnection(self._name, self._port, timeout=PATIENCE_S)
        headers = {"Upload-Length": f"{size_bytes}", "Upload-Metadata": metadata}
        line.request("POST", "/upload/tus/", headers=self._headers | headers)
        answer = line.getresponse()
        text = answer.read().decode()
        line.close()
        if answer.status != 201:
            raise CommandError(f"An upload was answered {answer.status}: {text[:200]}")
        path = answer.headers["Location"].rstrip("/")
        self.begun.append(UUID(path.rpartition("/")[2]))
        return path

    def _append(self, path: str, film: bytes, here: int) -> int:
        """Send the rest at the phone's rate, and return how much the site has then."""
        with self._patch(path, here, len(film) - here) as line:
            piece_bytes = max(1, self._rate // PIECES_PER_S)
            begun_s = time.monotonic()
            for number, start in enumerate(range(here, len(film), piece_bytes), start=1):
                line.sendall(film[start : start + piece_bytes])
                time.sleep(max(0.0, begun_s + number / PIECES_PER_S - time.monotonic()))
            answer = http.client.HTTPResponse(line)
            answer.begin()
            if answer.status != 204:
                raise CommandError(f"A phone's bytes were answered {answer.status}: {answer.read()[:200]!r}")
            return int(answer.headers["Upload-Offset"])

    @contextlib.contextmanager
    def _patch(self, path: str, here: int, length_bytes: int) -> Iterator[socket.socket]:
        headers = self._headers | {"Content-Type": OCTETS, "Upload-Offset": f"{here}"}
        headers["Content-Length"] = f"{length_bytes}"
        head = [f"PATCH {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        with socket.create_connection((self._name, self._port), timeout=PATIENCE_S) as line:
            line.sendall("\r\n".join(head).encode())
            yield line

    # --- those who hold a line and send nothing -----------------------------------------------------------------------

    def _fall_silent(self, number: int) -> None:
        """Announce a body that never comes: of an upload, and every other time of a login."""
        path = self._begin(1_000_000) if number % 2 else "/login"
        while not self._left.is_set():
            begun_s = time.monotonic()
            with self._patch(path, 0, 1_000_000) if number % 2 else self._post("/login") as line:
                self._bear(line, "silent bodies", begun_s, drip=b"")

    def _never_end_headers(self) -> None:
        while not self._left.is_set():
            begun_s = time.monotonic()
            with socket.create_connection((self._name, self._port), timeout=PATIENCE_S) as line:
                line.sendall(b"GET /login HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
                self._bear(line, "slow headers", begun_s, drip=b"x")

    @contextlib.contextmanager
    def _post(self, path: str) -> Iterator[socket.socket]:
        with socket.create_connection((self._name, self._port), timeout=PATIENCE_S) as line:
            head = f"POST {path} HTTP/1.1\r\nHost: {self._headers['Host']}\r\nContent-Length: 1000\r\n"
            line.sendall(f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode())
            yield line

    def _bear(self, line: socket.socket, what: str, begun_s: float, *, drip: bytes) -> None:
        """Wait until the site ends the connection, and note how long that took."""
        line.settimeout(DRIP_S)
        while not self._left.is_set():
            try:
                if not line.recv(4096):
                    break
            except TimeoutError:
                pass
            except ConnectionError:
                break
            with contextlib.suppress(ConnectionError):
                line.sendall(drip)
        else:
            return
        self.bore_s[what].append(time.monotonic() - begun_s)
