"""Tests the local cache: copies are whole or absent, within their limit, and never taken from their users."""

import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from clips.storage import local_cache
from clips.storage.backend import NoRoomError, StorageError, silent
from clips.storage.local import LocalFile
from clips.storage.local_cache import brought_in

SIZE_BYTES = 300_000


class Stored:
    """A file in another store that counts how often it was opened."""

    def __init__(self, path: Path, content: bytes) -> None:
        path.write_bytes(content)
        self.path, self.n_read = path, 0
        self.sha256 = hashlib.sha256(content).hexdigest()

    def read(self) -> LocalFile:
        self.n_read += 1
        return LocalFile(self.path)

    def here(self, report=silent):
        return brought_in(self.sha256, SIZE_BYTES, self.read, report)

    @property
    def copy(self) -> Path:
        return local_cache.folder() / self.sha256


@pytest.fixture
def stored(tmp_path) -> list[Stored]:
    return [Stored(tmp_path / f"{number}.mp4", os.urandom(SIZE_BYTES)) for number in range(4)]


@pytest.fixture(autouse=True)
def room(settings) -> None:
    settings.SCRATCH_MAX_BYTES = 2 * SIZE_BYTES
    settings.DISK_FLOOR_BYTES = 0


def test_a_file_is_brought_in_once_and_told_of_on_the_way(stored):
    told = []
    for _time in range(2):
        with stored[0].here(told.append) as path:
            assert path.read_bytes() == stored[0].path.read_bytes()
    assert stored[0].n_read == 1
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_the_least_recently_used_goes_first(stored):
    for file in (stored[0], stored[1], stored[0]):
        with file.here() as path:
            time.sleep(0.01)  # files tell their times in steps of the clock's tick
    with stored[2].here() as path:
        assert path.is_file()
    assert [file.copy.exists() for file in stored] == [True, False, True, False]
    assert local_cache.used_bytes() == 2 * SIZE_BYTES


def test_what_is_in_use_stays_even_beyond_the_bound(stored):
    with ExitStack() as stack:
        for file in stored[:3]:
            stack.enter_context(file.here())
        assert all(file.copy.exists() for file in stored[:3])
        assert local_cache.drop_unused(10 * SIZE_BYTES) == 0
    assert local_cache.drop_unused(10 * SIZE_BYTES) == 3 * SIZE_BYTES


def test_a_copy_that_two_use_stays_until_both_are_done(stored):
    with stored[0].here():
        with stored[0].here():
            pass
        assert local_cache.drop_unused(SIZE_BYTES) == 0


def test_what_differs_from_what_was_uploaded_is_not_kept(stored):
    *others, last = stored[0].path.read_bytes()  # of noise, in which any byte may be there already
    stored[0].path.write_bytes(bytes([*others, last ^ 1]))
    with pytest.raises(StorageError, match="does not match what was uploaded"), stored[0].here():
        pass
    stored[1].path.write_bytes(b"short")
    with pytest.raises(StorageError, match="does not match what was uploaded"), stored[1].here():
        pass
    assert list(local_cache.folder().iterdir()) == []


def test_the_disks_floor_is_kept_by_dropping_what_nobody_uses(stored, monkeypatch):
    with stored[0].here():
        pass
    monkeypatch.setattr(local_cache, "free_bytes", lambda: SIZE_BYTES - (SIZE_BYTES if stored[0].copy.exists() else 0))
    with stored[1].here():
        assert not stored[0].copy.exists()


def test_a_disk_that_is_full_is_one_sentence_and_nothing_is_left(stored, monkeypatch):
    monkeypatch.setattr(local_cache, "free_bytes", lambda: SIZE_BYTES - 1)
    with pytest.raises(NoRoomError, match=r"no space for a file of 0\.0 GB"), stored[0].here():
        pass
    assert list(local_cache.folder().iterdir()) == []
    assert stored[0].n_read == 0


def test_who_stops_in_the_middle_leaves_nothing(stored):
    def lost(progress: float) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError), stored[0].here(lost):
        pass
    assert list(local_cache.folder().iterdir()) == []


def test_two_that_want_the_same_at_once_bring_it_in_once(stored):
    begun, go_on = threading.Event(), threading.Event()
    waited, paths = [], []

    def hold(progress: float | None) -> None:
        begun.set()
        assert go_on.wait(10)

    def first() -> None:
        with stored[0].here(hold) as path:
            paths.append(path)

    def second() -> None:
        with stored[0].here(waited.append) as path:
            paths.append(path)

    threads = [threading.Thread(target=first), threading.Thread(target=second)]
    threads[0].start()
    assert begun.wait(10)
    threads[1].start()
    while not waited:  # it tells that it is alive while it waits, or its job would go to another worker
        time.sleep(0.01)
    go_on.set()
    [thread.join(10) for thread in threads]
    assert paths == [stored[0].copy] * 2
    assert stored[0].n_read == 1


IN_THE_MIDDLE = """
import sys, time
from pathlib import Path
import django
django.setup()
from django.conf import settings
from clips.storage import local_cache
from clips.storage.local import LocalFile
settings.DATA_DIR = Path(sys.argv[1])
settings.SCRATCH_DIR = settings.DATA_DIR / "scratch"
settings.DISK_FLOOR_BYTES = 0
def hold(progress):
    print("holds", flush=True)
    time.sleep(60)
mode, sha256, path = sys.argv[2], sys.argv[3], Path(sys.argv[4])
report = hold if mode == "download" else lambda progress: None
with local_cache.brought_in(sha256, path.stat().st_size, lambda: LocalFile(path), report):
    hold(None)
"""


@pytest.fixture
def holder(settings, request, stored) -> Iterator[subprocess.Popen]:
    """Another process in the middle of a download, or with a copy in use."""
    arguments = [str(settings.DATA_DIR), request.param, stored[0].sha256, str(stored[0].path)]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "trickyclip.settings"}
    process = subprocess.Popen(
        [sys.executable, "-c", IN_THE_MIDDLE, *arguments],
        cwd=settings.BASE_DIR, env=environment, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout.readline() == "holds\n"
    yield process
    process.kill()
    process.wait()


@pytest.mark.slow
@pytest.mark.parametrize("holder", ["download"], indirect=True)
def test_a_killed_download_leaves_no_copy_and_the_next_one_is_whole(holder, stored):
    assert not stored[0].copy.exists()
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert not stored[0].copy.exists()
    with stored[0].here() as path:
        assert path.read_bytes() == stored[0].path.read_bytes()
    assert list(local_cache.folder().iterdir()) == [stored[0].copy]


@pytest.mark.slow
@pytest.mark.parametrize("holder", ["use"], indirect=True)
def test_what_another_process_uses_stays_until_that_is_killed(holder, stored):
    assert local_cache.drop_unused(SIZE_BYTES) == 0
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    assert local_cache.drop_unused(SIZE_BYTES) == SIZE_BYTES
