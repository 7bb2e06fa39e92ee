"""Tests finding and taking home in a real browser, on a phone and a desk: search, facets, saved view, columns, ZIP."""

import re
import zipfile

import pytest
from playwright.sync_api import Page, expect

from clips.tests.browser import log_in_as_admin, open_page, press
from clips.tests.library.test_library_browser import PATIENCE_MS, library  # noqa: F401 - a fixture

pytestmark = pytest.mark.slow


@pytest.fixture(params=[(390, 844), (1440, 900)], ids=["phone", "desk"])
def page(chromium, running_site, library, request) -> Page:  # noqa: F811
    width_px, height_px = request.param
    is_phone = width_px < 600
    with open_page(
        chromium, running_site.base_url, width_px=width_px, height_px=height_px, touch=is_phone
    ) as page:  # fmt: skip
        log_in_as_admin(page, running_site)
        page.goto("/clips")
        yield page


def facet(page: Page, name: str):
    """Return a facet, opened."""
    menus = page.locator(".library-filters > summary")
    if menus.is_visible() and page.locator(".library-filters").get_attribute("open") is None:
        menus.click()
    box = page.locator(f"#facet-{name}")
    if box.get_attribute("open") is None:
        box.locator("summary").click()
    return box


def test_a_misspelt_search_and_a_month_find_and_say_so(page):
    search = page.get_by_label("Search clips")
    search.press_sequentially("brintey dez 2024", delay=20)
    expect(page.locator("[data-clip]")).to_have_count(1)
    expect(page.get_by_text("Showing results for")).to_contain_text("britney dez 2024")
    search.fill("january")
    expect(page.get_by_text("No matches")).to_be_visible()


def test_several_values_are_ticked_counted_and_kept_in_the_address(page):
    riders = facet(page, "person")
    expect(riders.locator("label").filter(has_text="Jo Hansen")).to_contain_text("1")
    riders.get_by_label("Jo Hansen").check()
    expect(page.locator("[data-clip]")).to_have_count(1)
    expect(facet(page, "trick").locator("label")).to_have_count(1)
    riders.get_by_label("Zoe").check()
    expect(page.locator("[data-clip]")).to_have_count(2)
    expect(page).to_have_url(re.compile(r"\?person=Jo_Hansen&person=Zoe$"))
    expect(facet(page, "trick").locator("label")).to_have_count(2)
    page.reload()
    expect(facet(page, "person").locator(":checked")).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_a_search_is_saved_found_again_and_deleted(page):
    page.goto("/clips?person=Zoe")
    page.get_by_text("Save view").click()
    page.get_by_label("Name").fill("Only Zoe")
    press(page, "Enter")
    saved = page.get_by_role("link", name="Only Zoe")
    expect(saved).to_have_attribute("aria-current", "page")
    page.goto("/clips")
    saved.click()
    expect(page.locator("[data-clip]")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"\?person=Zoe$"))
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Delete the view Only Zoe").click()
    expect(saved).to_have_count(0)


def test_columns_are_chosen_and_stay_so(page):
    page.goto("/clips?view=list")
    page.locator("[data-columns] summary").click()
    page.locator("[data-columns]").get_by_label("Camera").uncheck()
    expect(page.locator("thead th").filter(has_text="Camera")).to_have_count(0)
    expect(page.locator("[data-columns]")).to_have_attribute("open", "")
    page.goto("/clips?view=list&sort=-trick")
    expect(page.locator(".clip-row").first).to_contain_text("Nose Bonk")
    expect(page.locator("thead th").filter(has_text="Camera")).to_have_count(0)


def test_a_session_is_found_and_downloaded_with_four_clicks(page):
    wait_until_cut(page)
    page.get_by_role("link", name="Sessions").first.click()
    page.get_by_role("link", name="Backyard Rails").first.click()
    page.get_by_role("link", name="Download clips").click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Download ZIP").click()
    assert saved.value.suggested_filename == "2024-12-01__BackyardRails.zip"
    with zipfile.ZipFile(saved.value.path()) as read:
        assert read.testzip() is None
        assert sum(name.endswith(".mp4") for name in read.namelist()) == 3


def test_a_selection_is_downloaded(page):
    wait_until_cut(page)
    page.locator("[data-clip]").filter(has_text="Zoe").locator("[data-choose]").check(force=True)
    with page.expect_download() as saved:
        page.locator("[data-selection-bar]").get_by_role("button", name="Download").click()
    with zipfile.ZipFile(saved.value.path()) as read:
        assert [name.split("/")[-2] for name in read.namelist() if "/" in name] == ["Nose_Bonk"]


def wait_until_cut(page: Page) -> None:
    for _second in range(PATIENCE_MS // 1000):
        page.goto("/clips")
        if not page.locator(".being-cut").count():
            return
        page.wait_for_timeout(1000)
    raise AssertionError("the clips were never cut")
