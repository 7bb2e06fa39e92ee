"""Tests the time-lines of a session's page in a real browser, by pointer, finger and keyboard."""

import re
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import av
import numpy as np
import pytest
from django.conf import settings as django_settings
from django.db import connections
from playwright.sync_api import Locator, Page, expect

from clips.media.render.filmstrip import make_filmstrip
from clips.models import Filmstrip, Job, JobKind, OriginalFile
from clips.previews import filmstrips
from clips.tests.browser import log_in, open_page, press
from clips.tests.factories import DetectionRunFactory
from clips.tests.library.test_sessions import add_files
from clips.tests.media.grey import luma_of
from clips.tests.media.made_up import frame_number, make_video
from clips.tests.media.test_filmstrip import numbers_by_ms
from people.models import Member

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PASSWORD = "long-enough-for-everyone"
FRAMES = 900
#: The width of a drawing that was made: of none there is none.
DRAWN = re.compile(r"\d{3,}")
TOPS = """
JSON.stringify([...document.querySelectorAll('main *:not([data-look], [data-look] *, [data-look-stem])')]
  .map((element) => (element.checkVisibility() ? element.getBoundingClientRect().top : 0)))
"""


@pytest.fixture(scope="module")
def filmed(tmp_path_factory) -> tuple[dict, bytes, dict[int, int]]:
    """Half a minute with a keyframe each half second: facts of its strip, the JPEG, and its frames' times."""
    folder = tmp_path_factory.mktemp("filmed")
    source = make_video(folder / "source.mp4", frames=FRAMES, gop=15, events_s=[12])
    made = make_filmstrip(str(source), str(folder / "strip.jpg"))
    return made, (folder / "strip.jpg").read_bytes(), numbers_by_ms(source)


def give_strip(original: OriginalFile, made: dict, jpeg: bytes) -> None:
    path = filmstrips.stored_path(original)
    (django_settings.DATA_DIR / path).parent.mkdir(exist_ok=True)
    (django_settings.DATA_DIR / path).write_bytes(jpeg)
    Filmstrip.objects.create(original_file=original, stored_path=path, size_bytes=len(jpeg), **made)


@pytest.fixture
def original(original, filmed) -> OriginalFile:
    """A file that has its filmstrip, and a curve that rises from 0 to 1."""
    original.duration_ms = FRAMES * 1000 // 30
    original.save()
    values = np.linspace(0, 1, 300).tolist()
    DetectionRunFactory(original_file=original, curve={"step_ms": 100, "values": values})
    give_strip(original, *filmed[:2])
    return original


@pytest.fixture
def page(chromium, live_server, original) -> Page:
    Member.objects.create_superuser("ada", PASSWORD)
    with open_page(chromium, live_server.url) as page:
        log_in(page, "ada", PASSWORD)
        page.goto(f"/sessions/{original.shoot_id}#files-title")
        expect(page.locator("[data-lanes]")).to_be_visible()
        expect(page.locator("[data-film] canvas")).to_have_attribute("width", DRAWN)
        yield page
        page.goto("about:blank")


def grey(shown: Locator) -> np.ndarray:
    """Return a screenshot of an element [shape=(height, width), uint8]."""
    with av.open(BytesIO(shown.screenshot())) as container:
        return luma_of(next(container.decode(video=0)))


def number_shown(page: Page) -> int:
    """Read the number of the shown frame from the screen."""
    return frame_number(grey(page.locator("[data-look-picture]")).repeat(2, axis=0).repeat(2, axis=1))


def point_at(page: Page, part: float) -> None:
    box = page.locator("[data-film]").bounding_box()
    page.mouse.move(box["x"] + part * box["width"], box["y"] + box["height"] / 2)


def test_the_pointer_is_shown_the_frame_of_its_time_and_how_much_it_looks_like_a_trick(page, filmed):
    made, _jpeg, numbers = filmed
    for part in (0.21, 0.77):
        point_at(page, part)
        seen_ms = max(time_ms for time_ms in made["times_ms"] if time_ms <= part * 30_000)
        expect(page.locator("[data-look-time]")).to_contain_text(f"0:{int(part * 30):02d}.")
        expect(page.locator("[data-look-curve]")).to_contain_text(f"trick {part * 100:.0f} %")
        assert number_shown(page) == numbers[seen_ms]
    page.mouse.move(5, 5)
    expect(page.locator("[data-look]")).to_be_hidden()


def test_the_keyboard_goes_from_picture_to_picture(page, filmed):
    made, _jpeg, numbers = filmed
    film = page.get_by_role("slider", name="Scrub through GX010001.MP4")
    film.focus()
    for key, tile in [("ArrowRight", 1), ("ArrowRight", 2), ("PageUp", 12), ("ArrowLeft", 11), ("End", -1)]:
        press(page, key)
        expect(film).to_have_attribute("aria-valuenow", str(made["times_ms"][tile]))
        assert number_shown(page) == numbers[made["times_ms"][tile]]
    expect(film).to_have_attribute("aria-valuetext", "0:29.5, trick 99 %")
    press(page, "Escape")
    expect(page.locator("[data-look]")).to_be_hidden()


def test_the_line_itself_shows_pictures_and_the_loudest_moment(page):
    film = grey(page.locator("[data-film]"))
    assert film.std() > 15, "the texture of the frames"
    sound = grey(page.locator("[data-sound]")).astype(int)
    heights = (abs(sound - sound[1, 1]) > 20).sum(axis=0)
    assert abs(int(np.argmax(heights)) / len(heights) - 12 / 30) < 0.03
    assert np.median(heights) < heights.max() / 2


def test_looking_moves_nothing(page):
    page.locator("[data-lanes]").scroll_into_view_if_needed()
    before = page.evaluate(TOPS)
    point_at(page, 0.5)
    expect(page.locator("[data-look]")).to_be_visible()
    assert page.evaluate(TOPS) == before


def test_what_the_server_draws_again_is_there_at_once_and_not_asked_for_again(page, original):
    asked = []
    page.on("request", lambda request: "timeline.json" in request.url and asked.append(request.url))
    page.locator("[data-film]").focus()
    press(page, "PageUp")
    with page.expect_response("**/news**"):
        page.evaluate("htmx.trigger(document.body, 'moments-changed')")
    page.wait_for_timeout(300)
    assert grey(page.locator("[data-film]")).std() > 15
    expect(page.locator("[data-film]")).to_be_focused()
    press(page, "ArrowRight")
    expect(page.locator("[data-film]")).to_have_attribute("aria-valuenow", "11500")
    assert asked == []


def test_each_line_is_asked_for_once_when_it_comes_into_view(chromium, live_server, shoot, filmed):
    add_files(shoot, 10)
    OriginalFile.objects.update(duration_ms=30_000)
    for original in OriginalFile.objects.all():
        give_strip(original, *filmed[:2])
    Member.objects.create_superuser("ada", PASSWORD)
    with open_page(chromium, live_server.url, width_px=390, height_px=844, touch=True) as page:
        log_in(page, "ada", PASSWORD)
        asked = []
        page.on("request", lambda request: "timeline.json" in request.url and asked.append(request.url))
        page.goto(f"/sessions/{shoot.pk}#files-title")
        expect(page.locator("[data-timeline]")).to_have_count(10)
        page.wait_for_timeout(500)
        assert len(asked) < 5
        for line in [*range(10), *range(10)]:
            page.evaluate(f"document.querySelectorAll('[data-timeline]')[{line}].scrollIntoView()")
            page.wait_for_timeout(50)
        page.wait_for_timeout(300)
        assert len(asked) == len(set(asked)) == 10
        page.locator("[data-film]").last.tap()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        page.goto("about:blank")


def test_a_line_keeps_its_height_while_its_strip_is_asked_for_and_made(chromium, live_server, original, filmed):
    Filmstrip.objects.all().delete()
    Member.objects.create_superuser("ada", PASSWORD)

    def make() -> None:
        Job.objects.all().delete()
        give_strip(original, *filmed[:2])
        connections.close_all()

    with open_page(chromium, live_server.url) as page:
        log_in(page, "ada", PASSWORD)
        page.goto(f"/sessions/{original.shoot_id}#files-title")
        expect(page.locator(".film-says")).to_have_text("Creating filmstrip …")
        height_px = page.locator(".filmed").bounding_box()["height"]
        with ThreadPoolExecutor(1) as worker:  # Playwright's own thread may not ask the database
            assert worker.submit(Job.objects.filter(kind=JobKind.FILMSTRIP).count).result() == 1
            worker.submit(make).result()
        expect(page.locator("[data-film] canvas")).to_have_attribute("width", DRAWN)
        assert page.locator(".filmed").bounding_box()["height"] == height_px
        page.goto("about:blank")
