"""Writes a backup while the site runs. In its folder:

``database.dump``   pg_dump's own format, of one moment
``archive.tsv``     each file of the local archive: SHA-256, bytes, path; of the same moment as far as rows know them
``secret_key``      the key that signs cookies and seals the grant of Google Drive
``settings.env``    the ``.env`` beside manage.py, if there is one
``manifest.json``   the time, the number of rows of each table, the migrations, and the SHA-256 of all of the above
"""

import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
from django.conf import settings
from django.utils import timezone

from clips.storage.files import sha256_of
from trickyclip.backup.database import BackupError, Database, at_hand, finish, migrations, rows_of_tables

DUMP, ARCHIVE_LIST, SECRET_KEY, SETTINGS, MANIFEST = (
    "database.dump", "archive.tsv", "secret_key", "settings.env", "manifest.json",
)  # fmt: skip
#: Sorts by time, and no file system minds any of its letters.
NAMED_AS = "%Y-%m-%dT%H%M%SZ"


def write_backup(into: Path) -> Path:
    """Write a backup into a new folder below ``into``, and return it. A folder of that name is complete.

    Raises
    ------
    BackupError
        If the database does not answer, a program is missing or the folder cannot be written.
    """
    folder = into / timezone.now().strftime(NAMED_AS)
    part = into / f".{folder.name}.part"
    try:
        part.mkdir(mode=0o700, parents=True)
        with at_hand(alone=False) as database:
            manifest = _of_one_moment(database, part)
        _keep_settings(part)
        manifest["files"] = {path.name: sha256_of(path) for path in sorted(part.iterdir())}
        (part / MANIFEST).write_text(json.dumps(manifest, indent=1), encoding="utf-8")
        _sync(part)
        part.rename(folder)
    except psycopg.Error as error:
        raise BackupError(f"The database cannot be read: {str(error).splitlines()[0]}.") from error
    except OSError as error:
        raise BackupError(f"The backup cannot be written to {into}: {error.strerror}.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return folder


def forget_old(into: Path, *, keep: int) -> list[Path]:
    """Delete all but the newest ``keep`` backups below ``into``, and return the deleted ones."""
    whole = sorted(path.parent for path in into.glob(f"*/{MANIFEST}"))
    old = whole[:-keep] if keep else []
    for folder in old:
        shutil.rmtree(folder)
    return old


def _of_one_moment(database: Database, part: Path) -> dict[str, object]:
    """Dump and count in one snapshot, so that concurrent changes are in both or in neither."""
    with database.connect() as connection:
        [snapshot] = connection.execute("SELECT pg_export_snapshot()").fetchone()
        dump = database.run(
            "pg_dump", "--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}",
            f"--file={part / DUMP}",
        )  # fmt: skip
        finish(dump, "The database cannot be dumped")
        with (part / ARCHIVE_LIST).open("w", encoding="utf-8") as lines:
            lines.writelines(_archive_lines(connection))
        return {
            "made_at": timezone.now().isoformat(timespec="seconds"),
            "postgresql": connection.info.server_version // 10_000,
            "migrations": migrations(connection),
            "rows": rows_of_tables(connection),
        }


def _archive_lines(connection: psycopg.Connection) -> Iterator[str]:
    """Yield a line for each file in the local archive. A checksum that a row vouches for is not recomputed."""
    found = connection.execute(
        "SELECT path, sha256 FROM clips_archivecopy WHERE backend = 'local' AND state = 'VERIFIED'"
    )
    vouched_for = dict(found)
    for path in sorted(settings.ARCHIVE_DIR.rglob("*")):
        relative = path.relative_to(settings.ARCHIVE_DIR)
        if path.is_file() and not any(name.startswith(".") for name in relative.parts):
            yield f"{vouched_for.get(str(relative)) or sha256_of(path)}\t{path.stat().st_size}\t{relative}\n"


def _keep_settings(part: Path) -> None:
    key = part / SECRET_KEY
    key.touch(mode=0o600)
    key.write_text(settings.SECRET_KEY, encoding="utf-8")
    written = settings.BASE_DIR / ".env"
    if written.is_file():
        kept = part / SETTINGS
        kept.touch(mode=0o600)
        kept.write_bytes(written.read_bytes())


def _sync(folder: Path) -> None:
    for path in [*folder.iterdir(), folder]:
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
