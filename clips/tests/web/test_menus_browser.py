"""Tests menus that cover the page, in a real browser: what closes them, without other effects; and the way back."""

import pytest
from playwright.sync_api import Page, expect

from clips.tests.browser import log_in_as_admin, open_page, press
from clips.tests.sorting.sort_table import lay_table

pytestmark = pytest.mark.slow

#: Counts the Escapes that the page itself hears of.
LISTEN = "addEventListener('keydown', ({ key }) => { window.heard = (window.heard ?? 0) + (key === 'Escape'); })"


@pytest.fixture
def page(chromium, running_site, request) -> Page:
    """The sort page with its order menu open, from the keyboard."""
    with open_page(chromium, running_site.base_url) as page:
        page.set_default_timeout(30_000)
        log_in_as_admin(page, running_site)
        page.goto(lay_table(running_site, request.node.name[:90], 2))
        expect(page.locator("[data-current]")).to_be_visible()
        page.locator("summary", has_text="Order").focus()
        press(page, "Enter")
        expect(page.get_by_label("Finish this video first")).to_be_visible()
        yield page


def test_escape_closes_the_menu_and_nothing_else(page):
    card = page.locator("[data-current]").get_attribute("data-segment")
    page.evaluate(LISTEN)
    page.get_by_label("Finish this video first").focus()
    press(page, "Escape")
    expect(page.get_by_label("Finish this video first")).to_be_hidden()
    expect(page.locator("summary", has_text="Order")).to_be_focused()
    assert page.evaluate("window.heard ?? 0") == 0
    assert page.locator("[data-current]").get_attribute("data-segment") == card
    press(page, "Escape")
    assert page.evaluate("window.heard") == 1


def test_a_press_elsewhere_closes_the_menu_and_one_inside_does_not(page):
    page.get_by_text("Rider last tagged in the video").click()
    expect(page.get_by_label("Finish this video first")).to_be_visible()
    page.locator(".card-tags:visible").first.click(position={"x": 5, "y": 5})
    expect(page.get_by_label("Finish this video first")).to_be_hidden()


def test_walking_out_with_the_keyboard_closes_the_menu(page):
    page.get_by_label("Finish this video first").focus()
    press(page, "Tab")
    expect(page.get_by_label("Finish this video first")).to_be_hidden()


UPLOAD = """
from clips.models import Shoot, Upload
from people.models import Member
shoot = Shoot.objects.create(name="Behind the back", slug="BehindTheBack", date="2024-12-01")
owner = Member.objects.get(username="%s")
Upload.objects.create(owner=owner, shoot=shoot, original_filename="meanwhile.mp4", size_bytes=9)
"""


def test_the_way_back_leads_to_what_is_there_now(chromium, running_site):
    with open_page(chromium, running_site.base_url) as page:
        log_in_as_admin(page, running_site)
        page.goto("/upload")
        expect(page.locator("#uploads")).not_to_contain_text("meanwhile.mp4")
        page.goto("/account")
        running_site.shell.run(UPLOAD % running_site.admin_username)
        page.go_back()
        expect(page.locator("#uploads")).to_contain_text("meanwhile.mp4")
