"""Tests ``manage.py up`` when something is killed, crashes or is stopped, and the next start."""

import contextlib
import os
import signal
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from trickyclip.runtime import embedded, programs
from trickyclip.tests.site import FIRST_PASSWORD, START_PATIENCE_S, Up, copied, still_running, wait_until_gone

pytestmark = pytest.mark.slow
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")

PROGRAMS = ("postgres", "redis", *programs.names())
#: A login, as the web server writes it. Straight into the database: a manage.py would take a second for each.
LOGGED_IN = (
    "INSERT INTO django_session VALUES ('mia', %s, now() + interval '30 days') "
    "ON CONFLICT (session_key) DO UPDATE SET session_data = EXCLUDED.session_data"
)
LOGINS = "SELECT session_data FROM django_session WHERE session_key = 'mia'"


class House:
    """A data folder and the site that runs on it, which a test takes as the one before left them.

    A start takes ten seconds of a core: the one that shows that all data is there serves the next test as well.
    """

    def __init__(self, started: Path) -> None:
        self._started = started
        self._stack = contextlib.ExitStack()
        self._data_dir: Path | None = None
        self._up: Up | None = None
        self._login = ""

    @property
    def data_dir(self) -> Path:
        if self._data_dir is None:
            folder = tempfile.TemporaryDirectory(prefix="trickyclip-site-", ignore_cleanup_errors=True)
            self._data_dir = copied(self._started, Path(self._stack.enter_context(folder)))
        return self._data_dir

    @property
    def is_running(self) -> bool:
        return self._up is not None and self._up.process.poll() is None

    def up(self) -> Up:
        """Return the site that runs here, ready; start one if none does."""
        if not self.is_running:
            self._up = Up(self.data_dir)
            self._up.wait_until_ready()
        return self._up

    def leave(self) -> None:
        """Stop what runs, and take the folder away."""
        if self._up is not None:
            self._up.stop()
        self._stack.close()
        self._data_dir = self._up = None

    def log_mia_in(self) -> None:
        self._login = f"login {uuid.uuid4()}"
        with self._connected() as connection:
            connection.execute(LOGGED_IN, [self._login])

    def assert_all_data(self) -> None:
        with self._connected() as connection:
            assert connection.execute(LOGINS).fetchall() == [(self._login,)]

    def assert_starts_with_all_data(self) -> None:
        assert not self.is_running
        again = self.up()
        self.assert_all_data()
        assert FIRST_PASSWORD.search(again.text) is None

    def _connected(self) -> psycopg.Connection:
        return psycopg.connect(embedded.addresses(self.data_dir).database_url)


@pytest.fixture(scope="module")
def kept_house(started_site) -> Iterator[House]:
    house = House(started_site)
    yield house
    house.leave()


@pytest.fixture
def house(request, kept_house) -> Iterator[House]:
    """The house of all tests here; after one that failed, the next has another."""
    failed_before = request.session.testsfailed
    yield kept_house
    if request.session.testsfailed != failed_before:
        kept_house.leave()


@pytest.fixture
def up(house) -> Up:
    """A ready site."""
    return house.up()


def wait_for_pid_other_than(site: Up, name: str, old: int) -> int:
    deadline = time.monotonic() + START_PATIENCE_S
    while (pid := site.pid(name)) in (None, old):
        assert time.monotonic() < deadline, f"{name} did not come back:\n{site.text}"
        time.sleep(0.05)
    return pid


def wait_for_pids(site: Up) -> dict[str, int]:
    return {name: wait_for_pid_other_than(site, name, 0) for name in PROGRAMS}


def test_a_stop_leaves_nothing_running_and_the_next_start_has_all_data(house, up):
    house.log_mia_in()
    wait_for_pids(up)
    everything = up.processes()
    assert up.stop(signal.SIGTERM) == 0
    assert still_running(everything) == []
    last_of_site = max(i for i, line in enumerate(up.lines) if line.startswith(("web ", "light ", "media ")))
    engines_first = up.text.splitlines().index("postgres | LOG:  received fast shutdown request")
    assert last_of_site < engines_first  # nothing that uses them was left
    house.assert_starts_with_all_data()


def test_impatience_does_not_break_the_end(house, up):
    """Ctrl-C, as a person at a terminal presses it: more than once."""
    house.log_mia_in()
    wait_for_pids(up)
    everything = up.processes()
    for which in (signal.SIGINT, signal.SIGINT, signal.SIGTERM):
        up.process.send_signal(which)
    assert up.wait() == 0
    assert still_running(everything) == []
    assert "postgres | LOG:  database system is shut down" in up.lines
    house.assert_starts_with_all_data()


def test_every_killed_program_is_started_again(house, up):
    house.log_mia_in()
    before = wait_for_pids(up)
    for name, pid in before.items():
        os.kill(pid, signal.SIGKILL)
        wait_for_pid_other_than(up, name, pid)
    house.assert_all_data()


@on_linux
def test_a_killed_up_takes_everything_along_and_the_next_start_has_all_data(house, up):
    house.log_mia_in()
    wait_for_pids(up)
    everything = up.processes()
    up.stop(signal.SIGKILL)
    wait_until_gone(everything)
    house.assert_starts_with_all_data()


def test_a_start_right_after_a_killed_one_has_all_data(house, up):
    house.log_mia_in()
    up.stop(signal.SIGKILL)
    house.assert_starts_with_all_data()


def test_a_killed_supervisor_ends_everything_with_a_sentence(house, up):
    house.log_mia_in()
    wait_for_pids(up)
    everything = up.processes()
    os.kill(up.pid("supervisord"), signal.SIGKILL)
    assert up.wait() == 1
    assert "The supervisor ended unexpectedly" in up.lines[-1]
    assert still_running(everything) == []
    house.assert_starts_with_all_data()


def test_all_killed_at_once_is_survived(house, up):
    house.log_mia_in()
    wait_for_pids(up)
    everything = up.processes()
    for process in everything:
        with contextlib.suppress(psutil.NoSuchProcess):  # the death of one before may have ended it
            process.kill()
    wait_until_gone(everything)
    house.assert_starts_with_all_data()


def test_a_worker_that_does_not_react_is_killed_with_the_rest(up):
    os.kill(wait_for_pids(up)["media"], signal.SIGSTOP)
    everything = up.processes()
    assert up.stop() == 0
    assert still_running(everything) == []


def test_a_program_that_keeps_crashing_is_reported_and_the_rest_goes_on(started_site, engine_path):
    site = Up(copied(started_site, engine_path), WEB_WORKERS="many")
    try:
        site.wait_for("web keeps crashing and was given up after")
        [told] = [line for line in site.lines if "was given up after" in line]
        assert "invalid literal for int()" in told
        others = [psutil.Process(site.pid(name)) for name in PROGRAMS if name != "web"]
        assert len(still_running(others)) == len(PROGRAMS) - 1
    finally:
        assert site.stop() == 0


def test_an_engine_that_keeps_crashing_stops_the_site_with_a_sentence(house, up):
    wait_for_pids(up)
    everything = up.processes()
    configuration = house.data_dir / "engines" / "postgres" / "cluster" / "postgresql.conf"
    right = configuration.read_text()
    configuration.write_text("nonsense = \n")
    try:
        os.kill(up.pid("postgres"), signal.SIGKILL)
        assert up.wait() == 1
        assert "postgres keeps crashing and was given up" in up.lines[-1]
        assert still_running(everything) == []
    finally:
        configuration.write_text(right)
