"""Tests which files get a filmstrip and when, and that the worker makes it once."""

import os
import uuid
from pathlib import Path

import av
import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from django.core.management import call_command

from clips.disk.usage import disk_use
from clips.jobs import pipeline
from clips.jobs.worker import claim
from clips.models import Filmstrip, Job, JobKind, JobState, OriginalFile, Preview, Shoot
from clips.previews import cache as candidates
from clips.previews import filmstrips, requests
from clips.previews.camera_copy import camera_copy
from clips.previews.filmstrip_tasks import limits_for
from clips.previews.filmstrips import BEHIND_CARDS, LOOKED_FOR, state_of, want_filmstrip
from clips.storage.files import StorageError, sha256_of
from clips.tests.factories import CandidateSegmentFactory, OriginalFileFactory
from clips.tests.media.made_up import make_video


@pytest.fixture
def filmed(db) -> OriginalFile:
    """A file of eight seconds that is on the disk."""
    stored = django_settings.ORIGINALS_DIR / "filmed.mp4"
    stored.parent.mkdir()
    make_video(stored, frames=240)
    return OriginalFileFactory(
        shoot=Shoot.objects.called("Backyard Rails", "2024-12-01"), original_filename="GX01.MP4",
        stored_path="originals/filmed.mp4", file_hash=sha256_of(stored), size_bytes=stored.stat().st_size,
        duration_ms=8_000,
    )  # fmt: skip


def has_filmstrip(original: OriginalFile, **fields: object) -> Filmstrip:
    """Give a file a filmstrip of three pictures; its bytes are on no disk."""
    return Filmstrip.objects.create(
        original_file=original,
        stored_path=filmstrips.stored_path(original),
        columns=2,
        tile_width_px=160,
        tile_height_px=90,
        size_bytes=9_000,
        **{"times_ms": [0, 200_000, 400_000], "waveform": {"step_ms": 300, "levels": [0, 255]}} | fields,
    )


def file_of(original: OriginalFile) -> Path:
    return django_settings.DATA_DIR / filmstrips.stored_path(original)


@pytest.mark.slow
def test_the_worker_makes_it_and_says_what_it_holds(filmed, work_off):
    pipeline.start(JobKind.FILMSTRIP, filmed)
    assert work_off() == [JobKind.FILMSTRIP]
    strip = Filmstrip.objects.get()
    assert strip.stored_path == f"candidates/{filmed.pk}-strip.jpg"
    assert strip.size_bytes == file_of(filmed).stat().st_size
    assert (strip.columns, strip.tile_width_px, strip.tile_height_px) == (8, 160, 90)
    assert strip.times_ms == [n * 1_000 for n in range(8)]
    assert strip.waveform["step_ms"] * len(strip.waveform["levels"]) == pytest.approx(8_000, abs=100)
    with av.open(str(file_of(filmed))) as picture:
        assert next(picture.decode(video=0)).width == 8 * 160
    assert list(django_settings.SCRATCH_DIR.iterdir()) == []


@pytest.mark.slow
@pytest.mark.parametrize("is_there", [True, False])
def test_the_cameras_own_small_copy_is_read_where_there_is_one(filmed, work_off, is_there):
    copy = OriginalFileFactory(
        shoot=filmed.shoot, original_filename="GL01.LRV", stored_path="originals/copy.mp4", file_hash="c" * 64,
        size_bytes=1, duration_ms=8_000, low_res_of=filmed, width_px=256, height_px=144,
    )  # fmt: skip
    OriginalFile.objects.filter(pk=filmed.pk).update(width_px=640, height_px=360)
    if is_there:
        make_video(django_settings.DATA_DIR / copy.stored_path, frames=240, size=(256, 192))
    pipeline.start(JobKind.FILMSTRIP, filmed)
    work_off()
    strip = Filmstrip.objects.get()
    assert strip.original_file == filmed
    assert strip.tile_width_px == (120 if is_there else 160), "told by its shape"


@pytest.mark.slow
def test_a_fault_of_the_storage_during_the_work_is_not_taken_for_a_missing_small_copy(filmed):
    pipeline.start(JobKind.FILMSTRIP, filmed)
    with (
        claim(Job.objects.get().pk) as work,
        pytest.raises(StorageError, match=r"^The bucket is away\.$"),
        camera_copy(filmed, work),
    ):
        raise StorageError("The bucket is away.")


@pytest.mark.slow
def test_a_file_in_which_nothing_can_be_seen_says_so(filmed, work_off):
    (django_settings.DATA_DIR / filmed.stored_path).write_text("Dear diary")
    pipeline.start(JobKind.FILMSTRIP, filmed)
    work_off()
    job = Job.objects.get()
    assert (job.state, bool(job.reason)) == (JobState.FAILED, True)
    assert not Filmstrip.objects.exists()
    assert not file_of(filmed).exists()
    assert state_of(filmed, job) == filmstrips.FilmstripState("failed", job.reason)


@pytest.mark.slow
def test_it_comes_after_the_cards_of_its_file(filmed, work_off):
    CandidateSegmentFactory(original_file=filmed, start_ms=4_000, end_ms=5_000)
    pipeline.start(JobKind.POSTER, filmed)
    assert work_off() == [JobKind.POSTER, JobKind.PREVIEW, JobKind.FILMSTRIP]
    preview, strip = (Job.objects.get(kind=kind) for kind in (JobKind.PREVIEW, JobKind.FILMSTRIP))
    assert preview.priority < strip.priority


@pytest.mark.slow
def test_repreview_makes_a_strip_that_was_deleted(filmed, work_off):
    pipeline.start(JobKind.FILMSTRIP, filmed)
    work_off()
    file_of(filmed).unlink()
    call_command("repreview", "--no-wait")
    assert work_off() == [JobKind.POSTER, JobKind.FILMSTRIP]
    assert file_of(filmed).is_file()
    call_command("repreview", "--no-wait")
    assert work_off() == [JobKind.POSTER]


def test_it_waits_behind_the_first_cards_and_what_people_decided():
    assert requests.BEST < BEHIND_CARDS
    assert Job._meta.get_field("priority").default < LOOKED_FOR < BEHIND_CARDS <= requests.LAST


def test_asking_twice_asks_once_and_looking_brings_it_forward(original):
    assert want_filmstrip(original) == want_filmstrip(original, priority=LOOKED_FOR)
    assert Job.objects.get().priority == LOOKED_FOR
    want_filmstrip(original)
    assert Job.objects.get().priority == LOOKED_FOR


def test_one_that_is_there_is_not_asked_for(original):
    has_filmstrip(original)
    assert want_filmstrip(original) is None
    assert not Job.objects.exists()


def test_one_that_failed_is_not_tried_again_by_looking(original):
    Job.objects.create(kind=JobKind.FILMSTRIP, original_file=original, state=JobState.FAILED, reason="It is damaged.")
    assert want_filmstrip(original) is None
    assert not Job.objects.active().exists()


@pytest.mark.parametrize(
    ("state", "name"),
    [
        (JobState.WAITING, "waiting"),
        (JobState.RUNNING, "waiting"),
        (JobState.FAILED, "failed"),
        (JobState.CANCELLED, "failed"),
        (JobState.DONE, "absent"),  # what was made is gone: the folder has a limit
    ],
)
def test_its_state_follows_its_newest_job(original, state, name):
    assert state_of(original, Job(kind=JobKind.FILMSTRIP, original_file=original, state=state)).name == name
    has_filmstrip(original)
    assert state_of(OriginalFile.objects.select_related("filmstrip").get(), None).name == "ready"


def test_when_the_folder_is_full_strips_go_after_all_previews(original, segments, settings):
    segment = segments[0]
    paths = requests.stored_paths(segment.pk)[0], filmstrips.stored_path(original)
    for path in map(settings.DATA_DIR.joinpath, paths):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(9_000))
    Preview.objects.create(
        segment=segment, stored_path=paths[0], start_ms=0, end_ms=1, width_px=2, height_px=2, size_bytes=9_000
    )
    has_filmstrip(original)
    settings.CANDIDATES_MAX_BYTES = 12_000
    assert candidates.keep_to_size() == 1
    assert file_of(original).is_file()
    settings.CANDIDATES_MAX_BYTES = 8_000
    assert candidates.keep_to_size() == 1
    assert not Filmstrip.objects.exists()
    assert not file_of(original).exists()
    assert want_filmstrip(original).priority == BEHIND_CARDS


def test_a_strip_that_no_row_knows_of_is_removed_and_others_are_not(original, settings):
    has_filmstrip(original)
    lost = settings.DATA_DIR / "candidates" / f"{uuid.uuid4()}-strip.jpg"
    lost.parent.mkdir()
    for path in (lost, file_of(original)):
        path.touch()
        os.utime(path, (0, 0))
    assert candidates.remove_orphans() == 1
    assert (lost.exists(), file_of(original).exists()) == (False, True)


def test_it_counts_as_what_fills_the_disk(original):
    before = dict(disk_use().parts)["previews"]
    has_filmstrip(original)
    cache.clear()
    assert dict(disk_use().parts)["previews"] == before + 9_000


def test_a_longer_file_may_take_longer():
    short, long = limits_for(60_000), limits_for(3_600_000)
    assert short.cpu_s < long.cpu_s < 600
    assert short.wall_s < long.wall_s
