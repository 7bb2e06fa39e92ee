"""Runs a whole site on free ports in its own folder, for end-to-end tests."""

import contextlib
import functools
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import environ
import psutil

from trickyclip.backup.database import Database
from trickyclip.runtime import embedded, launch, leftovers
from trickyclip.tests import kept_database

#: Many times what a start takes: on a machine that does much else, one took longer than a minute. Two fit into the
#: time of one test, which may have to wait for a first start and its own.
START_PATIENCE_S = 140
FIRST_PASSWORD = re.compile(r"first account is (\S+) with the password (\S+)")
MANAGE = embedded.BASE_DIR / "manage.py"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def environment(data_dir: Path, **more: str) -> dict[str, str]:
    """Return the environment of someone who configured nothing but the data folder."""
    unset = {"DATABASE_URL": "", "REDIS_URL": "", "SECRET_KEY": ""}  # "" also outweighs a developer's .env
    return os.environ | unset | {"DATA_DIR": str(data_dir)} | more


def manage(data_dir: Path, *arguments: str) -> str:
    """Run ``manage.py`` as in a second terminal, and return what it prints."""
    command = [sys.executable, str(MANAGE), *arguments]
    done = subprocess.run(command, env=environment(data_dir), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(arguments)}: {done.stderr[-3000:]}"
    return done.stdout


#: Runs pieces of Python that come as lines of JSON, and answers each with what it printed, or its fault.
SHELL = """
import contextlib, io, json, sys, traceback
import django
django.setup()
from django.db import connections
for line in sys.stdin:
    printed, fault = io.StringIO(), ""
    with contextlib.redirect_stdout(printed):
        try:
            exec(json.loads(line), {"__name__": "__main__"})
        except BaseException:
            fault = traceback.format_exc()
    connections.close_all()  # the next piece may come after the database was away
    print(json.dumps([printed.getvalue(), fault]), flush=True)
"""


class Shell:
    """A process beside a running site that runs Python with its models: a ``manage.py shell`` that starts only once."""

    def __init__(self, data_dir: Path) -> None:
        self._process = subprocess.Popen(
            launch.arguments([sys.executable, "-c", SHELL], death_signal=signal.SIGKILL),
            cwd=embedded.BASE_DIR,
            env=environment(data_dir, DJANGO_SETTINGS_MODULE="trickyclip.settings"),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, code: str) -> str:
        """Return what the code prints.

        Raises
        ------
        AssertionError
            If it ended with a fault.
        """
        self._process.stdin.write(json.dumps(code) + "\n")
        self._process.stdin.flush()
        printed, fault = json.loads(self._process.stdout.readline())
        if fault:
            raise AssertionError(f"{fault}\n{printed}")
        return printed

    def close(self) -> None:
        self._process.stdin.close()
        self._process.wait(START_PATIENCE_S)
        self._process.stdout.close()


class Up:
    """One ``manage.py up`` and all that it started."""

    def __init__(
        self,
        data_dir: Path,
        *options: str,
        port: int | None = None,
        project: Path = embedded.BASE_DIR,
        **more_environment: str,
    ) -> None:
        self.data_dir = data_dir
        self.port = port or free_port()
        self.base_url = f"http://127.0.0.1:{self.port}"
        self.lines: list[str] = []
        command = [sys.executable, "-u", str(project / "manage.py"), "up", "--port", str(self.port), *options]
        self.process = subprocess.Popen(
            launch.arguments(command, death_signal=signal.SIGTERM),  # it must not outlive a killed test run
            cwd=project,
            env=environment(data_dir, **more_environment),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.append(line.rstrip())

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def wait_for(self, words: str) -> None:
        """Wait until ``words`` were printed."""
        deadline = time.monotonic() + START_PATIENCE_S
        while words not in self.text:
            ended = self.process.poll() is not None and not self._reader.is_alive()
            if (ended and words not in self.text) or time.monotonic() > deadline:
                raise AssertionError(f"never printed {words!r}:\n{self.text}")
            time.sleep(0.05)

    def wait_until_ready(self) -> "Up":
        self.wait_for("TrickyClip is ready")
        return self

    def pid(self, name: str) -> int | None:
        """Return the process id of a supervised program, or of supervisord, while it runs."""
        return leftovers.alive(embedded.engines_dir(self.data_dir) / "run" / f"{name}.pid")

    def processes(self) -> list[psutil.Process]:
        """Return every process of this site that runs now."""
        up = psutil.Process(self.process.pid)
        return [up, *up.children(recursive=True)]

    def wait(self) -> int:
        """Wait for the end, and return the exit code."""
        code = self.process.wait(START_PATIENCE_S)
        self._reader.join(START_PATIENCE_S)
        return code

    def stop(self, which: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(which)
        return self.wait()


def first_started(folder: Path, *, tables: Path | None = None) -> str:
    """Start a site there for the first time, stop it, and return its output; ``copied`` saves others that time.

    ``tables`` is the dump of a database that all migrations were run on: with it the first start finds none to run.
    """
    data_dir = folder / "data"
    if tables is not None:
        data_dir.mkdir()
        with embedded.running(embedded.prepare(data_dir, durable=False)[:1]):
            database = Database.of(environ.Env.db_url_config(embedded.addresses(data_dir).database_url))
            kept_database.read(tables, database)
            with database.connect() as connection:
                connection.execute("ANALYZE")  # as a start does after migrations
    up = Up(data_dir)
    try:
        up.wait_until_ready()
    finally:
        up.stop()
    engines = folder / "data" / "engines"
    (engines / "ports.json").unlink()  # each copy chooses its own
    with (engines / "postgres" / "cluster" / "postgresql.conf").open("a", encoding="utf-8") as tuning:
        tuning.write("fsync = off\n")  # a process that is killed loses nothing by it, only a power cut would
    return up.text


def copied(started: Path, folder: Path) -> Path:
    """Copy the data folder of a site that was started once, with the owners of its files."""
    subprocess.run(["cp", "--archive", started / "data", folder / "data"], check=True)
    return folder / "data"


def still_running(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [process for process in processes if is_alive(process)]


def is_alive(process: psutil.Process) -> bool:
    """Return whether it runs; it may end between any two questions."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def wait_until_gone(processes: list[psutil.Process]) -> None:
    deadline = time.monotonic() + START_PATIENCE_S
    while left := still_running(processes):
        if time.monotonic() > deadline:
            raise AssertionError(f"still running: {left}")
        time.sleep(0.05)


@dataclass(frozen=True)
class RunningSite:
    """The facts that a test of a running site needs."""

    base_url: str
    data_dir: Path
    admin_username: str
    admin_password: str
    env: dict[str, str]
    up: Up
    #: What a browser kept of having logged in as its administrator: clips/tests/browser.py.
    admin_cookies: list = field(default_factory=list)

    @functools.cached_property
    def shell(self) -> Shell:
        """Return a process that runs Python with the models of the site; it ends with it."""
        return Shell(self.data_dir)


@contextlib.contextmanager
def running_site(data_dir: Path, *, first_text: str = "", **more_environment: str) -> Iterator[RunningSite]:
    """Run a site for the duration of the block; a fresh one, or one whose first start printed ``first_text``."""
    up = Up(data_dir, **more_environment)
    try:
        up.wait_until_ready()
        name, password = FIRST_PASSWORD.search(first_text or up.text).groups()
        site = RunningSite(up.base_url, data_dir, name, password, environment(data_dir), up)
        try:
            yield site
        finally:
            if "shell" in vars(site):
                site.shell.close()
    finally:
        up.stop()
