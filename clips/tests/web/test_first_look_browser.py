"""Tests that nothing on the main pages jumps while they load, with all of their fonts, pictures and scripts."""

import pytest

from clips.tests.browser import log_in_as_admin, open_page
from clips.tests.library.test_library_browser import library  # noqa: F401 - a fixture

pytestmark = pytest.mark.slow

MOST = 0.01
SIZES = [(390, 664), (390, 844), (844, 390), (1440, 900)]
SHIFTS = """() => new Promise((done) => {
  const shifts = [];
  const note = ({ value, hadRecentInput, sources }) =>
    hadRecentInput || shifts.push([value, sources.map(({ node }) => node?.id || node?.className).join()]);
  new PerformanceObserver((list) => list.getEntries().forEach(note)).observe({ type: "layout-shift", buffered: true });
  document.fonts.ready.then(() => setTimeout(() => done(shifts), 1500));
})"""


@pytest.mark.parametrize(("width_px", "height_px"), SIZES)
def test_nothing_jumps_while_a_page_loads(chromium, running_site, library, width_px, height_px):  # noqa: F811
    with open_page(
        chromium, running_site.base_url, width_px=width_px, height_px=height_px, touch=width_px < 900
    ) as page:  # fmt: skip
        log_in_as_admin(page, running_site)
        page.goto("/sessions")
        session = page.locator("a[href^='/sessions/']").first.get_attribute("href")
        page.goto("/clips")
        clip = page.locator("[data-clip] a").first.get_attribute("href").partition("?")[0]
        for address in ("/", "/clips", session, clip, f"{clip}/edit", "/sort", "/upload"):
            page.goto(address, wait_until="networkidle" if address == "/clips" else "load")
            shifts = page.evaluate(SHIFTS)
            assert sum(value for value, _of in shifts) <= MOST, (address, shifts)
