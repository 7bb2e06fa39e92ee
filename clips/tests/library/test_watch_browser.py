"""Tests the player of raw videos in a real browser: choosing, seeking, playing a moment, making one."""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from playwright.sync_api import Page, expect

from clips.models import CandidateSegment, Job, JobKind, OriginalFile
from clips.tests.browser import log_in, open_page, press
from clips.tests.factories import FinalClipFactory
from clips.tests.library.watched import filmed
from clips.tests.media.made_up import make_video
from clips.tests.workers import PATIENCE_S, Worker, eventually
from people.models import Member

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PASSWORD = "long-enough-for-everyone"
SIZES = [(390, 664), (390, 844), (844, 390), (1440, 900)]


@pytest.fixture
def worker(broker) -> Iterator[Worker]:
    worker = Worker()
    yield worker
    worker.stop()


@pytest.fixture
def original(shoot, tmp_path) -> OriginalFile:
    """Twelve seconds of H.264 that a browser plays as they are, with two moments."""
    source = make_video(tmp_path / "GX010001.mp4", frames=360, size=(640, 360), gop=30, events_s=[4, 8])
    original = filmed(shoot, source, "GX010001.MP4")
    CandidateSegment.objects.create(original_file=original, start_ms=3000, end_ms=5000)
    CandidateSegment.objects.create(original_file=original, start_ms=7000, end_ms=9000, status="TRASHED")
    return original


def watching(chromium, live_server, width_px: int = 1440, height_px: int = 900, **more):
    Member.objects.create_superuser("ada", PASSWORD)
    return open_page(chromium, live_server.url, width_px=width_px, height_px=height_px, **more)


def at_s(page: Page) -> float:
    return page.evaluate("document.querySelector('[data-player]').currentTime")


#: What a failed wait shows of the player.
STATE = "(({currentTime, paused, readyState, seeking}) => [currentTime, paused, readyState, seeking].join())(%s)"
PLAYER = "document.querySelector('[data-player]')"


def wait_for(page: Page, condition: str, patience_s: float = 20) -> None:
    """Wait until something is true of ``video``; Playwright's own way evaluates in the page, whose rules forbid it."""
    until_s = time.monotonic() + patience_s
    while not page.evaluate(f"((video) => {condition})({PLAYER})"):
        assert time.monotonic() < until_s, f"never true: {condition}; {page.evaluate(STATE % PLAYER)}"
        page.wait_for_timeout(30)


@pytest.mark.parametrize(("width_px", "touch"), [(390, True), (1440, False)])
def test_raw_footage_plays_and_is_sought_in(chromium, live_server, original, width_px, touch):
    with watching(chromium, live_server, width_px, 844, touch=touch) as page:
        log_in(page, "ada", PASSWORD)
        page.goto(f"/sessions/{original.shoot_id}")
        wait_for(page, "video.readyState >= 1 && video.videoWidth === 640")
        page.get_by_role("button", name="Play", exact=True).click()
        wait_for(page, "!video.paused && video.currentTime > .3")
        box = page.locator("[data-scrub]").bounding_box()
        place = box["x"] + box["width"] * 0.75, box["y"] + 20
        page.touchscreen.tap(*place) if touch else page.mouse.click(*place)
        wait_for(page, "Math.abs(video.currentTime - 9.2) < 1")
        page.goto("about:blank")


def test_a_moment_is_played_from_its_start_to_its_end(chromium, live_server, original):
    with watching(chromium, live_server) as page:
        log_in(page, "ada", PASSWORD)
        page.goto(f"/sessions/{original.shoot_id}")
        wait_for(page, "video.readyState >= 1")
        page.locator(".watch-mark").first.click()
        wait_for(page, "!video.paused && video.currentTime >= 3 && video.currentTime < 5")
        wait_for(page, "video.paused")
        assert 4.9 <= at_s(page) <= 5.2
        expect(page.locator("[data-watch-caption]")).to_contain_text("0:03–0:05")
        page.get_by_role("radio", name="trashed").check()
        expect(page.locator(".watch-mark:visible")).to_have_count(1)
        page.goto("about:blank")


def test_the_clip_of_a_kept_moment_is_rated_while_it_plays(chromium, live_server, original):
    kept = CandidateSegment.objects.get(start_ms=3000)
    CandidateSegment.objects.filter(pk=kept.pk).update(status="ACCEPTED")
    clip = FinalClipFactory(original_file=original, candidate_segment=kept, start_ms=3000, end_ms=5000)
    with watching(chromium, live_server) as page:
        log_in(page, "ada", PASSWORD)
        page.goto(f"/sessions/{original.shoot_id}")
        wait_for(page, "video.readyState >= 1")
        page.locator(".watch-mark").first.click()
        stars = page.locator(".watch-liked").get_by_role("group", name="Stars")
        stars.get_by_role("button", name="2 stars").click()
        expect(stars.locator("[data-lit]")).to_have_count(2)
        press(page, "4")
        expect(stars.locator("[data-lit]")).to_have_count(4)
        page.locator("#toasts").get_by_role("button", name=re.compile("Undo")).first.click()
        expect(stars.locator("[data-lit]")).to_have_count(2)
        page.locator(".watch-mark").nth(1).click()
        expect(page.locator(".watch-liked > *")).to_have_count(0)
        page.goto("about:blank")
    clip.refresh_from_db()
    assert clip.stars == 2


def test_the_keys_of_every_player_are_on_one_sheet_and_a_loop_plays_a_moment_again(chromium, live_server, original):
    with watching(chromium, live_server) as page:
        log_in(page, "ada", PASSWORD)
        page.goto(f"/sessions/{original.shoot_id}")
        wait_for(page, "video.readyState >= 1")
        press(page, "?")
        sheet = page.get_by_role("dialog", name="Keyboard shortcuts")
        for meaning in ("rewind (again: faster)", "previous frame", "slow motion", "loop on or off", "make a moment"):
            expect(sheet).to_contain_text(meaning)
        press(page, "Escape")
        expect(sheet).to_have_count(0)
        for key, rate in [("w", 0.5), ("w", 0.25), ("w", 1), ("l", 1), ("l", 2), ("l", 4), ("l", 4)]:
            press(page, key)
            wait_for(page, f"video.playbackRate === {rate}")
        press(page, "k")
        press(page, "a")
        expect(page.get_by_role("button", name="Loop")).to_have_attribute("aria-pressed", "true")
        count = "window.seeks = (window.seeks ?? 0) + 1"
        page.evaluate(f"{PLAYER}.addEventListener('seeked', () => {{ {count}; }})")
        page.locator(".watch-mark").first.click()
        wait_for(page, "window.seeks >= 2 && !video.paused && video.currentTime < 5")
        page.goto("about:blank")


def test_i_o_and_enter_make_a_moment_of_just_these_frames(chromium, live_server, original):
    with watching(chromium, live_server) as page:
        log_in(page, "ada", PASSWORD)
        page.goto(f"/sessions/{original.shoot_id}?video={original.pk}&t=1")
        wait_for(page, "video.readyState >= 2 && Math.abs(video.currentTime - 1) < .01")
        press(page, "i")
        for _second in range(2):
            press(page, "ArrowRight")
        wait_for(page, "Math.abs(video.currentTime - 3) < .01 && !video.seeking")
        page.wait_for_timeout(200)
        press(page, "o")
        press(page, "Enter")
        expect(page.locator("[data-watch-caption]")).to_contain_text("Added 0:01.00–0:03.00")
        expect(page.locator(".watch-mark")).to_have_count(3)
        made = page.locator(".watch-mark").first
        assert (made.get_attribute("data-start-ms"), made.get_attribute("data-end-ms")) == ("1000", "3000")
        page.goto("about:blank")


@pytest.mark.parametrize(("width_px", "height_px"), SIZES)
def test_nothing_jumps_while_the_page_loads(chromium, live_server, original, shoot, tmp_path, width_px, height_px):
    filmed(shoot, make_video(tmp_path / "GX010002.mp4", frames=60, seed=2), "GX010002.MP4")
    with watching(chromium, live_server, width_px, height_px) as page:
        log_in(page, "ada", PASSWORD)
        page.add_init_script(
            "window.shifted = 0; new PerformanceObserver((list) => { for (const e of list.getEntries()) "
            "if (!e.hadRecentInput) window.shifted += e.value; }).observe({ type: 'layout-shift', buffered: true });"
        )
        page.goto(f"/sessions/{original.shoot_id}")
        wait_for(page, "video.readyState >= 1")
        page.wait_for_timeout(800)
        assert page.evaluate("window.shifted") <= 0.01
        assert page.evaluate("document.documentElement.scrollWidth") <= width_px
        page.goto("about:blank")


@pytest.fixture
def not_played(shoot, tmp_path) -> OriginalFile:
    """Twenty seconds of HEVC, which this browser does not play."""
    source = make_video(tmp_path / "GX010009.mp4", frames=600, size=(640, 360), codec="libx265", bframes=2)
    return filmed(shoot, source, "GX010009.MP4")


@pytest.mark.parametrize(("width_px", "touch"), [(390, True), (1440, False)])
def test_what_a_browser_does_not_play_comes_in_pieces(chromium, live_server, not_played, worker, width_px, touch):
    with watching(chromium, live_server, width_px, 844, touch=touch) as page:
        log_in(page, "ada", PASSWORD)
        page.goto(f"/sessions/{not_played.shoot_id}")
        page.get_by_role("button", name="Play", exact=True).click()
        wait_for(page, "!video.paused && video.currentTime > 1", PATIENCE_S)
        assert abs(page.evaluate("document.querySelector('[data-player]').duration") - 20) < 0.1
        box = page.locator("[data-scrub]").bounding_box()
        place = box["x"] + box["width"] * 0.75, box["y"] + 20
        page.touchscreen.tap(*place) if touch else page.mouse.click(*place)
        wait_for(page, "!video.seeking && video.currentTime > 15.2 && video.readyState >= 3", PATIENCE_S)
        page.goto("about:blank")


def test_a_part_that_cannot_be_shown_is_said_and_asked_for_again(chromium, live_server, not_played):
    def fail_first() -> None:
        eventually(lambda: Job.objects.filter(kind=JobKind.PIECES).exists(), "somebody asks for a piece")
        Job.objects.claim(Job.objects.get(kind=JobKind.PIECES).pk, worker="one").fail("This file is damaged.")
        connections.close_all()

    with watching(chromium, live_server) as page:
        log_in(page, "ada", PASSWORD)
        page.goto(f"/sessions/{not_played.shoot_id}")
        page.get_by_role("button", name="Play", exact=True).click()
        with ThreadPoolExecutor(1) as worker:  # Playwright's own thread may not ask the database
            worker.submit(fail_first).result()
        expect(page.locator("[data-watch-says]")).to_contain_text("This file is damaged.")
        page.get_by_role("button", name="Try again").click()
        expect(page.locator("[data-watch-says]")).to_contain_text("Preparing this part")
        page.goto("about:blank")
