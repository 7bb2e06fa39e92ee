"""Tests that phones on slow lines, and silent strangers, keep nobody else from the site."""

import hashlib
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from django.conf import settings
from django.db import connection

from clips.tests.ingest.slow import (
    HALF_A_HEAD,
    HALF_A_LOGIN,
    connect,
    connected,
    dripping,
    head_of,
    phones,
    slowest_s,
    upload_slowly,
)
from clips.tests.ingest.web import ENDPOINT, Web, Wire, web_server
from trickyclip.http.server.limits import BODY_MAX_BYTES
from trickyclip.http.server.worker import HEAD_S
from trickyclip.tests.nginx import nginx_before

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

N_THREADS, STALL_S, LEAST_RATE, AT_ONCE = 2, 2, 1000, 40
#: Far below what anybody who is waited for takes, and far above what a page takes on a busy machine.
AT_MOST_S = 4.0
STRANGER = "127.0.0.2"
GB = 10**9
#: More than a line takes at once whose client does not read.
SCRIPT = "vendor/tus-js-client-4.3.1.min.js"


@pytest.fixture(scope="module")
def temporary(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("temporary")


@pytest.fixture(scope="module")
def web(django_db_setup, tmp_path_factory, temporary) -> Iterator[Web]:
    few = {"WEB_WORKERS": "1", "WEB_THREADS": f"{N_THREADS}", "UPLOAD_STALL_SECONDS": f"{STALL_S}"}
    few |= {"UPLOAD_MIN_RATE": f"{LEAST_RATE}", "CLIENT_CONNECTIONS": f"{AT_ONCE}", "TRUSTED_PROXIES": "127.0.0.1"}
    with web_server(tmp_path_factory.mktemp("slow"), TMPDIR=str(temporary), **few) as server:
        yield server


@pytest.fixture(scope="module", params=["direct", "nginx"])
def port(request, web) -> Iterator[int]:
    """Port of the site: itself, and behind the shipped nginx."""
    if request.param == "direct":
        yield web.port
        return
    with nginx_before(web.port, web.data_dir) as nginx:
        yield nginx.port


def login_at(port: int) -> str:
    return f"http://127.0.0.1:{port}/login"


def films(n: int) -> list[bytes]:
    return [random.Random(number).randbytes(200_000) for number in range(n)]  # noqa: S311


def test_pages_answer_while_a_crew_uploads_and_every_file_is_whole(port, wire):
    sent = films(20)
    with phones(20, lambda number: upload_slowly(wire, port, sent[number], seconds=6)) as uploads:
        assert slowest_s(login_at(port)) < AT_MOST_S
    assert [answer for answer, _sha256 in uploads] == [b"HTTP/1.1 204"] * 20
    assert [sha256 for _answer, sha256 in uploads] == [hashlib.sha256(film).hexdigest() for film in sent]


def test_uploads_hold_no_connection_to_the_database(web, wire):
    with (
        phones(20, lambda number: upload_slowly(wire, web.port, films(20)[number], seconds=4)),
        connection.cursor() as c,
    ):
        time.sleep(1)
        c.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert c.fetchone()[0] <= N_THREADS + 4


def test_bodies_that_never_come_end_by_themselves_and_keep_nobody_out(port, wire):
    paths = [wire.create(100_000) for _ in range(16)]
    lines = [connect(port, head_of(wire, path, 100_000) + b"x" * 1000) for path in paths]
    assert slowest_s(login_at(port)) < AT_MOST_S
    begun_s = time.monotonic()
    assert [line.recv(12) for line in lines] == [b"HTTP/1.1 408"] * 16
    assert time.monotonic() - begun_s < STALL_S + 5
    assert {wire("HEAD", path).headers["Upload-Offset"] for path in paths} == {"1000"}, "what came is kept"
    for line in lines:
        line.close()


def test_a_body_that_drips_ends_as_well_and_what_dripped_is_kept(port, wire):
    path = wire.create(100_000)
    begun_s = time.monotonic()
    with connect(port, head_of(wire, path, 100_000)) as line, dripping(line, every_s=0.5) as sent:
        assert line.recv(12) == b"HTTP/1.1 408"
        n_sent = len(sent)
    assert 3 * STALL_S - 1 < time.monotonic() - begun_s < 3 * STALL_S + 10
    assert n_sent - 2 <= int(wire("HEAD", path).headers["Upload-Offset"]) <= n_sent + 2


@pytest.mark.parametrize("said", [b"", HALF_A_HEAD, HALF_A_LOGIN], ids=["nothing", "half a head", "half a login"])
def test_requests_that_do_not_end_keep_nobody_out(port, said):
    with connected(16, port, said):
        assert slowest_s(login_at(port)) < AT_MOST_S


def test_half_a_head_ends_by_itself_though_it_drips(port):
    with connect(port, HALF_A_HEAD) as line, dripping(line, every_s=0.5):
        begun_s = time.monotonic()
        assert line.recv(12) in {b"HTTP/1.1 408", b""}
        assert time.monotonic() - begun_s < HEAD_S + 5


def test_clients_that_take_no_answer_keep_nobody_out(web, wire):
    ask = f"GET {settings.STATIC_URL}{SCRIPT} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode() * 200
    with connected(16, web.port, ask, buffer_bytes=4096):
        assert slowest_s(login_at(web.port)) < AT_MOST_S


@pytest.mark.parametrize("path", ["/login", "/api/sort/next", ENDPOINT, "/no-such-page"])
def test_a_huge_body_is_refused_before_it_is_sent_and_makes_no_temporary_file(port, web, temporary, path):
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {GB + GB // 2}\r\nTus-Resumable: 1.0.0\r\n"
    head += "Cookie: csrftoken=" + "a" * 32 + "\r\nContent-Type: multipart/form-data; boundary=x\r\n\r\n"
    start = b'--x\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    with connect(port, head.encode() + start) as line:
        assert line.recv(12) == b"HTTP/1.1 413"
    assert not any(temporary.iterdir())
    assert not [file for one in web.workers() for file in one.open_files() if file.path.startswith(str(temporary))]


def test_a_refusal_is_a_page_for_people_and_json_for_programs(port):
    def refusal(path: str) -> str:
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {GB}\r\nAccept: text/html\r\n"
        with connect(port, f"{head}Accept-Language: de\r\nCookie: theme=light\r\n\r\n".encode()) as line:
            heard = b""
            while more := line.recv(4096):
                heard += more
        return heard.decode()

    page = refusal("/login")
    assert '<html lang="de" data-theme="light">' in page
    assert 'href="/upload"' in page
    assert json.loads(refusal("/api/sort/next").partition("\r\n\r\n")[2])["detail"].startswith("More than 1 MB")


def test_what_is_let_in_is_held_in_memory():
    assert BODY_MAX_BYTES < settings.FILE_UPLOAD_MAX_MEMORY_SIZE
    assert BODY_MAX_BYTES <= settings.DATA_UPLOAD_MAX_MEMORY_SIZE


def test_a_body_without_a_length_is_refused_by_the_site_itself(web):
    head = b"POST /login HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    with connect(web.port, head) as line:
        assert line.recv(12) == b"HTTP/1.1 411"


class TestAddresses:
    def test_one_address_may_have_so_many_connections(self, web):
        with connected(AT_ONCE, web.port, HALF_A_HEAD, source=STRANGER):
            with connect(web.port, source=STRANGER) as one_more:
                assert one_more.recv(1) == b""
            assert slowest_s(login_at(web.port)) < AT_MOST_S, "somebody else"

    def test_behind_a_proxy_each_client_is_counted_for_itself(self, web):
        def half_a_login(client: str) -> bytes:
            return HALF_A_LOGIN.replace(b"Host:", f"X-Forwarded-For: {client}\r\nHost:".encode())

        with connected(AT_ONCE, web.port, half_a_login("203.0.113.9")):
            with connect(web.port, half_a_login("203.0.113.9")) as one_more:
                assert one_more.recv(12) == b"HTTP/1.1 429"
            named = {"X-Forwarded-For": "203.0.113.10"}
            assert requests.get(login_at(web.port), headers=named, timeout=30).ok

    def test_what_a_stranger_says_of_itself_does_not_count(self, web):
        with connected(AT_ONCE, web.port, HALF_A_HEAD, source=STRANGER):
            named = b"GET /login HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n"
            with pytest.raises((ConnectionError, AssertionError)), connect(web.port, named, source=STRANGER) as line:
                assert line.recv(1) != b""


class TestConnections:
    def test_a_client_may_ask_again_on_the_same_line_and_ahead_of_the_answer(self, web):
        ask = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
        with connect(web.port, ask * 3) as line:
            heard = b""
            while heard.count(b"\r\n\r\nok\n") < 3:
                more = line.recv(4096)
                assert more
                heard += more
            line.sendall(ask)
            assert line.recv(12) == b"HTTP/1.1 200"

    def test_a_body_that_waits_to_be_asked_for_is_asked_for(self, web):
        head = HALF_A_LOGIN.partition(b"\r\n\r\n")[0].replace(b"1000", b"4") + b"\r\nExpect: 100-continue\r\n\r\n"
        with connect(web.port, head) as line:
            assert line.recv(25) == b"HTTP/1.1 100 Continue\r\n\r\n"
            line.sendall(b"a=bc")
            assert line.recv(12) == b"HTTP/1.1 403"  # no CSRF token: the site has read it

    def test_an_answer_to_a_slow_reader_is_whole(self, web):
        url = f"{settings.STATIC_URL}{SCRIPT}"
        with connect(web.port, f"GET {url} HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n".encode(), buffer_bytes=4096) as line:
            time.sleep(1)
            heard = b""
            while more := line.recv(4096):
                heard += more
        whole = requests.get(f"{web.base_url}{url}", headers={"Accept-Encoding": "identity"}, timeout=30).content
        assert heard.partition(b"\r\n\r\n")[2] == whole

    def test_a_stop_keeps_what_an_upload_brought(self, secret, tmp_path_factory):
        with web_server(tmp_path_factory.mktemp("stopped"), WEB_WORKERS="1") as server:
            wire = Wire(server, secret)
            path = wire.create(100_000)
            with connect(server.port, head_of(wire, path, 100_000) + b"x" * 1000) as line:
                time.sleep(0.5)
                [worker] = server.workers()
                worker.terminate()
                assert line.recv(12) == b"HTTP/1.1 408"
            assert server.part(path).stat().st_size == 1000


def test_the_limits_before_the_site_are_its_own():
    said = (settings.BASE_DIR / "deploy" / "nginx.conf").read_text()
    assert BODY_MAX_BYTES == 1024**2
    assert "client_max_body_size 1m;" in said
    assert f"client_header_timeout {HEAD_S:.0f}s;" in said
    assert f"limit_conn address {2 * settings.CLIENT_CONNECTIONS};" in said
