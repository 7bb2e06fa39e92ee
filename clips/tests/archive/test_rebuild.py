"""Tests rebuilding clips from the archive after the database is lost."""

from io import StringIO

import pytest
from django.apps import apps
from django.conf import settings as settings_of_site
from django.core.management import call_command
from django.urls import reverse

from clips.archive import tasks as archive_tasks
from clips.archive.naming import (
    file_stem,
    folder_name,
    folder_parts,
    original_name,
    read_names,
    read_original_name,
)
from clips.disk import fetching
from clips.disk import tasks as disk_tasks
from clips.ingest import tasks as ingest_tasks
from clips.ingest.watch_folder import IncomingFolder
from clips.library.new_version import reedit
from clips.models import (
    ArchiveCopy,
    CandidateSegment,
    CopyState,
    Decision,
    FileName,
    FinalClip,
    Job,
    JobKind,
    OriginalFile,
    Shoot,
)
from clips.sorting import decisions
from clips.storage.files import sha256_of
from clips.tests.archive.test_session_files import TABLES
from clips.tests.jobs.test_render_and_archive import filmed, kept  # noqa: F401
from people.models import Person
from tricks.models import Trick

pytestmark = pytest.mark.django_db


def rebuilt(*options: str) -> str:
    out = StringIO()
    call_command("rebuild_from_archive", *options, stdout=out)
    return out.getvalue()


@pytest.fixture
def lost(backend, request, kept, work_off) -> FinalClip:  # noqa: F811
    """A real clip was cut and archived; then all rows are gone but the original's, which was brought in again."""
    if backend.name == "drive":
        request.getfixturevalue("drive").store.search_lag_s = 0  # by the time that somebody rebuilds it has caught up
    work_off()
    clip = FinalClip.objects.select_related("original_file").get()
    for model in (ArchiveCopy, Job, Decision, FinalClip, FileName, Trick, Person):
        model.objects.all().delete()
    clip.pk = kept.pk
    return clip


@pytest.mark.slow
def test_a_clip_is_as_it_was(lost):
    rebuilt()
    old, new = lost, FinalClip.objects.get()
    for name in ("pk", "filename", "start_ms", "end_ms", "camera_id", "fps_label", "date", "category", "drive_file_id"):
        assert getattr(new, name) == getattr(old, name), name
    assert (new.person.display_name, str(new.trick)) == ("Miller Downey", "KFED")
    copy = new.copies.get()
    assert (copy.state, copy.sha256) == (CopyState.VERIFIED, old.file_hash)
    assert FileName.objects.allocate(FileName.objects.get().stem).number == 2, "no name is given twice"
    assert Shoot.objects.get().name == "Backyard Rails"


@pytest.mark.slow
def test_a_second_time_changes_nothing(lost):
    rebuilt()
    assert "1  clips already here" in rebuilt()
    assert FinalClip.objects.count() == ArchiveCopy.objects.count() == Person.objects.count() == 1


@pytest.mark.slow
def test_a_dry_run_says_it_and_does_nothing(lost):
    text = rebuilt("--dry-run")
    assert "1  clips\n" in text
    assert "1  people" in text
    assert not FinalClip.objects.exists()
    assert not Person.objects.exists()


@pytest.fixture
def all_lost(lost, settings) -> FinalClip:
    """The camera file, its session and the clip's own file are gone as well: nothing is left but the archive."""
    (settings.DATA_DIR / lost.original_file.stored_path).rename(settings.DATA_DIR / "found.mp4")
    (settings.DATA_DIR / lost.stored_path).unlink()
    for model in (ArchiveCopy, Job, CandidateSegment, OriginalFile, Shoot):
        model.objects.all().delete()
    return lost


@pytest.mark.slow
def test_a_clip_whose_original_is_lost_lives_without_it(all_lost, backend, client, sorter, settings, work_off):
    """It plays, downloads and says what an edit needs; and it is whole again when somebody has the video after all."""
    old, sha256 = all_lost, all_lost.original_file.file_hash
    assert f"original {sha256}: 1 clip without it; upload it again to edit them." in rebuilt()
    assert set(work_off()) == {JobKind.REGAIN}
    clip = FinalClip.objects.select_related("original_file__shoot", "person").get()
    for name in ("pk", "filename", "start_ms", "end_ms", "camera_id", "fps_label", "date", "lineage", "file_hash"):
        assert getattr(clip, name) == getattr(old, name), name
    assert sha256_of(settings.DATA_DIR / clip.stored_path) == old.file_hash
    video = clip.original_file
    assert (video.shoot.name, str(clip.person), video.codec) == ("Backyard Rails", "Miller Downey", "h264")
    assert video.original_filename == ("GX010001.MP4" if backend.name == "drive" else f"Video {sha256[:8]}")
    assert "1  clips already here" in rebuilt()
    client.force_login(sorter)
    page = client.get(reverse("clips:clip", args=[clip.pk])).content.decode()
    assert reverse("clips:clip_file", args=[clip.pk]) in page
    assert client.get(reverse("clips:clip_download", args=[clip.pk])).status_code == 200
    assert "upload the same file again" in client.get(reverse("clips:clip_edit", args=[clip.pk])).content.decode()
    assert client.get(reverse("clips:session", args=[video.shoot_id])).status_code == 200
    longer = decisions.Choice(**vars(decisions.choice_of(clip)) | {"end_ms": clip.end_ms + 500})
    version = reedit(clip, longer, member=sorter)
    work_off()
    assert "Upload the file again" in version.jobs.get(kind=JobKind.RENDER).reason

    settings.INCOMING_DIR.mkdir(parents=True, exist_ok=True)
    settings.INCOMING_REST_SECONDS = 0
    (settings.DATA_DIR / "found.mp4").rename(settings.INCOMING_DIR / "GX010001.MP4")
    folder = IncomingFolder(settings.INCOMING_DIR)
    for _look in range(3):
        folder.look()
    ingest_tasks.ingest(str(Job.objects.get(kind=JobKind.INGEST).pk))
    ingest_tasks.probe(str(Job.objects.get(kind=JobKind.PROBE).pk))
    Job.objects.for_target(JobKind.RENDER, version)
    Job.objects.filter(kind=JobKind.DETECT).delete()
    work_off()
    version.refresh_from_db()
    video = OriginalFile.objects.get()
    assert (video.original_filename, video.evicted_at, video.duration_ms) == ("GX010001.MP4", None, 10_000)
    assert video.size_bytes == (settings.DATA_DIR / video.stored_path).stat().st_size
    assert version.stored_path


@pytest.mark.slow
def test_an_original_that_the_archive_has_is_fetched_when_it_is_needed(lost, backend, settings):
    """With its own name, into its own session."""
    archive_tasks.archive(str(Job.objects.for_target(JobKind.ARCHIVE, lost.original_file, params={"alone": True}).pk))
    assert ArchiveCopy.objects.get().state == CopyState.VERIFIED
    for model in (ArchiveCopy, Job, CandidateSegment, OriginalFile, Shoot):
        model.objects.all().delete()
    (settings.DATA_DIR / lost.original_file.stored_path).unlink()
    assert f"original {lost.original_file.file_hash}: 1 clip without it; the archive has it." in rebuilt()
    video = OriginalFile.objects.select_related("shoot").get()
    assert (video.original_filename, video.size_bytes) == ("GX010001.MP4", lost.original_file.size_bytes)
    assert video.shoot.name == "Backyard Rails"
    disk_tasks.fetch(str(fetching.want(video, priority=1).pk))
    video.refresh_from_db()
    assert video.evicted_at is None
    assert sha256_of(settings.DATA_DIR / video.stored_path) == lost.original_file.file_hash
    assert Job.objects.filter(kind=JobKind.PROBE, original_file=video).exists(), "nobody has read it yet"


@pytest.mark.slow
def test_clips_that_were_copied_to_drive_by_hand_are_known_by_what_is_inside(all_lost, backend, request):
    if backend.name == "local":
        pytest.skip("there they are read so anyway")
    (item,) = [item for item in request.getfixturevalue("drive").store.files() if item.name.endswith(".mp4")]
    item.app_properties = {}
    rebuilt()
    clip = FinalClip.objects.get()
    assert (clip.pk, clip.start_ms, clip.lineage) == (all_lost.pk, all_lost.start_ms, all_lost.lineage)


#: Of each table that only a backup brings back, how docs/OPERATIONS.md calls it.
IN_BACKUPS_ALONE = {
    "SecondFactor": "logins", "RecoveryCode": "logins", "ApiToken": "tokens", "Invite": "invite links",
    "ShareLink": "share links", "CollectionLink": "share links", "AuditEntry": "audit trail", "ReelRender": "films",
    "ReelMusic": "music", "ReelChange": "way back", "BulkChange": "way back", "Merge": "way back",
    "PairChange": "way back",
    "NoticeChannel": "notice channels", "Notice": "notice channels", "SiteSetting": "settings",
    "DriveGrant": "access to Google Drive", "Upload": "uploads", "Eviction": "freed space",
    "AuditReport": "audits", "Receipt": "receipts", "ReceiptFile": "receipts",
}  # fmt: skip
#: Made again of videos, clips and the archive itself, or about this moment.
MADE_AGAIN = {
    "Preview", "Piece", "Watch", "Filmstrip", "SharedCopy", "HandleCut", "Inbox", "ArchiveBlock", "ArchiveTouch",
    "ArchiveCursor", "Angle", "AngleGroup",
}  # fmt: skip


def test_each_table_comes_back_from_the_archive_or_is_said_to_be_in_backups_alone():
    tables = {
        model for name in ("clips", "people", "tricks")
        for model in apps.get_app_config(name).get_models(include_auto_created=True)
    }  # fmt: skip
    others = {model.__name__ for model in tables - set(TABLES)}
    assert others == MADE_AGAIN | set(IN_BACKUPS_ALONE)
    operations = (settings_of_site.BASE_DIR / "docs" / "OPERATIONS.md").read_text(encoding="utf-8")
    after_loss = " ".join(operations.partition("### After the loss of the database")[2].partition("###")[0].split())
    assert [said for said in IN_BACKUPS_ALONE.values() if said not in after_loss] == []


def test_names_of_originals_are_read_back_as_they_were_written():
    for name in ("GX010001.MP4", "a__b.mov", "no suffix", "VID.2024.12.longsuffix"):
        assert read_original_name(original_name(name, "0123456789abcdef")) == (name, "01234567")
    assert read_original_name("GX010001.MP4") is None


def test_a_name_in_the_archive_holds_nothing_that_cannot_be_seen():
    for mark in "\u202e\u202a\u2066\u2069\u200b\u200e\u200d\ufe0f\u00ad\u2060\ufeff":
        assert folder_name(f"Mia{mark} Berg{mark}") == "Mia Berg"
        assert original_name(f"GX{mark}01.MP4", "0123456789abcdef") == "GX01__01234567.MP4"
    assert folder_name("Rails. . ") == "Rails"
    assert folder_name("...") == "Session"


def test_names_are_read_back_as_they_were_written(shoot):
    names = {"date": shoot.date, "person": "Miller_Downey", "trick": "BROLL"}
    folders = folder_parts(session_name="Backyard Rails", **names)
    stem = file_stem(session="BackyardRails", camera_id="CAM_GOPRO11", fps_label="240FPS", **names)
    named = read_names(folders, f"{stem}__v012.mp4")
    assert (named.session_name, named.person, named.trick, named.number) == (
        "Backyard Rails",
        "Miller_Downey",
        "BROLL",
        12,
    )
    assert read_names((), f"{stem}__v012.mp4").session_name == "BackyardRails"
    assert read_names(folders, "holiday.mp4") is None
    assert read_names(folders, "2024-99-99__a__b__c__CAM_X__60FPS__v001.mp4") is None
