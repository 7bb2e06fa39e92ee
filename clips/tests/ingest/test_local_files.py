"""Tests files that do not come through the browser: imported whole and once, into the session of their own day."""

import datetime as dt
import errno
import os
import shutil
from pathlib import PurePath

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from clips.disk import floor
from clips.ingest import local_files, part_file, sidecars
from clips.ingest.session_assignment import named_by, own_day, session_for
from clips.management.commands import ingest as command
from clips.models import CameraClock, Job, JobKind, OriginalFile, Shoot, Upload, UploadSource, UploadState
from clips.storage.files import StorageError
from clips.tests.factories import OriginalFileFactory
from clips.tests.media.made_up import make_video

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    """One small video for all; each test changes a byte in its own copy where it wants another one."""
    return make_video(tmp_path_factory.mktemp("made") / "made.mp4", frames=10)


@pytest.fixture
def card(tmp_path, video):
    """Return a function that puts a video onto a card, a different one for each number."""

    def put(name: str, number: int = 0):
        path = tmp_path / "card" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(video, path)
        with path.open("ab") as file:
            file.write(b"\0\0\0\x0cfree" + number.to_bytes(4, "big"))
        return path

    return put


@pytest.fixture
def other_disk(monkeypatch):
    """Make hard links impossible, as between two disks."""

    def refuse(*_args, **_kwargs):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)


def found(path) -> Upload:
    stat = path.stat()
    return Upload.objects.create(
        state=UploadState.WAITING, source=UploadSource.COMMAND, came_from=str(path), mark=local_files.mark_of(stat),
        modified_at=local_files.modified_at(stat), size_bytes=stat.st_size, original_filename=path.name,
    )  # fmt: skip


def test_a_file_on_the_same_disk_is_not_there_twice(card, check_uploads, settings):
    path = card("GX010001.MP4")
    upload = found(path)
    assert local_files.bring(upload, path, may_link=True)
    assert check_uploads() == 1
    assert Job.objects.filter(kind=JobKind.PROBE).exists()
    original = OriginalFile.objects.get()
    assert (settings.DATA_DIR / original.stored_path).samefile(path)
    upload.refresh_from_db()
    assert (upload.state, upload.shoot) == (UploadState.REGISTERED, original.shoot)


@pytest.mark.usefixtures("read_before")
def test_a_file_on_another_disk_is_copied_and_stays(card, check_uploads, settings, other_disk):
    path = card("GX010001.MP4")
    assert local_files.bring(found(path), path, may_link=True)
    check_uploads()
    stored = settings.DATA_DIR / OriginalFile.objects.get().stored_path
    assert not stored.samefile(path)
    assert stored.read_bytes() == path.read_bytes()


def test_a_copy_that_is_not_what_was_read_is_thrown_away(card, other_disk, monkeypatch):
    path = card("GX010001.MP4")
    upload = found(path)
    monkeypatch.setattr(local_files, "sha256_of", lambda *_: "0" * 64)
    with pytest.raises(StorageError, match="does not match the original"):
        local_files.bring(upload, path, may_link=True)
    upload.refresh_from_db()
    assert (upload.state, upload.offset_bytes) == (UploadState.WAITING, 0)
    assert not part_file.part_path(upload.pk).exists()
    assert path.exists()


def test_a_file_somebody_still_writes_is_never_linked(card):
    path = card("GX010001.MP4")
    assert local_files.may_be_linked(path)
    with path.open("ab"):
        assert local_files.is_being_written(path)
        assert not local_files.may_be_linked(path)
    assert not local_files.is_being_written(path)


def test_a_copy_waits_for_room_with_a_sentence_and_comes_when_there_is_some(card, other_disk, monkeypatch):
    path = card("GX010001.MP4")
    upload = found(path)
    monkeypatch.setattr(floor, "free_bytes", lambda: 10)
    assert not local_files.bring(upload, path, may_link=True)
    upload.refresh_from_db()
    assert upload.state == UploadState.WAITING
    assert "will continue when there is space" in upload.reason
    monkeypatch.undo()
    assert local_files.bring(upload, path, may_link=False)
    assert Upload.objects.get().state == UploadState.RECEIVED


@pytest.mark.usefixtures("read_before")
def test_a_try_that_was_cut_off_is_begun_again(card, other_disk, check_uploads):
    path = card("GX010001.MP4")
    upload = found(path)

    def die(_n_bytes: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        local_files.bring(upload, path, may_link=False, report=die)
    assert local_files.bring(Upload.objects.get(), path, may_link=False)
    check_uploads()
    assert Upload.objects.get().state == UploadState.REGISTERED


@pytest.mark.usefixtures("read_before")
def test_a_card_that_is_put_in_again_is_read_and_not_copied(card, check_uploads, other_disk, monkeypatch):
    path = card("GX010001.MP4")
    local_files.bring(found(path), path, may_link=False)
    check_uploads()
    monkeypatch.setattr(local_files, "_copy", None)
    again = found(path)
    assert local_files.bring(again, path, may_link=False)
    again.refresh_from_db()
    assert (again.state, again.original_file) == (UploadState.DUPLICATE, OriginalFile.objects.get())


def test_what_is_no_video_becomes_no_original(tmp_path, check_uploads):
    path = tmp_path / "diary.mp4"
    path.write_text("Dear diary, today I landed a kickflip. " * 50)
    upload = found(path)
    local_files.bring(upload, path, may_link=True)
    assert check_uploads() == 1
    assert not Job.objects.filter(kind=JobKind.PROBE).exists()
    upload.refresh_from_db()
    assert (upload.state, upload.reason) == (UploadState.FAILED, "This is a text file, not a video.")
    assert not OriginalFile.objects.exists()
    assert not Shoot.objects.exists()


@pytest.mark.parametrize(
    ("name", "is_taken"),
    [
        ("GX010001.MP4", True), ("ride", True), ("notes.txt", True),
        (".syncthing.GX010001.MP4.tmp", False), ("~syncthing~GX01.MP4.tmp", False), ("a.mp4.part", False),
        (".DS_Store", False), ("._GX010001.MP4", False), ("GX010001.THM", False), ("a.mp4~", False),
        ("version.txt", False), ("Get_started_with_GoPro.url", False), ("GX010500.WAV", False), ("IMG_1.AAE", False),
        ("IMG_1.MOV.icloud", False), ("C0001M01.XML", False), ("DJI_0001.SRT", False), ("desktop.ini", False),
        ("GX010001.MP4@SynoEAStream", False), ("Icon\r", False), ("MEDIAPRO.XML", False), ("00000.CPI", False),
        ("GL010001.LRV", True), ("VID_20240116_123456_00_001.insv", True), ("clip.webm", True),
    ],
)  # fmt: skip
def test_what_is_half_there_and_what_cameras_write_beside_is_left_alone(name, is_taken):
    assert local_files.is_footage(name) == is_taken


@pytest.mark.parametrize(
    ("path", "is_left"),
    [
        ("@eaDir/GX010001.MP4/SYNOVIDEO_VIDEO_SCREENSHOT.mp4", True),
        ("System Volume Information/IndexerVolumeGuid", True),
        ("$RECYCLE.BIN/S-1-5-21/a.mp4", True), ("card/#recycle/a.mp4", True), ("__MACOSX/GX010001.MP4", True),
        ("FOUND.000/FILE0000.MP4", True), ("LOST.DIR/1.mp4", True), (".Trashes/501/a.mp4", True),
        ("DCIM/100GOPRO/GX010001.MP4", False), ("MISC/a.mp4", False), ("Androids/a.mp4", False), ("a.mp4", False),
    ],
)  # fmt: skip
def test_what_lies_in_a_systems_folder_is_left_alone(path, is_left):
    *folders, name = path.split("/")
    assert sidecars.is_left_alone(folders, name) == is_left


def test_the_list_says_whose_each_thing_is():
    assert sidecars.owner_of("GX010500.WAV").who == "GoPro"
    assert sidecars.owner_of_folder("@eaDir").who == "Synology, QNAP"
    assert sidecars.owner_of("GX010500.MP4") is None
    told = sidecars.for_browsers()
    assert ("version.txt", "GoPro: thumbnails, sound, notes") in told["files"]


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("\U0001f3c2\U0001f3fb\u200d\u2642\ufe0f Park day/a.mp4", ""),
        ("Screen Recording 2026-02-07 at 3.15.23\u202fPM.mov", ""),
        ("v\u00a013.05.05.mov", ""),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645/a.mp4", ""), ("soft\u00adhyphen/a.mp4", ""),
        ("line\nbreak.mp4", ""),
        ("B\udce9ckyard/good.mp4", "The name of B\ufffdckyard is not readable text. Please rename it."),
        ("good/b\udce9d.mp4", "The name of b\ufffdd.mp4 is not readable text. Please rename it."),
        (f"{'x' * 255}/" * 4 + "a.mp4", f"The path of a.mp4 is too long. Shorten the name of {'x' * 60} …"),
    ],
)  # fmt: skip
def test_a_path_is_refused_for_what_cannot_be_kept_alone(path, sentence):
    assert local_files.why_not_kept(PurePath(path)) == sentence


@pytest.mark.parametrize(
    ("folders", "told"),
    [
        (["Backyard Rails", "DCIM", "100GOPRO"], ("Backyard Rails", None)),
        (["DCIM", "100GOPRO"], ("", None)),
        (["PRIVATE", "M4ROOT", "SUB"], ("", None)),
        (["DCIM", "Camera01"], ("", None)),
        (["2024-12-01 - Backyard  Rails"], ("Backyard Rails", dt.date(2024, 12, 1))),
        (["2024-12-01"], ("", dt.date(2024, 12, 1))),
        (["Originals", "2024", "2024-12-01 - Backyard Rails"], ("Backyard Rails", dt.date(2024, 12, 1))),
        (["2024-02-31 Park"], ("2024-02-31 Park", None)),
        ([], ("", None)),
    ],
)
def test_a_folder_names_a_session_and_a_cameras_does_not(folders, told):
    assert named_by(folders) == told


def facts(recorded_at: str | None, minutes: int = 5, **more) -> dict:
    return {"camera_id": "CAM_GOPRO11", "recorded_at": recorded_at, "duration_ms": minutes * 60_000} | more


@pytest.fixture
def filmed(db):
    """Return a function that adds a file recorded at a time, and returns its session."""

    def film(
        recorded_at: str | None, *, name: str = "", date: dt.date | None = None, modified_at=None, file="", **said
    ) -> Shoot:
        number = Upload.objects.count()
        upload = Upload.objects.create(
            source=UploadSource.FOLDER, came_from=f"{number}.mp4", original_filename=file or f"{number}.mp4",
            size_bytes=1, session_name=name, session_date=date, modified_at=modified_at,
        )  # fmt: skip
        shoot, when = session_for(upload, facts(recorded_at, **said))
        OriginalFileFactory(
            shoot=shoot, original_filename=upload.original_filename, stored_path=f"originals/{number}",
            file_hash=f"{number:064x}", size_bytes=1, **when,
        )  # fmt: skip
        return shoot

    return film


def test_files_of_one_day_are_one_session_named_by_the_day(filmed):
    first = filmed("2024-12-01T09:00:00Z")
    assert (str(first.date), first.name) == ("2024-12-01", "Sunday")
    assert filmed("2024-12-01T19:00:00Z") == first
    assert filmed("2024-12-03T09:00:00Z") != first


def test_a_day_whose_session_has_a_name_gets_no_second_one(filmed, shoot):
    assert filmed("2024-12-01T09:00:00Z") == shoot


def test_midnight_does_not_split_a_night(filmed):
    first = filmed("2024-12-01T21:30:00Z")
    assert filmed("2024-12-02T00:30:00Z") == first
    assert filmed("2024-12-02T04:20:00Z") == first, "not four hours after the last"
    assert filmed("2024-12-02T10:00:00Z") != first


def test_a_night_is_one_session_whichever_file_comes_first(filmed):
    after = filmed("2024-12-02T00:30:00Z")
    assert str(after.date) == "2024-12-01"
    assert filmed("2024-12-01T20:00:00Z") == after


def test_a_name_or_a_date_that_was_said_holds(filmed):
    first = filmed("2024-12-01T09:00:00Z")
    named = filmed("2024-12-01T09:10:00Z", name="Backyard Rails")
    assert (named.name, named.date, named != first) == ("Backyard Rails", first.date, True)
    assert filmed("2024-12-02T00:10:00Z", name="backyard rails") == named, "that night's, by the day"
    dated = filmed("2024-12-01T09:20:00Z", date=dt.date(2024, 11, 30))
    assert str(dated.date) == "2024-11-30"


def test_a_file_without_a_date_goes_by_when_it_was_changed_last(filmed):
    shoot = filmed(None, modified_at=dt.datetime(2024, 12, 1, 12, tzinfo=dt.UTC))
    assert str(shoot.date) == "2024-12-01"
    assert OriginalFile.objects.get().recorded_at is None, "which is a guess, and no fact"


COPIED = dt.datetime(2024, 6, 1, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("file", "day"),
    [
        ("VID-20240116-WA0003.mp4", "2024-01-16"),
        ("PXL_20240116_233000123.mp4", "2024-01-16"),
        ("VID_20240117_010000.mp4", "2024-01-16"),  # of the night before
        ("IMG_E1234.MOV", "2024-06-01"),
        ("VID_20241350_123456.mp4", "2024-06-01"),
    ],
)
def test_a_day_in_the_name_comes_before_the_file_systems(filmed, file, day):
    assert str(filmed(None, file=file, modified_at=COPIED).date) == day


def test_the_time_inside_comes_before_the_name(filmed):
    assert str(filmed("2024-12-01T09:00:00Z", file="VID-20240116-WA0003.mp4").date) == "2024-12-01"


def test_a_name_with_a_time_of_its_own_dates_the_file(filmed):
    filmed(None, file="VID_20240116_123456.mp4", modified_at=COPIED)
    assert OriginalFile.objects.get().recorded_at == dt.datetime(2024, 1, 16, 12, 34, 56, tzinfo=dt.UTC)
    assert str(OriginalFile.objects.get().local_day) == "2024-01-16"


def test_a_clock_without_power_makes_no_session(filmed):
    """Neither by what the file says nor by what the card says of the file."""
    reset = {"clock_shows": "2016-01-01T00:00:07+00:00", "clock_is_local": True}
    shoot = filmed(None, modified_at=dt.datetime(2016, 1, 1, 0, 1, tzinfo=dt.UTC), **reset)
    assert shoot.date == own_day(timezone.localtime())
    named = filmed("2024-12-01T09:00:00Z", name="Backyard Rails")
    assert filmed(None, name="Backyard Rails", modified_at=dt.datetime(1980, 1, 1, tzinfo=dt.UTC), **reset) == named
    assert set(Shoot.objects.values_list("name", flat=True)) == {"Backyard Rails", shoot.name}
    assert OriginalFile.objects.filter(recorded_at=None).count() == 2


@pytest.mark.parametrize(("days_ago", "counts"), [(3, True), (60, False)])
def test_a_corrected_outage_dates_the_rest_of_the_card_and_not_the_next_outage(filmed, days_ago, counts):
    noon = timezone.now().replace(hour=12, minute=0, second=0, microsecond=0) - dt.timedelta(days=days_ago)
    offset_s = round((noon - dt.datetime(2016, 1, 1, tzinfo=dt.UTC)).total_seconds())
    CameraClock.objects.create(camera_id="CAM_GOPRO11", day=dt.date(2016, 1, 1), offset_s=offset_s)
    shoot = filmed(None, clock_shows="2016-01-01T00:00:00+00:00")
    assert OriginalFile.objects.get().recorded_at == (noon if counts else None)
    assert (shoot.date == noon.date()) == counts


def test_a_place_east_of_greenwich_has_its_own_day(filmed, settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    assert str(filmed("2024-12-01T20:00:00Z").date) == "2024-12-02"


@pytest.fixture
def ingest(transactional_db, read_before, check_uploads, monkeypatch, capsys):
    """Return a function that runs the command while workers do their part, and returns its output."""

    def run(*arguments: object) -> str:
        wait = command.Command._wait
        monkeypatch.setattr(command.Command, "_wait", lambda self, uploads: (check_uploads(), wait(self, uploads)))
        call_command("ingest", *map(str, arguments))
        monkeypatch.setattr(command.Command, "_wait", wait)
        return capsys.readouterr().out

    return run


@pytest.mark.slow
def test_the_command_brings_a_card_in_and_sums_up(ingest, card):
    card("DCIM/100GOPRO/GX010001.MP4", 1)
    path = card("DCIM/100GOPRO/GX010002.MP4", 2)
    card("DCIM/100GOPRO/GX010001.THM", 3)
    said = ingest(path.parents[2], "--session", "Backyard Rails", "--date", "2024-12-01")
    assert "2 new, 0 already here, 0 not imported." in said
    assert {str(file.shoot) for file in OriginalFile.objects.all()} == {"2024-12-01 Backyard Rails"}
    assert path.exists()
    said = ingest(path)
    assert "already here: GX010002.MP4 in Backyard Rails · 2024-12-01, not sorted yet" in said
    assert "0 new, 1 already here" in said


def test_the_folders_on_a_card_name_the_sessions_and_the_card_does_not(ingest, card):
    path = card("2024-12-01 Backyard Rails/100GOPRO/GX010001.MP4", 1)
    card("2024-12-02/GX010002.MP4", 2)
    ingest(path.parents[2])
    assert {str(file.shoot) for file in OriginalFile.objects.all()} == {
        "2024-12-01 Backyard Rails",
        "2024-12-02 Monday",
    }
    ingest(card("2024-12-03 Night Park/GX010003.MP4", 3).parent)
    assert Shoot.objects.filter(name="Night Park", date="2024-12-03").exists()


@pytest.mark.slow
def test_the_command_moves_what_is_safe_and_leaves_what_is_bad(ingest, card, tmp_path, monkeypatch):
    monkeypatch.undo()  # the real probe says what is wrong
    good = card("GX010001.MP4")
    bad = tmp_path / "card" / "diary.mp4"
    bad.write_text("Dear diary.")
    with pytest.raises(CommandError, match="Some files were not imported"):
        ingest(good.parent, "--move")
    assert not good.exists()
    assert bad.read_text() == "Dear diary."
    assert OriginalFile.objects.count() == 1
    assert list((part_file.part_path(OriginalFile.objects.get().pk).parent).glob("*.part")) == []


def test_the_command_refuses_what_the_incoming_folder_refuses(ingest, card, tmp_path, capsys):
    good = card("\U0001f3c2\U0001f3fb\u200d\u2642\ufe0f Park day/Screen Recording at 3.15.23\u202fPM.mov")
    card("@eaDir/GX010001.MP4", 2), card("version.txt", 3)
    try:
        (tmp_path / "card" / "b\udce9d.mp4").write_bytes(b"bytes")
    except OSError:
        pytest.skip("this file system keeps no names that are not text")
    with pytest.raises(CommandError, match="Some files were not imported"):
        ingest(good.parents[1])
    said = capsys.readouterr().out
    assert "The name of b\ufffdd.mp4 is not readable text. Please rename it." in said
    assert "1 new, 0 already here, 1 not imported." in said


def test_the_command_says_what_is_not_there(tmp_path):
    with pytest.raises(CommandError, match="does not exist"):
        call_command("ingest", str(tmp_path / "nothing"))
    with pytest.raises(CommandError, match="no videos"):
        call_command("ingest", str(tmp_path / "data"))
