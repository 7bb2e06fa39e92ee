"""``manage.py bench_sort``: how long a person waits on the sort page, in a real browser over a long and narrow line."""

import getpass
import os
import shutil
import statistics
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser

from clips.management.slow_line import slow_line

PATIENCE_MS = 60_000
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
#: Waits for the next key and notes, by the clock that stamped the key, when another card is painted and when its video
#: shows a second frame: the first one might be what was loaded before.
ARM = """() => {
  const current = () => document.querySelector('[data-card][data-current]');
  const before = current()?.dataset.segment;
  const next = document.querySelectorAll('[data-hand] > [data-card]')[1]?.querySelector('video');
  const noted = { wasThere: Boolean(next && next.readyState >= 3) };
  window.noted = noted;
  document.addEventListener('keydown', ({ timeStamp }) => {
    const look = () => {
      const card = current();
      if (!card || card.dataset.segment === before) return requestAnimationFrame(look);
      const channel = new MessageChannel();
      requestAnimationFrame(() => channel.port2.postMessage(null));
      channel.port1.onmessage = () => { noted.feedback = performance.now() - timeStamp; };
      const video = card.querySelector('video');
      if (!video) return void (noted.moving = null); // its preview is not made yet
      let first = null;
      const frame = (now, { mediaTime }) => {
        first ??= mediaTime;
        if (mediaTime === first) return video.requestVideoFrameCallback(frame);
        noted.moving = now - timeStamp;
      };
      video.requestVideoFrameCallback(frame);
    };
    look();
  }, { capture: true, once: true });
}"""
#: Takes away what the next card has loaded.
CHILL = """() => {
  const video = document.querySelectorAll('[data-hand] > [data-card]')[1]?.querySelector('video');
  if (!video) return;
  video.preload = 'none';
  video.src = `${video.getAttribute('src').split('?')[0]}?cold=${performance.now()}`;
}"""
POSTS = """() => performance.getEntriesByType('resource')
  .filter(({ name }) => /[/]sort[/](trash|keep)$/.test(name)).map(({ duration }) => duration)"""


class Command(BaseCommand):
    help = (
        "Sort moments of a running site in a real Chromium that seems far away, print how long a person waits, and "
        "undo all of it. Needs playwright (requirements-dev.txt), Chromium, and moments with previews."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", help="address of the running site, as http://127.0.0.1:8000")
        parser.add_argument("--username", default="admin", help="whose moments are sorted (default: %(default)s)")
        parser.add_argument("--decisions", type=int, default=40, help="how many (default: %(default)s)")
        parser.add_argument(
            "--cold", type=int, default=10, help="how many without anything loaded (default: %(default)s)"
        )
        parser.add_argument("--every", type=float, default=3.0, help="seconds between two (default: %(default)s)")
        parser.add_argument(
            "--round-trip", type=float, default=40.0, help="ms to the site and back (default: %(default)s)"
        )
        parser.add_argument("--mbit", type=float, default=20.0, help="Mbit/s to the browser (default: %(default)s)")

    def handle(self, *, url: str, username: str, **asked: object) -> None:
        try:
            from playwright.sync_api import Error, sync_playwright
        except ImportError:
            raise CommandError("This needs playwright: pip install -r requirements-dev.txt.") from None
        chromium = next(filter(None, map(shutil.which, BROWSERS)), None)
        if chromium is None:
            raise CommandError("This needs a Chromium, and there is none on this machine.")
        password = os.environ.get("BENCH_PASSWORD") or getpass.getpass(f"Password of {username}: ")
        site = urlsplit(url)
        far = {"round_trip_ms": asked["round_trip"], "mbit_per_s": asked["mbit"]}
        try:
            with slow_line(site.hostname, site.port or 80, **far) as port, sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
                page = browser.new_page(base_url=f"http://127.0.0.1:{port}", viewport={"width": 1440, "height": 900})
                page.set_default_timeout(PATIENCE_MS)
                figures = Sorting(page, asked).run(username, password)
                page.goto("about:blank")  # so that the page gives its hand back
                browser.close()
        except Error as error:
            raise CommandError(f"The browser gave up: {error.message.splitlines()[0]}") from None
        self._print(figures)

    def _print(self, figures: dict[str, list[float]]) -> None:
        self.stdout.write(f"{'':<52}{'n':>5}{'p50 ms':>9}{'p95 ms':>9}")
        hits = figures.pop("hits")
        for name, times_ms in figures.items():
            if not times_ms:
                self.stdout.write(f"{name:<52}{0:>5}{'–':>9}{'–':>9}")
                continue
            p95_ms = statistics.quantiles(times_ms, n=20)[-1] if len(times_ms) > 1 else times_ms[0]
            self.stdout.write(f"{name:<52}{len(times_ms):>5}{statistics.median(times_ms):>9.0f}{p95_ms:>9.0f}")
        share = f"{100 * sum(hits) / len(hits):.1f} %" if hits else "–"
        self.stdout.write(f"{'next card loaded when the key came':<52}{len(hits):>5}{share:>9}")


class Sorting:
    """One person at one page."""

    def __init__(self, page, asked: dict) -> None:
        self.page, self.asked = page, asked
        self.n_decided = 0

    def run(self, username: str, password: str) -> dict[str, list[float]]:
        page = self.page
        page.goto("/login")
        page.get_by_label("User name").fill(username)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(lambda address: "/login" not in address)
        page.goto("/sort")
        page.wait_for_function("() => document.querySelector('[data-current] video')?.readyState >= 3")
        warm = self._decide(range(self.asked["decisions"]), lambda: None)
        cold = self._decide(range(self.asked["cold"]), lambda: page.evaluate(CHILL))
        posts = page.evaluate(POSTS)
        undone = [self._press("z") for _ in range(self.n_decided)]
        page.wait_for_timeout(5 * self.asked["round_trip"] + 2000)  # the last undo arrives
        there = [noted for noted in warm if noted["wasThere"]]
        return {
            "key → next clip's first moving frame, loaded": _of(there, "moving"),
            "key → next clip's first moving frame, cold": _of(cold, "moving"),
            "key → feedback": _of([*warm, *cold], "feedback"),
            "decision POST, line and server": posts,
            "undo → the card is back": _of(undone, "feedback"),
            "hits": [noted["wasThere"] for noted in warm],
        }

    def _decide(self, times: Iterable, prepare: Callable[[], object]) -> list[dict]:
        noted = []
        for _ in times:
            self.page.wait_for_timeout(1000 * self.asked["every"])
            if self.page.locator("[data-hand] > [data-card]").count() < 2:
                break  # there is no next one to wait for
            prepare()
            self.page.evaluate("() => document.querySelector('[data-card][data-current]').focus()")
            noted.append(self._press("x"))
            self.n_decided += 1
        return noted

    def _press(self, key: str) -> dict:
        self.page.evaluate(ARM)
        self.page.keyboard.press(key)
        self.page.wait_for_function("() => window.noted.feedback !== undefined")
        if key != "z":
            self.page.wait_for_function("() => window.noted.moving !== undefined")
        return self.page.evaluate("() => window.noted")


def _of(noted: list[dict], name: str) -> list[float]:
    return [one[name] for one in noted if one.get(name) is not None]
