"""Tests that errors reach the configured Sentry with useful facts and without private ones."""

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.conf import settings as django_settings
from django.db import connection

from trickyclip.runtime import error_reports
from trickyclip.shared import logs

EVENT = {
    "user": {"ip_address": "203.0.113.7"},
    "server_name": "planted",
    "request": {
        "url": "https://clips.example.org/s/planted/video.mp4",
        "data": {"password": "planted"},
        "cookies": {"sessionid": "planted"},
        "query_string": "token=planted",
        "headers": {"Authorization": "Bearer planted", "X-Forwarded-For": "planted", "User-Agent": "curl"},
    },
    "contexts": {"celery-job": {"args": ["planted"]}},
    "exception": {"values": [{"type": "ValueError", "value": "redis://:planted@10.0.0.1/0 is away"}]},
    "breadcrumbs": {"values": [{"message": "GET /join/planted"}]},
}

FAULT = """
import django
django.setup()
from django.test import Client
from django.urls import path
from people.access import public
from trickyclip import urls

def broken(request):
    secret_in_a_variable = "planted"
    raise ValueError("Bearer planted")

urls.urlpatterns.append(path("broken", public(broken)))
client = Client(raise_request_exception=False, headers={"host": "localhost", "cookie": "sessionid=planted"})
answer = client.post("/broken?token=planted", {"password": "planted"})
print(answer.status_code, answer["X-Request-ID"])
import sentry_sdk
sentry_sdk.flush(10)
"""


@pytest.mark.slow
def test_what_leaves_the_machine_bears_no_secret():
    with logs.about(request="abc", job="7"):
        told = error_reports.scrubbed(json.loads(json.dumps(EVENT)), {})
    assert "planted" not in json.dumps(told)
    assert "203.0.113.7" not in json.dumps(told)
    assert told["tags"] == {"request": "abc", "job": "7"}
    assert told["request"]["headers"] == {"User-Agent": "curl"}
    assert told["exception"]["values"][0]["value"] == "redis://:…@10.0.0.1/0 is away"


@pytest.mark.slow
def test_without_the_setting_nothing_is_loaded():
    assert django_settings.SENTRY_DSN == ""
    code = "import django; django.setup(); import sys; sys.exit('sentry_sdk' in sys.modules)"
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "trickyclip.settings", "SENTRY_DSN": ""}
    assert subprocess.run([sys.executable, "-c", code], cwd=django_settings.BASE_DIR, env=environment).returncode == 0


@pytest.fixture
def sentry() -> Iterator[tuple[str, list[bytes]]]:
    """A server that takes envelopes as Sentry does: its DSN, and the bodies that came."""
    bodies: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            bodies.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_arguments: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        yield f"http://key@127.0.0.1:{server.server_port}/1", bodies
        server.shutdown()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_page_that_breaks_is_told_to_a_real_dsn_without_what_was_sent(sentry, own_data_dir):
    dsn, bodies = sentry
    database = connection.settings_dict
    host = f"{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
    environment = {
        **os.environ, "DJANGO_SETTINGS_MODULE": "trickyclip.settings", "SENTRY_DSN": dsn, "RELEASE": "1.2.3",
        "DATABASE_URL": f"postgres://{host}/{database['NAME']}", "DATA_DIR": str(own_data_dir),
    }  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-c", FAULT], cwd=django_settings.BASE_DIR, env=environment, capture_output=True, text=True
    )
    status, request_id = done.stdout.split()
    assert status == "500"
    told = b"".join(bodies).decode()
    assert "ValueError" in told
    assert request_id in told
    assert "1.2.3" in told
    assert "planted" not in told
    assert "planted" not in done.stderr.replace(FAULT, "")
