"""Tests each key and each gesture of the sort page, in a real browser."""

import contextlib
import functools
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from clips.tests import browser
from clips.tests.browser import log_in_as_admin, open_page
from clips.tests.sorting.sort_table import END_MS, RATE_HZ, START_MS, lay_table
from clips.tests.sorting.test_sort_page import (
    SHOWN_NUMBER,
    arrived,
    card,
    field,
    left,
    next_card,
    on_top,
    shown_number,
)
from trickyclip.tests.site import RunningSite

pytestmark = pytest.mark.slow

PATIENCE_MS = 60_000
FRAME_MS = 1000 / RATE_HZ


@pytest.fixture(scope="module")
def page(chromium, running_site) -> Page:
    """One browser for all of these; each test makes its own session."""
    with open_page(chromium, running_site.base_url) as page:
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        log_in_as_admin(page, running_site)
        yield page


@pytest.fixture
def lay(running_site, request) -> Callable[..., str]:
    return lambda n_cards, **more: lay_table(running_site, request.node.name[:90], n_cards, **more)


@pytest.fixture
def press(page) -> Callable[[str], None]:
    return functools.partial(browser.press, page)


def is_ready(page: Page) -> None:
    on_top(page)
    page.wait_for_function("() => document.querySelector('[data-current] video')?.readyState >= 2")


def time_s(page: Page) -> float:
    return page.evaluate("() => document.querySelector('[data-current] video').currentTime")


def test_j_k_and_l_run_faster_with_each_press_and_stop(page, lay, press):
    page.goto(lay(2))
    is_ready(page)
    rate = "() => document.querySelector('[data-current] video').playbackRate"
    press("l")
    assert page.evaluate(rate) == 1
    press("l")
    assert page.evaluate(rate) == 2
    press("l")
    assert page.evaluate(rate) == 4
    expect(card(page)).to_contain_text("▶ 4×")
    press("k")
    assert page.evaluate(rate) == 1
    page.wait_for_function("() => document.querySelector('[data-current] video').paused")
    page.evaluate("() => { document.querySelector('[data-current] video').currentTime = 4.5; }")
    page.wait_for_timeout(300)
    press("j")
    page.wait_for_function("() => document.querySelector('[data-current] video').currentTime < 4.3")
    press("j")
    expect(card(page)).to_contain_text("◀ 2×")
    press("k")
    page.wait_for_timeout(300)
    stopped_s = time_s(page)
    page.wait_for_timeout(300)
    assert time_s(page) == stopped_s
    next_card(page, lambda: press("s"))
    page.wait_for_function("() => !document.querySelector('[data-current] video').paused")


def test_brackets_move_the_ends_by_a_frame(page, lay, press):
    page.goto(lay(1))
    is_ready(page)
    press("]")
    press("]")
    assert int(field(page, "start_ms")) == -(-(START_MS + 2 * FRAME_MS) // 1)
    press("[")
    assert int(field(page, "start_ms")) == -(-(START_MS + FRAME_MS) // 1)
    press("Shift+[")
    assert int(field(page, "end_ms")) == -(-(END_MS - FRAME_MS) // 1)
    press("Shift+]")
    assert int(field(page, "end_ms")) == END_MS
    # What is shown is the frame that the end is at.
    page.wait_for_function(f"() => {SHOWN_NUMBER}() === {END_MS * RATE_HZ // 1000}")


def test_seconds_speed_sound_play_and_replay(page, lay, press):
    page.goto(lay(1))
    is_ready(page)
    press("Space")
    page.wait_for_function("() => document.querySelector('[data-current] video').paused")
    before_s = time_s(page)
    press("ArrowRight")
    assert time_s(page) == pytest.approx(before_s + 1, abs=0.05)
    press("ArrowLeft")
    assert time_s(page) == pytest.approx(before_s, abs=0.05)
    press(">")
    expect(card(page).locator("[data-speed]")).to_have_text("1.5×")
    press("<")
    press("<")
    expect(card(page).locator("[data-speed]")).to_have_text("½×")
    sound = card(page).locator("[data-do=sound]")
    expect(sound).to_have_attribute("aria-pressed", "false")
    press("m")
    expect(sound).to_have_attribute("aria-pressed", "true")
    press("m")
    page.evaluate("() => { document.querySelector('[data-current] video').currentTime = 7; }")
    press("0")
    page.wait_for_function("() => Math.abs(document.querySelector('[data-current] video').currentTime - 3) < 0.2")


def test_one_key_keeps_as_trick_b_roll_or_crash(page, lay, press):
    page.goto(lay(4))
    kept = []
    for key, category in (("t", "TRICK"), ("r", "BROLL"), ("c", "CRASH")):
        kept.append((on_top(page), category))
        next_card(page, lambda key=key: press(key))
    arrived(page)
    clips = {clip["candidate_segment"]: clip["category"] for clip in page.request.get("/api/clips").json()["results"]}
    assert [(one, clips[one]) for one, _category in kept] == kept


def test_each_kind_of_decision_takes_few_keys_by_the_names_used_lately(page, lay, press):
    """One to trash, skip or keep with the same rider; two with the last trick, or a name used lately; five with one
    typed, or both ends trimmed.
    """
    page.goto(lay(12))
    on_top(page)
    for person, trick in (("Zoe Zander", "Wobbletop"), ("Abraham Quill", "Grumblegrab")):
        press("p")
        page.keyboard.type(person)
        press("Enter")
        expect(card(page)).to_be_focused()
        press("g")
        page.keyboard.type(trick)
        press("Enter")
        expect(card(page)).to_be_focused()
        next_card(page, lambda: press("Enter"))
        arrived(page)
    chips = page.locator("[data-recent-of=people]")
    expect(chips.filter(has_text="Zoe Zander")).to_be_visible()

    def by(*keys: str) -> str:
        segment = on_top(page)
        next_card(page, lambda: [press(key) for key in keys])
        return segment

    by("x")
    by("s")
    as_before = by("Enter")
    same_trick = by("=", "Enter")
    lately = by(chips.filter(has_text="Zoe Zander").get_attribute("data-digit"), "Enter")
    typed = by("p", "a", "q", "Enter", "Enter")
    trimmed = by("]", "]", "Shift+[", "Shift+[", "Enter")
    arrived(page)
    clips = {clip["candidate_segment"]: clip for clip in page.request.get("/api/clips").json()["results"]}
    names = [clips[segment]["person"]["display_name"] for segment in (as_before, same_trick, lately, typed)]
    assert names == ["Abraham Quill", "Abraham Quill", "Zoe Zander", "Abraham Quill"]
    tricks = [clips[segment]["trick"] for segment in (as_before, same_trick, lately)]
    assert [trick and trick["name"] for trick in tricks] == [None, "Grumblegrab", None]
    span_ms = clips[trimmed]["end_ms"] - clips[trimmed]["start_ms"]
    assert span_ms == pytest.approx(END_MS - START_MS - 4 * FRAME_MS, abs=1)

    digit = chips.filter(has_text="Zoe Zander").get_attribute("data-digit")
    press(digit)
    assert field(page, "people") == "Zoe Zander"
    of_trick = page.locator("[data-recent-of=trick]").filter(has_text="Wobbletop").get_attribute("data-digit")
    press(f"Shift+{of_trick}")
    assert field(page, "trick") == "Wobbletop"
    press("f")
    page.keyboard.type("Abraham Quill")
    press("Enter")
    expect(card(page)).to_be_focused()
    assert field(page, "people") == "Zoe Zander, Abraham Quill"
    kept = on_top(page)
    next_card(page, lambda: press("Enter"))
    arrived(page)
    clips = page.request.get("/api/clips").json()["results"]
    (clip,) = [clip for clip in clips if clip["candidate_segment"] == kept]
    assert clip["person"]["display_name"] == "Zoe Zander"
    assert clip["also"] == ["Abraham Quill"]


def test_a_key_can_be_given_to_something_else_and_back(page, lay, press):
    page.goto(lay(3))
    first = on_top(page)
    press("?")
    page.get_by_role("button", name="trash: X").click()
    press("q")
    expect(page.get_by_role("button", name="trash: Q")).to_be_visible()
    press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    press("x")
    page.wait_for_timeout(200)
    assert on_top(page) == first
    page.reload()
    on_top(page)
    expect(page.locator("[data-deck] [data-do=trash]")).to_have_attribute("aria-keyshortcuts", "q")
    next_card(page, lambda: press("q"))
    next_card(page, lambda: press("u"))
    press("?")
    page.get_by_role("button", name="Reset shortcuts").click()
    press("Escape")
    next_card(page, lambda: press("x"))


def test_b_splits_at_the_frame_on_screen_and_n_makes_a_moment_both_undoable(page, lay, press):
    page.goto(lay(2))
    is_ready(page)
    first = on_top(page)
    expect(left(page)).to_have_text("2")
    press("Space")
    page.evaluate("() => { document.querySelector('[data-current] video').currentTime = 4.01; }")
    page.wait_for_function(f"() => {SHOWN_NUMBER}() === {4 * RATE_HZ}")
    page.wait_for_timeout(200)
    press("b")
    expect(card(page).locator("[name=end_ms]")).to_have_value("3999")
    arrived(page)
    expect(left(page)).to_have_text("3")
    rest = next_card(page, lambda: press("s"))
    assert (field(page, "start_ms"), field(page, "end_ms")) == ("4000", str(END_MS))
    is_ready(page)
    assert rest != first
    press("z")
    press("z")
    arrived(page)
    assert on_top(page) == first
    assert field(page, "end_ms") == str(END_MS)
    expect(left(page)).to_have_text("2")

    box = card(page).locator("[data-map]").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.75, box["y"] + box["height"] / 2)
    expect(card(page).locator("[data-map-at]")).to_have_text("0:15.00")
    next_card(page, lambda: press("n"))
    assert (field(page, "start_ms"), field(page, "end_ms")) == ("13000", "17000")
    expect(card(page)).to_contain_text("manual")
    press("z")
    page.wait_for_function("first => document.querySelector('[data-current]')?.dataset.segment === first", arg=first)
    expect(left(page)).to_have_text("2")


@contextlib.contextmanager
def on_a_phone(page: Page, site: RunningSite) -> Iterator[Page]:
    phone = page.context.browser.new_context(
        base_url=site.base_url, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    page = phone.new_page()
    page.set_default_timeout(PATIENCE_MS)
    log_in_as_admin(page, site)
    yield page
    phone.close()


def swipe(page: Page, dx: int, dy: int, *, let_go: bool = True) -> None:
    """Move a finger over the picture."""
    box = card(page).locator("[data-swipe]").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    touch = page.context.new_cdp_session(page)
    touch.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]})
    for step in range(1, 5):
        at = {"x": x + dx * step / 4, "y": y + dy * step / 4}
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [at]})
    if let_go:
        touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    else:
        touch.send("Input.dispatchTouchEvent", {"type": "touchCancel", "touchPoints": []})


def test_swipes_decide_and_say_so_before_the_finger_is_lifted(page, running_site, lay):
    address = lay(6)
    with on_a_phone(page, running_site) as page:
        page.goto(address)
        first = on_top(page)
        swipe(page, 40, 0)
        swipe(page, 160, 0, let_go=False)
        assert on_top(page) == first, "too short, or taken back"
        second = next_card(page, lambda: swipe(page, -160, 0))
        expect(page.locator("[data-notice]")).to_have_text("Trashed")
        next_card(page, lambda: swipe(page, 160, 0))
        assert next_card(page, lambda: swipe(page, 0, 120)) == second
        next_card(page, lambda: swipe(page, 0, -100))
        arrived(page)
        expect(left(page)).to_have_text("5")
        for button in page.locator(".sorter button:visible").all():
            box = button.bounding_box()
            assert min(box["width"], box["height"]) >= 43.9, button.get_attribute("data-do")
        for button in page.locator(".player-buttons button:visible, .deck button:visible").all():
            box = button.bounding_box()
            assert box["x"] >= 0, button.get_attribute("data-do")
            assert box["x"] + box["width"] <= 390, button.get_attribute("data-do")


def test_frames_are_exact_where_they_are_stepped_quickly(page, lay, press):
    page.goto(lay(1))
    is_ready(page)
    press("Space")
    page.wait_for_timeout(400)
    number = shown_number(page)
    for _step in range(12):
        press(".")
    page.wait_for_function(f"() => {SHOWN_NUMBER}() === {number + 12}")
    for _step in range(5):
        press(",")
    page.wait_for_function(f"() => {SHOWN_NUMBER}() === {number + 7}")
