"""Tests in a real browser: an edit is rendered as a film that plays in the page, with music that somebody brought."""

import io
import re
import uuid
import wave

import numpy as np
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from clips.tests.browser import log_in_as_admin, open_page

pytestmark = pytest.mark.slow

MAKE_CLIPS = "from clips.tests.reels.footage import make_clips; make_clips()"
MAKE_EDIT = """
from clips.models import FinalClip
from clips.reels import editing
from clips.reels.editing import Hand
from people.models import Member
import uuid
member = Member.objects.order_by("pk").first()
reel = editing.make_reel("{name}", member=member)
editing.add_clips(reel, FinalClip.objects.order_by("start_ms", "pk")[:2], hand=Hand(member, uuid.uuid4(), None))
print(reel.pk)
"""
#: Plays a video, and waits until it moves.
PLAYS = """video => new Promise((done) => {
  video.ontimeupdate = () => video.currentTime > 0.2 && done(true);
  video.muted = true;
  video.play();
})"""
SIZES = {"phone": (390, 844, True), "desk": (1440, 900, False)}


def song() -> bytes:
    """Return a WAV file of 4 s, which is sent in more than one piece."""
    file = io.BytesIO()
    with wave.open(file, "wb") as music:
        music.setnchannels(2)
        music.setsampwidth(2)
        music.setframerate(48_000)
        noise = np.random.default_rng(1).normal(0, 2_000, 4 * 48_000 * 2)
        music.writeframes(noise.astype("<i2").tobytes())
    return file.getvalue()


@pytest.mark.parametrize("size", SIZES)
def test_a_film_is_made_with_music_and_plays_in_the_page(size, chromium, running_site):
    name = f"Film {uuid.uuid4().hex[:8]}"
    running_site.shell.run(MAKE_CLIPS)
    found = running_site.shell.run(MAKE_EDIT.format(name=name))
    pk = str(found).strip().splitlines()[-1]
    width_px, height_px, touch = SIZES[size]
    with open_page(chromium, running_site.base_url, width_px=width_px, height_px=height_px, touch=touch) as page:
        log_in_as_admin(page, running_site)
        page.goto(f"/edits/{pk}")
        page.get_by_text("Render as one film").click()
        box = page.locator("#film")
        expect(box.get_by_text("No films yet.")).to_be_visible()
        box.get_by_label("Add music").set_input_files({"name": "Ours.wav", "mimeType": "audio/wav", "buffer": song()})
        expect(box.locator(".film-tracks")).to_contain_text("Ours")
        box.get_by_label("Music", exact=True).select_option(label="Ours")
        box.get_by_label("Format").select_option("TALL" if size == "phone" else "WIDE")
        box.get_by_label("Credits").check()
        box.get_by_role("button", name="Render film").click()
        expect(box.locator(".rendered")).to_have_count(1)
        expect(box.locator(".rendered video")).to_be_visible(timeout=240_000)
        assert box.locator(".rendered video").evaluate(PLAYS)
        expect(box.get_by_role("link", name="Download")).to_have_attribute("href", re.compile("/films/"))
        assert Axe().run(page, context="#film").response["violations"] == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        box.get_by_role("button", name="Render film").click()
        expect(box.locator(".rendered")).to_have_count(2)
        box.locator(".rendered").first.get_by_role("button", name="Cancel").click()
        expect(box.locator(".rendered").first).to_contain_text("Cancelled.")
        page.on("dialog", lambda dialog: dialog.accept())
        box.locator(".rendered").first.get_by_role("button", name="Delete").click()
        expect(box.locator(".rendered")).to_have_count(1)
