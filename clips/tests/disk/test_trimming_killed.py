"""Tests that a video is whole or trimmed, never neither, wherever the worker that trims it is killed."""

import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from clips.disk import trimming
from clips.models import (
    CandidateSegment,
    DetectionRun,
    FinalClip,
    Job,
    JobKind,
    KeptPart,
    OriginalFile,
    SegmentStatus,
    Shoot,
)
from clips.sorting import decisions
from clips.sorting.decisions import Choice
from clips.storage.files import sha256_of
from clips.tests.factories import CandidateSegmentFactory, DetectionRunFactory, OriginalFileFactory
from clips.tests.library.test_emptying import give_back, in_forks
from clips.tests.media.made_up import make_video

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

#: It is killed at each so manyth step; ``--soak`` kills it at each one.
EACH = 9
MOST_STEPS = 1000


@pytest.fixture
def planned(own_data_dir, sorter, work_off) -> OriginalFile:
    """A sorted video of a minute with one archived clip, that is to be trimmed now."""
    path = own_data_dir / "originals" / "filmed.mp4"
    path.parent.mkdir()
    make_video(path, frames=1500, rate=25)
    original = OriginalFileFactory(
        shoot=Shoot.objects.called("Backyard Rails", "2024-12-01"), stored_path="originals/filmed.mp4",
        file_hash=sha256_of(path), size_bytes=path.stat().st_size, duration_ms=60_000, fps_label="25FPS",
        camera_id="CAM_GOPRO11", width_px=320, height_px=180, probed_at=timezone.now(),
    )  # fmt: skip
    DetectionRunFactory(original_file=original)
    CandidateSegmentFactory(original_file=original, start_ms=29_000, end_ms=33_000)
    lease = uuid.uuid4()
    (segment,) = CandidateSegment.objects.lease_hand(member=sorter, lease=lease, count=1)
    decisions.keep(segment, Choice(30_000, 32_000), lease=lease, key=uuid.uuid4(), member=sorter)
    work_off()
    Job.objects.all().delete()
    assert DetectionRun.objects.exists()
    assert CandidateSegment.objects.get().status == SegmentStatus.ACCEPTED
    return original


def test_a_worker_killed_anywhere_leaves_it_whole_or_trimmed(planned, own_data_dir, work_off, request):
    path, whole = own_data_dir / planned.stored_path, (own_data_dir / planned.stored_path).read_bytes()
    clip_hash = FinalClip.objects.get().file_hash
    n_kills = 0
    with in_forks("trim") as run:
        for n_steps in range(1, MOST_STEPS, 1 if request.config.getoption("--soak") else EACH):
            past = timezone.now() - timedelta(days=1)
            KeptPart.objects.all().delete()
            OriginalFile.objects.update(evicted_at=None, trimmed_at=None, trim_at=past, trim_problem="")
            path.write_bytes(whole)
            job = Job.objects.for_target(JobKind.TRIM, planned)
            ended = run(job, n_steps)
            assert_whole_or_trimmed(own_data_dir)
            if ended != "killed":
                break
            n_kills += 1
            give_back(job)
            work_off()
            trimming.look_after()
            assert OriginalFile.objects.get().trimmed_at is not None, f"killed at step {n_steps}"
            assert not path.exists(), f"killed at step {n_steps}"
            assert_whole_or_trimmed(own_data_dir)
    assert ended == "ended 0"
    assert n_kills >= 3
    Job.objects.for_target(JobKind.RENDER, FinalClip.objects.get(), params={"alone": True})
    work_off()
    assert FinalClip.objects.get().file_hash == clip_hash


def assert_whole_or_trimmed(data_dir) -> None:
    original = OriginalFile.objects.get()
    if original.evicted_at is None:
        assert sha256_of(data_dir / original.stored_path) == original.file_hash
        assert not KeptPart.objects.exists()
        return
    parts = list(original.kept_parts.all())
    assert {part.kind for part in parts} == {"FRAME", "SPAN", "VIDEO"}
    assert [sha256_of(data_dir / part.stored_path) for part in parts] == [part.file_hash for part in parts]
