"""Tests the tus protocol request by request; third-party clients are in the end-to-end test."""

import base64
import errno
import hashlib
import os
import threading
import time
import uuid

import pytest
from django.http import UnreadablePostError
from django.test import Client, RequestFactory
from django.urls import reverse

from clips.ingest import part_file
from clips.ingest.tus import resource
from clips.models import Job, JobKind, Shoot, Upload, UploadState

OCTETS = "application/offset+octet-stream"
ENDPOINT = "/upload/tus/"


class Tus:
    """A client that sends exactly what it is told to."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def __call__(self, method: str, path: str = ENDPOINT, body: bytes = b"", **headers: str):
        names = {name.replace("_", "-"): str(value) for name, value in headers.items()}
        content_type = names.pop("Content-Type", OCTETS)
        return self.client.generic(
            method, path, body, content_type=content_type, headers={"Tus-Resumable": "1.0.0", **names}
        )

    def create(self, size_bytes: int, **metadata: str) -> str:
        pairs = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in metadata.items())
        answer = self("POST", Upload_Length=size_bytes, Upload_Metadata=pairs)
        assert answer.status_code == 201, answer.content
        return answer["Location"]

    def send(self, path: str, offset_bytes: int, body: bytes):
        return self("PATCH", path, body, Upload_Offset=offset_bytes)


@pytest.fixture
def tus(client, sorter) -> Tus:
    client.force_login(sorter)
    return Tus(client)


def test_the_server_says_what_it_speaks(tus):
    answer = tus.client.options(ENDPOINT)
    assert answer.status_code == 204
    assert answer["Tus-Version"] == "1.0.0"
    assert set(answer["Tus-Extension"].split(",")) == {
        "creation",
        "creation-with-upload",
        "checksum",
        "expiration",
        "termination",
    }
    assert answer["Tus-Checksum-Algorithm"] == "sha1,sha256"
    assert int(answer["Tus-Max-Size"]) > 10**10


@pytest.mark.parametrize("part", ["partial", f"final;{ENDPOINT}a {ENDPOINT}b"])
def test_parts_to_be_joined_are_refused_before_they_are_sent(tus, part):
    answer = tus("POST", Upload_Length=10, Upload_Concat=part)
    assert answer.status_code == 501
    assert "one upload" in answer.content.decode()
    assert not Upload.objects.exists()


def test_a_file_arrives_in_pieces(tus, settings):
    path = tus.create(10, filename="GX01.MP4", session="Backyard Rails", date="2024-12-01")
    assert path.startswith(ENDPOINT), "relative, so that it is right behind any proxy"
    assert tus.send(path, 0, b"01234")["Upload-Offset"] == "5"
    head = tus("HEAD", path)
    assert (head["Upload-Offset"], head["Upload-Length"], head["Cache-Control"]) == ("5", "10", "no-store")
    answer = tus.send(path, 5, b"56789")
    assert (answer.status_code, answer["Upload-Offset"]) == (204, "10")
    upload = Upload.objects.get()
    assert part_file.part_path(upload.pk).read_bytes() == b"0123456789"
    assert upload.state == UploadState.RECEIVED
    assert (upload.shoot.name, str(upload.shoot.date)) == ("Backyard Rails", "2024-12-01")
    assert Job.objects.get().kind == JobKind.INGEST


def test_a_small_file_comes_with_its_creation(tus):
    answer = tus("POST", body=b"all of it", Upload_Length=9)
    assert (answer.status_code, answer["Upload-Offset"]) == (201, "9")
    assert Upload.objects.get().state == UploadState.RECEIVED


def test_a_wrong_offset_writes_nothing(tus):
    path = tus.create(10)
    tus.send(path, 0, b"0123")
    for wrong in (0, 3, 5, 10):
        assert tus.send(path, wrong, b"xx").status_code == 409
    assert part_file.part_path(Upload.objects.get().pk).read_bytes() == b"0123"


def test_a_second_writer_is_told_to_wait(tus):
    path = tus.create(10)
    with part_file.writing(Upload.objects.get().pk):
        assert tus.send(path, 0, b"01").status_code == 423
    assert tus.send(path, 0, b"01").status_code == 204


def test_bytes_that_were_never_acknowledged_are_cut_off(tus):
    path = tus.create(4)
    tus.send(path, 0, b"ab")
    upload = Upload.objects.get()
    with part_file.part_path(upload.pk).open("ab") as file:
        file.write(b"left by a writer that died")
    assert tus.send(path, 2, b"cd").status_code == 204
    assert part_file.part_path(upload.pk).read_bytes() == b"abcd"


def test_an_upload_whose_bytes_are_gone_is_begun_anew(tus, settings):
    path = tus.create(4)
    tus.send(path, 0, b"ab")
    os.truncate(part_file.part_path(Upload.objects.get().pk), 1)
    assert tus.send(path, 2, b"cd").status_code == 410
    assert tus("HEAD", path).status_code == 410
    assert Upload.objects.get().state == UploadState.GONE
    assert list(settings.UPLOADS_DIR.iterdir()) == [], "its room is free again"


def test_more_bytes_than_announced_are_refused(tus):
    path = tus.create(4)
    assert tus.send(path, 0, b"abcde").status_code == 413
    assert Upload.objects.get().offset_bytes == 0


def test_a_chunk_that_no_tunnel_would_pass_is_refused(tus, settings):
    settings.UPLOAD_MAX_CHUNK_BYTES = 3
    assert tus.send(tus.create(10), 0, b"abcd").status_code == 413


def test_giving_up_frees_the_space(tus):
    path = tus.create(4)
    upload = Upload.objects.get()
    assert tus("DELETE", path).status_code == 204
    assert not part_file.part_path(upload.pk).exists()
    assert tus("HEAD", path).status_code == 404


def test_giving_up_waits_for_a_request_that_was_broken_off(tus):
    path = tus.create(4)
    upload = Upload.objects.get()
    held = threading.Event()

    def hold_for_a_moment() -> None:
        with part_file.writing(upload.pk):
            held.set()
            time.sleep(0.2)

    writer = threading.Thread(target=hold_for_a_moment)
    writer.start()
    held.wait()
    assert tus("DELETE", path).status_code == 204
    writer.join()


def test_a_complete_upload_cannot_be_given_up(tus):
    path = tus.create(2)
    tus.send(path, 0, b"ab")
    assert tus("DELETE", path).status_code == 403


def test_an_upload_is_its_owners_alone(tus, other_sorter):
    path = tus.create(2)
    tus.client.force_login(other_sorter)
    assert tus("HEAD", path).status_code == 404
    assert tus.send(path, 0, b"ab").status_code == 404
    assert tus("DELETE", path).status_code == 404


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", {}, 400),
        ("POST", {"Upload_Length": "ten"}, 400),
        ("POST", {"Upload_Length": "-1"}, 400),
        ("POST", {"Upload_Length": "²"}, 400),
        ("POST", {"Upload_Length": "0"}, 400),
        ("POST", {"Upload_Length": "9" * 18}, 413),
        ("POST", {"Upload_Length": "5", "Upload_Metadata": "filename ???"}, 400),
        (
            "POST",
            {"Upload_Length": "5", "Upload_Metadata": "date " + base64.b64encode(b"soon").decode()},
            400,
        ),
        ("POST", {"Upload_Length": "5", "Tus_Resumable": "0.2.2"}, 412),
        ("PUT", {"Upload_Length": "5"}, 405),
    ],
)
def test_a_bad_beginning_gets_one_sentence_and_makes_nothing(tus, method, headers, status):
    answer = tus(method, **headers)
    assert answer.status_code == status
    assert answer.content.decode().endswith(".")
    assert answer["Tus-Resumable"] == "1.0.0"
    assert not Upload.objects.exists()
    assert not Shoot.objects.exists()


def test_bytes_must_be_sent_as_bytes(tus):
    answer = tus("PATCH", tus.create(3), b"abc", Upload_Offset=0, Content_Type="application/json")
    assert answer.status_code == 415


def test_an_unknown_upload_is_not_found(tus):
    assert tus("HEAD", reverse("clips:tus_resource", args=[uuid.uuid4()])).status_code == 404


@pytest.mark.django_db
@pytest.mark.parametrize("path", [ENDPOINT, f"{ENDPOINT}{uuid.UUID(int=0)}"])
def test_who_is_not_let_in_is_told_so_in_the_protocol(client, viewer, path):
    stranger = Tus(client)("POST", path)
    client.force_login(viewer)
    not_a_sorter = Tus(client)("POST", path)
    assert [stranger.status_code, not_a_sorter.status_code] == [401, 403]
    assert stranger["Tus-Resumable"] == not_a_sorter["Tus-Resumable"] == "1.0.0"


def test_a_proxy_that_knows_no_patch_may_say_post(tus):
    path = tus.create(2)
    answer = tus("POST", path, b"ab", Upload_Offset=0, X_HTTP_Method_Override="PATCH")
    assert answer.status_code == 204


def test_a_file_larger_than_the_room_is_refused_before_a_byte_is_sent(tus, settings, monkeypatch):
    monkeypatch.setattr("clips.disk.floor.free_bytes", lambda: 99)
    answer = tus("POST", Upload_Length=100)
    assert answer.status_code == 507
    assert "too full" in answer.content.decode()


def test_a_full_disk_is_said_and_costs_nothing_that_was_acknowledged(tus, monkeypatch):
    path = tus.create(4)
    tus.send(path, 0, b"ab")

    def write(*_args: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(part_file, "_write_all", write)
        answer = tus.send(path, 2, b"cd")
    assert answer.status_code == 507
    assert "disk is full" in answer.content.decode()
    assert tus.send(path, 2, b"cd").status_code == 204


def test_a_body_that_was_cut_cannot_be_checked_and_does_not_count(sorter):
    upload = begin_silently(sorter)
    digest = base64.b64encode(hashlib.sha1(b"0123456789", usedforsecurity=False).digest()).decode()
    answer = patch_that_falls_silent(sorter, upload, b"0123", Upload_Checksum=f"sha1 {digest}")
    upload.refresh_from_db()
    assert (answer.status_code, upload.offset_bytes) == (408, 0)
    assert part_file.part_path(upload.pk).read_bytes() == b""


def test_a_client_that_falls_silent_keeps_what_it_sent(sorter):
    upload = begin_silently(sorter)
    answer = patch_that_falls_silent(sorter, upload, b"0123")
    upload.refresh_from_db()
    assert (answer.status_code, upload.offset_bytes) == (408, 4)
    assert part_file.part_path(upload.pk).read_bytes() == b"0123"


def begin_silently(sorter) -> Upload:
    upload = Upload.objects.start(
        owner=sorter, filename="a.mp4", size_bytes=10, shoot_name="A", shoot_date="2024-12-01"
    )
    part_file.create_part(upload.pk)
    return upload


def patch_that_falls_silent(sorter, upload: Upload, sent: bytes, **headers: str):
    """Announce ten bytes, send some of them, then act like a connection that timed out."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    request = RequestFactory().patch(
        "/", b"0123456789", content_type=OCTETS, headers={"Tus-Resumable": "1.0.0", "Upload-Offset": "0", **names}
    )
    request.user = sorter
    blocks = iter([sent])

    def read(_length: int) -> bytes:
        try:
            return next(blocks)
        except StopIteration:
            raise UnreadablePostError from None

    request.read = read
    return resource(request, upload.pk)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\DCIM\\GX010001.MP4", "GX010001.MP4"),
        ('a "quoted" <b>name.mp4', 'a "quoted" <b>name.mp4'),
        ("🛹 kickflip 🎿.mov", "🛹 kickflip 🎿.mov"),
        ("line\nbreak\x00.mp4", "line break.mp4"),
        ("", "upload"),
        ("..", ".."),
    ],
)
def test_names_are_shown_and_never_used_as_paths(tus, own_data_dir, sent, shown):
    path = tus.create(2, filename=sent)
    assert Upload.objects.get().original_filename == shown
    tus.send(path, 0, b"ab")
    assert [file.suffix for file in (own_data_dir / "uploads").iterdir()] == [".part"]


def test_a_name_of_300_characters_keeps_its_ending(tus):
    tus.create(2, filename="x" * 400 + ".mp4")
    name = Upload.objects.get().original_filename
    assert len(name) == 300
    assert name.endswith(".mp4")
