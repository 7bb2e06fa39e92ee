"""Tests restoring a real backup taken at any moment, followed by repairs that lead to one stable state."""

import contextlib
import random
import re
from collections import Counter
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import connections

from clips.archive.item import current_item
from clips.integrity.run import audit
from clips.models import ArchiveCopy, CopyState, FileName, FinalClip, OriginalFile, Shoot
from clips.tests.archive.crew import APART_MS, HAPPENS, Crew, lying
from clips.tests.archive.drive_server import DriveServer
from people.models import Person
from tricks.models import Trick

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

MENDING = (("audit",), ("audit", "--repair"), ("rearchive", "--no-wait"), ("rebuild_from_archive",))


def told(*command: str) -> str:
    """Call a management command; findings of an audit are only printed."""
    out = StringIO()
    with contextlib.suppress(CommandError) if command[0] == "audit" else contextlib.nullcontext():
        call_command(*command, stdout=out, stderr=out)
    if to_move := re.search(r"--move (\d+)", out.getvalue()):  # somebody has seen the list, and confirms it
        call_command(*command, "--move", to_move[1], stdout=out, stderr=out)
    return out.getvalue()


class Past:
    """The history of a crew, with the backups made meanwhile."""

    def __init__(self, crew: Crew, folder: Path, seed: int) -> None:
        self.crew, self.folder, self.chance = crew, folder, random.Random(seed)  # noqa: S311
        self.backups: list[Path] = []
        #: Each thing happens before one does a second time.
        self.coming: list[str] = []
        #: Told by a test that fails.
        self.log: list[str] = []
        #: Of each file that was ever cut, which clip of which moment it shows.
        self.shows: dict[str, tuple] = {}

    def unfold(self, n_steps: int) -> None:
        """Apply random events, and end with a restore."""
        self.happen(2)
        self.back_up()
        for _step in range(n_steps):
            roll = self.chance.random()
            if roll < 0.15:
                self.back_up()
            elif roll < 0.3:
                self.restore()
            else:
                self.happen(1)
        self.restore()

    def happen(self, n_events: int) -> None:
        for _event in range(n_events):
            self.coming = self.coming or self.chance.sample(HAPPENS, len(HAPPENS))
            what, which = self.coming.pop(), self.chance.randrange(4)
            self.log.append(f"{what} {which}")
            getattr(self.crew, what)(which)
            if self.chance.random() < 0.8:  # otherwise its jobs still wait when the next thing happens
                self.log[-1] += "."
                self.crew.work()

    def back_up(self) -> None:
        self.log.append(f"backup {len(self.backups)}")
        into = self.folder / str(len(self.backups))
        told("backup", str(into))
        self.backups += into.iterdir()

    def restore(self) -> None:
        cut = FinalClip.objects.exclude(stored_path="")
        self.shows |= {clip.file_hash: (clip.start_ms, clip.end_ms) for clip in cut}
        which = self.chance.randrange(len(self.backups))
        self.log.append(f"restore {which}")
        connections.close_all()
        told("restore", "--replace", str(self.backups[which]))
        self.crew.work()  # the site is started


def state(drive: DriveServer | None) -> dict[str, object]:
    """Return everything that must stay unchanged from now on."""
    clip_fields = ("pk", "filename", "is_current", "lineage", "person", "trick", "original_file__shoot", "file_hash")
    copy_fields = ("clip", "original_file", "remote_id", "path", "state", "sha256")
    return {
        "files": lying(drive),
        "clips": sorted(map(str, FinalClip.objects.values_list(*clip_fields))),
        "copies": sorted(map(str, ArchiveCopy.objects.values_list(*copy_fields))),
        "names": [model.objects.count() for model in (Person, Trick, Shoot, FileName, OriginalFile)],
    }


def mend(past: Past, drive: DriveServer | None, order: list[tuple[str, ...]]) -> None:
    """Run all repairs twice; the second time changes nothing, and nothing is ever gone."""
    before = lying(drive)
    for _round in range(2):
        reached = state(drive)
        for command in order:
            told(*command)
            past.crew.work()
    for name, is_now in state(drive).items():
        assert is_now == reached[name], f"{name} changed the second time"
    ever, now = ({sha256 for _path, sha256, _trashed in files.values()} for files in (before, lying(drive)))
    assert ever <= now, "something is gone"
    shown = {past.shows.get(sha256) for _path, sha256, is_trashed in before.values() if not is_trashed} - {None}
    assert shown <= set(FinalClip.objects.values_list("start_ms", "end_ms")), "a clip has no row"


def is_as_it_should_be(drive: DriveServer | None) -> None:
    """Check that each clip has exactly one copy in its place, no others exist, and each moment has one clip."""
    files, copies = lying(drive), list(ArchiveCopy.objects.filter(state=CopyState.VERIFIED))
    there = {file_id: file for file_id, file in files.items() if not file[-1]}
    assert there == {copy.remote_id: (copy.path, copy.sha256, False) for copy in copies}
    assert [copy.path for copy in copies] == [current_item(copy.clip or copy.original_file).path for copy in copies]
    current = FinalClip.objects.current()
    assert set(current.values_list("pk", flat=True)) <= {copy.clip_id for copy in copies}
    moments = Counter(start_ms // APART_MS for start_ms in current.values_list("start_ms", flat=True))
    assert set(moments.values()) <= {1}
    assert [str(found) for found, _mended in audit() if found.kind.is_wrong] == []


def run(seed: int, backend, request, film: Path, sorter, tmp_path: Path, n_steps: int) -> None:
    drive = request.getfixturevalue("drive") if backend.name == "drive" else None
    if drive:
        drive.store.search_lag_s = 0
    past = Past(Crew(sorter, film, n_clips=3), tmp_path / "backups", seed)
    past.unfold(n_steps)
    order = past.chance.sample(MENDING, len(MENDING))
    try:
        mend(past, drive, order)
        is_as_it_should_be(drive)
    except AssertionError as error:
        error.add_note(f"{past.log}, then {order}")
        raise


@pytest.mark.parametrize("seed", range(2))
def test_any_restore_leads_to_one_state(seed, backend, request, film, sorter, tmp_path):
    run(seed, backend, request, film, sorter, tmp_path, n_steps=4)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(10, 40))
def test_any_restore_leads_to_one_state_often(seed, backend, request, film, sorter, tmp_path):
    run(seed, backend, request, film, sorter, tmp_path, n_steps=7)
