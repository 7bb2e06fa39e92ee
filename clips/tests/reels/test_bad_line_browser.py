"""Tests in a real browser that an edit shows what is selected where a video comes late, at the second try or never."""

import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, Route, expect

from clips.tests.browser import log_in_as_admin, open_page
from clips.tests.reels.test_angles_browser import MAKE, stands_s
from clips.tests.reels.test_reels_browser import cards

pytestmark = pytest.mark.slow

OF_CLIPS = "**/clips/*/file*"
SLOW = {"downloadThroughput": 200_000, "uploadThroughput": 200_000}  # bytes a second
PLAYS = """(src) => {
  const video = document.querySelector('[data-front]');
  return video.dataset.src === src && video.currentTime > 0.3;
}"""


@pytest.fixture
def page(chromium, running_site) -> Iterator[Page]:
    with open_page(chromium, running_site.base_url, provoked="503") as page:
        log_in_as_admin(page, running_site)
        yield page


@pytest.fixture
def edit(running_site) -> str:
    """The address of an edit of two clips, of three and two seconds."""
    return running_site.shell.run(MAKE.format(name=f"Bad line {uuid.uuid4().hex[:8]}")).split()[-1]


def refuse(route: Route) -> None:
    route.fulfill(status=503, body="Busy.")


def test_a_clip_whose_video_comes_later_than_its_box_is_the_one_that_is_shown(page, edit):
    page.goto(edit)
    stands_s(page, 0)
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")
    line.send("Network.setCacheDisabled", {"cacheDisabled": True})
    line.send("Network.emulateNetworkConditions", {"offline": False, "latency": 20} | SLOW)
    page.evaluate("document.addEventListener('clip-shown', () => { window.isShown = true; })")
    cards(page).nth(0).get_by_role("button").click()
    page.wait_for_function("() => window.isShown")
    expect(page.locator("#reel-clip h2 .tabular")).to_have_text("1.")
    assert stands_s(page, 0) == pytest.approx(0, abs=0.02)


def test_a_video_that_a_busy_server_refused_is_asked_for_again(page, edit):
    page.route(OF_CLIPS, refuse, times=4)
    page.goto(edit)
    assert stands_s(page, 0) == pytest.approx(0, abs=0.02)
    page.get_by_role("button", name="Play all").click()
    page.wait_for_function("() => document.querySelector('[data-front]').currentTime > 0.5")
    assert not page.evaluate("document.querySelector('[data-front]').paused")


def test_a_video_that_is_lost_is_skipped_and_asked_for_again_when_somebody_selects_it(page, edit):
    page.goto(edit)
    first, second = (cards(page).nth(number).get_attribute("data-src") for number in (0, 1))
    page.route(f"**{first}*", refuse)
    page.goto(edit)
    page.wait_for_function("() => document.querySelector('[data-front][data-lost]')")
    page.get_by_role("button", name="Play all").click()
    page.wait_for_function(PLAYS, arg=second)
    page.unroute(f"**{first}*")
    cards(page).nth(0).get_by_role("button").click()
    expect(page.locator("#reel-clip h2 .tabular")).to_have_text("1.")
    assert stands_s(page, 0) == pytest.approx(0, abs=0.02)
