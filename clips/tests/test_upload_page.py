"""The upload page in a real browser against the whole running site."""

import re

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from clips.tests.browser import log_in, open_page
from clips.tests.media.made_up import make_video

pytestmark = pytest.mark.slow

PATIENCE_MS = 90_000


@pytest.fixture
def page(chromium, running_site) -> Page:
    with open_page(chromium, running_site.base_url) as page:
        log_in(page, running_site.admin_username, running_site.admin_password)
        page.goto("/upload")
        yield page


def file_row(page: Page, name: str):
    return page.locator("[data-file]").filter(has_text=name)


def upload_row(page: Page, name: str):
    return page.locator("#uploads tr").filter(has_text=name)


def test_picked_files_are_sent_and_their_fate_is_told(page, tmp_path):
    video = make_video(tmp_path / "GX010001.mp4", frames=60, seed=1)
    diary = tmp_path / "diary.mp4"
    diary.write_text("no video at all " * 100)
    page.get_by_label("Session").fill("Backyard Rails")
    page.get_by_label("Date").fill("2024-12-01")
    page.locator("[data-file-input]").set_input_files([video, diary])
    expect(page.locator("[data-total]")).to_contain_text("2 of 2 files", timeout=PATIENCE_MS)
    expect(upload_row(page, "GX010001.mp4")).to_contain_text("ready to sort", timeout=PATIENCE_MS)
    expect(upload_row(page, "GX010001.mp4")).to_contain_text("Backyard Rails · 2024-12-01")
    expect(upload_row(page, "diary.mp4")).to_contain_text("not a video", timeout=PATIENCE_MS)


def test_a_dropped_file_that_is_known_is_already_here(page, tmp_path):
    video = make_video(tmp_path / "first.mp4", frames=30, seed=2)
    page.locator("[data-file-input]").set_input_files(video)
    expect(upload_row(page, "first.mp4")).to_contain_text("ready to sort", timeout=PATIENCE_MS)
    drop(page, "again.mp4", video.read_bytes())
    expect(upload_row(page, "again.mp4")).to_contain_text("already here as first.mp4", timeout=PATIENCE_MS)


def test_a_paused_upload_goes_on_after_a_reload_where_it_stopped(page, tmp_path):
    film = tmp_path / "long.mp4"
    film.write_bytes(np.random.default_rng(3).bytes(24 * 1024**2))
    slow_down(page)
    page.locator("[data-file-input]").set_input_files(film)
    row = file_row(page, "long.mp4")
    expect(row.locator("[data-says]")).to_have_text(re.compile(r"^[1-9]\d? %"), timeout=PATIENCE_MS)
    row.get_by_role("button", name="Pause").click()
    expect(row).to_have_attribute("data-state", "paused")
    page.reload()
    expect(file_row(page, "long.mp4")).to_contain_text("drop the same file again")

    offsets = []
    page.on(
        "request",
        lambda request: request.method == "PATCH" and offsets.append(int(request.headers["upload-offset"])),
    )
    page.locator("[data-file-input]").set_input_files(film)
    expect(page.locator("[data-file][data-state=done]")).to_contain_text("long.mp4", timeout=PATIENCE_MS)
    assert offsets[0] > 0, "what was sent is not sent again"
    assert offsets == sorted(set(offsets))


def test_removing_a_file_ends_its_upload(page, tmp_path):
    film = tmp_path / "wrong.mp4"
    film.write_bytes(np.random.default_rng(4).bytes(24 * 1024**2))
    slow_down(page)
    page.locator("[data-file-input]").set_input_files(film)
    row = file_row(page, "wrong.mp4")
    expect(row.locator("[data-says]")).to_have_text(re.compile(r"^[1-9]\d? %"), timeout=PATIENCE_MS)
    row.get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)
    page.reload()
    expect(upload_row(page, "wrong.mp4")).to_have_count(0)


@pytest.mark.parametrize("width_px", [390, 1440])
def test_no_page_is_wider_than_its_window(chromium, running_site, width_px):
    with open_page(chromium, running_site.base_url, width_px=width_px) as page:
        log_in(page, running_site.admin_username, running_site.admin_password)
        for path in ("/upload", "/jobs", "/account"):
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width_px, path


def drop(page: Page, name: str, data: bytes) -> None:
    """Drop a file as the mouse would."""
    transfer = page.evaluate_handle(
        "([name, bytes]) => { const t = new DataTransfer(); "
        "t.items.add(new File([new Uint8Array(bytes)], name)); return t; }",
        [name, list(data)],
    )
    page.dispatch_event("[data-drop-zone]", "drop", {"dataTransfer": transfer})


def slow_down(page: Page) -> None:
    """Send at 32 Mbit/s, so that three chunks take some seconds."""
    page.context.new_cdp_session(page).send(
        "Network.emulateNetworkConditions",
        {"offline": False, "latency": 20, "downloadThroughput": -1, "uploadThroughput": 4_000_000},
    )
