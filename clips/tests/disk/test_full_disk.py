"""Tests a small disk that fills during uploads, analysis and sorting: nothing is lost, and nothing stays stuck.

The data folder is its own volume, the archive is elsewhere. More is uploaded than fits at once, so sorted files must go
before the rest can come; somebody edits clips whose camera files are gone, and now and then another program takes all
the space left. Only waiting times of jobs are skipped.
"""

import hashlib
import random
import shutil
import subprocess
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from celery import current_app
from django.db import connection
from django.utils import timezone

from clips.archive.configured import archive_backend
from clips.disk import evictable, upkeep
from clips.ingest import part_file, quota, tus
from clips.ingest.tus_headers import TusError, metadata_of
from clips.jobs.registry import step_of
from clips.library.new_version import reedit
from clips.models import (
    ArchiveCopy,
    CandidateSegment,
    CopyState,
    Eviction,
    FinalClip,
    Job,
    JobState,
    OriginalFile,
    SegmentStatus,
    Upload,
    UploadState,
)
from clips.models.job import GIVING_WAY
from clips.sorting import decisions
from clips.storage.files import sha256_of
from clips.tests.media.made_up import make_video
from people.models import Member

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True), pytest.mark.timeout(3600)]

MIB = 1024**2
VOLUME_BYTES, FILE_BYTES, CHUNK_BYTES = 400 * MIB, 80 * MIB, 16 * MIB
PATIENCE_S = 900


@pytest.fixture
def volume(tmp_path) -> Iterator[Path]:
    """A file system in memory."""
    folder = tmp_path / "volume"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={VOLUME_BYTES}", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small volume to fill")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


class Crew:
    """Uploads, works, sorts, edits and fills, each in a thread, until the disk has taken everything."""

    def __init__(self, seed: int, n_files: int, member: Member, folder: Path, volume: Path) -> None:
        self.seed, self.member, self.volume = seed, member, volume
        self.is_over = threading.Event()
        self.faults: list[BaseException] = []
        self.n_refused = 0
        film = make_video(folder / "film.mp4", frames=600, events_s=[6])
        self.waiting = [self._file(folder, film, number) for number in range(n_files)]
        self.sent = {hashlib.sha256(path.read_bytes()).hexdigest() for path in self.waiting}
        self.n_edits = n_files // 2

    @staticmethod
    def _file(folder: Path, film: Path, number: int) -> Path:
        """Return the film with a box of noise that players skip: as large as a camera's, and quick to analyse."""
        path = folder / f"GX01{number:04d}.MP4"
        noise = random.Random(number).randbytes(FILE_BYTES - film.stat().st_size - 8)  # noqa: S311
        path.write_bytes(film.read_bytes() + (len(noise) + 8).to_bytes(4, "big") + b"free" + noise)
        return path

    def run(self) -> None:
        roles = [self._upload, self._work, self._work, self._sort, self._fill]
        threads = [threading.Thread(target=self._in_thread, args=[role, n]) for n, role in enumerate(roles)]
        for thread in threads:
            thread.start()
        deadline_s = time.monotonic() + PATIENCE_S
        while not self.faults and not self._is_done():
            assert time.monotonic() < deadline_s, self.told()
            # What a minute's beat does; and jobs that only wait for their next try need not wait here.
            upkeep.look_after()
            Job.objects.filter(state=JobState.WAITING, waits_for="").update(run_after=timezone.now())
            Job.objects.return_expired()
            OriginalFile.objects.filter(fetched_at__isnull=False).update(
                fetched_at=timezone.now() - evictable.FRESH_FOR
            )
            time.sleep(0.3)
        self.is_over.set()
        for thread in threads:
            thread.join()
        assert self.faults == []

    def told(self) -> str:
        jobs = Job.objects.exclude(state=JobState.DONE)
        said = [f"{job}: {job.state} {job.waits_for} {job.reason}" for job in jobs]
        ties = [evictable.why_it_stays(one) for one in evictable.with_ties(OriginalFile.objects.on_disk())]
        return "\n".join([f"{len(self.waiting)} to send, {upkeep.guard.free_bytes()} free", *said, *ties])

    def _is_done(self) -> bool:
        all_sent = not self.waiting and not Upload.objects.unfinished().exists()
        clips = FinalClip.objects.filter(is_current=True, stored_path="")
        return all_sent and not (self.n_edits or Job.objects.active().exists() or clips.exists() or self._open())

    @staticmethod
    def _open():
        return CandidateSegment.objects.undecided().shown().exists()

    def _in_thread(self, role, number: int) -> None:
        chance = random.Random(f"{self.seed} {number}")  # noqa: S311
        try:
            while not self.is_over.is_set():
                role(chance)
                time.sleep(chance.random() / 20)
        except BaseException as error:
            self.faults.append(error)
            raise
        finally:
            connection.close()

    def _upload(self, chance: random.Random) -> None:
        """Send one file as a client does; an upload refused for lack of space is retried."""
        if not self.waiting:
            return
        path = self.waiting[0]
        try:
            about = metadata_of("session UmFpbHM=,date MjAyNC0xMi0wMQ==")
            upload = quota.begin(self.member, path.name, path.stat().st_size, about)
        except TusError as error:
            if (error.status, error.retry_after_s) != (507, 60):
                raise
            self.n_refused += 1
            time.sleep(0.2)
            return
        with path.open("rb") as file:
            while not upload.is_whole and not self.is_over.is_set():
                self._send_chunk(upload, file)
        self.waiting.pop(0)

    def _send_chunk(self, upload: Upload, file) -> None:
        file.seek(upload.offset_bytes)
        try:
            quota.check_still(CHUNK_BYTES)
            with part_file.writing(upload.pk) as descriptor:
                at = {"offset_bytes": upload.offset_bytes, "length_bytes": CHUNK_BYTES}
                received_bytes, _silent = part_file.append(descriptor, read=file.read, **at)
                tus._acknowledge(upload, received_bytes)
        except (TusError, OSError, part_file.LockedError):  # which a client takes for passing, all of them
            self.n_refused += 1
            time.sleep(0.2)

    def _work(self, chance: random.Random) -> None:
        jobs = list(Job.objects.due().values_list("pk", "kind")[:20])
        if jobs:
            pk, kind = chance.choice(jobs)
            current_app.tasks[step_of(kind).task](str(pk))

    def _sort(self, chance: random.Random) -> None:
        lease = uuid.uuid4()
        for segment in CandidateSegment.objects.lease_hand(member=self.member, lease=lease, count=2):
            given = {"lease": lease, "key": uuid.uuid4(), "member": self.member}
            if chance.random() < 0.5:
                decisions.keep(segment, decisions.Choice(segment.start_ms, segment.end_ms), **given)
            else:
                decisions.trash(segment, **given)
        gone = FinalClip.objects.current().filter(original_file__evicted_at__isnull=False).first()
        if self.n_edits and gone and chance.random() < 0.5:
            choice = decisions.choice_of(gone)
            reedit(gone, replace(choice, start_ms=choice.start_ms + 33), member=self.member)
            self.n_edits -= 1
        elif not self.waiting and not FinalClip.objects.current().exists():
            self.n_edits = 0  # chance kept nothing that could be edited

    def _fill(self, chance: random.Random) -> None:
        """Take all remaining space for a moment, as another program would."""
        if chance.random() > 0.02:
            return
        hog = self.volume / "hog"
        try:
            with hog.open("wb") as file:
                while True:
                    file.write(bytes(MIB))
        except OSError:
            time.sleep(chance.random())
        finally:
            hog.unlink(missing_ok=True)


def fill(seed: int, n_files: int, member: Member, folder: Path, volume: Path, settings) -> Crew:
    current_app.loader.import_default_modules()
    settings.DATA_DIR = volume
    for name in ("originals", "final_clips", "uploads", "scratch"):
        setattr(settings, f"{name.upper()}_DIR", volume / name)
    settings.ARCHIVE_DIR, settings.ARCHIVE_ORIGINALS = folder / "archive", "after_sorting"
    crew = Crew(seed, n_files, member, folder, volume)
    crew.run()
    return crew


def assert_nothing_is_lost(crew: Crew) -> None:
    assert {original.file_hash for original in OriginalFile.objects.all()} == crew.sent
    assert set(Upload.objects.values_list("state", flat=True)) == {UploadState.REGISTERED}
    # What only waits for quiet is given up once its original is not here.
    undone = Job.objects.exclude(state=JobState.DONE).exclude(state=JobState.CANCELLED, kind__in=GIVING_WAY)
    assert list(undone.values_list("kind", "state", "reason")) == []
    for original in OriginalFile.objects.all():
        if original.evicted_at is None:
            assert sha256_of(crew.volume / original.stored_path) == original.file_hash
        else:
            copy = ArchiveCopy.objects.get(original_file=original, state=CopyState.VERIFIED)
            assert archive_backend().look(copy.remote_id).sha256 == original.file_hash
            assert not (crew.volume / original.stored_path).exists()
    for clip in FinalClip.objects.all():
        assert sha256_of(crew.volume / clip.stored_path) == clip.file_hash
        assert clip.copies.get().sha256 == clip.file_hash
        assert clip.copies.get().state == CopyState.VERIFIED
    decided = {SegmentStatus.ACCEPTED, SegmentStatus.TRASHED}
    assert set(CandidateSegment.objects.shown().values_list("status", flat=True)) <= decided


def test_a_disk_that_fills_loses_nothing_and_goes_on(sorter, tmp_path, volume, settings):
    crew = fill(0, 5, sorter, tmp_path, volume, settings)
    assert_nothing_is_lost(crew)
    assert Eviction.objects.filter(kind="ORIGINAL").exists(), "five files do not fit at once"


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(1, 6))
def test_a_disk_that_fills_for_long_loses_nothing_and_goes_on(sorter, tmp_path, volume, settings, seed):
    crew = fill(seed, 16, sorter, tmp_path, volume, settings)
    assert_nothing_is_lost(crew)
    assert Eviction.objects.filter(kind="ORIGINAL").count() >= 8
