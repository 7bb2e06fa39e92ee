"""Tests that the simulated season sorts by labels, and notices what is lost."""

import json

import pytest
from django.conf import settings
from django.utils import timezone

from bench import season
from clips.models import (
    CandidateSegment,
    FinalClip,
    Job,
    JobKind,
    JobState,
    OriginalFile,
    Receipt,
    ReceiptFile,
    SegmentStatus,
    UploadSource,
)
from clips.storage.files import sha256_of
from clips.tests.factories import OriginalFileFactory
from clips.tests.media.made_up import make_video
from people.models import Member

pytestmark = [pytest.mark.slow, pytest.mark.django_db]


@pytest.fixture
def take(tmp_path) -> season.Take:
    """A video of half a minute with four labelled tricks."""
    make_video(tmp_path / "park.mp4", frames=300, rate=10)
    tricks = [{"start_ms": start_ms, "end_ms": start_ms + 1000} for start_ms in (3_000, 9_000, 15_000, 21_000)]
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "park.json").write_text(json.dumps({"tricks": tricks}))
    make_video(tmp_path / "unlabelled.mp4", frames=30, rate=10)
    (found,) = season.takes_of(tmp_path)
    return found


@pytest.fixture
def filmed(take, shoot, own_data_dir) -> OriginalFile:
    (own_data_dir / "originals").mkdir()
    path = season.another(take, own_data_dir / "originals", "filmed.mp4")
    return OriginalFileFactory(
        shoot=shoot, stored_path="originals/filmed.mp4", file_hash=sha256_of(path), size_bytes=path.stat().st_size,
        duration_ms=30_000, camera_id="CAM_GOPRO11", fps_label="10FPS", width_px=320, height_px=180,
        probed_at=timezone.now(),
    )  # fmt: skip


def test_each_copy_is_another_file_with_the_same_pictures(take, tmp_path):
    first, second = (season.another(take, tmp_path, name) for name in ("a.mp4", "b.mp4"))
    assert len({sha256_of(path) for path in (take.path, first, second)}) == 3
    assert first.read_bytes().startswith(take.path.read_bytes())


def test_a_third_is_kept_and_a_clip_that_is_gone_is_noticed(take, filmed, sorter: Member, work_off):
    Job.objects.for_target(JobKind.DETECT, filmed)
    season.search_by_labels(filmed, take)
    assert Job.objects.get(kind=JobKind.DETECT).state == JobState.CANCELLED
    assert season.sort_all(sorter) == (2, 2)
    assert not CandidateSegment.objects.undecided().exists()
    assert CandidateSegment.objects.filter(status=SegmentStatus.ACCEPTED).count() == 2
    work_off()
    assert list(season.lost_clips()) == []
    clip = FinalClip.objects.first()
    (settings.DATA_DIR / clip.stored_path).unlink()
    assert list(season.lost_clips()) == [clip]
    assert season.bytes_left() == filmed.size_bytes
    assert season.hours_held() == pytest.approx(30 / 3600)


def test_a_receipt_that_promises_what_is_not_there_is_noticed(filmed, sorter: Member):
    receipt = Receipt.objects.create(source=UploadSource.BROWSER, name="Card", owner=sorter, closed_at=timezone.now())
    file = {"path": "a.mp4", "size_bytes": filmed.size_bytes, "original_file": filmed}
    ReceiptFile.objects.create(receipt=receipt, **file)
    OriginalFile.objects.update(read_back_at=timezone.now(), md5="0" * 32)
    assert list(season.false_receipts()) == []
    path = settings.DATA_DIR / filmed.stored_path
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    assert list(season.false_receipts()) == [receipt]
