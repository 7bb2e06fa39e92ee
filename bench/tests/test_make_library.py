"""Tests ``manage.py make_library``: its rows are plausible, and never mixed with real footage."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.db.models import Count, F
from django.test import TestCase
from django.utils import timezone

from clips.library.search import matching
from clips.models import CandidateSegment, Comment, Decision, FinalClip, Job, OriginalFile, Reaction, SegmentStatus
from clips.models.job import ACTIVE

pytestmark = pytest.mark.django_db


def make(**options) -> None:
    call_command("make_library", segments=200, clips=100, stdout=StringIO(), **options)


class OfTwoHundredSegments(TestCase):
    """One library that all these look at."""

    @classmethod
    def setUpTestData(cls):
        make()

    @pytest.mark.slow
    def test_as_many_rows_as_asked_for(self):
        assert CandidateSegment.objects.count() == 200
        assert FinalClip.objects.count() == 100

    def test_each_kept_segment_has_one_current_clip_and_each_decided_one_decision(self):
        kept = CandidateSegment.objects.filter(status=SegmentStatus.ACCEPTED)
        assert FinalClip.objects.current().count() == kept.count()
        assert CandidateSegment.objects.decided().count() == Decision.objects.count()
        assert CandidateSegment.objects.available().shown().exists()

    def test_some_clips_have_an_older_version(self):
        assert FinalClip.objects.values("lineage").annotate(n=Count("pk")).filter(n=2).exists()

    def test_members_have_said_something_of_some_clips(self):
        about = FinalClip.objects.current().values("lineage")
        assert Comment.objects.filter(lineage__in=about).count() == Comment.objects.count() > 5
        assert Reaction.objects.filter(lineage__in=about).count() == Reaction.objects.count() > 10
        assert not Comment.objects.filter(created_at__gt=timezone.now()).exists()

    def test_clips_are_found_by_their_names(self):
        clip = FinalClip.objects.current().first()
        assert clip in matching(FinalClip.objects.all(), clip.person.display_name)

    def test_times_are_those_of_the_session(self):
        assert not FinalClip.objects.filter(created_at__date__lt=F("date")).exists()
        oldest = OriginalFile.objects.order_by("created_at").first()
        assert oldest.created_at.date() == oldest.shoot.date

    def test_no_job_waits_for_bytes_that_are_nowhere(self):
        assert Job.objects.exists()
        assert not Job.objects.filter(state__in=ACTIVE).exists()


@pytest.mark.slow
def test_the_same_seed_makes_the_same_names():
    def names() -> list[str]:
        with transaction.atomic():
            make(seed=3)
            made = sorted(FinalClip.objects.values_list("filename", flat=True))
            transaction.set_rollback(True)
        return made

    assert names() == names() != []


@pytest.mark.slow
def test_footage_that_is_here_is_left_alone_unless_forced(original):
    with pytest.raises(CommandError, match="already has footage"):
        make()
    assert OriginalFile.objects.count() == 1
    make(force=True)
    assert OriginalFile.objects.count() > 1
    assert OriginalFile.objects.filter(pk=original.pk).exists()


@pytest.mark.slow
def test_the_same_rows_twice_are_refused_in_one_sentence():
    make()
    with pytest.raises(CommandError, match="another --seed"):
        make(force=True)


def test_more_clips_than_segments_are_refused():
    with pytest.raises(CommandError, match="no more clips than segments"):
        call_command("make_library", segments=10, clips=11)
