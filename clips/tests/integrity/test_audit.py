"""Tests that the audit finds disagreements of rows, files and archive, and repairs only what needs no guessing."""

import hashlib
import json
import os
import time
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from clips.integrity import tasks
from clips.integrity.batches import GRACE_S
from clips.integrity.finding import Kind
from clips.integrity.run import CHECKS, Tally, audit
from clips.models import (
    ArchiveCopy,
    AuditReport,
    AuditState,
    CandidateSegment,
    CopyState,
    FileName,
    Filmstrip,
    FinalClip,
    Job,
    JobKind,
    JobState,
    OriginalFile,
    Preview,
    SegmentStatus,
    Upload,
    UploadState,
)
from clips.tests.factories import CandidateSegmentFactory, FinalClipFactory, OriginalFileFactory

pytestmark = pytest.mark.django_db

DATA = b"exactly these bytes"


def found(**options) -> dict[Kind, list[str]]:
    """Return the findings of an audit: the subjects by kind."""
    by_kind: dict[Kind, list[str]] = {}
    for disagreement, _mended in audit(**options):
        by_kind.setdefault(disagreement.kind, []).append(disagreement.subject)
    return by_kind


def mended() -> list[str]:
    return [what for _disagreement, what in audit(repair=True) if what]


@pytest.fixture
def put(own_data_dir):
    """Return a function that writes a file into the data folder, old enough not to be work in progress."""

    def put(stored_path: str, data: bytes = DATA, *, age_s: float = 2 * GRACE_S) -> Path:
        path = own_data_dir / stored_path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (time.time() - age_s,) * 2)
        return path

    return put


@pytest.fixture
def whole(original, run, put) -> FinalClip:
    """A file with one kept moment, its archived clip, and one moment to sort, all consistent."""
    sha256 = hashlib.sha256(DATA).hexdigest()
    OriginalFile.objects.update(size_bytes=len(DATA), file_hash=sha256)
    put(original.stored_path)
    spans = {"original_file": original, "run": run, "score": 0.9}
    kept = CandidateSegmentFactory(start_ms=0, end_ms=4000, status=SegmentStatus.ACCEPTED, **spans)
    to_sort = CandidateSegmentFactory(start_ms=9000, end_ms=12000, **spans)
    CandidateSegment.objects.filter(pk=to_sort.pk).update(poster_path=f"candidates/{to_sort.pk}.jpg")
    Preview.objects.create(
        segment=to_sort, stored_path=f"candidates/{to_sort.pk}.mp4", start_ms=6000, end_ms=15000, width_px=960,
        height_px=540, size_bytes=len(DATA),
    )  # fmt: skip
    Filmstrip.objects.create(
        original_file=original, stored_path=f"candidates/{original.pk}-strip.jpg", columns=1, tile_width_px=1,
        tile_height_px=1, times_ms=[0], size_bytes=len(DATA),
    )  # fmt: skip
    for name in (f"{to_sort.pk}.jpg", f"{to_sort.pk}.mp4", f"{original.pk}-strip.jpg"):
        put(f"candidates/{name}")
    name = FileName.objects.allocate("2024-12-01__BackyardRails__Unknown__Unknown__CAM_GOPRO11__240FPS")
    clip = FinalClipFactory(
        original_file=original, candidate_segment=kept, start_ms=0, end_ms=4000, filename=str(name),
    )  # fmt: skip
    stored_path = f"final_clips/{clip.pk}.mp4"
    FinalClip.objects.update(stored_path=stored_path, file_hash=sha256, size_bytes=len(DATA))
    put(stored_path)
    place = f"TrickyClip Archive/2024/{name}"
    put(f"archive/{place}")
    ArchiveCopy.objects.create(
        clip=clip, backend="local", path=place, remote_id=place, sha256=sha256, state=CopyState.VERIFIED,
        verified_at=timezone.now(),
    )  # fmt: skip
    clip.refresh_from_db()
    return clip


def test_a_site_in_order_has_nothing_to_say(whole):
    assert found(checksums=True) == {}


LOST = {
    "originals": Kind.ORIGINAL_MISSING,
    "candidates": Kind.PREVIEW_MISSING,
    "final_clips": Kind.CLIP_MISSING,
    "archive/TrickyClip Archive/2024": Kind.COPY_MISSING,
}


@pytest.mark.parametrize(("folder", "kind"), LOST.items())
def test_a_row_without_its_file_is_found(whole, own_data_dir, folder, kind):
    paths = [path for path in (own_data_dir / folder).iterdir() if path.is_file()]
    for path in paths:
        path.unlink()
    told = found()
    assert set(told) == {kind}
    assert len(told[kind]) == len(paths)


@pytest.mark.parametrize(("folder", "kind"), [("originals", Kind.ORIGINAL_CHANGED), ("final_clips", Kind.CLIP_CHANGED)])
def test_bytes_that_changed_without_a_change_of_size_need_checksums(whole, own_data_dir, folder, kind):
    path = next((own_data_dir / folder).iterdir())
    path.write_bytes(DATA[::-1])
    assert found() == {}
    assert set(found(checksums=True)) == {kind}
    path.write_bytes(DATA[1:])
    assert set(found()) == {kind}


def test_an_original_that_was_let_go_is_no_fault_as_long_as_an_archive_has_it(whole, own_data_dir):
    original = whole.original_file
    (own_data_dir / original.stored_path).unlink()
    OriginalFile.objects.update(evicted_at=timezone.now())
    assert set(found()) == {Kind.ORIGINAL_MISSING}
    OriginalFile.objects.update(not_needed_at=timezone.now())
    assert found() == {}


def test_an_original_that_the_archive_has_is_fetched_from_there_by_and_by(whole, own_data_dir):
    original = whole.original_file
    (own_data_dir / original.stored_path).unlink()
    assert mended() == []
    ArchiveCopy.objects.create(
        original_file=original, backend="local", path="o", remote_id="o", sha256=OriginalFile.objects.get().file_hash,
        state=CopyState.VERIFIED, verified_at=timezone.now(),
    )  # fmt: skip
    told = [what for disagreement, what in audit(repair=True) if disagreement.kind == Kind.ORIGINAL_MISSING]
    assert told == ["the archive has it, and it will be fetched when needed"]
    assert OriginalFile.objects.evicted().exists()


ORPHANS = {
    "originals/stray.mp4": (Kind.ORPHAN_ORIGINAL, True),
    "final_clips/stray.mp4": (Kind.ORPHAN_CLIP, True),
    "uploads/stray.part": (Kind.ORPHAN_UPLOAD, True),
    "candidates/stray.mp4": (Kind.ORPHAN_PREVIEW, False),
    "final_clips/shared/stray.mp4": (Kind.ORPHAN_SHARED, False),
    "final_clips/reels/stray.mp4": (Kind.ORPHAN_FILM, False),
    "final_clips/handles/stray.mp4": (Kind.ORPHAN_FILM, False),
    "scratch/stray": (Kind.SCRATCH, False),
}


@pytest.mark.parametrize(("stray", "kind", "stays"), [(path, *what) for path, what in ORPHANS.items()])
def test_a_file_without_a_row_is_found_and_only_removed_if_it_can_be_made_again(whole, put, stray, kind, stays):
    path = put(stray, age_s=24 * 3600)
    assert set(found()) == {kind}
    assert path.exists()
    assert bool(mended()) is not stays
    assert path.exists() is stays


def test_the_work_of_a_job_that_rests_for_days_is_no_leftover(whole, put):
    folder = put(f"scratch/look-{whole.original_file_id}", age_s=24 * 3600)
    assert set(found()) == {Kind.SCRATCH}
    Job.objects.for_target(JobKind.LOOK, whole.original_file)
    assert found() == {}
    assert folder.exists()


def test_a_file_that_was_placed_a_moment_ago_is_no_orphan(whole, put):
    put("originals/new.mp4", age_s=0)
    put("candidates/new.mp4", age_s=0)
    assert found() == {}


def test_the_file_of_an_upload_that_is_being_checked_is_no_orphan(sorter, shoot, put):
    upload = Upload.objects.create(
        owner=sorter, shoot=shoot, original_filename="a.mp4", size_bytes=19, offset_bytes=19, state=UploadState.RECEIVED
    )
    put(f"originals/{upload.pk}.mp4")
    assert set(found()) == {Kind.UPLOAD_STUCK}
    assert mended() == ["a job will check it"]
    assert found() == {}


def test_received_bytes_that_are_gone_are_told(sorter, shoot):
    Upload.objects.create(
        owner=sorter, shoot=shoot, original_filename="GX01.MP4", size_bytes=1000, offset_bytes=500
    )  # fmt: skip
    assert found() == {Kind.UPLOAD_LOST: ["GX01.MP4"]}


def test_repair_asks_for_what_can_be_made_again(whole, own_data_dir):
    for path in [*(own_data_dir / "candidates").iterdir(), own_data_dir / whole.stored_path]:
        path.unlink()
    assert len(mended()) == 4
    asked = set(Job.objects.active().values_list("kind", flat=True))
    assert asked == {JobKind.PREVIEW, JobKind.POSTER, JobKind.FILMSTRIP, JobKind.REGAIN}
    assert set(found()) == {Kind.CLIP_MISSING}  # until its job is done; the rest is not missed any more


@pytest.mark.slow
def test_a_clip_that_nobody_cuts_or_archives_is_found_and_asked_for(whole):
    ArchiveCopy.objects.all().delete()
    assert set(found()) == {Kind.COPY_ABSENT, Kind.COPY_UNKNOWN}
    FinalClip.objects.update(stored_path="", file_hash="", size_bytes=None)
    assert Kind.CLIP_UNCUT in found()
    mended()
    assert Job.objects.active().get().kind == JobKind.RENDER
    assert Kind.CLIP_UNCUT not in found()


def test_a_lineage_without_a_current_version_and_a_kept_moment_without_a_clip_are_found(whole):
    FinalClip.objects.update(is_current=False)
    assert set(found()) == {Kind.LINEAGE}
    FinalClip.objects.update(removed_at=timezone.now())
    assert set(found()) == {Kind.KEPT_WITHOUT_CLIP}


def test_a_clip_of_a_moment_that_was_not_kept_is_found(whole):
    CandidateSegment.objects.update(status=SegmentStatus.TRASHED)
    assert set(found()) == {Kind.LINEAGE}


def test_a_name_that_says_another_session_is_found_and_put_right(whole, work_off):
    type(whole.original_file.shoot).objects.update(slug="Elsewhere")
    assert found() == {Kind.NAME: [whole.filename]}
    assert mended() == ["a job will rename it"]
    assert found() == {}, "while the job waits"
    assert work_off()[0] == JobKind.RENAME
    assert FinalClip.objects.filter(filename__contains="__Elsewhere__").exists()


def test_a_name_that_could_be_given_again_is_taken_by_a_repair(whole):
    FileName.objects.all().delete()
    assert found() == {Kind.NAME_NOT_TAKEN: [whole.filename]}
    assert mended() == ["the name is recorded as taken"]
    assert str(FileName.objects.get()) == whole.filename


def test_a_job_that_nobody_ends_is_found_and_returned(original, put):
    put(original.stored_path, b"." * 1000)
    job = Job.objects.for_target(JobKind.DETECT, original)
    long_ago = timezone.now() - timezone.timedelta(hours=1)
    Job.objects.update(state=JobState.RUNNING, lease_token=job.pk, lease_ends_at=long_ago, attempts=1)
    assert set(found()) == {Kind.JOB_STUCK}
    assert mended() == ["it was sent to the broker again"]
    assert Job.objects.get().state == JobState.WAITING


def test_the_command_says_each_and_fails_where_something_is_wrong(whole, put):
    put("originals/stray.mp4")
    out = StringIO()
    with pytest.raises(CommandError, match="1 wrong"):
        call_command("audit", stdout=out)
    assert "wrong     originals/stray.mp4: no row refers to this file of 19" in out.getvalue()
    (put("originals/stray.mp4")).unlink()
    call_command("audit", stdout=out)
    assert "Rows, files and archive agree." in out.getvalue()


def test_json_is_one_object_a_line_with_the_sums_last(whole, put):
    put("candidates/stray.mp4")
    out = StringIO()
    call_command("audit", json=True, repair=True, stdout=out)
    *lines, sums = map(json.loads, out.getvalue().splitlines())
    assert [(line["kind"], line["repaired"]) for line in lines] == [("ORPHAN_PREVIEW", "removed")]
    assert sums == {"counts": {"ORPHAN_PREVIEW": 1}, "wrong": 0, "repaired": 1}


def test_without_repair_nothing_is_written(whole, put, own_data_dir):
    put("candidates/stray.mp4")
    (own_data_dir / whole.stored_path).unlink()
    before = sorted(own_data_dir.rglob("*"))
    with CaptureQueriesContext(connection) as queries:
        found(checksums=True)
    assert sorted(own_data_dir.rglob("*")) == before
    assert [query for query in queries if query["sql"].split()[0] in {"INSERT", "UPDATE", "DELETE"}] == []


def test_the_nightly_audit_leaves_its_report_for_the_jobs_page(whole, put, client, sorter):
    put("originals/stray.mp4")
    tasks.audit()
    report = AuditReport.objects.get()
    assert (report.state, report.n_wrong, report.counts) == (AuditState.DONE, 1, {"ORPHAN_ORIGINAL": 1})
    client.force_login(sorter)
    assert "1 problem found." in client.get(reverse("clips:jobs")).content.decode()
    page = client.get(reverse("clips:audit")).content.decode()
    assert "originals/stray.mp4" in page
    assert "Check now" not in page  # that is for curators


def test_the_page_waits_for_the_audit_that_it_asked_for(whole, client, curator, broker):
    client.force_login(curator)
    address = client.post(reverse("clips:audit_start")).url
    assert "Results show up here." in client.get(address).content.decode()
    tasks.audit()
    assert "Results show up here." not in client.get(address).content.decode()


def test_of_many_alike_the_report_keeps_some_and_the_number_of_all(whole, put):
    for number in range(60):
        put(f"originals/{number}.mp4")
    tasks.audit()
    report = AuditReport.objects.get()
    assert report.counts == {"ORPHAN_ORIGINAL": 60}
    assert len(report.found["ORPHAN_ORIGINAL"]) == 50


def test_two_audits_do_not_run_at_once_and_a_dead_one_is_closed(db):
    first = AuditReport.objects.begin(checksums=False, repairs=False)
    assert AuditReport.objects.begin(checksums=False, repairs=False) is None
    AuditReport.objects.update(seen_at=timezone.now() - timezone.timedelta(hours=1))
    assert AuditReport.objects.begin(checksums=False, repairs=False)
    assert not first.end(**Tally().as_fields())


def test_the_queries_of_each_check_do_not_follow_the_number_of_rows(whole, put):
    def n_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            for check in CHECKS:
                list(check(checksums=False))
        return len(queries)

    few = n_queries()
    for number in range(20):
        put(f"originals/{number}.mp4")
        sha256 = f"{number:064d}"
        OriginalFileFactory(
            shoot=whole.original_file.shoot, original_filename="a", stored_path=f"originals/{number}.mp4",
            size_bytes=len(DATA), file_hash=sha256,
        )  # fmt: skip
    assert n_queries() == few
