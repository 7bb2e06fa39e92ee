"""Tests ``manage.py up`` as a person uses it: one start, its output, its servers, and its refusals."""

import base64
import http.client
import json
import re
import socket
import sys
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import psycopg
import pytest
import redis
from flower.urls import handlers

from trickyclip.runtime import embedded
from trickyclip.runtime import site as supervised_site
from trickyclip.tests.site import FIRST_PASSWORD, RunningSite, Up, manage

pytestmark = pytest.mark.slow


def status(url: str, *, user: str = "", password: str = "") -> int:
    request = urllib.request.Request(url)  # noqa: S310 - our own http address
    if user:
        credentials = base64.b64encode(f"{user}:{password}".encode()).decode()
        request.add_header("Authorization", f"Basic {credentials}")
    try:
        with urllib.request.urlopen(request, timeout=20) as response:  # noqa: S310
            return response.status
    except urllib.error.HTTPError as error:
        return error.code


def flower_url(site: RunningSite) -> str:
    ports = json.loads((site.data_dir / "engines" / "ports.json").read_text())
    return f"http://127.0.0.1:{ports['flower']}/"


def test_the_address_that_is_printed_answers(own_site):
    assert f"TrickyClip is ready: {own_site.base_url}" in own_site.up.text
    assert status(f"{own_site.base_url}/healthz") == http.client.OK


def test_each_line_of_a_program_bears_its_name(own_site):
    own_site.up.wait_for("postgres | LOG:  database system is ready")
    own_site.up.wait_for("web      | ")


def test_the_first_password_opens_the_first_account(own_site):
    name, password = own_site.admin_username, own_site.admin_password
    member = f"Member.objects.get(username={name!r}, role='ADMIN')"
    code = f"from people.models import Member; print({member}.check_password({password!r}))"
    assert manage(own_site.data_dir, "shell", "-v0", "-c", code).strip() == "True"


def test_a_second_terminal_reaches_the_engines_without_configuration(own_site):
    said = manage(
        own_site.data_dir, "shell", "-v0", "-c",
        "from people.models import Member; print(Member.objects.get().username)",
    )  # fmt: skip
    assert said.strip() == own_site.admin_username


def test_every_queue_has_a_worker(own_site):
    said = ""
    while not all(name in said for name in ("detect@", "media@", "light@")):  # the test's own limit ends it
        code = "from trickyclip.celery import app; print(app.control.ping(timeout=2))"
        said = manage(own_site.data_dir, "shell", "-v0", "-c", code)


def test_flower_wants_its_password(own_site):
    password = embedded.secret(own_site.data_dir, "flower")
    own_site.up.wait_for("Workers and queues: ")
    assert status(flower_url(own_site)) == http.client.UNAUTHORIZED
    assert status(flower_url(own_site), user="flower", password=password) == http.client.OK


def test_engines_want_their_passwords(own_site):
    found = embedded.addresses(own_site.data_dir)
    with redis.Redis.from_url(found.redis_url) as client:
        assert client.ping()
    for password in ("", "guessed"):
        address = urlsplit(found.redis_url)._replace(netloc=f":{password}@127.0.0.1:{urlsplit(found.redis_url).port}")
        with redis.Redis.from_url(address.geturl()) as client, pytest.raises(redis.AuthenticationError):
            client.ping()
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(found.database_url, password=password)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8")
def test_engines_and_flower_listen_on_the_loopback_address_alone(own_site):
    """A program that listened everywhere would answer on the machine's other addresses, of which this is one."""
    own_site.up.wait_for("Workers and queues: ")
    ports = json.loads((own_site.data_dir / "engines" / "ports.json").read_text())
    assert {"postgres", "redis", "flower"} <= set(ports)
    for port in ports.values():
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.2", port), timeout=5)


def test_no_page_of_flower_answers_before_its_password(own_site):
    own_site.up.wait_for("Workers and queues: ")
    patterns = [h[0] if isinstance(h, tuple) else h.regex.pattern for h in handlers]
    paths = [re.sub(r"\(.+?\)", "x", pattern).rstrip("$?") for pattern in patterns]
    told = {path: status(flower_url(own_site) + path.lstrip("/")) for path in paths}
    assert told.pop("/metrics") == http.client.UNAUTHORIZED
    assert {path for path, code in told.items() if code == http.client.OK} == {"/healthcheck"}


def test_no_password_is_on_a_command_line(own_site):
    folder = own_site.data_dir / "engines" / "secrets"
    secrets = [path.read_text() for path in folder.iterdir()]
    lines = [" ".join(process.cmdline()) for process in own_site.up.processes()]
    assert len(secrets) >= 4
    assert [line for line in lines if any(secret in line for secret in secrets)] == []


def test_a_second_start_on_the_same_data_folder_is_refused(own_site):
    second = Up(own_site.data_dir)
    assert second.wait() == 1
    [line] = second.lines
    assert "is already running on the data folder" in line
    assert status(f"{own_site.base_url}/healthz") == http.client.OK


def test_a_taken_port_is_one_sentence(own_site, tmp_path):
    other = Up(tmp_path / "data", port=own_site.up.port)
    assert other.wait() == 1
    [line] = other.lines
    assert f"Port {own_site.up.port} on 127.0.0.1 is taken" in line


def test_an_address_of_another_machine_is_one_sentence():
    with pytest.raises(supervised_site.SiteError, match=r"^Cannot listen on port 8000 of 192.0.2.1: Cannot"):
        supervised_site.check_port("192.0.2.1", 8000)


def test_a_data_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    up = Up(tmp_path / "file" / "data")
    assert up.wait() == 1
    assert up.lines == [f"The data folder {tmp_path}/file/data cannot be used: Not a directory."]


def test_a_full_disk_is_one_sentence(tmp_path):
    with pytest.raises(supervised_site.SiteError, match=r"^The disk of .* is full: \d+ MB are free and \d+ MB"):
        supervised_site.check_disk(tmp_path, floor_bytes=2**62)


def test_a_redis_that_does_not_answer_is_one_sentence(engine_path):
    up = Up(engine_path / "data", REDIS_URL="redis://127.0.0.1:1/0")
    assert up.wait() == 1
    assert "TrickyClip cannot continue: The Redis of REDIS_URL does not answer" in up.lines[-1]


def test_a_database_that_does_not_answer_is_one_sentence(engine_path):
    up = Up(engine_path / "data", DATABASE_URL="postgresql://app@127.0.0.1:1/trickyclip")
    assert up.wait() == 1
    assert "Traceback" not in up.text
    assert "The database does not answer" in up.text


def test_an_engine_that_does_not_start_is_one_sentence_with_its_reason(engine_path):
    with embedded.running(embedded.prepare(engine_path)):
        pass
    (engine_path / "engines" / "postgres" / "cluster" / "postgresql.conf").write_text("nonsense = \n")
    up = Up(engine_path)
    assert up.wait() == 1
    [line] = up.lines
    assert line.startswith("TrickyClip cannot continue: PostgreSQL did not start: ")
    assert "postgresql.conf" in line
    assert FIRST_PASSWORD.search(up.text) is None
