"""Runs this machine's nginx with deploy/nginx.conf in front of a port."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPMessage
from pathlib import Path

import pytest

from trickyclip.runtime import embedded, launch
from trickyclip.tests.site import START_PATIENCE_S, free_port

#: Where the tunnel asks from in these tests, and where somebody else on the same network does.
TUNNEL, STRANGER = "127.0.0.1", "127.0.0.2"
HOST = "clips.example.org"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: HTTPMessage
    body: bytes


@dataclass(frozen=True)
class Nginx:
    port: int
    log: Path

    def ask(self, method: str, path: str, body: bytes = b"", *, source: str = TUNNEL, **headers: object) -> Answer:
        """Send one request as cloudflared does: over HTTP, saying that its client came over HTTPS."""
        named = {"Host": HOST, "X-Forwarded-Proto": "https", "CF-Connecting-IP": "203.0.113.9"}
        named |= {name.replace("_", "-"): str(value) for name, value in headers.items()}
        line = HTTPConnection("127.0.0.1", self.port, timeout=60, source_address=(source, 0))
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # refused while the body is still sent
                line.request(method, path, body=body or None, headers=named)
            answer = line.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            line.close()


def needed(name: str) -> str:
    """Return the path of a program of this machine; where it is required (``.ci/run``) its absence is a failure."""
    if path := shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin"):
        return path
    if os.environ.get("TRICKYCLIP_REQUIRE_SERVER_TOOLS"):
        pytest.fail(f"{name} is required here and not installed")
    pytest.skip(f"no {name} on this machine")


@contextlib.contextmanager
def nginx_before(web_port: int, data_dir: Path) -> Iterator[Nginx]:
    program, port = needed("nginx"), free_port()
    with tempfile.TemporaryDirectory(prefix="trickyclip-nginx-") as folder:
        Path(folder).chmod(0o755)  # started by root, nginx works as somebody else
        values = {"WEB": f"127.0.0.1:{web_port}", "LISTEN": f"127.0.0.1:{port}", "TUNNEL": f"{TUNNEL}/32"}
        values |= {"DATA": data_dir, "TMP": folder, "LOG": f"{folder}/requests"}
        adapt = [embedded.BASE_DIR / "deploy" / "nginx-conf", *(f"{name}={value}" for name, value in values.items())]
        configuration = Path(folder) / "nginx.conf"
        configuration.write_bytes(subprocess.run(adapt, capture_output=True, check=True).stdout)
        user = "user root; " if os.geteuid() == 0 else ""  # the tests' folders are closed to others
        command = [program, "-c", str(configuration), "-g", f"{user}daemon off;"]
        process = subprocess.Popen(launch.arguments(command, death_signal=signal.SIGTERM), stderr=subprocess.DEVNULL)
        try:
            _wait_until_listening(process, port)
            yield Nginx(port, Path(folder) / "requests")
        finally:
            process.terminate()
            process.wait()


def _wait_until_listening(process: subprocess.Popen, port: int) -> None:
    deadline_s = time.monotonic() + START_PATIENCE_S
    while embedded.is_free("127.0.0.1", port):
        assert process.poll() is None, "nginx did not start"
        assert time.monotonic() < deadline_s, "nginx does not listen"
        time.sleep(0.02)
