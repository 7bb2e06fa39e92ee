"""Tests in a real browser that a mark leads to its own card, and that the sort page shows running searches."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from clips.tests.browser import log_in, log_in_as_admin, open_page, press
from clips.tests.sorting.sort_table import PASSWORD, lay_table, run_in
from trickyclip.tests.site import RunningSite

pytestmark = pytest.mark.slow

SIZES = [(390, 664), (360, 640), (390, 844), (844, 390)]
PATIENCE_MS = 60_000
#: A search that some other worker has in its hands, so that none of the site's own takes it.
SEARCH = (
    "import uuid; from django.utils import timezone; from datetime import timedelta;"
    "shoot = Shoot.objects.called('{name}', timezone.now().date());"
    "key = uuid.uuid4().hex; now = timezone.now();"
    "file = OriginalFile.objects.create(shoot=shoot, original_filename='GX019999.MP4', stored_path='originals/' + key,"
    " file_hash=key * 2, size_bytes=9, duration_ms=600000);"
    "job = Job.objects.create(kind='DETECT', original_file=file, state='RUNNING', progress=0.42,"
    " started_at=now - timedelta(seconds=100), lease_token=uuid.uuid4(), lease_ends_at=now + timedelta(hours=1));"
    "print(shoot.pk, file.pk, job.pk)"
)


def session_of(address: str) -> str:
    return parse_qs(urlsplit(address).query)["session"][0]


def on_top(page: Page):
    return page.locator("[data-card][data-current]")


def fits(page: Page, width_px: int) -> bool:
    return page.evaluate("document.documentElement.scrollWidth") <= width_px


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_mark_leads_to_its_own_card_its_clip_or_out_of_the_trash(chromium, running_site: RunningSite, size):
    session = session_of(lay_table(running_site, f"Marks {size[0]} {size[1]}", 6, n_files=2))
    with open_page(chromium, running_site.base_url, width_px=size[0], height_px=size[1]) as page:
        log_in_as_admin(page, running_site)
        page.goto(f"/sessions/{session}#files-title")
        marks = page.locator("article.filmed").nth(1).locator("a.mark")
        expect(marks).to_have_count(3)
        wanted = marks.nth(2).get_attribute("id").removeprefix("mark-")
        marks.nth(2).dispatch_event("click")
        expect(on_top(page)).to_have_attribute("data-segment", wanted, timeout=PATIENCE_MS)
        assert fits(page, size[0])
        press(page, "x")
        expect(on_top(page)).not_to_have_attribute("data-segment", wanted)
        expect(page.locator("[data-notice]")).to_contain_text("Trashed")
        page.wait_for_timeout(1000)  # it has arrived
        page.goto(f"/moments/{wanted}")
        expect(page.locator("main")).to_contain_text("In the trash")
        assert fits(page, size[0])
        page.get_by_role("button", name="Restore and sort").click()
        expect(on_top(page)).to_have_attribute("data-segment", wanted, timeout=PATIENCE_MS)


def test_a_moment_that_somebody_else_sorts_is_told_and_comes_when_it_is_free(chromium, running_site):
    address = lay_table(running_site, "Two of us", 4)
    with open_page(chromium, running_site.base_url, width_px=390, height_px=664) as page:
        others = page.context.browser.new_context(base_url=running_site.base_url).new_page()
        log_in(others, "jo", PASSWORD)
        others.goto(address)
        expect(on_top(others)).to_have_count(1, timeout=PATIENCE_MS)
        held = on_top(others).get_attribute("data-segment")
        log_in_as_admin(page, running_site)
        page.goto(f"/moments/{held}")
        expect(page.locator("main")).to_contain_text("jo is sorting this moment.")
        others.goto("/")
        expect(on_top(page)).to_have_attribute("data-segment", held, timeout=PATIENCE_MS)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_what_is_being_searched_is_told_until_its_moments_show_up(chromium, running_site, size):
    name = f"Looked {size[0]} {size[1]}"
    shoot, file, job = run_in(running_site, SEARCH.format(name=name)).split()[-3:]
    with open_page(chromium, running_site.base_url, width_px=size[0], height_px=size[1]) as page:
        log_in_as_admin(page, running_site)
        page.goto(f"/sort?session={shoot}")
        state = page.locator("[data-nothing-left]")
        expect(state).to_contain_text(re.compile(r"Searching (one video|\d videos) for tricks: 4\d %"))
        expect(state).to_contain_text("left")
        expect(state).not_to_contain_text("is sorted")
        assert fits(page, size[0])
        page.goto(f"/sessions/{shoot}#files-title")
        expect(page.locator("#session-numbers")).to_contain_text("Searching one video for tricks: 42 %")
        moment = (
            f"file = OriginalFile.objects.get(pk='{file}');"
            "run = DetectionRun.objects.create(original_file=file, version='test');"
            "CandidateSegment.objects.create(original_file=file, run=run, start_ms=1000, end_ms=3000, score=0.9);"
            f"Job.objects.filter(pk='{job}').update(state='DONE', lease_token=None, lease_ends_at=None)"
        )
        run_in(running_site, moment)
        expect(page.get_by_role("link", name="Sort 1")).to_be_visible(timeout=PATIENCE_MS)
        expect(page.locator("#session-numbers")).not_to_contain_text("Searching")
