"""Tests the session, start and jobs pages in a real browser against the whole running site."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connections
from playwright.sync_api import Page, expect

from clips.models import Job, JobState
from clips.tests.browser import log_in, open_page, press
from clips.tests.web.test_jobs_page import NOT_A_VIDEO, add_files, add_jobs
from people.models import Member

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PASSWORD = "long-enough-for-everyone"


@pytest.fixture
def page(chromium, live_server, segments) -> Page:
    Member.objects.create_superuser("ada", PASSWORD)
    with open_page(chromium, live_server.url) as page:
        log_in(page, "ada", PASSWORD)
        yield page
        page.goto("about:blank")  # or its polls would go on while the rows are taken away


def finish_all() -> None:
    Job.objects.filter(state=JobState.WAITING).update(state=JobState.DONE)
    connections.close_all()


def marks(page: Page, state: str):
    return page.locator(f".mark[data-state={state}]")


def test_the_slider_takes_effect_at_once(page, shoot):
    page.goto(f"/sessions/{shoot.pk}#files-title")
    expect(page.locator("#shown-count")).to_have_text("7 of 10 moments shown")
    page.get_by_role("slider", name="Sensitivity", exact=True).fill("100")
    expect(page.locator("#shown-count")).to_have_text("10 of 10 moments shown")
    expect(marks(page, "below")).to_have_count(0)
    expect(page.locator("[data-left]")).to_have_text("10")
    page.reload()
    expect(page.get_by_role("slider", name="Sensitivity", exact=True)).to_have_value("100")


def test_the_keyboard_alone_reads_the_moments_and_changes_how_many_there_are(page, shoot):
    page.goto(f"/sessions/{shoot.pk}#files-title")
    page.get_by_role("slider", name="Sensitivity", exact=True).focus()
    press(page, "Home")
    expect(page.locator("#shown-count")).to_have_text("0 of 10 moments shown")
    press(page, "End")
    expect(page.locator("#shown-count")).to_have_text("10 of 10 moments shown")
    for _tab in range(20):
        press(page, "Tab")
        if page.evaluate("document.activeElement.classList.contains('mark')"):
            break
    caption = page.locator("[data-caption]")
    expect(caption).to_contain_text("0:00–0:04 · 95 % · to sort")
    press(page, "ArrowRight")
    expect(caption).to_contain_text("0:10–0:14 · 88 % · to sort")
    press(page, "End")
    expect(caption).to_contain_text("1:30–1:34 · 32 %")
    press(page, "Tab")
    expect(page.locator(".moments > summary")).to_be_focused()


def test_a_mark_keeps_the_focus_and_a_list_stays_open_when_the_server_draws_them_again(page, shoot):
    page.goto(f"/sessions/{shoot.pk}#files-title")
    page.locator(".moments > summary").click()
    marks(page, "shown").first.focus()
    page.evaluate("htmx.trigger(document.body, 'moments-changed')")
    page.wait_for_timeout(700)
    expect(marks(page, "shown").first).to_be_focused()
    expect(page.locator(".moments")).to_have_attribute("open", "")
    expect(page.locator("[data-caption]")).to_contain_text("0:00–0:04")


def test_a_moment_is_added_by_hand_and_a_wrong_one_is_explained_in_place(page, shoot):
    page.goto(f"/sessions/{shoot.pk}#files-title")
    page.get_by_text("Add moment manually").click()
    page.get_by_label("From", exact=True).fill("2:00.5")
    page.get_by_label("To", exact=True).fill("1:04")
    press(page, "Enter")
    expect(page.get_by_role("alert")).to_have_text("The clip must end after it starts.")
    page.get_by_label("To", exact=True).fill("2:04")
    press(page, "Enter")
    expect(page.locator(".moment-form")).to_contain_text("Added 2:00–2:04")
    expect(page.locator("#shown-count")).to_have_text("8 of 11 moments shown")
    expect(marks(page, "shown").last).to_have_attribute("aria-label", "2:00–2:04 · to sort · added by hand")
    expect(page.get_by_label("From", exact=True)).to_have_value("")


def test_a_session_gets_another_name_in_place(page, shoot):
    page.goto(f"/sessions/{shoot.pk}#files-title")
    page.get_by_text("Edit name and date").click()
    page.get_by_label("Name", exact=True).fill("Stair Set")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Stair Set")


def test_a_video_is_put_aside_and_taken_back(page, shoot):
    page.goto(f"/sessions/{shoot.pk}#files-title")
    page.get_by_role("button", name="Set aside").click()
    expect(page.locator(".filmed")).to_contain_text("skipped while sorting")
    expect(page.locator("[data-left]")).to_have_text("0")
    page.get_by_role("button", name="Bring back").click()
    expect(page.locator("[data-left]")).to_have_text("7")


@pytest.mark.parametrize("by", ["mouse", "finger"])
def test_a_press_counts_though_the_button_is_drawn_anew_meanwhile(page, shoot, by):
    page.goto(f"/sessions/{shoot.pk}#files-title")
    page.wait_for_load_state("networkidle")
    button = page.get_by_role("button", name="Set aside")
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    point = {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2}
    finger = page.context.new_cdp_session(page)
    if by == "mouse":
        page.mouse.move(**point)
        page.mouse.down()
    else:
        finger.send("Input.dispatchTouchEvent", {"type": "touchStart", "touchPoints": [point]})
    old = button.element_handle()
    page.evaluate("htmx.trigger(document.body, 'moments-changed')")
    page.wait_for_function("(old) => !old.isConnected", arg=old)
    if by == "mouse":
        page.mouse.up()
    else:
        finger.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    expect(page.locator(".filmed")).to_contain_text("skipped while sorting")


@pytest.fixture
def failed_jobs(shoot) -> list[Job]:
    return add_jobs(add_files(shoot, 3), JobState.FAILED, NOT_A_VIDEO)


def test_a_group_of_failed_jobs_is_retried_and_its_rows_follow(failed_jobs, page):
    page.goto("/jobs")
    group = page.locator(".cause").filter(has_text=NOT_A_VIDEO)
    expect(group).to_contain_text("3 × read camera data failed")
    for line in page.locator(".job-group summary").all():  # one a video
        line.click()
    expect(page.locator("tr[data-state=FAILED]")).to_have_count(3)
    group.get_by_role("button", name="Retry all").focus()
    press(page, "Enter")
    expect(page.locator("tr[data-state=WAITING]")).to_have_count(3)
    expect(group).to_have_count(0)
    with ThreadPoolExecutor(1) as worker:  # Playwright's own thread may not ask the database
        worker.submit(finish_all).result()
    expect(page.locator("tr[data-state=DONE]")).to_have_count(3)
    expect(page.locator("[data-active-job]")).to_have_count(0)


def test_a_lost_connection_is_said_calmly_and_goes_away(chromium, live_server, segments):
    Member.objects.create_superuser("ada", PASSWORD)
    with open_page(chromium, live_server.url) as page:
        log_in(page, "ada", PASSWORD)
        notice = page.locator("[data-connection]")
        expect(notice).to_be_hidden()
        page.context.set_offline(True)
        expect(notice).to_contain_text("Connection lost")
        page.context.set_offline(False)
        expect(notice).to_contain_text("Back online")
        expect(notice).to_be_hidden()


def test_an_error_of_the_server_gets_a_sentence(chromium, live_server, segments):
    Member.objects.create_superuser("ada", PASSWORD)
    with open_page(chromium, live_server.url, provoked="500") as page:
        log_in(page, "ada", PASSWORD)
        page.route("**/home/now", lambda route: route.fulfill(status=500, body="broken"))
        page.evaluate("htmx.ajax('GET', '/home/now', '#home-now')")
        expect(page.locator("[data-connection]")).to_contain_text("Something went wrong on the server")


@pytest.mark.parametrize("width_px", [390, 1440])
def test_no_page_is_wider_than_its_window_and_all_of_it_can_be_touched(chromium, live_server, segments, width_px):
    Member.objects.create_superuser("ada", PASSWORD)
    shoot = segments[0].original_file.shoot
    add_jobs(add_files(shoot, 3), JobState.FAILED, NOT_A_VIDEO)
    with open_page(chromium, live_server.url, width_px=width_px, height_px=844) as page:
        log_in(page, "ada", PASSWORD)
        for path in ("/", "/sessions", f"/sessions/{shoot.pk}", "/jobs"):
            page.goto(path)
            assert page.evaluate("document.documentElement.scrollWidth") <= width_px, path
            assert page.evaluate(TOO_SMALL) == [], path
        page.goto("about:blank")


def test_on_a_phone_the_main_places_lie_under_the_thumb(chromium, live_server, segments):
    Member.objects.create_superuser("ada", PASSWORD)
    with open_page(chromium, live_server.url, width_px=390, height_px=844) as page:
        log_in(page, "ada", PASSWORD)
        for name in ("Home", "Sort", "Sessions", "Clips", "Upload"):
            assert page.get_by_role("link", name=name, exact=True).first.bounding_box()["y"] > 780
        expect(page.get_by_role("link", name="Manage")).to_be_hidden()
        page.get_by_role("button", name="More pages").click()
        page.get_by_role("link", name="Manage").wait_for()
        press(page, "Escape")
        expect(page.get_by_role("link", name="Manage")).to_be_hidden()
        page.get_by_role("link", name="Sessions", exact=True).click()
        expect(page.get_by_role("link", name="Sessions", exact=True)).to_have_attribute("aria-current", "page")
        page.goto("about:blank")


#: What of buttons, fields and main links is lower than a fingertip. Links inside sentences and marks on a line are
#: not meant: for a mark there is a row in the list below it.
TOO_SMALL = """
[...document.querySelectorAll('button, .button, summary, .navigation a, .tabs a, input:not([type=hidden])')]
  .filter((element) => element.checkVisibility() && element.getBoundingClientRect().height < 43.5)
  .map((element) => element.outerHTML.slice(0, 80))
"""
