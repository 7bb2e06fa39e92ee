"""Tests sharing a clip with somebody without an account, in a real browser on the whole running site."""

import re

import pytest
from playwright.sync_api import Page, expect

from clips.tests.browser import log_in_as_admin, open_page
from clips.tests.media.made_up import make_video

pytestmark = pytest.mark.slow

PATIENCE_MS = 90_000
PHONE = {"width_px": 390, "height_px": 844, "touch": True}


@pytest.fixture(scope="module")
def clip_id(running_site, tmp_path_factory) -> str:
    """A clip of one second at 120 frames per second, cut, in HEVC."""
    film = make_video(tmp_path_factory.mktemp("film") / "film.mp4", frames=240, rate=120, codec="libx265", bframes=2)
    return running_site.shell.run(f"""
import hashlib, shutil, pathlib, uuid
from django.conf import settings
from clips.media.cut.clip import cut
from clips.models import FinalClip, OriginalFile, Shoot
from people.models import Person
from tricks.models import Trick
source = pathlib.Path({str(film)!r})
settings.ORIGINALS_DIR.mkdir(exist_ok=True)
settings.FINAL_CLIPS_DIR.mkdir(exist_ok=True)
shutil.copy(source, settings.ORIGINALS_DIR / "film.mp4")
original = OriginalFile.objects.create(
    shoot=Shoot.objects.called("Backyard Rails", "2024-12-01"), original_filename="GX01.MP4",
    stored_path="originals/film.mp4", file_hash=hashlib.sha256(source.read_bytes()).hexdigest(),
    size_bytes=source.stat().st_size, duration_ms=2_000, codec="hevc", rate_num=120, rate_den=1, fps_label="120FPS",
)
pk = uuid.uuid4()
out = settings.FINAL_CLIPS_DIR / f"{{pk}}.mp4"
cut(str(source), str(out), 500, 1500)
print(FinalClip.objects.create(
    pk=pk, original_file=original, start_ms=500, end_ms=1500, date="2024-12-01", filename="2024-12-01__one__v001.mp4",
    person=Person.objects.add("Miller Downey"), trick=Trick.objects.filter(name="KFED").first(), camera_id="CAM_ONE",
    fps_label="120FPS", stored_path=f"final_clips/{{pk}}.mp4", file_hash="a" * 64, size_bytes=out.stat().st_size,
).pk)
""").split()[-1]  # fmt: skip


def plays(page: Page, selector: str) -> None:
    video = page.locator(selector)
    expect(video).to_be_attached(timeout=PATIENCE_MS)
    handle = video.element_handle()
    handle.evaluate("video => { video.muted = true; return video.play(); }")
    page.wait_for_function("video => video.currentTime > 0.2 && !video.error", arg=handle)


def test_what_no_browser_plays_is_made_playable_by_looking_at_it(chromium, running_site, clip_id):
    with open_page(chromium, running_site.base_url) as page:
        log_in_as_admin(page, running_site)
        page.goto(f"/clips/{clip_id}")
        box = page.locator(".player-box")
        before = box.bounding_box()
        plays(page, "[data-player]")
        assert box.bounding_box() == before, "nothing moves when the player comes"
        assert "/media/copies/" in page.locator("[data-player]").get_attribute("src")


def test_a_copy_becomes_a_link_that_a_stranger_watches_until_it_is_taken_back(chromium, running_site, clip_id):
    with open_page(chromium, running_site.base_url, **PHONE) as page:
        log_in_as_admin(page, running_site)
        page.goto(f"/clips/{clip_id}")
        page.get_by_role("radio", name="quarter speed").check()
        page.get_by_label("Sound in slow motion").select_option("DROP")
        page.get_by_role("button", name="Create share video").click()
        copy = page.locator(".share-copy", has_text="Quarter speed")
        expect(copy).to_be_visible()
        copy.get_by_role("button", name="Create link").click(timeout=PATIENCE_MS)
        address = copy.locator(".share-address").inner_text()
        assert re.fullmatch(rf"{running_site.base_url}/s/[\w-]{{32}}", address)
        assert page.evaluate("document.documentElement.scrollWidth") == 390

        stranger = page.context.browser.new_context(
            base_url=running_site.base_url, viewport={"width": 390, "height": 844}
        )
        seen = stranger.new_page()
        seen.goto(address)
        plays(seen, "video")
        handle = seen.locator("video").element_handle()
        assert handle.evaluate("video => video.duration") == pytest.approx(4.03, abs=0.05)
        assert seen.evaluate("document.documentElement.scrollWidth") == 390
        with seen.expect_download() as download:
            seen.get_by_role("link", name="Download").click()
        assert download.value.suggested_filename == "2024-12-01__one__v001__SHARE__4X_SLOWER__SILENT.mp4"
        seen.goto(f"/clips/{clip_id}")
        assert "/login" in seen.url, "the link opens nothing else"

        page.on("dialog", lambda dialog: dialog.accept())
        copy.get_by_role("button", name="Revoke").click()
        expect(copy.locator(".share-links")).to_have_count(0)
        assert seen.goto(address).status == 404
        expect(seen.get_by_role("heading")).to_have_text("This link no longer works.")
        stranger.close()
