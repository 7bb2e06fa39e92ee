"""Keeps the migrated database of the tests from one run to the next, in pytest's own cache.

To run all migrations takes some twelve CPU-seconds, most of them Django's to make its models anew after each step. To
read the dump of a database that they were run on takes less than one. What they make depends on nothing but the files
of ``MADE_FROM``: where one of them is another, all migrations are run again, and where nothing is kept, as in CI.
"""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from django.db import connections

from trickyclip.backup.database import BackupError, Database, finish
from trickyclip.runtime import embedded

#: The migrations, what they import of the project, the models that content types and permissions are made from, the
#: settings that name the apps, and the versions of all that is installed.
MADE_FROM = (
    "*/migrations/*.py",
    "*/models.py",
    "*/models/*.py",
    "people/naming/*.py",
    "tricks/naming.py",
    "tricks/words.py",
    "trickyclip/settings.py",
    "requirements.txt",
)
#: One for each branch that is worked on; a dump has some 350 KB.
MOST_KEPT = 8


def files(project: Path = embedded.BASE_DIR) -> Iterator[Path]:
    """Yield the files that a migrated database depends on, in a fixed order."""
    for pattern in MADE_FROM:
        yield from sorted(project.glob(pattern))


def dump_of(folder: Path, project: Path = embedded.BASE_DIR) -> Path:
    """Return where the dump of a database belongs that these files, and this server, make."""
    told = hashlib.sha256(str(connections["default"].pg_version).encode())
    for path in files(project):
        told.update(f"\n{path.relative_to(project)}\n".encode() + path.read_bytes())
    return folder / f"{told.hexdigest()}.dump"


def restored(dump: Path, name: str) -> bool:
    """Make the database ``name`` from the dump, and return whether that succeeded."""
    if not dump.exists():
        return False
    connection = connections["default"]
    quoted = connection.ops.quote_name(name)
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {quoted}")
        cursor.execute(f"CREATE DATABASE {quoted}")
    try:
        read(dump, _database(name))
    except BackupError:  # of another version, or damaged: the migrations make it again
        return False
    return True


def read(dump: Path, database: Database) -> None:
    """Make all tables of the dump in an empty database.

    Raises
    ------
    BackupError
        If the dump is damaged, or no program here can read it.
    """
    reading = database.run(
        "pg_restore", "--no-owner", "--exit-on-error", "--single-transaction", f"--dbname={database.name}", dump
    )
    finish(reading, "The kept database cannot be read")


def keep(dump: Path, name: str) -> None:
    """Write the dump of the database ``name``, and forget the oldest ones; without the program nothing is kept."""
    part = dump.with_suffix(f".{os.getpid()}")
    try:
        finish(_database(name).run("pg_dump", "--format=custom", "--no-owner", f"--file={part}"), "It cannot be kept")
        part.replace(dump)
    except BackupError:
        part.unlink(missing_ok=True)
    for old in sorted(dump.parent.glob("*.dump"), key=lambda path: path.stat().st_mtime)[:-MOST_KEPT]:
        old.unlink(missing_ok=True)


def _database(name: str) -> Database:
    return Database.of(connections["default"].settings_dict | {"NAME": name})
