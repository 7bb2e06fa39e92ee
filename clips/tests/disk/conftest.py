"""Fixtures of originals with bytes of their own, and of a disk with a set amount of free space."""

import hashlib
import secrets
from collections.abc import Callable

import pytest
from django.utils import timezone

from clips.disk import floor
from clips.models import Job, JobKind, OriginalFile, Shoot
from clips.tests.factories import OriginalFileFactory


@pytest.fixture
def disk(monkeypatch) -> dict[str, int]:
    """Free space above the disk's floor, set by the test."""
    free = {"bytes": 10**9}
    monkeypatch.setattr(floor, "free_bytes", lambda: free["bytes"])
    monkeypatch.setattr(floor, "working_bytes", lambda: 0)
    return free


@pytest.fixture
def make_original(shoot, own_data_dir) -> Callable[..., OriginalFile]:
    """Return a function that makes a probed original of noise without moments."""

    def make(name: str = "GX010001.MP4", size_bytes: int = 300_000, shoot: Shoot = shoot, **fields) -> OriginalFile:
        data = secrets.token_bytes(size_bytes)
        sha256 = hashlib.sha256(data).hexdigest()
        path = own_data_dir / "originals" / f"{sha256[:12]}.mp4"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(data)
        return OriginalFileFactory(
            shoot=shoot, original_filename=name, stored_path=f"originals/{path.name}", file_hash=sha256,
            size_bytes=size_bytes, camera_id="CAM_GOPRO11", fps_label="60FPS", rate_num=60, rate_den=1,
            duration_ms=60_000, codec="h264", probed_at=timezone.now(), **fields,
        )  # fmt: skip

    return make


@pytest.fixture
def archive_it(work_off) -> Callable[[OriginalFile], None]:
    """Return a function that archives an original with the real job."""

    def archive(original: OriginalFile) -> None:
        Job.objects.for_target(JobKind.ARCHIVE, original)
        work_off()

    return archive


@pytest.fixture
def let_go(own_data_dir) -> Callable[[OriginalFile], OriginalFile]:
    """Return a function that removes an original's bytes from the disk, as eviction does."""

    def go(original: OriginalFile) -> OriginalFile:
        OriginalFile.objects.filter(pk=original.pk).update(evicted_at=timezone.now())
        (own_data_dir / original.stored_path).unlink()
        original.refresh_from_db()
        return original

    return go
