"""Tests in a real browser that a card switches angles at the same instant, and that a decision is about all of them."""

import json

import pytest
from playwright.sync_api import Page, expect

from clips.tests.browser import log_in_as_admin, open_page, press
from clips.tests.reels.test_reels_browser import findings
from clips.tests.sorting.sort_table import RATE_HZ, START_MS, lay_table, run_in
from clips.tests.sorting.test_sort_page import arrived

pytestmark = pytest.mark.slow

PATIENCE_MS = 30_000
SIZES = [(390, 664), (390, 844), (844, 390), (1440, 900)]
LATER_MS = 500
#: Ties the two videos of a session: the second began half a second later.
TIE = (
    "from clips.library.pairs import change; from people.models import Member;"
    "one, two = OriginalFile.objects.filter(shoot='{session}').order_by('original_filename');"
    "OriginalFile.objects.filter(pk=two.pk).update(camera_id='CAM_PIXEL8');"
    "CandidateSegment.objects.filter(original_file=one).update(score=0.99);"
    "found = dict(offset_s={later_s}, drift_ppm=None, confidence=0.9, is_sure=True);"
    "VideoPair.objects.all().note(one, two, found);"
    "pair = VideoPair.objects.get(first__shoot='{session}');"
    "print(change(pair, lambda pair: pair.confirm(Member.objects.get(username='jo'))))"
)
CLIPS = (
    "import json; print(json.dumps(list(FinalClip.objects.current().filter(original_file__shoot='{session}')"
    ".order_by('camera_id').values_list('camera_id', 'start_ms', 'end_ms'))))"
)
#: The time of the video on screen, once it stands there.
ON_SCREEN = """() => {
  const video = document.querySelector('[data-current] [data-preview-video]:not([data-angle-off] *)');
  return video && !video.seeking && video.readyState >= 2 ? video.currentTime : null;
}"""

#: Keys pressed faster than a video shows another frame.
AT_ONCE = """(keys) => {
  const pressed = (key) => new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true });
  for (const key of keys) document.activeElement.dispatchEvent(pressed(key));
}"""


def lay_angles(site, name: str) -> str:
    address = lay_table(site, name, 2, n_files=2)
    session = address.partition("session=")[2]
    assert run_in(site, TIE.format(session=session, later_s=LATER_MS / 1000)).endswith("True")
    return session


def frame_on_screen(page: Page) -> int:
    """Return the number of the frame of the preview that is on screen; half a frame's rounding is none."""
    return int(page.wait_for_function(ON_SCREEN).json_value() * RATE_HZ + 0.01)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_a_key_switches_angles_at_the_same_instant_and_one_decision_keeps_both(chromium, running_site, size):
    session = lay_angles(running_site, f"Angles {size[0]} {size[1]}")
    with open_page(chromium, running_site.base_url, width_px=size[0], height_px=size[1]) as page:
        page.set_default_timeout(PATIENCE_MS)
        log_in_as_admin(page, running_site)
        page.goto(f"/sort?session={session}")
        card = page.locator("[data-card][data-current]")
        expect(page.locator("[data-hand] > [data-card]")).to_have_count(1)
        expect(card.locator("[data-angle-number]")).to_have_text("1/2")
        page.wait_for_function(ON_SCREEN)
        press(page, "k")
        press(page, ".")  # it stands still, in the middle of a frame
        own = frame_on_screen(page)
        press(page, "d")
        expect(card.locator("[data-angle-number]")).to_have_text("2/2")
        expect(card.locator("[data-angle-name]")).to_have_text("PIXEL8")
        assert frame_on_screen(page) == own - LATER_MS * RATE_HZ / 1000
        assert card.locator("[data-angle]:not([data-angle-off]) video").is_visible()
        page.evaluate(AT_ONCE, [".", "d"])
        assert frame_on_screen(page) == own + 1, "a step is not lost, though its frame was not on screen yet"
        assert findings(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        press(page, "Enter")
        expect(page.locator("[data-nothing-left]")).to_be_visible()
        arrived(page)
        kept = json.loads(run_in(running_site, CLIPS.format(session=session)).splitlines()[-1])
        assert [camera for camera, _start, _end in kept] == ["CAM_GOPRO11", "CAM_PIXEL8"]
        assert kept[0][1:] == [START_MS, kept[0][2]]
        assert [ms - LATER_MS for ms in kept[0][1:]] == kept[1][1:]
        press(page, "z")
        expect(card.locator("[data-angle-number]")).to_be_visible()
        arrived(page)
        assert json.loads(run_in(running_site, CLIPS.format(session=session)).splitlines()[-1]) == []
        press(page, "e")
        expect(card.get_by_role("button", name="Only this one")).to_have_attribute("aria-pressed", "true")
        press(page, "d")
        press(page, "Enter")
        arrived(page)
        (alone,) = json.loads(run_in(running_site, CLIPS.format(session=session)).splitlines()[-1])
        assert alone[0] == "CAM_PIXEL8"
