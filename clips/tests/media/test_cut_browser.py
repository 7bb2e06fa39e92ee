"""Tests cuts in Chromium, which has its own code for edit lists."""

import functools
import random
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from math import ceil

import pytest

from clips.media.cut.clip import cut
from clips.tests.browser import open_page
from clips.tests.media.judge import seen
from clips.tests.media.kinds import KINDS
from clips.tests.media.made_up import N_BITS, make_video

pytestmark = pytest.mark.slow

FRAMES = 150
SOURCES = {
    "no-b": {"gop": 30},
    "b": {"bframes": 3, "gop": 30},
    "one-keyframe": {"bframes": 2, "gop": 250},
    "240": {"rate": 240, "bframes": 2, "gop": 60},
    "variable": {"pts": [n * 33 + (0, 9, 3, 17)[n % 4] for n in range(FRAMES)], "bframes": 2},
    "upright-phone": {"rotation": 90, "bframes": 2},
    "silent": {"audio": False, "bframes": 3},
}
#: Shows a clip and tells, read from the picture itself, the numbers of its first frame, of that on screen at a time,
#: and of that where playing ends; of 240 in a second a screen shows every fourth.
PAGE = """<!doctype html><link rel="icon" href="data:,"><video muted preload="auto"></video><script>
const nBits = %d, blockPx = 16;
function numberOf(video, turned) {
  const canvas = Object.assign(document.createElement("canvas"), {width: video.videoWidth, height: video.videoHeight});
  const draw = canvas.getContext("2d", {willReadFrequently: true});
  draw.drawImage(video, 0, 0);
  const {data} = draw.getImageData(0, 0, canvas.width, canvas.height);
  let number = 0;
  for (let bit = 0; bit < nBits; bit++) {
    const along = bit * blockPx + blockPx / 2, across = blockPx / 2;
    const [x, y] = turned ? [across, canvas.height - 1 - along] : [along, across];
    if (data[4 * (y * canvas.width + x)] > 128) number |= 1 << bit;
  }
  return number;
}
function nextShown(video) {
  return new Promise((done) => video.requestVideoFrameCallback((_, shown) => done(shown)));
}
async function numbersOf(url, turned, lastAtS) {
  const video = document.querySelector("video");
  video.onerror = () => { throw new Error(video.error.message); };
  const opened = nextShown(video);
  video.src = URL.createObjectURL(await (await fetch(url)).blob());
  const {mediaTime} = await opened;
  const first = numberOf(video, turned);
  const ended = new Promise((done) => video.addEventListener("ended", done, {once: true}));
  await video.play();
  await ended;
  const playedTo = numberOf(video, turned);
  const atStart = nextShown(video);
  video.currentTime = 0;
  await atStart;
  const again = numberOf(video, turned);
  let last = again;
  if (lastAtS > 0) {
    const atEnd = nextShown(video);
    video.currentTime = lastAtS;
    await atEnd;
    last = numberOf(video, turned);
  }
  return {first, mediaTime, again, last, playedTo, durationS: video.duration};
}
</script>"""


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture
def served(tmp_path):
    """A folder, and its address for a browser."""
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "index.html").write_text(PAGE % N_BITS)
    server = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield folder, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_browser_shows_the_asked_frames_first_and_last(served, chromium, tmp_path, subtests):
    folder, address = served
    rng = random.Random(4)  # noqa: S311 - a seed, no secret
    with open_page(chromium, address) as page:
        page.goto("/")
        for name, encoding in SOURCES.items():
            source = make_video(tmp_path / "source.mp4", frames=FRAMES, **encoding)
            _, times_s, _ = seen(source)
            for take in range(2):
                first = rng.randrange(FRAMES - 1)
                last = rng.randrange(first, min(FRAMES, first + 50))
                clip = f"{name}-{take}.mp4"
                cut(str(source), str(folder / clip), *(ceil(times_s[n] * 1000) for n in (first, last)))
                last_at_s = float(times_s[last] - times_s[first])
                last_at_s += 0.002 if last > first else 0  # within that frame at any rate
                asked = [clip, encoding.get("rotation") == 90, last_at_s]
                shown = page.evaluate("([url, turned, lastAtS]) => numbersOf(url, turned, lastAtS)", asked)
                with subtests.test(name, first=first, last=last):
                    assert (shown["first"], shown["again"], shown["last"]) == (first, first, last)
                    assert shown["mediaTime"] == 0
                    assert last - 4 <= shown["playedTo"] <= last


@pytest.mark.parametrize(
    "name", ["AV1 and Opus in WebM", "VP9 and Opus in WebM", "WebM of a browser's recorder", "AV1 and Opus in MP4"]
)
def test_a_browser_plays_a_clip_no_longer_than_it_is(served, chromium, tmp_path, name):
    """Its sound, too: what was cut in a group of pictures had all sound later by the time up to the first of them."""
    folder, address = served
    kind = KINDS[name]
    first, last = kind.cuts[1]
    cut(str(kind.build(tmp_path)), str(folder / "clip.mp4"), kind.at_ms(first), kind.at_ms(last))
    with open_page(chromium, address) as page:
        page.goto("/")
        shown = page.evaluate("([url, turned, atS]) => numbersOf(url, turned, atS)", ["clip.mp4", False, 0.98])
    assert (shown["first"], shown["again"], shown["last"]) == (first, first, last)
    assert shown["durationS"] == pytest.approx(1, abs=0.01)
    assert last - 4 <= shown["playedTo"] <= last
