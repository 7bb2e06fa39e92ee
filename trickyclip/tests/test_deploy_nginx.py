"""Tests a real nginx with deploy/nginx.conf before a real gunicorn, as behind the tunnel."""

import hashlib
import io
import json
import socket
import tempfile
import threading
import time
import zipfile
import zlib
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
import pytest
from django.urls import reverse

from clips.models import FinalClip, SharedCopy, ShareLink
from clips.tests.factories import FinalClipFactory
from clips.tests.ingest.web import OCTETS, Web, token_of, web_server
from trickyclip.tests.nginx import HOST, STRANGER, Nginx, nginx_before

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

MIB = 1024**2
FILM = np.random.default_rng(5).bytes(3 * MIB)


@pytest.fixture(scope="module")
def web(django_db_setup) -> Iterator[Web]:
    production = {"HTTPS": "1", "ALLOWED_HOSTS": f"{HOST},127.0.0.1", "MEDIA_ACCEL_PREFIX": "/protected/"}
    production["WEB_WORKERS"] = "1"
    with tempfile.TemporaryDirectory(prefix="trickyclip-web-") as folder, web_server(Path(folder), **production) as web:
        yield web


@pytest.fixture(scope="module")
def nginx(web) -> Iterator[Nginx]:
    with nginx_before(web.port, web.data_dir) as server:
        yield server


@pytest.fixture
def as_sorter(sorter) -> dict[str, str]:
    return {"Authorization": f"Bearer {token_of(sorter)}"}


@pytest.fixture
def clip(web, original) -> FinalClip:
    stored = web.data_dir / "final_clips" / "one.mp4"
    stored.parent.mkdir(exist_ok=True)
    stored.write_bytes(FILM)
    return FinalClipFactory(
        original_file=original, start_ms=0, end_ms=1_000, stored_path="final_clips/one.mp4", filename="KFED__v001.mp4",
        file_hash="b" * 64, size_bytes=len(FILM), category="TRICK",
    )  # fmt: skip


def of(clip: FinalClip, name: str = "clips:clip_file") -> str:
    return reverse(name, args=[clip.pk])


def test_nginx_sends_the_range_that_a_player_asks_for(nginx, clip, as_sorter):
    answer = nginx.ask("GET", of(clip), Range="bytes=1000-1999", **as_sorter)
    assert (answer.status, answer.body) == (206, FILM[1000:2000])
    assert answer.headers["Content-Range"] == f"bytes 1000-1999/{len(FILM)}"
    assert answer.headers["Content-Type"] == "video/mp4"
    beyond = nginx.ask("GET", of(clip), Range=f"bytes={len(FILM)}-", **as_sorter)
    assert beyond.status == 416


def test_nginx_sends_the_whole_under_its_own_name_for_saving(nginx, clip, as_sorter):
    answer = nginx.ask("GET", of(clip, "clips:clip_download"), **as_sorter)
    assert (answer.status, answer.body) == (200, FILM)
    assert answer.headers["Content-Disposition"] == 'attachment; filename="KFED__v001.mp4"'


def test_a_video_carries_the_same_protection_as_a_page(nginx, clip, as_sorter):
    protection = (
        "Content-Security-Policy", "Strict-Transport-Security", "X-Content-Type-Options", "X-Frame-Options",
        "Referrer-Policy", "Cross-Origin-Opener-Policy",
    )  # fmt: skip
    page, video = nginx.ask("GET", reverse("people:login")), nginx.ask("GET", of(clip), **as_sorter)
    assert page.status == video.status == 200
    for name in protection:
        assert page.headers[name], name
        assert video.headers.get_all(name) == [page.headers[name]]
    assert video.headers["Cache-Control"] == "private, no-store"
    assert "X-Accel-Redirect" not in video.headers


def test_a_video_wants_a_login(nginx, clip):
    answer = nginx.ask("GET", of(clip))
    assert answer.status in {302, 401}
    assert FILM[:100] not in answer.body


@pytest.mark.parametrize(
    "path", ["/protected/final_clips/one.mp4", "/protected/", "/s/../protected/final_clips/one.mp4"]
)
def test_the_data_folder_cannot_be_asked_for(nginx, clip, as_sorter, path):
    assert nginx.ask("GET", path, **as_sorter).status == 404


def test_a_share_link_plays_without_an_account_and_its_secret_is_in_no_log(nginx, clip, sorter):
    copy = SharedCopy.objects.create(clip=clip, stored_path="final_clips/one.mp4", size_bytes=len(FILM))
    _link, secret = ShareLink.objects.issue(copy, sorter)
    answer = nginx.ask("GET", reverse("clips:shared_video", args=[secret]), Range="bytes=0-9")
    assert (answer.status, answer.body) == (206, FILM[:10])
    assert answer.headers["X-Robots-Tag"] == "noindex, nofollow, noarchive"
    assert nginx.ask("GET", reverse("clips:shared", args=["no-such-secret-at-all"])).status == 404
    said = nginx.log.read_text()
    assert secret not in said
    assert "no-such-secret" not in said


@pytest.mark.parametrize("chunk_bytes", [8 * MIB, 90_000_000])
def test_a_chunk_arrives_whole(nginx, web, as_sorter, chunk_bytes):
    film = np.random.default_rng(chunk_bytes).bytes(chunk_bytes)
    tus = {"Tus_Resumable": "1.0.0", **as_sorter}
    begun = nginx.ask("POST", "/upload/tus/", Upload_Length=len(film), **tus)
    assert begun.status == 201
    place = begun.headers["Location"]
    assert place.startswith("/upload/tus/")
    sent = nginx.ask("PATCH", place, film, Upload_Offset=0, Content_Type=OCTETS, **tus)
    assert (sent.status, sent.headers["Upload-Offset"]) == (204, str(len(film)))
    arrived = web.part(place)
    original = web.data_dir / "originals" / arrived.stem
    whole = arrived if arrived.exists() else original
    assert hashlib.sha256(whole.read_bytes()).digest() == hashlib.sha256(film).digest()
    whole.unlink()


def test_a_chunk_over_90_mb_is_refused_before_it_is_sent(nginx, as_sorter):
    tus = {"Tus_Resumable": "1.0.0", "Upload_Offset": 0, "Content_Type": OCTETS, **as_sorter}
    place = reverse("clips:tus_resource", args=["0" * 8 + "-0000-4000-8000-" + "0" * 12])
    refused = nginx.ask("PATCH", place, **tus, Content_Length=90_000_001)
    assert (refused.status, refused.headers["Content-Type"]) == (413, "text/plain; charset=utf-8")


def test_other_bodies_have_a_smaller_limit_and_are_told_so_in_the_form_that_is_asked_for(nginx):
    german = {"Accept": "text/html", "Accept_Language": "de", "Content_Length": 5 * MIB}
    page = nginx.ask("POST", reverse("people:login"), **german)
    assert page.status == 413
    assert '<html lang="de"' in page.body.decode()
    assert 'class="top-bar"' in page.body.decode()
    told = nginx.ask("POST", reverse("api:clip_list"), **german)
    assert (told.status, list(json.loads(told.body))) == (413, ["detail"])


def test_what_came_before_the_line_broke_is_kept(nginx, web, as_sorter):
    tus = {"Tus_Resumable": "1.0.0", **as_sorter}
    place = nginx.ask("POST", "/upload/tus/", Upload_Length=8 * MIB, **tus).headers["Location"]
    headers = {"Host": HOST, "X-Forwarded-Proto": "https", "Content-Type": OCTETS, "Content-Length": 8 * MIB}
    headers |= {"Tus-Resumable": "1.0.0", "Upload-Offset": 0, **as_sorter}
    head = f"PATCH {place} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in headers.items()) + "\r\n"
    with socket.create_connection(("127.0.0.1", nginx.port)) as line:
        line.sendall(head.encode() + FILM)
        while web.part(place).stat().st_size < len(FILM):  # the test's own limit ends it
            threading.Event().wait(0.05)
    asked = nginx.ask("HEAD", place, **tus)
    while int(asked.headers["Upload-Offset"]) < len(FILM):
        threading.Event().wait(0.05)
        asked = nginx.ask("HEAD", place, **tus)
    assert int(asked.headers["Upload-Offset"]) == len(FILM)
    nginx.ask("DELETE", place, **tus)


def test_redirects_stay_where_the_browser_is(nginx):
    answer = nginx.ask("GET", "/")
    assert answer.status == 302
    assert answer.headers["Location"] == f"{reverse('people:login')}?next=/"


def test_plain_http_at_the_edge_is_sent_to_https(nginx):
    answer = nginx.ask("GET", "/clips?q=kfed", X_Forwarded_Proto="http")
    assert (answer.status, answer.headers["Location"]) == (301, f"https://{HOST}/clips?q=kfed")


def test_nobody_but_the_tunnel_says_that_it_was_https(nginx):
    assert nginx.ask("GET", "/", source=STRANGER).headers["Location"].startswith("https://")


def test_probes_answer_without_redirect_and_keep_what_they_know_from_outside(nginx):
    assert nginx.ask("GET", "/healthz", X_Forwarded_Proto="http").body == b"ok\n"
    assert nginx.ask("GET", "/readyz").status == 401


# --- what the site is told of the client ---------------------------------------------------------------------------


@pytest.fixture(scope="module")
def echo() -> Iterator[Nginx]:
    """An nginx before a server that answers with the headers it received."""

    class Echo(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({name.lower(): value for name, value in self.headers.items()}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder, nginx_before(server.server_port, Path(folder)) as nginx:
        yield nginx
    server.shutdown()
    server.server_close()


FORGED = {
    "X_Forwarded_For": "198.51.100.1", "X_Forwarded_Host": "evil.example", "X_Forwarded_Port": "1",
    "X_Real_IP": "198.51.100.1", "Forwarded": "for=198.51.100.1;host=evil.example",
}  # fmt: skip


def test_the_tunnel_says_who_asks_and_nothing_else_gets_through(echo):
    told = json.loads(echo.ask("GET", "/", **FORGED).body)
    assert told["x-forwarded-for"] == "203.0.113.9"
    assert (told["x-forwarded-proto"], told["host"]) == ("https", HOST)
    assert "evil.example" not in f"{told}"
    assert "198.51.100.1" not in f"{told}"


def test_what_a_stranger_says_of_itself_is_overwritten(echo):
    told = json.loads(echo.ask("GET", "/", source=STRANGER, **FORGED).body)
    assert (told["x-forwarded-for"], told["x-forwarded-proto"]) == (STRANGER, "http")
    assert "203.0.113.9" not in f"{told}"
    assert "198.51.100.1" not in f"{told}"


def test_a_site_that_is_away_is_one_sentence_and_for_browsers_a_page(tmp_path):
    with nginx_before(1, tmp_path) as nginx:
        answer = nginx.ask("GET", "/")
        page = nginx.ask("GET", "/", Accept="text/html,*/*;q=0.8", Accept_Language="de-AT,de;q=0.9")
    assert (answer.status, answer.headers["Retry-After"]) == (503, "20")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.body.startswith(b"TrickyClip is starting or being updated.")
    assert (page.status, page.headers["Retry-After"]) == (503, "20")
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b'<html lang="de">' in page.body
    assert b"<p>TrickyClip startet gerade oder wird erneuert." in page.body


@pytest.fixture
def large_clips(web, original) -> list[FinalClip]:
    """Clips of 600 MB whose files are of zeros, and take no room on the disk."""
    clips, size_bytes = [], 200 * MIB
    crc32 = zlib.crc32(bytes(size_bytes))
    for number in range(3):
        stored = web.data_dir / "final_clips" / f"large{number}.mp4"
        stored.parent.mkdir(exist_ok=True)
        with stored.open("wb") as file:
            file.truncate(size_bytes)
        clips.append(
            FinalClipFactory(
                original_file=original, start_ms=0, end_ms=1000, filename=f"large{number}__v001.mp4",
                stored_path=f"final_clips/{stored.name}", file_hash="b" * 64, size_bytes=size_bytes, crc32=crc32,
            )
        )  # fmt: skip
    return clips


def test_a_zip_comes_through_in_ranges_and_fills_neither_memory_nor_disk(nginx, web, large_clips, as_sorter):
    address = f"{reverse('clips:library_zip')}?{urlencode({'clip': [clip.pk for clip in large_clips]}, doseq=True)}"
    headers = {"Host": HOST, "X-Forwarded-Proto": "https", "CF-Connecting-IP": "203.0.113.9", **as_sorter}
    before_bytes = [worker.memory_info().rss for worker in web.workers()]
    line = HTTPConnection("127.0.0.1", nginx.port, timeout=60)
    line.request("GET", address, headers=headers)
    answer = line.getresponse()
    size_bytes = int(answer.headers["Content-Length"])
    assert (answer.status, answer.headers["Accept-Ranges"]) == (200, "bytes")
    came = answer.read(50 * MIB)
    time.sleep(2)  # what nginx would take from the site meanwhile lies on its disk now
    held_bytes = sum(file.stat().st_size for file in (nginx.log.parent / "nginx-proxy").rglob("*") if file.is_file())
    assert held_bytes == 0
    grown_bytes = max(
        worker.memory_info().rss - before for worker, before in zip(web.workers(), before_bytes, strict=True)
    )
    line.close()  # the connection is cut
    assert grown_bytes < 30 * MIB
    if_same = {"Range": f"bytes={len(came)}-", "If-Range": answer.headers["ETag"]}
    rest = nginx.ask("GET", address, **if_same, **as_sorter)
    assert (rest.status, len(came) + len(rest.body)) == (206, size_bytes)
    with zipfile.ZipFile(io.BytesIO(came + rest.body)) as read:
        assert len(read.namelist()) == 4
        assert read.testzip() is None
