"""Tests in a real browser: clips are selected, tagged and tagged back, by mouse, by keys and by finger."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from clips.tests.browser import log_in_as_admin, open_page, press

pytestmark = pytest.mark.slow

MAKE_CLIPS = """
import datetime
from clips.models import Shoot
from clips.sorting.decisions import Choice, make_clip
from clips.tests.factories import OriginalFileFactory
from people.models import Member
shoot = Shoot.objects.called("Bulk Evening", datetime.date(2024, 12, 1))
original = OriginalFileFactory(shoot=shoot, duration_ms=600_000, camera_id="CAM_GOPRO11", fps_label="240FPS")
for number in range(60):
    choice = Choice(start_ms=number * 5000, end_ms=number * 5000 + 3000)
    make_clip(original, choice, Member.objects.first())
"""
SIZES = {"phone": (390, 844, True), "desk": (1440, 900, False)}


@pytest.fixture(scope="module")
def evening(running_site) -> None:
    """Sixty untagged clips, more than a page shows."""
    running_site.shell.run(MAKE_CLIPS)


@pytest.fixture
def rider(running_site) -> None:
    """A rider whose name a list offers."""
    make = "from people.models import Person; Person.objects.find_or_add('Tapped Rider')"
    running_site.shell.run(make)


@pytest.fixture(params=SIZES)
def page(request, chromium, running_site, evening) -> Page:
    width_px, height_px, touch = SIZES[request.param]
    options = {"width_px": width_px, "height_px": height_px, "touch": touch}
    with open_page(chromium, running_site.base_url, **options) as page:
        log_in_as_admin(page, running_site)
        page.goto("/clips?q=bulk+evening")
        page.wait_for_load_state()
        yield page


def cards(page: Page):
    return page.locator("[data-clip]")


def press_long(page: Page, number: int) -> None:
    """Hold a finger on a card."""
    box = cards(page).nth(number).locator(".clip-media").bounding_box()
    press_at(page, {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2})


def press_at(page: Page, point: dict[str, float]) -> None:
    cdp = page.context.new_cdp_session(page)
    cdp.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    page.wait_for_timeout(700)
    cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def selected(page: Page):
    return page.locator("[data-selection-count]")


def findings(page: Page) -> list[str]:
    """Return what axe-core finds, one line each."""
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['target']}" for rule in found for node in rule["nodes"]]


def undo(page: Page) -> None:
    page.locator("#toasts").get_by_role("button", name=re.compile("Undo")).first.click()
    expect(page.locator("#toasts")).to_contain_text("Undone.")
    expect(cards(page).filter(has_text="Bulk Rider")).to_have_count(0)


def test_a_finger_that_selects_presses_nothing_in_the_bar_that_comes_below_it(chromium, running_site, evening):
    with open_page(chromium, running_site.base_url, width_px=844, height_px=390, touch=True) as page:
        log_in_as_admin(page, running_site)
        page.goto("/clips?q=bulk+evening&view=list")
        page.wait_for_load_state()
        cards(page).first.locator("[data-choose]").evaluate("box => box.click()")
        expect(selected(page)).to_have_text("1 selected")
        heart = page.locator("[data-selection-bar]").get_by_role("button", name="Heart").bounding_box()
        page.get_by_role("button", name="Clear").click()
        expect(page.locator("[data-selection-bar]")).to_be_hidden()
        point = {"x": heart["x"] + heart["width"] / 2, "y": heart["y"] + heart["height"] / 2}
        page.evaluate(
            """({ x, y }) => {
            const card = document.querySelectorAll("[data-clip]")[20];
            const { top, height } = card.getBoundingClientRect();
            scrollBy({ top: top + height / 2 - y, behavior: "instant" });
        }""",
            point,
        )
        press_at(page, point)
        expect(selected(page)).to_have_text("1 selected")
        page.wait_for_timeout(1_000)
        assert page.locator("#toasts .toast").count() == 0
        expect(selected(page)).to_have_text("1 selected")


def test_ten_clips_are_tagged_by_few_keys_and_tagged_back(page):
    """Two clicks and eleven keys: T, the name, Enter for the name, Enter for all."""
    if page.viewport_size["width"] == 390:
        press_long(page, 0)
        for number in range(1, 10):
            cards(page).nth(number).locator("a").tap()
    else:
        cards(page).nth(0).hover()
        cards(page).nth(0).locator("[data-choose]").click()
        cards(page).nth(9).locator("[data-choose]").click(modifiers=["Shift"])
    expect(selected(page)).to_have_text("10 selected")
    expect(page).to_have_url(re.compile("/clips"))
    if page.viewport_size["width"] == 390:
        page.get_by_role("button", name="Tag", exact=True).click()
    else:
        press(page, "t")
    expect(page.get_by_role("dialog")).to_contain_text("Tag 10 clips")
    page.keyboard.type("bulk rider", delay=30)
    press(page, "Enter")
    expect(page.locator(".bulk-plan")).to_contain_text(
        "10 clips change. 10 files are renamed and moved in the archive."
    )
    press(page, "Enter")
    expect(page.locator("#toasts")).to_contain_text(re.compile("Tagged 10 clips: bulk rider", re.IGNORECASE))
    expect(cards(page).filter(has_text=re.compile("bulk rider", re.IGNORECASE))).to_have_count(10)
    expect(page.locator("[data-selection-bar]")).to_be_hidden()
    undo(page)


def test_the_selection_survives_paging_and_going_back(page):
    cards(page).nth(3).locator("[data-choose]").check(force=True)
    expect(selected(page)).to_have_text("1 selected")
    page.get_by_role("link", name="Next").click()
    expect(page).to_have_url(re.compile("page=2"))
    expect(selected(page)).to_have_text("1 selected")
    cards(page).nth(0).locator("[data-choose]").check(force=True)
    expect(selected(page)).to_have_text("2 selected")
    page.go_back()
    expect(page).to_have_url(re.compile(r"/clips\?q=bulk\+evening$"))
    expect(cards(page).nth(3).locator("[data-choose]")).to_be_checked()
    expect(selected(page)).to_have_text("2 selected")
    page.get_by_role("button", name=re.compile("Clear")).click()
    expect(page.locator("[data-selection-bar]")).to_be_hidden()


def test_all_that_match_are_changed_at_once(page):
    cards(page).nth(0).locator("[data-choose]").check(force=True)
    page.get_by_role("button", name="All 60").click()
    expect(selected(page)).to_have_text("60 selected")
    cards(page).nth(1).locator("[data-choose]").uncheck(force=True)
    expect(selected(page)).to_have_text("59 selected")
    page.get_by_role("button", name=re.compile("^Tag")).first.click()
    page.get_by_role("dialog").get_by_label("crash").check()
    expect(page.locator(".bulk-plan")).to_contain_text("59 clips change.")
    page.get_by_role("button", name="Tag 59 clips").click()
    expect(page.locator("#toasts")).to_contain_text("Tagged 59 clips: crash")
    expect(page.locator("[data-category=CRASH]")).to_have_count(47)
    undo(page)
    expect(page.locator("[data-category=CRASH]")).to_have_count(0)


def test_what_cannot_be_done_is_said_in_the_dialog(page):
    cards(page).nth(0).locator("[data-choose]").check(force=True)
    page.get_by_role("button", name=re.compile("^Tag")).first.click()
    page.get_by_role("button", name="Tag 1 clip").click()
    expect(page.get_by_role("dialog")).to_contain_text("Choose a rider, a trick or a category.")
    page.get_by_role("button", name="Cancel").click()
    expect(selected(page)).to_have_text("1 selected")


def test_one_key_or_tap_gives_a_heart_and_takes_it_away(page):
    heart = cards(page).nth(0).locator("[data-heart]")
    expect(heart).to_have_attribute("aria-pressed", "false")
    if page.viewport_size["width"] == 390:
        heart.tap()
    else:
        cards(page).nth(0).locator("a").focus()
        press(page, "h")
    expect(heart).to_have_attribute("aria-pressed", "true")
    expect(heart).to_have_accessible_name(re.compile(r"^1 heart: "))
    cards(page).nth(0).locator("a").click()
    expect(page).to_have_url(re.compile(r"/clips/[0-9a-f-]{36}"))
    heart = page.locator(".clip-actions [data-heart]")
    expect(heart).to_have_attribute("aria-pressed", "true")
    press(page, "h")
    expect(heart).to_have_attribute("aria-pressed", "false")
    expect(heart).not_to_have_attribute("data-hearted", "")
    page.go_back()
    expect(cards(page).nth(0).locator("[data-heart]")).to_have_attribute("aria-pressed", "false")


def test_a_selection_gets_hearts_by_one_key_and_loses_them_by_undo(page):
    for number in range(3):
        cards(page).nth(number).locator("[data-choose]").check(force=True)
    press(page, "h")
    expect(page.locator("#toasts")).to_contain_text("Gave 3 clips a heart")
    expect(page.locator("[data-heart][aria-pressed=true]")).to_have_count(3)
    expect(selected(page)).to_have_text("3 selected")
    press(page, "z")
    expect(page.locator("#toasts")).to_contain_text("Undone. 3 are as before.")
    expect(page.locator("[data-heart][aria-pressed=true]")).to_have_count(0)


def test_at_most_three_toasts_lie_there_the_newest_on_top(page):
    cards(page).nth(0).locator("[data-choose]").check(force=True)
    toasts = page.locator("#toasts .toast")
    for number, says in enumerate(["Gave 1 clip a heart", "Took the heart off 1 clip"] * 3, start=1):
        press(page, "h")
        expect(toasts.first).to_contain_text(says)
        expect(toasts).to_have_count(min(number, 3))
    press(page, "z")
    expect(toasts.first).to_contain_text("Undone.")
    press(page, "h")  # as it was, for the test that comes next
    expect(toasts.first).to_contain_text("Took the heart off 1 clip")


def test_a_selection_goes_to_the_bin_and_comes_back(page):
    for number in (0, 1):
        cards(page).nth(number).locator("[data-choose]").check(force=True)
    press(page, "Delete")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("2 clips go to the bin and can be restored for 30 days.")
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(page.get_by_role("button", name=re.compile("^Bin"))).to_be_focused()
    press(page, "Delete")
    press(page, "Enter")
    expect(page.locator("#toasts")).to_contain_text("Binned: 2 clips")
    expect(page.locator("#results")).to_have_attribute("data-total", "58")
    expect(page.locator("[data-selection-bar]")).to_be_hidden()
    press(page, "z")
    expect(page.locator("#toasts")).to_contain_text("Restored: 2 clips")
    expect(page.locator("#results")).to_have_attribute("data-total", "60")


def test_choices_of_the_dialog_rule_each_other_out_and_the_focus_returns(page):
    cards(page).nth(0).locator("[data-choose]").check(force=True)
    press(page, "t")
    dialog = page.get_by_role("dialog")
    riders = dialog.get_by_role("combobox", name="Rider")
    page.keyboard.type("bulk rider", delay=30)
    press(page, "Enter")
    dialog.get_by_label("Add").check()
    dialog.get_by_label("No rider").check()
    expect(dialog.get_by_label("Add")).not_to_be_checked()
    expect(riders).to_have_value("")
    dialog.get_by_label("Add").check()
    expect(dialog.get_by_label("No rider")).not_to_be_checked()
    dialog.get_by_label("No trick").check()
    dialog.get_by_label("crash").check()
    press(page, "Escape")
    expect(page.get_by_role("button", name=re.compile("^Tag")).first).to_be_focused()


def test_enter_in_a_choice_of_the_dialog_saves(page):
    cards(page).nth(0).locator("[data-choose]").check(force=True)
    press(page, "t")
    page.get_by_role("dialog").get_by_label("crash").check()
    press(page, "Enter")
    expect(page.locator("#toasts")).to_contain_text("Tagged 1 clip: crash")
    undo(page)


@pytest.mark.parametrize("view", ["grid", "list"])
def test_a_selection_and_its_dialogs_are_accessible_and_fit(page, view):
    page.goto(f"/clips?q=bulk+evening&view={view}")
    for number in (0, 2):
        cards(page).nth(number).locator("[data-choose]").check(force=True)
    box = cards(page).nth(0).locator(".choose")
    expect(box).to_have_css("opacity", "1")
    picture = cards(page).nth(0).locator(".clip-media").bounding_box()
    if view == "list":
        assert box.bounding_box()["x"] + box.bounding_box()["width"] <= picture["x"] + 1
    faults = [findings(page)]
    for key in ("t", "Delete"):
        press(page, key)
        expect(page.get_by_role("dialog").locator(".button-row")).to_be_in_viewport()
        page.wait_for_timeout(200)  # the plan is there
        faults.append(findings(page))
        press(page, "Escape")
        expect(page.get_by_role("dialog")).to_be_hidden()
    assert faults == [[], [], []]
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_clips_of_a_session_are_selected_too(page):
    """Its link leads to the library."""
    cards(page).nth(0).locator("a").click()
    page.locator(".clip-side").get_by_role("link", name="Bulk Evening").click()
    page.get_by_role("link", name="View all 60 clips").click()
    expect(page).to_have_url(re.compile(r"/clips\?.*session="))
    cards(page).nth(0).locator("[data-choose]").check(force=True)
    page.get_by_role("button", name="All 60").click()
    expect(selected(page)).to_have_text("60 selected")


def test_a_name_is_taken_by_a_tap_that_ticks_nothing_below_it_and_a_reload_keeps_the_undo(page, rider):
    cards(page).nth(0).locator("[data-choose]").check(force=True)
    page.get_by_role("button", name=re.compile("^Tag")).first.click()
    page.keyboard.type("tapp", delay=30)
    option = page.get_by_role("option", name="Tapped Rider").first
    expect(option).to_be_visible()
    if page.viewport_size["width"] == 390:
        option.tap()
    else:
        option.click()
    expect(page.get_by_label("Rider", exact=False).first).to_have_value("Tapped Rider")
    expect(page.locator("#bulk-tags [name=adds]")).not_to_be_checked()
    page.get_by_role("button", name="Tag 1 clip").click()
    expect(page.locator("#toasts")).to_contain_text("Tagged 1 clip: Tapped Rider")
    page.reload()
    expect(page.locator("#toasts")).to_contain_text("Tagged 1 clip: Tapped Rider")
    page.wait_for_function("document.querySelector('#toasts [data-undo]')['htmx-internal-data']")
    press(page, "z")
    expect(page.locator("#toasts")).to_contain_text("Undone.")
    page.reload()
    expect(cards(page).first).to_be_visible()
    expect(page.locator("#toasts .toast")).to_have_count(0)
