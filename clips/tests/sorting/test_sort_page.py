"""Tests the sort page in a real browser: by mouse, keys and touch, with other sorters, and offline."""

import contextlib
import re
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from clips.tests.browser import log_in, log_in_as_admin, open_page, press
from clips.tests.sorting.sort_table import EACH_MS, END_MS, PASSWORD, RATE_HZ, START_MS, lay_table, run_in

pytestmark = pytest.mark.slow

PATIENCE_MS = 30_000


@pytest.fixture
def page(chromium, running_site) -> Page:
    with open_page(chromium, running_site.base_url) as page:
        page.set_default_timeout(PATIENCE_MS)
        log_in_as_admin(page, running_site)
        yield page


@pytest.fixture
def lay(running_site, request) -> Callable[..., str]:
    """Return a function that makes a session for this test and returns its address."""
    return lambda n_cards, **more: lay_table(running_site, request.node.name[:90], n_cards, **more)


@contextlib.contextmanager
def as_jo(browser: Browser, base_url: str):
    context = browser.new_context(base_url=base_url)
    page = context.new_page()
    log_in(page, "jo", PASSWORD)
    yield page
    context.close()


def on_top(page: Page) -> str:
    """Wait for a card and return its segment."""
    card(page).wait_for()
    return card(page).get_attribute("data-segment")


def card(page: Page):
    return page.locator("[data-card][data-current]")


def next_card(page: Page, act: Callable[[], object]) -> str:
    """Do something that brings another card and return its segment."""
    before = on_top(page)
    act()
    page.wait_for_function(
        "before => { const card = document.querySelector('[data-card][data-current]');"
        "  return card && card.dataset.segment !== before; }",
        arg=before,
    )
    return on_top(page)


#: How many decisions the page still keeps on this device.
WAITING = """() => new Promise((resolve) => {
  const opening = indexedDB.open('trickyclip-sort', 1);
  opening.onsuccess = () => {
    const count = opening.result.transaction('decisions').objectStore('decisions').count();
    count.onsuccess = () => { opening.result.close(); resolve(count.result); };
  };
})"""


def arrived(page: Page) -> None:
    """Wait until the server has all decisions."""
    deadline = time.monotonic() + PATIENCE_MS / 1000
    while n_waiting := page.evaluate(WAITING):
        assert time.monotonic() < deadline, f"{n_waiting} decisions never arrived"
        page.wait_for_timeout(100)


def field(page: Page, name: str) -> str:
    return card(page).locator(f"[name={name}]").input_value()


def clips_of(page: Page, session: str) -> list[dict]:
    """Return the current clips of the test's session through the API, the last one first."""
    found = page.request.get("/api/clips?page_size=100").json()
    return [clip for clip in found["results"] if clip["session_name"] == session and clip["is_current"]]


def left(page: Page, where: str = "session"):
    return page.locator(f"[data-count={where}]")


def test_the_whole_path_by_mouse(page, lay, request):
    page.goto(lay(8, n_files=2))
    first = on_top(page)
    expect(left(page)).to_have_text("8")
    expect(left(page, "file")).to_have_text("4")
    expect(card(page).locator("[data-reasons]")).to_have_text("pop or landing 0:04.00")

    card(page).get_by_role("combobox", name="Rider").click()
    card(page).get_by_role("combobox", name="Rider").press_sequentially("Miller Downey")
    page.get_by_role("option", name="new Miller Downey").click()
    expect(card(page).locator(".picker").first).to_contain_text("new: Miller Downey")
    card(page).get_by_role("radio", name="Crash").check()
    handle = card(page).locator("[data-handle=start]").bounding_box()
    page.mouse.move(handle["x"] + 20, handle["y"] + 20)
    page.mouse.down()
    page.mouse.move(handle["x"] - 60, handle["y"] + 20, steps=4)
    page.mouse.up()
    trimmed_ms = int(field(page, "start_ms"))
    assert trimmed_ms < START_MS
    second = next_card(page, page.get_by_role("button", name="Keep").click)
    assert field(page, "people") == "Miller Downey", "the next one is most often of the same rider"
    expect(card(page)).to_contain_text("Same rider as last")

    next_card(page, page.get_by_role("button", name="Trash").click)
    assert next_card(page, page.get_by_role("button", name="Undo").click) == second
    next_card(page, page.get_by_role("button", name="Skip").click)
    next_card(page, page.get_by_role("button", name="Set video aside").click)
    arrived(page)
    (clip,) = clips_of(page, request.node.name[:90])
    assert (clip["person"]["display_name"], clip["category"]) == ("Miller Downey", "CRASH")
    assert (clip["start_ms"], clip["end_ms"]) == (trimmed_ms, END_MS)
    assert clip["candidate_segment"] == first
    expect(left(page)).to_have_text("4")


def test_the_whole_path_by_keys_alone(page, lay, request):
    page.goto(lay(8))
    first = on_top(page)
    press(page, "p")
    page.keyboard.type("Jo Smith", delay=20)
    press(page, "Enter")
    expect(card(page)).to_be_focused()
    assert on_top(page) == first, "Enter inside a box takes the name, never the card"
    press(page, "g")
    page.keyboard.type("FS Boardslide", delay=20)
    press(page, "Enter")
    expect(card(page)).to_be_focused()
    press(page, "Space")
    press(page, ".")
    press(page, "i")
    started_ms = int(field(page, "start_ms"))
    assert started_ms > START_MS
    second = next_card(page, lambda: press(page, "r"))
    third = next_card(page, lambda: press(page, "x"))
    fourth = next_card(page, lambda: press(page, "s"))
    assert next_card(page, lambda: press(page, "z")) == third
    assert next_card(page, lambda: press(page, "z")) == second
    assert next_card(page, lambda: press(page, "z")) == first
    assert (field(page, "people"), field(page, "trick")) == ("Jo Smith", "FS Boardslide"), "as it was kept"
    assert int(field(page, "start_ms")) == started_ms
    assert next_card(page, lambda: press(page, "Enter")) == second
    arrived(page)
    (clip,) = clips_of(page, request.node.name[:90])
    assert (clip["person"]["display_name"], clip["trick"]["direction"], clip["category"]) == ("Jo Smith", "FS", "BROLL")
    assert clip["filename"].endswith("v001.mp4"), "kept again as before, it is the same clip"
    assert fourth

    press(page, "p")
    page.keyboard.type("Bo Smith")  # somebody else, who nobody knows yet
    press(page, "Enter")
    expect(card(page).locator(".picker").first).to_contain_text("new: Bo Smith")
    assert field(page, "people") == "Bo Smith"
    press(page, "p")
    page.keyboard.type("jo smi")  # a beginning, and all keys faster than the list of who may be meant
    press(page, "Enter")
    next_card(page, lambda: press(page, "Enter"))
    arrived(page)
    assert clips_of(page, request.node.name[:90])[0]["person"]["display_name"] == "Jo Smith"
    press(page, "?")
    expect(page.get_by_role("dialog")).to_contain_text("set video aside")
    press(page, "Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    press(page, "v")
    expect(page.locator("[data-nothing-left]")).to_be_visible()


def test_the_main_path_by_touch_on_a_phone(chromium, running_site, lay, request):
    address = lay(6)
    with open_page(chromium, running_site.base_url, width_px=390, height_px=844, touch=True) as page:
        log_in_as_admin(page, running_site)
        page.goto(address)
        first = on_top(page)
        for name in ("Keep", "Trash", "Skip", "Undo"):
            box = page.get_by_role("button", name=name).bounding_box()
            assert box["height"] >= 44
            assert box["y"] + box["height"] <= 844, "within reach of the thumb, without scrolling"
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        second = next_card(page, page.get_by_role("button", name="Keep").tap)
        next_card(page, page.get_by_role("button", name="Trash").tap)
        assert next_card(page, page.get_by_role("button", name="Undo").tap) == second
        next_card(page, page.get_by_role("button", name="Skip").tap)
        arrived(page)
        assert [clip["candidate_segment"] for clip in clips_of(page, request.node.name[:90])] == [first]


def test_two_people_sort_one_session_without_meeting(page, lay, running_site):
    address = lay(24)
    with as_jo(page.context.browser, running_site.base_url) as jo:
        seen = []
        for one in (page, jo):
            one.goto(address)
            on_top(one)
        expect(jo.locator("[data-left]")).to_contain_text(f"{running_site.admin_username} is sorting too")
        done = {page: False, jo: False}
        while not all(done.values()):
            for one in (page, jo):
                one.wait_for_function(
                    "() => !['loading', 'away'].includes(document.querySelector('[data-sorter]').dataset.state)"
                )
                if one.locator("[data-sorter]").get_attribute("data-state") == "empty":
                    done[one] = True
                    continue
                done[one] = False
                seen.append(on_top(one))
                press(one, "x")
        arrived(page)
        arrived(jo)
    assert len(seen) == len(set(seen)) == 24
    trashed = "print(CandidateSegment.objects.filter(original_file__shoot=%r, status='TRASHED').count())"
    assert run_in(running_site, trashed % address.split("=")[1]).endswith("24")


def test_a_reload_and_going_back_lose_nothing(page, lay):
    page.goto(lay(6))
    first = on_top(page)
    second = next_card(page, lambda: press(page, "x"))
    page.reload()
    assert on_top(page) == second
    expect(left(page)).to_have_text("5")
    page.goto("/upload")
    page.go_back()
    assert on_top(page) == second
    assert next_card(page, lambda: press(page, "z")) == first, "undo reaches behind the reload"
    expect(left(page)).to_have_text("6")


def test_a_page_left_open_past_its_lease_gets_the_truth_and_a_sentence(page, lay, running_site):
    address = lay(6)
    page.goto(address)
    first = on_top(page)
    arrived(page)
    run_in(
        running_site,
        "from django.utils import timezone; CandidateSegment.objects.filter("
        f"pk='{first}').update(status='TRASHED', lease_token=None, lease_ends_at=None, locked_by=None, locked_at=None)",
    )
    second = next_card(page, lambda: press(page, "Enter"))
    expect(page.locator("[data-notice]")).to_contain_text("no longer hold this moment")
    assert second != first
    arrived(page)
    assert page.locator(f"[data-segment='{first}']").count() == 0
    expect(left(page)).to_have_text("5")


def test_decisions_without_a_connection_arrive_once_each(page, lay, running_site):
    address = lay(8)
    page.goto(address)
    on_top(page)
    page.context.set_offline(True)
    for key in ("x", "Enter", "x"):
        next_card(page, lambda key=key: press(page, key))
    expect(page.locator("[data-banner]")).to_contain_text("3 decisions waiting to be sent")
    page.context.set_offline(False)
    expect(page.locator("[data-banner]")).to_be_hidden()
    arrived(page)
    expect(left(page)).to_have_text("5")
    counted = "print(Decision.objects.filter(segment__original_file__shoot=%r).count())"
    assert run_in(running_site, counted % address.split("=")[1]).endswith("3")


#: Writes down, from the first script on, each card that was on top.
TOPS = """window.tops = []; new MutationObserver(() => {
  const top = document.querySelector('[data-card][data-current]')?.dataset.segment;
  if (top && top !== window.tops.at(-1)) window.tops.push(top);
}).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ['data-current'] });"""


def test_what_waits_survives_a_reload(page, lay):
    page.add_init_script(TOPS)
    page.goto(lay(6))
    on_top(page)
    page.route(re.compile("/sort/trash"), lambda route: route.abort("internetdisconnected"))
    second = next_card(page, lambda: press(page, "x"))
    expect(page.locator("[data-banner]")).to_contain_text("1 decision waiting")
    page.unroute(re.compile("/sort/trash"))
    page.reload()
    assert on_top(page) == second
    arrived(page)
    expect(left(page)).to_have_text("5")
    assert page.evaluate("window.tops") == [second], "what was decided never comes back, not even for a moment"


def test_frames_are_stepped_and_trimmed_exactly(page, lay):
    page.goto(lay(1))
    on_top(page)
    page.wait_for_function("() => document.querySelector('[data-current] video')?.readyState >= 2")
    press(page, "Space")
    page.wait_for_timeout(300)
    press(page, "i")
    number = shown_number(page)
    assert int(field(page, "start_ms")) == -(-number * 1000 // RATE_HZ)
    for step in range(1, 6):
        press(page, ".")
        page.wait_for_function(f"() => {SHOWN_NUMBER}() === {number + step}")
    press(page, ",")
    page.wait_for_function(f"() => {SHOWN_NUMBER}() === {number + 4}")
    page.wait_for_timeout(100)
    press(page, "o")
    assert int(field(page, "end_ms")) == -(-(number + 4) * 1000 // RATE_HZ)
    assert EACH_MS > END_MS


def test_single_keys_can_be_switched_off(page, lay):
    page.goto(lay(3))
    first = on_top(page)
    page.get_by_role("button", name="Keyboard shortcuts").click()
    page.get_by_label("Single-key shortcuts").uncheck()
    page.get_by_role("button", name="Close").click()
    page.reload()
    on_top(page)
    press(page, "x")
    page.wait_for_timeout(300)
    assert on_top(page) == first
    next_card(page, lambda: press(page, "Enter"))


def test_a_sorted_session_says_so(page, lay):
    page.goto(lay(1))
    on_top(page)
    press(page, "x")
    expect(page.locator("[data-nothing-left]")).to_be_visible()
    press(page, "z")
    on_top(page)
    expect(page.locator("[data-nothing-left]")).to_be_hidden()


#: Reads the number that clips.tests.media.made_up draws along the top of each frame.
SHOWN_NUMBER = """(() => {
  const video = document.querySelector('[data-current] video');
  const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight).getContext('2d');
  canvas.drawImage(video, 0, 0);
  let number = 0;
  for (let bit = 0; bit < 16; bit += 1) {
    if (canvas.getImageData(bit * 16 + 8, 8, 1, 1).data[0] > 128) number += 2 ** bit;
  }
  return number;
})"""


def shown_number(page: Page) -> int:
    return page.evaluate(f"{SHOWN_NUMBER}()")
