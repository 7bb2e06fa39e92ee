"""Tests sorting on a phone: all of a decision on one screen, twenty of them by swipes, and what folds away."""

import json
from itertools import cycle

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from clips.tests.browser import press
from clips.tests.sorting.sort_table import lay_table, run_in
from clips.tests.sorting.test_sort_page import arrived, card, field, next_card, on_top
from clips.tests.sorting.test_sort_sight_browser import (
    CLIPS,
    OUT_OF_SIGHT,
    OVERLAPS,
    Finger,
    keep_as,
    site_page,  # noqa: F401  a fixture
    write,
)

pytestmark = pytest.mark.slow

PHONES = [(360, 640), (390, 664), (390, 844), (844, 390)]
N_SWIPES = 20
RIDERS = ["Mia Berger", "Jo Smith", "Ronja Melon"]
TRICKS = ["Grumblegrab", "Wobbletop", ""]
#: Adds up how far things jump by themselves, and all that moves at all.
WATCH_SHIFTS = """() => {
  window.shifts = [];
  new PerformanceObserver((list) => window.shifts.push(...list.getEntries()))
    .observe({ type: 'layout-shift', buffered: false });
}"""
SHIFTED = "() => window.shifts.filter((one) => !one.hadRecentInput).reduce((sum, { value }) => sum + value, 0)"


def boxes(page: Page, *selectors: str) -> list[dict]:
    return [card(page).locator(selector).bounding_box() for selector in selectors]


def fits(page: Page, width_px: int, height_px: int) -> None:
    """Everything is in sight, covers nothing, and nothing is to be scrolled."""
    seen = page.evaluate(OUT_OF_SIGHT)
    assert seen["n"] >= 20
    assert not seen["wrong"]
    assert not page.evaluate(OVERLAPS)
    size = page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert size == [width_px, height_px]


@pytest.mark.parametrize(("width_px", "height_px"), PHONES)
def test_the_picture_reaches_the_edges_with_its_names_on_it(site_page, running_site, request, width_px, height_px):  # noqa: F811
    page = site_page(width_px, height_px)
    page.goto(lay_table(running_site, request.node.name, 4))
    keep_as(page, "Ronja Melon", "Wobbletop")
    arrived(page)
    fits(page, width_px, height_px)
    picture, rider, trick = boxes(page, "[data-swipe]", "[name=people]", "[name=trick]")
    assert picture["x"] == 0
    if width_px < height_px:
        assert picture["width"] == width_px
    assert picture["height"] > 0.45 * height_px
    for chip in (rider, trick):
        assert picture["x"] <= chip["x"] <= chip["x"] + chip["width"] <= picture["x"] + picture["width"]
        assert picture["y"] <= chip["y"] <= chip["y"] + chip["height"] <= picture["y"] + picture["height"]
    following = page.locator("[data-current] + [data-card] [data-swipe]").bounding_box()
    beyond = (
        following["y"] + following["height"] - picture["y"] - picture["height"],
        following["x"] + following["width"] - picture["x"] - picture["width"],
    )
    assert max(beyond) >= 8, "the next card looks out behind it"
    keep = page.get_by_role("button", name="Keep").bounding_box()
    assert keep["y"] > height_px / 2, "at the thumb"
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()


@pytest.mark.parametrize(("width_px", "height_px"), PHONES)
def test_the_player_lies_behind_one_tap_and_stays_open_for_the_next_card(
    site_page,  # noqa: F811
    running_site,
    request,
    width_px,
    height_px,
):
    page = site_page(width_px, height_px)
    page.goto(lay_table(running_site, request.node.name, 4))
    on_top(page)
    expect(card(page).locator("[data-track]")).to_be_hidden()
    expect(card(page).get_by_role("button", name="Play or pause")).to_be_hidden()
    button = card(page).get_by_role("button", name="Player and trim")
    expect(button).to_have_attribute("aria-expanded", "false")
    button.tap()
    expect(button).to_have_attribute("aria-expanded", "true")
    for _card in range(2):
        for part in ("[data-track]", "[data-map]", "[data-do=play]", "[data-do=speed]", "[data-do=sound]"):
            expect(card(page).locator(part)).to_be_visible()
        fits(page, width_px, height_px)
        next_card(page, lambda: page.get_by_role("button", name="Trash").tap())
        expect(card(page).get_by_role("button", name="Player and trim")).to_have_attribute("aria-expanded", "true")
    box = card(page).locator("[data-swipe]").bounding_box()
    page.touchscreen.tap(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(card(page).locator("[data-track]")).to_be_hidden()


def test_twenty_swipes_write_the_names_that_were_on_the_picture(site_page, running_site, request):  # noqa: F811
    page = site_page(390, 664)
    address = lay_table(running_site, request.node.name, N_SWIPES + 4)
    page.goto(address)
    for rider, trick in zip(RIDERS, TRICKS, strict=True):
        keep_as(page, rider, trick)
    arrived(page)
    finger, wanted = Finger(page), {}
    # Typed, then by its chip of names used lately, then left as it came with the card before.
    ways = cycle(["typed", "chip", "as it was"])
    for number in range(N_SWIPES):
        segment, way = on_top(page), next(ways)
        rider = RIDERS[(number + number // 3) % len(RIDERS)] if way != "as it was" else field(page, "people")
        trick = TRICKS[(number // 2) % len(TRICKS)]
        if way == "typed":
            write(page, "people", rider)
        elif way == "chip":
            page.locator(f"[data-recent-of=people][data-value='{rider}']").tap()
        if trick:
            write(page, "trick", trick)
        says = finger.down(150)
        assert says == f"Keep · {rider} · {trick or 'untagged trick'}", "before the finger is lifted"
        page.wait_for_timeout(300)
        next_card(page, finger.up)
        wanted[segment] = [rider, [], trick, "TRICK"]
    arrived(page)
    rows = json.loads(run_in(running_site, CLIPS % address.split("=")[1]).splitlines()[-1])
    right = [segment for segment, names in wanted.items() if rows.get(segment) == names]
    assert len(right) == N_SWIPES
    assert len({tuple(map(str, names)) for names in wanted.values()}) > 5, "they were different"


def test_three_hints_are_there_once_for_each_browser(site_page, running_site, request):  # noqa: F811
    page = site_page(390, 664)
    page.goto(lay_table(running_site, request.node.name, 4))
    hints = page.get_by_role("region", name="Sort with your thumb")
    expect(hints.get_by_role("listitem")).to_have_count(3)
    on_top(page)
    assert not page.evaluate(OUT_OF_SIGHT)["wrong"], "they cover nothing that can be pressed"
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()
    page.reload()
    expect(hints).to_be_visible()  # nobody has closed them yet
    hints.get_by_role("button", name="Got it").tap()
    expect(hints).to_be_hidden()
    expect(card(page)).to_be_focused()
    page.reload()
    on_top(page)
    page.wait_for_timeout(500)
    expect(hints).to_be_hidden()


def test_the_first_decision_takes_the_hints_away(site_page, running_site, request):  # noqa: F811
    page = site_page(360, 640)
    page.goto(lay_table(running_site, request.node.name, 4))
    hints = page.locator("[data-hints]")
    expect(hints).to_be_visible()
    finger = Finger(page)
    finger.down(-150)
    next_card(page, finger.up)
    expect(hints).to_be_hidden()


def test_a_desk_has_hints_of_its_keys_once_and_its_player_open(site_page, running_site, request):  # noqa: F811
    desk = site_page(1440, 900)
    desk.goto(lay_table(running_site, request.node.name, 4))
    on_top(desk)
    desk.wait_for_timeout(500)
    expect(card(desk).locator("[data-do=tools]")).to_be_hidden()
    expect(card(desk).locator("[data-track]")).to_be_visible()
    hints = desk.get_by_role("region", name="Sort with your keyboard")
    expect(hints.get_by_role("listitem")).to_have_count(3)
    found = Axe().run(desk)
    assert not found.response["violations"], found.generate_report()
    press(desk, "x")
    expect(hints).to_be_hidden()
    desk.reload()
    on_top(desk)
    expect(card(desk)).to_be_visible()
    expect(desk.locator("[data-hints]")).to_be_hidden()


def test_nothing_jumps_when_the_bars_of_the_browser_hide(site_page, running_site, request):  # noqa: F811
    page = site_page(390, 664)
    page.goto(lay_table(running_site, request.node.name, 3))
    on_top(page)
    page.get_by_role("button", name="Got it").tap()
    page.wait_for_timeout(1000)
    page.evaluate(WATCH_SHIFTS)
    devtools = page.context.new_cdp_session(page)
    (before,) = boxes(page, "[data-swipe]")
    for height_px in (700, 720, 744):  # as they slide away
        metrics = {"width": 390, "height": height_px, "deviceScaleFactor": 1, "mobile": True}
        devtools.send("Emulation.setDeviceMetricsOverride", metrics)
        page.wait_for_timeout(300)
        assert page.evaluate("() => innerHeight") == height_px
        fits(page, 390, height_px)
    page.wait_for_timeout(700)
    assert page.evaluate(SHIFTED) <= 0.01
    (after,) = boxes(page, "[data-swipe]")
    assert (after["x"], after["y"], after["width"]) == (before["x"], before["y"], before["width"])
    assert after["height"] == before["height"] + 80, "all of it goes to the picture"


def test_a_notch_and_a_home_bar_cover_nothing(site_page, running_site, request):  # noqa: F811
    page = site_page(844, 390)
    page.goto(lay_table(running_site, request.node.name, 3))
    on_top(page)
    page.get_by_role("button", name="Got it").tap()
    devtools = page.context.new_cdp_session(page)
    devtools.send("Emulation.setSafeAreaInsetsOverride", {"insets": {"left": 47, "right": 47, "bottom": 21}})
    page.wait_for_timeout(300)
    fits(page, 844, 390)
    (picture,) = boxes(page, "[data-swipe]")
    keep = page.get_by_role("button", name="Keep").bounding_box()
    assert picture["x"] == 47
    assert keep["x"] + keep["width"] <= 844 - 47
    assert keep["y"] + keep["height"] <= 390 - 21
