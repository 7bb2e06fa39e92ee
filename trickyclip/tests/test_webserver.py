"""Tests that the web server's limits fit a small machine."""

import runpy
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from trickyclip.http.server import worker
from trickyclip.http.server.limits import whose
from trickyclip.runtime import embedded_postgres

DEPLOY = Path(settings.BASE_DIR) / "deploy"
#: PostgreSQL's own reserve for a superuser, two for a backup, and one for each of some commands that people run.
RESERVED, BACKUP, COMMANDS = 3, 2, 5
#: Not counted: the loop's thread, the pool's two, and what libraries may start.
OTHER_THREADS = 8


def conf_of(monkeypatch, **chosen: str) -> dict:
    """Return gunicorn's settings for these chosen values."""
    for name in ("WEB_WORKERS", "WEB_THREADS", "DATABASE_CONNECTIONS"):
        monkeypatch.setenv(name, "")  # so that it is put back
        monkeypatch.delenv(name)
    for name, value in chosen.items():
        monkeypatch.setenv(name, value)
    conf = runpy.run_path(str(DEPLOY / "gunicorn.conf.py"))
    return conf | {"connections": int(conf["os"].environ["DATABASE_CONNECTIONS"])}


@pytest.fixture
def conf(monkeypatch) -> dict:
    return conf_of(monkeypatch)


@pytest.mark.parametrize(("workers", "threads"), [("2", "8"), ("1", "8"), ("2", "40"), ("4", "16"), ("8", "8")])
def test_postgresql_has_a_connection_for_everyone_at_once(monkeypatch, workers, threads):
    """Each child of a queue has one, and its parent; so have beat and the incoming folder."""
    conf = conf_of(monkeypatch, WEB_WORKERS=workers, WEB_THREADS=threads)
    queues = sum(at_once + 1 for at_once in settings.WORKERS.values())
    most = conf["workers"] * conf["connections"] + queues + 2 + RESERVED + BACKUP + COMMANDS
    assert most <= int(embedded_postgres.TUNING["max_connections"])


def test_each_thread_for_pages_has_a_connection_and_some_are_left_for_uploads(conf):
    assert conf["threads"] < conf["connections"]


def test_no_more_threads_than_a_container_may_have(conf):
    web = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["web"]
    each = conf["threads"] + settings.UPLOAD_THREADS + worker.STREAM_THREADS + OTHER_THREADS
    assert 1 + conf["workers"] * each <= web["pids_limit"]


def test_one_address_cannot_take_all_connections_of_a_process(conf):
    assert conf["worker_connections"] / 2 > settings.CLIENT_CONNECTIONS


@pytest.mark.parametrize(
    ("address", "counted_as"),
    [
        ("203.0.113.9", "203.0.113.9"),
        ("::ffff:203.0.113.9", "203.0.113.9"),
        ("2001:db8::1", "2001:db8::/64"),
        ("2001:db8::2:1", "2001:db8::/64"),
        ("", ""),
    ],
)
def test_a_household_is_counted_as_one(address, counted_as):
    assert whose(address) == counted_as
