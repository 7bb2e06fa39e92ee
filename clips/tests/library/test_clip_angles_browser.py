"""Tests in a real browser that a clip's page shows all angles of a trick in step: one after the other, side by side."""

import json
from statistics import median

import pytest
from playwright.sync_api import Page, expect

from clips.tests.browser import log_in_as_admin, open_page, press
from clips.tests.reels.test_reels_browser import findings
from clips.tests.sorting.sort_table import RATE_HZ, run_in
from clips.tests.sorting.test_angles_browser import LATER_MS, lay_angles
from clips.tests.sorting.test_sort_page import arrived

pytestmark = pytest.mark.slow

PATIENCE_MS = 45_000
SIZES = [(390, 664), (390, 844), (844, 390), (1440, 900)]
#: Nothing is cut, for there is no original: the page shows previews, and waits for no cut.
FIRST_CLIP = (
    "Job.objects.filter(clip__original_file__shoot='{session}').delete();"
    "print(FinalClip.objects.current().get(original_file__shoot='{session}', camera_id='CAM_GOPRO11').pk)"
)
#: How much earlier the other video is than the clip's, once both stand.
APART = """() => {
  const [own, other] = ["[data-player]", "[data-angle]"].map((where) => document.querySelector(where));
  const stand = own.paused && other.paused && !own.seeking && !other.seeking && other.readyState >= 2;
  return stand ? own.currentTime - other.currentTime : null;
}"""
#: The same of forty frames of the other video while both play, each beside the clip's frame of the same instant.
APART_PLAYING = """() => new Promise((done) => {
  const [own, other] = ["[data-player]", "[data-angle]"].map((where) => document.querySelector(where));
  const found = [];
  let last = null;
  own.requestVideoFrameCallback(function shown(_now, frame) { last = frame; own.requestVideoFrameCallback(shown); });
  other.requestVideoFrameCallback(function shown(_now, frame) {
    const sinceS = last && (frame.expectedDisplayTime - last.expectedDisplayTime) / 1000;
    if (last && Math.abs(sinceS) < 0.1) found.push(last.mediaTime + sinceS - frame.mediaTime);
    if (found.length < 40) other.requestVideoFrameCallback(shown);
    else done(found);
  });
})"""


@pytest.fixture(scope="module")
def clip_address(chromium, running_site) -> str:
    """The page of a clip of a trick that two cameras filmed; it was kept in Sort."""
    session = lay_angles(running_site, "Angles of clips")
    with open_page(chromium, running_site.base_url, width_px=1440, height_px=900) as page:
        page.set_default_timeout(PATIENCE_MS)
        log_in_as_admin(page, running_site)
        page.goto(f"/sort?session={session}")
        expect(page.locator("[data-card][data-current] [data-angle-number]")).to_have_text("1/2")
        press(page, "Enter")
        expect(page.locator("[data-nothing-left]")).to_be_visible()
        arrived(page)
    return f"/clips/{run_in(running_site, FIRST_CLIP.format(session=session)).splitlines()[-1]}"


def opened(page: Page, site, address: str) -> None:
    page.set_default_timeout(PATIENCE_MS)
    log_in_as_admin(page, site)
    page.goto(address)
    page.wait_for_function("() => document.querySelector('[data-player]')?.readyState >= 2")


def apart_s(page: Page) -> float:
    return page.wait_for_function(APART).json_value()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_key_shows_the_other_angle_at_the_same_instant_and_then_all(chromium, running_site, clip_address, size):
    frame_s = 1 / RATE_HZ
    with open_page(chromium, running_site.base_url, width_px=size[0], height_px=size[1]) as page:
        opened(page, running_site, clip_address)
        own, other = page.locator("[data-player]"), page.locator("[data-angle]")
        expect(other).to_be_hidden()
        assert other.evaluate("video => video.buffered.length") == 0, "not loaded before it is asked for"
        press(page, "k")  # it stands still
        press(page, "d")
        expect(page.get_by_role("button", name="PIXEL8")).to_have_attribute("aria-pressed", "true")
        expect(other).to_be_visible()
        assert other.bounding_box() == own.bounding_box(), "in its place"
        assert apart_s(page) == pytest.approx(LATER_MS / 1000, abs=frame_s)
        before_s = other.evaluate("video => video.currentTime")
        for _frame in range(3):
            press(page, ".")
        page.wait_for_function(f"() => document.querySelector('[data-angle]').currentTime > {before_s + 2.5 * frame_s}")
        assert apart_s(page) == pytest.approx(LATER_MS / 1000, abs=frame_s)
        assert other.evaluate("video => video.currentTime") == pytest.approx(before_s + 3 * frame_s, abs=frame_s / 2)
        press(page, "d")
        expect(page.get_by_role("button", name="Side by side")).to_have_attribute("aria-pressed", "true")
        first, second = own.bounding_box(), other.bounding_box()
        is_beside = second["x"] >= first["x"] + first["width"]
        assert is_beside or second["y"] >= first["y"] + first["height"], "neither covers the other"
        assert is_beside is (size[0] > 640)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        assert findings(page) == []
        press(page, "d")
        expect(other).to_be_hidden()
        page.get_by_role("button", name="Side by side").click()
        expect(other).to_be_visible()


def test_angles_play_in_step_at_each_speed_and_one_of_them_has_the_sound(chromium, running_site, clip_address):
    with open_page(chromium, running_site.base_url, width_px=1440, height_px=900) as page:
        opened(page, running_site, clip_address)
        page.get_by_role("button", name="Side by side").click()
        page.locator("[data-player]").evaluate("video => video.play()")
        for speed in ("100 %", "50 %"):
            page.get_by_role("button", name=speed).click()
            page.wait_for_function("() => !document.querySelector('[data-angle]').paused")
            page.wait_for_timeout(1_000)  # it catches up within that
            found = page.evaluate(APART_PLAYING)
            assert median(found) == pytest.approx(LATER_MS / 1000, abs=1 / RATE_HZ), (speed, json.dumps(found))
        assert page.locator("[data-angle]").evaluate("video => video.muted")
        page.locator("[data-angle]").click()
        page.wait_for_function("() => document.querySelector('[data-player]').paused")
        assert apart_s(page) == pytest.approx(LATER_MS / 1000, abs=1 / RATE_HZ)
