"""Tests bad files dropped among good ones: each gets its own error, and the others are not affected."""

import re
from pathlib import Path

import av
import pytest
from playwright.sync_api import Page, expect

from clips.tests.browser import log_in_as_admin, open_page
from clips.tests.media.made_up import make_video
from trickyclip.tests.site import RunningSite

pytestmark = pytest.mark.slow

PATIENCE_MS = 90_000
SIZES = [(390, 664), (360, 640), (390, 844), (844, 390), (1440, 900)]
ANALYSED = re.compile(r"moments? (to sort|found)")
#: What each of the dropped files is, in the order that the tests rotate.
DROPPED = ("good", "empty", "text", "no-length", "good-too")
#: By the page at once; all others by the list of what came, once they were looked at.
AT_ONCE = {"empty": "This file is empty."}
IN_THE_END = {"good": ANALYSED, "text": "not a video", "no-length": "no video", "good-too": ANALYSED}


def write(folder: Path, which: str, seed: int) -> Path:
    path = folder / f"{which}-{seed}.mp4"
    if which == "empty":
        path.touch()
    elif which == "text":
        path.write_text(f"no video at all, {seed} " * 100)
    elif which == "no-length":
        with av.open(str(path), "w") as container:
            container.metadata["title"] = str(seed)
            stream = container.add_stream("libx264", rate=30)
            stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
            container.start_encoding()
    else:
        make_video(path, frames=45, seed=seed)
    return path


def row(page: Page, path: Path):
    return page.locator("li[data-file]").filter(has_text=path.name)


def came(page: Page, path: Path):
    return page.locator("#uploads tr").filter(has_text=path.name)


@pytest.mark.parametrize("turn", range(len(DROPPED)))
def test_one_bad_file_takes_no_other_with_it(chromium, running_site: RunningSite, tmp_path, turn):
    order = DROPPED[turn:] + DROPPED[:turn]
    paths = {which: write(tmp_path, which, 10 * turn + number) for number, which in enumerate(DROPPED)}
    width_px, height_px = SIZES[turn]
    with open_page(chromium, running_site.base_url, width_px=width_px, height_px=height_px) as page:
        log_in_as_admin(page, running_site)
        page.goto("/upload")
        page.locator("[data-file-input]").set_input_files([paths[which] for which in order])
        expect(page.locator("li[data-file]")).to_have_count(len(order))
        for which, words in AT_ONCE.items():
            expect(row(page, paths[which])).to_contain_text(words)
            expect(row(page, paths[which]).get_by_role("button")).to_have_text(["Remove"])
        expect(page.locator("[data-batch-says]")).to_contain_text(f"{len(order) - len(AT_ONCE)} files")
        page.get_by_label("Session").fill("Backyard Rails")
        page.get_by_label("Date").fill("2024-12-01")
        page.get_by_role("button", name="Upload", exact=True).click()
        for which, words in IN_THE_END.items():
            expect(row(page, paths[which])).to_have_attribute("data-state", "done", timeout=PATIENCE_MS)
            expect(came(page, paths[which])).to_contain_text(words, timeout=PATIENCE_MS)
        expect(row(page, paths["empty"])).to_contain_text(AT_ONCE["empty"])
        assert page.evaluate("document.documentElement.scrollWidth") <= width_px


def test_a_file_that_is_gone_before_it_is_sent_is_no_lost_connection(chromium, running_site, tmp_path):
    gone, good = write(tmp_path, "good", 90), write(tmp_path, "good", 91)
    with open_page(chromium, running_site.base_url, provoked="ERR_FILE_NOT_FOUND") as page:
        log_in_as_admin(page, running_site)
        page.goto("/upload")
        page.locator("[data-file-input]").set_input_files([gone, good])
        expect(page.locator("li[data-file][data-state=ready]")).to_have_count(2, timeout=PATIENCE_MS)
        gone.unlink()
        page.get_by_label("Session").fill("Backyard Rails")
        page.get_by_role("button", name="Upload", exact=True).click()
        expect(row(page, gone)).to_contain_text("Can’t read this file", timeout=PATIENCE_MS)
        expect(row(page, good)).to_have_attribute("data-state", "done", timeout=PATIENCE_MS)
