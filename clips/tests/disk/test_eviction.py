"""Tests eviction: what is deleted, in which order, and that nothing needed is."""

import io
import os
import threading
import time
import uuid

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from clips.archive.configured import archive_backend
from clips.disk import evictable, eviction, upkeep
from clips.jobs.worker import claim
from clips.models import (
    ArchiveCopy,
    CandidateSegment,
    CopyState,
    DetectionRun,
    EvictedKind,
    Eviction,
    Filmstrip,
    Job,
    JobKind,
    JobState,
    OriginalFile,
    Preview,
    SegmentStatus,
    WaitsFor,
)
from clips.tests.factories import CandidateSegmentFactory, DetectionRunFactory, FinalClipFactory

pytestmark = pytest.mark.django_db
ALL = 10**12


@pytest.fixture
def sorted_original(make_original, archive_it) -> OriginalFile:
    """An original that is sorted, archived, and has one archived clip."""
    original = make_original()
    run = DetectionRunFactory(original_file=original)
    kept = moment(run, SegmentStatus.ACCEPTED)
    moment(run, SegmentStatus.TRASHED)
    clip = FinalClipFactory(
        original_file=original, candidate_segment=kept, start_ms=1000, end_ms=2000, fps_label="60FPS",
        filename="a__v001.mp4", file_hash="c" * 64,
        stored_path="final_clips/a.mp4", size_bytes=1,
    )  # fmt: skip
    archive_it(original)
    ArchiveCopy.objects.create(
        clip=clip, backend="local", path="a", sha256="c" * 64, state=CopyState.VERIFIED, verified_at=timezone.now()
    )
    return original


def moment(run: DetectionRun, status: SegmentStatus, *, score: float = 0.9, **fields) -> CandidateSegment:
    start_ms = 1000 * (1 + run.segments.count())
    span_ms = {"start_ms": start_ms, "end_ms": start_ms + 1000}
    return CandidateSegmentFactory(
        original_file=run.original_file, run=run, score=score, status=status, **span_ms, **fields
    )


def is_here(original: OriginalFile, data_dir) -> bool:
    original.refresh_from_db()
    is_there = (data_dir / original.stored_path).is_file()
    assert is_there == (original.evicted_at is None)
    return is_there


def why(original: OriginalFile) -> str:
    return evictable.why_it_stays(evictable.with_ties(OriginalFile.objects.all()).get(pk=original.pk))


def test_an_original_that_is_nowhere_needed_goes_and_its_row_says_so(sorted_original, own_data_dir):
    assert eviction.make_room(ALL) == sorted_original.size_bytes
    assert not is_here(sorted_original, own_data_dir)
    said = Eviction.objects.get()
    assert (said.kind, said.original_file, said.size_bytes) == (EvictedKind.ORIGINAL, sorted_original, 300_000)
    assert "the archive has it" in said.why


def test_what_was_read_from_it_stays(sorted_original, own_data_dir):
    strip = own_data_dir / "candidates" / "strip.jpg"
    strip.parent.mkdir()
    strip.touch()
    Filmstrip.objects.create(
        original_file=sorted_original, stored_path="candidates/strip.jpg", columns=1, tile_width_px=1,
        tile_height_px=1, times_ms=[0], size_bytes=1,
    )  # fmt: skip
    eviction.make_room(ALL)
    assert strip.is_file()
    assert DetectionRun.objects.get().original_file.fingerprint == sorted_original.fingerprint
    assert CandidateSegment.objects.count() == 2


TIES = {
    "moments to sort": lambda o: moment(o.runs.get(), SegmentStatus.UNREVIEWED),
    "not all its clips": lambda o: ArchiveCopy.objects.filter(clip__isnull=False).update(sha256="d" * 64),
    "it is neither archived nor marked as removable": lambda o: ArchiveCopy.objects.filter(original_file=o).delete(),
    "not been searched yet": lambda o: (o.segments.update(run=None), o.runs.all().delete()),
    "jobs for it": lambda o: Job.objects.for_target(JobKind.RENDER, o.clips.get()),
    "just restored": lambda o: OriginalFile.objects.update(fetched_at=timezone.now()),
}


@pytest.mark.parametrize("sentence", TIES)
def test_whatever_ties_an_original_keeps_it_here(sorted_original, own_data_dir, sentence):
    TIES[sentence](sorted_original)
    assert sentence in why(sorted_original)
    assert eviction.make_room(ALL) == 0
    assert is_here(sorted_original, own_data_dir)


def test_a_moment_that_somebody_holds_keeps_it_even_where_it_is_not_shown(sorted_original, sorter):
    lease = {"locked_at": timezone.now(), "lease_token": uuid.uuid4(), "locked_by": sorter}
    soon = timezone.now() + timezone.timedelta(minutes=1)
    moment(sorted_original.runs.get(), SegmentStatus.IN_PROGRESS, score=0.01, lease_ends_at=soon, **lease)
    assert "moments to sort" in why(sorted_original)


def test_moments_below_the_sensitivity_keep_nothing(sorted_original):
    moment(sorted_original.runs.get(), SegmentStatus.UNREVIEWED, score=0.01)
    assert why(sorted_original) == ""


def test_one_that_is_not_needed_goes_without_a_copy(sorted_original, own_data_dir):
    ArchiveCopy.objects.filter(original_file=sorted_original).delete()
    OriginalFile.objects.update(not_needed_at=timezone.now())
    eviction.make_room(ALL)
    assert not is_here(sorted_original, own_data_dir)
    assert "removable" in Eviction.objects.get().why


def test_the_archive_is_asked_once_more_before_an_original_goes(sorted_original, own_data_dir, work_off):
    copy = ArchiveCopy.objects.get(original_file=sorted_original)
    (archive_backend().root / copy.remote_id).unlink()
    assert eviction.make_room(ALL) == 0
    assert is_here(sorted_original, own_data_dir)
    work_off()
    copy.refresh_from_db()
    assert copy.state == CopyState.REMOVED


def test_a_camera_s_small_copy_stays_as_long_as_its_large_one_is_sorted(sorted_original, make_original, archive_it):
    small = make_original("GL010001.LRV", low_res_of=sorted_original)
    archive_it(small)
    assert why(small) == ""
    moment(sorted_original.runs.get(), SegmentStatus.UNREVIEWED)
    assert "moments to sort" in why(small)


def test_originals_go_last_and_only_as_many_as_must(sorted_original, settings, own_data_dir):
    left = settings.SCRATCH_DIR / "left"
    left.mkdir(parents=True)
    (left / "clip.mp4").write_bytes(bytes(500))
    os.utime(left, (0, 0))
    fresh = settings.SCRATCH_DIR / "fresh"
    fresh.mkdir()
    preview_of(sorted_original.segments.filter(status=SegmentStatus.ACCEPTED).get(), own_data_dir)
    assert eviction.make_room(1000) == 1500
    assert [row.kind for row in Eviction.objects.order_by("pk")] == [EvictedKind.SCRATCH, EvictedKind.PREVIEW]
    assert fresh.is_dir()
    assert not left.exists()
    assert is_here(sorted_original, own_data_dir)


def test_previews_of_what_is_not_sorted_stay(run, own_data_dir):
    preview_of(moment(run, SegmentStatus.UNREVIEWED), own_data_dir)
    assert eviction.make_room(ALL) == 0
    assert Preview.objects.count() == 1


def preview_of(segment: CandidateSegment, data_dir) -> None:
    path = data_dir / "candidates" / f"{segment.pk}.mp4"
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(bytes(1000))
    Preview.objects.create(
        segment=segment, stored_path=f"candidates/{segment.pk}.mp4", start_ms=0, end_ms=3000, width_px=960,
        height_px=540, size_bytes=1000,
    )  # fmt: skip


def test_a_fetch_that_is_under_way_keeps_what_it_has(sorted_original, let_go, settings):
    let_go(sorted_original)
    Job.objects.for_target(JobKind.FETCH, sorted_original)
    part = settings.SCRATCH_DIR / f"{sorted_original.pk}.fetch"
    part.parent.mkdir(exist_ok=True)
    part.write_bytes(b"half")
    os.utime(part, (0, 0))
    eviction.make_room(ALL)
    assert part.is_file()


def test_one_who_died_before_deleting_left_nothing_behind(sorted_original, own_data_dir, monkeypatch):
    monkeypatch.setattr(eviction, "_delete_bytes", lambda original: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        eviction.make_room(ALL)
    monkeypatch.undo()
    assert (own_data_dir / sorted_original.stored_path).is_file()
    eviction.make_room(ALL)
    assert not is_here(sorted_original, own_data_dir)


@pytest.mark.django_db(transaction=True)
def test_a_job_that_begins_while_its_original_is_about_to_go_keeps_it(sorted_original, own_data_dir):
    """Fails when the lock is not taken first: leave the ``select_for_update`` out of ``eviction.let_go``."""

    def make_room() -> None:
        try:
            eviction.make_room(ALL)
        finally:
            connection.close()

    thread = threading.Thread(target=make_room)
    with transaction.atomic():
        OriginalFile.objects.select_for_update().get(pk=sorted_original.pk)
        thread.start()
        wait_until_somebody_waits()
        Job.objects.for_target(JobKind.POSTER, sorted_original)
    thread.join()
    assert is_here(sorted_original, own_data_dir)


def wait_until_somebody_waits() -> None:
    deadline_s = time.monotonic() + 30
    with connection.cursor() as cursor:
        while time.monotonic() < deadline_s:
            cursor.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))")
            if cursor.fetchone():
                return
            time.sleep(0.02)
    pytest.fail("nobody waits for the lock")


def test_upkeep_makes_room_near_the_floor_and_lets_go_on_what_waited(sorted_original, make_original, disk, settings):
    waiting = Job.objects.for_target(JobKind.POSTER, make_original("GX010002.MP4"))
    disk["bytes"] = -1
    with claim(waiting.pk) as work:
        assert work is None
    upkeep.look_after()
    sorted_original.refresh_from_db()
    assert sorted_original.evicted_at is not None
    waiting.refresh_from_db()
    assert waiting.waits_for == WaitsFor.ROOM, "still below the floor"
    disk["bytes"] = 10**9
    upkeep.look_after()
    with claim(waiting.pk) as work:
        assert work.job.attempts == 1


def test_far_from_the_floor_nothing_goes(sorted_original, own_data_dir, disk):
    disk["bytes"] = 10**12
    upkeep.look_after()
    assert is_here(sorted_original, own_data_dir)


def evict(*args: str) -> str:
    out = io.StringIO()
    call_command("evict", *args, stdout=out)
    return out.getvalue()


def test_a_dry_run_says_what_would_go_and_what_stays_and_deletes_nothing(sorted_original, make_original, own_data_dir):
    make_original("GX010002.MP4")
    said = evict("--dry-run", "--bytes", str(ALL))
    assert "originals: GX010001.MP4 (2024-12-01 Backyard Rails)" in said
    assert "1 original stays (293.0\xa0KB): it has not been searched yet." in said
    assert is_here(sorted_original, own_data_dir)
    assert not Eviction.objects.exists()


@pytest.mark.parametrize(("setting", "n_asked"), [("never", 0), ("after_sorting", 1), ("at_once", 2)])
def test_originals_go_into_the_archive_as_the_setting_says(
    sorted_original, make_original, disk, settings, setting, n_asked
):
    ArchiveCopy.objects.filter(original_file=sorted_original).delete()
    make_original("GX010002.MP4")
    settings.ARCHIVE_ORIGINALS = setting
    disk["bytes"] = 10**12
    upkeep.look_after()
    assert Job.objects.filter(kind=JobKind.ARCHIVE, state=JobState.WAITING).count() == n_asked
