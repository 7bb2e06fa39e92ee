"""Kills what brings cards in at random moments, and checks that no receipt ever says more than is true.

The programs are real and the kills SIGKILL: the watcher of the incoming folder, a worker with all of its processes, or
the process in it that does the work. Meanwhile every receipt that says "safe to format" is held against the card as it
was put in, and the bytes on the disk. By default a few kills; ``--soak`` does 200.
"""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from clips.ingest.receipt_text import verdict_of
from clips.ingest.tasks import look_after_receipts
from clips.jobs import tasks as jobs_tasks
from clips.models import Job, JobKind, JobState, OriginalFile, Receipt
from clips.storage.files import sha256_of
from clips.tests.media.made_up import make_video
from clips.tests.workers import Worker

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SEED = 25
FILES_PER_CARD = 3
#: What the watcher is told to wait for, in place of minutes.
QUICK = {"INCOMING_REST_SECONDS": "0.3", "INCOMING_LOOK_SECONDS": "0.5", "INCOMING_QUIET_SECONDS": "2"}
PADDING = b"\0\0\0\x0cfree"
WANTED = (JobKind.INGEST, JobKind.READ_BACK)


class Cards:
    """Cards that are copied into the incoming folder, and what was on each."""

    def __init__(self, video: Path, root: Path) -> None:
        self._video, self._root = video, root
        self.contents: dict[str, dict[str, str]] = {}

    def put(self) -> None:
        """Copy another card into the folder, file by file."""
        name, hashes = f"card {len(self.contents)}", {}
        for number in range(FILES_PER_CARD):
            path = self._root / name / "DCIM" / f"GX01{number:04d}.MP4"
            path.parent.mkdir(parents=True, exist_ok=True)
            data = self._video.read_bytes() + PADDING + (len(self.contents) * 100 + number).to_bytes(4, "big")
            path.write_bytes(data)
            hashes[f"DCIM/{path.name}"] = hashlib.sha256(data).hexdigest()
        self.contents[name] = hashes


@pytest.fixture
def cards(tmp_path, settings) -> Cards:
    settings.INCOMING_DIR.mkdir()
    return Cards(Path(make_video(tmp_path / "made.mp4", frames=10)), settings.INCOMING_DIR)


class Programs:
    """The watcher and a worker; each is started again when it was killed."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._worker, self._watcher = Worker(), _watch()
        self.n_kills = 0

    def kill_one(self) -> None:
        victim = self._chance.choice(("watcher", "worker", "child"))
        if victim == "watcher":
            self._end_watcher()
            self._watcher = _watch()
        elif victim == "child" and self._worker.children():
            self._worker.kill_child()
        else:
            self._worker.stop()
            self._worker = Worker()
        self.n_kills += 1

    def _end_watcher(self) -> None:
        self._watcher.send_signal(signal.SIGKILL)
        self._watcher.wait()

    def end(self) -> None:
        self._end_watcher()
        self._worker.stop()


@pytest.mark.parametrize(
    ("n_kills", "limit_s"),
    [
        pytest.param(4, 150, id="small"),
        pytest.param(200, 3000, id="full", marks=[pytest.mark.soak, pytest.mark.timeout(3300)]),
    ],
)
def test_no_receipt_is_false_whatever_is_killed(cards, broker, settings, capsys, n_kills, limit_s):
    settings.SWEEP_SECONDS = 1
    chance = random.Random(SEED)  # noqa: S311 - it must be repeatable
    cards.put()
    programs, n_looks, until_s = Programs(chance), 0, time.monotonic() + limit_s
    kill_at_s = card_at_s = time.monotonic()
    try:
        while programs.n_kills < n_kills or not _all_are_safe(cards):
            assert time.monotonic() < until_s, list(Job.objects.values_list("kind", "state", "reason"))
            _help_along()
            n_looks += _held_against_the_truth(cards)
            if programs.n_kills < n_kills and time.monotonic() > kill_at_s:
                programs.kill_one()
                kill_at_s = time.monotonic() + chance.uniform(0.1, 8)
                if time.monotonic() > card_at_s and programs.n_kills < n_kills:
                    cards.put()
                    card_at_s = time.monotonic() + 15
            time.sleep(0.05)
    finally:
        programs.end()
        connection.close()
    with capsys.disabled():
        print(  # noqa: T201
            f"\n{programs.n_kills} SIGKILLs, {len(cards.contents)} cards, {n_looks} receipts found safe, 0 false"
        )
    assert n_looks


def _help_along() -> None:
    """Do what the clock does on a site, and leave out what comes after a video is stored."""
    Job.objects.active().exclude(kind__in=WANTED).cancel_all()
    waiting = Job.objects.filter(state=JobState.WAITING)
    waiting.update(run_after=timezone.now())
    waiting.filter(attempts__gt=2).update(attempts=1)  # kills here are no fault of a file
    jobs_tasks.sweep()
    look_after_receipts()


def _held_against_the_truth(cards: Cards) -> int:
    """Check each receipt that says it is safe, and return how many do."""
    n_safe = 0
    for receipt in Receipt.objects.all():
        if not (receipt.safe_at or verdict_of(receipt).is_safe):
            continue
        n_safe += 1
        told = dict(receipt.files.values_list("path", "original_file__file_hash"))
        assert told == cards.contents[receipt.name], f"{receipt.name} is not all there"
        for sha256 in told.values():
            original = OriginalFile.objects.get(file_hash=sha256)
            assert sha256_of(django_settings.DATA_DIR / original.stored_path) == sha256
            assert original.read_back_at is not None
    return n_safe


def _all_are_safe(cards: Cards) -> bool:
    return Receipt.objects.exclude(safe_at=None).filter(written_as="safe").count() == len(cards.contents)


def _watch() -> subprocess.Popen:
    database = connection.settings_dict
    host = f"{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
    environment = os.environ | QUICK | {
        "DATABASE_URL": f"postgres://{host}/{database['NAME']}", "DATA_DIR": str(django_settings.DATA_DIR)
    }  # fmt: skip
    command = [sys.executable, "manage.py", "watch_incoming"]
    return subprocess.Popen(command, cwd=django_settings.BASE_DIR, env=environment, stderr=subprocess.DEVNULL)
