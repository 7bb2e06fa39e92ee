"""Tests in a real browser: a guest comments and reacts behind a link, the crew lets it through and answers."""

import uuid

import pytest
from playwright.sync_api import expect

from clips.tests.browser import log_in_as_admin, open_page
from clips.tests.reels.test_reels_browser import MAKE_CLIPS, add_all, cards, findings

pytestmark = pytest.mark.slow


def test_a_guest_talks_behind_a_link_and_the_crew_answers(chromium, running_site):
    running_site.shell.run(MAKE_CLIPS)
    with open_page(chromium, running_site.base_url, width_px=1440, height_px=900) as page:
        log_in_as_admin(page, running_site)
        name = f"Talk {uuid.uuid4().hex[:8]}"
        add_all(page, name)
        page.locator("#toasts").get_by_role("link", name=name).click()
        page.get_by_role("link", name="Share", exact=True).click()
        page.locator("#links-panel").get_by_label("Guests").select_option("WAIT")
        page.locator("#links-panel").get_by_role("button", name="Create link").click()
        link = page.locator("[data-link-text]").inner_text()
        with page.context.browser.new_context(
            viewport={"width": 390, "height": 664}, has_touch=True, is_mobile=True
        ) as context:
            guest = context.new_page()
            guest.goto(link)
            expect(cards(guest)).to_have_count(4)
            fire = guest.get_by_role("group", name="Reactions").get_by_role("button", name="Fire")
            fire.tap()
            expect(fire).to_have_attribute("aria-pressed", "true")
            guest.get_by_label("Your name").fill("Uncle Bo")
            guest.get_by_label("About").select_option(index=1)
            guest.get_by_label("Comment", exact=True).fill("12345 that KFED!")
            guest.get_by_role("button", name="Post").tap()
            expect(guest.get_by_text("Thanks! It shows up here once the crew has seen it.")).to_be_visible()
            expect(guest.get_by_label("Comment", exact=True)).to_have_value("")
            expect(guest.get_by_label("Your name")).to_have_value("Uncle Bo")
            assert findings(guest) == []
            assert guest.evaluate("document.documentElement.scrollWidth") == 390

            page.goto("/comments")
            waiting = page.locator(".comment", has_text="that KFED!")
            expect(waiting).to_contain_text("waiting for approval")
            assert findings(page) == []
            waiting.get_by_role("button", name="Show to everybody").click()
            expect(waiting).not_to_contain_text("waiting for approval")
            its_clip, mark = waiting.get_by_role("link").get_attribute("href").split("#")
            assert mark == "talk"
            page.goto(its_clip)  # without the mark: Chromium takes the focus away as it scrolls there
            expect(page.locator("#comments")).to_contain_text("that KFED!")
            # What is typed is no key of the page: no star is given, no edit begun.
            page.get_by_label("Comment", exact=True).press_sequentially("5e Clean one")
            page.get_by_role("button", name="Post").click()
            expect(page.locator("#comments")).to_contain_text("5e Clean one")
            expect(page.get_by_role("group", name="Stars").locator("[data-lit]")).to_have_count(0)
            assert findings(page) == []

            guest.reload()
            expect(guest.locator("#comments")).to_contain_text("5e Clean one")
            expect(guest.locator("#comments")).not_to_contain_text(running_site.admin_username)
            guest.once("dialog", lambda dialog: dialog.accept())
            guest.locator(".comment", has_text="that KFED!").get_by_role("button", name="Delete").tap()
            expect(guest.locator("#comments")).to_contain_text("Deleted.")
