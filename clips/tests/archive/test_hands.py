"""Tests what people do in the archive's folders on Drive: it is kept and told, and asked about where it is much."""

import hashlib
import secrets
from importlib import import_module

import pytest
from django.apps import apps
from django.urls import reverse
from django.utils import timezone

from clips.archive import outage, questions, renaming, session_filing, tasks
from clips.archive.backend import ArchiveBlockedError
from clips.archive.configured import place_in_use
from clips.archive.drive.requests import MAX_TRIES
from clips.archive.questions import Answer
from clips.disk import fetching
from clips.jobs import pipeline
from clips.jobs.worker import claim
from clips.models import (
    ArchiveBlock,
    ArchiveCopy,
    ArchiveFolder,
    ArchiveRoot,
    BlockReason,
    CopyState,
    DriveGrant,
    FinalClip,
    Job,
    JobKind,
    JobState,
    Shoot,
)
from clips.tests.archive.drive_store import FOLDER_TYPE
from clips.tests.archive.drive_troubles import refuse
from people.models import Person

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

MANY = 4


@pytest.fixture(autouse=True)
def two_are_a_handful(monkeypatch):
    monkeypatch.setattr(questions, "HANDFUL", 2)


@pytest.fixture
def clips(on_drive, make_clip, work_off) -> list[FinalClip]:
    """More clips on Drive than anybody deletes by the way, with all changes so far read."""
    on_drive.store.search_lag_s = 0
    made = [make_clip(20_000) for _number in range(MANY)]
    for clip in made:
        Job.objects.for_target(JobKind.ARCHIVE, clip)
    work_off()
    tasks.notice_archive_changes()
    return made


def states() -> set[str]:
    return set(ArchiveCopy.objects.values_list("state", flat=True))


def tops(drive) -> list:
    return [item for item in drive.store.folders() if item.name == "TrickyClip Archive"]


def look(work_off) -> None:
    tasks.notice_archive_changes()
    work_off()


def answer(given: Answer, work_off) -> None:
    outage.answer(ArchiveBlock.objects.get(), given)
    work_off()


def visible(drive) -> list[str]:
    return sorted(item.sha256 for item in drive.store.files() if not drive.store.is_trashed(item))


def all_there(drive) -> bool:
    """Return whether each clip is there once, visible, under the id and the path of its row."""
    copies = ArchiveCopy.objects.select_related("clip")
    items = {copy: drive.store.items[copy.remote_id] for copy in copies}
    return visible(drive) == sorted(copy.sha256 for copy in copies) and all(
        drive.store.path(item) == f"Crew/{copy.path}" and copy.clip.drive_file_id == item.id
        for copy, item in items.items()
    )


@pytest.mark.usefixtures("whatever_the_user_sees")
def test_the_top_folder_in_the_trash_stops_sending_and_nothing_is_made_beside_it(
    on_drive, clips, make_clip, work_off, client, curator
):
    (top,) = tops(on_drive)
    on_drive.store.trash(top.id)
    Job.objects.for_target(JobKind.ARCHIVE, make_clip())
    work_off()
    assert ArchiveBlock.objects.get().reason == BlockReason.TOP_GONE
    assert tops(on_drive) == [top]
    client.force_login(curator)
    for page in ("home", "clips:jobs", "clips:archive_question"):
        assert "folder is in the trash of Google Drive" in client.get(reverse(page)).content.decode()
    assert client.post(reverse("clips:archive_question"), {"answer": "move"}).status_code == 409, "of another question"
    assert client.post(reverse("clips:archive_question"), {"answer": "back"}).status_code == 302
    work_off()
    assert states() == {CopyState.VERIFIED}
    assert all_there(on_drive)
    assert tops(on_drive) == [top]


def test_a_top_folder_that_somebody_restores_answers_the_question(on_drive, clips, make_clip, work_off):
    (top,) = tops(on_drive)
    on_drive.store.trash(top.id)
    Job.objects.for_target(JobKind.ARCHIVE, make_clip())
    work_off()
    on_drive.store.trash(top.id, trashed=False)
    ArchiveBlock.objects.update(look_again_at=ArchiveBlock.objects.get().since)
    tasks.look_after_archive()
    work_off()
    assert not ArchiveBlock.objects.exists()
    assert all_there(on_drive)


@pytest.mark.parametrize("given", [Answer.AGAIN, Answer.LEAVE])
def test_a_top_folder_that_was_deleted_is_made_anew_only_after_an_answer(on_drive, clips, make_clip, work_off, given):
    (top,) = tops(on_drive)
    on_drive.store.trash(top.id)
    look(work_off)
    assert states() == {CopyState.VERIFIED}
    answer(given, work_off)
    assert not ArchiveBlock.objects.exists()
    new = [folder for folder in tops(on_drive) if not on_drive.store.is_trashed(folder)]
    if given == Answer.AGAIN:
        assert all_there(on_drive), "each in a visible folder"
        assert len(new) == 1
    else:
        assert states() == {CopyState.REMOVED}
        assert new == []


@pytest.mark.parametrize(("given", "n_back"), [(Answer.BACK, MANY - 1), (Answer.AGAIN, MANY), (Answer.LEAVE, 0)])
def test_many_copies_gone_at_once_are_asked_about(on_drive, clips, work_off, given, n_back):
    for clip in clips[1:]:
        on_drive.store.trash(FinalClip.objects.get(pk=clip.pk).drive_file_id)
    on_drive.store.delete(FinalClip.objects.get(pk=clips[0].pk).drive_file_id)
    look(work_off)
    assert ArchiveBlock.objects.get().reason == BlockReason.GONE
    assert on_drive.count("POST /upload") == MANY, "nothing is sent meanwhile"
    answer(given, work_off)
    assert len(visible(on_drive)) == n_back
    assert ArchiveCopy.objects.filter(state=CopyState.VERIFIED).count() == n_back
    assert not ArchiveBlock.objects.exists()
    look(work_off)
    assert not ArchiveBlock.objects.exists(), "it is not asked twice"


def test_an_answer_counts_for_what_is_just_being_looked_at(on_drive, clips, work_off):
    for clip in clips:
        on_drive.store.trash(FinalClip.objects.get(pk=clip.pk).drive_file_id)
    tasks.notice_archive_changes()
    with claim(Job.objects.get(clip=clips[0], state=JobState.WAITING).pk) as work:
        outage.answer(ArchiveBlock.objects.get(), Answer.BACK)
        with work.finishing():
            pass
    work_off()
    assert len(visible(on_drive)) == MANY
    assert states() == {CopyState.VERIFIED}


def test_a_job_whose_end_begins_another_is_followed_by_that_one_alone(on_drive, clips):
    job = Job.objects.for_target(JobKind.ARCHIVE, clips[0])
    with claim(job.pk) as work:
        Job.objects.filter(pk=job.pk).have_followed({Answer.BACK.value: True})
        with work.finishing():
            pipeline.start(JobKind.ARCHIVE, clips[0])  # as where the clip got another name meanwhile
    (following,) = Job.objects.active()
    assert (following.clip, following.params) == (clips[0], {Answer.BACK.value: True})
    job.refresh_from_db()
    assert job.state == JobState.DONE


def test_one_after_another_is_as_many(on_drive, clips, work_off):
    for number, clip in enumerate(clips):
        on_drive.store.trash(FinalClip.objects.get(pk=clip.pk).drive_file_id)
        look(work_off)
        assert ArchiveBlock.objects.exists() == (number >= questions.HANDFUL)


def test_a_copy_in_a_trashed_folder_comes_back_to_a_visible_place(on_drive, clips, archived):
    copy = clips[0].copies.get()
    on_drive.store.trash(copy.folder.remote_id)
    clip = archived(clips[0], again=True)
    copy.refresh_from_db()
    item = on_drive.store.items[copy.remote_id]
    assert copy.state == CopyState.VERIFIED
    assert not on_drive.store.is_trashed(item)
    assert on_drive.store.path(item) == f"Crew/{copy.path}"
    assert clip.drive_file_id == item.id
    # also where a person had put it into a folder of their own, which is in the trash
    on_drive.store.add("best", "Best of", FOLDER_TYPE, ["shared-drive"], owner="", drive_id="shared-drive")
    item.parents = ["best"]
    on_drive.store.trash("best")
    archived(clips[0], again=True)
    assert not on_drive.store.is_trashed(item)


def test_a_persons_version_is_kept_told_and_ours_put_beside_if_asked(on_drive, clips, work_off, client, curator):
    clip = FinalClip.objects.get(pk=clips[0].pk)
    theirs = on_drive.store.items[clip.drive_file_id]
    on_drive.store.revise(theirs.id, b"graded by Jo")
    look(work_off)
    assert clip.copies.get().state == CopyState.CHANGED
    FinalClip.objects.filter(pk=clip.pk).update(file_hash=secrets.token_hex(32))  # cut again meanwhile
    Job.objects.for_target(JobKind.ARCHIVE, clip)
    work_off()
    assert theirs.content == b"graded by Jo"
    FinalClip.objects.filter(pk=clip.pk).update(file_hash=clip.file_hash)
    client.force_login(curator)
    page = client.get(reverse("clips:clip", args=[clip.pk])).content.decode()
    assert "their version is kept" in page
    client.post(reverse("clips:clip_archive_again", args=[clip.pk]))
    work_off()
    copy = clip.copies.get()
    ours = on_drive.store.items[copy.remote_id]
    assert (copy.state, ours.sha256) == (CopyState.VERIFIED, clip.file_hash)
    assert (theirs.content, theirs.trashed) == (b"graded by Jo", False)
    assert ours.parents == theirs.parents
    assert ours.name == theirs.name.replace(".mp4", " (TrickyClip).mp4")


def test_our_own_new_cut_takes_the_place_of_our_old_one(on_drive, clips, work_off, own_data_dir):
    clip = FinalClip.objects.get(pk=clips[0].pk)
    (own_data_dir / clip.stored_path).write_bytes(b"cut again")
    FinalClip.objects.filter(pk=clip.pk).update(file_hash=hashlib.sha256(b"cut again").hexdigest(), size_bytes=9)
    Job.objects.for_target(JobKind.ARCHIVE, clip)
    work_off()
    assert on_drive.store.items[clip.drive_file_id].content == b"cut again"


def test_folders_that_a_rename_empties_are_removed_unless_something_of_a_person_is_in_them(on_drive, clips, work_off):
    mia = Person.objects.get(slug="Mia")
    before = {folder.name for folder in on_drive.store.folders()}
    mia.display_name, mia.slug = "Zoe", "Zoe"
    mia.save()
    renaming.follow(mia)
    work_off()
    seen = {folder.name for folder in on_drive.store.folders() if not on_drive.store.is_trashed(folder)}
    assert "Mia" in before
    assert "Zoe" in seen
    assert "Mia" not in seen
    copy = clips[0].copies.get()
    on_drive.store.drop("notes.txt", b"mine", ArchiveFolder.objects.get(name="Zoe").remote_id, mime_type="text/plain")
    mia.display_name, mia.slug = "Jo", "Jo"
    mia.save()
    renaming.follow(mia)
    work_off()
    seen = {folder.name for folder in on_drive.store.folders() if not on_drive.store.is_trashed(folder)}
    assert {"Zoe", "Jo"} <= seen
    assert states() == {CopyState.VERIFIED}
    assert copy.backend == "drive"
    assert all_there_but(on_drive, "notes.txt")


def all_there_but(drive, name: str) -> bool:
    (item,) = [item for item in drive.store.files() if item.name == name]
    del drive.store.items[item.id]
    return all_there(drive)


@pytest.mark.parametrize("given", [Answer.MOVE, Answer.ANEW])
def test_another_folder_in_the_settings_is_asked_about(
    on_drive, clips, make_clip, work_off, settings, client, admin, given
):
    on_drive.store.add("other", "Other", FOLDER_TYPE, ["shared-drive"], owner="", drive_id="shared-drive")
    settings.DRIVE_FOLDER_ID = "other"
    Job.objects.for_target(JobKind.ARCHIVE, make_clip())
    work_off()
    n_sent = on_drive.count("POST /upload")
    assert ArchiveBlock.objects.get().reason == BlockReason.MOVED
    client.force_login(admin)
    if given == Answer.MOVE:
        says = "Moving folders into shared drives is not supported."
        on_drive.troubles.once("PATCH", refuse(403, "teamDrivesFolderMoveInNotSupported", says))
        page = client.post(reverse("clips:archive_question"), {"answer": "move"})
        assert page.status_code == 409
        assert "Move its folder by hand, or begin anew." in page.content.decode()
        assert ArchiveBlock.objects.exists(), "the question stands"
    assert client.post(reverse("clips:archive_question"), {"answer": given.value}).status_code == 302
    work_off()
    assert not ArchiveBlock.objects.exists()
    here = ArchiveCopy.objects.filter(backend="drive")
    assert here.count() == MANY + 1
    paths = {on_drive.store.path(on_drive.store.items[copy.remote_id]) for copy in here}
    assert all(path.startswith("Crew/Other/TrickyClip Archive/") for path in paths)
    sent = on_drive.count("POST /upload") - n_sent
    if given == Answer.MOVE:
        assert sent == 1, "only the new one"
        return
    assert sent == MANY + 1
    assert ArchiveCopy.objects.exclude(backend="drive").filter(state="VERIFIED").count() == MANY, (
        "the rows of before are kept"
    )
    settings.DRIVE_FOLDER_ID = "shared-drive"
    Job.objects.for_target(JobKind.ARCHIVE, clips[0])
    work_off()
    answer(Answer.ANEW, work_off)
    assert on_drive.count("POST /upload") == n_sent + MANY + 2, "back there, only what was not there is sent"
    assert {copy.clip.drive_file_id for copy in ArchiveCopy.objects.filter(backend="drive")} == set(
        ArchiveCopy.objects.filter(backend="drive").values_list("remote_id", flat=True)
    )


def test_another_account_with_a_drive_of_its_own_is_asked_about(settings, clips):
    """The archive is at the top of a person's My Drive; then somebody connects another person."""
    settings.DRIVE_FOLDER_ID, settings.DRIVE_SERVICE_ACCOUNT_FILE = "", ""
    DriveGrant.objects.create(account="mia@example.org", scope="x")
    ArchiveRoot.objects.update(place=place_in_use("drive"))
    questions.check_place("drive")
    DriveGrant.objects.create(account="jo@example.org", scope="x")
    with pytest.raises(ArchiveBlockedError) as caught:
        questions.check_place("drive")
    assert caught.value.reason == BlockReason.MOVED


def test_a_removed_clip_that_a_person_changed_there_stays_as_they_left_it(on_drive, clips, archived, work_off):
    clip = FinalClip.objects.get(pk=clips[0].pk)
    on_drive.store.revise(clip.drive_file_id, b"graded by Jo")
    look(work_off)
    archived(clip, JobKind.WITHDRAW)
    assert on_drive.store.items[clip.copies.get().remote_id].content == b"graded by Jo"
    assert not on_drive.store.items[clip.copies.get().remote_id].trashed


def test_folders_that_do_not_show_for_long_are_waited_for_and_made_once(on_drive, make_clip, work_off):
    on_drive.store.unseen_for = MAX_TRIES + 5
    clip = make_clip()
    job = Job.objects.for_target(JobKind.ARCHIVE, clip)
    for _time in range(12):
        Job.objects.filter(pk=job.pk, state=JobState.WAITING).update(run_after=timezone.now(), attempts=0)
        work_off()
    assert clip.copies.get().state == CopyState.VERIFIED
    names = [folder.name for folder in on_drive.store.folders()]
    assert len(names) == len(set(names)), "none is there twice"


def test_a_top_folder_from_before_its_place_was_kept_is_asked_about_too(on_drive, clips, make_clip, work_off):
    (top,) = tops(on_drive)
    ArchiveRoot.objects.all().delete()
    import_module("clips.migrations.0057_place_of_the_archive").note_top(apps, None)
    on_drive.store.trash(top.id)
    Job.objects.for_target(JobKind.ARCHIVE, make_clip())
    work_off()
    assert ArchiveBlock.objects.get().reason == BlockReason.TOP_GONE
    assert ArchiveRoot.objects.get().place == "shared-drive"
    assert tops(on_drive) == [top]


def test_an_original_that_is_only_at_the_place_of_before_is_fetched_from_there(on_drive, clips):
    original = clips[0].original_file
    before = ArchiveCopy.objects.create(
        original_file=original, backend="drive 1a2b3c4d", path="x", remote_id="y", sha256=original.file_hash,
        state=CopyState.VERIFIED, verified_at=original.created_at,
    )  # fmt: skip
    assert fetching.copy_of(original) == before


def test_session_files_follow_the_archive_and_empty_the_folders_that_they_leave(on_drive, clips, work_off, settings):
    def write() -> None:
        session_filing.follow_changes()
        work_off()

    write()
    shoot = Shoot.objects.get()
    shoot.name, shoot.slug = "Night Rails", "NightRails"
    shoot.save()
    renaming.follow(shoot)
    work_off()
    write()
    seen = {folder.name for folder in on_drive.store.folders() if not on_drive.store.is_trashed(folder)}
    assert "2024-12-01 - Night Rails" in seen
    assert "2024-12-01 - Backyard Rails" not in seen

    before = {item.id: item.parents for item in on_drive.store.files() if item.name.endswith(".json")}
    assert len(before) == 2, "the crew's and the session's"
    on_drive.store.add("other", "Other", FOLDER_TYPE, ["shared-drive"], owner="", drive_id="shared-drive")
    settings.DRIVE_FOLDER_ID = "other"
    outage.ask_where()
    answer(Answer.ANEW, work_off)
    write()
    files = [item for item in on_drive.store.files() if item.name.endswith(".json")]
    assert {item.id: item.parents for item in files if item.id in before} == before, "the old archive is as it was"
    new = [on_drive.store.path(item) for item in files if item.id not in before]
    assert len(new) == 2
    assert all(path.startswith("Crew/Other/TrickyClip Archive/") for path in new)
