"""Tests in a real browser: an edit is made of a selection, put in order, trimmed, played through and shared."""

import re
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, expect

from clips.tests.browser import log_in, log_in_as_admin, open_page, press

pytestmark = pytest.mark.slow

MAKE_CLIPS = "from clips.tests.reels.footage import make_clips; make_clips()"
SIZES = {"phone": (390, 844, True), "desk": (1440, 900, False)}
#: As they are in the library, the newest first.
NEWEST_FIRST = ["Nose Butter", "Lipslide", "BS 360", "KFED"]


@pytest.fixture(scope="module")
def evening(running_site) -> None:
    """Four clips that play, of two, one, three and two seconds."""
    running_site.shell.run(MAKE_CLIPS)


@pytest.fixture(params=SIZES)
def page(request, chromium, running_site, evening) -> Page:
    width_px, height_px, touch = SIZES[request.param]
    options = {"width_px": width_px, "height_px": height_px, "touch": touch}
    with open_page(chromium, running_site.base_url, **options) as page:
        log_in_as_admin(page, running_site)
        yield page


@pytest.fixture
def edit(page) -> str:
    """The name of an edit of all four clips, whose page is open."""
    name = f"Edit {uuid.uuid4().hex[:8]}"
    add_all(page, name)
    page.locator("#toasts").get_by_role("link", name=name).click()
    expect(cards(page)).to_have_count(4)
    expect(page.locator("[data-reel-page][data-may-change]")).to_be_attached()
    expect(page.locator("[data-says-number]")).to_have_text("1 / 4")
    return name


def wait_for(page: Page, has_come: Callable[[], object]) -> None:
    """Wait until something is true that comes by way of the page's requests."""
    for _ in range(500):
        if has_come():
            return
        page.wait_for_timeout(20)
    raise AssertionError("It did not come within ten seconds.")


def add_all(page: Page, name: str) -> None:
    page.goto("/clips?q=edit+evening")
    page.wait_for_load_state()
    page.keyboard.press("Control+a")
    page.get_by_role("button", name=re.compile("^Add to edit")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Edit", exact=False).first.fill(name)
    dialog.get_by_label("Edit", exact=False).first.press("Enter")
    expect(dialog.get_by_role("button", name="Add", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text(re.compile(r"Added \d clips to"))


def cards(page: Page) -> Locator:
    return page.locator("[data-reel-clip]")


def tricks(page: Page) -> list[str]:
    return page.locator("[data-reel-clip] .reel-card-text span:nth-child(2)").all_inner_texts()


def expect_tricks(page: Page, wanted: list[str]) -> None:
    expect(page.locator("[data-reel-clip] .reel-card-text span:nth-child(2)")).to_have_text(wanted)


def findings(page: Page) -> list[str]:
    """Return what axe-core finds, one line each."""
    found = Axe().run(page).response["violations"]
    return [f"{rule['id']}: {node['target']}" for rule in found for node in rule["nodes"]]


def drag(page: Page, number: int, onto: int) -> None:
    """Drag a card behind another one: by its picture with a mouse, by its handle with a finger."""
    by_finger = page.evaluate("matchMedia('(hover: none)').matches")
    part = ".reel-grip" if by_finger else ".clip-media"
    cards(page).nth(number).scroll_into_view_if_needed()
    start = cards(page).nth(number).locator(part).bounding_box()
    end = cards(page).nth(onto).bounding_box()
    points = [
        {"x": start["x"] + start["width"] / 2, "y": start["y"] + start["height"] / 2},
        {"x": start["x"] + start["width"] / 2 + 15, "y": start["y"] + start["height"] / 2 + 5},
        {"x": end["x"] + end["width"] * 0.9, "y": end["y"] + end["height"] / 3},
    ]
    if not by_finger:
        page.mouse.move(*points[0].values())
        page.mouse.down()
        for point in points[1:]:
            page.mouse.move(*point.values(), steps=5)
        page.mouse.up()
        return
    cdp = page.context.new_cdp_session(page)
    for kind, touched in (("touchStart", points[0]), ("touchMove", points[1]), ("touchMove", points[2])):
        cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [touched]})
        page.wait_for_timeout(60)
    cdp.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})


def test_a_selection_becomes_an_edit_and_the_toast_takes_it_back(page):
    name = f"Gone {uuid.uuid4().hex[:8]}"
    add_all(page, name)
    page.locator("#toasts").get_by_role("button", name=re.compile("Undo")).first.click()
    expect(page.locator("#toasts")).to_contain_text("Undone.")
    page.goto("/edits")
    expect(page.get_by_text(name)).to_have_count(0)


def test_a_selection_opens_in_a_video_editor_and_stays_selected(page):
    page.goto("/clips?q=edit+evening")
    page.wait_for_load_state()
    press(page, "Control+a")
    expect(page.locator("[data-selection-count]")).to_have_text("4 selected")
    page.get_by_role("button", name=re.compile("^Video editor")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Open 4 clips in a video editor")
    expect(dialog.locator(".button-row")).to_be_in_viewport()
    assert findings(page) == []
    dialog.get_by_label("For", exact=True).select_option("csv")
    dialog.get_by_label("Files", exact=True).select_option("originals")
    with page.expect_download() as saved:
        dialog.get_by_role("button", name="Download project").click()
    rows = Path(saved.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert [trick for row in rows for trick in NEWEST_FIRST if trick in row] == NEWEST_FIRST
    expect(dialog).to_be_hidden()
    expect(page.locator("[data-selection-count]")).to_have_text("4 selected")
    press(page, "v")
    expect(dialog).to_be_visible()


def test_an_edit_has_no_faults_of_access(page, edit):
    assert findings(page) == []
    cards(page).nth(1).get_by_role("button").click()
    expect(page.locator("#reel-clip h2")).to_contain_text("Lipslide")
    assert findings(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide == 0


def test_cards_are_dragged_into_another_order(page, edit):
    expect_tricks(page, NEWEST_FIRST)
    drag(page, 0, 1)
    expect_tricks(page, ["Lipslide", "Nose Butter", "BS 360", "KFED"])
    expect(page.locator(".reel-place")).to_have_text(["1", "2", "3", "4"])  # as the server counts them
    page.reload()
    expect_tricks(page, ["Lipslide", "Nose Butter", "BS 360", "KFED"])


def test_the_keyboard_moves_a_card_and_takes_it_back(page, edit):
    first = cards(page).nth(0).get_by_role("button")
    first.focus()
    press(page, "Alt+ArrowRight")
    expect_tricks(page, ["Lipslide", "Nose Butter", "BS 360", "KFED"])
    expect(cards(page).nth(1).get_by_role("button")).to_be_focused()
    page.keyboard.press("Alt+ArrowRight")
    expect_tricks(page, ["Lipslide", "BS 360", "Nose Butter", "KFED"])
    page.keyboard.press("Control+z")
    expect_tricks(page, ["Lipslide", "Nose Butter", "BS 360", "KFED"])
    page.keyboard.press("Control+z")
    expect_tricks(page, NEWEST_FIRST)
    page.keyboard.press("Control+Shift+z")
    expect_tricks(page, ["Lipslide", "Nose Butter", "BS 360", "KFED"])


def test_the_move_buttons_do_the_same(page, edit):
    cards(page).nth(0).get_by_role("button").click()
    page.get_by_role("button", name="Last", exact=True).click()
    expect_tricks(page, ["Lipslide", "BS 360", "KFED", "Nose Butter"])
    page.get_by_role("button", name="Earlier", exact=True).click()
    expect_tricks(page, ["Lipslide", "BS 360", "Nose Butter", "KFED"])


def test_trim_speed_title_and_sound_are_set_and_undone(page, edit):
    cards(page).nth(1).get_by_role("button").click()  # Lipslide, three seconds
    box = page.locator("#reel-clip")
    box.get_by_label("From").fill("0:00.5")
    box.get_by_label("From").press("Enter")
    expect(cards(page).nth(1).locator(".clip-length")).to_have_text("2.5 s")
    box.get_by_role("radio", name="50 %").check()
    expect(cards(page).nth(1).locator(".clip-length")).to_have_text("5.0 s")
    box.get_by_label("Sound").uncheck()
    expect(cards(page).nth(1)).to_contain_text("muted")
    box.get_by_label("Title").fill("Landed")
    box.get_by_label("Title").press("Enter")
    expect(cards(page).nth(1)).to_contain_text("“Landed”")
    undo = page.get_by_role("button", name="Undo", exact=True)
    undo.click()
    expect(cards(page).nth(1)).not_to_contain_text("Landed")
    undo.click()
    expect(cards(page).nth(1)).not_to_contain_text("muted")
    for length in ("2.5 s", "3.0 s"):
        undo.click()
        expect(cards(page).nth(1).locator(".clip-length")).to_have_text(length)
    expect(box.get_by_label("From")).to_have_value("0:00.000")


def pull(page: Page, part: Locator, to_x: float) -> None:
    """Drag a part of the page sideways, from its middle."""
    box = part.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move((middle[0] + to_x) / 2, middle[1], steps=3)
    page.mouse.move(to_x, middle[1], steps=3)
    page.mouse.up()


#: Whether the middle of the selected clip's pictures is drawn.
IS_DRAWN = """() => {
  const film = document.querySelector("#reel-clip canvas");
  return film && film.getContext("2d").getImageData(film.width / 2, film.height / 2, 1, 1).data[3] > 0;
}"""


def test_a_trim_is_dragged_over_the_clips_pictures_and_moved_by_keys(page, edit):
    cards(page).nth(1).get_by_role("button").click()  # Lipslide, three seconds
    box, length = page.locator("#reel-clip"), cards(page).nth(1).locator(".clip-length")
    page.wait_for_function(IS_DRAWN)
    start, end = (box.get_by_role("slider", name=name) for name in ("Start", "End"))
    start.scroll_into_view_if_needed()
    track = box.locator("[data-track]").bounding_box()
    pull(page, start, track["x"] + track["width"] / 3)
    expect(length).to_have_text("2.0 s")
    expect(box.get_by_label("From")).to_have_value(re.compile(r"0:0(0\.9|1\.0)"))
    end.press("PageDown")
    expect(length).to_have_text("1.5 s")
    expect(box.get_by_label("To", exact=True)).to_have_value("0:02.500")
    expect(end).to_be_focused()
    end.press("ArrowRight")
    expect(box.get_by_label("To", exact=True)).to_have_value("0:02.517")
    expect(page.get_by_role("button", name="Undo", exact=True)).to_have_attribute("title", re.compile("Trimmed"))
    page.wait_for_function(IS_DRAWN)
    for wanted in ("1.5 s", "2.0 s", "3.0 s"):
        page.get_by_role("button", name="Undo", exact=True).click()
        expect(length).to_have_text(wanted)


#: Lets a trim take its time on its way to the server, and counts those that are on it.
SLOW_TRIMS = """() => {
  const { open, send } = XMLHttpRequest.prototype;
  window.trimsSent = 0;
  XMLHttpRequest.prototype.open = function (verb, address, ...more) {
    this.isTrim = verb === "POST" && /trim/.test(address);
    return open.call(this, verb, address, ...more);
  };
  XMLHttpRequest.prototype.send = function (...content) {
    if (!this.isTrim) return send.apply(this, content);
    window.trimsSent += 1;
    setTimeout(() => send.apply(this, content), 1000);
  };
}"""


@pytest.mark.parametrize("is_sent", [False, True], ids=["not sent", "on its way"])
def test_undo_takes_back_a_trim_that_is_not_saved_yet_and_then_the_one_before(page, edit, is_sent):
    cards(page).nth(1).get_by_role("button").click()  # Lipslide, three seconds
    length, end = (
        cards(page).nth(1).locator(".clip-length"),
        page.locator("#reel-clip").get_by_role("slider", name="End"),
    )
    undo, redo = (page.get_by_role("button", name=name, exact=True) for name in ("Undo", "Redo"))
    page.wait_for_function(IS_DRAWN)
    end.press("PageDown")
    expect(length).to_have_text("2.5 s")
    expect(page.locator("#reel-clip").get_by_label("To", exact=True)).to_have_value("0:02.500")
    page.wait_for_function(IS_DRAWN)
    page.evaluate(SLOW_TRIMS)
    end.press("PageDown")
    if is_sent:
        page.wait_for_function("() => window.trimsSent === 1")
    undo.click()
    undo.click()
    expect(undo).not_to_have_attribute("title", re.compile("Trimmed"))
    expect(length).to_have_text("3.0 s")
    assert page.evaluate("window.trimsSent") == 1
    for wanted in ("2.5 s", "2.0 s"):
        redo.click()
        expect(length).to_have_text(wanted)
    expect(redo).to_be_disabled()


#: However slow the machine is, they are less than the pause apart after which a crop is saved.
TWO_KEYS_AT_ONCE = """frame => {
  for (const key of ["ArrowRight", "ArrowRight"])
    frame.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
}"""


def test_the_crop_is_dragged_at_both_ends_moved_by_keys_and_given_back(page, edit):
    cards(page).nth(1).get_by_role("button").click()
    box, frame = page.locator("#reel-clip"), page.get_by_role("slider", name="Crop of upright films")
    places = box.locator(".reel-crop-moved button")
    box.get_by_role("button", name="Move crop").click()
    expect(frame).to_have_attribute("aria-valuenow", "50")
    screen = page.locator("[data-crop]").bounding_box()
    pull(page, frame, screen["x"] + 0.3 * screen["width"])
    expect(places).to_have_text(["0:00.000"])
    expect(frame).to_have_attribute("aria-valuenow", "30")
    box.get_by_role("button", name="End", exact=True).click()
    expect(frame).to_have_attribute("aria-valuenow", "30")  # it stays where it is until it is moved
    pull(page, frame, screen["x"] + 0.7 * screen["width"])
    expect(places).to_have_count(2)
    places.first.click()
    expect(frame).to_have_attribute("aria-valuenow", "30")
    assert findings(page) == []
    undo = page.get_by_role("button", name="Undo", exact=True)
    before = undo.get_attribute("hx-post")
    frame.focus()
    frame.evaluate(TWO_KEYS_AT_ONCE)
    expect(undo).not_to_have_attribute("hx-post", before)
    expect(frame).to_have_attribute("aria-valuenow", "32")
    expect(frame).to_be_focused()
    page.reload()
    cards(page).nth(1).get_by_role("button").click()
    expect(places).to_have_count(2)
    expect(frame).to_be_hidden()
    box.get_by_role("button", name="Move crop").click()
    expect(frame).to_have_attribute("aria-valuenow", "32")
    undo.click()
    expect(frame).to_have_attribute("aria-valuenow", "30")
    box.get_by_role("button", name="Follow the rider again").click()
    expect(places).to_have_count(0)
    expect(frame).to_have_attribute("aria-valuenow", "50")


def test_a_late_drawing_of_the_clip_does_not_take_the_crop_back_that_is_being_saved(page, edit):
    cards(page).nth(1).get_by_role("button").click()
    box, frame = page.locator("#reel-clip"), page.get_by_role("slider", name="Crop of upright films")
    box.get_by_role("button", name="Move crop").click()
    expect(frame).to_have_attribute("aria-valuenow", "50")
    drawings, changes = [], []
    page.route(
        re.compile(r"/clips/[0-9a-f-]+$"),
        lambda route: route.continue_() if drawings else drawings.append((route, route.fetch())),
    )
    with page.expect_response(re.compile(r"/crop$")):
        frame.press("ArrowRight")
    wait_for(page, lambda: drawings)
    page.route(re.compile(r"/crop$"), lambda route: changes.append(route))
    frame.press("ArrowRight")
    wait_for(page, lambda: changes)
    late, response = drawings[0]
    with page.expect_response(re.compile(r"/clips/[0-9a-f-]+$")):
        late.fulfill(response=response)
    page.wait_for_timeout(200)
    expect(frame).to_have_attribute("aria-valuenow", "52", timeout=1)
    changes[0].continue_()
    expect(box.locator("[data-crop-places]")).to_have_attribute("data-crop-places", "[[0, 520]]")
    expect(frame).to_have_attribute("aria-valuenow", "52")


def test_it_plays_through_in_order_with_the_next_clip_loaded_before(page, edit):
    page.evaluate("document.addEventListener('clip-shown', (e) => (window.shown ??= []).push(e.detail))")
    wanted = cards(page).evaluate_all("all => all.map((card) => card.dataset.reelClip)")
    press(page, "0")
    page.wait_for_function("() => window.shown?.length === 4", timeout=90_000)
    shown = page.evaluate("window.shown")
    assert [one["id"] for one in shown] == wanted
    assert all(one["isPlaying"] for one in shown)
    assert all(one["wasPrepared"] for one in shown[1:])
    expect(page.locator(".reel-play")).to_have_text("Play all")
    expect(page.locator("[data-says-now]")).to_have_text("0:08")


def test_arrows_lead_from_clip_to_clip_and_space_plays(page, edit):
    press(page, "ArrowRight")
    expect(page.locator("[data-says-number]")).to_have_text("2 / 4")
    page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-says-number]")).to_have_text("1 / 4")
    before = page.evaluate("document.querySelector('[data-front]').currentTime")
    page.keyboard.press(".")
    page.wait_for_function(f"() => document.querySelector('[data-front]').currentTime > {before}")
    page.keyboard.press("Space")
    page.wait_for_function("() => !document.querySelector('[data-front]').paused")
    page.keyboard.press("k")
    page.wait_for_function("() => document.querySelector('[data-front]').paused")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()


def test_two_members_edit_one_after_the_other(page, edit, chromium, running_site):
    make = "from people.models import Member; Member.objects.filter(username='tom').exists() or "
    make += "Member.objects.create_user('tom', 'slushy-spring-rails-4')"
    running_site.shell.run(make)
    address = page.url
    with page.context.browser.new_context(base_url=running_site.base_url) as context:
        other = context.new_page()
        log_in(other, "tom", "slushy-spring-rails-4")
        other.goto(address)
        expect(other.locator("#reel-lease")).to_contain_text(f"{running_site.admin_username} is editing.")
        expect(other.get_by_role("button", name="Undo", exact=True)).to_be_disabled()
        page.goto("/edits")
        other.get_by_role("button", name="Take over").click(timeout=60_000)
        expect(other.get_by_role("button", name="Undo", exact=True)).to_be_enabled()


def make_link(page: Page, password: str = "") -> str:
    page.get_by_role("link", name="Share", exact=True).click()
    panel = page.locator("#links-panel")
    panel.get_by_label("Password (optional)").fill(password)
    panel.get_by_role("button", name="Create link").click()
    return page.locator("[data-link-text]").inner_text()


def test_a_link_plays_without_an_account_until_it_is_revoked(page, edit, chromium, running_site):
    link = make_link(page)
    touch = page.viewport_size["width"] < 500
    with page.context.browser.new_context(viewport=page.viewport_size, has_touch=touch, is_mobile=touch) as context:
        visitor = context.new_page()
        visitor.goto(link)
        expect(visitor.get_by_role("heading", name=edit)).to_be_visible()
        expect(cards(visitor)).to_have_count(4)
        assert findings(visitor) == []
        visitor.evaluate("document.addEventListener('clip-shown', (e) => (window.shown ??= []).push(e.detail))")
        visitor.get_by_role("button", name="Play all").click()
        visitor.wait_for_function("() => window.shown?.length === 3", timeout=90_000)
        assert all(one["wasPrepared"] for one in visitor.evaluate("window.shown"))
        with visitor.expect_download() as download:
            visitor.get_by_role("link", name=re.compile("Download all")).click()
        assert download.value.suggested_filename.endswith(".zip")
        assert download.value.failure() is None
        page.once("dialog", lambda dialog: dialog.accept())
        page.locator("#links-panel").get_by_role("button", name="Revoke").click()
        expect(page.locator("#links-panel")).to_contain_text("Revoked.")
        visitor.goto(link)
        expect(visitor.get_by_text("This link no longer works.")).to_be_visible()


def test_a_password_stands_before_the_clips(page, edit, chromium, running_site):
    link = make_link(page, "powder")
    with page.context.browser.new_context(viewport=page.viewport_size) as context:
        visitor = context.new_page()
        visitor.goto(link)
        expect(visitor.get_by_text(edit)).to_have_count(0)
        assert findings(visitor) == []
        visitor.get_by_label("Password").fill("ice")
        visitor.get_by_role("button", name="Watch").click()
        expect(visitor.get_by_text("Wrong password.")).to_be_visible()
        visitor.get_by_label("Password").fill("powder")
        visitor.get_by_role("button", name="Watch").click()
        expect(cards(visitor)).to_have_count(4)
        expect(visitor.locator("video[data-front]")).to_be_visible()
        visitor.wait_for_function("() => document.querySelector('[data-front]').readyState >= 2")


def test_selected_clips_are_shared_from_the_bar(page, chromium, running_site, evening):
    page.goto("/clips?q=edit+evening")
    page.wait_for_load_state()
    page.keyboard.press("Control+a")
    page.get_by_role("button", name=re.compile("^Share")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Title (optional)").fill("Best of")
    assert findings(page) == []
    dialog.get_by_role("button", name="Create link").click()
    link = page.locator("#toasts [data-link-text]").inner_text()
    with page.context.browser.new_context(viewport=page.viewport_size) as context:
        visitor = context.new_page()
        visitor.goto(link)
        expect(visitor.get_by_role("heading", name="Best of")).to_be_visible()
        expect(cards(visitor)).to_have_count(4)


def test_clips_of_a_session_page_are_added_too(page, evening):
    page.goto("/sessions")
    page.get_by_role("link", name=re.compile("Edit Evening")).first.click()
    page.wait_for_load_state()
    page.keyboard.press("Control+a")
    expect(page.locator("[data-selection-count]")).to_have_text("4 selected")
    name = f"Session {uuid.uuid4().hex[:8]}"
    page.get_by_role("button", name=re.compile("^Add to edit")).click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Edit", exact=False).first.fill(name)
    dialog.get_by_label("Edit", exact=False).first.press("Enter")
    expect(dialog.get_by_role("button", name="Add", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text(f"Added 4 clips to “{name}”")
