"""Tests the installed app in a real browser: without a connection, after an upgrade or log-out, and when shared to."""

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from playwright.sync_api import Page, expect

from clips.tests.browser import log_in, open_page, press
from clips.tests.media.made_up import make_video
from clips.tests.sorting.sort_table import lay_table, run_in
from clips.tests.sorting.test_sort_page import arrived, next_card, on_top
from clips.tests.web.test_every_page_browser import wait_for
from trickyclip.tests.site import RunningSite

pytestmark = pytest.mark.slow

PATIENCE_MS = 60_000
#: What the browser writes when a test takes the connection away, or goes back to it.
PROVOKED = "net::ERR_"
IN_CONTROL = "() => navigator.serviceWorker.controller !== null"
#: All that the worker keeps.
KEPT = """async () => {
  const names = await caches.keys();
  const all = await Promise.all(names.map(async (name) => (await caches.open(name)).keys()));
  return all.flat().map(({ url }) => new URL(url).pathname);
}"""
#: Names of the shared videos that wait in the browser's private file system.
SHARED = """async () => {
  const names = [];
  try {
    const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('shared');
    for await (const place of folder.values()) for await (const name of place.keys()) names.push(name);
  } catch { return []; }
  return names.sort();
}"""
#: Installs a worker like the one that is there, as an upgrade does; resolves to what became of it.
NEXT_WORKER = """async () => {
  const { installing, waiting } = await navigator.serviceWorker.register('/service-worker.js?next');
  const worker = installing ?? waiting;
  while (worker.state === 'installing') await new Promise((resolve) => setTimeout(resolve, 50));
  return worker.state;
}"""
STATE = """async () => {
  const { waiting, active } = await navigator.serviceWorker.getRegistration();
  return [waiting, active].find((worker) => worker?.scriptURL.endsWith('?next')) === waiting ? 'waiting' : 'active';
}"""
#: What each page tells a worker that waits: which version the page itself is of.
OFFER = (
    "async (version) => (await navigator.serviceWorker.getRegistration()).waiting?.postMessage({ takeOver: version })"
)
STATIC_URL = settings.STATIC_URL
#: Shares files as Android does: a form of the kind that the manifest names, sent as a navigation.
SHARE = """() => {
  const form = document.createElement('form');
  Object.assign(form, { method: 'post', action: '/upload/shared', enctype: 'multipart/form-data', id: 'as-android' });
  form.innerHTML = '<input type="text" name="title" value="A day"><input type="file" name="videos" multiple>';
  document.body.append(form);
}"""


@pytest.fixture
def page(chromium, running_site) -> Iterator[Page]:
    with a_phone(chromium, running_site) as page:
        yield page


@contextlib.contextmanager
def a_phone(chromium: str, site: RunningSite) -> Iterator[Page]:
    """Open a page whose worker is in control."""
    with open_page(
        chromium, site.base_url, width_px=390, height_px=664, touch=True, worker=True, provoked=PROVOKED
    ) as page:
        page.set_default_timeout(PATIENCE_MS)
        log_in(page, site.admin_username, site.admin_password)
        take_control(page)
        yield page


def take_control(page: Page) -> None:
    page.evaluate("() => navigator.serviceWorker.ready.then(() => true)")
    page.reload()
    page.wait_for_function(IN_CONTROL)


def test_a_browser_may_install_it(chromium_with_window, running_site):
    with a_phone(chromium_with_window, running_site) as page:
        devtools = page.context.new_cdp_session(page)
        manifest = devtools.send("Page.getAppManifest")
        assert manifest["errors"] == []
        faults = devtools.send("Page.getInstallabilityErrors")["installabilityErrors"]
        assert [fault["errorId"] for fault in faults] == ["in-incognito"], "but for the test's own window"
        parsed = page.request.get("/manifest.webmanifest").json()
        assert [icon["src"] for icon in parsed["icons"] if page.request.get(icon["src"]).status != 200] == []


def test_sort_opened_without_a_connection_says_what_waits_and_sends_it_when_it_is_back(page, running_site, request):
    address = lay_table(running_site, request.node.name, 6)
    page.goto(address)
    on_top(page)
    page.context.set_offline(True)
    for key in ("x", "Enter", "x"):
        next_card(page, lambda key=key: press(page, key))
    page.goto(address)
    expect(page.get_by_role("heading", name="No connection")).to_be_visible()
    expect(page.get_by_text("3 decisions are saved on this device.")).to_be_visible()
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.goto("/clips")
    expect(page.get_by_role("link", name="Sort")).to_be_visible()
    page.goto(address)
    page.context.set_offline(False)
    on_top(page)  # it opens by itself
    arrived(page)
    counted = "print(Decision.objects.filter(segment__original_file__shoot=%r).count())"
    assert run_in(running_site, counted % address.split("=")[1]).endswith("3")


def test_the_worker_keeps_static_files_and_one_page_and_nothing_of_the_crew(page, running_site, request):
    address = lay_table(running_site, request.node.name, 3)
    for place in (address, "/clips", "/sessions", "/upload", "/account", "/"):
        page.goto(place)
        page.wait_for_load_state("networkidle" if place == "/account" else "load")
    kept = page.evaluate(KEPT)
    assert "/offline" in kept
    others = [path for path in kept if not path.startswith("/static/") and path != "/offline"]
    assert others == []
    assert any(path.endswith("js/sorting/page.js") for path in kept)
    offline = page.request.get("/offline").text()
    assert running_site.admin_username not in offline
    assert "csrf" not in offline.lower()


def test_videos_that_a_gallery_shares_are_uploaded(page, running_site, tmp_path):
    videos = []
    for number, name in enumerate(["trick (1).mp4", "Überschlag.mp4"]):
        videos.append(tmp_path / name)
        make_video(videos[-1], frames=30 + number, rate=30, size=(320, 180))
    share(page, *videos)
    page.wait_for_url("**/upload")
    for video in videos:
        expect(page.locator("[data-file]").filter(has_text=video.name)).to_be_visible()
    assert page.evaluate(SHARED) == sorted(video.name for video in videos)
    page.reload()  # closed before they were sent: they are there still
    page.get_by_label("Session", exact=True).fill("Shared")
    page.get_by_role("button", name="Upload", exact=True).click()
    for video in videos:
        expect(page.locator("[data-file]").filter(has_text=video.name)).to_have_attribute("data-state", "done")
    page.wait_for_function(f"async () => (await ({SHARED})()).length === 0")
    asked = "OriginalFile.objects.filter(shoot__name='Shared').values_list('size_bytes', flat=True)"
    sizes = str(sorted(video.stat().st_size for video in videos))
    wait_for(running_site, f"from clips.models import OriginalFile; print(int(str(sorted({asked})) == {sizes!r}))")


def test_a_shared_video_arrives_byte_for_byte_however_its_pieces_fall(page, tmp_path):
    """Bytes that look like the ends of parts, over many pieces."""
    video = tmp_path / "tricky.mp4"
    video.write_bytes((b"\r\n--" + os.urandom(7) + b"\r\n\r" + b"----\r\n--x") * 150_000 + b"\r\n-")
    share(page, video)
    page.wait_for_url("**/upload")
    expect(page.locator("[data-file]").filter(has_text=video.name)).to_be_visible()
    arrived_as = page.evaluate(
        """async () => {
          const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('shared');
          const place = await root.getDirectoryHandle('1');
          const file = await (await place.getFileHandle('tricky.mp4')).getFile();
          const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', await file.arrayBuffer()));
          return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
        }"""
    )
    assert arrived_as == hashlib.sha256(video.read_bytes()).hexdigest()


def test_logging_out_takes_away_what_was_shared_and_not_sent(page, tmp_path):
    video = tmp_path / "mine.mp4"
    make_video(video, frames=30, rate=30, size=(320, 180))
    share(page, video)
    page.wait_for_url("**/upload")
    assert page.evaluate(SHARED) == ["mine.mp4"]
    page.goto("/account")
    page.get_by_role("button", name="Log out", exact=True).click()
    page.wait_for_url("**/login**")
    page.wait_for_function(f"async () => (await ({SHARED})()).length === 0")
    assert [path for path in page.evaluate(KEPT) if not path.startswith("/static/")] == ["/offline"]


def test_without_the_worker_the_server_says_what_to_do(chromium, running_site, tmp_path):
    video = tmp_path / "mine.mp4"
    make_video(video, frames=30, rate=30, size=(320, 180))
    large = tmp_path / "large.mp4"
    large.write_bytes(os.urandom(3 * 1024**2))
    with open_page(
        chromium, running_site.base_url, width_px=390, height_px=664, touch=True, provoked="status of 413"
    ) as page:
        log_in(page, running_site.admin_username, running_site.admin_password)
        share(page, video)
        expect(page.get_by_role("heading", name="Choose the videos again")).to_be_visible()
        page.locator("main").get_by_role("link", name="Upload").tap()
        page.wait_for_url("**/upload")
        share(page, large)
        expect(page.locator("body")).to_contain_text("Open TrickyClip, then Upload, and choose the videos there.")


def test_a_new_worker_takes_over_only_when_no_page_of_before_is_open(page):
    page.evaluate("() => caches.open('shell /static/before/').then(() => true)")
    other = page.context.new_page()
    other.goto("/clips")
    assert page.evaluate(NEXT_WORKER) == "installed"
    page.evaluate(OFFER, "/static/before/")
    page.evaluate(OFFER, STATIC_URL)
    page.wait_for_timeout(1000)
    assert page.evaluate(STATE) == "waiting", "a page of before is open beside this one"
    assert "shell /static/before/" in page.evaluate("() => caches.keys()")
    other.close()
    page.evaluate(OFFER, "/static/before/")
    page.wait_for_timeout(1000)
    assert page.evaluate(STATE) == "waiting", "this page is itself of before"
    page.evaluate(OFFER, STATIC_URL)
    page.wait_for_function(f"async () => await ({STATE})() === 'active'")
    page.wait_for_function("async () => !(await caches.keys()).includes('shell /static/before/')")
    page.goto("/clips")
    expect(page.get_by_role("heading", name="Clips")).to_be_visible()


def share(page: Page, *videos: Path) -> None:
    page.evaluate(SHARE)
    page.locator("#as-android [type=file]").set_input_files(videos)
    page.evaluate("() => document.querySelector('#as-android').submit()")
