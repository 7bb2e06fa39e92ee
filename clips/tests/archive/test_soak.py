"""Archives many clips through random faults and killed workers, and checks that each is there once and whole.

The workers are real, the kills are SIGKILL, the network ends in mid-chunk. By default a small run; ``--soak`` does 200.
"""

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable

import pytest
from django.db import connection

from clips.archive import tasks as archive_tasks
from clips.jobs import pipeline
from clips.jobs import tasks as jobs_tasks
from clips.models import ArchiveBlock, ArchiveFolder, CopyState, FinalClip, Job, JobKind, JobState
from clips.tests.archive.conftest import CHUNK_BYTES
from clips.tests.workers import Worker
from tricks.models import Trick

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SEED = 8
FAULTY_SHARE = 0.06
SIZES = (100_000, CHUNK_BYTES, 900_000, 5 * CHUNK_BYTES + 1)
TRICKS = ("KFED", "Boardslide", "Cab 270")


@pytest.mark.parametrize(
    ("n_clips", "kill_every_s", "limit_s"),
    [
        pytest.param(16, 5.0, 240, id="small"),
        pytest.param(200, 6.0, 1500, id="full", marks=[pytest.mark.soak, pytest.mark.timeout(1800)]),
    ],
)
def test_every_clip_is_there_once_whatever_happens(
    on_drive, make_clip, broker, settings, monkeypatch, capsys, n_clips, kill_every_s, limit_s
):
    chance = random.Random(SEED)  # noqa: S311
    clips = [_clip(make_clip, chance) for _number in range(n_clips)]
    for name in ("ARCHIVE_BACKEND", "DRIVE_FOLDER_ID", "DRIVE_SERVICE_ACCOUNT_FILE", "DRIVE_API_URL"):
        monkeypatch.setenv(name, getattr(settings, name))
    monkeypatch.setenv("DRIVE_CHUNK_BYTES", str(CHUNK_BYTES))
    monkeypatch.setenv("DRIVE_BACK_OFF_SECONDS", "0.02")
    on_drive.troubles.by_chance(FAULTY_SHARE, SEED)
    on_drive.block_s = 0.05
    jobs = [Job.objects.for_target(JobKind.ARCHIVE, clip) for clip in clips]
    settings.SWEEP_SECONDS = 1
    for job in jobs:
        pipeline.publish(job)
    n_kills, took_s = work_and_kill(chance, kill_every_s, limit_s)

    _told(capsys, on_drive, n_clips, n_kills, took_s)
    assert Counter(Job.objects.values_list("state", flat=True)) == {JobState.DONE: n_clips}, reasons()
    there = Counter((item.name, item.sha256) for item in on_drive.store.files())
    wanted = FinalClip.objects.values_list("filename", "file_hash")
    assert there == Counter(wanted), "each once, with the right checksum"
    paths = [on_drive.store.path(item) for item in on_drive.store.folders()]
    assert len(paths) == len(set(paths)) == ArchiveFolder.objects.count(), "each folder once"
    for clip in FinalClip.objects.prefetch_related("copies"):
        (copy,) = clip.copies.all()
        item = on_drive.store.items[clip.drive_file_id]
        assert (copy.state, copy.remote_id, copy.session) == (CopyState.VERIFIED, item.id, "")
        assert on_drive.store.path(item) == f"Crew/{copy.path}"
    assert max(on_drive.store.resent.values(), default=0) <= CHUNK_BYTES


def _clip(make_clip, chance: random.Random) -> FinalClip:
    trick = Trick.objects.find_or_add(chance.choice(TRICKS))
    return make_clip(chance.choice(SIZES), trick=trick)


def work_and_kill(
    chance: random.Random, kill_every_s: float, limit_s: float, meanwhile: Callable[[], bool] = lambda: False
) -> tuple[int, float]:
    """Keep two workers running until all is done, and kill one of them, or its child, every few seconds.

    ``meanwhile`` is called every half second, and returns whether there is more to come. The seconds count while both
    are up: on a slow machine workers that are killed as they start would never do anything.
    """
    workers, n_kills, began_s, up_s = [Worker(), Worker()], 0, time.monotonic(), 0.0
    kill_at_s = kill_every_s
    try:
        while (meanwhile() or Job.objects.active().exists()) and time.monotonic() - began_s < limit_s:
            time.sleep(0.5)
            up_s += 0.5 if all(worker.children() for worker in workers) else 0
            jobs_tasks.sweep()
            ArchiveBlock.objects.update(look_again_at=Job.objects.first().created_at)
            archive_tasks.look_after_archive()
            Job.objects.filter(state=JobState.WAITING).update(run_after=Job.objects.first().created_at)
            if up_s >= kill_at_s:
                n_kills += _kill_one(workers, chance)
                kill_at_s = up_s + chance.uniform(0.5, 1.5) * kill_every_s
    finally:
        [worker.stop() for worker in workers]
        connection.close()
    return n_kills, time.monotonic() - began_s


def _kill_one(workers: list[Worker], chance: random.Random) -> int:
    place = chance.randrange(len(workers))
    if chance.random() < 0.5 and (children := workers[place].children()):
        os.kill(children[0], signal.SIGKILL)
        return 1
    workers[place].stop()  # with its children: as if the machine had gone
    workers[place] = Worker()
    return 1


def reasons() -> dict:
    return dict(Counter(Job.objects.exclude(state=JobState.DONE).values_list("state", "reason")))


def _told(capsys, drive, n_clips: int, n_kills: int, took_s: float) -> None:
    sent_bytes = sum(item.size_bytes for item in drive.store.files())
    again_bytes = sum(drive.store.resent.values())
    attempts = Counter(Job.objects.values_list("attempts", flat=True))
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{n_clips} clips, {sent_bytes / 1e6:.0f} MB in {took_s:.0f} s; {n_kills} SIGKILLs, "
            f"{sum(drive.troubles.met.values())} faults {dict(sorted(drive.troubles.met.items()))}; "
            f"{len(drive.log)} requests, {drive.count('POST /upload')} sessions; {len(drive.store.files())} files, "
            f"{len(drive.store.folders())} folders; {again_bytes} acknowledged bytes sent again, at most "
            f"{max(drive.store.resent.values(), default=0)} of one file; attempts {dict(sorted(attempts.items()))}"
        )
