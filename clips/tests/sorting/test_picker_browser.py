"""Tests names typed on the sort page: Enter takes the intended name, and new names show similar known ones."""

import pytest
from playwright.sync_api import Page, expect

from clips.tests.browser import press
from clips.tests.sorting.sort_table import lay_table
from clips.tests.sorting.test_sort_page import card, field, next_card
from clips.tests.sorting.test_sort_sight_browser import SIZES, site_page  # noqa: F401  a fixture

pytestmark = pytest.mark.slow


@pytest.fixture
def page_at(site_page, running_site, request):  # noqa: F811
    """Return a function that opens the sort page with a card at a size."""

    def open_(width_px: int, height_px: int) -> Page:
        page = site_page(width_px, height_px)
        page.goto(lay_table(running_site, request.node.name, 2))
        expect(card(page)).to_be_visible()
        return page

    return open_


def type_name(page: Page, name: str, text: str, *keys: str) -> None:
    """Type into a box, wait for its list, and press keys."""
    box = card(page).locator(f"[name={name}]")
    box.click()
    box.fill("")
    box.press_sequentially(text)
    options = box.locator("xpath=ancestor::*[@data-picker]").locator("[data-options]")
    expect(options).to_have_attribute("data-typed", text)
    for key in keys:
        box.press(key)
    expect(card(page).locator("[data-resolving]")).to_have_count(0)


def marks(page: Page, name: str) -> str:
    return card(page).locator(f"[data-picker]:has([name={name}]) [data-mark]").text_content()


@pytest.mark.parametrize(
    ("typed", "keys", "written", "mark"),
    [
        ("backside 180", ["Enter"], "BS 180", ""),
        ("frontside 3-60", ["Enter"], "FS 360", ""),
        ("nollie 180", ["Enter"], "Nollie 180", "new: Nollie 180"),
        ("back rodeo 7", ["Enter"], "BS rodeo 720", "new: BS rodeo 720"),
        ("kickf", ["Enter"], "kickf", "new: kickf"),
        ("kickf", ["ArrowDown", "Enter"], "Kickflip", ""),
        ("tre flip", ["Enter"], "360 Flip", ""),
    ],
)
def test_enter_writes_the_trick_that_was_meant(page_at, typed, keys, written, mark):
    page = page_at(1440, 900)
    type_name(page, "trick", typed, *keys)
    assert field(page, "trick") == written
    assert marks(page, "trick") == mark


@pytest.mark.parametrize(("width_px", "height_px"), SIZES)
def test_a_misspelt_trick_is_new_and_what_it_resembles_is_one_tap_away(page_at, width_px, height_px):
    page = page_at(width_px, height_px)
    type_name(page, "trick", "kickflp", "Enter")
    assert (field(page, "trick"), marks(page, "trick")) == ("kickflp", "new: kickflp")
    double = card(page).get_by_role("button", name="Use Kickflip", exact=True)
    expect(double).to_be_in_viewport(ratio=1)
    double.click()
    assert (field(page, "trick"), marks(page, "trick")) == ("Kickflip", "")
    expect(double).to_have_count(0)


def test_a_rider_is_picked_by_a_beginning_and_never_by_a_typo(page_at):
    page = page_at(1440, 900)
    type_name(page, "people", "Ronja Melon", "Enter")
    next_card(page, lambda: press(page, "Enter"))
    expect(card(page).locator("[name=people]")).to_have_value("Ronja Melon")
    type_name(page, "people", "ron", "Enter")
    assert field(page, "people") == "Ronja Melon"
    type_name(page, "people", "Ronya Melon", "Enter")
    assert (field(page, "people"), marks(page, "people")) == ("Ronya Melon", "new: Ronya Melon")
    type_name(page, "people", "ronja\u00a0\u200bmelon", "Enter")
    assert field(page, "people") == "Ronja Melon"


def test_a_new_rider_is_known_on_the_next_card_also_while_the_keep_is_on_its_way(page_at):
    page = page_at(1440, 900)
    type_name(page, "people", "Walburga Quist", "Enter")
    held, asked = [], []
    page.route("**/sort/keep", lambda route: held.append(route))
    page.on("request", lambda request: "/people/pick" in request.url and asked.append(request.url))
    next_card(page, lambda: press(page, "Enter"))
    box = card(page).locator("[name=people]")
    box.fill("walb")
    page.wait_for_timeout(200)  # longer than it takes until the page asks
    assert asked == []
    [keep] = held
    keep.continue_()
    options = card(page).locator("[data-picker]:has([name=people]) [data-options]")
    expect(options).to_have_attribute("data-typed", "walb")
    box.press("Enter")
    expect(box).to_have_value("Walburga Quist")
    assert marks(page, "people") == ""


@pytest.mark.parametrize(
    ("typed", "written", "mark"),
    [
        ("back 7", "BS 720", ""),
        ("bs180", "BS 180", ""),
        ("rodeo 9", "rodeo 900", "new: rodeo 900"),
        ("kick", "kick", "new: kick"),
    ],
)
def test_leaving_the_box_writes_what_will_be_stored(page_at, typed, written, mark):
    page = page_at(390, 664)
    box = card(page).locator("[name=trick]")
    box.click()
    box.press_sequentially(typed)
    box.press("Tab")
    expect(card(page).locator("[data-picker]:has([name=trick]) [data-mark]")).to_have_text(mark)
    expect(box).to_have_value(written)
    expect(page.locator("[data-keep-says]")).to_contain_text(written)


def test_several_new_riders_are_all_called_new_and_invisible_ones_are_none(page_at):
    page = page_at(1440, 900)
    type_name(page, "people", "Zed Quux", "Enter")
    press(page, "p")
    box = card(page).locator("[name=people]")
    box.press("End")
    box.press_sequentially(", Yara Quux")
    expect(card(page).locator("[data-picker]:has([name=people]) [data-options]")).to_have_attribute(
        "data-typed", "Yara Quux"
    )
    box.press("Enter")
    expect(box).to_have_value("Zed Quux, Yara Quux")
    assert marks(page, "people") == "new: Zed Quux, Yara Quux"
    type_name(page, "people", "\u200b\u2060", "Enter")
    assert field(page, "people") == ""
    expect(page.locator("[data-keep-says]")).to_have_text("untagged")


@pytest.mark.parametrize(("width_px", "height_px"), SIZES)
def test_the_whole_list_is_on_the_screen(page_at, width_px, height_px):
    page = page_at(width_px, height_px)
    type_name(page, "trick", "s")
    options = card(page).locator("[data-picker]:has([name=trick]) [data-options]")
    expect(options).to_be_in_viewport(ratio=1)
