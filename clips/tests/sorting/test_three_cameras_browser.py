"""Tests in a real browser a minute that three cameras filmed: sorted, cut and played, by the numbers in its frames."""

import json
from pathlib import Path
from statistics import median

import pytest
from playwright.sync_api import Page, expect

from clips.tests.browser import log_in_as_admin, open_page, press
from clips.tests.media.made_up import N_BITS, shown_numbers
from clips.tests.sorting.sort_table import run_in
from clips.tests.sorting.test_sort_page import arrived
from clips.tests.sorting.three_cameras import END_MS, LATER_FRAMES, RATE_HZ, START_MS
from clips.tests.workers import eventually

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

PATIENCE_MS = 120_000
LAY = "from clips.tests.sorting import three_cameras; print(three_cameras.lay_files('Three cameras'))"
TIE = "from clips.tests.sorting import three_cameras; three_cameras.tie('{session}')"
N_UNREAD = "print(OriginalFile.objects.filter(shoot='{session}', duration_ms=None).count())"
N_CUT = "print(FinalClip.objects.current().filter(original_file__shoot='{session}').exclude(stored_path='').count())"
CLIPS = (
    "import json; print(json.dumps({{clip.camera_id: [str(clip.pk), clip.stored_path]"
    " for clip in FinalClip.objects.current().filter(original_file__shoot='{session}')}}))"
)
#: The number in the frame that a video shows, as made-up videos have it.
NUMBER = f"""(video) => {{
  const page = document.createElement("canvas").getContext("2d", {{ willReadFrequently: true }});
  [page.canvas.width, page.canvas.height] = [320, 180];
  page.drawImage(video, 0, 0, 320, 180);
  const row = page.getImageData(0, 8, 320, 1).data;
  let number = 0;
  for (let bit = 0; bit < {N_BITS}; bit += 1) if (row[4 * (16 * bit + 8)] > 128) number += 2 ** bit;
  return number;
}}"""
#: The number on the card's angle that is on screen, once it stands there.
ON_SCREEN = f"""() => {{
  const video = document.querySelector("[data-current] [data-preview-video]:not([data-angle-off] *)");
  return video && video.paused && !video.seeking && video.readyState >= 2 ? [({NUMBER})(video)] : null;
}}"""
#: Whether that is a number, or one beside it.
IS_NEAR = f"(wanted) => Math.abs(({ON_SCREEN})()?.[0] - wanted) <= 1"
#: On a busy machine a screen shows frames later than the video has them.
IS_PAINTED = """() => new Promise((done) => {
  const after = (frames) => (frames ? requestAnimationFrame(() => after(frames - 1)) : done());
  after(5);
})"""
ARE_LOADED = """() => {
  const videos = [...document.querySelectorAll("[data-current] [data-preview-video]")];
  return videos.length === 3 && videos.every((video) => video.readyState >= 3);
}"""
#: Each quarter of a second, for so many seconds, the numbers on the screens of a clip's page; and whose they are.
WATCH = f"""(seconds) => new Promise((done) => {{
  const videos = [document.querySelector("[data-player]"), ...document.querySelectorAll("[data-angle]")];
  const found = [];
  const look = setInterval(() => {{
    found.push(videos.map({NUMBER}));
    if (found.length < 4 * seconds) return;
    clearInterval(look);
    done({{ found, sources: videos.map((video) => video.currentSrc) }});
  }}, 250);
}})"""


@pytest.fixture(scope="module")
def session(running_site) -> str:
    """The id of a session with the three files, whose moments are one trick."""
    session = run_in(running_site, LAY).splitlines()[-1]
    eventually(lambda: run_in(running_site, N_UNREAD.format(session=session)) == "0", "three files that are read")
    run_in(running_site, TIE.format(session=session))
    return session


def stood(page: Page) -> int:
    """Return the number on screen once the video stands."""
    return page.wait_for_function(ON_SCREEN).json_value()[0]


def test_a_minute_of_three_cameras_is_in_step_in_sort_in_its_clips_and_on_its_page(
    request, chromium, running_site, session
):
    with open_page(chromium, running_site.base_url, width_px=1440, height_px=900) as page:
        page.set_default_timeout(PATIENCE_MS)
        log_in_as_admin(page, running_site)
        page.goto(f"/sort?session={session}")
        card = page.locator("[data-card][data-current]")
        expect(card.locator("[data-angle-number]")).to_have_text("1/3", timeout=PATIENCE_MS)
        page.wait_for_function(ARE_LOADED)
        press(page, "k")
        page.evaluate(IS_PAINTED)
        own = stood(page)
        for number, later_frames in [*enumerate(LATER_FRAMES.values(), start=1)][1:]:
            press(page, "d")
            expect(card.locator("[data-angle-number]")).to_have_text(f"{number}/3")
            page.wait_for_function(IS_NEAR, arg=own - later_frames)
        keep_two_of_three_and_undo(page, running_site, session)
        press(page, "Enter")
        expect(page.locator("[data-nothing-left]")).to_be_visible()
        for n in range(1, len(LATER_FRAMES) + 1):  # each has its time
            eventually(lambda n=n: int(run_in(running_site, N_CUT.format(session=session))) >= n, f"clip {n} is cut")
        clips = json.loads(run_in(running_site, CLIPS.format(session=session)).splitlines()[-1])
        assert_each_is_exact(running_site.data_dir, clips)
        page.goto(f"/clips/{clips['CAM_GOPRO11'][0]}")
        page.get_by_role("button", name="Side by side").click()
        page.locator("[data-player]").evaluate("video => video.play()")
        page.wait_for_function("() => document.querySelector('[data-player]').currentTime > 2")
        page.locator("[data-player]").evaluate("video => video.pause()")
        eventually(lambda: apart(clips, **page.evaluate(WATCH, 0.25)) == [0], "three that stand at one instant")
        if request.config.getoption("--soak"):  # a busy machine shows three at 60 frames a second as it can
            page.locator("[data-player]").evaluate("video => video.play()")
            frames_apart = apart(clips, **page.evaluate(WATCH, 50))
            assert median(frames_apart[4:]) <= 1, frames_apart


def keep_two_of_three_and_undo(page: Page, site, session: str) -> None:
    """The third angle, on screen, is left out of a keep, which is undone."""
    card = page.locator("[data-card][data-current]")
    leave = card.get_by_role("button", name="Leave out")
    leave.click()
    expect(leave).to_have_attribute("aria-pressed", "true")
    press(page, "d")
    expect(leave).to_have_attribute("aria-pressed", "false")
    press(page, "Enter")
    arrived(page)
    kept = json.loads(run_in(site, CLIPS.format(session=session)).splitlines()[-1])
    assert set(kept) == set(LATER_FRAMES) - {list(LATER_FRAMES)[-1]}
    press(page, "z")
    expect(card.locator("[data-angle-number]")).to_have_text("1/3")
    arrived(page)
    press(page, "d")
    press(page, "d")
    expect(card.locator("[data-angle-number]")).to_have_text("3/3")
    if leave.get_attribute("aria-pressed") == "true":  # as it was left, unless the server drew the card anew
        leave.click()
    expect(leave).to_have_attribute("aria-pressed", "false")


def assert_each_is_exact(data_dir: Path, clips: dict[str, list[str]]) -> None:
    """Each clip has every frame of the minute on the common clock, and no other."""
    wanted = list(range(START_MS * RATE_HZ // 1000, END_MS * RATE_HZ // 1000 + 1))
    for camera_id, later_frames in LATER_FRAMES.items():
        shown = [number + later_frames for number in shown_numbers(data_dir / clips[camera_id][1])]
        assert (shown[0], shown[-1]) == (wanted[0], wanted[-1]), camera_id
        assert shown == wanted, camera_id


def apart(clips: dict[str, list[str]], found: list[list[int]], sources: list[str]) -> list[int]:
    """Return how many frames what the three show at one time lies apart, for each look."""
    cameras = [next(camera for camera, (pk, _path) in clips.items() if pk in source) for source in sources]
    assert set(cameras) == set(LATER_FRAMES)
    later = [LATER_FRAMES[camera] for camera in cameras]
    on_clock = [[number + frames for number, frames in zip(numbers, later, strict=True)] for numbers in found]
    return [max(numbers) - min(numbers) for numbers in on_clock]
