"""Tests the start page in a real browser, on a phone and a desk: what plays, what stops it, and that nothing jumps."""

import pytest
from playwright.sync_api import Page, expect

from clips.tests.browser import log_in, open_page
from clips.tests.library.test_library_browser import library  # noqa: F401 - a fixture
from clips.tests.web.test_every_page_browser import CUT_OFF, findings

pytestmark = pytest.mark.slow

#: How far a page jumped so far, or from now on, and what jumped where.
SHIFT = """(asked) => new Promise((done) => {
  let sum = 0;
  const what = [];
  const place = ({ x, y, width, height }) => [x, y, width, height].map(Math.round).join(" ");
  const add = (entry) => {
    if (entry.hadRecentInput) return;
    sum += entry.value;
    for (const { node, previousRect, currentRect } of entry.sources) {
      const name = node?.id || node?.className || node?.nodeName;
      what.push(`${entry.startTime.toFixed()} ms: ${name} from ${place(previousRect)} to ${place(currentRect)}`);
    }
  };
  const seen = new PerformanceObserver((list) => list.getEntries().forEach(add));
  seen.observe({ type: "layout-shift", buffered: !asked });
  if (!asked) return setTimeout(() => done([sum, what]), 1500);
  document.addEventListener("htmx:afterSettle", () => setTimeout(() => done([sum, what]), 500), { once: true });
  document.body.dispatchEvent(new CustomEvent("came-back"));
})"""
#: As it is while the machine searches and somebody uploads.
BUSY = """() => new Promise((done) => {
  const box = "<h2>Half a film</h2><p>GX01.MP4</p><progress value=0.5></progress>";
  document.getElementById("home-status").insertAdjacentHTML("beforeend", `<section>${box}</section>`);
  document.getElementById("home-now").insertAdjacentHTML("beforeend", `<div class="searching">${box}</div>`);
  setTimeout(done, 500);
})"""

#: As it is where the newest session is sorted and an older one is not.
OF_ANOTHER_SESSION = """() => {
  const name = '<span class="hero-of">Backyard Rails in the evening</span>';
  document.querySelector(".hero-do .button").insertAdjacentHTML("beforeend", name);
}"""


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
    shift, what = page.evaluate(SHIFT)
    assert shift <= 0.01, what
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]
    assert findings(page) == []
    button = page.locator(".hero-do .button").bounding_box()
    assert button["y"] + button["height"] <= page.viewport_size["height"] - 56, (
        "in sight, above the places at the bottom"
    )
    page.evaluate(OF_ANOTHER_SESSION)
    assert page.evaluate(CUT_OFF) == []


def test_nothing_jumps_when_what_was_going_on_is_done(page):
    page.goto("/")
    page.evaluate(BUSY)
    expect(page.get_by_text("Half a film")).to_have_count(2)
    shift, what = page.evaluate(SHIFT, True)
    expect(page.get_by_text("Half a film")).to_have_count(0)
    assert shift <= 0.001, what
