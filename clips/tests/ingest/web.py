"""Runs a real web server (gunicorn, as in production) on the tests' database, with a plain HTTP client."""

import contextlib
import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import requests
from django.conf import settings

from people.models import ApiToken, Member
from trickyclip.runtime import embedded, launch
from trickyclip.tests.site import free_port

START_PATIENCE_S = 90
OCTETS = "application/offset+octet-stream"
ENDPOINT = "/upload/tus/"


@dataclass(frozen=True)
class Web:
    port: int
    data_dir: Path
    process: psutil.Process
    log: Path

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def endpoint(self) -> str:
        return self.base_url + ENDPOINT

    def part(self, location: str) -> Path:
        """Return the growing file of the upload at ``location``."""
        return self.data_dir / "uploads" / f"{location.rsplit('/', 1)[-1]}.part"

    def workers(self) -> list[psutil.Process]:
        """Return gunicorn's worker processes, also below a tracer."""
        return [process for process in self.process.children(recursive=True) if not process.children()]


@contextlib.contextmanager
def web_server(folder: Path, *, wrapper: tuple[str, ...] = (), **environment: str) -> Iterator[Web]:
    """Run gunicorn for the duration of the block; ``wrapper`` is a command that runs it, such as a tracer."""
    (folder / "data").mkdir()
    port, log = free_port(), folder / "gunicorn.log"
    command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "--bind", f"127.0.0.1:{port}"]
    with log.open("wb") as out:
        server = subprocess.Popen(
            launch.arguments([*wrapper, *command], death_signal=signal.SIGTERM),
            cwd=embedded.BASE_DIR,
            env=os.environ | {"DATABASE_URL": database_url(), "DATA_DIR": str(folder / "data"), **environment},
            stdout=out,
            stderr=subprocess.STDOUT,
            process_group=0,
        )
    web = Web(port, folder / "data", psutil.Process(server.pid), log)
    try:
        _wait_until_ready(web)
        yield web
    finally:
        everything = [*web.process.children(recursive=True), web.process]
        stop(everything, "terminate")
        stop(psutil.wait_procs(everything, timeout=10)[1], "kill")
        server.wait()


def stop(processes: list[psutil.Process], how: str) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            getattr(process, how)()


def database_url() -> str:
    """Return the address of the tests' own database, which pytest-django made beside the named one."""
    base, _slash, query = os.environ["DATABASE_URL"].partition("?")
    url = f"{base.rsplit('/', 1)[0]}/{settings.DATABASES['default']['NAME']}"
    return f"{url}?{query}" if query else url


def _wait_until_ready(web: Web) -> None:
    deadline_s = time.monotonic() + START_PATIENCE_S
    while time.monotonic() < deadline_s:
        with contextlib.suppress(requests.RequestException):
            if requests.get(f"{web.base_url}/healthz", timeout=5).ok:
                return
        time.sleep(0.1)
    raise AssertionError(f"gunicorn did not start:\n{web.log.read_text()}")


def token_of(member: Member) -> str:
    _token, secret = ApiToken.objects.issue(member, "tests")
    return secret


class Wire:
    """Sends exactly the given headers and bytes; keeps nothing from one request to the next."""

    def __init__(self, web: Web, secret: str) -> None:
        self.web = web
        self.headers = {"Authorization": f"Bearer {secret}", "Tus-Resumable": "1.0.0"}

    def __call__(self, method: str, path: str = ENDPOINT, body: bytes = b"", **headers: object) -> "Answer":
        named = {name.replace("_", "-"): str(value) for name, value in headers.items() if value is not None}
        left_out = {name.replace("_", "-") for name, value in headers.items() if value is None}
        kept = {name: value for name, value in self.headers.items() if name not in left_out}
        line = http.client.HTTPConnection("127.0.0.1", self.web.port, timeout=60)
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                # A refusal comes while the body is still being sent; what was answered can be read all the same.
                line.request(method, path, body=body, headers=kept | named)
            answer = line.getresponse()
            return Answer(answer.status, answer.reason, answer.headers, answer.read())
        finally:
            line.close()

    def create(self, size_bytes: int, **headers: object) -> str:
        answer = self("POST", Upload_Length=size_bytes, **headers)
        assert answer.status == 201, answer
        return answer.headers["Location"]

    def send(self, path: str, offset_bytes: int, body: bytes, **headers: object) -> "Answer":
        return self("PATCH", path, body, **{"Upload_Offset": offset_bytes, "Content_Type": OCTETS, **headers})


@dataclass(frozen=True)
class Answer:
    status: int
    reason: str
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> dict:
        return json.loads(self.body)
