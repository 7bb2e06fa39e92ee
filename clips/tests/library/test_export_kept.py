"""Tests how long an export is kept, and that it stays byte by byte what it was while the crew goes on."""

# ruff: noqa: F811 - fixtures are imported

import io
import os
import time
import tracemalloc
import uuid
import zipfile

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command

from clips.library import export, export_file
from clips.library.rider_removal import take_out
from clips.library.tasks import clear_exports
from clips.models import CandidateSegment, Decision, FinalClip
from clips.storage import files
from clips.tests.library.test_download import body, listed, make_clip
from clips.tests.library.test_export import CREW, MINE, all_text, clips, taken  # noqa: F401 - a fixture
from clips.tests.storage.conftest import moto_server, s3  # noqa: F401 - fixtures
from people.leaving import erase
from people.models import Member


def test_a_cut_download_is_continued_though_the_crew_goes_on(client, clips, admin, segments, sorter):
    client.force_login(admin)
    address = client.post(CREW)["Location"]
    whole = body(answer := client.get(address))
    Decision.objects.create(kind="TRASH", segment=segments[2], member=sorter, member_name="mia")
    FinalClip.objects.filter(pk=clips["rail"].pk).update(filename="renamed__v001.mp4")
    assert answer["Accept-Ranges"] == "bytes"
    for first in (1, 700, len(whole) // 2, len(whole) - 30):
        headers = {"Range": f"bytes={first}-", "If-Range": answer["ETag"]}
        rest = client.get(address, headers=headers)
        assert (rest.status_code, rest["Content-Range"]) == (206, f"bytes {first}-{len(whole) - 1}/{len(whole)}")
        assert body(rest) == whole[first:]
    head = client.head(address)
    assert (head["Content-Length"], head.content) == (str(len(whole)), b"")
    assert "TrickyClip_crew_" in head["Content-Disposition"]


def test_an_export_whose_clip_was_deleted_meanwhile_says_so_before_it_begins(client, clips, admin):
    client.force_login(admin)
    address = client.post(CREW)["Location"]
    (django_settings.DATA_DIR / clips["crash"].stored_path).unlink()
    assert client.get(address).status_code == 410
    rows = {row["file"].rpartition("/")[2]: row["left out"] for row in listed(taken(client, CREW))}
    assert rows["crash__v001.mp4"] == "its file is missing"


def kept() -> list[str]:
    folder = django_settings.DATA_DIR / export_file.FOLDER
    return sorted(path.name for path in folder.glob("*"))


@pytest.mark.slow
def test_the_texts_are_deleted_when_their_time_is_over_or_the_member_is_erased(
    client, clips, sorter, django_capture_on_commit_callbacks
):
    client.force_login(sorter)
    addresses = [client.post(MINE)["Location"] for _ in range(3)]
    assert len(kept()) == export_file.MAX_KEPT
    assert client.get(addresses[0]).status_code == 410
    old = django_settings.DATA_DIR / export_file.FOLDER / kept()[0]
    then_s = time.time() - (export_file.DAYS * 24 + 1) * 3600
    os.utime(old, (then_s, then_s))
    clear_exports()
    assert len(kept()) == 1
    with django_capture_on_commit_callbacks(execute=True):
        erase(sorter)
    assert kept() == []
    assert list(django_settings.SCRATCH_DIR.glob("*")) == []


@pytest.mark.slow
def test_no_export_keeps_the_name_of_a_rider_who_was_taken_out(
    client, clips, sorter, admin, django_capture_on_commit_callbacks
):
    client.force_login(sorter)
    client.post(MINE)
    with django_capture_on_commit_callbacks(execute=True):
        take_out(clips["rail"].person, admin)
    assert kept() == []
    client.force_login(admin)
    assert "Müller" not in all_text(taken(client, CREW))


def peak_bytes(scope: export.Scope) -> int:
    tracemalloc.start()
    try:
        key = export.make(scope, with_originals=False)
        _about, file = export_file.open_export(scope.member, key)
        assert sum(len(block) for block in file) == file.size_bytes
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_an_export_whose_files_lie_in_a_bucket_is_continued_and_deleted_as_one_on_a_disk(
    client,
    s3,
    original,
    admin,
    tmp_path,
):
    content = os.urandom(900_000)
    (file := tmp_path / "clip").write_bytes(content)
    stored_path = f"final_clips/{uuid.uuid4()}.mp4"
    files.store(file, stored_path)
    of_file = {"stored_path": stored_path, "file_hash": "b" * 64, "size_bytes": len(content)}
    make_clip(original, "one", None, **of_file)
    client.force_login(admin)
    address = client.post(CREW)["Location"]
    whole = body(answer := client.get(address))
    with zipfile.ZipFile(io.BytesIO(whole)) as read:
        assert read.testzip() is None
        assert len(read.namelist()) == 4
    for first in (300, 500_000):
        rest = client.get(address, headers={"Range": f"bytes={first}-", "If-Range": answer["ETag"]})
        assert body(rest) == whole[first:]
    assert len(list(files.listed(export_file.FOLDER))) == 1
    assert list(files.listed("candidates")) == []
    export_file.clear_all()
    assert client.get(address).status_code == 410


def add_decided(member: Member, n_moments: int) -> None:
    """Add so many moments that were trashed."""
    call_command("make_library", segments=n_moments, clips=0, seed=n_moments, force=True, stdout=io.StringIO())
    new = CandidateSegment.objects.filter(decisions=None).values_list("pk", flat=True)
    fields = {"kind": "TRASH", "member": member, "member_name": member.username}
    Decision.objects.bulk_create([Decision(segment_id=pk, **fields) for pk in new], batch_size=5000)


@pytest.mark.slow
def test_an_export_takes_the_memory_of_its_list_of_clips_alone(admin, original):
    """Seven times the moments and decisions, and a clip of 200 MB, are told and sent in the same memory."""
    scope = export.Scope(export.CREW, admin)
    add_decided(admin, 1_500)
    export.make(scope, with_originals=False)  # what is read once and kept is not counted
    few_bytes = peak_bytes(scope)
    add_decided(admin, 9_000)
    clip = make_clip(original, "long", b"long")
    with (django_settings.DATA_DIR / clip.stored_path).open("wb") as file:
        file.truncate(200_000_000)
    FinalClip.objects.filter(pk=clip.pk).update(size_bytes=200_000_000, crc32=0)
    many_bytes = peak_bytes(scope)
    texts_bytes = max(path.stat().st_size for path in (django_settings.DATA_DIR / export_file.FOLDER).iterdir())
    assert texts_bytes > 5_000_000
    assert many_bytes < few_bytes + 2_000_000, (few_bytes, many_bytes)
