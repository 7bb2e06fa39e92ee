"""Runs PostgreSQL and Redis from Python wheels on machines where no other server is configured.

State between starts lies in ``DATA_DIR/engines``: the ports, the passwords (``secrets/``), each engine's own data
(``postgres/``, ``redis/``) and the running processes (``run/``). Commands in a second terminal find the running engines
through the same files. ``site.py`` decides when they start.
"""

import contextlib
import functools
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.utils.functional import lazy

from trickyclip.runtime import launch

HOST = "127.0.0.1"
NOTHING_LISTENS = 1  # a port that refuses at once: commands which need no engine must not wait for one
# Below the range that systems hand out for outgoing connections, so that a remembered port is rarely taken.
FIRST_PORT, LAST_PORT = 20_000, 32_000
START_PATIENCE_S = 120.0  # after a power cut PostgreSQL first replays its log
STOP_PATIENCE_S = 8.0
BASE_DIR = Path(__file__).resolve().parents[2]


class EngineError(Exception):
    """An engine cannot be prepared or started. The message is one sentence for the person at the terminal."""


class DataFolderError(EngineError):
    """The data folder cannot be read or written, because of its permissions or a full or broken disk."""

    def __init__(self, data_dir: Path, error: OSError) -> None:
        super().__init__(f"The data folder {data_dir} cannot be used: {error.strerror}.")


@dataclass(frozen=True)
class Addresses:
    database_url: str
    redis_url: str


@dataclass(frozen=True)
class Engine:
    """One engine, ready to start: its command and user, and how it is stopped and checked."""

    name: str
    title: str
    command: list[str]
    uid: int | None
    stop_signal: signal.Signals
    ping: Callable[[], None]  # returns when the engine answers, raises while it does not
    pid_file: Path

    @property
    def arguments(self) -> list[str]:
        """The whole command line, through the launcher."""
        return launch.arguments(self.command, uid=self.uid, death_signal=self.stop_signal, pid_file=self.pid_file)


def engines_dir(data_dir: Path) -> Path:
    return data_dir / "engines"


def addresses(data_dir: Path) -> Addresses:
    """Return the addresses of this data folder's engines; they refuse quickly if the engines never ran."""
    known = _ports(data_dir)
    if not known:
        return Addresses(f"postgresql://app@{HOST}:{NOTHING_LISTENS}/trickyclip", f"redis://{HOST}:{NOTHING_LISTENS}/0")
    database_password, redis_password = (secret(data_dir, name) for name in ("postgres", "redis"))
    return Addresses(
        f"postgresql://app:{database_password}@{HOST}:{known.get('postgres', NOTHING_LISTENS)}/trickyclip",
        f"redis://:{redis_password}@{HOST}:{known.get('redis', NOTHING_LISTENS)}/0",
    )


def flower_url(data_dir: Path) -> str:
    """Return the address of this data folder's Flower; empty if none was ever started."""
    flower_port = _ports(data_dir).get("flower")
    return f"http://{HOST}:{flower_port}/" if flower_port else ""


def secret(data_dir: Path, name: str) -> str:
    """Return the random text stored as ``name``; the first caller creates it, however many ask at once.

    Raises
    ------
    DataFolderError
        If the data folder cannot be written or read.
    """
    path = engines_dir(data_dir) / "secrets" / name
    try:
        if not path.exists():
            engines_dir(data_dir).mkdir(mode=0o711, parents=True, exist_ok=True)
            path.parent.mkdir(mode=0o700, exist_ok=True)
            part = _written(path, secrets.token_urlsafe(48))
            with contextlib.suppress(FileExistsError):  # another process was first: its secret counts
                os.link(part, path)
            part.unlink()
        return path.read_text(encoding="ascii")
    except OSError as error:
        raise DataFolderError(data_dir, error) from error


def secret_when_used(data_dir: Path, name: str, *, n_chars: int | None = None) -> str:
    """Return a text that becomes the stored secret, or its first characters, when somebody reads it.

    So importing the settings writes nothing into the data folder.
    """
    return lazy(functools.cache(lambda: secret(data_dir, name)[:n_chars]), str)()


def remember(data_dir: Path, name: str, text: str) -> None:
    """Store ``text`` as ``name``, replacing the earlier one, as restoring a backup does."""
    secret(data_dir, name)  # makes the folder
    path = engines_dir(data_dir) / "secrets" / name
    _written(path, text).replace(path)


def _written(path: Path, text: str) -> Path:
    """Return a new file beside ``path`` that nobody else can read."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    part.touch(mode=0o600, exist_ok=False)
    part.write_text(text, encoding="utf-8")
    return part


def port(data_dir: Path, name: str) -> int:
    """Return the stored port of ``name``; if there is none, or it is taken, choose and store another."""
    known = _ports(data_dir)
    if name not in known or not is_free(HOST, known[name]):
        others = set(known.values())
        tries = (secrets.randbelow(LAST_PORT - FIRST_PORT) + FIRST_PORT for _ in range(200))
        known[name] = next(p for p in tries if p not in others and is_free(HOST, p))
        path = engines_dir(data_dir) / "ports.json"
        part = path.with_suffix(".part")
        part.write_text(json.dumps(known, indent=1), encoding="ascii")
        part.replace(path)
    return known[name]


def is_free(host: str, number: int) -> bool:
    """Return whether a server could listen on ``host:number`` now."""
    return refusal(host, number) is None


def refusal(host: str, number: int) -> OSError | None:
    """Return why a server could not listen on ``host:number`` now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do: a closed one lingers
        try:
            probe.bind((host, number))
        except OSError as error:
            return error
    return None


def prepare(data_dir: Path, *, durable: bool = True) -> list[Engine]:
    """Prepare both engines to start: folders, passwords, ports, configuration; nothing runs yet.

    ``durable=False`` is for tests: what a power cut would lose is not written out at once.

    Raises
    ------
    EngineError
        If an engine's program is missing or its folder cannot be made, in one sentence.
    """
    from trickyclip.runtime import embedded_postgres, embedded_redis  # they build on this module

    try:
        engines_dir(data_dir).mkdir(mode=0o711, parents=True, exist_ok=True)
        (engines_dir(data_dir) / "run").mkdir(mode=0o700, exist_ok=True)
        return [
            embedded_postgres.prepare(data_dir, durable=durable),
            embedded_redis.prepare(data_dir, durable=durable),
        ]
    except OSError as error:
        raise DataFolderError(data_dir, error) from error


@contextlib.contextmanager
def running(engines: list[Engine]) -> Iterator[None]:
    """Run the engines for the duration of the block.

    Raises
    ------
    EngineError
        If one does not start; the sentence ends with the last line it wrote.
    """
    started: list[tuple[Engine, subprocess.Popen]] = []
    try:
        for engine in engines:
            started.append((engine, _start(engine)))
        for engine, process in started:
            _wait(engine, process)
        yield
    finally:
        for engine, process in started:
            process.send_signal(engine.stop_signal)
        for engine, process in started:
            try:
                process.wait(STOP_PATIENCE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            engine.pid_file.unlink(missing_ok=True)


def _start(engine: Engine) -> subprocess.Popen:
    with _log(engine).open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - our own command line
            engine.arguments,
            cwd=BASE_DIR,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            process_group=0,  # Ctrl-C is for the one who started the engines, and it stops them in order
        )


def _wait(engine: Engine, process: subprocess.Popen) -> None:
    deadline = time.monotonic() + START_PATIENCE_S
    while process.poll() is None and time.monotonic() < deadline:
        try:
            return engine.ping()
        except Exception:
            time.sleep(0.05)
    lines = [line.strip() for line in _log(engine).read_text(errors="replace").splitlines() if line.strip()]
    raise EngineError(f"{engine.title} did not start: {lines[-1] if lines else 'it gave no reason'}")


def _log(engine: Engine) -> Path:
    return engine.pid_file.with_suffix(".log")


def _ports(data_dir: Path) -> dict[str, int]:
    try:
        return json.loads((engines_dir(data_dir) / "ports.json").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return {}
