"""Tests that emptying the bin deletes all files and nothing else, also when it is killed at any step."""

import datetime as dt
import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from clips.archive.local import TRASH_FOLDER
from clips.archive.renaming import follow
from clips.integrity.batches import GRACE_S
from clips.integrity.run import audit
from clips.jobs import pipeline
from clips.library import emptying
from clips.library.bin import restore, throw_away
from clips.library.bin_rights import BinError, NotAllowedError
from clips.library.tasks import empty_bin
from clips.models import (
    BinEntry,
    CandidateSegment,
    CopyState,
    Filmstrip,
    FinalClip,
    Job,
    JobKind,
    JobState,
    OriginalFile,
    Preview,
    SegmentStatus,
    SharedCopy,
    ShareLink,
    Shoot,
    WaitsFor,
)
from clips.models.public_text import told
from clips.tests.factories import CandidateSegmentFactory, FinalClipFactory, OriginalFileFactory
from people.models import Person

pytestmark = pytest.mark.django_db

MOST_STEPS = 400


class Filmed:
    """A session of one video with bytes of all kinds: three moments, two clips of which one has an earlier version."""

    def __init__(self, data_dir: Path, shoot: Shoot, member) -> None:
        self.data_dir = data_dir
        data = f"a camera's bytes of {shoot.name}".encode()
        self.video = OriginalFileFactory(
            shoot=shoot, uploader=member, size_bytes=len(data), file_hash=hashlib.sha256(data).hexdigest(),
            duration_ms=60_000, fingerprint="f" * 64, camera_id="CAM_GOPRO11", fps_label="240FPS",
        )  # fmt: skip
        self._put(self.video.stored_path, data)
        self.segments = [self._segment(n) for n in range(3)]
        self.clips = [self._clip(segment, member) for segment in self.segments[:2]]
        self.older = self._clip(self.segments[0], member, lineage=self.clips[0].lineage, is_current=False)
        strip = f"candidates/{self.video.pk}-strip.jpg"
        self._put(strip, b"strip")
        Filmstrip.objects.create(
            original_file=self.video, stored_path=strip, columns=1, tile_width_px=9, tile_height_px=9, times_ms=[0],
            size_bytes=5,
        )  # fmt: skip

    def _put(self, stored_path: str, data: bytes) -> None:
        path = self.data_dir / stored_path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        os.utime(path, (time.time() - 2 * GRACE_S,) * 2)

    def _segment(self, number: int) -> CandidateSegment:
        status = SegmentStatus.ACCEPTED if number < 2 else SegmentStatus.UNREVIEWED
        segment = CandidateSegmentFactory(
            original_file=self.video, start_ms=number * 5000, end_ms=number * 5000 + 4000, status=status
        )
        path, picture = f"candidates/{segment.pk}.mp4", f"candidates/{segment.pk}.jpg"
        self._put(path, b"preview"), self._put(picture, b"picture")
        CandidateSegment.objects.filter(pk=segment.pk).update(poster_path=picture)
        Preview.objects.create(
            segment=segment, stored_path=path, start_ms=0, end_ms=9, width_px=9, height_px=9, size_bytes=7
        )
        return segment

    def _clip(self, segment: CandidateSegment, member, **fields) -> FinalClip:
        clip = FinalClipFactory(
            original_file=self.video, candidate_segment=segment, start_ms=segment.start_ms, end_ms=segment.end_ms,
            created_by=member, **fields,
        )  # fmt: skip
        data = str(clip.pk).encode()
        path = f"final_clips/{clip.pk}.mp4"
        self._put(path, data)
        cut = {"stored_path": path, "file_hash": hashlib.sha256(data).hexdigest(), "size_bytes": len(data)}
        FinalClip.objects.filter(pk=clip.pk).update(**cut)
        copy = SharedCopy.objects.create(clip=clip)
        shared = f"final_clips/shared/{copy.pk}.mp4"
        self._put(shared, b"shared")
        SharedCopy.objects.filter(pk=copy.pk).update(stored_path=shared, size_bytes=6)
        ShareLink.objects.issue(copy, member)
        clip.refresh_from_db()
        return clip

    def archive(self, work_off) -> None:
        for thing in (*self.clips, self.older, self.video):
            Job.objects.for_target(JobKind.ARCHIVE, thing)
        work_off()

    def left(self) -> set[str]:
        """Return the stored paths that still hold a file."""
        folders = ("originals", "candidates", "final_clips")
        files = [path for folder in folders for path in (self.data_dir / folder).rglob("*") if path.is_file()]
        return {str(path.relative_to(self.data_dir)) for path in files}

    def in_archive(self) -> tuple[list[str], list[str]]:
        """Return the names of files in the archive, and of those in its trash."""
        files = [path for path in (self.data_dir / "archive").rglob("*.*") if path.is_file()]
        files = [path for path in files if path.suffix in {".mp4", ".MP4"}]
        trashed = [path.name for path in files if TRASH_FOLDER in path.parts]
        return [path.name for path in files if TRASH_FOLDER not in path.parts], trashed


@pytest.fixture
def filmed(own_data_dir, shoot, sorter) -> Filmed:
    return Filmed(own_data_dir, shoot, sorter)


def promised() -> set[str]:
    """Return the stored paths of all rows that say they have a file."""
    rows = [
        OriginalFile.objects.on_disk().values_list("stored_path", flat=True),
        FinalClip.objects.exclude(stored_path="").values_list("stored_path", flat=True),
        SharedCopy.objects.exclude(stored_path="").values_list("stored_path", flat=True),
        Preview.objects.values_list("stored_path", flat=True),
        Filmstrip.objects.values_list("stored_path", flat=True),
        CandidateSegment.objects.exclude(poster_path="").values_list("poster_path", flat=True),
    ]
    return {path for paths in rows for path in paths}


def wrong() -> list[str]:
    """Return what an audit says is wrong, but for names that a test does not give as the site does."""
    kinds = {"NAME", "NAME_NOT_TAKEN"}
    return [str(one) for one, _mended in audit(checksums=True) if one.kind.is_wrong and one.kind.value not in kinds]


def overdue(entry: BinEntry) -> None:
    at = timezone.now() - dt.timedelta(days=django_settings.BIN_DAYS, minutes=1)
    BinEntry.objects.filter(pk=entry.pk).update(thrown_at=at)


# --- what goes and what stays -----------------------------------------------------------------------------------------


def test_nothing_goes_before_its_time(filmed, sorter, work_off):
    entry = throw_away(sorter, shoots=[filmed.video.shoot])
    there = filmed.left()
    empty_bin()
    work_off()
    assert filmed.left() == there
    assert entry.days_left == 30


@pytest.mark.slow
def test_after_its_time_all_of_a_session_goes_at_night(filmed, sorter, work_off):
    filmed.archive(work_off)
    entry = throw_away(sorter, shoots=[filmed.video.shoot])
    assert (entry.n_clips, entry.n_videos, entry.n_archived) == (2, 1, 4)
    assert emptying.says(entry).startswith("Deletes 1 video, 2 clips, 3 moments, ")
    assert emptying.says(entry).endswith("for good; the archive’s copies go to its trash folder.")
    overdue(entry)
    empty_bin()
    assert work_off()[0] == JobKind.EMPTY
    entry.refresh_from_db()
    assert entry.emptied_at is not None
    assert filmed.left() == set()
    there, trashed = filmed.in_archive()
    assert (there, len(trashed)) == ([], 4)
    assert promised() == set()
    assert wrong() == []


def test_on_drive_the_copies_go_to_its_own_trash(filmed, sorter, settings):
    entry = throw_away(sorter, clips=[filmed.clips[0]])
    BinEntry.objects.filter(pk=entry.pk).update(n_archived=2)
    entry.refresh_from_db()
    settings.ARCHIVE_BACKEND = "drive"
    assert emptying.says(entry).endswith("for good; the archive’s copies go to Drive’s trash.")


def test_rows_stay_so_that_names_and_cards_are_recognised(filmed, sorter, curator, work_off):
    names = set(FinalClip.objects.values_list("filename", flat=True))
    emptying.delete_now(throw_away(sorter, shoots=[filmed.video.shoot]), curator)
    work_off()
    video = OriginalFile.objects.get()
    assert video.fingerprint == "f" * 64
    assert video.evicted_at is not None
    assert set(FinalClip.objects.values_list("filename", flat=True)) == names
    assert not ShareLink.objects.exists()


@pytest.mark.slow
def test_clips_that_stay_keep_their_pictures(filmed, sorter, curator, work_off):
    filmed.archive(work_off)
    emptying.delete_now(throw_away(sorter, videos=[filmed.video]), curator)
    work_off()
    kept = {f"candidates/{segment.pk}.{ending}" for segment in filmed.segments[:2] for ending in ("mp4", "jpg")}
    assert {path for path in filmed.left() if path.startswith("candidates/")} == kept
    assert not any(path.startswith("originals/") for path in filmed.left())
    assert FinalClip.objects.current().count() == 2
    assert promised() == filmed.left()
    assert wrong() == []


@pytest.mark.slow
def test_one_clip_goes_with_its_versions_and_the_rest_stays(filmed, sorter, curator, work_off):
    filmed.archive(work_off)
    before = filmed.left()
    emptying.delete_now(throw_away(sorter, clips=[filmed.clips[0]]), curator)
    work_off()
    gone = before - filmed.left()
    assert {path for path in gone if "shared" not in path} == {
        f"final_clips/{clip.pk}.mp4" for clip in (filmed.clips[0], filmed.older)
    }
    assert len(gone) == 4
    assert promised() == filmed.left()
    assert filmed.clips[1].copies.get().state == CopyState.VERIFIED
    assert wrong() == []


def test_an_empty_session_leaves_no_row(shoot, sorter, curator, work_off):
    emptying.delete_now(throw_away(sorter, shoots=[shoot]), curator)
    work_off()
    assert not Shoot.objects.exists()


def test_what_is_being_deleted_is_not_restored(filmed, sorter, curator, work_off):
    entry = throw_away(sorter, clips=[filmed.clips[0]])
    emptying.delete_now(entry, curator)
    with pytest.raises(BinError, match="deleted for good"):
        restore(entry, sorter)
    with pytest.raises(BinError, match="meanwhile"):
        emptying.delete_now(entry, curator)


def test_only_curators_delete_now(filmed, sorter):
    entry = throw_away(sorter, clips=[filmed.clips[0]])
    with pytest.raises(NotAllowedError):
        emptying.delete_now(entry, sorter)
    assert BinEntry.objects.lying().get() == entry


def test_a_video_is_not_deleted_before_its_kept_clips_are_cut(filmed, sorter, curator):
    FinalClip.objects.filter(pk=filmed.clips[1].pk).update(stored_path="", file_hash="", size_bytes=None)
    pipeline.start(JobKind.RENDER, filmed.clips[1])
    entry = throw_away(sorter, videos=[filmed.video])
    with pytest.raises(BinError, match="still being cut"):
        emptying.delete_now(entry, curator)
    overdue(entry)
    empty_bin()
    job = Job.objects.get(kind=JobKind.EMPTY)
    emptying_task(job)
    job.refresh_from_db()
    assert (job.state, told(job.reason)) == (JobState.WAITING, "Clips of this video are cut first.")
    assert (filmed.data_dir / filmed.video.stored_path).exists()


def emptying_task(job: Job) -> None:
    from clips.library.tasks import empty_bin_entry

    empty_bin_entry(str(job.pk))


def test_jobs_of_what_was_deleted_end(filmed, sorter, curator, work_off):
    job = pipeline.start(JobKind.DETECT, filmed.video)
    entry = throw_away(sorter, videos=[filmed.video])
    job.refresh_from_db()
    assert job.waits_for == WaitsFor.BIN
    emptying.delete_now(entry, curator)
    work_off()
    job.refresh_from_db()
    assert job.state == JobState.CANCELLED
    late = pipeline.start(JobKind.POSTER, filmed.video)
    work_off()
    late.refresh_from_db()
    assert late.state == JobState.CANCELLED


def test_a_lost_job_is_started_again_at_night(filmed, sorter, curator, work_off):
    entry = throw_away(sorter, clips=[filmed.clips[0]])
    emptying.delete_now(entry, curator)
    Job.objects.all().delete()
    empty_bin()
    work_off()
    entry.refresh_from_db()
    assert entry.emptied_at is not None


def test_a_second_delivery_changes_nothing(filmed, sorter, curator, work_off):
    emptying.delete_now(throw_away(sorter, shoots=[filmed.video.shoot]), curator)
    work_off()
    emptying_task(Job.objects.get(kind=JobKind.EMPTY))
    assert Job.objects.filter(kind=JobKind.EMPTY).count() == 1


@pytest.mark.slow
def test_a_clip_whose_rider_is_renamed_meanwhile_comes_back_under_the_new_name(filmed, sorter, work_off):
    rider = Person.objects.add("Mia Berg")
    clip = filmed.clips[0]
    FinalClip.objects.filter(pk=clip.pk).update(person=rider, filename="2024-12-01__x__Mia_Berg__v001.mp4")
    filmed.archive(work_off)
    entry = throw_away(sorter, clips=[clip])
    Person.objects.update(display_name="Mia Dahl", slug="Mia_Dahl")
    rider.refresh_from_db()
    follow(rider)
    work_off()
    assert "Mia_Berg" in clip.copies.get().path, "what is in the bin stays where it is"
    restore(entry, sorter)
    work_off()
    assert "Mia_Dahl" in clip.copies.get().path
    assert clip.copies.get().state == CopyState.VERIFIED


# --- killed -----------------------------------------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_killed_at_any_step_no_row_promises_what_is_gone_and_nothing_is_left(own_data_dir, sorter, curator, work_off):
    with in_forks("empty_bin_entry") as run:
        for n_steps in range(1, MOST_STEPS):
            filmed = Filmed(own_data_dir, Shoot.objects.called(f"Session {n_steps}", dt.date(2024, 12, 1)), sorter)
            filmed.archive(work_off)
            entry = throw_away(sorter, shoots=[filmed.video.shoot])
            emptying.delete_now(entry, curator)
            job = Job.objects.get(kind=JobKind.EMPTY, bin_entry=entry)
            ended = run(job, n_steps)
            assert promised() <= filmed.left(), f"killed at step {n_steps}"
            if ended != "killed":
                break
            give_back(job)
            work_off()
            entry.refresh_from_db()
            assert entry.emptied_at is not None, f"killed at step {n_steps}"
            assert filmed.left() == promised() == set(), f"killed at step {n_steps}"
    assert ended == "ended 0"
    assert n_steps > 40, "it was killed at many steps"
    work_off()
    there, trashed = filmed.in_archive()
    assert (there, len(trashed)) == ([], 4 * n_steps)
    assert wrong() == []


def give_back(job: Job) -> None:
    """Do what the sweep does about a job of a silent worker, at once; its attempts are not what is tested."""
    Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(lease_ends_at=timezone.now())
    Job.objects.filter(pk=job.pk).return_expired()
    Job.objects.filter(pk=job.pk).update(attempts=0, run_after=timezone.now())


class in_forks:  # noqa: N801  used as a function
    """Start the program that does jobs in forks; yields a function that does one up to a step."""

    def __init__(self, task: str) -> None:
        database = connection.settings_dict
        host = f"{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
        environment = {
            **os.environ,
            "DATABASE_URL": f"postgres://{host}/{database['NAME']}",
            "DATA_DIR": str(django_settings.DATA_DIR),
            "DJANGO_SETTINGS_MODULE": "trickyclip.settings",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "clips.tests.library.killed_at_each_step", task],
            cwd=django_settings.BASE_DIR, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def __enter__(self):
        return self.run

    def run(self, job: Job, n_steps: int) -> str:
        self.process.stdin.write(f"{n_steps} {job.pk}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def __exit__(self, *_error: object) -> None:
        self.process.stdin.close()
        self.process.wait(timeout=20)
