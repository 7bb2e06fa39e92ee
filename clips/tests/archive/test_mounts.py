"""Tests a local archive on real disks that go away, fill up, turn read-only or are exchanged while it is used."""

import contextlib
import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.utils import timezone

from clips.archive import tasks
from clips.archive.backend import ArchiveError, Parcel
from clips.archive.configured import archive_backend
from clips.archive.local import LocalArchive
from clips.archive.local_root import FAT_MAX_BYTES, MARKER, LocalRoot, file_system_of
from clips.archive.naming import ROOT
from clips.integrity.archive_checks import HANDFUL
from clips.integrity.finding import Kind
from clips.integrity.run import audit
from clips.models import (
    ArchiveBlock,
    ArchiveCopy,
    ArchiveMarker,
    BlockReason,
    CopyState,
    FinalClip,
    Job,
    JobKind,
    JobState,
    OriginalFile,
)
from clips.tests.archive.crew import lying
from people.models import Person
from people.renaming import announce

pytestmark = [pytest.mark.slow, pytest.mark.django_db]
N_CLIPS = 6
ON_A_NEW_DISK = {MARKER, "lost+found", "of another site"}
DISK_BYTES = 24 * 1024**2
#: What mounts a disk that the kernel does not know.
BY_FUSE = {"exfat": "mount.exfat-fuse"}


class Disk:
    """An image of a file system that can be mounted, as a disk can be plugged in."""

    def __init__(self, image: Path, point: Path, kind: str) -> None:
        self.image, self.point, self.kind = image, point, kind
        image.write_bytes(b"")
        os.truncate(image, DISK_BYTES)
        _run(f"mkfs.{kind}", *(["-q", "-F"] if kind == "ext4" else []), str(image))

    def mount(self, options: str = "loop") -> None:
        self.point.mkdir(parents=True, exist_ok=True)
        if self.kind in BY_FUSE and self.kind not in Path("/proc/filesystems").read_text().split():
            self._mount_by_fuse()
        else:
            _run("mount", "-o", options, str(self.image), str(self.point))

    def _mount_by_fuse(self) -> None:
        program = BY_FUSE[self.kind]
        if not (shutil.which(program) and Path("/dev/fuse").exists()):
            pytest.skip(f"neither the kernel nor {program} mounts {self.kind} here")
        device = _run("losetup", "--find", "--show", str(self.image)).strip()
        _run(program, device, str(self.point))
        _run("losetup", "--detach", device)  # as soon as it is not mounted any more

    def pull(self) -> None:
        """Take the disk away, also while somebody writes to it."""
        _run("umount", "--lazy", str(self.point))


def _run(*command: str) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout
    except FileNotFoundError:
        pytest.skip(f"{command[0]} is not on this machine")
    except subprocess.CalledProcessError as error:
        if command[0] in {"mount", "losetup", *BY_FUSE.values()}:
            pytest.skip(f"this machine mounts no such image: {(error.stderr.strip() or 'no reason').splitlines()[0]}")
        raise


@pytest.fixture
def new_disk(tmp_path, settings) -> Iterator[Callable[..., Disk]]:
    """Return a function that makes disks for the archive's folder."""
    if os.geteuid() != 0:
        pytest.skip("only root mounts disks")
    settings.ARCHIVE_DIR = tmp_path / "mnt" / "archive"

    def make(name: str = "disk", kind: str = "ext4") -> Disk:
        return Disk(tmp_path / f"{name}.img", settings.ARCHIVE_DIR, kind)

    yield make
    while os.path.ismount(settings.ARCHIVE_DIR):
        subprocess.run(["umount", "--lazy", settings.ARCHIVE_DIR], check=True)


@pytest.fixture
def clips(make_clip) -> list:
    """Clips that are to be archived."""
    clips = [make_clip() for _number in range(N_CLIPS)]
    for clip in clips:
        Job.objects.for_target(JobKind.ARCHIVE, clip)
    return clips


def unplugged(disk: Disk, _other: Disk) -> None:
    disk.pull()


def exchanged(disk: Disk, other: Disk) -> None:
    disk.pull()
    other.mount()
    LocalRoot(other.point).adopt()
    (other.point / "of another site").touch()


def read_only(disk: Disk, _other: Disk) -> None:
    disk.mount("remount,ro")


def full(disk: Disk, _other: Disk) -> None:
    with contextlib.suppress(OSError), (disk.point / "holiday.mov").open("wb", buffering=0) as file:
        while True:
            file.write(bytes(64 * 1024))


def back(disk: Disk) -> None:
    """Undo whatever it was."""
    if not (disk.point / MARKER).is_file() or (disk.point / "of another site").exists():
        while os.path.ismount(disk.point):
            _run("umount", "--lazy", str(disk.point))
        disk.mount()
    _run("mount", "-o", "remount,rw", str(disk.point))
    (disk.point / "holiday.mov").unlink(missing_ok=True)


@pytest.mark.parametrize(
    ("happens", "in_the_middle_of_a_file", "reason", "says"),
    [
        (unplugged, True, BlockReason.FOLDER, "its marker is missing. Mount the archive's disk."),
        (exchanged, True, BlockReason.FOLDER, "is the archive of another site or another disk."),
        (read_only, False, BlockReason.FOLDER, "is not writable (Read-only file system)."),
        (full, True, BlockReason.QUOTA, "is full. Free some space there."),
    ],
)
def test_a_disk_that_goes_is_said_once_and_all_goes_on_when_it_is_back(
    happens, in_the_middle_of_a_file, reason, says, new_disk, clips, work_off, monkeypatch
):
    disk, other = new_disk(), new_disk("other")
    disk.mount()
    real, n_begun = LocalArchive._pour, []

    def pour(archive, reader, writer):
        n_begun.append(1)
        if len(n_begun) == 3 and in_the_middle_of_a_file:
            writer.write(reader.read(100_000))
            happens(disk, other)
        real(archive, reader, writer)
        if len(n_begun) == 2 and not in_the_middle_of_a_file:
            os.sync()

    monkeypatch.setattr(LocalArchive, "_pour", pour)
    if not in_the_middle_of_a_file:
        for job in Job.objects.order_by("created_at")[:2]:
            tasks.archive(str(job.pk))
        happens(disk, other)
    work_off()
    block = ArchiveBlock.objects.get()
    assert (block.reason, says in block.sentence) == (reason, True), block.sentence
    assert Job.objects.filter(state=JobState.WAITING, attempts=0).count() == N_CLIPS - 2, "no job failed"
    assert ArchiveCopy.objects.filter(state=CopyState.VERIFIED).count() == 2
    if happens in {unplugged, exchanged}:
        held_back = [path.name for path in disk.point.rglob("*") if path.name not in ON_A_NEW_DISK]
        assert held_back == [], "nothing was written to what lies in its place"
    tasks.look_after_archive()
    assert ArchiveBlock.objects.exists(), "it is not back yet"
    back(disk)
    ArchiveBlock.objects.update(look_again_at=timezone.now())
    tasks.look_after_archive()
    work_off()
    assert not ArchiveBlock.objects.exists()
    assert not Job.objects.exclude(state=JobState.DONE).exists()
    files = {path: sha256 for path, sha256, _trashed in lying(None).values()}
    assert files == {copy.path: copy.sha256 for copy in ArchiveCopy.objects.filter(state=CopyState.VERIFIED)}
    assert len(files) == N_CLIPS


def test_an_archive_whose_disk_is_not_there_is_taken_for_no_empty_one(new_disk, clips, work_off):
    """Neither a repair nor looking at copies takes the files of a missing disk for deleted ones."""
    disk = new_disk()
    disk.mount()
    work_off()
    disk.pull()
    for there in ("an empty folder", "nothing"):
        if there == "nothing":
            disk.point.rmdir()
            for model in (ArchiveBlock, Job):
                model.objects.all().delete()
        told = [found for found, _mended in audit(repair=True) if found.kind.value.startswith(("ARCHIVE", "COPY"))]
        assert [found.kind for found in told] == [Kind.ARCHIVE_SHUT]
        call_command("rearchive", "--no-wait")
        work_off()
        assert ArchiveCopy.objects.filter(state=CopyState.VERIFIED).count() == N_CLIPS
        assert not any(disk.point.parent.rglob("*.*"))
    assert "is missing. Mount its disk" in ArchiveBlock.objects.get().sentence
    disk.mount()
    assert not [found for found, _mended in audit() if found.kind.value.startswith(("ARCHIVE", "COPY"))]


def test_a_link_that_leads_nowhere_is_no_new_archive(settings, tmp_path, clips, work_off):
    disk = tmp_path / "disk"
    disk.mkdir()
    settings.ARCHIVE_DIR = tmp_path / "link"
    settings.ARCHIVE_DIR.symlink_to(disk)
    work_off()
    disk.rename(tmp_path / "gone")
    Job.objects.all().delete()
    Job.objects.for_target(JobKind.ARCHIVE, clips[0], params={"again": True})
    work_off()
    assert "is missing" in ArchiveBlock.objects.get().sentence
    assert not disk.exists()


def test_many_copies_that_are_gone_at_once_are_a_question(clips, work_off):
    work_off()
    backend = archive_backend()
    copies = list(ArchiveCopy.objects.all())
    for copy in copies:
        (backend.root / copy.remote_id).unlink()
    told = list(audit(repair=True))
    assert [found.kind for found, _mended in told if found.kind == Kind.ARCHIVE_LOSS] == [Kind.ARCHIVE_LOSS]
    assert not any(mended for found, mended in told if found.kind == Kind.COPY_MISSING)
    assert len(copies) > HANDFUL
    told = list(audit(repair=True, accept_loss=True))
    assert sum(bool(mended) for found, mended in told if found.kind == Kind.COPY_MISSING) == len(copies)
    work_off()
    assert set(ArchiveCopy.objects.values_list("state", flat=True)) == {CopyState.REMOVED}, "and none was sent again"


def test_another_disk_is_adopted_only_by_somebody_who_says_so(tmp_path, settings, capsys):
    settings.ARCHIVE_DIR = tmp_path / "one"
    assert archive_backend().check()[0].is_good
    known = ArchiveMarker.objects.get().archive_id
    settings.ARCHIVE_DIR = tmp_path / "other"
    settings.ARCHIVE_DIR.mkdir()
    LocalRoot(settings.ARCHIVE_DIR).adopt()
    finding = archive_backend().check()[0]
    assert not finding.is_good
    assert "archive_check --adopt" in finding.says
    call_command("archive_check", "--adopt")
    assert archive_backend().check()[0].is_good
    assert ArchiveMarker.objects.get().archive_id != known


def test_fat_is_recognised_and_takes_no_file_of_four_gigabytes(tmp_path, settings):
    table = tmp_path / "mountinfo"
    table.write_text(
        "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n31 22 8:17 / /mnt/usb\\040disk rw,noatime shared:2 - vfat /dev/sdb1 rw\n"
    )
    assert file_system_of(Path("/mnt/usb disk/archive"), table) == "vfat"
    assert file_system_of(Path("/mnt/usb"), table) == "ext4"
    archive = archive_backend()
    archive.place.is_small_file_disk = lambda: True
    archive.make_folder(ROOT, None, ROOT)
    film = tmp_path / "film.mp4"
    film.touch()
    os.truncate(film, FAT_MAX_BYTES + 1)
    with pytest.raises(ArchiveError, match="Format it as exFAT"):
        archive.put(Parcel(film, f"{ROOT}/film.mp4", ROOT, "film.mp4", ""))


@pytest.mark.parametrize("kind", ["vfat", "exfat"])
def test_a_disk_that_ignores_case_takes_all_names_and_loses_none(kind, new_disk, make_clip, archived, work_off):
    disk = new_disk(kind=kind)
    disk.mount()
    zoe = Person.objects.add("zoe")
    clip = archived(make_clip(person=zoe))
    copy = clip.copies.get()
    assert (copy.state, archive_backend().look(copy.remote_id).sha256) == (CopyState.VERIFIED, copy.sha256)
    says = " ".join(finding.says for finding in archive_backend().check())
    assert "for one name" in says
    assert ("takes no file of 4 GiB" in says) == (file_system_of(disk.point) == "vfat")
    folder, name = copy.remote_id.rsplit("/", 1)
    moved = archive_backend().move(copy.remote_id, to_folder_id=folder, filename=name.upper(), facts={})
    assert archive_backend().look(moved).is_trashed is False, "another case is no other file"
    archive_backend().move(moved, to_folder_id=folder, filename=name, facts={})

    zoe.display_name, zoe.slug = "Zoe", "Zoe"
    zoe.save()
    announce(zoe)
    work_off()
    copy.refresh_from_db()
    assert "/Zoe/" in copy.path, list(Job.objects.exclude(state=JobState.DONE).values_list("kind", "reason"))
    for _time in range(2):
        told = [str(found) for found, _mended in audit(repair=True) if found.kind.value.startswith("COPY")]
        assert told == [], "the folder is called zoe still, and that is no other one"
        work_off()
    assert archive_backend().look(copy.remote_id).sha256 == copy.sha256
    assert [is_trashed for _path, sha256, is_trashed in lying(None).values() if sha256 == copy.sha256] == [False]
    assert set(work_off()) == set()
    original = Job.objects.for_target(JobKind.ARCHIVE, odd_original(clip), params={"alone": True})
    work_off()
    original.refresh_from_db()
    assert original.state == JobState.DONE, original.reason


def odd_original(clip: FinalClip) -> OriginalFile:
    """Give the clip's camera file a name of which FAT would take only a part, and bytes."""
    OriginalFile.objects.filter(pk=clip.original_file_id).update(
        original_filename="CON: aux. .MP4", size_bytes=3, file_hash=hashlib.sha256(b"mp4").hexdigest()
    )
    original = OriginalFile.objects.get(pk=clip.original_file_id)
    path = django_settings.DATA_DIR / original.stored_path
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"mp4")
    return original
