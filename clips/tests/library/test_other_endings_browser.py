"""Tests files that MP4 cannot hold: their MOV and MKV clips play in a browser and can be downloaded."""

import re
import uuid

import pytest
import requests
from playwright.sync_api import expect

from clips.tests.browser import log_in_as_admin, open_page
from clips.tests.media.made_up import shown_numbers
from clips.tests.media.other_codecs import PICTURES, make_other
from clips.tests.web.test_end_to_end import Person

pytestmark = pytest.mark.slow

PATIENCE_MS = 90_000
#: Ending of the clip → what is brought, media type, and what pages say.
BROUGHT = {
    "mov": ("mjpeg", "pcm_u8", "pocket.avi", "video/quicktime", "MOV, because MP4 can’t hold Motion JPEG."),
    "mkv": ("ffv1", "flac", "archived.mkv", "video/x-matroska", "MKV, because MP4 can’t hold FFV1."),
}


def add_moment(member: Person, original_id: str) -> None:
    """Add a moment by hand; numbers cannot be found by a detector of tricks."""
    form = member.browser.get(f"{member.base_url}/account", timeout=30).text
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form)[1]
    fields = {"csrfmiddlewaretoken": token, "start_ms": "0:00.480", "end_ms": "0:01.480"}
    answer = member.browser.post(f"{member.base_url}/files/{original_id}/moments", fields, timeout=30)
    assert answer.ok, answer.text


def keep(member: Person, original_id: str) -> dict:
    """Keep frames 13 to 24 of the moment of a file, and wait until the archive has the clip."""

    def dealt():
        hand = member.post("/api/sort/next")
        return next(((hand["lease"], s) for s in hand["segments"] if s["original_file"] == original_id), None)

    lease, segment = member.wait_for(dealt, "the moment is dealt")
    decision = {"segment": segment["id"], "lease": lease, "key": str(uuid.uuid4())}
    saved = member.post("/api/sort/save", **decision, start_ms=520, end_ms=960)
    return member.wait_for(
        lambda: (row := member.get(f"/api/clips/{saved['id']}"))["archived"] and row, "the clip is in the archive"
    )


@pytest.mark.parametrize("ending", BROUGHT)
def test_what_mp4_cannot_hold_goes_all_the_way(chromium, running_site, tmp_path, ending):
    picture, sound, name, media_type, says = BROUGHT[ending]
    mia = Person(running_site)
    source = make_other(tmp_path / name, PICTURES[picture], sound)
    upload_id = mia.upload(source, session="Old Cards", date="2024-12-01")
    upload = mia.wait_for(
        lambda: (row := mia.get(f"/api/upload/{upload_id}"))["state"] == "REGISTERED" and row, "the upload is here"
    )
    mia.wait_for(lambda: says in mia.browser.get(f"{mia.base_url}/upload/recent").text, "the upload page says so")
    add_moment(mia, upload["original_file"])
    clip = keep(mia, upload["original_file"])

    stem = "2024-12-01__OldCards__Unknown__Unknown__CAM_UNKNOWN__25FPS"
    assert re.fullmatch(rf"{stem}__v\d\d\d\.{ending}", clip["filename"])
    archived = running_site.data_dir / "archive" / clip["archived"]["local"]
    assert archived.name == clip["filename"]
    assert shown_numbers(archived) == list(range(13, 25))
    found = mia.get("/api/clips", q=f"oldcards {name.partition('.')[0]}")["results"]
    assert [row["id"] for row in found] == [clip["id"]]
    saved = requests.get(f"{mia.base_url}/media/clips/{clip['id']}/download", cookies=mia.browser.cookies, timeout=30)
    assert saved.content == archived.read_bytes()
    assert saved.headers["Content-Type"] == media_type
    assert saved.headers["Content-Disposition"] == f'attachment; filename="{clip["filename"]}"'

    with open_page(chromium, running_site.base_url, width_px=390, height_px=664, touch=True) as page:
        log_in_as_admin(page, running_site)
        page.goto(f"/clips/{clip['id']}")
        expect(page.locator("[data-way]")).to_contain_text(says)
        video = page.locator("[data-player]")
        expect(video).to_have_attribute("src", re.compile("^/media/copies/"), timeout=PATIENCE_MS)
        handle = video.element_handle()
        handle.evaluate("video => { video.muted = true; return video.play(); }")
        page.wait_for_function("video => video.currentTime > 0.2 && !video.error", arg=handle)
        assert handle.evaluate("video => video.duration") == pytest.approx(0.48, abs=0.05)
        assert page.evaluate("document.documentElement.scrollWidth") == 390
