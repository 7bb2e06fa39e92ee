"""Tests in a real browser that what is typed before the scripts are there is answered once they are."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from clips.tests.browser import before_scripts, log_in_as_admin, open_page
from clips.tests.sorting.sort_table import lay_table, run_in

pytestmark = pytest.mark.slow

PATIENCE_MS = 45_000
MAKE_RIDERS = """
from people.models import Person
for name in ("Early Bird", "Late Owl"):
    Person.objects.find_or_add(name)
"""


@pytest.fixture
def page(chromium, running_site) -> Iterator[Page]:
    with open_page(chromium, running_site.base_url) as page:
        page.set_default_timeout(PATIENCE_MS)
        log_in_as_admin(page, running_site)
        yield page


def test_clips_are_searched_for_what_was_typed_early(page):
    with before_scripts(page, "/clips"):
        page.get_by_role("searchbox", name="Search clips").fill("nobody-of-that-name")
    expect(page.get_by_role("heading", name="No matches")).to_be_visible()


def test_riders_are_searched_for_what_was_typed_early(page, running_site):
    run_in(running_site, MAKE_RIDERS)
    with before_scripts(page, "/manage/riders"):
        expect(page.get_by_role("link", name="Late Owl")).to_be_visible()
        page.get_by_role("searchbox").fill("early")
    expect(page.get_by_role("link", name="Late Owl")).to_have_count(0)
    expect(page.get_by_role("link", name="Early Bird")).to_be_visible()


def test_a_rider_is_offered_for_what_was_typed_early(page, running_site):
    run_in(running_site, MAKE_RIDERS)
    rider = run_in(
        running_site, "from people.models import Person; print(Person.objects.get(display_name='Early Bird').pk)"
    )
    with before_scripts(page, f"/manage/riders/{rider}"):
        page.get_by_role("combobox", name="Into").fill("late")
    page.get_by_role("option", name="Late Owl").click()
    expect(page.get_by_role("combobox", name="Into")).to_have_value("Late Owl")


def test_a_sensitivity_that_was_chosen_early_is_kept(page, running_site):
    session = lay_table(running_site, "Chosen early", 2).partition("session=")[2]
    with page.expect_response(re.compile("/sensitivity")), before_scripts(page, f"/sessions/{session}"):
        page.get_by_role("slider", name="Sensitivity").fill("7")
    assert run_in(running_site, f"print(Shoot.objects.get(pk='{session}').sensitivity)") == "7"
