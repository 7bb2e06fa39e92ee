"""Tests that the upload page says which videos a phone converted, by what they say themselves, and sends them."""

import shutil
from pathlib import Path

import av
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from clips.tests.browser import log_in, open_page
from clips.tests.media.made_up import make_video

pytestmark = pytest.mark.slow

PATIENCE_MS = 60_000
CONVERTED = "Looks converted: H.264, not as the camera recorded it."
FLATTENED = "Looks like slow motion that was flattened to 30 frames a second."
#: A box of the test's own for a file that is not to be uploaded.
BOX = """() => {
  const box = Object.assign(document.createElement('input'), { type: 'file', id: 'look' });
  if (!document.querySelector('#look')) document.body.append(box);
}"""
#: Of a file: what it looks like, how often it was read, and how many bytes of it.
LOOK = """async (address) => {
  const { conversionOf } = await import(address);
  const [file] = document.querySelector('#look').files;
  const read = { times: 0, bytes: 0 };
  const spied = new Proxy(file, { get(target, name) {
    if (name !== 'slice') return Reflect.get(target, name, target);
    return (from, to) => {
      read.times += 1;
      read.bytes += Math.min(to, target.size) - from;
      return target.slice(from, to);
    };
  } });
  return [await conversionOf(spied), read.times, read.bytes];
}"""


@pytest.fixture
def page(chromium, running_site) -> Page:
    with open_page(chromium, running_site.base_url, width_px=390, height_px=664, touch=True) as page:
        page.set_default_timeout(PATIENCE_MS)
        log_in(page, running_site.admin_username, running_site.admin_password)
        page.goto("/upload")
        yield page


def as_apple_writes(source: Path, path: Path, *, timescale: int, faststart: bool = False) -> Path:
    """Copy the tracks of a video into a file whose tracks are named as Apple's writer names them."""
    options = {"video_track_timescale": str(timescale)} | ({"movflags": "+faststart"} if faststart else {})
    with av.open(source) as read, av.open(path, "w", options=options) as write:
        copies = {}
        for stream in read.streams:
            copies[stream.index] = write.add_stream_from_template(stream)
            copies[stream.index].metadata["handler_name"] = f"Core Media {stream.type.title()}"
        for packet in read.demux():
            if packet.dts is not None:
                packet.stream = copies[packet.stream.index]
                write.mux(packet)
    return path


@pytest.fixture
def numbered(tmp_path) -> Path:
    return make_video(tmp_path / "numbered.mp4", frames=60, rate=30)


def looks(page: Page, path: Path) -> list:
    page.evaluate(BOX)
    page.locator("#look").set_input_files(path)
    script = page.locator("script[src$='js/ingest/page.js']").get_attribute("src")
    return page.evaluate(LOOK, script.replace("page.js", "converted.js"))


def test_converted_and_flattened_videos_are_known_by_a_few_kilobytes_of_them(page, numbered, tmp_path):
    for name, timescale, faststart, wanted in [
        ("end.mov", 600, False, "converted"),
        ("front.mov", 600, True, "converted"),
        ("slow.mov", 2400, False, "flattened"),
    ]:
        path = as_apple_writes(numbered, tmp_path / name, timescale=timescale, faststart=faststart)
        what, times, n_bytes = looks(page, path)
        assert what == wanted, name
        assert times < 200
        assert n_bytes < 8192
    recording = tmp_path / "RPReplay_Final1732900000.mov"
    shutil.copy(tmp_path / "end.mov", recording)
    assert looks(page, recording)[0] is None
    assert looks(page, numbered)[0] is None, "not by Apple's writer"


def test_what_cameras_recorded_themselves_is_not_called_converted(page, cameras):
    names = ["iphone-6.mov", "iphone-xr-landscape-30.mov", "iphone-xr-portrait-trimmed.mov"]
    others = [
        "gopro-hero5-black-karma.mp4",
        "android-6-no-model.mp4",
        "no-camera-120.m4v",
        "flir-one-variable-rate.mp4",
    ]
    assert {name: looks(page, cameras / name)[0] for name in names + others} == dict.fromkeys(names + others)


def test_a_broken_file_is_not_called_anything(page, numbered, tmp_path):
    whole = as_apple_writes(numbered, tmp_path / "whole.mov", timescale=600, faststart=True).read_bytes()
    for number, part in enumerate([b"", b"\0" * 64, whole[:200], b"\0\0\0\1moov" + b"\xff" * 40]):
        (tmp_path / f"{number}.mov").write_bytes(part)
        assert looks(page, tmp_path / f"{number}.mov")[0] is None


def test_the_page_says_what_to_do_before_the_upload_and_sends_it_all_the_same(page, numbered, tmp_path):
    converted = as_apple_writes(numbered, tmp_path / "IMG_0007.mov", timescale=600)
    slow = as_apple_writes(numbered, tmp_path / "IMG_0008.mov", timescale=2400)
    page.locator("[data-file-input]").set_input_files([converted, slow, numbered])
    for path, says in ((converted, CONVERTED), (slow, FLATTENED)):
        expect(page.locator("[data-file]").filter(has_text=path.name)).to_contain_text(says)
    expect(page.locator("[data-file]").filter(has_text=numbered.name).locator("[data-converted]")).to_be_hidden()
    help_ = page.locator("[data-converted-help]")
    expect(help_).to_contain_text("choose “Current”")
    expect(help_).to_contain_text("Settings › Camera › Formats")
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_label("Session", exact=True).fill("Converted")
    page.get_by_role("button", name="Upload", exact=True).click()
    for path in (converted, slow):
        expect(page.locator("[data-file]").filter(has_text=path.name)).to_have_attribute("data-state", "done")
