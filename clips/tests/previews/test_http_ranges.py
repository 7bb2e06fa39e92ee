"""Tests range requests of players (RFC 9110, sections 13 and 14)."""

import os
import uuid
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.urls import reverse
from django.utils import timezone

from clips.models import CandidateSegment, FinalClip, Preview
from clips.previews import http_ranges
from clips.tests.factories import FinalClipFactory

CONTENT = bytes(range(256)) * 4  # 1024 bytes, each of which tells where it was
SIZE = len(CONTENT)


@pytest.fixture
def preview(segments) -> Preview:
    segment = segments[0]
    put(path := f"candidates/{segment.pk}.mp4")
    CandidateSegment.objects.filter(pk=segment.pk).update(poster_path=put(f"candidates/{segment.pk}.jpg"))
    return Preview.objects.create(
        segment=segment, stored_path=path, start_ms=0, end_ms=7000, width_px=960, height_px=540, size_bytes=SIZE
    )


@pytest.fixture
def clip(original) -> FinalClip:
    pk = uuid.uuid4()
    return FinalClipFactory(
        pk=pk, original_file=original, start_ms=0, end_ms=1000, date="2024-12-01", filename="Ridé “à” 1.mp4",
        stored_path=put(f"final_clips/{pk}.mp4"), file_hash="a" * 64, size_bytes=SIZE,
    )  # fmt: skip


@pytest.fixture
def address(client, viewer, preview) -> str:
    client.force_login(viewer)
    return reverse("clips:preview_file", args=[preview.segment_id])


def put(stored_path: str) -> str:
    """Write the content to a place in the data folder; returns the place."""
    path = django_settings.DATA_DIR / stored_path
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(CONTENT)
    return stored_path


def body(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_without_a_range_it_is_the_whole_file(client, address):
    response = client.get(address)
    assert response.status_code == 200
    assert body(response) == CONTENT
    assert response["Accept-Ranges"] == "bytes"
    assert response["Content-Length"] == str(SIZE)
    assert "Content-Range" not in response


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-99", 0, 99),
        ("bytes=1000-1023", 1000, 1023),
        ("bytes=1000-", 1000, 1023),
        ("bytes=0-", 0, 1023),
        ("bytes=1023-", 1023, 1023),
        ("bytes=1000-999999", 1000, 1023),
        ("bytes=-1", 1023, 1023),
        ("bytes=-500", 524, 1023),
        ("bytes=-99999", 0, 1023),
        ("Bytes= 7-8", 7, 8),
    ],
)
def test_a_range_is_answered_with_exactly_its_bytes(client, address, asked, first, last):
    response = client.get(address, headers={"Range": asked})
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {first}-{last}/{SIZE}"
    assert body(response) == CONTENT[first : last + 1]
    assert response["Content-Length"] == str(last - first + 1)
    assert response["Content-Type"] == "video/mp4"


@pytest.mark.parametrize("asked", ["bytes=1024-", "bytes=1024-1030", "bytes=9999999999999999999-", "bytes=-0"])
def test_a_range_outside_the_file_is_refused_with_its_size(client, address, asked):
    response = client.get(address, headers={"Range": asked})
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{SIZE}"
    assert body(response) == b""


@pytest.mark.parametrize(
    "asked",
    ["bytes=0-1,5-6", "bytes=5-2",
     "bytes=-", "bytes=a-b", "items=0-1", "bytes 0-1", "bytes=١-٢", "bytes=" + 5000 * "9"],
)  # fmt: skip
def test_a_range_that_is_none_or_several_is_ignored(client, address, asked):
    response = client.get(address, headers={"Range": asked})
    assert response.status_code == 200
    assert body(response) == CONTENT


def test_a_player_gets_a_long_file_in_parts_and_a_download_all_of_it(client, address, clip, monkeypatch):
    """A paused player reads no further; what is left to send would hold a thread of the web server."""
    monkeypatch.setattr(http_ranges, "PLAYED_AT_ONCE_BYTES", 100)
    response = client.get(address, headers={"Range": "bytes=10-"})
    assert (response.status_code, response["Content-Range"]) == (206, f"bytes 10-109/{SIZE}")
    assert body(response) == CONTENT[10:110]
    assert client.get(address, headers={"Range": "bytes=10-509"})["Content-Range"] == f"bytes 10-509/{SIZE}"
    assert client.get(address, headers={"Range": "bytes=-500"})["Content-Range"] == f"bytes 524-1023/{SIZE}"
    assert client.get(address)["Content-Length"] == str(SIZE)
    saved = client.get(reverse("clips:clip_download", args=[clip.pk]), headers={"Range": "bytes=10-"})
    assert saved["Content-Range"] == f"bytes 10-1023/{SIZE}"


def test_an_empty_file_has_no_range(client, address, preview):
    (django_settings.DATA_DIR / preview.stored_path).write_bytes(b"")
    assert client.get(address, headers={"Range": "bytes=0-"}).status_code == 416
    assert client.get(address, headers={"Range": "bytes=-5"}).status_code == 416
    assert client.get(address)["Content-Length"] == "0"


def test_head_tells_the_size_and_sends_nothing(client, address):
    response = client.head(address, headers={"Range": "bytes=0-99"})
    assert response.status_code == 200, "a range is for GET alone"
    assert (response["Content-Length"], response["Accept-Ranges"]) == (str(SIZE), "bytes")
    assert not response.streaming


def test_who_has_it_already_is_told_so(client, address):
    etag = client.get(address)["ETag"]
    assert not etag.startswith("W/")
    response = client.get(address, headers={"If-None-Match": f'"other", {etag}', "Range": "bytes=0-9"})
    assert response.status_code == 304
    assert body(response) == b""
    assert response["ETag"] == etag
    assert client.get(address, headers={"If-None-Match": '"other"'}).status_code == 200


def test_a_part_of_a_file_that_changed_is_never_mixed_with_the_old_one(client, address, preview):
    etag = client.get(address)["ETag"]
    part = {"Range": "bytes=0-9", "If-Range": etag}
    assert client.get(address, headers=part).status_code == 206
    replacement = django_settings.DATA_DIR / "new.mp4"
    replacement.write_bytes(b"x" * SIZE)
    replacement.replace(django_settings.DATA_DIR / preview.stored_path)
    response = client.get(address, headers=part)
    assert response.status_code == 200
    assert body(response) == b"x" * SIZE


@pytest.mark.parametrize("validator", ['"other"', "Sat, 01 Jan 2050 00:00:00 GMT", "nonsense"])
def test_a_range_of_something_else_is_the_whole_file(client, address, validator):
    response = client.get(address, headers={"Range": "bytes=0-9", "If-Range": validator})
    assert response.status_code == 200


def test_a_weak_validator_never_allows_a_part(client, address):
    etag = client.get(address)["ETag"]
    response = client.get(address, headers={"Range": "bytes=0-9", "If-Range": f"W/{etag}"})
    assert response.status_code == 200


def is_open(path: Path) -> bool:
    """Return whether this process has a file open."""
    return any(os.path.realpath(link) == str(path) for link in Path("/proc/self/fd").iterdir())


@pytest.mark.parametrize(
    "headers", [{}, {"Range": "bytes=0-9"}, {"Range": "bytes=5000-"}, {"If-None-Match": "*"}, {"Range": "nonsense"}]
)
@pytest.mark.parametrize("method", ["get", "head"])
def test_a_file_is_open_only_as_long_as_it_is_sent(rf, preview, method, headers):
    """Closing a response is what a server does in any case, also where the browser went away in the middle."""
    path = (django_settings.DATA_DIR / preview.stored_path).resolve()
    request = getattr(rf, method)("/", headers=headers)
    response = http_ranges.serve(request, preview.stored_path, "video/mp4", http_ranges.NOT_KEPT)
    assert is_open(path) == (method == "get" and response.status_code in (200, 206))
    for close in response._resource_closers:  # response.close() would also end the request, and its connection
        close()
    assert not is_open(path)


def test_a_preview_is_kept_by_nobody_and_is_what_it_says(client, address):
    response = client.get(address)
    assert response["Cache-Control"] == "private, no-store"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Type"] == "video/mp4"


def test_a_poster_is_asked_for_each_time(client, address, preview):
    response = client.get(reverse("clips:poster_file", args=[preview.segment_id]))
    assert (response["Content-Type"], response["Cache-Control"]) == ("image/jpeg", "private, no-cache")
    assert body(response) == CONTENT


def test_a_clip_plays_in_the_page_and_is_saved_under_its_name(client, viewer, clip):
    client.force_login(viewer)
    played = client.get(reverse("clips:clip_file", args=[clip.pk]))
    assert body(played) == CONTENT
    assert "Content-Disposition" not in played
    saved = client.get(reverse("clips:clip_download", args=[clip.pk]), headers={"Range": "bytes=0-3"})
    assert (saved.status_code, body(saved)) == (206, CONTENT[:4])
    assert saved["Content-Disposition"] == ("attachment; filename*=utf-8''Rid%C3%A9%20%E2%80%9C%C3%A0%E2%80%9D%201.mp4")


def test_quotes_in_a_name_stay_inside_it(client, viewer, clip):
    FinalClip.objects.update(filename='a"; filename="b.exe')
    client.force_login(viewer)
    saved = client.get(reverse("clips:clip_download", args=[clip.pk]))
    assert saved["Content-Disposition"] == r'attachment; filename="a\"; filename=\"b.exe"'


@pytest.mark.parametrize("changes", [{"removed_at": timezone.now(), "is_current": False}, {"stored_path": ""}])
def test_a_clip_that_was_undone_or_is_not_cut_is_not_there(client, viewer, clip, changes):
    client.force_login(viewer)
    if "stored_path" in changes:
        changes = {**changes, "file_hash": "", "size_bytes": None}
    FinalClip.objects.update(**changes)
    for name in ("clips:clip_file", "clips:clip_download"):
        assert client.get(reverse(name, args=[clip.pk])).status_code == 404


def test_a_file_that_is_gone_is_a_page_that_says_so(client, address, preview):
    (django_settings.DATA_DIR / preview.stored_path).unlink()
    response = client.get(address)
    assert response.status_code == 404
    assert "Page not found" in response.text


def test_behind_nginx_it_is_nginx_that_sends_the_file(client, address, preview, settings):
    settings.MEDIA_ACCEL_PREFIX = "/protected/"
    response = client.get(address, headers={"Range": "bytes=0-9"})
    assert response.status_code == 200, "nginx makes a 206 of it"
    assert response["X-Accel-Redirect"] == f"/protected/{preview.stored_path}"
    assert response["Cache-Control"] == "private, no-store"
    assert response["Content-Type"] == "video/mp4"
    assert body(response) == b""
    assert "ETag" not in response
    assert "Content-Range" not in response


def test_behind_nginx_the_permission_is_still_ours(client, preview, settings):
    settings.MEDIA_ACCEL_PREFIX = "/protected/"
    response = client.get(reverse("clips:preview_file", args=[preview.segment_id]))
    assert response.status_code == 302
    assert "X-Accel-Redirect" not in response
