"""Tests in a real browser that a pair's wrong clock is told of at every size, put right by a button, and undone."""

import pytest
from playwright.sync_api import expect

from clips.tests.browser import log_in_as_admin, open_page
from clips.tests.library.test_edit_all_browser import look
from clips.tests.library.test_moment_browser import fits, session_of
from clips.tests.reels.test_reels_browser import findings
from clips.tests.sorting.sort_table import lay_table, run_in

pytestmark = pytest.mark.slow

SIZES = [(390, 664), (390, 844), (844, 390), (1440, 900)]
#: A confirmed pair, of which one camera's clock is an hour and some minutes behind.
PAIR = (
    "import datetime as dt; from people.models import Member;"
    "one, two = OriginalFile.objects.filter(shoot='{session}').order_by('original_filename');"
    "said = dict(recorded_at='2024-12-01T10:00:00+00:00', camera_id='CAM_GOPRO11', serial='A{size}');"
    "facts = {{**one.probe, 'duration_ms': one.duration_ms, 'utc_offset_min': 0}};"
    "OriginalFile.objects.filter(pk=one.pk).update(camera_serial='A{size}', probe=facts | said);"
    "said = dict(recorded_at='2024-12-01T08:58:00+00:00');"
    "of_two = dict(camera_id='CAM_DJI_AIR3', camera_serial='B{size}', probe=facts | said);"
    "OriginalFile.objects.filter(pk=two.pk).update(**of_two);"
    "OriginalFile.objects.filter(shoot='{session}').place_in_time();"
    "found = dict(offset_s=6.25, drift_ppm=None, confidence=0.9, is_sure=True);"
    "VideoPair.objects.all().note(one, two, found);"
    "print(VideoPair.objects.get(first__shoot='{session}').confirm(Member.objects.get(username='jo')))"
)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_pair_puts_a_clock_right_and_undo_takes_it_back(chromium, running_site, size):
    session = session_of(lay_table(running_site, f"Clocks {size[0]} {size[1]}", 2, n_files=2))
    assert run_in(running_site, PAIR.format(session=session, size=f"{size[0]}{size[1]}")).endswith("True")
    with open_page(chromium, running_site.base_url, width_px=size[0], height_px=size[1]) as page:
        log_in_as_admin(page, running_site)
        page.goto(f"/sessions/{session}")
        box = page.locator("#pairs")
        box.locator("summary").click()
        wrong = box.locator(".wrong-clocks")
        expect(wrong).to_contain_text("One of these two clocks was wrong that day:")
        expect(wrong).to_contain_text("The clock of DJI AIR3 was 1:02:06 behind that day.")
        expect(wrong).to_contain_text("The clock of GOPRO11 was 1:02:06 ahead that day.")
        wrong.scroll_into_view_if_needed()
        look(page, "clocks")
        assert findings(page) == []
        assert fits(page, size[0])
        buttons = wrong.get_by_role("button", name="Put it right for its 1 video")
        assert min(buttons.evaluate_all("all => all.map((one) => one.getBoundingClientRect().height)")) >= 44
        wrong.locator("p", has_text="DJI AIR3").get_by_role("button").click()
        said = box.locator(".pairs-said")
        expect(said).to_contain_text("The time of 1 file changed.")
        expect(wrong).to_have_count(0)
        look(page, "clocks-done")
        assert findings(page) == []
        said.get_by_role("button", name="Undo").click()
        expect(wrong).to_have_count(1)
        expect(said.get_by_role("button")).to_have_count(0)
