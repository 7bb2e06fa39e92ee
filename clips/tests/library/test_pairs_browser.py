"""Tests in a real browser that a session's pairs of videos fit every size, and are confirmed, moved and undone."""

import pytest
from playwright.sync_api import expect

from clips.tests.browser import log_in_as_admin, open_page
from clips.tests.library.test_moment_browser import fits, session_of
from clips.tests.reels.test_reels_browser import findings
from clips.tests.sorting.sort_table import lay_table, run_in

pytestmark = pytest.mark.slow

SIZES = [(390, 664), (844, 390), (1440, 900)]
#: Two pairs of one session: one that is sure, and one that only the clocks know.
PAIR = (
    "found = dict(offset_s=6.25, drift_ppm=None, confidence=0.9, is_sure=True);"
    "one, two, three = OriginalFile.objects.filter(shoot='{session}').order_by('original_filename');"
    "VideoPair.objects.all().note(one, two, found);"
    "VideoPair.objects.all().note(one, three, found | dict(confidence=0.0, is_sure=False))"
)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_pair_is_moved_by_a_frame_taken_apart_and_back_again(chromium, running_site, size):
    session = session_of(lay_table(running_site, f"Two cameras {size[0]}", 3, n_files=3))
    run_in(running_site, PAIR.format(session=session))
    with open_page(chromium, running_site.base_url, width_px=size[0], height_px=size[1]) as page:
        log_in_as_admin(page, running_site)
        page.goto(f"/sessions/{session}")
        box = page.locator("#pairs")
        expect(box.locator("summary")).to_contain_text("1 pair of videos, 1 to check")
        box.locator("summary").click()
        sure, unsure = box.locator(".pair").nth(0), box.locator(".pair").nth(1)
        expect(sure).to_contain_text("sure by sound · the second starts 0:06.250 after the first")
        expect(unsure).to_contain_text("by the cameras’ clocks only")
        sure.get_by_role("button", name="+1 frame").click()
        expect(sure).to_contain_text("confirmed · the second starts 0:06.283 after the first")
        expect(sure.get_by_role("button", name="+1 frame")).to_be_focused()
        sure.get_by_role("button", name="Take apart").click()
        expect(sure).to_contain_text("taken apart")
        sure.get_by_role("button", name="Undo").click()
        expect(sure).to_contain_text("confirmed")
        sure.get_by_role("button", name="Undo").click()
        expect(sure).to_contain_text("sure by sound · the second starts 0:06.250 after the first")
        assert findings(page) == []
        assert fits(page, size[0])
        small = box.get_by_role("button").evaluate_all(
            "buttons => buttons.filter((one) => one.getBoundingClientRect().height < 44).map((one) => one.id)"
        )
        assert small == []
