"""Tests that the audit knows edits."""

import uuid

import pytest

from clips.integrity.finding import Kind
from clips.integrity.reel_checks import edits
from clips.models import FinalClip, Reel
from clips.tests.factories import FinalClipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def reel() -> Reel:
    made = Reel.objects.create(name="December", made_by_name="mia")
    for position in (1, 2):
        made.clips.create(position=position, lineage=FinalClipFactory(start_ms=position * 1000, end_ms=9000).lineage)
    return made


def test_a_sound_edit_is_no_finding_even_with_a_clip_in_the_bin(reel):
    FinalClip.objects.filter(lineage=reel.clips.first().lineage).update(is_current=False)
    assert list(edits(checksums=False)) == []


def test_a_clip_that_never_was_and_a_gap_are_reported(reel):
    reel.clips.create(position=4, lineage=uuid.uuid4())
    found = [(one.kind, one.subject, one.says) for one in edits(checksums=False)]
    assert found == [
        (Kind.EDIT, "December", "its clip at place 4 has no row."),
        (Kind.EDIT, "December", "its places have gaps."),
    ]
