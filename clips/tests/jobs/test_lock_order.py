"""Tests that all locks are taken in the order of clips/jobs/locks.py, so that no two transactions deadlock."""

import uuid
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from clips.ingest import camera_proxies
from clips.jobs.worker import Claim
from clips.models import (
    CandidateSegment,
    FinalClip,
    Job,
    JobKind,
    JobState,
    LeaseLostError,
    SegmentStatus,
)
from clips.sorting import decisions, manual_segments
from clips.sorting.decisions import Choice
from clips.sorting.hand import deal
from clips.sorting.undo import undo
from clips.tests.factories import CandidateSegmentFactory, OriginalFileFactory
from clips.tests.rivals import Rival, holding_row, wait_for_blocked

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

FIRST, LAST = uuid.UUID(int=1), uuid.UUID(int=2**128 - 1)


def in_hand(segment: CandidateSegment, member) -> uuid.UUID:
    lease = uuid.uuid4()
    CandidateSegment.objects.filter(pk=segment.pk).update(
        status=SegmentStatus.IN_PROGRESS,
        locked_by=member,
        locked_at=timezone.now(),
        lease_token=lease,
        lease_ends_at=timezone.now() + timedelta(minutes=5),
    )
    return lease


def segment_with_id(pk: uuid.UUID, run, start_ms: int) -> CandidateSegment:
    return CandidateSegmentFactory(
        pk=pk, original_file=run.original_file, run=run, start_ms=start_ms, end_ms=start_ms + 4000, score=0.9
    )


def test_putting_a_video_aside_and_finding_that_it_is_a_small_copy_do_not_deadlock(run, original, sorter):
    """Fails when a video's moments are locked before the video: leave its ``hold`` out of ``sorting.put_aside``."""
    segment = segment_with_id(FIRST, run, 0)
    lease = in_hand(segment, sorter)
    full = OriginalFileFactory(shoot=original.shoot, original_filename="x", file_hash="b" * 64, size_bytes=1)

    def join() -> None:
        with transaction.atomic():
            camera_proxies._join(original, full)

    with holding_row(segment) as let_go:
        aside = Rival(lambda: decisions.put_aside(segment, lease=lease, key=uuid.uuid4(), member=sorter))
        wait_for_blocked(1)
        joined = Rival(join)
        wait_for_blocked(2)
        let_go()
        aside.result()
        joined.result()
    original.refresh_from_db()
    assert original.aside_at is not None
    assert original.low_res_of == full


def test_undoing_a_split_and_the_next_hand_do_not_deadlock(run, sorter):
    """Fails when the two parts are locked one by one: leave the locking out of ``undo._unmake``."""
    segment = segment_with_id(FIRST, run, 0)
    lease = in_hand(segment, sorter)
    manual_segments.split(segment, 2000, lease=lease, key=uuid.uuid4(), member=sorter)
    with holding_row(segment) as let_go:
        hand = Rival(lambda: deal(member=sorter, lease=lease))
        wait_for_blocked(1)
        back = Rival(lambda: undo(lease=lease, key=uuid.uuid4(), member=sorter))
        wait_for_blocked(2)
        let_go()
        hand.result()
        back.result()
    assert list(CandidateSegment.objects.values_list("end_ms", flat=True)) == [4000]


@pytest.mark.parametrize("again", [False, True], ids=["undo", "keep again"])
def test_a_decision_about_a_clip_and_the_job_that_ends_for_it_do_not_deadlock(run, sorter, again):
    """Fails when the clip is locked before its jobs: look at them last in ``undo._undo_keep``, ``_brought_back``."""
    segment = segment_with_id(FIRST, run, 0)
    lease, choice = in_hand(segment, sorter), Choice(0, 4000)
    clip = decisions.keep(segment, choice, lease=lease, key=uuid.uuid4(), member=sorter)
    job = Job.objects.get(kind=JobKind.RENDER)
    if again:
        undo(lease=lease, key=uuid.uuid4(), member=sorter)
        Job.objects.all().delete()
        job = Job.objects.for_target(JobKind.WITHDRAW, clip)
    taken = Job.objects.claim(job.pk, worker="one")

    def decide() -> object:
        if again:
            return decisions.keep(segment, choice, lease=lease, key=uuid.uuid4(), member=sorter)
        return undo(lease=lease, key=uuid.uuid4(), member=sorter)

    def end() -> None:
        with Claim(taken).finishing():
            FinalClip.objects.filter(pk=clip.pk).update(drive_file_id="somewhere")

    with holding_row(clip) as let_go:
        decision = Rival(decide)
        wait_for_blocked(1)
        worker = Rival(end)
        wait_for_blocked(2)
        let_go()
        decision.result()
        with pytest.raises(LeaseLostError):
            worker.result()
    assert Job.objects.get(pk=job.pk).state == JobState.CANCELLED
