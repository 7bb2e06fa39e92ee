"""Tests that connections to both engines are probed: read from the sockets themselves."""

import os
import socket
import subprocess
import sys

import pytest
from celery import current_app
from django.db import connection

from trickyclip.runtime import embedded, keepalive

PROBED = {
    "TCP_KEEPIDLE": keepalive.IDLE_S,
    "TCP_KEEPINTVL": keepalive.INTERVAL_S,
    "TCP_KEEPCNT": keepalive.PROBES,
    "TCP_USER_TIMEOUT": keepalive.UNACKNOWLEDGED_MS,
}
ASK = """
import os, socket, django; django.setup()
from django.db import connection
connection.ensure_connection()
with socket.socket(fileno=os.dup(connection.connection.pgconn.socket)) as opened:
    print(*(opened.getsockopt(socket.IPPROTO_TCP, name) for name in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL)))
"""
pytestmark = pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="only Linux has all four")


def said_by(opened: socket.socket) -> dict[str, int]:
    assert opened.family == socket.AF_INET
    assert opened.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE) == 1
    return {name: opened.getsockopt(socket.IPPROTO_TCP, getattr(socket, name)) for name in PROBED}


def said_by_number(number: int) -> dict[str, int]:
    with socket.socket(fileno=os.dup(number)) as opened:
        return said_by(opened)


def test_a_connection_to_the_database_is_probed_from_here(db):
    connection.ensure_connection()
    assert said_by_number(connection.connection.pgconn.socket) == PROBED


def test_the_database_probes_its_end(db):
    """Fails when a worker on a cut line keeps its locks: leave ``postgres_server_options`` out of the settings."""
    names = ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count", "tcp_user_timeout")
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, setting FROM pg_settings WHERE name = ANY(%s)", [list(names)])
        said = dict(cursor.fetchall())
    assert [int(said[name]) for name in names] == list(PROBED.values())


def test_connections_to_the_broker_are_probed_and_asked_for_a_sign_of_life():
    with current_app.connection_for_write() as broker:
        pool = broker.default_channel.client.connection_pool
        opened = pool.get_connection()
        try:
            assert said_by(opened._sock) == PROBED
            assert opened.health_check_interval == keepalive.IDLE_S
        finally:
            pool.release(opened)


def told(**environment: str) -> list[str]:
    """Return idle time and interval of the connection that a process with this environment opens."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "trickyclip.settings"} | environment
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, cwd=embedded.BASE_DIR, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.slow
def test_a_pooled_connection_to_the_database_is_probed_too():
    assert told(DATABASE_CONNECTIONS="1") == [str(keepalive.IDLE_S), str(keepalive.INTERVAL_S)]


@pytest.mark.slow
def test_what_the_address_of_the_database_says_counts_for_more():
    url = f"{os.environ['DATABASE_URL']}?keepalives_idle=7"
    assert told(DATABASE_URL=url) == ["7", str(keepalive.INTERVAL_S)]
