"""Runs the whole site on one machine, from the first check to the last process.

The engines run twice: first directly, where a failure can be reported in one sentence and the database is brought up to
date, and then with everything else under supervisord, which restarts what dies.
"""

import contextlib
import errno
import fcntl
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import redis
from django.conf import settings

from trickyclip.runtime import embedded, folders, launch, leftovers, programs
from trickyclip.runtime.console import Console

START_FLOOR_BYTES = 256 * 1024**2  # what an empty database, its log and the first upload's chunks need
STOP_S = programs.SITE_STOP_S + programs.ENGINES_STOP_S + 1
LAST_PATIENCE_S = 0.5
STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
SUPERVISORS_NEWS = re.compile(r"exited: .* not expected|gave up:|killing |spawnerr|CRIT|ERRO")
GIVEN_UP = re.compile(r"gave up: (\S+) entered FATAL state")


class SiteError(Exception):
    """The site cannot start or continue. The message is one sentence for the person at the terminal."""


class Stopped(BaseException):
    """This process was asked to end."""


@dataclass(frozen=True)
class Site:
    """The parameters of one start. ``engines`` are the names of the embedded ones."""

    data_dir: Path
    host: str
    port: int
    engines: frozenset[str]
    host_header: str
    #: Whether a made-up session is brought in beside whatever is here.
    demo: bool = False
    #: Whether the programs follow changes of the code.
    reload: bool = False

    @property
    def run_dir(self) -> Path:
        return embedded.engines_dir(self.data_dir) / "run"

    @property
    def bind(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"http://{self.bind}"

    @property
    def own_url(self) -> str:
        """Address of the site from this machine; "all addresses" cannot be connected to."""
        return {"0.0.0.0": f"http://127.0.0.1:{self.port}", "::": f"http://[::1]:{self.port}"}.get(  # noqa: S104
            self.host, self.url
        )


def run(site: Site, console: Console) -> None:
    """Start everything, run until asked to stop, and leave nothing running.

    Raises
    ------
    SiteError, EngineError
        What is in the way, in one sentence.
    """
    stop_once = _StopOnce()
    for number in STOP_SIGNALS:
        signal.signal(number, stop_once)
    with owned(site.data_dir):
        try:
            leftovers.stop([site.run_dir / "supervisord.pid"], patience_s=STOP_S)
            leftovers.stop(site.run_dir.glob("*.pid"), patience_s=STOP_S)
            check_port(site.host, site.port)
            check_disk(site.data_dir)
            folders.close(site.data_dir, settings.UMASK, settings.INCOMING_DIR)
            engines = [e for e in embedded.prepare(site.data_dir) if e.name in site.engines]
            with embedded.running(engines):
                bring_up_to_date(site)
            supervise(site, engines, console)
        except Stopped:
            pass
        except OSError as error:  # whatever else a full or broken disk refuses
            raise embedded.DataFolderError(site.data_dir, error) from error
        finally:
            leftovers.stop(site.run_dir.glob("*.pid"), patience_s=LAST_PATIENCE_S)


class _StopOnce:
    """Handles stop signals. Repeated ones must not break the order of the shutdown, which has its own time limit."""

    def __init__(self) -> None:
        self._asked = False

    def __call__(self, *_: object) -> None:
        if not self._asked:
            self._asked = True
            raise Stopped


@contextlib.contextmanager
def owned(data_dir: Path) -> Iterator[None]:
    """Lock the data folder: two sites on one would ruin each other's engines."""
    engines_dir = embedded.engines_dir(data_dir)
    try:
        engines_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
        lock = (engines_dir / "lock").open("a+", encoding="ascii")
    except OSError as error:
        raise embedded.DataFolderError(data_dir, error) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise SiteError(
                f"TrickyClip is already running on the data folder {data_dir}: stop it first, or set DATA_DIR "
                f"to another folder."
            ) from error
        yield


def check_port(host: str, port: int) -> None:
    refusal = embedded.refusal(host, port)
    if refusal is None:
        return
    if refusal.errno == errno.EADDRINUSE:
        raise SiteError(
            f"Port {port} on {host} is taken by another program. Stop it, or choose another port with --port."
        )
    raise SiteError(f"Cannot listen on port {port} of {host}: {refusal.strerror}.")


def check_disk(data_dir: Path, floor_bytes: int = START_FLOOR_BYTES) -> None:
    free = shutil.disk_usage(data_dir).free
    if free < floor_bytes:
        raise SiteError(
            f"The disk of {data_dir} is full: {free // 1024**2} MB are free and "
            f"{floor_bytes // 1024**2} MB are needed to start."
        )


def check_redis(url: str) -> None:
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise SiteError(f"The Redis of REDIS_URL does not answer: {error}") from error


def bring_up_to_date(site: Site) -> None:
    """Run ``manage.py prepare`` in its own process, whose settings have the engines' current ports."""
    command = [sys.executable, str(embedded.BASE_DIR / "manage.py"), "prepare"]
    if "postgres" in site.engines:
        command.append("--release-jobs")  # nobody else works on a database that only we start
    line = launch.arguments(command, death_signal=signal.SIGKILL)
    process = subprocess.Popen(line, cwd=embedded.BASE_DIR, process_group=0)  # noqa: S603 - our own command line
    try:
        code = _wait(process)
    finally:
        process.kill()  # nothing but what Ctrl-C interrupted is still there to kill
        process.wait()
    if code != 0:
        raise SiteError("The database could not be brought up to date. See the lines above for the reason.")


def supervise(site: Site, engines: list[embedded.Engine], console: Console) -> None:
    """Keep every program running until asked to stop; then end them in order."""
    flower_port = embedded.port(site.data_dir, "flower")
    run_engines = programs.of_engines(engines)
    flower_bind = f"{embedded.HOST}:{flower_port}"
    run_site = programs.of_site(site.run_dir, bind=site.bind, flower_bind=flower_bind, reload=site.reload)
    if site.demo:
        run_site.append(programs.demo(site.run_dir))
    threads, outputs = [], {}
    for program in [*run_engines, *run_site]:
        reading, outputs[program.name] = os.pipe()
        threads.append(console.relay(program.name, reading))
    text = programs.configuration(
        run_engines, run_site, run_dir=site.run_dir, outputs=outputs, as_root=os.geteuid() == 0
    )
    process = _start_supervisord(site.run_dir, text, list(outputs.values()))
    news = _News(console, process, vital={engine.name for engine in engines})
    threads.append(console.relay("site", os.dup(process.stdout.fileno()), hear=news.hear))
    secret_path = embedded.engines_dir(site.data_dir) / "secrets" / "flower"
    whose = "FLOWER_PASSWORD" if settings.FLOWER_PASSWORD else f"password in {secret_path}"
    ended = threading.Event()
    ready = [
        f"TrickyClip is ready: {site.url}",
        f"Workers and queues: http://{flower_bind} (user flower, {whose}). Ctrl-C stops everything.",
    ]
    threading.Thread(target=_announce, args=(site, console, "\n".join(ready), ended), daemon=True).start()
    try:
        _wait(process)
    except Stopped:
        console.say("Stopping …")
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_S)
        return
    finally:
        ended.set()
    for thread in threads:
        thread.join(LAST_PATIENCE_S)
    raise SiteError(news.reason)


def _wait(process: subprocess.Popen) -> int:
    """Wait for the end of a process while handling every signal.

    ``Popen.wait`` is not used without a limit: of two signals at once, another thread may take both, and then
    nothing wakes the main thread, which alone can answer them.
    """
    while (code := process.poll()) is None:
        time.sleep(0.1)
    return code


def _start_supervisord(run_dir: Path, configuration: str, outputs: list[int]) -> subprocess.Popen:
    path = run_dir / "supervisord.conf"
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(configuration, encoding="utf-8")
    command = [sys.executable, "-m", "supervisor.supervisord", "--nodaemon", "--configuration", str(path)]
    with (run_dir / "supervisord.log").open("wb") as errors:  # a file: when we are killed, a pipe would break
        process = subprocess.Popen(  # noqa: S603 - our own command line
            launch.arguments(command, death_signal=signal.SIGTERM, pid_file=run_dir / "supervisord.pid"),
            cwd=embedded.BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            process_group=0,  # Ctrl-C is for us: the order of the end is ours to keep
            pass_fds=outputs,
        )
    for output in outputs:
        os.close(output)
    return process


class _News:
    """Reads supervisord's messages about its programs, and prints the important ones."""

    def __init__(self, console: Console, process: subprocess.Popen, vital: set[str]) -> None:
        self._console, self._process, self._vital = console, process, vital
        self.reason = "The supervisor ended unexpectedly, so everything was stopped. Start TrickyClip again."

    def hear(self, line: str) -> bool:
        if found := GIVEN_UP.search(line):
            self._give_up(found[1])
        return bool(SUPERVISORS_NEWS.search(line))

    def _give_up(self, name: str) -> None:
        last = self._console.last_line.get(name, "it printed nothing")
        told = f"{name} keeps crashing and was given up after {programs.START_RETRIES} tries: {last}"
        if name in self._vital:
            self.reason = f"{told} (nothing works without it, so everything was stopped)."
            self._process.terminate()
        else:
            self._console.say(f"{told} (everything else keeps running; restart TrickyClip once this is fixed).")


def _announce(site: Site, console: Console, text: str, ended: threading.Event) -> None:
    """Print that the site is ready as soon as it answers."""
    request = urllib.request.Request(f"{site.own_url}/healthz", headers={"Host": site.host_header})  # noqa: S310
    while not ended.wait(0.1):
        try:
            with urllib.request.urlopen(request, timeout=5):  # noqa: S310 - always our own http address
                return console.say(text)
        except (OSError, urllib.error.URLError):
            time.sleep(0.1)
