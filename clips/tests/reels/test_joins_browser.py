"""Measures in a real browser how long an edit stands still between two of its clips, and how much is not seen."""

import uuid
from dataclasses import dataclass
from statistics import median

import pytest
from playwright.sync_api import Page, expect

from clips.tests.browser import log_in_as_admin, open_page, press
from clips.tests.reels.test_reels_browser import MAKE_CLIPS, add_all, cards

pytestmark = pytest.mark.slow

#: What a join may take on a machine that does much else; at rest it is a picture of a 60th of a second.
PATIENCE_MS = 50
#: Notes each picture that a video shows, and where the next one stood when it came to the front.
WATCH = """
() => {
  Object.assign(window, { pictures: [], swaps: [] });
  document.querySelectorAll("[data-screen]").forEach((video, screen) => {
    const note = (_now, { mediaTime, presentationTime }) => {
      window.pictures.push({ screen, mediaS: mediaTime, atMs: presentationTime, clip: video.dataset.clip });
      video.requestVideoFrameCallback(note);
    };
    video.requestVideoFrameCallback(note);
    const swapped = () => window.swaps.push({
      screen, atMs: performance.now(), clip: video.dataset.clip, mediaS: video.currentTime,
    });
    const watch = new MutationObserver(() => video.hasAttribute("data-front") && swapped());
    watch.observe(video, { attributeFilter: ["data-front"] });
  });
}
"""


@dataclass(frozen=True)
class Join:
    """``late_ms`` is how long after its time the next clip moved, ``unseen_ms`` how much of it had passed before."""

    late_ms: float
    unseen_ms: float


def joins(page: Page) -> list[Join]:
    """Return the joins that were played; that the edit began again is none."""
    pictures, swaps = page.evaluate("[window.pictures, window.swaps]")
    facts = cards(page).evaluate_all("all => all.map((card) => ({ ...card.dataset }))")
    order = [card["reelClip"] for card in facts]
    found = []
    for swap in swaps:
        place = order.index(swap["clip"])
        seen = [one for one in pictures if one["screen"] == swap["screen"] and one["atMs"] > swap["atMs"]]
        before = [one for one in pictures if one["screen"] != swap["screen"] and one["atMs"] <= swap["atMs"]]
        if place and before and seen and before[-1]["clip"] == order[place - 1]:
            found.append(join(before[-1], seen[0], swap, facts[place - 1], facts[place]))
    return found


def join(last: dict, first: dict, swap: dict, ends: dict, starts: dict) -> Join:
    left_ms = 1000 * (float(ends["endS"]) - last["mediaS"]) / float(ends["rate"])
    start_s, rate = float(starts["startS"]), float(starts["rate"])
    played_ms = 1000 * (first["mediaS"] - start_s) / rate
    return Join(first["atMs"] - last["atMs"] - left_ms - played_ms, 1000 * (swap["mediaS"] - start_s) / rate)


def test_a_join_lasts_no_longer_than_a_picture(chromium, running_site):
    running_site.shell.run(MAKE_CLIPS)
    with open_page(chromium, running_site.base_url) as page:
        log_in_as_admin(page, running_site)
        add_all(page, f"Joins {uuid.uuid4().hex[:8]}")
        page.locator("#toasts").get_by_role("link").first.click()
        expect(cards(page)).to_have_count(4)
        expect(page.locator("[data-says-number]")).to_have_text("1 / 4")
        page.evaluate(WATCH)
        for _round in range(2):
            press(page, "0")
            expect(page.locator(".reel-play")).to_have_text("Pause")
            expect(page.locator(".reel-play")).to_have_text("Play all")
        played = joins(page)
    assert len(played) >= 4
    assert median(abs(one.late_ms) for one in played) < PATIENCE_MS
    assert median(one.unseen_ms for one in played) < PATIENCE_MS
