"""Tests that the database goes back to before a kind of job was known, and there again, with jobs of that kind."""

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from clips.models import Job, JobKind
from clips.tests.factories import OriginalFileFactory

#: Before the first of these kinds was known; each came with a migration of its own.
BEFORE = ("clips", "0081_video_pairs")
NEWER = [JobKind.PAIR, JobKind.LOOK, JobKind.TRIM, JobKind.LEARN]


def kinds() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT kind FROM clips_job ORDER BY kind")
        return [kind for (kind,) in cursor.fetchall()]


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_jobs_that_the_older_code_does_not_know_go_and_all_others_stay():
    original = OriginalFileFactory()
    for kind in [JobKind.PROBE, *NEWER]:
        Job.objects.create(kind=kind, original_file=original)
    try:
        MigrationExecutor(connection).migrate([BEFORE])
        assert kinds() == ["PROBE"]
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())
    for kind in NEWER:
        Job.objects.create(kind=kind, original_file=original)
    assert len(kinds()) == 1 + len(NEWER)
