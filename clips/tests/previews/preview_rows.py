"""Films, moments and past jobs for the tests of previews."""

from datetime import timedelta
from pathlib import Path

from django.conf import settings as django_settings
from django.utils import timezone

from clips.models import CandidateSegment, Job, JobKind, JobState, OriginalFile, Shoot
from clips.storage.files import sha256_of
from clips.tests.factories import CandidateSegmentFactory, DetectionRunFactory, OriginalFileFactory
from clips.tests.media.made_up import make_video


def film_ten_seconds(shoot: Shoot) -> OriginalFile:
    """Put a real file of ten seconds into the data folder, with its row."""
    stored = django_settings.ORIGINALS_DIR / "filmed.mp4"
    stored.parent.mkdir(parents=True)
    make_video(stored, frames=300, rate=30, bframes=2)
    return OriginalFileFactory(
        shoot=shoot, original_filename="GX010001.MP4", stored_path="originals/filmed.mp4",
        file_hash=sha256_of(stored), size_bytes=stored.stat().st_size, duration_ms=10_000,
    )  # fmt: skip


def propose(original: OriginalFile, *spans_ms: tuple[int, int], score: float = 0.9) -> list[CandidateSegment]:
    run = DetectionRunFactory(original_file=original)
    return [
        CandidateSegmentFactory(original_file=original, run=run, start_ms=start, end_ms=end, score=score)
        for start, end in spans_ms
    ]


def past_jobs(segment: CandidateSegment, *, seconds: float, count: int = 3) -> None:
    """Add past preview jobs of this duration."""
    end = timezone.now()
    for _ in range(count):
        Job.objects.create(
            kind=JobKind.PREVIEW, segment=segment, state=JobState.DONE, progress=1,
            started_at=end - timedelta(seconds=seconds), finished_at=end,
        )  # fmt: skip


def files_of(segment: CandidateSegment) -> list[Path]:
    return list((django_settings.DATA_DIR / "candidates").glob(f"{segment.pk}.*"))
