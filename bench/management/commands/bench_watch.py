"""``manage.py bench_watch``: measures in a real browser how soon a raw video moves after a seek, and at what cost."""

import time
from collections.abc import Iterator

import psutil
from django.core.management.base import BaseCommand, CommandParser

from bench.browsers import find_chromium, password_of
from bench.figures import HEAD, Figure, verdict_of
from bench.raw_footage import KINDS, raw_video

PATIENCE_MS = 60_000
CHILD = "clips.media.sandbox.child"
MOST_CORES = 1.5
#: Places this far apart, as parts of the video, never come near each other (the golden ratio).
APART = 0.6180339887
#: By kind, ms until the picture moves.
TARGETS = {"h264": 500, "hevc": 3000}
#: Notes whether the picture is another one than it was at first: a piece's last frame may come twice.
MOVED = """
  const canvas = new OffscreenCanvas(64, 36).getContext('2d', { willReadFrequently: true });
  const picture = () => { canvas.drawImage(video, 0, 0, 64, 36); return canvas.getImageData(0, 0, 64, 36).data; };
  const differs = (one, other) => one.some((level, at) => Math.abs(level - other[at]) > 8);
"""
#: Seeks, and notes when another frame of the place is on the screen: the picture moves.
SEEK = f"""atS => new Promise((done) => {{
  const video = document.querySelector('[data-player]');
  {MOVED}
  const began = performance.now();
  let first = null;
  const frame = (now, {{ mediaTime }}) => {{
    const isThere = Math.abs(mediaTime - atS) < 5;
    if (isThere && first !== null && differs(first, picture())) return done(performance.now() - began);
    if (isThere) first ??= picture();
    video.requestVideoFrameCallback(frame);
  }};
  video.currentTime = atS;
  video.requestVideoFrameCallback(frame);
  video.play();
}})"""

#: Notes when the picture moves, after somebody pressed play.
FIRST = f"""() => new Promise((done) => {{
  const video = document.querySelector('[data-player]');
  {MOVED}
  const began = performance.now();
  let first = null;
  const frame = () => {{
    if (first !== null && differs(first, picture())) return done(performance.now() - began);
    first ??= picture();
    video.requestVideoFrameCallback(frame);
  }};
  video.requestVideoFrameCallback(frame);
}})"""


class Command(BaseCommand):
    help = (
        "Make long raw videos, seek in them on the page of a running site on this machine in a real Chromium, print "
        "how long the picture takes to move and how many cores the maker of pieces uses. Needs playwright "
        "(requirements-dev.txt), Chromium, and some GB for a while."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", help="address of the running site, as http://127.0.0.1:8000")
        parser.add_argument("--username", default="admin", help="who watches (default: %(default)s)")
        parser.add_argument("--kind", choices=[*KINDS, "both"], default="both", help="default: %(default)s")
        parser.add_argument("--minutes", type=float, default=30.0, help="length of the H.264 video (%(default)s)")
        parser.add_argument("--hevc-minutes", type=float, default=3.0, help="length of the HEVC video (%(default)s)")
        parser.add_argument("--seeks", type=int, default=30, help="how many in each (default: %(default)s)")
        parser.add_argument("--play", type=float, default=30.0, help="seconds played for the cost (%(default)s)")

    def handle(self, *, url: str, username: str, kind: str, **asked: object) -> None:
        chromium = find_chromium()
        from playwright.sync_api import sync_playwright

        password = password_of(username)
        lines = [HEAD]
        for name in KINDS if kind == "both" else [kind]:
            minutes = asked["minutes"] if name == "h264" else asked["hevc_minutes"]
            with raw_video(KINDS[name], length_s=int(60 * minutes)) as video, sync_playwright() as playwright:
                video_id, shoot_id, duration_ms = str(video.pk), str(video.shoot_id), video.duration_ms
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
                page = browser.new_page(base_url=url, viewport={"width": 1440, "height": 900})
                page.set_default_timeout(PATIENCE_MS)
                lines += self._measured(page, name, (username, password), (shoot_id, video_id, duration_ms), asked)
                browser.close()
        for line in lines:
            self.stdout.write(line)

    def _measured(self, page, name: str, login: tuple, video: tuple, asked: dict) -> Iterator[str]:
        username, password = login
        shoot_id, video_id, duration_ms = video
        page.goto("/login")
        page.get_by_label("Username").fill(username)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(lambda address: "/login" not in address)
        page.goto(f"/sessions/{shoot_id}?video={video_id}")
        page.evaluate("document.querySelector('[data-player]').muted = true")
        page.get_by_role("button", name="Play", exact=True).click()
        first_ms = page.evaluate(FIRST)
        times_ms = []
        for number in range(1, asked["seeks"] + 1):
            place_s = 5 + (number * APART % 1) * (duration_ms / 1000 - 15)
            times_ms.append(page.evaluate(SEEK, place_s))
            page.wait_for_timeout(300 + 1200 * (number * APART % 1))
        used_s, began_s = child_cpu_s(), time.monotonic()
        stood_s = self._play(page, asked["play"])
        cores = (child_cpu_s() - used_s) / (time.monotonic() - began_s)
        yield Figure(f"{name}: play → picture moves", [first_ms]).line()
        yield Figure(f"{name}: seek → picture moves", times_ms, None, TARGETS[name]).line()
        if name != "h264":  # which nobody decodes here but the browser
            verdict = verdict_of(cores <= MOST_CORES)
            yield f"{name}: cores used while it plays{'':<25}{cores:.2f}  ≤ {MOST_CORES}  {verdict}"
        yield f"{name}: of {asked['play']:.0f} s played, stood still for{'':<17}{stood_s:.1f} s"

    def _play(self, page, length_s: float) -> float:
        """Play on, and return how long the picture stood still for want of film."""
        before_s = page.evaluate("document.querySelector('[data-player]').currentTime")
        began_s = time.monotonic()
        page.evaluate("document.querySelector('[data-player]').play()")
        page.wait_for_timeout(1000 * length_s)
        played_s = page.evaluate("document.querySelector('[data-player]').currentTime") - before_s
        return max(0.0, time.monotonic() - began_s - played_s)


def child_cpu_s() -> float:
    """Return the CPU time of all confined children that work now."""
    used_s = 0.0
    for process in psutil.process_iter(["cmdline", "cpu_times"]):
        if CHILD in (process.info["cmdline"] or []):
            used_s += process.info["cpu_times"].user + process.info["cpu_times"].system
    return used_s
