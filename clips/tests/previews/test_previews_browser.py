"""Tests a preview made by the whole running site in a real browser: it plays, and seeks exactly."""

from math import ceil
from pathlib import Path

import av
import numpy as np
import pytest
from playwright.sync_api import ElementHandle, Page, expect

from clips.previews.http_ranges import PLAYED_AT_ONCE_BYTES
from clips.tests.browser import log_in_as_admin, open_page, press
from clips.tests.media.grey import frame_of
from clips.tests.media.made_up import N_BITS, make_video
from trickyclip.tests.site import RunningSite

pytestmark = pytest.mark.slow

PATIENCE_MS = 90_000
#: Returns the number that the frame on screen bears.
READ = """
(video, nBits) => {
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  const context = canvas.getContext("2d");
  context.drawImage(video, 0, 0);
  let number = 0;
  for (let bit = 0; bit < nBits; bit += 1) {
    const [red] = context.getImageData(bit * 16 + 8, 8, 1, 1).data;
    number += red > 128 ? 2 ** bit : 0;
  }
  return number;
}
"""
#: Seeks to a time and returns the number that the frame on screen bears, and the time that the browser says it has.
SEEK = """
(video, [timeS, nBits]) => new Promise((resolve) => {
  video.requestVideoFrameCallback((_now, frame) => {
    const canvas = document.createElement("canvas");
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0);
    const block = 16;
    let number = 0;
    for (let bit = 0; bit < nBits; bit += 1) {
      const [red] = context.getImageData(bit * block + block / 2, block / 2, 1, 1).data;
      number += red > 128 ? 2 ** bit : 0;
    }
    resolve([number, frame.mediaTime]);
  });
  video.currentTime = timeS;
})
"""


def lay(site: RunningSite, film: Path, session: str, *, duration_ms: int, rate: int, start_ms: int, end_ms: int) -> str:
    """Put a film with one moment into a session of a running site; return the moment's id."""
    return site.shell.run(f"""
import hashlib, shutil, pathlib
from django.conf import settings
from clips.models import CandidateSegment, OriginalFile, Shoot
source = pathlib.Path({str(film)!r})
settings.ORIGINALS_DIR.mkdir(exist_ok=True)
shutil.copy(source, settings.ORIGINALS_DIR / source.name)
original = OriginalFile.objects.create(
    shoot=Shoot.objects.called({session!r}, "2024-12-01"), original_filename=source.name,
    stored_path=f"originals/{{source.name}}", file_hash=hashlib.sha256(source.read_bytes()).hexdigest(),
    size_bytes=source.stat().st_size, duration_ms={duration_ms}, rate_num={rate}, rate_den=1, codec="h264",
)
print(CandidateSegment.objects.create(original_file=original, start_ms={start_ms}, end_ms={end_ms}).pk)
""").split()[-1]  # fmt: skip


@pytest.fixture(scope="module")
def segment_id(running_site, tmp_path_factory) -> str:
    """A moment from 4 s to 5 s of an uploaded film of 60 frames per second; nobody has asked for its preview.

    It is so small that its packets are copied, B-frames and all.
    """
    film = make_video(tmp_path_factory.mktemp("film") / "film.mp4", frames=600, rate=60, bframes=2)
    return lay(running_site, film, "Backyard Rails", duration_ms=10_000, rate=60, start_ms=4_000, end_ms=5_000)


@pytest.fixture(scope="module")
def large_clip(running_site, segment_id, tmp_path_factory) -> tuple[str, int]:
    """A cut clip of noise, far larger than one sent block, with its index at the end; id and size."""
    film = tmp_path_factory.mktemp("noise") / "noise.mp4"
    rng = np.random.default_rng(0)
    with av.open(str(film), "w") as container:
        track = container.add_stream("libx264", rate=30, options={"preset": "ultrafast", "qp": "8", "g": "30"})
        track.width, track.height, track.pix_fmt = 960, 540, "yuv420p"
        for _ in range(90):
            noise = rng.integers(0, 256, (540, 960), dtype=np.uint8)
            container.mux(track.encode(frame_of(noise)))
        container.mux(track.encode(None))
    clip_id = running_site.shell.run(f"""
import pathlib, shutil, uuid
from django.conf import settings
from clips.models import FinalClip, OriginalFile
pk, source = uuid.uuid4(), pathlib.Path({str(film)!r})
settings.FINAL_CLIPS_DIR.mkdir(exist_ok=True)
shutil.copy(source, settings.FINAL_CLIPS_DIR / f"{{pk}}.mp4")
FinalClip.objects.create(
    pk=pk, original_file=OriginalFile.objects.get(original_filename="film.mp4"), start_ms=0, end_ms=3000,
    date="2024-12-01", filename="noise.mp4",
    stored_path=f"final_clips/{{pk}}.mp4", file_hash="a" * 64, size_bytes=source.stat().st_size,
)
print(pk)
""").split()[-1]  # fmt: skip
    return clip_id, film.stat().st_size


@pytest.fixture
def page(chromium, running_site) -> Page:
    with open_page(chromium, running_site.base_url) as page:
        log_in_as_admin(page, running_site)
        page.goto("/account")  # addresses within a test are of this site
        yield page


def show(page: Page, segment_id: str) -> None:
    """Put the partial into a page of the site, as a card does."""
    page.evaluate(
        "address => htmx.ajax('GET', address, {target: '#main', swap: 'innerHTML'})", f"/segments/{segment_id}/preview"
    )


def test_a_preview_comes_by_itself_plays_and_seeks_to_the_frame(page, segment_id):
    requests = []
    page.on("request", lambda request: requests.append(request.url))
    show(page, segment_id)
    box = page.locator("[data-preview]")
    expect(box).to_have_attribute("data-state", "waiting", timeout=PATIENCE_MS)
    before = box.bounding_box()
    video = page.locator("[data-preview-video]")
    expect(video).to_be_attached(timeout=PATIENCE_MS)
    assert box.bounding_box() == before, "nothing moves when the player comes"

    handle = video.element_handle()
    page.wait_for_function("video => video.readyState >= 3", arg=handle)
    assert handle.evaluate("video => [video.videoWidth, video.videoHeight, video.error]") == [320, 180, None]
    assert handle.evaluate("video => video.duration") == pytest.approx(7, abs=0.1)
    start_ms = int(video.get_attribute("data-preview-start-ms"))
    assert start_ms == 1_000
    for number in (60, 61, 75, 74, 300, 479, 60):
        in_its_middle_s = (number - 60 + 0.5) / 60
        shown, media_time_s = handle.evaluate(SEEK, [in_its_middle_s, N_BITS])
        assert shown == number
        assert start_ms / 1000 + media_time_s == pytest.approx(number / 60, abs=0.001)

    handle.evaluate("video => video.play()")
    page.wait_for_function("video => video.currentTime > 0.5 && !video.paused", arg=handle)
    n_asked = len([url for url in requests if url.endswith("/preview")])
    page.wait_for_timeout(3000)
    assert len([url for url in requests if url.endswith("/preview")]) == n_asked, "polling has stopped"


def test_a_large_clip_is_sent_in_parts_and_plays_to_its_end(page, large_clip):
    clip_id, size_bytes = large_clip
    assert size_bytes > 3 * PLAYED_AT_ONCE_BYTES
    sent = []
    page.on(
        "response",
        lambda answer: answer.url.endswith(f"{clip_id}.mp4") and sent.append(answer.headers["content-range"]),
    )
    ended = page.evaluate(
        """address => new Promise((resolve) => {
          const video = document.createElement("video");
          video.muted = true;
          video.src = address;
          for (const end of ["ended", "error"]) video.addEventListener(end, () => resolve([end, video.currentTime]));
          document.querySelector("main").append(video);
          video.play();
        })""",
        f"/media/clips/{clip_id}.mp4",
    )
    assert ended == ["ended", pytest.approx(3, abs=0.1)]
    assert len(sent) > 3
    for part in sent:
        first, last = part.removeprefix("bytes ").split("/")[0].split("-")
        assert int(last) - int(first) < PLAYED_AT_ONCE_BYTES


def test_a_preview_can_be_seeked_before_it_is_loaded(page, segment_id, running_site):
    """The player requests a range when it jumps to an unloaded part."""
    show(page, segment_id)
    page.locator("[data-preview-video]").wait_for(timeout=PATIENCE_MS)
    answer = page.request.get(f"/media/previews/{segment_id}.mp4", headers={"Range": "bytes=-100"})
    assert answer.status == 206
    assert len(answer.body()) == 100
    size = int(answer.headers["content-range"].split("/")[1])
    whole = page.request.get(f"/media/previews/{segment_id}.mp4").body()
    assert len(whole) == size
    assert whole.endswith(answer.body())
    head = page.request.head(f"/media/previews/{segment_id}.mp4")
    assert (head.status, head.headers["content-length"], head.body()) == (200, str(size), b"")


FAST_HZ = 240


@pytest.fixture(scope="module")
def fast_moment(running_site, tmp_path_factory) -> str:
    """A moment from 0.8 s to 1.2 s of two seconds of film of 240 frames per second."""
    film = make_video(tmp_path_factory.mktemp("film") / "fast.mp4", frames=480, rate=FAST_HZ, bframes=2, gop=60)
    return lay(running_site, film, "Fast Film", duration_ms=2_000, rate=FAST_HZ, start_ms=800, end_ms=1_200)


def shows_frame(page: Page, video: ElementHandle, number: int) -> None:
    """Wait until a numbered frame is on screen, and stays there."""
    page.wait_for_function(
        f"([video, nBits, number]) => ({READ})(video, nBits) === number", arg=[video, N_BITS, number]
    )
    page.wait_for_timeout(200)
    assert video.evaluate(READ, N_BITS) == number


def names(ms: int) -> int:
    """Return the number of the frame of the fast film that is on screen at a millisecond."""
    return ms * FAST_HZ // 1000


def test_in_slow_motion_each_frame_of_the_original_can_be_stepped_to_and_kept(page, running_site, fast_moment):
    """By keys: three frames on, begin here; two more, end here after a second; keep."""
    of_moment = f"CandidateSegment.objects.get(pk={fast_moment!r}).original_file.shoot_id"
    session = running_site.shell.run(f"from clips.models import *; print({of_moment})").split()[-1]
    page.goto(f"/sort?session={session}")
    card = page.locator("[data-card][data-current]")
    video = card.locator("[data-preview-video]")
    expect(video).to_be_attached(timeout=PATIENCE_MS)
    assert video.get_attribute("data-slow-down") == "4"
    handle = video.element_handle()
    page.wait_for_function("video => video.readyState >= 3 && video.currentTime > 3.2", arg=handle)
    assert handle.evaluate("video => [video.playbackRate, Math.round(video.duration)]") == [1, 8]
    expect(card.locator("[data-speed]")).to_have_text("¼×")

    real_time = card.get_by_role("button", name="Real time")
    real_time.click()
    assert handle.evaluate("video => video.playbackRate") == 4
    expect(card.locator("[data-speed]")).to_have_text("1×")
    real_time.click()
    assert handle.evaluate("video => video.playbackRate") == 1
    card.focus()

    press(page, "Space")
    page.wait_for_timeout(300)
    first = handle.evaluate(READ, N_BITS)
    assert names(800) <= first <= names(1_200)
    for step in range(1, 4):
        press(page, ".")
        shows_frame(page, handle, first + step)
    press(page, ",")
    shows_frame(page, handle, first + 2)
    press(page, ".")
    shows_frame(page, handle, first + 3)
    press(page, "i")
    for _ in range(60):
        press(page, ".")
    shows_frame(page, handle, first + 63)
    press(page, "o")
    times_ms = [int(card.locator(f"[name={end}_ms]").input_value()) for end in ("start", "end")]
    assert [names(ms) for ms in times_ms] == [first + 3, first + 63]
    assert times_ms == [ceil(number * 1000 / FAST_HZ) for number in (first + 3, first + 63)]

    press(page, "r")  # nobody has to be named in B-roll
    with page.expect_response(lambda answer: answer.request.method == "POST" and "/keep" in answer.url):
        press(page, "Enter")
    kept = f"clip = FinalClip.objects.get(candidate_segment={fast_moment!r}); print(clip.start_ms, clip.end_ms)"
    printed = running_site.shell.run(f"from clips.models import *; {kept}")
    assert [int(ms) for ms in printed.split()[-2:]] == times_ms


def test_a_trim_past_the_preview_goes_on_with_a_wider_one_on_the_same_card(page, segment_id):
    page.goto("/sort")
    session = page.locator("#session-filter option").filter(has_text="Backyard Rails").get_attribute("value")
    page.goto(f"/sort?session={session}")
    card = page.locator("[data-card][data-current]")
    video = card.locator("[data-preview-video]")
    expect(video).to_have_attribute("data-preview-start-ms", "1000", timeout=PATIENCE_MS)
    card.locator("[data-handle=start]").focus()
    press(page, "Home")
    expect(card.locator("[data-wider=making]")).to_be_visible()
    expect(video).to_have_attribute("data-preview-start-ms", "0", timeout=PATIENCE_MS)
    expect(card.locator("[data-wider=making]")).to_be_hidden()
    assert card.get_attribute("data-segment") == segment_id
    assert [card.locator(f"[name={end}_ms]").input_value() for end in ("start", "end")] == ["0", "5000"]

    handle = video.element_handle()
    page.wait_for_function("video => !video.paused && video.currentTime > 0.2", arg=handle)
    card.focus()
    press(page, "Space")
    for number in (30, 270):
        assert handle.evaluate(SEEK, [(number + 0.5) / 60, N_BITS])[0] == number, "the times are those of the wider one"
    press(page, "i")
    expect(card.locator("[name=start_ms]")).to_have_value(str(ceil(270_000 / 60)))
