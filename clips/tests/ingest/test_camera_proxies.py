"""Tests camera proxies and second lenses: pairing in either order, and the use of small copies."""

from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.urls import reverse
from django.utils import timezone

from clips.ingest import camera_proxies
from clips.jobs import pipeline
from clips.models import CandidateSegment, Job, JobKind, JobState, OriginalFile, Preview, SegmentStatus
from clips.previews import requests
from clips.storage.files import sha256_of
from clips.tests.factories import CandidateSegmentFactory, DetectionRunFactory, OriginalFileFactory
from clips.tests.media.made_up import make_video

RECORDED = "2024-12-01T10:00:00+00:00"


def read_file(shoot, name: str, *, recorded_at: str | None = RECORDED, **fields) -> OriginalFile:
    """A probed file; the first of its kind is 1080p60 of one minute."""
    key = f"{OriginalFile.objects.count() + 1:064x}"
    defaults = {
        "width_px": 1920, "height_px": 1080, "duration_ms": 60_000, "rate_num": 60, "rate_den": 1, "size_bytes": 1,
        "probed_at": timezone.now(), "probe": {"recorded_at": recorded_at},
    }  # fmt: skip
    return OriginalFileFactory(
        shoot=shoot, original_filename=name, stored_path=f"originals/{key}", file_hash=key, **defaults | fields
    )


def read_copy(shoot, name: str, **fields) -> OriginalFile:
    return read_file(shoot, name, **{"width_px": 768, "height_px": 432, "duration_ms": 60_017} | fields)


NAMES = [
    ("GX010123.MP4", "GL010123.LRV"),
    ("GH020123.MP4", "GL020123.LRV"),
    ("GOPR0123.MP4", "GOPR0123.LRV"),
    ("GP010123.MP4", "GP010123.LRV"),
    ("DJI_0042.MP4", "DJI_0042.LRF"),
    ("VID_20240301_101500_00_007.mp4", "LRV_20240301_101500_01_007.mp4"),
    ("GX010123 (1).MP4", "GL010123_1.LRV"),
    ("GX010123-1.MP4", "GL010123 copy.LRV"),
    ("C0001.MP4", "C0001S03.MP4"),
    ("20240116_C0001.MP4", "20240116_C0001S03.MP4"),
    ("C0001 (2).MP4", "C0001S03.MP4"),
    ("DJI_20240116123456_0042_D.MP4", "DJI_20240116123456_0042_D (1).LRF"),
]


@pytest.mark.parametrize(("name", "copy_name"), NAMES)
@pytest.mark.parametrize("copy_is_first", [True, False])
def test_a_copy_and_its_file_find_each_other(shoot, name, copy_name, copy_is_first):
    makers = [lambda: read_copy(shoot, copy_name), lambda: read_file(shoot, name)]
    found = []
    for make in makers if copy_is_first else makers[::-1]:
        file = make()
        found.append(camera_proxies.pair(file))
    copy = OriginalFile.objects.get(original_filename=copy_name)
    assert copy.low_res_of.original_filename == name
    assert copy.low_res_of.low_res_of is None
    assert copy.low_res_of.low_res_source() == copy
    assert found == [False, not copy_is_first], "only a copy that finds its file is known as one when it is read"
    assert camera_proxies.pair(copy)


OTHERS = {
    "another recording": {"name": "GL010124.LRV"},
    "another chapter": {"name": "GL020123.LRV"},
    "another length": {"duration_ms": 60_300},
    "another moment": {"recorded_at": "2024-12-01T10:00:03+00:00"},
    "an unknown moment": {"recorded_at": None},
    "another shape": {"width_px": 576},
}


@pytest.mark.parametrize("what", OTHERS)
def test_what_differs_is_no_copy(shoot, what):
    fields = {"name": "GL010123.LRV"} | OTHERS[what]
    copy = read_copy(shoot, fields.pop("name"), **fields)
    camera_proxies.pair(read_file(shoot, "GX010123.MP4"))
    copy.refresh_from_db()
    assert copy.low_res_of is None
    assert not camera_proxies.pair(copy)


def test_both_lenses_of_an_insta360_have_one_set_of_moments(client, viewer, shoot):
    """Whichever comes first, with the small copy that shows both; nothing of the first is made from these."""
    take = "20240301_101500"
    second = read_file(shoot, f"VID_{take}_10_007.insv", width_px=2880, height_px=2880)
    assert not camera_proxies.pair(second), "alone it is a video as any other"
    both = read_copy(shoot, f"LRV_{take}_11_007.insv", width_px=736, height_px=368, duration_ms=60_000)
    assert not camera_proxies.pair(both)
    first = read_file(shoot, f"VID_{take}_00_007.insv", width_px=2880, height_px=2880)
    assert not camera_proxies.pair(first)
    assert set(first.low_res_copies.all()) == {second, both}
    assert first.low_res_source() is None
    assert camera_proxies.pair(read_file(shoot, f"VID_{take}_10_007.insv", width_px=2880, height_px=2880))
    assert not camera_proxies.pair(read_file(shoot, f"VID_{take}_00_008.insv", width_px=2880, height_px=2880))
    client.force_login(viewer)
    text = client.get(reverse("clips:session", args=[shoot.pk]), {"details": ""}).text
    assert text.count("with second lens") == 1
    assert "_10_007" not in text


@pytest.mark.parametrize("name", ["C0002S03.MP4", "C0001.MP4", "S03.MP4", "PARK.MP4"])
def test_a_name_like_a_proxys_is_a_video_of_its_own(shoot, name):
    camera_proxies.pair(read_file(shoot, "C0001.MP4"))
    assert not camera_proxies.pair(read_copy(shoot, name))


def test_what_is_larger_is_no_proxy(shoot):
    camera_proxies.pair(read_file(shoot, "PARK.MP4", width_px=1280, height_px=720))
    assert not camera_proxies.pair(read_file(shoot, "PARKS01.MP4"))


def test_a_copy_in_another_session_is_none(shoot):
    other = shoot.__class__.objects.called("Other Place", shoot.date)
    copy = read_copy(other, "GL010123.LRV")
    camera_proxies.pair(read_file(shoot, "GX010123.MP4"))
    copy.refresh_from_db()
    assert copy.low_res_of is None


def test_when_the_file_comes_what_was_found_in_its_copy_goes_and_what_was_sorted_stays(
    shoot, sorter, django_capture_on_commit_callbacks
):
    copy = read_copy(shoot, "GL010123.LRV")
    run = DetectionRunFactory(original_file=copy)
    untouched, sorted_, held = (
        CandidateSegmentFactory(original_file=copy, run=run, start_ms=n, end_ms=n + 5, score=0.9) for n in (0, 10, 20)
    )
    by_hand = CandidateSegmentFactory(original_file=copy, start_ms=30, end_ms=35)
    CandidateSegment.objects.filter(pk=sorted_.pk).update(status=SegmentStatus.TRASHED)
    CandidateSegment.objects.filter(pk=held.pk).update(
        status=SegmentStatus.IN_PROGRESS, locked_by=sorter, locked_at=timezone.now(), lease_token=copy.pk,
        lease_ends_at=timezone.now() + timedelta(minutes=1),
    )  # fmt: skip
    detecting = Job.objects.for_target(JobKind.DETECT, copy)
    files = [django_settings.DATA_DIR / path for path in requests.stored_paths(untouched.pk)]
    files[0].parent.mkdir()
    [file.write_bytes(b"x") for file in files]
    with django_capture_on_commit_callbacks(execute=True):
        camera_proxies.pair(read_file(shoot, "GX010123.MP4"))
    assert set(CandidateSegment.objects.all()) == {sorted_, held, by_hand}
    assert not any(file.exists() for file in files)
    detecting.refresh_from_db()
    assert detecting.state == JobState.CANCELLED
    CandidateSegment.objects.filter(pk=held.pk).update(lease_ends_at=timezone.now())
    assert not CandidateSegment.objects.available().exists(), "a copy is no source of moments"


def test_a_copy_is_no_video_of_its_own_in_a_session(client, viewer, shoot):
    read_file(shoot, "GX010123.MP4")
    camera_proxies.pair(read_copy(shoot, "GL010123.LRV"))
    client.force_login(viewer)
    text = client.get(reverse("clips:session", args=[shoot.pk]), {"details": ""}).text
    assert "GX010123.MP4" in text
    assert "with low-resolution copy" in text
    assert "GL010123.LRV" not in text


@pytest.fixture
def filmed(shoot) -> tuple[OriginalFile, OriginalFile]:
    """A real file of ten seconds and its small copy, in the data folder, neither read yet."""
    django_settings.ORIGINALS_DIR.mkdir(parents=True)
    made = []
    tags = {"creation_time": "2024-12-01T10:00:00.000000Z"}
    for name, size in (("GX010123.MP4", (1280, 720)), ("GL010123.LRV", (512, 288))):
        stored = django_settings.ORIGINALS_DIR / f"{name}.mp4"
        make_video(stored, frames=180, rate=60, size=size, gop=60, tags=tags)
        facts = {"file_hash": sha256_of(stored), "size_bytes": stored.stat().st_size}
        where = {"original_filename": name, "stored_path": f"originals/{stored.name}"}
        made.append(OriginalFileFactory(shoot=shoot, **where, **facts))
    return made[0], made[1]


@pytest.mark.slow
def test_reading_joins_them_and_the_copy_is_not_analysed(filmed, monkeypatch):
    from clips.ingest import tasks

    original, copy = filmed
    for file in filmed:
        tasks.probe(str(pipeline.start(JobKind.PROBE, file).pk))
    copy.refresh_from_db()
    assert copy.low_res_of == original
    assert [job.original_file for job in Job.objects.filter(kind=JobKind.DETECT)] == [original]


@pytest.mark.slow
def test_previews_are_made_from_the_copy(filmed, work_off):
    original, copy = filmed
    for file in filmed:
        pipeline.start(JobKind.PROBE, file, alone=True)
    work_off()
    segment = CandidateSegmentFactory(original_file=original, start_ms=1_000, end_ms=2_000, poster_path="x")
    requests.want_preview(segment)
    work_off()
    assert Preview.objects.get().width_px == 512
    (django_settings.DATA_DIR / copy.stored_path).unlink()
    requests.want_preview(segment)
    work_off()
    assert Preview.objects.get().width_px == 960, "a copy that is gone costs time, not the preview"


def test_a_copy_of_another_rate_is_not_used_for_previews(shoot):
    original = read_file(shoot, "GX010123.MP4", rate_num=240)
    copy = read_copy(shoot, "GL010123.LRV", rate_num=30)
    camera_proxies.pair(copy)
    assert original.low_res_source() == copy
    assert original.preview_source() is None


def test_small_copies_can_be_uploaded(client, sorter):
    client.force_login(sorter)
    text = client.get(reverse("clips:upload")).text
    assert ".lrv" in text
    assert ".lrf" in text
