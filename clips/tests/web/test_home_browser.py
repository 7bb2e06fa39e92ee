"""Tests the start page in a real browser, on a phone and a desk: what plays, what stops it, and that nothing jumps."""

import pytest
from playwright.sync_api import Page, expect

from clips.tests.browser import log_in, open_page
from clips.tests.library.test_library_browser import library  # noqa: F401 - a fixture
from clips.tests.web.test_every_page_browser import findings

pytestmark = pytest.mark.slow

SHIFT = """() => new Promise((done) => {
  let sum = 0;
  const add = (entry) => { sum += entry.hadRecentInput ? 0 : entry.value; };
  new PerformanceObserver((list) => list.getEntries().forEach(add)).observe({ type: "layout-shift", buffered: true });
  setTimeout(() => done(sum), 1500);
})"""


@pytest.fixture(params=[(390, 664), (1440, 900)], ids=["phone", "desk"])
def page(chromium, running_site, library, request) -> Page:  # noqa: F811
    width_px, height_px = request.param
    with open_page(
        chromium, running_site.base_url, width_px=width_px, height_px=height_px, touch=width_px < 600
    ) as page:  # fmt: skip
        log_in(page, running_site.admin_username, running_site.admin_password)
        yield page


def playing(page: Page) -> bool:
    return page.evaluate("(() => { const v = document.querySelector('.hero video'); return !!v && !v.paused; })()")


def until_it_plays(page: Page) -> None:
    """Open the page until the newest session's preview is made and plays."""
    for _ in range(60):
        page.goto("/")
        if page.locator(".hero [data-src]").count():
            expect(page.locator(".hero [data-playing] video")).to_be_visible()
            return
        page.wait_for_timeout(1000)
    raise AssertionError("nothing ever played")


def test_best_clip_plays_silently_and_a_button_stops_it(page):
    until_it_plays(page)
    assert page.evaluate("document.querySelector('.hero video').muted")
    page.get_by_role("button", name="Pause").click()
    assert not playing(page)
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("!document.querySelector('.hero video').paused")


def test_who_wants_no_motion_gets_a_picture_and_a_button(page):
    until_it_plays(page)
    page.emulate_media(reduced_motion="reduce")
    page.reload()
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    assert page.locator(".hero video").count() == 0


def test_nothing_jumps_overflows_or_is_hard_to_use(page):
    until_it_plays(page)
    page.goto("/")
    assert page.evaluate(SHIFT) <= 0.01
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert findings(page) == []
    button = page.locator(".hero-do .button").bounding_box()
    assert button["y"] + button["height"] <= page.viewport_size["height"] - 56, (
        "in sight, above the places at the bottom"
    )
