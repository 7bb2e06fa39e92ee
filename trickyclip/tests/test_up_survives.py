"""Tests ``manage.py up`` when something is killed, crashes or is stopped, and the next start."""

import contextlib
import os
import signal
import sys
import time

import psutil
import psycopg
import pytest

from trickyclip.runtime import embedded, programs
from trickyclip.tests.site import FIRST_PASSWORD, START_PATIENCE_S, Up, copied, still_running, wait_until_gone

pytestmark = pytest.mark.slow
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")

PROGRAMS = ("postgres", "redis", *programs.names())
#: A login, as the web server writes it. Straight into the database: a manage.py would take a second for each.
LOGGED_IN = "INSERT INTO django_session VALUES ('mia', 'her login', now() + interval '30 days')"
LOGINS = "SELECT session_data FROM django_session WHERE session_key = 'mia'"


@pytest.fixture
def data_dir(started_site, engine_path):
    """The data folder of a site that was started once before."""
    return copied(started_site, engine_path)


@pytest.fixture
def up(data_dir):
    """A ready site in a folder of its own."""
    site = Up(data_dir).wait_until_ready()
    yield site
    site.stop()


def log_mia_in(data_dir) -> None:
    with psycopg.connect(embedded.addresses(data_dir).database_url) as connection:
        connection.execute(LOGGED_IN)


def mias_logins(data_dir) -> list[str]:
    with psycopg.connect(embedded.addresses(data_dir).database_url) as connection:
        return [data for (data,) in connection.execute(LOGINS)]


def wait_for_pid_other_than(site: Up, name: str, old: int) -> int:
    deadline = time.monotonic() + START_PATIENCE_S
    while (pid := site.pid(name)) in (None, old):
        assert time.monotonic() < deadline, f"{name} did not come back:\n{site.text}"
        time.sleep(0.05)
    return pid


def wait_for_pids(site: Up) -> dict[str, int]:
    return {name: wait_for_pid_other_than(site, name, 0) for name in PROGRAMS}


def assert_starts_with_all_data(data_dir) -> None:
    again = Up(data_dir).wait_until_ready()
    try:
        assert mias_logins(data_dir) == ["her login"]
        assert FIRST_PASSWORD.search(again.text) is None
    finally:
        assert again.stop() == 0


def test_a_stop_leaves_nothing_running_and_the_next_start_has_all_data(up):
    log_mia_in(up.data_dir)
    wait_for_pids(up)
    everything = up.processes()
    assert up.stop(signal.SIGTERM) == 0
    assert still_running(everything) == []
    last_of_site = max(i for i, line in enumerate(up.lines) if line.startswith(("web ", "light ", "media ")))
    engines_first = up.text.splitlines().index("postgres | LOG:  received fast shutdown request")
    assert last_of_site < engines_first  # nothing that uses them was left
    assert_starts_with_all_data(up.data_dir)


def test_a_worker_that_does_not_react_is_killed_with_the_rest(up):
    os.kill(wait_for_pids(up)["media"], signal.SIGSTOP)
    everything = up.processes()
    assert up.stop() == 0
    assert still_running(everything) == []


def test_impatience_does_not_break_the_end(up):
    """Ctrl-C, as a person at a terminal presses it: more than once."""
    log_mia_in(up.data_dir)
    wait_for_pids(up)
    everything = up.processes()
    for which in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
        up.process.send_signal(which)
    assert up.wait() == 0
    assert still_running(everything) == []
    assert "postgres | LOG:  database system is shut down" in up.lines
    assert_starts_with_all_data(up.data_dir)


def test_every_killed_program_is_started_again(up):
    log_mia_in(up.data_dir)
    before = wait_for_pids(up)
    for name, pid in before.items():
        os.kill(pid, signal.SIGKILL)
        wait_for_pid_other_than(up, name, pid)
    assert mias_logins(up.data_dir) == ["her login"]


@on_linux
def test_a_killed_up_takes_everything_along_and_the_next_start_has_all_data(up):
    log_mia_in(up.data_dir)
    wait_for_pids(up)
    everything = up.processes()
    up.stop(signal.SIGKILL)
    wait_until_gone(everything)
    assert_starts_with_all_data(up.data_dir)


def test_a_start_right_after_a_killed_one_has_all_data(up):
    log_mia_in(up.data_dir)
    up.stop(signal.SIGKILL)
    assert_starts_with_all_data(up.data_dir)


def test_a_killed_supervisor_ends_everything_with_a_sentence(up):
    log_mia_in(up.data_dir)
    wait_for_pids(up)
    everything = up.processes()
    os.kill(up.pid("supervisord"), signal.SIGKILL)
    assert up.wait() == 1
    assert "The supervisor ended unexpectedly" in up.lines[-1]
    assert still_running(everything) == []
    assert_starts_with_all_data(up.data_dir)


def test_all_killed_at_once_is_survived(up):
    log_mia_in(up.data_dir)
    wait_for_pids(up)
    everything = up.processes()
    for process in everything:
        with contextlib.suppress(psutil.NoSuchProcess):  # the death of one before may have ended it
            process.kill()
    wait_until_gone(everything)
    assert_starts_with_all_data(up.data_dir)


def test_a_program_that_keeps_crashing_is_reported_and_the_rest_goes_on(data_dir):
    site = Up(data_dir, WEB_WORKERS="many")
    try:
        site.wait_for("web keeps crashing and was given up after")
        [told] = [line for line in site.lines if "was given up after" in line]
        assert "invalid literal for int()" in told
        others = [psutil.Process(site.pid(name)) for name in PROGRAMS if name != "web"]
        assert len(still_running(others)) == len(PROGRAMS) - 1
    finally:
        assert site.stop() == 0


def test_an_engine_that_keeps_crashing_stops_the_site_with_a_sentence(up):
    wait_for_pids(up)
    everything = up.processes()
    (up.data_dir / "engines" / "postgres" / "cluster" / "postgresql.conf").write_text("nonsense = \n")
    os.kill(up.pid("postgres"), signal.SIGKILL)
    assert up.wait() == 1
    assert "postgres keeps crashing and was given up" in up.lines[-1]
    assert still_running(everything) == []
