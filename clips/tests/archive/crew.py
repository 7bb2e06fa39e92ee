"""Simulates a crew with clips in a real archive, through the functions that pages and jobs call."""

import contextlib
import datetime as dt
import shutil
import uuid
from pathlib import Path

import av
from celery import current_app
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from clips.archive.configured import archive_backend
from clips.archive.local import TRASH_FOLDER
from clips.archive.local_root import MARKER
from clips.archive.renaming import follow
from clips.jobs import pipeline
from clips.jobs.registry import step_of
from clips.library import tasks
from clips.library.bulk import TagChange, change_tags
from clips.library.new_version import UnchangedError, reedit
from clips.library.undoing import undo as undo_change
from clips.models import (
    ArchiveCopy,
    BulkChange,
    CandidateSegment,
    CopyState,
    FinalClip,
    Job,
    JobKind,
    JobState,
    OriginalFile,
    SegmentStatus,
    Shoot,
)
from clips.models.leases import lent
from clips.sorting.decisions import Choice, ConflictError, choice_of, keep
from clips.sorting.undo import undo
from clips.storage.files import sha256_of
from clips.tests.archive.drive_server import DriveServer
from clips.tests.factories import CandidateSegmentFactory, OriginalFileFactory
from people.merging import merge
from people.models import Member, Person
from people.renaming import announce
from tricks.models import Trick

HAPPENS = (
    "rename_session", "date_session", "rename_person", "merge_people", "retag", "trim", "keep", "undo", "keep_again",
    "archive_original", "throw_away", "evict", "tag_many", "undo_many",
)  # fmt: skip
DONE_FOR_REAL = {JobKind.ARCHIVE, JobKind.WITHDRAW, JobKind.RENAME}
#: Between the beginnings of two moments, so that each clip's span tells which moment it shows.
APART_MS = 10_000


class Crew:
    """One session's camera file, riders and tricks; each clip is kept from another moment."""

    def __init__(self, member: Member, film: Path, *, n_clips: int) -> None:
        self.member, self.film, self.lease, self.n_moments = member, film, uuid.uuid4(), 0
        shutil.copy(film, settings.DATA_DIR / "originals" / "filmed.mp4")
        self.original = OriginalFileFactory(
            shoot=Shoot.objects.called("Backyard Rails", dt.date(2024, 12, 1)), original_filename="GX010001.MP4",
            stored_path="originals/filmed.mp4", file_hash=sha256_of(film), size_bytes=film.stat().st_size,
            camera_id="CAM_GOPRO11", fps_label="30FPS", duration_ms=1000 * APART_MS, probed_at=timezone.now(),
        )  # fmt: skip
        for name in ("Miller Downey", "Jo"):
            Person.objects.add(name)
        for name in ("KFED", "Boardslide"):
            Trick.objects.add(name)
        for number in range(n_clips):
            self.keep(number)
        self.work()

    def work(self) -> None:
        """Do all jobs, including waiting retries; a clip is cut by copying the film with its tags."""
        current_app.loader.import_default_modules()
        Job.objects.filter(state=JobState.WAITING).update(run_after=timezone.now())
        while job := Job.objects.due().order_by("created_at").first():
            if job.kind in DONE_FOR_REAL:
                current_app.tasks[step_of(job.kind).task](str(job.pk))
                continue
            if job.kind == JobKind.RENDER:
                self._cut(FinalClip.objects.select_related("original_file").get(pk=job.clip_id))
            job.delete()

    def _cut(self, clip: FinalClip) -> None:
        stored_path = f"final_clips/{clip.pk}.mp4"
        path = settings.DATA_DIR / stored_path
        path.parent.mkdir(exist_ok=True)
        part = path.with_suffix(".part.mp4")  # a version of the same frames may share the file that lies there
        options = {"movflags": "use_metadata_tags"}
        with av.open(str(self.film)) as source, av.open(str(part), "w", options=options) as target:
            target.metadata.update(tasks.clip_tags(clip))
            stream = target.add_stream_from_template(source.streams.video[0])
            for packet in source.demux(source.streams.video[0]):
                if packet.dts is not None:
                    packet.stream = stream
                    target.mux(packet)
        part.replace(path)
        facts = {"file_hash": sha256_of(path), "size_bytes": path.stat().st_size, "stored_path": stored_path}
        FinalClip.objects.filter(pk=clip.pk).update(**facts)
        pipeline.start(JobKind.ARCHIVE, FinalClip.objects.get(pk=clip.pk))

    # --- what people do -----------------------------------------------------------------------------------------

    def rename_session(self, which: int) -> None:
        shoot = Shoot.objects.get(pk=self.original.shoot_id)
        shoot.name, shoot.slug = [("Night Rails", "NightRails"), ("Backyard", "Backyard"), ("Yard!", "Yard")][which % 3]
        shoot.save()
        follow(shoot)

    def date_session(self, which: int) -> None:
        shoot = Shoot.objects.get(pk=self.original.shoot_id)
        shoot.date = dt.date(2024, 12, 2 + which)
        shoot.save()
        follow(shoot)

    def rename_person(self, which: int) -> None:
        people = list(Person.objects.order_by("pk"))
        person = people[which % len(people)]
        person.display_name, person.slug = f"Rider {which}", f"Rider_{which}"
        person.save()
        announce(person)

    def merge_people(self, which: int) -> None:
        people = list(Person.objects.order_by("pk"))
        if len(people) > 1:
            merge(people[which % 2], people[1 - which % 2])

    def retag(self, which: int) -> None:
        self._edit(which, 0)

    def tag_many(self, which: int) -> None:
        """Give all clips, or all but one, another rider and trick in one step."""
        clips = list(FinalClip.objects.current().order_by("start_ms").values_list("pk", flat=True))
        choice = self._choice(which, 0, 1)
        change = TagChange(sets_people=True, people=(choice.person,), sets_trick=which % 2 == 0, trick=choice.trick)
        with contextlib.suppress(ConflictError):
            change_tags(clips[which % 2 :], change, member=self.member, key=uuid.uuid4())

    def undo_many(self, _which: int) -> None:
        """Undo the last change of many clips."""
        if last := BulkChange.objects.filter(undone_at=None).first():
            undo_change(last, member=self.member)

    def trim(self, which: int) -> None:
        self._edit(which, 500)

    def keep(self, which: int) -> None:
        start_ms, self.n_moments = self.n_moments * APART_MS, self.n_moments + 1
        segment = CandidateSegmentFactory(
            original_file=self.original, start_ms=start_ms, end_ms=start_ms + 5_000, status=SegmentStatus.IN_PROGRESS,
            locked_by=self.member, locked_at=timezone.now(), **lent(self.lease, settings.SORT_LEASE_SECONDS),
        )  # fmt: skip
        self._keep(segment, self._choice(which, start_ms, start_ms + 5_000))

    def undo(self, _which: int) -> None:
        with contextlib.suppress(ConflictError):
            undo(lease=self.lease, key=uuid.uuid4(), member=self.member)

    def keep_again(self, _which: int) -> None:
        """Keep exactly what was undone, which restores its clip."""
        removed = FinalClip.objects.filter(candidate_segment__in=CandidateSegment.objects.held(self.lease))
        if clip := removed.exclude(removed_at=None).order_by("-removed_at").first():
            self._keep(clip.candidate_segment, choice_of(clip))

    def archive_original(self, _which: int) -> None:
        if (settings.DATA_DIR / self.original.stored_path).exists():
            pipeline.start(JobKind.ARCHIVE, self.original, alone=True)

    def throw_away(self, which: int) -> None:
        """Move a clip's copy to the archive's trash by hand."""
        copies = list(ArchiveCopy.objects.filter(state=CopyState.VERIFIED, clip__isnull=False).order_by("verified_at"))
        if copies:
            archive_backend().trash(copies[which % len(copies)].remote_id)

    def evict(self, _which: int) -> None:
        """Delete the camera file if the archive has it, as the site does when the disk is full."""
        if ArchiveCopy.objects.filter(state=CopyState.VERIFIED, original_file=self.original).exists():
            OriginalFile.objects.filter(pk=self.original.pk, evicted_at=None).update(evicted_at=timezone.now())
            (settings.DATA_DIR / self.original.stored_path).unlink(missing_ok=True)

    def _keep(self, segment: CandidateSegment, choice: Choice) -> None:
        keep(segment, choice, lease=self.lease, key=uuid.uuid4(), member=self.member)

    def _choice(self, which: int, start_ms: int, end_ms: int) -> Choice:
        people, tricks = list(Person.objects.order_by("pk")), list(Trick.objects.order_by("pk"))
        person, trick = people[which % len(people)], tricks[which // 2 % len(tricks)]
        return Choice(start_ms=start_ms, end_ms=end_ms, person=person, trick=trick)

    def _edit(self, which: int, later_ms: int) -> None:
        clips = list(FinalClip.objects.current().order_by("start_ms"))
        if not clips:
            return
        clip = clips[which % len(clips)]
        choice = self._choice(which + 1, clip.start_ms + later_ms, clip.end_ms + later_ms)
        with contextlib.suppress(UnchangedError), transaction.atomic():
            reedit(clip, choice, member=self.member)


def lying(drive: DriveServer | None) -> dict[str, tuple[str, str, bool]]:
    """Return for each file in the archive, by its id, the path, the SHA-256 and whether it is in the trash."""
    if drive:
        store = drive.store
        return {
            item.id: (store.path(item).partition("/")[2], item.sha256, store.is_trashed(item)) for item in store.files()
        }
    top = settings.ARCHIVE_DIR
    paths = {str(path.relative_to(top)): path for path in top.rglob("*") if path.is_file() and path.name != MARKER}
    trash = f"{TRASH_FOLDER}/"
    return {name: (name.removeprefix(trash), sha256_of(p), name.startswith(trash)) for name, p in paths.items()}
