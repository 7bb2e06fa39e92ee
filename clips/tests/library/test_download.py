"""Tests the download of many clips: what is in the ZIP, how it is resumed, and what it does not take from others."""

import csv
import datetime as dt
import io
import uuid
import zipfile
import zlib

import numpy as np
import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.urls import reverse

from clips.library import download
from clips.media.formats.suffixes import USUAL
from clips.models import FinalClip
from clips.storage import files
from clips.tests.factories import FinalClipFactory
from clips.tests.storage.conftest import moto_server, s3  # noqa: F401 - fixtures
from people.models import Person
from tricks.models import Trick
from trickyclip.http.server.worker import STREAM_THREADS

ADDRESS = "/library/download.zip"
IN_ARCHIVE = "TrickyClip Archive/2024/2024-12-01 - Backyard Rails"


def make_clip(original, name: str, content: bytes | None, **fields) -> FinalClip:
    """Make a clip; with content it is cut, as one from before there were checksums."""
    pk = uuid.uuid4()
    if content is not None:
        stored_path = f"final_clips/{pk}.{USUAL}"
        path = django_settings.DATA_DIR / stored_path
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(content)
        fields |= {"stored_path": stored_path, "file_hash": "b" * 64, "size_bytes": len(content)}
    fields = {"start_ms": 0, "end_ms": 4000, "date": original.shoot.date, **fields}
    return FinalClipFactory(pk=pk, original_file=original, filename=f"{name}__v001.mp4", **fields)


@pytest.fixture
def clips(original) -> dict[str, FinalClip]:
    miller, zoe = Person.objects.add("Miller Downey"), Person.objects.add("=Zoë, the 1st")
    kfed = Trick.objects.add("KFED", category="RAIL")
    made = {
        "rail": make_clip(original, "rail", b"rail" * 1000, person=miller, trick=kfed),
        "other": make_clip(original, "other", b"other", person=zoe, category="CRASH", start_ms=2500),
        "uncut": make_clip(original, "uncut", None, person=miller),
    }
    made["rail"].also.add(zoe)
    return made


@pytest.fixture
def client(client, viewer):
    client.force_login(viewer)
    return client


def body(response) -> bytes:
    """Read an answer to its end; the test client closes it then, as a web server does."""
    return b"".join(response.streaming_content) if response.streaming else response.content


def opened(response) -> zipfile.ZipFile:
    assert response.status_code == 200
    data = body(response)
    assert int(response["Content-Length"]) == len(data)
    return zipfile.ZipFile(io.BytesIO(data))


def listed(read: zipfile.ZipFile) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(read.read("clips.csv").decode("utf-8-sig"))))


def test_all_clips_that_match_come_with_the_archives_names_and_a_list(client, clips):
    read = opened(client.get(ADDRESS))
    assert read.testzip() is None
    rail = f"{IN_ARCHIVE}/Miller_Downey/KFED/rail__v001.mp4"
    assert rail in read.namelist()
    assert read.read(rail) == b"rail" * 1000
    assert len(read.namelist()) == 3
    rows = {row["file"].rpartition("/")[2]: row for row in listed(read)}
    assert rows["rail__v001.mp4"] | {"others": ""} == {
        "file": rail, "date": "2024-12-01", "session": "Backyard Rails", "rider": "Miller Downey", "others": "",
        "trick": "KFED", "category": "trick", "camera": "GOPRO11", "fps": "240", "seconds": "4.00", "left out": "",
    }  # fmt: skip
    assert rows["uncut__v001.mp4"]["left out"] == "not cut yet"
    assert rows["other__v001.mp4"]["rider"].startswith("'="), "a spreadsheet must not run it"


def test_the_query_of_the_library_and_a_choice_of_clips_say_what_is_in_it(client, clips):
    def names(query: str) -> list[str]:
        return sorted(name.rpartition("/")[2][:5] for name in opened(client.get(f"{ADDRESS}?{query}")).namelist())

    assert names("person=Miller_Downey") == ["clips", "rail_"]
    assert names("category=CRASH&category=TRICK") == ["clips", "other", "rail_"]
    assert names(f"clip={clips['other'].pk}") == ["clips", "other"]
    assert names(f"clip={clips['other'].pk}&clip={clips['rail'].pk}") == ["clips", "other", "rail_"]
    assert client.get(f"{ADDRESS}?clip=one").status_code == 422


def test_a_posted_selection_is_led_to_an_address_that_can_be_resumed(client, clips, monkeypatch):
    ids = ",".join(str(clips[name].pk) for name in ("rail", "other"))
    led = client.post(ADDRESS, {"clips": ids})
    assert len(opened(client.get(led["Location"])).namelist()) == 3
    led = client.post(ADDRESS, {"all": "on", "query": "category=CRASH", "clips": ""})
    assert led["Location"] == f"{ADDRESS}?category=CRASH"
    kept = opened(client.post(ADDRESS, {"all": "on", "query": "", "without": str(clips["other"].pk)}))
    assert [row["file"].rpartition("/")[2] for row in listed(kept)] == ["rail__v001.mp4", "uncut__v001.mp4"]
    monkeypatch.setattr("clips.library.download_views.MAX_ADDRESS", 50)
    assert len(opened(client.post(ADDRESS, {"clips": ids})).namelist()) == 3
    assert client.post(ADDRESS, {"clips": ""}).status_code == 422


def test_a_cut_connection_is_continued_by_a_range(client, clips):
    whole_answer = client.get(ADDRESS)
    whole = body(whole_answer)
    assert whole_answer["Accept-Ranges"] == "bytes"
    assert whole_answer["X-Accel-Buffering"] == "no"
    headers = {"Range": "bytes=700-", "If-Range": whole_answer["ETag"]}
    rest = client.get(ADDRESS, headers=headers)
    assert (rest.status_code, rest["Content-Range"]) == (206, f"bytes 700-{len(whole) - 1}/{len(whole)}")
    assert whole[:700] + body(rest) == whole
    beyond = client.get(ADDRESS, headers={"Range": f"bytes={len(whole)}-"})
    assert beyond.status_code == 416
    assert client.get(ADDRESS, headers={"If-None-Match": whole_answer["ETag"]}).status_code == 304
    head = client.head(ADDRESS)
    assert (head["Content-Length"], head.content) == (str(len(whole)), b"")


def test_a_zip_that_has_changed_begins_anew(client, clips, original):
    tag = body(before := client.get(ADDRESS)) and before["ETag"]
    make_clip(original, "new", b"new")
    again = client.get(ADDRESS, headers={"Range": "bytes=700-", "If-Range": tag})
    assert again.status_code == 200
    assert again["ETag"] != tag
    assert opened(again).testzip() is None


def test_an_older_clip_is_read_once_for_its_checksum(client, clips):
    assert FinalClip.objects.get(pk=clips["rail"].pk).crc32 is None
    body(client.get(ADDRESS))
    assert FinalClip.objects.get(pk=clips["rail"].pk).crc32 == zlib.crc32(b"rail" * 1000)
    FinalClip.objects.filter(pk=clips["rail"].pk).update(crc32=1)
    assert opened(client.get(ADDRESS)).testzip().endswith("rail__v001.mp4"), "it is believed, not read again"


def test_what_there_was_no_time_to_read_is_asked_for_again(client, clips, monkeypatch):
    monkeypatch.setattr("clips.library.download_views.ZIP_READS_S", 0)
    first = client.get(ADDRESS)
    assert (first.status_code, first["Retry-After"]) == (503, "1")
    assert "1 clip left" in first.content.decode()
    assert client.get(ADDRESS).status_code == 200


def test_a_file_that_is_gone_is_left_out_and_named(client, clips):
    (django_settings.DATA_DIR / clips["other"].stored_path).unlink()
    read = opened(client.get(ADDRESS))
    assert len(read.namelist()) == 2
    said = {row["file"].rpartition("/")[2]: row["left out"] for row in listed(read)}
    assert said["other__v001.mp4"] == "its file is missing"


def test_removed_clips_and_old_versions_are_in_no_zip(client, clips, original):
    make_clip(original, "old", b"old", is_current=False, lineage=clips["rail"].lineage)
    undone = make_clip(
        original, "undone", b"undone", is_current=False, removed_at=dt.datetime(2025, 1, 1, tzinfo=dt.UTC)
    )
    assert len(opened(client.get(ADDRESS)).namelist()) == 3
    nothing = client.get(f"{ADDRESS}?clip={undone.pk}")
    assert nothing.status_code == 404
    assert "There are no clips to download." in nothing.content.decode()


def test_downloads_leave_threads_to_others_and_give_theirs_back(client, clips, monkeypatch):
    assert download.AT_ONCE <= STREAM_THREADS / 2
    monkeypatch.setattr(download, "slots", download.Slots(1))
    sent = iter((running := client.get(ADDRESS)).streaming_content)
    next(sent)
    refused = client.get(ADDRESS)
    assert (refused.status_code, refused["Retry-After"]) == (503, "60")
    for close in running._resource_closers:  # the client is gone; all of close() would end the test's connection too
        close()
    assert opened(client.get(ADDRESS)).testzip() is None
    assert client.get(ADDRESS).status_code == 200


def test_the_page_before_says_how_much_it_is_and_what_is_left_out(client, clips, original):
    page = client.get(f"{reverse('clips:library_download')}?session={original.shoot_id}").content.decode()
    assert "<strong>2</strong> clips, 3.9" in page
    assert "uncut__v001.mp4" in page
    assert f'href="{ADDRESS}?session={original.shoot_id}"' in page
    assert client.get(f"{reverse('clips:library_download')}?clip=x").status_code == 422


def test_a_session_is_named_in_its_zip(client, clips, original):
    answer = client.get(f"{ADDRESS}?session={original.shoot_id}")
    assert answer["Content-Disposition"] == 'attachment; filename="2024-12-01__BackyardRails.zip"'


@pytest.mark.slow
def test_a_zip_costs_the_same_queries_for_a_thousand_clips_as_for_ten(client, django_assert_num_queries):
    call_command("make_library", segments=20, clips=10, stdout=io.StringIO())
    FinalClip.objects.update(crc32=1)
    body(client.get(ADDRESS))
    with django_assert_num_queries(7):
        body(client.get(ADDRESS))
    call_command("make_library", segments=2000, clips=1000, seed=2, force=True, stdout=io.StringIO())
    FinalClip.objects.update(crc32=1)
    with django_assert_num_queries(7):
        body(client.get(ADDRESS))


@pytest.mark.slow
def test_clips_in_a_bucket_come_as_those_on_a_disk_do(client, s3, original, tmp_path):  # noqa: F811
    content = np.random.default_rng(3).bytes(900_000)
    (file := tmp_path / "clip").write_bytes(content)
    pk = uuid.uuid4()
    files.store(file, f"final_clips/{pk}.mp4")
    of_file = {"stored_path": f"final_clips/{pk}.mp4", "file_hash": "b" * 64, "size_bytes": len(content)}
    make_clip(original, "one", None, **of_file)
    lost = {**of_file, "stored_path": f"final_clips/{uuid.uuid4()}.mp4"}
    make_clip(original, "lost", None, **lost)
    whole = body(answer := client.get(ADDRESS))
    with zipfile.ZipFile(io.BytesIO(whole)) as read:
        assert read.testzip() is None
        assert [row["left out"] for row in listed(read)] == ["its file is missing", ""]
    rest = client.get(ADDRESS, headers={"Range": "bytes=500000-", "If-Range": answer["ETag"]})
    assert whole[:500_000] + body(rest) == whole
