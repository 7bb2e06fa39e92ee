"""Tests in a real browser: a clip is rated by keys in the library, on its page and in an edit; seasons are read."""

import re

import pytest
from playwright.sync_api import Page, expect

from clips.tests.browser import log_in_as_admin, open_page, press
from clips.tests.reels.test_reels_browser import MAKE_CLIPS, add_all, cards, findings

pytestmark = pytest.mark.slow


@pytest.fixture(params=[(390, 844, True), (1440, 900, False)], ids=["phone", "desk"])
def page(request, chromium, running_site) -> Page:
    running_site.shell.run(MAKE_CLIPS)
    width_px, height_px, touch = request.param
    with open_page(chromium, running_site.base_url, width_px=width_px, height_px=height_px, touch=touch) as page:
        log_in_as_admin(page, running_site)
        yield page


def test_keys_rate_a_clip_wherever_it_is_seen_and_a_toast_undoes_it(page):
    page.goto("/clips?q=edit+evening")
    first = page.locator("#results [data-clip]").first
    first.get_by_role("link").first.focus()
    press(page, "4")
    expect(page.locator("#toasts")).to_contain_text("Rated 1 clip: ★★★★")
    expect(first.locator(".stars-given")).to_contain_text("4 stars")
    page.locator("#toasts").get_by_role("button", name=re.compile("Undo")).first.click()
    expect(first.locator(".stars-given")).to_have_count(0)
    first.get_by_role("link").first.click()
    stars = page.get_by_role("group", name="Stars")
    press(page, "3")
    expect(stars.locator("[data-lit]")).to_have_count(3)
    stars.get_by_role("button", name="5 stars").click()
    expect(stars.locator("[data-lit]")).to_have_count(5)
    assert findings(page) == []
    page.locator("#toasts").get_by_role("button", name=re.compile("Undo")).first.click()
    expect(stars.locator("[data-lit]")).to_have_count(3)
    name = f"Rated {page.viewport_size['width']}"
    add_all(page, name)
    page.locator("#toasts").get_by_role("link", name=name).click()
    cards(page).nth(0).get_by_role("button").click()
    box = page.locator("#reel-clip")
    box.get_by_role("button", name="3 stars").click()
    expect(box.locator("[data-lit]")).to_have_count(0)
    box.locator("[data-heart]").click()
    expect(box.locator("[data-heart]")).to_have_attribute("aria-pressed", "true")
    box.locator("[data-heart]").click()
    expect(box.locator("[data-heart]")).to_have_attribute("aria-pressed", "false")


def test_a_season_a_rider_and_a_trick_lead_to_each_other_without_faults_of_access(page):
    page.goto("/seasons/2024")
    assert findings(page) == []
    page.locator("#riders").locator("xpath=ancestor::section").get_by_role("link", name="Miller Downey").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Miller Downey")
    assert findings(page) == []
    page.get_by_role("link", name="Lipslide").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Lipslide")
    assert findings(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0
