"""Tests the upload page in a real browser against the whole running site."""

import datetime as dt
import hashlib
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.templatetags.static import static
from playwright.sync_api import Page, Route, expect

from clips.ingest.fingerprint import piece_starts
from clips.tests.browser import log_in_as_admin, open_page
from clips.tests.media.made_up import make_video

pytestmark = pytest.mark.slow

PATIENCE_MS = 90_000
#: Names as they come, and as they belong together.
RECORDINGS = [
    (["GX010001.MP4", "GX010002.MP4"], [["GX010001.MP4"], ["GX010002.MP4"]]),
    (["GP010009.MP4", "GOPR0009.MP4"], [["GOPR0009.MP4", "GP010009.MP4"]]),
    (["gh020007.mp4", "GL010007.LRV", "gh010007.mp4"], [["gh010007.mp4", "gh020007.mp4", "GL010007.LRV"]]),
    (["a/GX010001.MP4", "b/GX020001.MP4"], [["a/GX010001.MP4"], ["b/GX020001.MP4"]]),
    (["GX010001.MP4", "GX010001.MP4", "GX020001.MP4"], [["GX010001.MP4", "GX020001.MP4"], ["GX010001.MP4"]]),
    (["GX020001.MP4", "GX010001 (1).MP4", "GL010001-1.LRV"], [["GX010001 (1).MP4", "GX020001.MP4", "GL010001-1.LRV"]]),
    (
        ["GX010001.MP4", "GX010001 (1).MP4", "GX020001 (1).MP4", "GX020001.MP4"],
        [["GX010001.MP4", "GX020001.MP4"], ["GX010001 (1).MP4", "GX020001 (1).MP4"]],
    ),
    (["IMG_0001.MOV", "GX01.MP4", "GX0100010.MP4"], [["IMG_0001.MOV"], ["GX01.MP4"], ["GX0100010.MP4"]]),
]
#: What is said of a video that was searched, whatever was found.
ANALYSED = re.compile(r"moments? (to sort|found)")


@pytest.fixture
def page(chromium, running_site) -> Page:
    with open_page(chromium, running_site.base_url) as page:
        log_in_as_admin(page, running_site)
        page.goto("/upload")
        yield page


def file_row(page: Page, name: str):
    return page.locator("[data-file]").filter(has_text=name)


def upload_row(page: Page, name: str):
    return page.locator("#uploads tr").filter(has_text=name)


def pick(page: Page, *files: Path) -> None:
    page.locator("[data-file-input]").set_input_files(files)


def send(page: Page, session: str = "Backyard Rails", date: str = "2024-12-01") -> None:
    """Choose the session for all files that were dropped together, and upload."""
    page.get_by_label("Session").fill(session)
    page.get_by_label("Date").fill(date)
    page.get_by_role("button", name="Upload", exact=True).click()


def film(folder: Path, name: str, size_bytes: int, seed: int) -> Path:
    path = folder / name
    path.write_bytes(np.random.default_rng(seed).bytes(size_bytes))
    return path


def test_picked_files_are_sent_and_their_fate_is_told(page, tmp_path):
    video = make_video(tmp_path / "GX010001.mp4", frames=60, seed=1)
    diary = tmp_path / "diary.mp4"
    diary.write_text("no video at all " * 100)
    pick(page, video, diary)
    expect(page.locator("[data-batch-says]")).to_contain_text("2 files")
    send(page)
    expect(page.locator("[data-total]")).to_contain_text("2 of 2 files", timeout=PATIENCE_MS)
    expect(upload_row(page, "GX010001.mp4")).to_contain_text(ANALYSED, timeout=PATIENCE_MS)
    expect(upload_row(page, "GX010001.mp4")).to_contain_text("Backyard Rails · 2024-12-01")
    expect(upload_row(page, "diary.mp4")).to_contain_text("not a video", timeout=PATIENCE_MS)


def test_a_batch_ends_with_a_receipt_that_says_when_the_card_may_be_formatted(page, tmp_path):
    here = make_video(tmp_path / "GX010011.mp4", frames=40, seed=11)
    pick(page, here)
    send(page)
    first = page.locator("[data-receipt]").first
    expect(first).to_contain_text("Safe to format", timeout=PATIENCE_MS)
    # One that is here already belongs to the card as well, though it is not sent.
    page.reload()
    pick(page, make_video(tmp_path / "GX010012.mp4", frames=40, seed=12), here)
    expect(file_row(page, "GX010011.mp4")).to_have_attribute("data-state", "here", timeout=PATIENCE_MS)
    send(page, session="Night Rails")
    first = page.locator("[data-receipt]").filter(has_text="Night Rails")
    expect(first).to_contain_text("Safe to format", timeout=PATIENCE_MS)
    first.click()
    expect(page.locator("#receipt")).to_have_attribute("data-safe", "yes")
    expect(page.locator(".receipt-rows tbody tr")).to_have_count(2)
    expect(page.get_by_text("2 of 2 videos safe")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("link", name="ASC MHL").click()
    assert download.value.suggested_filename == "ascmhl.zip"


def test_the_date_is_that_of_the_earliest_file_unless_it_is_chosen(page, tmp_path):
    first, second = (film(tmp_path, name, 1000, seed) for seed, name in enumerate(["a.mp4", "b.mp4"], 50))
    for path, day in ((first, 3), (second, 4)):
        os.utime(path, (dt.datetime(2024, 12, day, 12).timestamp(),) * 2)  # noqa: DTZ001 - a camera's own time
    pick(page, second, first)
    expect(page.get_by_label("Date")).to_have_value("2024-12-03")


def test_a_day_in_the_name_comes_before_that_of_the_copy_and_no_clock_without_power_counts(page, tmp_path):
    named, reset = film(tmp_path, "VID-20240116-WA0003.mp4", 1000, 52), film(tmp_path, "GX010001.MP4", 1000, 53)
    for path, day in ((named, (2024, 12, 3)), (reset, (2016, 1, 1))):
        os.utime(path, (dt.datetime(*day, 12).timestamp(),) * 2)  # noqa: DTZ001 - a camera's own time
    pick(page, named, reset)
    expect(page.get_by_label("Date")).to_have_value("2024-01-16")


def test_what_lies_beside_videos_is_told_and_not_sent(page, tmp_path):
    names = ["GX010001.MP4", "GX010001.WAV", "version.txt", "C0001M01.XML", *(f"GX01000{n}.THM" for n in range(2))]
    pick(page, *(film(tmp_path, name, 1000, seed) for seed, name in enumerate(names, 54)))
    expect(page.locator("li[data-file]")).to_have_count(1)
    expect(page.locator("[data-left-alone]")).to_have_text(
        "Skipped, not videos: 4 files (GoPro: thumbnails, sound, notes); "
        "C0001M01.XML (Sony, Panasonic, Canon: notes beside videos)"
    )


def test_what_is_here_already_is_told_before_a_byte_is_sent(page, tmp_path):
    video = make_video(tmp_path / "first.mp4", frames=30, seed=2)
    pick(page, video)
    send(page)
    expect(upload_row(page, "first.mp4")).to_contain_text(ANALYSED, timeout=PATIENCE_MS)
    page.reload()
    begun = watch_requests(page, "POST", "/upload/tus/")
    drop(page, "again.mp4", video.read_bytes())
    row = file_row(page, "again.mp4")
    expect(row).to_have_attribute("data-state", "here", timeout=PATIENCE_MS)
    expect(row).to_contain_text("already here: first.mp4 in Backyard Rails · 2024-12-01, no clips kept yet")
    expect(page.locator("[data-batch]")).to_be_hidden()
    assert not begun
    row.get_by_role("button", name="Upload anyway").click()
    send(page)
    expect(upload_row(page, "again.mp4")).to_contain_text("already here as first.mp4", timeout=PATIENCE_MS)
    assert len(begun) == 1


def test_what_was_deleted_is_told_and_comes_in_when_asked(page, running_site, tmp_path):
    video = make_video(tmp_path / "binned.mp4", frames=30, seed=3)
    pick(page, video)
    send(page)
    expect(upload_row(page, "binned.mp4")).to_contain_text(ANALYSED, timeout=PATIENCE_MS)
    upload_row(page, "binned.mp4").get_by_role("link", name="Backyard Rails").click()
    page.wait_for_load_state()
    page.locator("#details > summary").click()
    page.get_by_role("article", name="binned.mp4").get_by_role("button", name="Bin", exact=True).click()
    expect(page.locator("#toasts .toast")).to_contain_text("Binned: binned.mp4")
    page.goto("/upload")
    expect(upload_row(page, "binned.mp4")).to_contain_text("in the bin")
    drop(page, "once-more.mp4", video.read_bytes())
    row = file_row(page, "once-more.mp4")
    expect(row).to_have_attribute("data-state", "here", timeout=PATIENCE_MS)
    expect(row).to_contain_text(f"deleted by {running_site.admin_username} on ")
    expect(row).to_contain_text("; upload anyway?")
    row.get_by_role("button", name="Upload anyway").click()
    send(page)
    expect(upload_row(page, "once-more.mp4")).to_contain_text(ANALYSED, timeout=PATIENCE_MS)
    expect(upload_row(page, "binned.mp4")).to_contain_text(ANALYSED)


def test_what_only_looks_like_a_file_that_is_here_is_sent(page, tmp_path):
    """First, middle and last 8 MiB are the same, and one byte between them is not."""
    data = bytearray(np.random.default_rng(60).bytes(40 * 1024**2))
    one, other = tmp_path / "one.mp4", tmp_path / "other.mp4"
    one.write_bytes(data)
    data[10 * 1024**2] ^= 1
    other.write_bytes(data)
    pick(page, one)
    send(page)
    expect(upload_row(page, "one.mp4")).to_contain_text("not a video", timeout=PATIENCE_MS)
    pick(page, other)
    expect(file_row(page, "other.mp4")).to_have_attribute("data-state", "ready", timeout=PATIENCE_MS)
    send(page)
    expect(upload_row(page, "other.mp4")).to_contain_text("not a video", timeout=PATIENCE_MS)


def test_over_plain_http_the_page_hashes_with_its_own_code(page, tmp_path):
    """The worker computes the same fingerprint and hash with and without the browser's help."""
    path = film(tmp_path, "a.mp4", 9 * 1024**2 + 5, 61)
    data = path.read_bytes()
    pieces = b"".join(hashlib.sha256(data[start:][: 8 * 1024**2]).digest() for start in piece_starts(len(data)))
    expected = hashlib.sha256(len(data).to_bytes(8, "big") + pieces).hexdigest()
    page.route(
        "**/hash-worker.js", lambda route: route.fulfill(body=WITHOUT_SUBTLE + WORKER, content_type="text/javascript")
    )
    for _which in ("without the browser's help", "with it"):
        page.reload()
        with page.expect_request("**/upload/known") as asked:
            pick(page, path)
        assert asked.value.post_data_json == {"fingerprints": [expected]}
        page.unroute("**/hash-worker.js")


def test_chapters_and_small_copies_of_one_recording_stand_together(page, tmp_path):
    names = ["GX020123.MP4", "GX010077.MP4", "GL010123.LRV", "IMG_0001.MOV", "GX010123.MP4"]
    pick(page, *(film(tmp_path, name, 1000, seed) for seed, name in enumerate(names, 20)))
    group = page.locator("[data-group]")
    expect(group).to_have_count(1)
    expect(group.locator("[data-group-name]")).to_have_text(
        "GoPro recording 0123 · chapters: 2 · low-resolution copies (LRV): 1"
    )
    expect(group.locator("[data-name]")).to_have_text(["GX010123.MP4", "GX020123.MP4", "GL010123.LRV"])
    expect(page.locator("[data-file-list] > [data-file]")).to_have_count(2)


def test_recordings_are_told_by_their_names(page):
    script = (
        f"async (names) => (await import('{static('js/ingest/groups.js')}'))"
        ".groupFiles(names, (name) => name).map(({ files }) => files)"
    )
    for names, groups in RECORDINGS:
        assert page.evaluate(script, names) == groups


def test_the_time_left_is_rough(page):
    module = static("js/ingest/transfer-rate.js")
    script = f"async (all) => (({{ inWords }}) => all.map(inWords))(await import('{module}'))"
    assert page.evaluate(script, [0, 22, 56, 600, 3700]) == ["5 s", "20 s", "1 min", "10 min", "1 h 2 min"]


def test_three_files_at_most_are_sent_at_once_with_speed_and_time_left(page, tmp_path):
    slow_down(page)
    pick(page, *(film(tmp_path, f"{seed}.mp4", 9 * 1024**2, seed) for seed in range(30, 35)))
    expect(page.locator("[data-file][data-state=ready]")).to_have_count(5, timeout=PATIENCE_MS)
    send(page)
    expect(page.locator("[data-file][data-state=sending]")).to_have_count(3)
    expect(page.locator("[data-file][data-state=waiting]")).to_have_count(2)
    pace = re.compile(r"\d+ % · [\d.]+ [KM]B/s · \d+ (s|min) left")
    expect(page.locator("[data-file][data-state=sending] [data-says]").first).to_have_text(pace, timeout=PATIENCE_MS)
    expect(page.locator("[data-total]")).to_have_text(re.compile(r"B/s · \d+ (s|min) left"), timeout=PATIENCE_MS)


def test_a_paused_upload_goes_on_after_a_reload_where_it_stopped(page, tmp_path):
    path = film(tmp_path, "long.mp4", 24 * 1024**2, 3)
    slow_down(page)
    pick(page, path)
    send(page)
    row = file_row(page, "long.mp4")
    expect(row.locator("[data-says]")).to_have_text(re.compile(r"^([4-9]\d) %"), timeout=PATIENCE_MS)
    row.get_by_role("button", name="Pause").click()
    expect(row).to_have_attribute("data-state", "paused")
    page.reload()
    expect(file_row(page, "long.mp4")).to_contain_text("Drop the file again")

    offsets = []
    page.on(
        "request",
        lambda request: request.method == "PATCH" and offsets.append(int(request.headers["upload-offset"])),
    )
    pick(page, path)  # and no question: its session was told when it was begun
    expect(page.locator("[data-file][data-state=done]")).to_contain_text("long.mp4", timeout=PATIENCE_MS)
    assert offsets[0] > 0, "what was sent is not sent again"
    assert offsets == sorted(set(offsets))
    expect(upload_row(page, "long.mp4")).to_contain_text("Backyard Rails · 2024-12-01")


def test_a_lost_connection_goes_on_by_itself(chromium, running_site, tmp_path):
    path = film(tmp_path, "chairlift.mp4", 24 * 1024**2, 5)
    with open_page(chromium, running_site.base_url) as page:
        log_in_as_admin(page, running_site)
        page.goto("/upload")
        network = slow_down(page)
        pick(page, path)
        send(page)
        row = file_row(page, "chairlift.mp4")
        expect(row.locator("[data-says]")).to_have_text(re.compile(r"^[1-9]\d? %"), timeout=PATIENCE_MS)
        network(offline=True)
        expect(row).to_contain_text("no connection", timeout=PATIENCE_MS)
        network(offline=False)
        expect(row).to_have_attribute("data-state", "done", timeout=PATIENCE_MS)


def test_a_request_that_hangs_after_a_sleep_is_begun_anew(page, tmp_path):
    """After a sleep or a change of networks, a request is never answered."""
    hung = []

    def hang_once(route: Route) -> None:
        if route.request.method == "PATCH" and not hung:
            hung.append(route)
        else:
            route.continue_()

    page.route("**/upload/tus/*", hang_once)
    pick(page, film(tmp_path, "sleeper.mp4", 100_000, 8))
    send(page)
    expect(file_row(page, "sleeper.mp4")).to_have_attribute("data-state", "sending", timeout=PATIENCE_MS)
    page.wait_for_timeout(4500)
    assert hung
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    expect(file_row(page, "sleeper.mp4")).to_have_attribute("data-state", "done", timeout=PATIENCE_MS)


def test_removing_a_file_ends_its_upload(page, tmp_path):
    path = film(tmp_path, "wrong.mp4", 24 * 1024**2, 4)
    slow_down(page)
    pick(page, path)
    send(page)
    row = file_row(page, "wrong.mp4")
    expect(row.locator("[data-says]")).to_have_text(re.compile(r"^[1-9]\d? %"), timeout=PATIENCE_MS)
    row.get_by_role("button", name="Remove").click()
    expect(row).to_have_count(0)
    page.reload()
    expect(upload_row(page, "wrong.mp4")).to_have_count(0)


def test_what_was_begun_earlier_can_be_given_up(page, tmp_path):
    slow_down(page)
    pick(page, film(tmp_path, "never-again.mp4", 24 * 1024**2, 7))
    send(page)
    row = file_row(page, "never-again.mp4")
    expect(row.locator("[data-says]")).to_have_text(re.compile(r"^([4-9]\d) %"), timeout=PATIENCE_MS)
    row.get_by_role("button", name="Pause").click()
    page.reload()
    row.get_by_role("button", name="Discard").click()
    expect(row).to_have_count(0)
    expect(upload_row(page, "never-again.mp4")).to_have_count(0)


def test_the_screen_stays_on_while_files_are_sent(page, tmp_path):
    page.add_init_script(COUNT_LOCKS)
    page.reload()
    slow_down(page)
    pick(page, film(tmp_path, "awake.mp4", 9 * 1024**2, 6))
    assert page.evaluate("window.locks") == []
    send(page)
    expect(file_row(page, "awake.mp4")).to_have_attribute("data-state", "sending", timeout=PATIENCE_MS)
    page.wait_for_function("window.locks.at(-1) === 'held'")
    expect(file_row(page, "awake.mp4")).to_have_attribute("data-state", "done", timeout=PATIENCE_MS)
    page.wait_for_function("window.locks.at(-1) === 'released'")


@pytest.mark.parametrize("width_px", [390, 1440])
def test_no_page_is_wider_than_its_window(chromium, running_site, width_px):
    with open_page(chromium, running_site.base_url, width_px=width_px) as page:
        log_in_as_admin(page, running_site)
        for path in ("/upload", "/jobs", "/account"):
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width_px, path


COUNT_LOCKS = """
window.locks = [];
Object.defineProperty(navigator, "wakeLock", { value: { async request() {
  window.locks.push("held");
  return { addEventListener: () => undefined, release: () => window.locks.push("released") };
} } });
"""
WORKER = (settings.BASE_DIR / "static" / "js" / "ingest" / "hash-worker.js").read_text()
WITHOUT_SUBTLE = "Object.defineProperty(self.crypto, 'subtle', { value: undefined });"


def watch_requests(page: Page, method: str, path: str) -> list[str]:
    seen = []
    page.on("request", lambda request: request.method == method and request.url.endswith(path) and seen.append(path))
    return seen


def drop(page: Page, name: str, data: bytes) -> None:
    """Drop a file as the mouse would."""
    transfer = page.evaluate_handle(
        "([name, bytes]) => { const t = new DataTransfer(); "
        "t.items.add(new File([new Uint8Array(bytes)], name)); return t; }",
        [name, list(data)],
    )
    page.dispatch_event("[data-drop-zone]", "drop", {"dataTransfer": transfer})


def slow_down(page: Page) -> Callable[..., None]:
    """Send at 32 Mbit/s, so that three chunks take some seconds; return functions to cut and restore the line."""
    session = page.context.new_cdp_session(page)

    def network(offline: bool) -> None:
        conditions = {"offline": offline, "latency": 20, "downloadThroughput": -1, "uploadThroughput": 4_000_000}
        session.send("Network.emulateNetworkConditions", conditions)

    network(offline=False)
    return network
