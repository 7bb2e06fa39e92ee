"""Tests the admin in a real browser: its scripts work under the site's own content security policy."""

import pytest
from playwright.sync_api import Page, expect

from clips.models import FinalClip
from clips.tests.admin.test_admin import REGISTERED, add_one_of_each, page
from clips.tests.browser import log_in, open_page
from people.models import Member, Person

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PASSWORD = "long-enough-for-everyone"


@pytest.fixture
def rows() -> None:
    Member.objects.create_superuser("ada", PASSWORD)
    add_one_of_each(1)


def visit(browser: Page, path: str) -> None:
    response = browser.goto(path)
    assert response.status == 200
    browser.wait_for_load_state("networkidle")


def test_no_page_breaks_the_content_security_policy(chromium, live_server, rows):
    """``open_page`` fails when the browser complains of anything."""
    lists = [page(model, "changelist") for model in REGISTERED]
    rows_of_each = [page(model, "change", model.objects.first().pk) for model in REGISTERED]
    with open_page(chromium, live_server.url) as browser:
        log_in(browser, "ada", PASSWORD)
        for path in ["/admin/", *lists, *rows_of_each, page(Person, "add")]:
            visit(browser, path)


def test_somebody_else_in_a_clip_is_found_by_typing(chromium, live_server, rows):
    path = page(FinalClip, "change", FinalClip.objects.get().pk)
    Person.objects.add("Jo Nilsen")
    with open_page(chromium, live_server.url) as browser:
        log_in(browser, "ada", PASSWORD)
        visit(browser, path)
        browser.locator(".field-also .select2-search__field").fill("nils")
        browser.get_by_role("option", name="Jo Nilsen").click()
        browser.get_by_role("button", name="Save", exact=True).click()
        expect(browser.locator(".messagelist")).to_contain_text("was changed successfully")
    assert FinalClip.objects.get().also.filter(display_name="Jo Nilsen").exists()


def test_row_for_another_alias_is_added_by_a_click(chromium, live_server, rows):
    path = page(Person, "add")
    with open_page(chromium, live_server.url) as browser:
        log_in(browser, "ada", PASSWORD)
        visit(browser, path)
        browser.get_by_role("button", name="Add another Alias").click()
        browser.get_by_label("Name:", exact=True).fill("Zoë")
        for number, alias in enumerate(("Zo", "Zoom")):
            browser.locator(f"#id_aliases-{number}-name").fill(alias)
        browser.get_by_role("button", name="Save", exact=True).click()
        expect(browser.locator(".messagelist")).to_contain_text("was added successfully")
    assert Person.objects.get(slug="Zoe").aliases.count() == 2
