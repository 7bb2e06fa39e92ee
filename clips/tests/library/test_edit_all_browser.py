"""Tests in a real browser that an edit reaches all cameras of a trick, and is taken back for all of them."""

import json
import os
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from clips.tests.browser import log_in_as_admin, open_page
from clips.tests.library.test_clip_angles_browser import PATIENCE_MS, SIZES, clip_address  # noqa: F401 - fixture
from clips.tests.library.test_moment_browser import fits
from clips.tests.reels.test_reels_browser import findings
from clips.tests.sorting.sort_table import run_in

pytestmark = pytest.mark.slow

NOW = (
    "import json; print(json.dumps([[clip.camera_id, str(clip.person), clip.start_ms, clip.end_ms] for clip in"
    " FinalClip.objects.current().filter(original_file__shoot__name='Angles of clips').order_by('camera_id')]))"
)


def clips_now(site) -> list[list]:
    return json.loads(run_in(site, NOW).splitlines()[-1])


def look(page: Page, name: str) -> None:
    """Keep a picture for who wants to look at it."""
    if folder := os.environ.get("TRICKYCLIP_PICTURES"):
        page.screenshot(path=Path(folder) / f"{name}-{page.viewport_size['width']}x{page.viewport_size['height']}.png")


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_an_edit_goes_to_all_cameras_and_one_undo_takes_it_back(chromium, running_site, clip_address, size):  # noqa: F811
    before = clips_now(running_site)
    with open_page(chromium, running_site.base_url, width_px=size[0], height_px=size[1]) as page:
        page.set_default_timeout(PATIENCE_MS)
        log_in_as_admin(page, running_site)
        page.goto(f"{clip_address}/edit")
        box = page.get_by_role("group", name="Also in 1 other camera: PIXEL8")
        expect(box.get_by_label("Riders, trick and category")).to_be_checked()
        expect(box.get_by_label("The same cut")).to_be_checked()
        box.scroll_into_view_if_needed()
        look(page, "edit-all")
        assert findings(page) == []
        assert fits(page, size[0])
        heights = box.locator("label").evaluate_all("rows => rows.map((row) => row.getBoundingClientRect().height)")
        assert min(heights) >= 44
        page.locator("#clip-people").fill(f"Rider {size[0]} {size[1]}")
        page.get_by_role("button", name="Save as new version").click()
        toast = page.locator(".toast")
        expect(toast).to_contain_text("Edited 2 clips.")
        look(page, "edit-all-done")
        assert [clip[1] for clip in clips_now(running_site)] == [f"Rider {size[0]} {size[1]}"] * 2
        toast.get_by_role("button", name="Undo").click()
        expect(page.locator(".message")).to_contain_text("Undone. 2 are as before.")
        assert clips_now(running_site) == before
