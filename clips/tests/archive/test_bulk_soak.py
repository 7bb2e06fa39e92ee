"""Tags many archived clips and undoes it, through random faults and killed workers: files are moved, never sent again.

The workers are real, the kills are SIGKILL. By default a small run; ``--soak`` does 60 clips and 40 changes.
"""

import random
import uuid
from collections import Counter
from pathlib import PurePosixPath

import pytest

from clips.integrity.run import audit
from clips.library.bulk import TagChange, change_tags
from clips.library.undoing import undo
from clips.models import BulkChange, ClipCategory, CopyState, FileName, FinalClip, Job, JobState
from clips.sorting.decisions import ConflictError
from clips.tests.archive.conftest import CHUNK_BYTES
from clips.tests.archive.crew import lying
from clips.tests.archive.test_soak import reasons, work_and_kill
from people.models import Member, Person
from tricks.models import Trick

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SEED = 19
FAULTY_SHARE = 0.12
#: How likely somebody does not wait, each half second.
HURRY = 0.15
#: The reason of a job that was its worker's last one too often.
STOPPED = "The worker stopped several times during this."
RIDERS = ("Mia", "Jo Berg", "Zoë", "Miller Downey")
TRICKS = ("KFED", "Boardslide", "Cab 270")


class Crew:
    """Somebody who tags clips and undoes the last change, a step each time it is called, until all is undone."""

    def __init__(self, clips: list[uuid.UUID], member: Member, chance: random.Random, n_changes: int) -> None:
        self.clips, self.member, self.chance, self.left = clips, member, chance, n_changes
        self.made: list[BulkChange] = []
        self.n_retried = 0

    def __call__(self) -> bool:
        self._retry()
        if Job.objects.active().exists() and self.chance.random() > HURRY:
            return True  # mostly the archive has followed before the next change
        if self.made and (not self.left or self.chance.random() < 0.3):
            undo(self.made.pop(), member=self.member)
        elif self.left:
            self.left -= 1
            self._change()
        return bool(self.left or self.made)

    def _retry(self) -> None:
        """Press Retry where the kills of this test met one job too often; whatever else fails stays failed."""
        for job in Job.objects.filter(state=JobState.FAILED, reason=STOPPED):
            self.n_retried += job.retry()

    def _change(self) -> None:
        chosen = self.chance.sample(self.clips, self.chance.randrange(1, len(self.clips) + 1))
        rider = Person.objects.find_or_add(self.chance.choice(RIDERS))
        trick = Trick.objects.find_or_add(self.chance.choice(TRICKS))
        change = self.chance.choice(
            [
                TagChange(sets_people=True, people=(rider,)),
                TagChange(sets_trick=True, trick=trick),
                TagChange(sets_people=True, people=(rider,), sets_trick=True, trick=trick),
                TagChange(added=(rider,), category=self.chance.choice(ClipCategory.values)),
                TagChange(sets_people=True, sets_trick=True),
            ]
        )
        try:
            self.made.append(change_tags(chosen, change, member=self.member, key=uuid.uuid4()))
        except ConflictError:  # they are tagged like this already
            self.left += 1


def tags() -> dict[uuid.UUID, tuple]:
    """Return the tags of each clip."""
    return {
        clip.pk: (clip.person_id, clip.trick_id, clip.category, frozenset(person.pk for person in clip.also.all()))
        for clip in FinalClip.objects.prefetch_related("also")
    }


def wrong() -> list[str]:
    """Return what an audit finds wrong, as that the clips' made-up original has no file."""
    return [str(found) for found, _mended in audit() if found.kind.is_wrong]


def places(drive) -> Counter:
    """Return in which folder each file lies, by its checksum; names have another number after each change."""
    files = lying(drive).values()
    assert not any(is_trashed for _path, _sha256, is_trashed in files)
    return Counter((PurePosixPath(path).parent, sha256) for path, sha256, _is_trashed in files)


@pytest.mark.parametrize(
    ("n_clips", "n_changes", "kill_every_s", "limit_s"),
    [
        pytest.param(4, 4, 3.0, 240, id="small"),
        pytest.param(60, 40, 6.0, 1500, id="full", marks=[pytest.mark.soak, pytest.mark.timeout(1800)]),
    ],
)
def test_the_archive_is_as_before_when_all_changes_are_undone_whatever_happens(
    backend, request, make_clip, archived, broker, settings, monkeypatch, sorter, capsys,
    n_clips, n_changes, kill_every_s, limit_s,
):  # fmt: skip
    chance = random.Random(SEED)  # noqa: S311
    drive = request.getfixturevalue("on_drive") if backend.name == "drive" else None
    clips = [archived(make_clip(chance.choice((100_000, 300_000)))).pk for _number in range(n_clips)]
    tags_before, places_before, n_names = tags(), places(drive), FileName.objects.count()
    monkeypatch.setenv("ARCHIVE_BACKEND", settings.ARCHIVE_BACKEND)
    monkeypatch.setenv("ARCHIVE_DIR", str(settings.ARCHIVE_DIR))
    if drive:
        for name in ("DRIVE_FOLDER_ID", "DRIVE_SERVICE_ACCOUNT_FILE", "DRIVE_API_URL"):
            monkeypatch.setenv(name, getattr(settings, name))
        monkeypatch.setenv("DRIVE_CHUNK_BYTES", str(CHUNK_BYTES))
        monkeypatch.setenv("DRIVE_BACK_OFF_SECONDS", "0.02")
        drive.troubles.by_chance(FAULTY_SHARE, SEED)
        drive.block_s = 0.05
        n_sent = drive.count("POST /upload") + drive.count("PUT /upload")
    files_before = set(lying(drive)) if drive else None
    settings.SWEEP_SECONDS = 1
    crew = Crew(clips, sorter, chance, n_changes)

    n_kills, took_s = work_and_kill(chance, kill_every_s, limit_s, crew)

    with capsys.disabled():
        print(  # noqa: T201
            f"\n{backend.name}: {n_clips} clips, {BulkChange.objects.count()} changes, all undone, in {took_s:.0f} s; "
            f"{n_kills} SIGKILLs, {sum(drive.troubles.met.values()) if drive else 0} faults, "
            f"{crew.n_retried} times Retry"
        )
    if drive:
        drive.troubles.over()
    assert not crew.made
    assert set(Job.objects.values_list("state", flat=True)) == {JobState.DONE}, reasons()
    assert tags() == tags_before
    assert places(drive) == places_before, "each once, in its folder"
    if drive:
        assert set(lying(drive)) == files_before, "the same files"
        assert drive.count("POST /upload") + drive.count("PUT /upload") == n_sent, "moves only"
    for clip in FinalClip.objects.prefetch_related("copies"):
        (copy,) = clip.copies.all()
        assert (copy.state, copy.path.rpartition("/")[2]) == (CopyState.VERIFIED, clip.filename)
    assert all("originals/1.mp4 is missing" in said for said in wrong())
    assert FileName.objects.count() > n_names, "names and places were others meanwhile"
