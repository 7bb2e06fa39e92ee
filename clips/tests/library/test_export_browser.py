"""Tests exports in a real browser: from the account page to a ZIP on the disk, on a phone and on a desk."""

import os
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from clips.tests.browser import log_in, open_page
from clips.tests.library.test_download import make_clip
from clips.tests.library.test_export import put_original
from conftest import PASSWORD
from people.models import Person

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

SIZES = [(390, 664), (1440, 900)]
FITS = "document.documentElement.scrollWidth <= window.innerWidth"


@pytest.fixture(params=SIZES, ids=["phone", "desk"])
def page(request, chromium, live_server, original, admin) -> Page:
    make_clip(original, "kept", b"kept" * 1000, person=Person.objects.add("Zoë Müller-Lüdenscheidt"), created_by=admin)
    put_original(original, os.urandom(3_000_000))
    width_px, height_px = request.param
    size = {"width_px": width_px, "height_px": height_px, "touch": width_px < 500}
    with open_page(chromium, live_server.url, **size) as page:
        log_in(page, "ada", PASSWORD)
        yield page
        page.goto("about:blank")


def saved(page: Page, folder: Path) -> list[str]:
    """Press the button, and return the names in the ZIP that comes."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Download ZIP").click()
    download.value.save_as(folder / "taken.zip")
    with zipfile.ZipFile(folder / "taken.zip") as read:
        assert read.testzip() is None
        return [name.rpartition("/")[2] for name in read.namelist()]


def test_ones_own_data_come_with_two_clicks_from_the_account(page, tmp_path):
    page.goto("/account")
    page.get_by_role("link", name="Export my data").click()
    expect(page.get_by_text("1 clip, 3.9")).to_be_visible()
    expect(page.get_by_label("With the original video")).to_have_count(0)  # somebody else uploaded it
    assert page.evaluate(FITS)
    assert saved(page, tmp_path) == ["member.json", "session.json", "clips.csv", "kept__v001.mp4"]
    expect(page.get_by_role("button", name="Download ZIP")).to_be_enabled()


def test_an_admin_takes_the_crews_originals_too(page, tmp_path):
    page.goto("/account")
    page.get_by_role("link", name="Export the whole crew").click()
    box = page.get_by_label("With the original video (1, 2.9")
    expect(box).not_to_be_checked()
    box.check()
    expect(page.get_by_text("1 original video, 2.9")).to_be_visible()
    assert page.evaluate(FITS)
    names = saved(page, tmp_path)
    assert names[0] == "crew.json"
    assert names[-1] == "GX010001__aaaaaaaa.MP4"
    page.get_by_label("With the original video").uncheck()
    expect(page.get_by_text("1 original video, 2.9")).to_have_count(0)
    assert "GX010001__aaaaaaaa.MP4" not in saved(page, tmp_path)
