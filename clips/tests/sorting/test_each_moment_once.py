"""Tests migration 0026 on moments that older searches stored twice."""

import importlib
import uuid

import pytest
from django.apps import apps
from django.db import connection

from clips.models import CandidateSegment, Decision, DecisionKind, SegmentStatus
from clips.tests.factories import CandidateSegmentFactory, DetectionRunFactory

pytestmark = pytest.mark.django_db

migration = importlib.import_module("clips.migrations.0028_each_moment_once")


@pytest.fixture
def double(original):
    """Rows that were possible before the constraint."""
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX segment_once_per_run")
    run = DetectionRunFactory(original_file=original, version="3")

    def make(start_ms: int, end_ms: int, score: float, **fields) -> CandidateSegment:
        row = {"original_file": original, "run": run, "start_ms": start_ms, "end_ms": end_ms, "score": score}
        return CandidateSegmentFactory(**row | fields)

    return make


def left() -> set:
    with connection.schema_editor(atomic=False) as editor:
        migration.drop_doubles(apps, editor)
    return set(CandidateSegment.objects.values_list("pk", flat=True))


def test_of_undecided_ones_the_better_stays(double, original):
    better, other = double(168_300, 172_500, 0.93), double(0, 3000, 0.4)
    double(168_300, 172_500, 0.21)
    double(168_900, 173_000, 0.5)
    newer = DetectionRunFactory(original_file=original, version="3")
    of_other_run = double(168_300, 172_500, 0.3, run=newer)
    by_hand = double(168_300, 172_500, None, run=None)
    split_off = double(170_000, 172_500, 0.93, parent=better)
    assert left() == {row.pk for row in (better, other, of_other_run, by_hand, split_off)}


def test_what_was_decided_or_skipped_is_never_lost(double, sorter):
    kept = double(0, 4000, 0.2, status=SegmentStatus.ACCEPTED)
    trashed = double(0, 4000, 0.1, status=SegmentStatus.TRASHED)
    undone = double(0, 4000, 0.3)
    Decision.objects.create(pk=uuid.uuid4(), kind=DecisionKind.SKIP, segment=undone, member=sorter)
    double(0, 4000, 0.9)
    assert left() == {kept.pk, trashed.pk, undone.pk}
    parents = set(CandidateSegment.objects.values_list("parent", flat=True))
    assert parents == {None, kept.pk}, "they can be told apart by the constraint"
