"""Tests that a kept database is the one that the migrations make, and is taken for no other."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from trickyclip.backup.database import Database
from trickyclip.pytest_once import MIGRATED
from trickyclip.runtime import embedded
from trickyclip.tests import kept_database

RESTORED = f"{MIGRATED}_restored"


@pytest.fixture
def dump(db, tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "one.dump"
    with connection._nodb_cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {RESTORED}")


#: PostgreSQL writes a cast of a list as one of each of its values, once it has read it back.
CAST = re.compile(r"::(character varying|text)|\[\]|[()]")


def written_out(name: str) -> list[str]:
    """Return all of a database as SQL, without the two lines that bear a word made up for each dump, and casts."""
    written = Database.of(connection.settings_dict | {"NAME": name}).run(
        "pg_dump", "--no-owner", stdout=subprocess.PIPE
    )
    text, errors = written.communicate()
    assert written.returncode == 0, errors
    return [CAST.sub("", line) for line in text.splitlines() if not line.startswith(("\\restrict", "\\unrestrict"))]


@pytest.mark.slow
def test_what_is_kept_comes_back_whole(dump):
    kept_database.keep(dump, MIGRATED)
    assert kept_database.restored(dump, RESTORED)
    expected = written_out(MIGRATED)
    assert any("COPY public.django_migrations" in line for line in expected)
    assert written_out(RESTORED) == expected


@pytest.mark.slow
def test_a_damaged_one_is_not_used(dump):
    assert not kept_database.restored(dump, RESTORED)
    kept_database.keep(dump, MIGRATED)
    dump.write_bytes(dump.read_bytes()[:-20_000])
    assert not kept_database.restored(dump, RESTORED)


def test_only_the_newest_are_kept(db, tmp_path, monkeypatch):
    monkeypatch.setattr(kept_database, "MOST_KEPT", 1)
    (tmp_path / "old.dump").touch()
    kept_database.keep(tmp_path / "new.dump", MIGRATED)
    assert [path.name for path in tmp_path.glob("*.dump*")] == ["new.dump"]


@pytest.mark.parametrize("changed", ["clips/migrations/0001_tables.py", "people/models/member.py", "tricks/naming.py"])
def test_another_file_makes_another_database(db, tmp_path, changed):
    kept = {kept_database.dump_of(tmp_path, tmp_path)}
    path = tmp_path / changed
    path.parent.mkdir(parents=True)
    for text in ("", "one", "two"):
        path.write_text(text)
        kept.add(kept_database.dump_of(tmp_path, tmp_path))
    assert len(kept) == 4


def imports(path: Path) -> Iterator[Path]:
    """Yield the files of the project that a file imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for name in names:
            place = embedded.BASE_DIR / name.replace(".", "/")
            yield from (found for found in (place.with_suffix(".py"), place / "__init__.py") if found.exists())


def test_all_that_migrations_import_is_minded():
    minded = set(kept_database.files())
    migrations = {path for path in minded if path.parent.name == "migrations"}
    names = {path for path in minded if "naming" in path.as_posix()}
    assert migrations
    assert names
    empty = {path for path in embedded.BASE_DIR.glob("*/__init__.py") if not path.read_bytes()}
    imported = {found for path in migrations | names for found in imports(path)}
    assert imported - minded - empty == set()
