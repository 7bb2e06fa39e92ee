"""Tests that audit, repair, archiving and rebuilding after a restore lead to one stable state, in any order.

Here a backup is the rows alone, which takes no time; test_restored.py has real ones.
"""

import uuid
from collections import Counter

import pytest
from django.core import serializers

from clips.archive.rebuild import move_listed, rebuild
from clips.integrity.run import audit
from clips.jobs import pipeline
from clips.models import (
    ArchiveCopy,
    ArchiveFolder,
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
from clips.tests.archive.crew import Crew, lying
from clips.tests.archive.drive_server import DriveServer
from people.models import Person
from tricks.models import Trick

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

#: What a backup holds of all this, in the order in which it can be brought back.
KEPT = (Person, Trick, Shoot, OriginalFile, CandidateSegment, FileName, FinalClip, Decision, ArchiveFolder, ArchiveCopy)
N_CLIPS = 3


def repair() -> None:
    list(audit(repair=True))


def rearchive() -> None:
    for clip in FinalClip.objects.exclude(stored_path="").filter(removed_at=None):
        pipeline.start(JobKind.ARCHIVE, clip, again=True)


def rebuild_all() -> None:
    move_listed(len(rebuild(dry_run=False).moves))


MENDING = [repair, rearchive, rebuild_all]


def backup() -> list[str]:
    return [serializers.serialize("json", model.objects.all()) for model in KEPT]


def restore(kept: list[str]) -> None:
    Job.objects.all().delete()
    for model in reversed(KEPT):
        model.objects.all().delete()
    for rows in kept:
        for row in serializers.deserialize("json", rows):
            row.save()


def state(drive: DriveServer | None) -> dict[str, object]:
    """Return everything that must stay unchanged from now on."""
    clip_fields = ("pk", "filename", "is_current", "lineage", "person", "trick", "original_file__shoot", "file_hash")
    return {
        "files": lying(drive),
        "clips": sorted(map(str, FinalClip.objects.values_list(*clip_fields))),
        "copies": sorted(map(str, ArchiveCopy.objects.values_list("clip", "original_file", "path", "state", "sha256"))),
        "names": [model.objects.count() for model in (Person, Trick, Shoot, FileName, OriginalFile)],
    }


def bytes_ever(drive: DriveServer | None) -> set[str]:
    return {sha256 for _path, sha256, _is_trashed in lying(drive).values()}


@pytest.fixture
def drive_of(backend, request) -> DriveServer | None:
    """Return the server of the archive, if it is Drive's."""
    if backend.name == "local":
        return None
    drive = request.getfixturevalue("drive")
    drive.store.search_lag_s = 0
    return drive


@pytest.mark.parametrize("first", [repair, rebuild_all])
def test_a_session_that_was_renamed_after_the_backup(drive_of, sorter, film, first):
    """The case that was seen: 99 gone, 137 unknown, and after all that was advised two of many clips."""
    crew = Crew(sorter, film, n_clips=N_CLIPS)
    crew.archive_original(0)
    crew.work()
    kept = backup()
    for what, which in [("rename_session", 0), ("archive_original", 0), ("trim", 1), ("retag", 2), ("keep", 0)]:
        getattr(crew, what)(which)
        crew.work()
    before = bytes_ever(drive_of)
    restore(kept)
    for _round in range(2):
        reached = state(drive_of)
        for step in [first, *(step for step in MENDING if step != first)]:
            step()
            crew.work()
    for name, is_now in state(drive_of).items():
        assert is_now == reached[name], f"{name} changed the second time"
    assert before <= bytes_ever(drive_of)
    moments = Counter(FinalClip.objects.current().values_list("start_ms", flat=True))
    assert (len(moments), set(moments.values())) == (N_CLIPS + 1, {1})
    assert [str(found) for found, _mended in audit() if found.kind.is_wrong] == []
    there = sorted(path for path, _sha256, is_trashed in lying(drive_of).values() if not is_trashed)
    assert there == sorted(ArchiveCopy.objects.filter(state=CopyState.VERIFIED).values_list("path", flat=True))
    assert {clip.original_file.shoot.name for clip in FinalClip.objects.all()} == {"Backyard Rails"}
    assert Shoot.objects.count() == 1


def test_a_name_that_was_given_again_after_the_restore_writes_over_nothing(drive_of, sorter, film):
    crew = Crew(sorter, film, n_clips=1)
    kept = backup()
    crew.keep(0)
    crew.work()
    newest = FinalClip.objects.order_by("created_at").last()
    was = newest.copies.get().sha256
    restore(kept)
    crew.keep(0)
    crew.work()
    assert FinalClip.objects.order_by("created_at").last().filename == newest.filename
    assert was in bytes_ever(drive_of)
    for step in (rebuild_all, repair, rearchive, repair):
        step()
        crew.work()
    assert was in bytes_ever(drive_of)
    assert len(set(FinalClip.objects.values_list("filename", flat=True))) == FinalClip.objects.count() == 3
    there = [path for path, _sha256, is_trashed in lying(drive_of).values() if not is_trashed]
    assert sorted(there) == sorted(ArchiveCopy.objects.values_list("path", flat=True))


def test_a_rebuild_after_a_loss_finds_which_version_is_current(sorter, film):
    crew = Crew(sorter, film, n_clips=N_CLIPS)
    for what, which in [("trim", 0), ("trim", 0), ("trim", 1), ("retag", 2), ("rename_person", 1)]:
        getattr(crew, what)(which)
        crew.work()
    versions = {str(pk): (lineage, is_current) for pk, lineage, is_current in
                FinalClip.objects.values_list("pk", "lineage", "is_current")}  # fmt: skip
    for model in (ArchiveCopy, ArchiveFolder, Job, Decision, FinalClip, FileName, Trick, Person):
        model.objects.all().delete()
    rebuild_all()
    for clip in FinalClip.objects.exclude(start_ms=20_000):  # a retagged one takes the file over, with what it says
        assert versions[str(clip.pk)] == (clip.lineage, clip.is_current), clip
    assert FinalClip.objects.current().count() == N_CLIPS
    assert {uuid.UUID(str(lineage)) for lineage, _is in versions.values()} == set(
        FinalClip.objects.values_list("lineage", flat=True)
    )
