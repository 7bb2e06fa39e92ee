"""Tests in a real browser that an edit shows another camera: instead, or from the picture on screen on."""

import uuid

import pytest
from playwright.sync_api import Error as PlaywrightError
from playwright.sync_api import Page, expect

from clips.tests.browser import log_in_as_admin, open_page, press
from clips.tests.reels.footage import RATE
from clips.tests.reels.test_reels_browser import cards, findings

pytestmark = pytest.mark.slow

PATIENCE_MS = 30_000
SIZES = [(390, 664), (390, 844), (844, 390), (1440, 900)]
MAKE = "from clips.tests.reels.footage import make_edit_with_angles; print(make_edit_with_angles({name!r}))"
#: The second on which the video in front stands, if it is that of a card of the edit.
STANDS_S = """(number) => {
  const video = document.querySelector('[data-front]');
  const { src } = document.querySelectorAll('[data-reel-clip]')[number].dataset;
  const stands = video?.paused && !video.seeking && video.readyState >= 2 && video.dataset.src === src;
  return stands ? { s: video.currentTime } : null;
}"""
STATE = """() => [...document.querySelectorAll('[data-screen], [data-reel-clip]')].map((each) => [
  { ...each.dataset }, each.paused, each.seeking, each.readyState, each.networkState, each.error?.message,
])"""


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def page(request, chromium, running_site) -> Page:
    """The page of an edit of two clips, the first of which another camera filmed as well."""
    width_px, height_px = request.param
    with open_page(
        chromium, running_site.base_url, width_px=width_px, height_px=height_px, touch=width_px < 1000
    ) as page:
        page.set_default_timeout(PATIENCE_MS)
        log_in_as_admin(page, running_site)
        page.goto(running_site.shell.run(MAKE.format(name=f"Two cameras {uuid.uuid4().hex[:8]}")).split()[-1])
        expect(page.locator("[data-reel-page][data-may-change]")).to_be_attached()
        yield page


def select(page: Page, number: int) -> None:
    cards(page).nth(number).get_by_role("button").click()
    expect(page.locator("#reel-clip h2 .tabular")).to_have_text(f"{number + 1}.")


def stands_s(page: Page, number: int) -> float:
    """Return where a clip of the edit stands on the screen, once it does."""
    try:
        return page.wait_for_function(STANDS_S, arg=number).json_value()["s"]
    except PlaywrightError as error:
        error.add_note(f"{page.evaluate(STATE)}")
        raise


def sources(page: Page) -> list[str]:
    return cards(page).evaluate_all("all => all.map((card) => card.dataset.src)")


def test_another_camera_is_shown_instead_and_only_where_there_is_one(page):
    before = sources(page)
    select(page, 1)
    expect(page.locator("[data-cameras]")).to_have_count(0)
    select(page, 0)
    box = page.locator("#reel-clip")
    assert findings(page) == []
    box.get_by_role("radio", name="PIXEL8").check()
    expect(cards(page).nth(0)).not_to_have_attribute("data-src", before[0])
    expect(box.get_by_role("radio", name="PIXEL8")).to_be_checked()
    expect(box.get_by_role("button", name="Cut to GOPRO11 here")).to_be_attached()
    expect(cards(page).nth(0).locator(".clip-length")).to_have_text("3.0 s")
    assert sources(page)[1] == before[1]
    stands_s(page, 0)
    page.keyboard.press("d")
    expect(cards(page).nth(0)).to_have_attribute("data-src", before[0])
    undo = page.get_by_role("button", name="Undo", exact=True)
    expect(undo).to_have_attribute("title", "Changed the camera (admin)")
    page.keyboard.press("Control+z")
    expect(cards(page).nth(0)).not_to_have_attribute("data-src", before[0])
    assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]


def test_a_cut_at_the_picture_on_screen_goes_on_with_the_other_camera_there(page):
    select(page, 0)
    cut = page.locator("#reel-clip").get_by_role("button", name="Cut to PIXEL8 here")
    assert stands_s(page, 0) == pytest.approx(0, abs=1 / RATE)
    expect(cut).to_be_disabled()  # there is nothing before
    for _step in range(61):
        press(page, ".")
    page.wait_for_function("() => document.querySelector('[data-front]').currentTime > 61 / 60")
    frame = int(stands_s(page, 0) * RATE)
    assert frame == 61
    cut.click()
    expect(cards(page)).to_have_count(3)
    expect(page.locator("#reel-clip h2 .tabular")).to_have_text("2.")
    expect(page.locator("#reel-clip").get_by_role("radio", name="PIXEL8")).to_be_checked()
    # The phone has half the frames: that instant is the middle of one, or the beginning of the next.
    assert round(stands_s(page, 1) * 30) in {30, 31}
    starts = cards(page).evaluate_all("all => all.map((card) => [+card.dataset.startS, +card.dataset.endS])")
    assert int(starts[0][1] * RATE) == frame - 1, "the first part ends with the picture before"
    assert starts[1][0] == pytest.approx(frame / RATE, abs=1 / RATE + 0.001)
    assert starts[1][1] == pytest.approx(3, abs=0.001)
    assert findings(page) == []
    page.keyboard.press("Control+z")
    expect(cards(page)).to_have_count(2)
    page.keyboard.press("Control+Shift+z")
    expect(cards(page)).to_have_count(3)
    page.locator("#reel-history").evaluate("history => { history.open = true; }")
    expect(page.locator("#reel-history li").first).to_contain_text("Cut to another camera")


def test_a_key_cuts_while_it_plays_and_it_plays_on(page):
    page.evaluate("document.addEventListener('clip-shown', (e) => (window.shown ??= []).push(e.detail))")
    select(page, 0)
    stands_s(page, 0)
    for _slower in range(2):
        press(page, "w")  # a busy machine may take seconds to answer
    page.get_by_role("button", name="Play all").click()
    page.wait_for_function("() => document.querySelector('[data-front]').currentTime > 0.5")
    page.keyboard.press("b")
    expect(cards(page)).to_have_count(3)
    page.wait_for_function("() => window.shown?.length >= 2 && window.shown.at(-1).isPlaying")
    second = cards(page).nth(1)
    starts_s = float(second.get_attribute("data-start-s"))
    assert 0.4 < starts_s < 2.9
    assert float(cards(page).nth(0).get_attribute("data-end-s")) == pytest.approx(starts_s, abs=1 / 30)


def test_who_only_watches_changes_no_camera(page, running_site):
    select(page, 0)
    take = "from clips.models import Reel; from people.models import Member; import uuid;"
    take += "jo = Member.objects.filter(username='kim').first() or Member.objects.create_user('kim', 'slushy-rails-4');"
    take += "Reel.objects.filter(pk='{reel}').update(lease_token=None, lease_ends_at=None, edited_by=None);"
    take += "print(Reel.objects.filter(pk='{reel}').lend(uuid.uuid4(), jo))"
    assert running_site.shell.run(take.format(reel=page.url.rpartition("/")[2])).split()[-1] == "True"
    before = sources(page)
    page.keyboard.press("d")  # refused, and from now on it only shows
    expect(page.locator("[data-problem]")).to_have_text("kim is editing.")
    expect(page.locator("#reel-clip").get_by_role("radio", name="GOPRO11")).to_be_checked()
    assert sources(page) == before
