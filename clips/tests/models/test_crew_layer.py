"""Tests the rows of what was learned: their states change once, and their migration goes there and back."""

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from clips.models import ArchiveTouch, CrewLayer, LayerState

BEFORE = ("clips", "0093_cameras_of_edits")


def layer(version: int = 1, state: LayerState = LayerState.IN_USE, **fields) -> CrewLayer:
    now = timezone.now()
    counts = {"n_decisions": 30, "n_kept": 10, "n_sessions": 2} | fields
    return CrewLayer.objects.create(
        version=version, state=state, layer={"kinds": {"heard, held": {}}}, learned_until=now, changed_at=now,
        used_since=now, **counts,
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("was", "act", "becomes"),
    [
        (LayerState.IN_USE, "pause", LayerState.PAUSED),
        (LayerState.PAUSED, "use", LayerState.IN_USE),
        (LayerState.REVERTED, "use", LayerState.IN_USE),
        (LayerState.NO_GAIN, "forget", LayerState.FORGOTTEN),
        (LayerState.NO_GAIN, "use", None),
        (LayerState.REPLACED, "use", None),
        (LayerState.REPLACED, "forget", None),
        (LayerState.FORGOTTEN, "use", None),
        (LayerState.PAUSED, "pause", None),
    ],
)
def test_a_state_changes_only_to_what_can_follow_it(sorter, was, act, becomes):
    row = layer(state=was)
    assert getattr(row, act)(sorter) == (becomes is not None)
    row.refresh_from_db()
    assert row.state == (becomes or was)
    assert row.changed_by == (sorter if becomes else None)


@pytest.mark.django_db
def test_forgetting_deletes_the_weights_of_earlier_ones_too(sorter):
    layer(1, LayerState.REPLACED)
    assert layer(2).forget(sorter)
    assert [row.layer for row in CrewLayer.objects.all()] == [{}]


@pytest.mark.django_db
def test_rows_that_cannot_be_are_refused():
    layer()
    for fields in ({"version": 2}, {"version": 3, "state": "PAUSED", "n_kept": 31}, {"version": 1, "state": "PAUSED"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            layer(**fields)


@pytest.mark.django_db
def test_what_is_learned_has_the_crews_file_written_again(sorter):
    ArchiveTouch.objects.all().delete()
    row = layer()
    assert ArchiveTouch.objects.filter(shoot_id=None).exists()
    ArchiveTouch.objects.all().delete()
    row.pause(sorter)
    assert ArchiveTouch.objects.filter(shoot_id=None).exists()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_migration_goes_back_and_there_again_with_rows(segments):
    def has_table() -> bool:
        return CrewLayer._meta.db_table in connection.introspection.table_names()

    segments[0].__class__.objects.filter(pk=segments[0].pk).update(plain_score=0.5)
    layer()
    try:
        MigrationExecutor(connection).migrate([BEFORE])
        assert not has_table()
    finally:
        executor = MigrationExecutor(connection)
        executor.migrate(executor.loader.graph.leaf_nodes())  # all of them: the tests that follow need today's tables
    assert has_table()
    segments[0].refresh_from_db()
    assert (segments[0].plain_score, segments[0].score) == (None, 0.5)
    layer()
