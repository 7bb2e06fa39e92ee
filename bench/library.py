"""Fills a database with a made-up archive of some years, rows alone, to measure the pages of an old crew."""

import datetime as dt
import itertools
import random
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager

from django.db import models, transaction
from django.utils import timezone

from clips.archive.item import item_of
from clips.archive.naming import file_stem
from clips.models import (
    ArchiveCopy,
    CandidateSegment,
    ClipCategory,
    Comment,
    CopyState,
    Decision,
    DecisionKind,
    DetectionRun,
    FileName,
    FinalClip,
    Heart,
    Job,
    JobKind,
    JobState,
    OriginalFile,
    Preview,
    Reaction,
    ReactionKind,
    SegmentStatus,
    Shoot,
    Upload,
    UploadState,
)
from people.models import Member, Person, Role
from people.naming.slugs import UNKNOWN
from tricks.models import Trick

BATCH = 2000
SEGMENTS_PER_FILE, FILES_PER_SHOOT = 20, 16
FILE_MS = 600_000
N_YEARS, N_PEOPLE, N_MEMBERS = 6, 80, 14
#: Of the segments that became clips, so many were trimmed once more later.
SHARE_OF_OLD_VERSIONS = 0.08
#: In the files that are being sorted every fifth moment is: four of a file.
SORTED_EVERY = 5
JOBS_PER_FAILED = 250
WHO_SORTS = tuple(f"library{number}" for number in range(1, N_MEMBERS + 1))
FIRST_NAMES = ("Ada", "Ben", "Cleo", "Dario", "Elif", "Finn", "Greta", "Hugo", "Ines", "Jonas", "Kaja", "Mara", "Nils")
LAST_NAMES = (
    "Berg",
    "Costa",
    "Downey",
    "Egger",
    "Fuchs",
    "Gruber",
    "Hansen",
    "Ito",
    "Keller",
    "Lind",
    "Novak",
    "Rossi",
)
PLACES = ("Backyard Rails", "City Plaza", "Glacier", "Harbour Steps", "Night Park", "Ridge", "Skate Hall", "Valley")
CAMERAS = (
    ("CAM_GOPRO11", "240FPS", 240),
    ("CAM_GOPRO9", "60FPS", 60),
    ("CAM_IPHONE_15", "30FPS", 30),
    ("CAM_UNKNOWN", "50FPS", 50),
)
COMMENTS = ("Clean!", "Next time without the hand", "What a landing", "Who filmed this? More of it, please")
#: Rows whose times are made up.
TIMED = (
    Decision, DetectionRun, CandidateSegment, FinalClip, Job, OriginalFile, Upload, Preview, Comment, Reaction,
)  # fmt: skip
WHY = "pop and landing, 0.5 s air; 2.1 × the usual motion"


class Library:
    """Makes the rows, table by table, each from those before it."""

    def __init__(self, *, n_segments: int, n_clips: int, seed: int, say: Callable[[str], None]) -> None:
        self._rng = random.Random(seed)  # noqa: S311 - made-up data
        self._n_segments, self._n_clips, self._say = n_segments, n_clips, say
        self._today = timezone.localdate()
        self._job_number = itertools.count()

    @transaction.atomic
    def make(self) -> None:
        """Write all rows or none."""
        with times_as_given(*TIMED):
            self.people, self.tricks, self.members = self._people(), list(Trick.objects.all()), self._members()
            self.shoots = self._made(self._shoots())
            self.files = self._made(self._files())
            self._made(self._uploads())
            self.runs = self._made(self._runs())
            self.segments = self._made(self._segments())
            self._made(self._previews())
            self.clips = self._made(self._clips())
            self._made(self._file_names())
            self._made(self._others())
            self._made(self._hearts())
            self._made(self._copies())
            self._made(self._decisions())
            self._made(self._jobs())
            self._made(self._comments())
            self._made(self._reactions())
        FinalClip.objects.filter(search_text="").refresh_search()

    def _made(self, rows: Iterable[models.Model]) -> list[models.Model]:
        rows = list(rows)
        if rows:
            type(rows[0]).objects.bulk_create(rows, batch_size=BATCH)
            self._say(f"{len(rows):>8} {type(rows[0])._meta.verbose_name_plural}")
        return rows

    def _id(self) -> uuid.UUID:
        return uuid.UUID(int=self._rng.getrandbits(128), version=4)

    def _hash(self) -> str:
        return f"{self._rng.getrandbits(256):064x}"

    def _people(self) -> list[Person]:
        names = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
        people = []
        for name in self._rng.sample(names, N_PEOPLE):
            person = Person.objects.called(name).first() or Person.objects.add(name)
            if not person.aliases.exists() and not Person.objects.called(nick := f"{name[:3]}{name.split()[1][:2]}"):
                person.aliases.create(name=nick)
            people.append(person)
        return people

    def _members(self) -> list[Member]:
        """Make members without a password, so that nobody can log in as them."""
        there = Member.objects.filter(username__in=WHO_SORTS)
        missing = set(WHO_SORTS) - set(there.values_list("username", flat=True))
        return [*there, *(Member.objects.create_user(name, role=Role.SORTER) for name in sorted(missing))]

    def _shoots(self) -> Iterator[Shoot]:
        n_shoots = max(1, self._n_segments // (SEGMENTS_PER_FILE * FILES_PER_SHOOT))
        for number in range(n_shoots):
            date = self._today - dt.timedelta(days=round(N_YEARS * 365 * (1 - (number + 1) / n_shoots)))
            name = f"{self._rng.choice(PLACES)} {number + 1}"
            sensitivity = self._rng.choice((50, 50, 50, 40, 65))
            slug = Shoot.objects.slug_for(name, date)
            yield Shoot(id=self._id(), date=date, name=name, slug=slug, sensitivity=sensitivity)

    def _files(self) -> Iterator[OriginalFile]:
        for number in range(-(-self._n_segments // SEGMENTS_PER_FILE)):
            shoot = self.shoots[min(number // FILES_PER_SHOOT, len(self.shoots) - 1)]
            camera_id, fps_label, rate_hz = self._rng.choice(CAMERAS)
            pk = self._id()
            at = _moment(shoot.date, hours=10 + number % FILES_PER_SHOOT / 4)
            yield OriginalFile(
                id=pk, shoot=shoot, uploader=self._rng.choice(self.members), original_filename=f"GX01{number:04d}.MP4",
                stored_path=f"originals/{pk}.mp4", file_hash=self._hash(), size_bytes=3_000_000_000, created_at=at,
                probed_at=at, camera_id=camera_id, fps_label=fps_label, rate_num=rate_hz * 1000, rate_den=1001,
                duration_ms=FILE_MS, width_px=1920, height_px=1080, codec="h264", has_audio=True, recorded_at=at,
            )  # fmt: skip

    def _uploads(self) -> Iterator[Upload]:
        for original in self.files:
            yield Upload(
                id=original.pk, owner=original.uploader, shoot=original.shoot, original_file=original,
                original_filename=original.original_filename, size_bytes=original.size_bytes,
                offset_bytes=original.size_bytes, state=UploadState.REGISTERED, created_at=original.created_at,
                updated_at=original.created_at,
            )  # fmt: skip

    def _runs(self) -> Iterator[DetectionRun]:
        for original in self.files:
            values = [round(self._rng.random() ** 3, 2) for _ in range(120)]
            curve = {"step_ms": FILE_MS // len(values), "values": values}
            yield DetectionRun(original_file=original, version="1", curve=curve, created_at=original.created_at)

    def _segments(self) -> Iterator[CandidateSegment]:
        """Make segments: all sorted in old sessions; in the newest, some of each file are and the rest waits."""
        n_kept = min(self._n_segments, round(self._n_clips * (1 - SHARE_OF_OLD_VERSIONS)))
        waiting_from = self._n_segments - max(1, (self._n_segments - n_kept) // 4)
        newest = range(waiting_from, self._n_segments)
        waiting = {number for number in newest if (self._n_segments - number) % SORTED_EVERY}
        decided = [number for number in range(self._n_segments) if number not in waiting]
        kept = set(self._rng.sample(decided, min(n_kept, len(decided))))
        step_ms = FILE_MS // SEGMENTS_PER_FILE
        for number in range(self._n_segments):
            run = self.runs[number // SEGMENTS_PER_FILE]
            start_ms = number % SEGMENTS_PER_FILE * step_ms + self._rng.randrange(step_ms - 6000)
            status = SegmentStatus.ACCEPTED if number in kept else SegmentStatus.TRASHED
            yield CandidateSegment(
                id=self._id(), original_file=run.original_file, run=run, start_ms=start_ms,
                end_ms=start_ms + self._rng.randrange(2500, 6000), score=round(self._rng.betavariate(2, 2), 4), why=WHY,
                features={"version": 1}, status=SegmentStatus.UNREVIEWED if number in waiting else status,
                created_at=run.created_at,
            )  # fmt: skip

    def _previews(self) -> Iterator[Preview]:
        for segment in self.segments:
            if segment.status == SegmentStatus.UNREVIEWED and segment.score >= 0.5:
                yield Preview(
                    segment=segment, stored_path=f"candidates/{segment.pk}.mp4", width_px=960, height_px=540,
                    start_ms=max(0, segment.start_ms - 3000), end_ms=segment.end_ms + 3000, size_bytes=900_000,
                    created_at=segment.created_at,
                )  # fmt: skip

    def _clips(self) -> Iterator[FinalClip]:
        self._numbers: dict[str, int] = {}
        kept = [segment for segment in self.segments if segment.status == SegmentStatus.ACCEPTED]
        n_again = max(0, self._n_clips - len(kept))
        again = set(self._rng.sample(range(len(kept)), min(n_again, len(kept))))
        for number, segment in enumerate(kept):
            lineage, person = self._id(), self._rng.choice(self.people)
            trick = self._rng.choice(self.tricks) if self.tricks else None
            for is_current in (False, True) if number in again else (True,):
                yield self._clip(segment, person, trick, lineage, is_current=is_current)

    def _clip(self, segment, person: Person, trick: Trick | None, lineage: uuid.UUID, *, is_current: bool) -> FinalClip:
        category = self._rng.choices(ClipCategory.values, weights=(90, 7, 3))[0]
        trick = trick if category != ClipCategory.BROLL else None
        stars = self._rng.choices(range(6), weights=(60, 5, 5, 10, 10, 10))[0]
        original, pk = segment.original_file, self._id()
        stem = file_stem(
            date=original.shoot.date, session=original.shoot.slug, person=person.slug,
            trick=trick.slug if trick else UNKNOWN, camera_id=original.camera_id, fps_label=original.fps_label,
        )  # fmt: skip
        self._numbers[stem.lower()] = number = self._numbers.get(stem.lower(), 0) + 1
        at = segment.created_at + dt.timedelta(hours=30 if is_current else 29, seconds=self._rng.randrange(3000))
        return FinalClip(
            id=pk, candidate_segment=segment, original_file=original, person=person, trick=trick, category=category,
            start_ms=segment.start_ms, end_ms=segment.end_ms, camera_id=original.camera_id,
            fps_label=original.fps_label, date=original.shoot.date, filename=str(FileName(stem=stem, number=number)),
            stored_path=f"final_clips/{pk}.mp4", file_hash=self._hash(), crc32=self._rng.getrandbits(32),
            size_bytes=12_000_000, lineage=lineage, is_current=is_current, stars=stars,
            created_by=self._rng.choice(self.members), created_at=at, updated_at=at,
        )  # fmt: skip

    def _file_names(self) -> Iterator[FileName]:
        for clip in self.clips:
            stem, number = clip.filename.removesuffix(".mp4").rsplit("__v", 1)
            yield FileName(stem=stem, number=int(number))

    def _others(self) -> Iterator[models.Model]:
        """Add a second person to every tenth clip."""
        for clip in self.clips[::10]:
            other = self._rng.choice(self.people)
            if other != clip.person:
                yield FinalClip.also.through(finalclip=clip, person=other)

    def _hearts(self) -> Iterator[Heart]:
        """Give every tenth clip that is shown some members' hearts."""
        for clip in [clip for clip in self.clips if clip.is_current][::10]:
            for member in self._rng.sample(self.members, self._rng.randint(1, 3)):
                yield Heart(lineage=clip.lineage, member=member)

    def _comments(self) -> Iterator[Comment]:
        """Let members write one to three comments on every tenth clip that is shown."""
        for clip in [clip for clip in self.clips if clip.is_current][::10]:
            for text in self._rng.sample(COMMENTS, self._rng.randint(1, 3)):
                member = self._rng.choice(self.members)
                at = min(timezone.now(), clip.created_at + dt.timedelta(hours=self._rng.randrange(1, 72)))
                yield Comment(
                    id=self._id(), lineage=clip.lineage, text=text, name=member.username, member=member, created_at=at
                )

    def _reactions(self) -> Iterator[Reaction]:
        """Let some members react to every fifth clip that is shown."""
        for clip in [clip for clip in self.clips if clip.is_current][::5]:
            for member in self._rng.sample(self.members, self._rng.randint(1, 4)):
                kind = self._rng.choice(ReactionKind.values)
                yield Reaction(lineage=clip.lineage, kind=kind, member=member, created_at=clip.created_at)

    def _copies(self) -> Iterator[ArchiveCopy]:
        for clip in self.clips:
            yield ArchiveCopy(
                clip=clip, backend="local", path=item_of(clip).path, sha256=clip.file_hash,
                state=CopyState.VERIFIED, verified_at=clip.created_at,
            )  # fmt: skip

    def _decisions(self) -> Iterator[Decision]:
        current = {clip.candidate_segment_id: clip for clip in self.clips if clip.is_current}
        kinds = {SegmentStatus.ACCEPTED: DecisionKind.KEEP, SegmentStatus.TRASHED: DecisionKind.TRASH}
        for segment in self.segments:
            if kind := kinds.get(segment.status):
                clip, member = current.get(segment.pk), self._rng.choice(self.members)
                after = {"status": segment.status} | ({"clip": str(clip.pk)} if clip else {})
                yield Decision(
                    id=self._id(), kind=kind, segment=segment, member=member, member_name=member.username,
                    before={"status": SegmentStatus.UNREVIEWED}, after=after,
                    created_at=segment.created_at + dt.timedelta(hours=28, seconds=self._rng.randrange(9000)),
                )  # fmt: skip

    def _jobs(self) -> Iterator[Job]:
        # Of clips first: the first job fails, and home tells everybody of a clip, but of a video whose it is.
        for clip in self.clips:
            for kind in (JobKind.RENDER, JobKind.ARCHIVE):
                yield self._ended_job(kind, clip.created_at, clip=clip)
        for original in self.files:
            for kind in (JobKind.PROBE, JobKind.DETECT):
                yield self._ended_job(kind, original.created_at, original_file=original)

    def _ended_job(self, kind: JobKind, at: dt.datetime, **target: models.Model) -> Job:
        """Return a finished job; a waiting one would be started by the next site on these rows."""
        has_failed = next(self._job_number) % JOBS_PER_FAILED == 0
        return Job(
            id=self._id(), kind=kind, state=JobState.FAILED if has_failed else JobState.DONE, attempts=1,
            progress=1, reason="The original file is no longer in the data folder." if has_failed else "",
            run_after=at, created_at=at, started_at=at,
            finished_at=at + dt.timedelta(seconds=self._rng.randrange(1, 90)), **target,
        )  # fmt: skip


def _moment(date: dt.date, *, hours: float) -> dt.datetime:
    return dt.datetime.combine(date, dt.time(), tzinfo=dt.UTC) + dt.timedelta(hours=hours)


@contextmanager
def times_as_given(*written: type[models.Model]) -> Iterator[None]:
    """Keep the times that rows are made with, instead of the time of writing."""
    with ExitStack() as stack:
        for field in (field for model in written for field in model._meta.fields):
            for switch in ("auto_now", "auto_now_add"):
                if getattr(field, switch, False):
                    setattr(field, switch, False)
                    stack.callback(setattr, field, switch, True)
        yield
