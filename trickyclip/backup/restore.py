"""Restores a backup: checks it, fills an empty database with it, counts the rows, and reports what is missing."""

import json
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import psycopg
from django.conf import settings

from clips.storage.files import sha256_of
from trickyclip.backup.database import (
    BackupError,
    Database,
    at_hand,
    finish,
    migrations,
    other_connections,
    rows_of_tables,
    tables,
)
from trickyclip.backup.write import ARCHIVE_LIST, DUMP, MANIFEST, SECRET_KEY
from trickyclip.runtime import embedded
from trickyclip.settings import env

#: Two seconds in all.
LOOKS, LOOK_EVERY_S = 20, 0.1
EMPTY = "DROP SCHEMA public CASCADE; CREATE SCHEMA public"


@dataclass(frozen=True)
class Restored:
    """The result of a restore, with the missing files of the archive's list."""

    made_at: str
    n_rows: int
    n_archived: int
    not_there: list[str]
    same_key: bool


def restore_backup(folder: Path, *, replace: bool) -> Restored:
    """Restore the backup's database and key.

    ``replace`` throws away what the database holds now; without it only an empty one is filled.

    Raises
    ------
    BackupError
        If the backup is not whole, the database is not empty, the site runs, or the rows are not those of the backup.
        In all of these the database is as it was before, but in the last.
    """
    manifest = checked(folder)
    with at_hand(alone=True) as database:
        with database.connect() as connection:
            if tables(connection) and not replace:
                raise BackupError(
                    "This database is not empty. Use --replace to delete it and restore the backup in its place."
                )
            if others := _lasting_connections(connection):  # whose locks would be waited for without an end
                raise BackupError(f"{others} connections are open to the database. Stop the site first.")
        _fill(database, folder / DUMP)
        with database.connect() as connection:
            _compare(manifest["rows"], rows_of_tables(connection))
            connection.execute("ANALYZE")
    archived, not_there = _held_against(folder / ARCHIVE_LIST)
    rows = sum(manifest["rows"].values())
    return Restored(manifest["made_at"], rows, archived, not_there, _put_key_back(folder / SECRET_KEY))


def _lasting_connections(connection: psycopg.Connection) -> int:
    """Return the number of lasting connections; one that was just closed takes a moment to disappear."""
    for _look in range(LOOKS):
        if not (others := other_connections(connection)):
            break
        connection.rollback()  # within a transaction the list stays what it was
        time.sleep(LOOK_EVERY_S)
    return others


def checked(folder: Path) -> dict:
    """Return the manifest of a backup whose files are all present and unchanged."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        changed = [name for name, digest in manifest["files"].items() if sha256_of(folder / name) != digest]
    except FileNotFoundError as error:
        raise BackupError(f"{folder} is not a complete backup: {Path(error.filename).name} is missing.") from error
    except (OSError, ValueError, KeyError) as error:
        raise BackupError(f"{folder} is not a readable backup: {error}") from error
    if changed:
        raise BackupError(f"{folder} is damaged: {', '.join(changed)} has changed since the backup.")
    return manifest


def has_shape_of(folder: Path) -> bool:
    """Return whether the database has exactly the migrations of the backup."""
    manifest = checked(folder)
    with at_hand(alone=False) as database, database.connect() as connection:
        return migrations(connection) == manifest["migrations"]


def _fill(database: Database, dump: Path) -> None:
    """Replace the old data with the new in one transaction."""
    read = database.run("pg_restore", "--no-owner", "--no-privileges", "--file=-", dump, stdout=subprocess.PIPE)
    write = database.run(
        "psql", "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", f"--command={EMPTY}",
        "--file=-", stdin=read.stdout, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    read.stdout.close()  # so that pg_restore hears when psql gives up
    failed = None
    try:
        finish(write, "The database cannot be filled")
    except BackupError as error:
        failed = error
    errors = read.stderr.read().strip().splitlines()
    if read.wait() != 0 and failed is None:
        raise BackupError(f"The dump cannot be read: {errors[-1] if errors else read.returncode}")
    if failed:
        raise failed


def _compare(wanted: dict[str, int], found: dict[str, int]) -> None:
    if different := [name for name in sorted(wanted | found) if wanted.get(name) != found.get(name)]:
        told = ", ".join(f"{name} has {found.get(name)} rows instead of {wanted.get(name)}" for name in different[:5])
        raise BackupError(f"The restored rows do not match the backup: {told}.")


def _held_against(listed: Path) -> tuple[int, list[str]]:
    """Return the number of listed archive files, and those that are missing or have another size."""
    lines = [line.split("\t") for line in listed.read_text(encoding="utf-8").splitlines()]
    missing = []
    for _digest, size_bytes, relative in lines:
        path = settings.ARCHIVE_DIR / relative
        if not path.is_file() or path.stat().st_size != int(size_bytes):
            missing.append(relative)
    return len(lines), missing


def _put_key_back(kept: Path) -> bool:
    """Write the key where the site looks for it; False if a setting names another one, which then counts."""
    key = kept.read_text(encoding="utf-8")
    if env("SECRET_KEY", default=""):
        return key == settings.SECRET_KEY
    embedded.remember(settings.DATA_DIR, "secret_key", key)
    return True
