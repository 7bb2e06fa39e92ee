"""Tests the MUST and SHOULD rules of tus 1.0.0 on the real web server, byte by byte."""

import base64
import datetime as dt
import email.utils
import hashlib
import uuid

import pytest
from django.utils import timezone

from clips.models import Upload
from clips.tests.ingest.web import ENDPOINT, OCTETS

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

METADATA = "filename R1gwMTAxMjMuTVA0,session UmFpbHM=,is_private"


def checksum(algorithm: str, data: bytes) -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, data).digest()).decode()}"


class TestEveryAnswer:
    @pytest.mark.parametrize("method", ["POST", "HEAD", "PATCH", "DELETE", "GET"])
    def test_names_the_version_also_when_it_refuses(self, wire, method):
        assert wire(method, f"{ENDPOINT}{uuid.uuid4()}").headers["Tus-Resumable"] == "1.0.0"

    @pytest.mark.parametrize("spoken", ["0.2.2", "1.0.1", "", None])
    def test_refuses_another_version_with_412_and_does_nothing(self, wire, spoken):
        answer = wire("POST", Upload_Length=5, Tus_Resumable=spoken)
        assert (answer.status, answer.headers["Tus-Version"]) == (412, "1.0.0")
        assert not Upload.objects.exists()

    @pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
    def test_refuses_another_version_of_what_is_under_way(self, wire, method):
        path = wire.create(5)
        headers = {"Tus_Resumable": "0.2.2", "Upload_Offset": 0, "Content_Type": OCTETS}
        assert wire(method, path, b"01234", **headers).status == 412
        assert Upload.objects.get().offset_bytes == 0

    def test_the_method_may_be_overridden(self, wire):
        path = wire.create(2)
        override = {"X_HTTP_Method_Override": "PATCH", "Upload_Offset": 0, "Content_Type": OCTETS}
        assert wire("POST", path, b"ab", **override).status == 204
        assert wire("POST", path, X_HTTP_Method_Override="HEAD").headers["Upload-Offset"] == "2"


class TestOptions:
    @pytest.mark.parametrize("spoken", ["1.0.0", "9.9.9", None])
    def test_says_what_is_spoken_whatever_the_client_speaks(self, wire, spoken):
        answer = wire("OPTIONS", Tus_Resumable=spoken)
        assert answer.status in {200, 204}
        assert "1.0.0" in answer.headers["Tus-Version"].split(",")
        extensions = set(answer.headers["Tus-Extension"].split(","))
        assert extensions == {"creation", "creation-with-upload", "checksum", "expiration", "termination"}
        assert int(answer.headers["Tus-Max-Size"]) > 0
        assert "sha1" in answer.headers["Tus-Checksum-Algorithm"].split(",")


class TestHead:
    def test_gives_offset_length_and_metadata_and_is_never_cached(self, wire):
        path = wire.create(5, Upload_Metadata=METADATA)
        answer = wire("HEAD", path)
        assert answer.status in {200, 204}
        assert (answer.headers["Upload-Offset"], answer.headers["Upload-Length"]) == ("0", "5")
        assert answer.headers["Upload-Metadata"] == METADATA
        assert answer.headers["Cache-Control"] == "no-store"

    def test_gives_the_new_offset_after_a_patch(self, wire):
        path = wire.create(5)
        wire.send(path, 0, b"01")
        assert wire("HEAD", path).headers["Upload-Offset"] == "2"

    def test_of_something_unknown_is_404_without_an_offset(self, wire):
        answer = wire("HEAD", f"{ENDPOINT}{uuid.uuid4()}")
        assert answer.status in {403, 404, 410}
        assert "Upload-Offset" not in answer.headers


class TestPatch:
    def test_appends_at_the_offset_and_says_the_new_one(self, wire):
        path = wire.create(5)
        answer = wire.send(path, 0, b"012")
        assert (answer.status, answer.headers["Upload-Offset"], answer.body) == (204, "3", b"")
        assert wire.send(path, 3, b"34").headers["Upload-Offset"] == "5"
        assert wire.web.part(path).read_bytes() == b"01234"

    @pytest.mark.parametrize("offset", [0, 2, 4, 5])
    def test_at_another_offset_is_409_and_changes_nothing(self, wire, offset):
        path = wire.create(5)
        wire.send(path, 0, b"012")
        assert wire.send(path, offset, b"x").status == 409
        assert wire("HEAD", path).headers["Upload-Offset"] == "3"
        assert wire.web.part(path).read_bytes() == b"012"

    @pytest.mark.parametrize("content_type", ["application/octet-stream", "text/plain", None])
    def test_of_another_content_type_is_415(self, wire, content_type):
        path = wire.create(5)
        assert wire.send(path, 0, b"012", Content_Type=content_type).status == 415
        assert wire("HEAD", path).headers["Upload-Offset"] == "0"

    @pytest.mark.parametrize("offset", ["-1", "1.5", "all", None])
    def test_needs_an_offset_that_is_a_number(self, wire, offset):
        assert wire.send(wire.create(5), offset, b"012").status == 400

    def test_of_something_unknown_is_404(self, wire):
        assert wire.send(f"{ENDPOINT}{uuid.uuid4()}", 0, b"012").status == 404

    def test_of_nothing_is_no_fault(self, wire):
        path = wire.create(2)
        assert wire.send(path, 0, b"").headers["Upload-Offset"] == "0"
        wire.send(path, 0, b"ab")
        assert (answer := wire.send(path, 2, b"")).status == 204, answer

    def test_of_more_than_was_announced_is_413(self, wire):
        path = wire.create(2)
        assert wire.send(path, 0, b"abc").status == 413
        assert wire("HEAD", path).headers["Upload-Offset"] == "0"


class TestCreation:
    def test_answers_201_with_a_relative_location(self, wire):
        answer = wire("POST", Upload_Length=5)
        assert answer.status == 201
        assert answer.headers["Location"].startswith(ENDPOINT), "right behind a proxy of whatever name"

    def test_needs_a_length(self, wire):
        assert wire("POST").status == 400

    def test_of_a_length_that_comes_later_is_not_offered(self, wire):
        assert wire("POST", Upload_Defer_Length=1).status == 400

    def test_above_the_largest_size_is_413(self, wire):
        largest = int(wire("OPTIONS").headers["Tus-Max-Size"])
        assert wire("POST", Upload_Length=largest + 1).status == 413

    @pytest.mark.parametrize("metadata", ["filename YQ==,filename Yg==", "näme YQ==", "filename not-base64!"])
    def test_refuses_metadata_that_break_the_format(self, wire, metadata):
        assert wire("POST", Upload_Length=5, Upload_Metadata=metadata.encode().decode("latin-1")).status == 400


class TestCreationWithUpload:
    def test_takes_the_first_bytes_and_says_how_many(self, wire):
        answer = wire("POST", body=b"012", Upload_Length=5, Content_Type=OCTETS)
        assert (answer.status, answer.headers["Upload-Offset"]) == (201, "3")
        assert wire.send(answer.headers["Location"], 3, b"34").status == 204

    def test_takes_a_whole_file(self, wire):
        answer = wire("POST", body=b"01234", Upload_Length=5, Content_Type=OCTETS)
        assert (answer.status, answer.headers["Upload-Offset"]) == (201, "5")

    def test_ignores_a_body_of_another_kind(self, wire):
        answer = wire("POST", body=b"012", Upload_Length=5, Content_Type="text/plain")
        assert (answer.status, answer.headers["Upload-Offset"]) == (201, "0")

    @pytest.mark.parametrize(
        ("body", "headers", "status"),
        [
            (b"012345", {}, 413),
            (b"012", {"Upload_Checksum": checksum("sha1", b"others")}, 460),
            (b"012", {"Upload_Checksum": "md5 AAAA"}, 400),
        ],
    )
    def test_that_is_refused_leaves_no_upload_behind(self, wire, body, headers, status):
        answer = wire("POST", body=body, Upload_Length=5, Content_Type=OCTETS, **headers)
        assert answer.status == status
        assert not Upload.objects.exists()


class TestChecksum:
    @pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
    def test_that_is_right_is_taken(self, wire, algorithm):
        path = wire.create(5)
        answer = wire.send(path, 0, b"012", Upload_Checksum=checksum(algorithm, b"012"))
        assert (answer.status, answer.headers["Upload-Offset"]) == (204, "3")

    def test_that_is_wrong_is_460_and_the_bytes_are_discarded(self, wire):
        path = wire.create(5)
        wire.send(path, 0, b"01")
        answer = wire.send(path, 2, b"234", Upload_Checksum=checksum("sha256", b"235"))
        assert (answer.status, answer.reason) == (460, "Checksum Mismatch")
        assert wire("HEAD", path).headers["Upload-Offset"] == "2"
        assert wire.web.part(path).read_bytes() == b"01"

    @pytest.mark.parametrize("value", ["md5 AAAA", "sha1", "sha1 ???", "sha256 AAAA", ""])
    def test_that_cannot_be_checked_is_400(self, wire, value):
        path = wire.create(5)
        assert wire.send(path, 0, b"012", Upload_Checksum=value).status == 400
        assert wire("HEAD", path).headers["Upload-Offset"] == "0"


class TestExpiration:
    def test_is_told_at_creation_and_after_each_patch_as_an_http_date(self, wire):
        created = wire("POST", Upload_Length=5)
        patched = wire.send(created.headers["Location"], 0, b"01")
        for answer in (created, patched):
            expires_at = email.utils.parsedate_to_datetime(answer.headers["Upload-Expires"])
            assert dt.timedelta(days=6.9) < expires_at - timezone.now() < dt.timedelta(days=7.1)

    def test_is_not_told_of_what_is_complete(self, wire):
        assert "Upload-Expires" not in wire.send(wire.create(2), 0, b"ab").headers

    @pytest.mark.parametrize("method", ["HEAD", "PATCH", "DELETE"])
    def test_makes_410_of_every_request(self, wire, method):
        path = wire.create(5)
        Upload.objects.update(updated_at=timezone.now() - dt.timedelta(days=8))
        assert wire(method, path, Upload_Offset=0, Content_Type=OCTETS).status == 410


class TestTermination:
    def test_frees_the_bytes_and_is_remembered(self, wire):
        path = wire.create(5)
        wire.send(path, 0, b"01")
        assert wire("DELETE", path).status == 204
        assert not wire.web.part(path).exists()
        assert wire("HEAD", path).status in {404, 410}
        assert wire.send(path, 2, b"234").status in {404, 410}
        assert wire("DELETE", path).status in {404, 410}
