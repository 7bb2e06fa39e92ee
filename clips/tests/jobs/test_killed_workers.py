"""Kills real Celery workers on the real broker in the middle of each kind of job: each effect happens once.

A lock on the table of its effect holds a job in its middle: the worker has done the work and waits in the transaction
that would save it. So the kill comes at the worst moment, every time.
"""

import math
import os
import shutil
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import md5
from pathlib import Path

import psycopg
import pytest
from celery import current_app
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone

from clips.archive import tasks as archive_tasks
from clips.archive.local import TRASH_FOLDER
from clips.disk import trimmed
from clips.ingest import part_file
from clips.jobs import pipeline, registry
from clips.jobs import tasks as jobs_tasks
from clips.library import tasks as library_tasks
from clips.library.bin import throw_away
from clips.models import (
    ArchiveCopy,
    ArchiveTouch,
    BinEntry,
    CandidateSegment,
    CopyState,
    CrewLayer,
    Decision,
    DecisionKind,
    DetectionRun,
    FileName,
    Filmstrip,
    FinalClip,
    HandleCut,
    Job,
    JobKind,
    JobState,
    KeptPart,
    OriginalFile,
    Preview,
    ReelRender,
    RenderShape,
    SegmentStatus,
    SessionFile,
    SharedCopy,
    Shoot,
    Upload,
    UploadState,
    VideoPair,
)
from clips.reels import editing, rendering
from clips.sorting import decisions
from clips.storage import kept_sounds
from clips.storage.files import sha256_of
from clips.tests.archive.conftest import drive, dropped, on_drive  # noqa: F401 - fixtures
from clips.tests.factories import CandidateSegmentFactory, DetectionRunFactory, OriginalFileFactory
from clips.tests.media.made_up import make_video
from clips.tests.workers import Worker, eventually
from detection import learning
from people.models import Person

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

EFFECT_GOES_INTO = {
    JobKind.COLLECT: Upload,
    JobKind.INGEST: OriginalFile,
    JobKind.PROBE: OriginalFile,
    JobKind.DETECT: DetectionRun,
    JobKind.LOOK: DetectionRun,
    JobKind.POSTER: CandidateSegment,
    JobKind.PREVIEW: Preview,
    JobKind.FILMSTRIP: Filmstrip,
    JobKind.RENDER: FinalClip,
    JobKind.SHARE: SharedCopy,
    JobKind.FILM: ReelRender,
    JobKind.HANDLES: HandleCut,
    JobKind.ARCHIVE: FinalClip,  # written when the copy is there; its own row is written before each step
    JobKind.WITHDRAW: ArchiveCopy,
    JobKind.FETCH: OriginalFile,
    JobKind.READ_BACK: OriginalFile,
    JobKind.PAIR: VideoPair,
    JobKind.TRIM: KeptPart,
    JobKind.RENAME: FinalClip,
    JobKind.RECORD: ArchiveTouch,
    JobKind.LEARN: CrewLayer,
    JobKind.EMPTY: BinEntry,  # the rest is tried step by step in clips/tests/library/test_emptying.py
}

#: Each sweep connects to the broker: at every look it would cost as much as the workers do.
SWEEP_EVERY_S = 0.25


@pytest.fixture(scope="module")
def workers() -> Iterator[list[Worker]]:
    """Those that run: one that a test leaves alive works for the next, as starting one costs more than most of them."""
    running: list[Worker] = []
    yield running
    [each.stop() for each in running]


@pytest.fixture(scope="module")
def common_folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("common")


@pytest.fixture
def tmp_path(common_folder) -> Path:
    """The same empty folder for each test, with its data folder: a worker keeps to the one it was started with."""
    for path in common_folder.iterdir():
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    return common_folder


@pytest.fixture
def worker(broker, workers, request) -> Iterator[Callable[[], Worker]]:
    """Return a function that gives a live worker, one of before or a new one; after a failure there is none of before.

    With ``another`` it is always a new one.
    """

    def live(*, another: bool = False) -> Worker:
        if another or not workers:
            workers.append(Worker())
        return workers[-1]

    def keep(kept: list[Worker]) -> None:
        [each.stop() for each in workers if each not in kept]
        workers[:] = kept

    alone = "DRIVE_API_URL" in os.environ  # a worker knows the Drive of its start only
    if alone:
        keep([])
    failed_before = request.session.testsfailed
    yield live
    passed = request.session.testsfailed == failed_before
    keep([each for each in workers[-1:] if passed and not alone and each.process.poll() is None])


@contextmanager
def write_locked(model: type) -> Iterator[Callable[[], bool]]:
    """Block writes to a table; yields a function that returns whether somebody waits to write."""
    database = connection.settings_dict
    where = {name: database[name.upper()] for name in ("host", "port", "user", "password")}
    with psycopg.connect(dbname=database["NAME"], **where) as other:
        other.execute(f"LOCK TABLE {model._meta.db_table} IN SHARE MODE")

        def somebody_waits() -> bool:
            waiting = "SELECT 1 FROM pg_stat_activity WHERE %s = ANY(pg_blocking_pids(pid))"
            with connection.cursor() as cursor:
                cursor.execute(waiting, [other.info.backend_pid])
                return cursor.fetchone() is not None

        yield somebody_waits
        other.rollback()


@pytest.fixture
def filmed(db) -> OriginalFile:
    stored = django_settings.ORIGINALS_DIR / "filmed.mp4"
    stored.parent.mkdir()
    make_video(stored, frames=240, events_s=[4])
    return OriginalFileFactory(
        shoot=Shoot.objects.called("Backyard Rails", "2024-12-01"), original_filename="GX01.MP4",
        stored_path="originals/filmed.mp4", file_hash=sha256_of(stored), size_bytes=stored.stat().st_size,
        camera_id="CAM_GOPRO11", fps_label="30FPS", duration_ms=8_000,
    )  # fmt: skip


@pytest.fixture
def segment(filmed) -> CandidateSegment:
    return CandidateSegmentFactory(original_file=filmed, start_ms=3000, end_ms=4000)


@pytest.fixture
def clip(filmed, sorter) -> FinalClip:
    CandidateSegmentFactory(original_file=filmed, start_ms=1000, end_ms=5000)
    lease = uuid.uuid4()
    (segment,) = CandidateSegment.objects.lease_hand(member=sorter, lease=lease, count=1)
    choice = decisions.Choice(start_ms=2000, end_ms=3000, person=Person.objects.add("Miller Downey"))
    clip = decisions.keep(segment, choice, lease=lease, key=uuid.uuid4(), member=sorter)
    Job.objects.all().delete()
    return clip


def planned_to_be_trimmed(clip: FinalClip) -> OriginalFile:
    """Cut and archive a clip of a longer video, and have that trimmed now."""
    original = clip.original_file
    stored = django_settings.DATA_DIR / original.stored_path
    make_video(stored, frames=1500)
    facts = {"file_hash": sha256_of(stored), "size_bytes": stored.stat().st_size, "duration_ms": 50_000}
    OriginalFile.objects.update(trim_at=timezone.now() - timedelta(days=1), **facts)
    DetectionRunFactory(original_file=original)
    CandidateSegment.objects.filter(clips=clip).update(start_ms=22_000, end_ms=23_000)
    FinalClip.objects.update(start_ms=22_000, end_ms=23_000)
    library_tasks.render(str(Job.objects.for_target(JobKind.RENDER, clip, params={"alone": True}).pk))
    archive_tasks.archive(str(Job.objects.for_target(JobKind.ARCHIVE, clip, params={"alone": True}).pk))
    return OriginalFile.objects.get()


@pytest.fixture
def upload(sorter, tmp_path) -> Upload:
    data = make_video(tmp_path / "sent.mp4", frames=60).read_bytes()
    upload = Upload.objects.start(
        owner=sorter,
        filename="GX02.MP4",
        size_bytes=len(data),
        shoot_name="Backyard Rails",
        shoot_date="2024-12-01",
    )
    part_file.create_part(upload.pk)
    part_file.part_path(upload.pk).write_bytes(data)
    upload.advance(from_bytes=0, to_bytes=len(data))
    upload.mark_received()
    return upload


@pytest.fixture
def work(request, monkeypatch) -> tuple[JobKind, object, Callable[[], None]]:
    """Return a kind of job, its target, and a check that its effect happened exactly once.

    No worker is told of the jobs that come up on the way there: one of the test before may live still, and would begin
    with them.
    """
    with monkeypatch.context() as on_the_way:
        on_the_way.setattr(pipeline, "publish", lambda _job: None)
        return _prepared(request)


def _prepared(request) -> tuple[JobKind, object, Callable[[], None]]:
    kind = request.param

    def collected() -> None:
        upload = Upload.objects.get()
        assert (upload.state, upload.is_whole) == (UploadState.RECEIVED, True)
        assert f"sha256:{sha256_of(part_file.part_path(upload.pk))}" == upload.mark

    def ingested() -> None:
        original = OriginalFile.objects.get()
        assert Upload.objects.get().state == UploadState.REGISTERED
        assert sha256_of(django_settings.DATA_DIR / original.stored_path) == original.file_hash
        assert list(django_settings.UPLOADS_DIR.iterdir()) == []

    def probed() -> None:
        assert OriginalFile.objects.get().width_px == 320

    def detected() -> None:
        run = DetectionRun.objects.get()
        spans = list(CandidateSegment.objects.filter(run=run).values_list("start_ms", "end_ms"))
        assert spans
        assert len(set(spans)) == len(spans) == CandidateSegment.objects.count()

    def looked_at_closer() -> None:
        detected()
        scratch_becomes([])

    def pictured() -> None:
        segment = CandidateSegment.objects.get()
        assert segment.poster_path == f"candidates/{segment.pk}.jpg"
        assert (django_settings.DATA_DIR / segment.poster_path).is_file()

    def previewed() -> None:
        made = Preview.objects.get()
        files = list((django_settings.DATA_DIR / "candidates").iterdir())
        assert files == [django_settings.DATA_DIR / made.stored_path]
        assert files[0].stat().st_size == made.size_bytes

    def shown_at_a_glance() -> None:
        made = Filmstrip.objects.get()
        files = list((django_settings.DATA_DIR / "candidates").iterdir())
        assert files == [django_settings.DATA_DIR / made.stored_path]
        assert files[0].stat().st_size == made.size_bytes

    def rendered() -> None:
        clip = FinalClip.objects.get()
        assert [file.name for file in django_settings.FINAL_CLIPS_DIR.iterdir()] == [f"{clip.pk}.mp4"]
        assert sha256_of(django_settings.DATA_DIR / clip.stored_path) == clip.file_hash

    def copied() -> None:
        copy = SharedCopy.objects.get()
        assert list((django_settings.FINAL_CLIPS_DIR / "shared").iterdir()) == [
            django_settings.DATA_DIR / copy.stored_path
        ]
        assert (django_settings.DATA_DIR / copy.stored_path).stat().st_size == copy.size_bytes

    def joined() -> None:
        film = ReelRender.objects.get()
        stored = django_settings.DATA_DIR / film.stored_path
        assert list(stored.parent.iterdir()) == [stored]
        assert stored.stat().st_size == film.size_bytes
        scratch_becomes([])

    def cut_wider() -> None:
        wider = HandleCut.objects.get()
        stored = django_settings.DATA_DIR / wider.stored_path
        assert list(stored.parent.iterdir()) == [stored]
        assert stored.stat().st_size == wider.size_bytes

    def archived() -> None:
        copy = ArchiveCopy.objects.get()
        files = [path for path in django_settings.ARCHIVE_DIR.rglob("*") if path.suffix == ".mp4"]
        assert files == [django_settings.ARCHIVE_DIR / copy.path]
        assert sha256_of(files[0]) == copy.sha256

    def withdrawn() -> None:
        copy = ArchiveCopy.objects.get()
        assert copy.state == CopyState.WITHDRAWN
        kept = [path for path in django_settings.ARCHIVE_DIR.rglob("*") if path.suffix == ".mp4"]
        assert kept == [django_settings.ARCHIVE_DIR / TRASH_FOLDER / copy.path], "nothing is deleted"

    def fetched_back() -> None:
        original = OriginalFile.objects.get()
        assert original.evicted_at is None
        assert sha256_of(django_settings.DATA_DIR / original.stored_path) == original.file_hash
        scratch_becomes([])

    def read_back() -> None:
        original = OriginalFile.objects.get()
        assert original.read_back_at is not None
        stored = (django_settings.DATA_DIR / original.stored_path).read_bytes()
        assert original.md5 == md5(stored, usedforsecurity=False).hexdigest()

    def paired() -> None:
        assert VideoPair.objects.count() == 1
        sounds = [path.name.partition("-")[0] for path in kept_sounds.folder().iterdir()]
        assert sorted(sounds) == sorted(OriginalFile.objects.values_list("file_hash", flat=True))
        scratch_becomes([kept_sounds.FOLDER])

    def trimmed_to_its_clip() -> None:
        trimmed.delete_leftovers()  # as each minute, should its worker have died between the two
        original = OriginalFile.objects.get()
        assert original.trimmed_at is not None
        assert not (django_settings.DATA_DIR / original.stored_path).exists()
        parts = list(original.kept_parts.all())
        files = {path for path in django_settings.ORIGINALS_DIR.rglob("*") if path.is_file()}
        assert files == {django_settings.DATA_DIR / part.stored_path for part in parts}
        assert [sha256_of(django_settings.DATA_DIR / part.stored_path) for part in parts] == [
            part.file_hash for part in parts
        ]
        clip = FinalClip.objects.get()
        library_tasks.render(str(Job.objects.for_target(JobKind.RENDER, clip, params={"alone": True}).pk))
        assert FinalClip.objects.get().file_hash == clip.file_hash

    def renamed() -> None:
        clip = FinalClip.objects.get()
        assert clip.filename.startswith("2024-12-01__BackyardRails__Mia_Berg__")
        assert clip.filename.endswith("__v001.mp4")
        assert "berg" in clip.search_text
        assert FileName.objects.count() == 2, "the name of before and the one of now"

    def emptied() -> None:
        assert BinEntry.objects.get().emptied_at is not None
        assert FinalClip.objects.get().stored_path == ""
        assert not [path for path in (django_settings.DATA_DIR / "final_clips").rglob("*") if path.is_file()]

    def described() -> None:
        files = [path.name for path in django_settings.ARCHIVE_DIR.rglob("*.json")]
        assert files == ["trickyclip.json"]
        assert not ArchiveTouch.objects.filter(shoot_id=Shoot.objects.get().pk).exists()
        assert SessionFile.objects.get().revision == 1

    def learned() -> None:
        assert CrewLayer.objects.get().n_decisions == learning.EACH
        assert DetectionRun.objects.get().layer_version is None, "without a gain nothing is scored by it"

    targets = {JobKind.COLLECT: "dropped", JobKind.INGEST: "upload", JobKind.PROBE: "filmed", JobKind.DETECT: "filmed"}
    targets |= {JobKind.POSTER: "filmed", JobKind.PREVIEW: "segment", JobKind.FILMSTRIP: "filmed"}
    targets |= {JobKind.FETCH: "filmed", JobKind.READ_BACK: "filmed", JobKind.PAIR: "filmed", JobKind.LOOK: "filmed"}
    row = request.getfixturevalue(targets.get(kind, "clip"))
    if kind == JobKind.POSTER:
        request.getfixturevalue("segment")
    if kind == JobKind.PAIR:
        other = make_video(django_settings.ORIGINALS_DIR / "landing.mp4", frames=180, events_s=[4])
        facts = {"file_hash": sha256_of(other), "size_bytes": other.stat().st_size, "duration_ms": 6_000}
        OriginalFileFactory(shoot=row.shoot, stored_path="originals/landing.mp4", camera_id="CAM_PIXEL", **facts)
    if kind == JobKind.HANDLES:
        HandleCut.objects.create(clip=row, handle_ms=100, start_ms=row.start_ms - 100, end_ms=row.end_ms + 100)
    if kind == JobKind.SHARE:
        SharedCopy.objects.create(clip=row)
    if kind in {JobKind.ARCHIVE, JobKind.WITHDRAW, JobKind.EMPTY, JobKind.FILM}:
        library_tasks.render(str(Job.objects.for_target(JobKind.RENDER, row, params={"alone": True}).pk))
    if kind == JobKind.WITHDRAW:
        archive_tasks.archive(str(Job.objects.for_target(JobKind.ARCHIVE, row, params={"alone": True}).pk))
        FinalClip.objects.update(is_current=False, removed_at=timezone.now())
    if kind == JobKind.TRIM:
        row = planned_to_be_trimmed(row)
    if kind == JobKind.RECORD:
        row = row.original_file.shoot
    if kind == JobKind.LEARN:
        row = sorted_session(row)
    if kind == JobKind.FETCH:
        archive_tasks.archive(str(Job.objects.for_target(JobKind.ARCHIVE, row).pk))
        OriginalFile.objects.update(evicted_at=timezone.now())
        (django_settings.DATA_DIR / row.stored_path).unlink()
    if kind == JobKind.FILM:
        reel, member = editing.make_reel("December", member=row.created_by), row.created_by
        editing.add_clips(reel, FinalClip.objects.all(), hand=editing.Hand(member, uuid.uuid4()))
        square = rendering.RenderWish(shape=RenderShape.SQUARE)
        row = rendering.ask_for(reel, square, member=member, key=uuid.uuid4())
    if kind == JobKind.RENAME:
        row = row.person
        Person.objects.update(display_name="Mia Berg", slug="Mia_Berg")
    if kind == JobKind.EMPTY:
        row = throw_away(row.created_by, clips=[row])
        row.begin_emptying()
    Job.objects.all().delete()
    check = {
        JobKind.COLLECT: collected,
        JobKind.INGEST: ingested,
        JobKind.PROBE: probed,
        JobKind.DETECT: detected,
        JobKind.LOOK: looked_at_closer,
        JobKind.POSTER: pictured,
        JobKind.PREVIEW: previewed,
        JobKind.FILMSTRIP: shown_at_a_glance,
        JobKind.RENDER: rendered,
        JobKind.SHARE: copied,
        JobKind.FILM: joined,
        JobKind.HANDLES: cut_wider,
        JobKind.ARCHIVE: archived,
        JobKind.WITHDRAW: withdrawn,
        JobKind.FETCH: fetched_back,
        JobKind.READ_BACK: read_back,
        JobKind.PAIR: paired,
        JobKind.TRIM: trimmed_to_its_clip,
        JobKind.RENAME: renamed,
        JobKind.RECORD: described,
        JobKind.EMPTY: emptied,
        JobKind.LEARN: learned,
    }[kind]
    return kind, row, check


def sorted_session(clip: FinalClip) -> Shoot:
    """Return the session of a clip, of which as many moments are decided as one learns from."""
    run = DetectionRunFactory(original_file=clip.original_file)
    for number in range(learning.EACH):
        segment = CandidateSegmentFactory(
            original_file=clip.original_file, run=run, score=0.6, start_ms=number, end_ms=number + 1,
            status=SegmentStatus.TRASHED, features={"z_scores": {"arc": 3.0}},
        )  # fmt: skip
        Decision.objects.create(kind=DecisionKind.TRASH, segment=segment, member_name="mia")
    return clip.original_file.shoot


#: Drawing the demo film takes ten seconds of a core for each kill, and nobody loses anything by it. Pieces are saved
#: one by one while the job goes on (clips/tests/previews/test_pieces.py kills their worker). Bringing back a clip
#: changes no row.
KINDS = [kind for kind in JobKind if kind not in {JobKind.DEMO, JobKind.PIECES, JobKind.REGAIN}]
EACH_KIND = pytest.mark.parametrize("work", KINDS, indirect=True)


@contextmanager
def in_the_middle(kind: JobKind, row) -> Iterator[Job]:
    """Start a job and hold it after its work, before its effect is saved."""
    job = Job.objects.for_target(kind, row, params={"alone": True})
    with write_locked(EFFECT_GOES_INTO[kind]) as somebody_waits:
        pipeline.publish(job)
        eventually(somebody_waits, f"{kind} reaches its end")
        yield job


def lease_ends(job: Job) -> None:
    """Have time go by until its lease runs out: really with one kind of job, for the others it is put back."""
    if job.kind != JobKind.PROBE:
        Job.objects.filter(pk=job.pk, state=JobState.RUNNING).update(lease_ends_at=timezone.now())
    eventually(lambda: Job.objects.lease_ran_out().exists(), "its lease runs out")


def scratch_becomes(names: list[str]) -> None:
    """Wait until nothing else is left there: a worker tidies up after its job is done."""
    there = django_settings.SCRATCH_DIR
    eventually(lambda: [path.name for path in there.iterdir()] == names, f"the scratch folder holds {names}")


def finish(job: Job) -> None:
    """Run the sweep as beat would, only more often, until the job is done."""
    swept_at_s = -math.inf

    def swept_and_done() -> bool:
        nonlocal swept_at_s
        if time.monotonic() - swept_at_s > SWEEP_EVERY_S:
            swept_at_s = time.monotonic()
            jobs_tasks.sweep()
        job.refresh_from_db()
        return not job.is_active

    eventually(swept_and_done, "the job ends")
    assert job.state == JobState.DONE, job.reason


@EACH_KIND
def test_a_killed_pool_process_costs_time_not_work(work, worker):
    kind, row, check = work
    running = worker()
    with in_the_middle(kind, row) as job:
        running.kill_child()
    lease_ends(job)
    finish(job)
    check()
    assert job.attempts == 2


@EACH_KIND
def test_a_killed_worker_costs_time_not_work(work, worker):
    kind, row, check = work
    first = worker()
    with in_the_middle(kind, row) as job:
        first.kill()
    lease_ends(job)
    worker(another=True)
    # The broker still counts the message as being worked on, so the sweep must tell it again.
    Job.objects.filter(pk=job.pk).update(published_at=None)
    finish(job)
    check()


@EACH_KIND
def test_a_message_delivered_three_times_does_its_work_once(work, worker):
    kind, row, check = work
    job = Job.objects.for_target(kind, row, params={"alone": True})
    for _time in range(3):
        pipeline.publish(job)
    worker()
    finish(job)
    eventually(lambda: queues_are_empty(), "all three messages were taken")
    check()
    job.refresh_from_db()
    assert job.attempts == 1


def queues_are_empty() -> bool:
    with current_app.connection_for_read() as link:
        channel = link.default_channel
        return not any(channel.queue_declare(queue, passive=False).message_count for queue in registry.queues())


def test_a_broker_that_lost_everything_costs_time_not_work(filmed, worker, broker, settings):
    job = pipeline.start(JobKind.PROBE, filmed, alone=True)
    broker.wipe()
    settings.SWEEP_SECONDS = 0
    worker()
    finish(job)
    assert job.attempts == 1


def test_a_late_worker_that_wakes_up_again_changes_nothing(filmed, worker):
    """The worker is stopped, not killed: it comes back with finished work for a job that another one has done."""
    late = worker()
    with in_the_middle(JobKind.DETECT, filmed) as job:
        (late_child,) = late.children()
        os.kill(late_child, signal.SIGSTOP)
        os.kill(late.process.pid, signal.SIGSTOP)
        eventually(lambda: Job.objects.lease_ran_out().exists(), "its lease runs out")
    other = worker(another=True)
    eventually(lambda: other.children(), "the second worker is up")
    with connection.cursor() as cursor:  # its backend waits inside a transaction that holds the job's row
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE state LIKE 'idle in transaction%%' AND datname = current_database() AND pid <> pg_backend_pid()"
        )
    Job.objects.filter(pk=job.pk).update(published_at=None)
    finish(job)
    runs = list(DetectionRun.objects.values_list("pk", flat=True))
    os.kill(late.process.pid, signal.SIGCONT)
    os.kill(late_child, signal.SIGCONT)
    time.sleep(2)
    assert list(DetectionRun.objects.values_list("pk", flat=True)) == runs
    job.refresh_from_db()
    assert job.state == JobState.DONE
