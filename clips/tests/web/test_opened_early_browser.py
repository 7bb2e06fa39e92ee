"""Tests in a real browser that what is opened before the scripts are there is filled once they are."""

import re
import uuid
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from clips.tests.browser import before_scripts, log_in_as_admin, open_page
from clips.tests.sorting.sort_table import lay_table

pytestmark = pytest.mark.slow

MAKE_EDIT = "from clips.models import Reel; print(Reel.objects.create(name={name!r}, made_by_name='mia').pk)"
MAKE_JOB = """
from clips.models import Job, JobKind, JobState
from clips.tests.factories import OriginalFileFactory
video = OriginalFileFactory(original_filename="EARLY.MP4")
Job.objects.create(kind=JobKind.POSTER, original_file=video, state=JobState.DONE)
"""


@pytest.fixture
def page(chromium, running_site) -> Iterator[Page]:
    with open_page(chromium, running_site.base_url, width_px=390, height_px=844, touch=True) as page:
        log_in_as_admin(page, running_site)
        yield page


@pytest.fixture
def edit(running_site) -> str:
    """The address of an edit without clips."""
    made = running_site.shell.run(MAKE_EDIT.format(name=f"Early {uuid.uuid4().hex[:8]}"))
    return f"/edits/{made.split()[-1]}"


def test_a_link_to_what_is_folded_up_opens_it_however_early_it_is_pressed(page, edit):
    with before_scripts(page, edit):
        page.get_by_role("link", name="Share", exact=True).tap()
    expect(page.get_by_role("button", name="Create link")).to_be_visible()


def test_a_link_to_what_is_folded_up_opens_it_again(page, edit):
    page.goto(f"{edit}#links")
    create = page.get_by_role("button", name="Create link")
    expect(create).to_be_visible()
    page.locator("#links > summary").tap()
    expect(create).to_be_hidden()
    page.get_by_role("link", name="Share", exact=True).tap()
    expect(create).to_be_visible()


def test_a_box_that_was_opened_early_is_filled(page, edit):
    with before_scripts(page, edit):
        page.locator("#links > summary").tap()
    expect(page.get_by_role("button", name="Create link")).to_be_visible()


def test_the_jobs_of_a_video_that_was_opened_early_are_shown(page, running_site):
    running_site.shell.run(MAKE_JOB)
    with before_scripts(page, "/jobs"):
        page.locator(".job-group summary", has_text="EARLY.MP4").tap()
    expect(page.locator(".group-jobs-place")).to_contain_text("make pictures")


def test_the_leaderboard_is_asked_for_when_it_is_seen(page, running_site):
    asked = []
    page.on("request", lambda request: request.url.endswith("/board") and asked.append(request.url))
    leaderboard = page.locator(".sorter-more", has_text="Leaderboard")
    with before_scripts(page, lay_table(running_site, "Early board", 1)):
        leaderboard.locator("summary").tap()
    expect(leaderboard.locator(".sorter-menu")).not_to_be_empty()
    leaderboard.locator("summary").tap()
    page.wait_for_load_state("networkidle")
    assert len(asked) == 1
    with page.expect_response(re.compile("/board$")):
        leaderboard.locator("summary").tap()

    page.goto("/sort", wait_until="networkidle")
    assert len(asked) == 2, "nobody opened it"
