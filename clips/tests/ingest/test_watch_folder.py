"""Tests the incoming folder: each unchanged file is imported once, and moved to the folder of its outcome."""

import datetime as dt
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from clips.ingest import part_file
from clips.ingest.session_assignment import own_day
from clips.ingest.watch_folder import IncomingFolder
from clips.media.sandbox.runner import PROJECT_ROOT
from clips.models import Inbox, OriginalFile, Upload, UploadSource, UploadState
from clips.tests.media.made_up import make_video
from clips.tests.workers import Worker, eventually

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return make_video(tmp_path_factory.mktemp("made") / "made.mp4", frames=10)


@pytest.fixture
def root(settings):
    settings.INCOMING_REST_SECONDS = 0
    settings.INCOMING_DIR.mkdir()
    return settings.INCOMING_DIR


@pytest.fixture
def put(root, video):
    def put(name: str, number: int = 0):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(video, path)
        with path.open("ab") as file:
            file.write(b"\0\0\0\x0cfree" + number.to_bytes(4, "big"))
        return path

    return put


@pytest.fixture
def folder(root) -> IncomingFolder:
    return IncomingFolder(root)


@pytest.fixture
def look(folder, check_uploads):
    """Return a function that looks, lets the workers do their part, and looks again."""

    def look() -> str:
        folder.look()
        check_uploads()
        return folder.look()[0]

    return look


@pytest.fixture
def today() -> str:
    return timezone.localdate().isoformat()


def test_a_file_that_rests_is_taken_and_moved_to_done(put, look, root, today, settings):
    data = put("Backyard Rails/GX010001.MP4").read_bytes()
    assert look() == ""
    original = OriginalFile.objects.get()
    moved = root / "done" / today / "Backyard Rails/GX010001.MP4"
    assert moved.read_bytes() == data
    assert moved.samefile(settings.DATA_DIR / original.stored_path), "its bytes are on the disk once"
    assert (original.shoot.name, original.original_filename, original.uploader) == ("Backyard Rails", moved.name, None)
    assert sorted(path.name for path in root.iterdir()) == ["done"]
    assert list(settings.UPLOADS_DIR.glob("*.part")) == []


def test_a_bad_file_is_moved_to_failed_with_a_sentence_beside_it(root, look, today):
    (root / "diary.mp4").write_text("Dear diary, " * 50)
    look()
    moved = root / "failed" / today / "diary.mp4"
    assert moved.read_text().startswith("Dear diary")
    assert moved.with_name("diary.mp4.txt").read_text() == "This is a text file, not a video.\n"
    assert not OriginalFile.objects.exists()
    assert not part_file.part_path(Upload.objects.get().pk).exists()


@pytest.mark.slow
@pytest.mark.usefixtures("read_before")
def test_names_as_people_and_systems_write_them_are_taken(put, look, root):
    names = [
        "\U0001f3c2\U0001f3fb\u200d\u2642\ufe0f Park day/GX010001.MP4",
        "Screen Recording 2026-02-07 at 3.15.23\u202fPM.mov",
        "Sn\u00edmek obrazovky 2026-02-07 v\u00a013.05.05.mov",
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645/GX010002.MP4",
        "Back\u00adyard/GX010003.MP4",
    ]  # fmt: skip
    for number, name in enumerate(names):
        put(name, number)
    assert look() == ""
    assert OriginalFile.objects.count() == len(names)
    assert [path.name for path in root.iterdir()] == ["done"]


def test_each_name_that_cannot_be_taken_is_named_and_stays(put, look, root):
    put("GX010001.MP4")
    try:
        bad = [put("B\udce9ckyard/GX010001.MP4", 1), put("b\udce9d.mp4", 2), put("w\udce4r.mp4", 3)]
    except OSError:
        pytest.skip("this file system keeps no names that are not text")
    said = look()
    for name in ("B\ufffdckyard", "b\ufffdd.mp4", "w\ufffdr.mp4"):
        assert f"The name of {name} is not readable text. Please rename it." in said
    assert Inbox.objects.get().sentence == said
    assert all(path.exists() for path in bad)
    assert OriginalFile.objects.count() == 1


@pytest.mark.usefixtures("read_before")
def test_what_systems_and_cameras_lay_beside_videos_stays_there_without_a_note(put, look, root):
    beside = [
        "@eaDir/GX010001.MP4@SynoEAStream", "System Volume Information/IndexerVolumeGuid", "MISC/version.txt",
        "Get_started_with_GoPro.url", "GX010001.WAV", "IMG_0001.AAE", "IMG_0001.MOV.icloud", "C0001M01.XML",
        "DJI_0001.SRT", "GX010001.THM",
    ]  # fmt: skip
    for number, name in enumerate([*beside, "GX010001.MP4"]):
        put(name, number)
    assert look() == ""
    assert Upload.objects.count() == 1
    assert all((root / name).exists() for name in beside)
    assert not (root / "failed").exists()


@pytest.mark.slow
def test_files_of_public_reports_come_to_their_own_days(look, root, settings):
    cases = Path(os.environ.get("TRICKYCLIP_FOOTAGE", PROJECT_ROOT.parent / "shared" / "footage")).parent / "cases"
    if not cases.is_dir():
        pytest.skip("no small inputs after public bug reports beside the footage")
    settings.TIME_ZONE = "Asia/Tokyo"
    for name in ("nikon_z30.mov", "canon_local.mp4", "VID-20240116-WA0003.mp4", "gopro_reset.mp4"):
        shutil.copyfile(cases / name, root / name)
    assert look() == ""
    dates = {file.original_filename: str(file.shoot.date) for file in OriginalFile.objects.select_related("shoot")}
    assert dates.pop("gopro_reset.mp4") == own_day(timezone.localtime()).isoformat()
    assert dates == {
        "nikon_z30.mov": "2025-03-29", "canon_local.mp4": "2025-03-29", "VID-20240116-WA0003.mp4": "2024-01-16",
    }  # fmt: skip


@pytest.mark.usefixtures("read_before")
def test_a_duplicate_is_a_result(put, look, root, today):
    put("GX010001.MP4")
    look()
    put("copy.mp4")
    look()
    assert OriginalFile.objects.count() == 1
    told = (root / "done" / today / "copy.mp4.txt").read_text()
    assert told.startswith("already here: GX010001.MP4 in ")
    put("GX010001.MP4")
    look()
    assert (root / "done" / today / "GX010001 (2).MP4").exists(), "nothing is written over"


def test_a_file_that_grows_is_left_until_it_rests(put, folder, settings):
    settings.INCOMING_REST_SECONDS = 3600
    put("GX010001.MP4")
    folder.look()
    assert folder.is_restless
    assert not Upload.objects.exists()
    settings.INCOMING_REST_SECONDS = 0
    with put("GX010001.MP4").open("ab"):
        folder.look()
        assert not Upload.objects.exists(), "it rests, but somebody has it open"
    folder.look()
    assert Upload.objects.get().source == UploadSource.FOLDER


@pytest.mark.usefixtures("read_before")
def test_a_file_that_is_changed_before_it_is_checked_is_taken_anew(put, folder, look):
    path = put("GX010001.MP4")
    folder.look()
    path.unlink()
    put("GX010001.MP4", 7)
    look()
    look()
    states = sorted(Upload.objects.values_list("state", flat=True))
    assert states == [UploadState.GONE, UploadState.REGISTERED]
    assert OriginalFile.objects.get().size_bytes == Upload.objects.get(state=UploadState.REGISTERED).size_bytes


@pytest.mark.usefixtures("read_before")
def test_a_look_that_died_after_any_step_is_repeated(put, folder, look, root, monkeypatch):
    """Cut off when the row is there, when the bytes are, and when the original is; each time the next look goes on."""
    put("GX010001.MP4")
    with monkeypatch.context() as cut:
        cut.setattr(IncomingFolder, "_bring", _die)
        with pytest.raises(KeyboardInterrupt):
            folder.look()
    with monkeypatch.context() as cut:
        cut.setattr("clips.ingest.local_files.pipeline.start", _die)
        with pytest.raises(KeyboardInterrupt):
            folder.look()
    assert Upload.objects.count() == 1
    with monkeypatch.context() as cut:
        cut.setattr(IncomingFolder, "_put_away", _die)
        with pytest.raises(KeyboardInterrupt):
            look()
    assert (root / "GX010001.MP4").exists()
    look()
    assert Upload.objects.get().state == UploadState.REGISTERED
    assert not (root / "GX010001.MP4").exists()


def _die(*_args, **_kwargs) -> None:
    raise KeyboardInterrupt


@pytest.mark.usefixtures("read_before")
def test_a_folder_that_cannot_be_changed_is_read_and_waits(put, look, root, monkeypatch):
    put("GX010001.MP4")
    rename = type(root).rename

    def refuse(self, target):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(type(root), "rename", refuse)
    assert "Read-only file system" in look()
    assert "GX010001.MP4" in Inbox.objects.get().sentence
    assert OriginalFile.objects.count() == 1
    look()
    assert Upload.objects.count() == 1, "it is not taken again and again"
    monkeypatch.setattr(type(root), "rename", rename)
    assert look() == ""
    assert not (root / "GX010001.MP4").exists()


def test_a_folder_that_is_away_forgets_nothing(folder, root, tmp_path, settings):
    folder.root = settings.INCOMING_DIR = root.rename(tmp_path / "mount")
    shutil.move(folder.root, tmp_path / "unplugged")
    assert "No such file" in folder.look()[0]
    shutil.move(tmp_path / "unplugged", folder.root)
    assert folder.look()[0] == ""


def test_news_are_told_once(folder, root):
    root.rmdir()
    folder.root = root / "gone"
    assert folder.look()[1]
    assert not folder.look()[1]


@pytest.mark.usefixtures("read_before")
def test_second_names_go_after_some_days_and_nothing_else_does(put, look, root, today, settings):
    put("GX010001.MP4")
    look()
    old = root / "done" / (timezone.localdate() - dt.timedelta(days=30)).isoformat()
    (root / "done" / today).rename(old)
    (old / "only here.mp4").write_bytes(b"bytes")
    look()
    assert [path.name for path in old.iterdir()] == ["only here.mp4"]
    assert (settings.DATA_DIR / OriginalFile.objects.get().stored_path).exists()


def test_two_that_look_at_once_take_each_file_once(put, folder, root, check_uploads):
    put("GX010001.MP4")
    other = IncomingFolder(root)
    found = dict(other._found())
    folder.look()
    other._take("GX010001.MP4", found["GX010001.MP4"])
    assert Upload.objects.count() == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_the_watcher_takes_a_file_though_it_and_the_worker_are_killed(put, root, broker, today, settings):
    """The programs themselves: what is put in is there in the end, whenever one of them dies."""
    settings.SWEEP_SECONDS = 2  # a message that died with its worker is sent again only after so long
    watchers, workers = [_watch()], [Worker()]
    try:
        path = put("GX010001.MP4")
        eventually(lambda: Upload.objects.exists(), "the file is noticed")
        watchers[0].kill()
        workers[0].stop()
        watchers.append(_watch())
        workers.append(Worker())
        eventually(lambda: (_sweep(), OriginalFile.objects.exists())[1], "it becomes an original")
        eventually(lambda: not path.exists(), "it is moved")
        assert (root / "done" / today / "GX010001.MP4").exists()
        assert Upload.objects.get().state == UploadState.REGISTERED
    finally:
        for watcher in watchers:
            watcher.send_signal(signal.SIGKILL)
            watcher.wait()
        [worker.stop() for worker in workers]


def _sweep() -> None:
    from clips.jobs import tasks

    tasks.sweep()
    time.sleep(0.2)


def _watch() -> subprocess.Popen:
    database = connection.settings_dict
    host = f"{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
    environment = os.environ | {
        "DATABASE_URL": f"postgres://{host}/{database['NAME']}",
        "DATA_DIR": str(django_settings.DATA_DIR),
        "INCOMING_REST_SECONDS": "1",
        "INCOMING_LOOK_SECONDS": "2",
    }
    command = [sys.executable, "manage.py", "watch_incoming"]
    return subprocess.Popen(command, cwd=django_settings.BASE_DIR, env=environment)
