"""Tests pairs of videos: one row for two videos, and a person's word that stands."""

from dataclasses import replace

import pytest
from django.db import IntegrityError, transaction

from clips.models import OriginalFile, PairState, VideoPair
from clips.tests.factories import OriginalFileFactory
from detection.sync.pair import Match

pytestmark = pytest.mark.django_db

SURE = Match(offset_s=12.3456, drift_ppm=30.0, confidence=0.9, support_s=55.0, shared_s=60.0)


@pytest.fixture
def videos(shoot) -> list[OriginalFile]:
    """Return two videos, the one with the lesser id first."""
    return sorted((OriginalFileFactory(shoot=shoot), OriginalFileFactory(shoot=shoot)), key=lambda video: video.pk)


def note(one: OriginalFile, other: OriginalFile, found: Match) -> bool:
    return VideoPair.objects.all().note(one, other, found.to_json())


def test_two_videos_are_one_pair_whichever_is_compared_with_which(videos):
    first, second = videos
    assert note(first, second, SURE)
    pair = VideoPair.objects.get()
    assert (pair.first, pair.second, pair.offset_ms, pair.state) == (first, second, 12_346, PairState.SURE)
    assert note(second, first, replace(SURE, offset_s=-12.3456, drift_ppm=-30.0))
    pair.refresh_from_db()
    assert (pair.first, pair.second, pair.offset_ms) == (first, second, 12_346)
    assert pair.drift_ppm == pytest.approx(30, abs=0.01)
    assert list(VideoPair.objects.all().of(second)) == [pair]


def test_a_persons_word_stands_whatever_is_found_later(videos, sorter, curator):
    note(*videos, replace(SURE, confidence=0.3))
    pair = VideoPair.objects.get(state=PairState.UNSURE)
    assert not VideoPair.objects.all().standing()
    assert pair.confirm(sorter)
    assert not pair.take_apart(curator)  # as it was read, nobody had decided
    assert VideoPair.objects.all().standing().get().decided_by == sorter
    assert not note(*videos, replace(SURE, offset_s=99.0))
    pair.refresh_from_db()
    assert (pair.offset_ms, pair.state) == (12_346, PairState.CONFIRMED)
    assert pair.take_apart(curator)
    assert not VideoPair.objects.all().standing()
    assert not note(*videos, SURE)


def test_what_cannot_be_is_no_row(videos):
    first, second = videos
    note(first, second, SURE)
    rows = VideoPair.objects.all()
    for wrong in (
        {"first": second, "second": first}, {"confidence": 1.1}, {"drift_ppm": 5000}, {"state": "PERHAPS"},
        {"state": PairState.CONFIRMED}, {"decided_at": "2024-12-01T12:00Z"},
    ):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**wrong)
    first.delete()
    assert not rows.exists()
