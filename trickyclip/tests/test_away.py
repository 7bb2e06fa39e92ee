"""Tests that the site reports a server that is away, and recovers by itself."""

import contextlib
import http.cookiejar
import json
import signal
import time
import urllib.error
import urllib.parse
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil
import psycopg
import pytest
import redis
from django.db import OperationalError
from django.test import Client

from clips.tests.browser import log_in
from trickyclip.http import away
from trickyclip.tests.site import RunningSite

PATIENCE_S = 60


@contextlib.contextmanager
def stopped(site: RunningSite, name: str) -> Iterator[None]:
    """Kill a server of a running site; nobody restarts it before the block ends."""
    supervisor = psutil.Process(site.up.pid("supervisord"))
    server = psutil.Process(site.up.pid(name))
    supervisor.send_signal(signal.SIGSTOP)
    try:
        server.send_signal(signal.SIGQUIT if name == "postgres" else signal.SIGKILL)
        psutil.wait_procs([server], timeout=10)
        yield
    finally:
        supervisor.send_signal(signal.SIGCONT)


class Visitor:
    """A logged-in client without a browser."""

    def __init__(self, site: RunningSite) -> None:
        self.site = site
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self("/login")
        fields = {"username": site.admin_username, "password": site.admin_password}
        assert self("/login", fields)[0] == 200

    def __call__(self, path: str, fields: dict | None = None, **headers: str) -> tuple[int, dict, str]:
        data = None
        if fields is not None:
            token = next(cookie.value for cookie in self.cookies if cookie.name == "csrftoken")
            data = urllib.parse.urlencode(fields | {"csrfmiddlewaretoken": token}).encode()
        request = urllib.request.Request(self.site.base_url + path, data, headers)  # noqa: S310 - our own address
        try:
            with self.opener.open(request, timeout=30) as response:
                return response.status, response.headers, response.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.headers, error.read().decode()

    def wait_until_back(self, path: str) -> float:
        began = time.monotonic()
        while self(path)[0] != 200:
            assert time.monotonic() - began < PATIENCE_S
            time.sleep(0.1)
        return time.monotonic() - began


PAGES = ("/", "/clips", "/sessions", "/sort", "/jobs", "/upload", "/account", "/admin/", "/people/pick?q=a", "/login")


@pytest.mark.slow
def test_without_its_database_every_page_says_that_it_comes_back_and_does(own_site):
    visitor = Visitor(own_site)
    with stopped(own_site, "postgres"):
        # At once, as people do: each waits five seconds for the database.
        with ThreadPoolExecutor(len(PAGES)) as visitors:
            answers = list(visitors.map(visitor, 3 * PAGES[:-1]))
        for page, (status, headers, text) in zip(3 * PAGES[:-1], answers, strict=True):
            assert (status, headers["Retry-After"]) == (503, "5"), (page, status)
            assert '<meta http-equiv="refresh" content="5">' in text
            assert "default-src 'self'" in headers["Content-Security-Policy"]
        status, headers, text = visitor("/api/clips")
        assert (status, headers["Content-Type"], headers["Retry-After"]) == (503, "application/json", "5")
        assert "restarting" in json.loads(text)["detail"]
        status, _headers, text = visitor("/jobs/live", **{"HX-Request": "true"})
        assert (status, "<html" in text, "restarting" in text) == (503, False, True)
        status, headers, text = visitor("/account/logout-everywhere", {"current_password": "x"})
        assert (status, 'http-equiv="refresh"' in text, "Go back" in text) == (503, False, True)
        status, headers, _text = visitor("/upload/tus/", {}, **{"Tus-Resumable": "1.0.0", "Upload-Length": "9"})
        assert (status, headers["Tus-Resumable"], headers["Retry-After"]) == (503, "1.0.0", "5")
        assert visitor("/healthz")[0] == 200
        assert visitor("/readyz")[0] == 503
    assert visitor.wait_until_back("/clips") < PATIENCE_S
    assert Counter(visitor(page)[0] for page in PAGES) == {200: len(PAGES)}


@pytest.mark.slow
def test_without_its_broker_pages_go_on(own_site):
    visitor = Visitor(own_site)
    with stopped(own_site, "redis"):
        assert Counter(visitor(page)[0] for page in PAGES) == {200: len(PAGES)}
        assert visitor("/readyz")[0] == 503
    visitor.wait_until_back("/readyz")


@pytest.mark.slow
def test_a_page_that_was_open_comes_back_without_a_hand(own_site, chromium):
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        context = browser.new_context(base_url=own_site.base_url)
        page = context.new_page()
        log_in(page, own_site.admin_username, own_site.admin_password)
        open_before = context.new_page()
        open_before.goto("/jobs")
        with stopped(own_site, "postgres"):
            page.goto("/clips")
            expect(page.get_by_role("heading", name="Back in a moment")).to_be_visible()
            expect(open_before.locator("[data-connection][data-says='lost']")).to_be_visible(timeout=30_000)
            open_before.wait_for_timeout(6_000)
            expect(open_before.locator("[data-connection][data-says='lost']")).to_be_visible()
        expect(page.get_by_role("heading", name="Clips").first).to_be_visible(timeout=PATIENCE_S * 1000)
        expect(open_before.locator("[data-connection][data-says='lost']")).to_have_count(0, timeout=PATIENCE_S * 1000)
        browser.close()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("error", "says_away"),
    [
        (psycopg.OperationalError("connection refused"), True),
        (psycopg.errors.AdminShutdown("terminating connection due to administrator command"), True),
        (psycopg.errors.CannotConnectNow("the database system is starting up"), True),
        (psycopg.errors.TooManyConnections("sorry, too many clients already"), True),
        (psycopg.InterfaceError("the connection is closed"), True),
        (psycopg.InterfaceError("the cursor is closed"), False),
        (psycopg.errors.QueryCanceled("canceling statement due to statement timeout"), False),
        (psycopg.errors.DeadlockDetected("deadlock detected"), False),
        (psycopg.errors.LockNotAvailable("lock timeout"), False),
        (psycopg.errors.UniqueViolation("duplicate key"), False),
        (redis.ConnectionError("refused"), True),
        (ValueError("connection"), False),
    ],
)
def test_only_a_server_that_is_away_is_said_to_be(client, monkeypatch, admin, error, says_away):
    def broken(*_arguments: object) -> None:
        raise OperationalError(str(error)) from error

    assert away.is_away(error) is says_away
    monkeypatch.setattr("people.access.role_for", broken)
    client = Client(raise_request_exception=False)
    client.force_login(admin)
    assert client.get("/clips").status_code == (503 if says_away else 500)
