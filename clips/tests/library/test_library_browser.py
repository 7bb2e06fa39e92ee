"""Tests library and clip page in a real browser: searched, viewed, edited; by mouse and by keys alone."""

import re
import time

import pytest
from playwright.sync_api import Page, expect

from clips.tests.browser import log_in_as_admin, open_page, press
from clips.tests.media.made_up import make_video

pytestmark = pytest.mark.slow

PATIENCE_MS = 60_000
CLIP_PAGE = re.compile(r"/clips/[0-9a-f-]{36}(\?|$)")
MAKE_CLIPS = """
import datetime, hashlib, pathlib, shutil
from django.conf import settings
from django.db import transaction
from clips.jobs import pipeline
from clips.sorting import decisions
from clips.models import CandidateSegment, JobKind, OriginalFile, Shoot
from people.models import Member, Person
from tricks.models import Trick
source = pathlib.Path({film!r})
settings.ORIGINALS_DIR.mkdir(exist_ok=True)
shutil.copy(source, settings.ORIGINALS_DIR / "film.mp4")
original = OriginalFile.objects.create(
    shoot=Shoot.objects.called("Backyard Rails", datetime.date(2024, 12, 1)), original_filename="GX01.MP4",
    stored_path="originals/film.mp4", file_hash=hashlib.sha256(source.read_bytes()).hexdigest(),
    size_bytes=source.stat().st_size, duration_ms=20_000, codec="h264", camera_id="CAM_GOPRO11", fps_label="30FPS",
    rate_num=30, rate_den=1,
)
for number, (person, trick) in enumerate([("Miller Downey", "KFED"), ("Jo Hansen", "Britney"), ("Zoe", "Nosebonk")]):
    start_ms = 2_000 + 6_000 * number
    segment = CandidateSegment.objects.create(
        original_file=original, start_ms=start_ms, end_ms=start_ms + 2_000, status="ACCEPTED"
    )
    choice = decisions.Choice(
        start_ms=start_ms, end_ms=start_ms + 2_000,
        person=Person.objects.add(person), trick=Trick.objects.find_or_add(trick),
    )
    with transaction.atomic():
        clip = decisions.make_clip(original, choice, Member.objects.first(), candidate_segment=segment)
        pipeline.start(JobKind.RENDER, clip)
        pipeline.start(JobKind.PREVIEW, segment)
pipeline.start(JobKind.POSTER, original)
"""


@pytest.fixture(scope="module")
def library(running_site, tmp_path_factory) -> None:
    """Three clips of one film, cut, with pictures and previews."""
    film = make_video(tmp_path_factory.mktemp("film") / "film.mp4", frames=600, rate=30, bframes=2)
    running_site.shell.run(MAKE_CLIPS.format(film=str(film)))


@pytest.fixture
def page(chromium, running_site, library) -> Page:
    with open_page(chromium, running_site.base_url) as page:
        log_in_as_admin(page, running_site)
        page.goto("/clips")
        yield page


def card(page: Page, name: str):
    return page.locator("[data-clip]").filter(has_text=name)


def search(page: Page, text: str) -> None:
    page.get_by_label("Search clips").press_sequentially(text, delay=30)


def tick(page: Page, facet: str, text: str) -> None:
    box = page.locator(f"#facet-{facet}")
    if box.get_attribute("open") is None:
        box.locator("summary").click()
    box.get_by_label(text).check()


def test_typing_finds_and_the_address_keeps_it(page):
    search(page, "mil kf")
    expect(page.locator("[data-clip]")).to_have_count(1)
    expect(card(page, "Miller Downey")).to_contain_text("KFED")
    expect(page).to_have_url(re.compile(r"/clips\?q=mil\+kf$"))
    page.reload()
    expect(page.locator("[data-clip]")).to_have_count(1)
    expect(page.get_by_label("Search clips")).to_have_value("mil kf")


def test_back_returns_to_the_query_before(page):
    tick(page, "person", "Jo Hansen")
    expect(page.locator("[data-clip]")).to_have_count(1)
    page.get_by_text("List", exact=True).locator("..").click()
    expect(page.locator(".clip-row")).to_have_count(1)
    expect(page).to_have_url(re.compile(r"person=Jo_Hansen&view=list"))
    page.locator("[data-clip] a").click()
    expect(page).to_have_url(re.compile(r"/clips/[0-9a-f-]{36}\?person=Jo_Hansen&view=list"))
    page.go_back()
    expect(page.locator(".clip-row")).to_have_count(1)
    page.go_back()
    expect(page.locator(".clip-card")).to_have_count(1)
    expect(page.locator("#facet-person [value=Jo_Hansen]")).to_be_checked()
    page.go_back()
    expect(page.locator("[data-clip]")).to_have_count(3)
    expect(page.locator("#facet-person :checked")).to_have_count(0)


def test_a_search_that_finds_nothing_offers_a_way_out(page):
    search(page, "nobody")
    expect(page.get_by_text("No matches")).to_be_visible()
    page.locator(".empty-state").get_by_role("link", name="Clear filters").click()
    expect(page.locator("[data-clip]")).to_have_count(3)


def test_pointing_at_a_clip_plays_its_stretch_and_nothing_loads_before(page):
    wait_for_previews(page)
    media = []
    page.on("request", lambda request: request.resource_type == "media" and media.append(request.url))
    page.reload()
    page.wait_for_load_state("networkidle")
    assert media == []
    card(page, "Miller Downey").locator("a").hover()
    video = card(page, "Miller Downey").locator(".clip-media[data-playing] video")
    video.wait_for(timeout=PATIENCE_MS)
    source, place_s, muted = video.evaluate("v => [v.currentSrc, v.currentTime, v.muted]")
    assert "/media/previews/" in source
    assert muted
    assert 1.9 <= place_s <= 4.2, "the preview begins two seconds before the clip"
    page.mouse.move(5, 5)
    expect(page.locator(".clip-media video")).to_have_count(0)


def test_by_keys_alone_from_the_grid_to_a_new_version(page):
    wait_for_previews(page)
    reach(page, "[data-clip] a")
    press(page, "Enter")
    expect(page.locator("[data-player]")).to_be_visible()
    press(page, "Shift+K")
    expect(page.locator("[data-previous]")).to_be_visible()
    press(page, "e")
    start = page.get_by_label("From", exact=True)
    before = start.input_value()
    expect(page.locator("[data-trim]")).to_be_visible(timeout=PATIENCE_MS)
    expect(page.locator("[data-clock]")).to_have_text(before)
    for _frame in range(6):
        press(page, ".")
    expect(page.locator("[data-clock]")).not_to_have_text(before)
    press(page, "i")
    expect(start).not_to_have_value(before)
    reach(page, "[name=people]")
    press(page, "ControlOrMeta+a")
    page.keyboard.type("zo")
    page.locator("[role=option]").first.wait_for()
    press(page, "Enter")
    expect(page.locator("[name=people]")).to_have_value("Zoe")
    reach(page, "[type=submit]")
    press(page, "Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Zoe")
    expect(page.locator("[data-version]")).to_have_count(2)
    expect(page.locator("[data-version][aria-current]")).to_contain_text("Current version")
    press(page, "Escape")
    expect(page.locator("[data-clip]")).to_have_count(3)


def wait_for_video(page: Page, state: str) -> None:
    """Wait until the player is in a state, without a function that the page's own rules would forbid."""
    until_s = time.monotonic() + PATIENCE_MS / 1000
    while not page.locator("[data-player]").evaluate(f"video => video.{state}"):
        assert time.monotonic() < until_s, state
        page.wait_for_timeout(50)


def test_keys_mean_on_the_clip_page_what_they_mean_in_sort(page):
    wait_for_previews(page)
    page.locator("[data-clip] a").first.click()
    wait_for_video(page, "readyState >= 2")
    here = page.url
    press(page, "l")
    wait_for_video(page, "paused === false")
    rate = page.locator("[data-player]").evaluate("video => video.playbackRate")
    press(page, "l")
    assert page.locator("[data-player]").evaluate("video => video.playbackRate") == 2 * rate
    press(page, "k")
    wait_for_video(page, "paused")
    before_s = page.locator("[data-player]").evaluate("video => video.currentTime")
    press(page, ".")
    after_s = page.locator("[data-player]").evaluate("video => video.currentTime")
    assert 0 < after_s - before_s < 0.2, "one frame on"
    press(page, "j")
    wait_for_video(page, f"currentTime < {before_s}")
    press(page, "k")
    press(page, "?")
    expect(page.get_by_role("dialog")).to_contain_text("next clip")
    press(page, "Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert page.url == here, "none of them led away"
    assert page.locator("[data-next], [data-previous]").first.get_attribute("aria-keyshortcuts").startswith("Shift+")


def test_a_time_that_is_typed_before_the_preview_comes_is_where_it_begins(page):
    wait_for_previews(page)
    held = []
    page.route("**/media/previews/*", lambda route: held.append(route))
    page.goto("/clips?q=kfed")
    page.locator("[data-clip] a").click()
    page.get_by_role("link", name="Edit", exact=True).click()
    page.get_by_label("From", exact=True).fill("0:02.500")
    press(page, "Tab")
    press(page, ".")
    assert held
    page.unroute_all()  # lets go what it held
    page.wait_for_function("() => Math.abs(document.querySelector('[data-preview-video]').currentTime - 2.5) < 0.05")


def test_a_bad_trim_and_a_lost_race_are_told_in_place(page):
    page.goto("/clips?q=kfed")
    page.locator("[data-clip] a").click()
    page.wait_for_url(CLIP_PAGE)  # loaded: before its scripts listen, Edit is a link to a page of its own
    url = page.url
    page.get_by_role("link", name="Edit", exact=True).click()
    page.locator("#clip-form").wait_for()
    assert page.url == url, "in place"
    page.get_by_label("To", exact=True).fill("0:01")
    page.get_by_role("button", name="Save as new version").click()
    expect(page.get_by_role("alert")).to_contain_text("must end after it starts")
    assert page.url == url

    other = page.context.new_page()
    other.goto(f"{url.partition('?')[0]}/edit")
    other.get_by_label("From", exact=True).fill("0:02.250")
    other.get_by_role("button", name="Save as new version").click()
    expect(other.locator("[data-version]")).to_have_count(2)

    page.get_by_label("To", exact=True).fill("0:03.750")
    page.get_by_role("button", name="Save as new version").click()
    expect(page.get_by_role("alert")).to_contain_text("Somebody else changed this clip")
    expect(page.get_by_role("alert")).to_contain_text("0:03.750")
    expect(page.get_by_label("From", exact=True)).to_have_value("0:02.250")
    page.get_by_label("To", exact=True).fill("0:03.750")
    page.get_by_role("button", name="Save as new version").click()
    expect(page.locator("[data-version]")).to_have_count(3)


RATE_HZ = 30


def frame_of(page: Page, selector: str = "[data-player]") -> int:
    """Return the number of the frame on screen in the video."""
    return int(page.locator(selector).evaluate("video => video.currentTime") * RATE_HZ)


def open_clip(page: Page) -> None:
    page.goto("/clips?q=kfed")
    page.locator("[data-clip] a").click()
    wait_for_video(page, "readyState >= 2")


def test_steps_are_frames_however_quick_they_come(page):
    wait_for_previews(page)
    open_clip(page)
    before = frame_of(page)
    for _frame in range(7):
        press(page, ".")
    assert frame_of(page) == before + 7
    for _frame in range(3):
        press(page, ",")
    assert frame_of(page) == before + 4


def test_slow_motion_and_the_loop_have_keys_and_buttons(page):
    wait_for_previews(page)
    open_clip(page)
    video = page.locator("[data-player]")
    whole_rate = video.evaluate("video => video.playbackRate")
    press(page, "w")
    expect(page.get_by_role("button", name="50 %")).to_have_attribute("aria-pressed", "true")
    assert video.evaluate("video => video.playbackRate") == whole_rate / 2
    page.get_by_role("button", name="25 %").click()
    assert video.evaluate("video => video.playbackRate") == whole_rate / 4
    press(page, "w")
    assert video.evaluate("video => video.playbackRate") == whole_rate
    loop = page.get_by_role("button", name="Loop")
    expect(loop).to_have_attribute("aria-pressed", "true")
    press(page, "a")
    expect(loop).to_have_attribute("aria-pressed", "false")
    press(page, "l")
    wait_for_video(page, "paused === false")
    wait_for_video(page, "paused")
    page.reload()
    expect(loop).to_have_attribute("aria-pressed", "false")
    loop.click()
    expect(loop).to_have_attribute("aria-pressed", "true")


@pytest.mark.parametrize("width_px", [390, 1440])
def test_the_editor_takes_the_players_place_and_gives_it_back(chromium, running_site, library, width_px):
    with open_page(chromium, running_site.base_url, width_px=width_px, height_px=844) as page:
        log_in_as_admin(page, running_site)
        page.goto("/clips")
        wait_for_previews(page)
        open_clip(page)
        page.get_by_role("link", name="Edit", exact=True).click()
        start, length = page.get_by_label("From", exact=True), page.locator("[data-length-text]")
        expect(length).to_have_text(re.compile(r"^\d\.\d s$"))
        whole = length.inner_text()
        handle = page.get_by_role("slider", name="Start")
        handle.scroll_into_view_if_needed()
        box = handle.bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x - 20, y, steps=4)
        page.mouse.up()
        expect(length).not_to_have_text(whole)
        dragged = start.input_value()
        handle.press("ArrowRight")
        expect(start).not_to_have_value(dragged)
        moved = start.input_value()
        handle.hover()
        page.mouse.wheel(0, 100)
        expect(start).not_to_have_value(moved)
        page.mouse.wheel(0, -100)
        expect(start).to_have_value(moved)
        press(page, "Escape")
        expect(page.locator("[data-player]")).to_be_visible()
        expect(page.locator("#clip-form")).to_have_count(0)
        wait_for_video(page, "readyState >= 2")
        before = frame_of(page)
        press(page, ".")
        assert frame_of(page) == before + 1, "the player has its keys again"


def test_names_are_fixed_by_button_or_the_keys_of_sort(page):
    open_clip(page)
    page.get_by_role("link", name="Fix names").click()
    expect(page.locator("[name=people]")).to_be_focused()
    press(page, "Escape")  # the list of names, or with none the editor
    page.get_by_role("link", name="Cancel").or_(page.get_by_role("link", name="Fix names")).first.wait_for()
    open_clip(page)
    press(page, "g")
    expect(page.locator("[name=trick]")).to_be_focused()


def test_what_can_be_done_comes_before_technical_facts(page):
    open_clip(page)
    details = page.locator("summary", has_text="Details")
    last = page.get_by_role("button", name="Bin")
    assert last.bounding_box()["y"] < details.bounding_box()["y"]
    expect(page.locator("#clip-facts")).to_be_hidden()
    details.click()
    expect(page.locator("#clip-facts")).to_contain_text("__KFED__")


@pytest.mark.parametrize("width_px", [390, 1440])
def test_no_page_is_wider_than_its_window(chromium, running_site, library, width_px):
    with open_page(chromium, running_site.base_url, width_px=width_px) as page:
        log_in_as_admin(page, running_site)
        page.goto("/clips?view=list")
        address = page.locator("[data-clip] a").first.get_attribute("href").split("?")[0]
        for path in ("/clips", "/clips?view=list", address, f"{address}/edit"):
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width_px, path


def reach(page: Page, selector: str) -> None:
    """Press Tab until such an element has the focus."""
    for _press in range(60):
        if page.evaluate("selector => document.activeElement.matches(selector)", selector):
            return
        press(page, "Tab")
    raise AssertionError(f"Tab never came to {selector}")


def wait_for_previews(page: Page) -> None:
    """Reload until each card has a picture and something to play."""
    cards = page.locator(".clip-media[data-hover-src*=previews]:has(img)")
    for _second in range(PATIENCE_MS // 1000):
        if cards.count() == 3:
            return
        page.wait_for_timeout(1000)
        page.reload()
    raise AssertionError("no previews")
