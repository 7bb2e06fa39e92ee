"""Tests the whole life of MOV and MKV clips: named, cut, archived, found, renamed, downloaded, rebuilt."""

import uuid
from collections.abc import Callable
from io import StringIO

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.urls import reverse

from clips.archive.naming import read_names
from clips.integrity.run import audit
from clips.library.new_version import reedit
from clips.library.search import matching
from clips.models import (
    ArchiveCopy,
    CandidateSegment,
    CopyState,
    Decision,
    FileName,
    FinalClip,
    Job,
    JobKind,
    OriginalFile,
    SharedCopy,
)
from clips.sorting import decisions
from clips.storage.files import sha256_of
from clips.tests.factories import CandidateSegmentFactory, FinalClipFactory, OriginalFileFactory
from clips.tests.media.made_up import shown_numbers
from clips.tests.media.other_codecs import PICTURES, make_other
from people.models import Member, Person
from people.renaming import announce
from tricks.models import Trick

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

STEM = "2024-12-01__BackyardRails__Miller_Downey__Unknown__CAM_UNKNOWN__25FPS"
#: Ending of the clips → picture, sound, ending of the camera file, media type.
KINDS = {
    "mov": ("mjpeg", "pcm_u8", "avi", "video/quicktime"),
    "mkv": ("ffv1", "", "mkv", "video/x-matroska"),
}


@pytest.fixture
def brought(shoot, tmp_path, work_off) -> Callable[..., OriginalFile]:
    """Return a function that imports such a camera file and probes it as an upload."""

    def bring(ending: str) -> OriginalFile:
        picture, sound, suffix, _type = KINDS[ending]
        stored = django_settings.ORIGINALS_DIR / f"{picture}.{suffix}"
        stored.parent.mkdir(parents=True, exist_ok=True)
        make_other(stored, PICTURES[picture], sound)
        original = OriginalFileFactory(
            shoot=shoot, original_filename=stored.name, stored_path=f"originals/{stored.name}",
            file_hash=sha256_of(stored), size_bytes=stored.stat().st_size,
        )  # fmt: skip
        Job.objects.for_target(JobKind.PROBE, original, params={"alone": True})
        work_off()
        original.refresh_from_db()
        return original

    return bring


def keep(original: OriginalFile, member: Member, *, start_ms: int = 520, end_ms: int = 960) -> FinalClip:
    CandidateSegmentFactory(original_file=original, start_ms=start_ms, end_ms=end_ms + 100)
    lease = uuid.uuid4()
    (segment,) = CandidateSegment.objects.lease_hand(member=member, lease=lease, count=1)
    person = Person.objects.filter(slug="Miller_Downey").first() or Person.objects.add("Miller Downey")
    choice = decisions.Choice(start_ms=start_ms, end_ms=end_ms, person=person)
    return decisions.keep(segment, choice, lease=lease, key=uuid.uuid4(), member=member)


@pytest.mark.parametrize("ending", KINDS)
def test_such_a_clip_is_archived_made_again_and_found_right(backend, request, brought, sorter, work_off, ending):
    clip = keep(brought(ending), sorter)
    assert clip.filename == f"{STEM}__v001.{ending}"
    work_off()
    clip.refresh_from_db()
    assert clip.stored_path == f"final_clips/{clip.pk}.{ending}"
    assert shown_numbers(django_settings.DATA_DIR / clip.stored_path) == list(range(13, 25))
    copy = clip.copies.get()
    assert (copy.state, copy.path.rpartition("/")[2]) == (CopyState.VERIFIED, clip.filename)
    assert backend.look(copy.remote_id).sha256 == clip.file_hash
    if backend.name == "drive":
        store = request.getfixturevalue("drive").store
        assert store.items[copy.remote_id].mime_type == KINDS[ending][3]
        store.search_lag_s = 0
    assert [lying.held.filename for lying in backend.walk()] == [clip.filename]
    assert [stocked.filename for stocked in backend.stock(checksums=True)] == [clip.filename]
    assert [str(found) for found, _mended in audit(checksums=True) if found.kind != "KEPT_WITHOUT_CLIP"] == []

    for model in (ArchiveCopy, Job, SharedCopy, Decision, FinalClip, FileName, Person):
        model.objects.all().delete()
    call_command("rebuild_from_archive", stdout=StringIO())
    again = FinalClip.objects.get()
    assert (again.pk, again.filename, again.start_ms) == (clip.pk, clip.filename, clip.start_ms)
    assert str(FileName.objects.get()) == clip.filename
    work_off()
    again.refresh_from_db()
    assert (again.stored_path, again.tracks) == (clip.stored_path, clip.tracks)


def test_of_one_stem_and_number_there_is_one_clip_whatever_its_ending(brought, sorter, original):
    assert str(FileName.objects.allocate(STEM)) == f"{STEM}__v001.mp4"
    clip = keep(brought("mov"), sorter)
    assert clip.filename == f"{STEM}__v002.mov"
    same = {"original_file": original, "start_ms": 0, "end_ms": 9, "date": clip.date}
    with pytest.raises(IntegrityError, match="clip_name_once_for_all_endings"), transaction.atomic():
        FinalClipFactory(filename=f"{STEM}__v002.mp4", **same)
    with pytest.raises(IntegrityError, match="file_name_unique"), transaction.atomic():
        FileName.objects.create(stem=STEM, number=2, ending="mp4")


def test_a_file_that_was_read_long_ago_gets_its_way_at_the_cut(brought, sorter, work_off):
    original = brought("mov")
    OriginalFile.objects.update(probe={}, clip_ending="mp4")
    clip = keep(OriginalFile.objects.select_related("shoot").get(), sorter)
    assert clip.filename == f"{STEM}__v001.mp4"
    work_off()
    clip.refresh_from_db()
    assert (clip.filename, str(FileName.objects.get())) == (f"{STEM}__v001.mov",) * 2
    assert [copy.path.rpartition("/")[2] for copy in clip.copies.all()] == [clip.filename]
    assert read_names((), clip.filename).ending == "mov"
    Job.objects.for_target(JobKind.PROBE, original, params={"alone": True})  # what manage.py reprobe asks for
    work_off()
    assert OriginalFile.objects.get().clip_ending == "mov"


def test_a_clip_that_is_cut_again_as_another_kind_of_file_leaves_none_behind(
    brought, sorter, work_off, django_capture_on_commit_callbacks
):
    clip = keep(brought("mov"), sorter)
    work_off()
    clip.refresh_from_db()
    before = django_settings.DATA_DIR / clip.stored_path
    wrong = before.with_suffix(".mp4")
    before.rename(wrong)
    FinalClip.objects.update(stored_path=f"final_clips/{wrong.name}", filename=f"{STEM}__v001.mp4")
    Job.objects.for_target(JobKind.RENDER, clip, params={"alone": True})
    with django_capture_on_commit_callbacks(execute=True):
        work_off()
    clip.refresh_from_db()
    assert (clip.filename, before.is_file(), wrong.exists()) == (f"{STEM}__v001.mov", True, False)


def test_another_rider_and_another_name_keep_the_ending(brought, sorter, work_off):
    clip = keep(brought("mkv"), sorter)
    work_off()
    clip.refresh_from_db()
    choice = decisions.choice_of(clip)
    version = reedit(clip, decisions.Choice(**vars(choice) | {"trick": Trick.objects.add("KFED")}), member=sorter)
    assert (version.filename.rpartition(".")[2], version.stored_path.rpartition(".")[2]) == ("mkv", "mkv")
    assert version.tracks == clip.tracks
    person = Person.objects.get()
    person.display_name, person.slug = "Mia Berg", "Mia_Berg"
    person.save()
    announce(person)
    work_off()
    version.refresh_from_db()
    assert version.filename == "2024-12-01__BackyardRails__Mia_Berg__KFED__CAM_UNKNOWN__25FPS__v001.mkv"
    assert version.copies.get().path.endswith(f"/Mia_Berg/KFED/{version.filename}")


@pytest.mark.parametrize("ending", KINDS)
def test_pages_serve_such_a_clip_as_what_it_is_and_say_why(client, sorter, brought, work_off, ending):
    clip = keep(brought(ending), sorter)
    work_off()
    client.force_login(sorter)
    saved = client.get(reverse("clips:clip_download", args=[clip.pk]))
    assert (saved["Content-Type"], saved["Content-Disposition"]) == (
        KINDS[ending][3], f'attachment; filename="{STEM}__v001.{ending}"',
    )  # fmt: skip
    assert client.get(reverse("clips:clip_file", args=[clip.pk]))["Content-Type"] == KINDS[ending][3]
    codec = {"mov": "Motion JPEG", "mkv": "FFV1"}[ending]
    because = f"{ending.upper()}, because MP4 can’t hold {codec}."
    page = client.get(reverse("clips:clip", args=[clip.pk])).content.decode()
    assert because in page
    assert (
        because
        in client.get(reverse("clips:session", args=[clip.original_file.shoot_id]), {"details": ""}).content.decode()
    )
    copy = SharedCopy.objects.get(clip=clip)
    assert f"/media/copies/{copy.pk}.mp4" in page, "made by itself, for no browser plays the clip"
    assert copy.save_as == f"{STEM}__v001__SHARE.mp4"
    assert matching(FinalClip.objects.all(), "v001").exists()
    assert (
        not matching(FinalClip.objects.all(), ending)
        .exclude(original_file__original_filename__contains=ending)
        .exists()
    )
