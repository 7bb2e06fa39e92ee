"""Tests that a backup is complete, consistent, and restored as it was."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection

from clips.models import ArchiveCopy, CandidateSegment, FinalClip, Shoot
from clips.tests.factories import FinalClipFactory
from people.models import Member, Person
from trickyclip.backup.database import BackupError
from trickyclip.backup.restore import checked, restore_backup
from trickyclip.backup.write import ARCHIVE_LIST, DUMP, MANIFEST, SECRET_KEY, forget_old, write_backup
from trickyclip.tests.site import MANAGE, Up, environment, manage

ARCHIVED = "TrickyClip Archive/2024/2024-12-01 - Backyard Rails/Miller_Downey/KFED/clip__v001.mp4"
BY_HAND = "TrickyClip Archive/read me.txt"


@pytest.fixture
def archive(own_data_dir, original) -> None:
    """A clip that a row vouches for and a file that somebody put there."""
    clip = FinalClipFactory(
        original_file=original, start_ms=0, end_ms=1_000, category="TRICK", filename="clip__v001.mp4",
    )  # fmt: skip
    ArchiveCopy.objects.create(
        clip=clip, backend="local", path=ARCHIVED, sha256="d" * 64, state="VERIFIED", verified_at=clip.created_at
    )
    for relative, text in {ARCHIVED: "a clip", BY_HAND: "hello"}.items():
        path = django_settings.ARCHIVE_DIR / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_what_was_backed_up_comes_up_again_from_an_empty_folder(archive, segments, admin, tmp_path, engine_path):
    ended = threading.Event()

    def go_on_working() -> None:
        while not ended.is_set():
            Person.objects.add(f"Rider {Person.objects.count()}")
        connection.close()

    working = threading.Thread(target=go_on_working)
    working.start()
    try:
        backup = write_backup(tmp_path / "backups")
    finally:
        ended.set()
        working.join()
    wanted = json.loads((backup / MANIFEST).read_text())["rows"]
    said = manage(engine_path, "restore", str(backup))  # compares each table's rows with the manifest
    assert f"{sum(wanted.values())} rows" in said
    assert "Missing from the local archive: 2 of 2 files. Copy archive/ and originals/ back" in said
    up = Up(engine_path).wait_until_ready()
    try:
        assert "first account" not in up.text
        code = (
            "from people.models import *; from clips.models import *; from django.conf import settings;"
            "print(Person.objects.count(), CandidateSegment.objects.count(), Member.objects.get().username)"
        )
        assert manage(engine_path, "shell", "-v0", "-c", code).split() == [
            str(wanted["people_person"]), str(CandidateSegment.objects.count()), admin.username,
        ]  # fmt: skip
        audit = subprocess.run(
            [sys.executable, str(MANAGE), "audit", "--json"],
            env=environment(engine_path), capture_output=True, text=True, check=False,
        )  # fmt: skip
        found = {json.loads(line).get("kind") for line in audit.stdout.splitlines()}
        assert {"ORIGINAL_MISSING", "ARCHIVE_SHUT"} <= found  # no folder was copied back
        assert (engine_path / "engines" / "secrets" / SECRET_KEY).read_text() == django_settings.SECRET_KEY
    finally:
        up.stop()
    assert (wanted["people_member"], wanted["clips_shoot"]) == (Member.objects.count(), Shoot.objects.count())


@pytest.fixture
def backup(transactional_db, archive, tmp_path) -> Path:
    return write_backup(tmp_path / "backups")


@pytest.mark.slow
def test_archive_is_listed_with_checksums_of_rows_where_there_are_some(backup):
    lines = dict(line.split("\t")[::-2] for line in (backup / ARCHIVE_LIST).read_text().splitlines())
    hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"
    assert lines == {ARCHIVED: "d" * 64, BY_HAND: hello}


@pytest.mark.slow
def test_a_backup_is_for_nobody_elses_eyes(backup):
    assert backup.stat().st_mode & 0o077 == 0
    assert (backup / SECRET_KEY).read_text() == django_settings.SECRET_KEY
    assert list(backup.parent.iterdir()) == [backup]


@pytest.mark.slow
def test_a_database_with_rows_is_not_thrown_away_unasked(backup):
    with pytest.raises(BackupError, match=r"This database is not empty\. Use --replace"):
        restore_backup(backup, replace=False)


@pytest.mark.slow
def test_nothing_is_replaced_under_a_site_that_runs(backup):
    assert FinalClip.objects.exists()  # over a connection that stays open
    with pytest.raises(BackupError, match=r"connections are open to the database\. Stop the site first\.$"):
        restore_backup(backup, replace=True)


@pytest.mark.slow
def test_a_damaged_backup_is_refused_before_anything_is_touched(backup):
    with (backup / DUMP).open("r+b") as dump:
        dump.seek(100)
        dump.write(b"?")
    with pytest.raises(BackupError, match=r"damaged: database\.dump has changed since the backup"):
        restore_backup(backup, replace=True)
    assert FinalClip.objects.exists()


@pytest.mark.slow
def test_replacing_brings_back_what_was_deleted_since(backup):
    ArchiveCopy.objects.all().delete()
    connection.close()
    restored = restore_backup(backup, replace=True)
    assert ArchiveCopy.objects.get().path == ARCHIVED
    assert (restored.n_archived, restored.not_there, restored.same_key) == (2, [], True)


def test_a_folder_without_manifest_is_no_backup(tmp_path):
    with pytest.raises(BackupError, match=r"is not a complete backup: manifest\.json is missing"):
        checked(tmp_path)


def test_only_the_newest_are_kept_and_strange_folders_are_left_alone(tmp_path):
    backups = tmp_path / "backups"
    for name in ("2024-01-01T000000Z", "2024-01-02T000000Z", "2024-01-03T000000Z"):
        (backups / name).mkdir(parents=True)
        (backups / name / MANIFEST).write_text("{}")
    (backups / "photos").mkdir()
    assert [path.name for path in forget_old(backups, keep=2)] == ["2024-01-01T000000Z"]
    assert sorted(path.name for path in backups.iterdir()) == ["2024-01-02T000000Z", "2024-01-03T000000Z", "photos"]
