"""``manage.py bench_sort``: measures the waiting times on the sort page, in a real browser over a slow line."""

from collections.abc import Callable, Iterable, Iterator
from statistics import median
from urllib.parse import urlsplit

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bench.angle_switch import times_of_switches
from bench.browsers import find_chromium, password_of
from bench.figures import HEAD, Figure, verdict_of
from bench.searching import searching
from bench.slow_line import slow_line

PATIENCE_MS = 60_000
CURRENT = "[data-card][data-current]"
READY = "() => document.querySelector('[data-current] video')?.readyState >= 3"
#: Has the browser tell how long each key took until the next picture was on the screen (Event Timing, as for INP). It
#: rounds to 8 ms, and tells of nothing quicker than 16.
WATCH = """() => {
  window.painted = new Map();
  performance.setResourceTimingBufferSize(10000);
  const observer = new PerformanceObserver((list) => {
    for (const { name, startTime, duration } of list.getEntries()) {
      if (name === 'keydown') window.painted.set(startTime, duration);
    }
  });
  observer.observe({ type: 'event', durationThreshold: 16 });
}"""
#: How long the keys of these time stamps took; it is told some pictures later.
TOLD = "stamps => stamps.map((stamp) => window.painted.get(stamp) ?? 0)"
#: Waits for the next key and notes, by the clock that stamped the key, when another card is there and when its video
#: shows a frame other than the one it appeared with: a later one than it waited at, or the second after a seek.
ARM = """() => {
  const current = () => document.querySelector('[data-card][data-current]');
  const before = current()?.dataset.segment;
  const next = document.querySelectorAll('[data-hand] > [data-card]')[1]?.querySelector('video');
  const noted = { wasThere: Boolean(next && next.readyState >= 3) };
  window.noted = noted;
  let still = noted.wasThere ? next.currentTime : null;
  next?.addEventListener('seeking', () => { still = null; }, { once: true });
  document.addEventListener('keydown', ({ timeStamp }) => {
    const look = () => {
      const card = current();
      if (!card || card.dataset.segment === before) return requestAnimationFrame(look);
      const channel = new MessageChannel(); // whose message comes when this picture is painted
      channel.port1.onmessage = () => {
        Object.assign(noted, { stamp: timeStamp, there: performance.now() - timeStamp });
      };
      channel.port2.postMessage(null);
      const video = card.querySelector('video');
      if (!video) return void (noted.moving = null); // its preview is not made yet
      const frame = (now, { mediaTime }) => {
        still ??= mediaTime;
        if (mediaTime <= still) return video.requestVideoFrameCallback(frame);
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
        parser.add_argument("--session", default="", help="id of the session to sort (default: all)")
        parser.add_argument("--decisions", type=int, default=40, help="how many (default: %(default)s)")
        parser.add_argument(
            "--cold", type=int, default=10, help="how many without anything loaded (default: %(default)s)"
        )
        parser.add_argument(
            "--switches", type=int, default=20, help="how many to another angle, where there are (default: %(default)s)"
        )
        parser.add_argument("--every", type=float, default=3.0, help="seconds between two (default: %(default)s)")
        parser.add_argument(
            "--round-trip", type=float, default=40.0, help="ms to the site and back (default: %(default)s)"
        )
        parser.add_argument("--searching", metavar="FILE", help="a video to search for tricks meanwhile, over and over")
        parser.add_argument("--mbit", type=float, default=20.0, help="Mbit/s to the browser (default: %(default)s)")

    def handle(self, *, url: str, username: str, **asked: object) -> None:
        chromium = find_chromium()
        from playwright.sync_api import Error, sync_playwright

        password = password_of(username)
        site = urlsplit(url)
        far = {"round_trip_ms": asked["round_trip"], "mbit_per_s": asked["mbit"]}
        sorting = None
        try:
            with (
                searching(asked["searching"]) as searches,
                slow_line(site.hostname, site.port or 80, **far) as port,
                sync_playwright() as playwright,
            ):
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
                page = browser.new_page(base_url=f"http://127.0.0.1:{port}", viewport={"width": 1440, "height": 900})
                page.set_default_timeout(PATIENCE_MS)
                sorting = Sorting(page, asked)
                figures = sorting.run(username, password)
                page.goto("about:blank")  # so that the page gives its hand back
                browser.close()
        except Error as error:
            says = f"The browser failed:  {error.message.splitlines()[0]}"
            if sorting and sorting.n_decided:
                says += f"\nPress Z {sorting.n_decided} times on {username}'s sort page: the decisions were not undone."
            raise CommandError(says) from None
        for line in figures:
            self.stdout.write(line)
        if asked["searching"]:
            self.stdout.write(f"meanwhile searched for tricks: {searches.count(0)} × and once in part")


class Sorting:
    """One person at one page."""

    def __init__(self, page, asked: dict) -> None:
        self.page, self.asked = page, asked
        self.n_decided = 0

    def run(self, username: str, password: str) -> list[str]:
        """Sort, undo all of it, and return the lines of a table."""
        page = self.page
        self._log_in(username, password)
        page.goto(f"/sort?session={self.asked['session']}")
        page.wait_for_function(READY)
        page.evaluate(WATCH)
        switched = times_of_switches(page, self.asked["switches"], every_s=self.asked["every"])
        warm = self._decide(range(self.asked["decisions"]), lambda: None)
        cold = self._decide(range(self.asked["cold"]), lambda: page.evaluate(CHILL))
        posts = page.evaluate(POSTS)
        keys = [self._count(*one) for one in self._kinds_of_keep()]
        n_decided = self.n_decided
        undone = self._undo(n_decided // 2)
        page.wait_for_timeout(5 * self.asked["round_trip"] + 2000)
        page.reload()
        page.wait_for_function(READY)
        page.evaluate(WATCH)
        page.wait_for_timeout(2000)
        undone_later = self._undo(self.n_decided)
        page.wait_for_timeout(5 * self.asked["round_trip"] + 2000)  # the last undo arrives
        there = [noted for noted in warm if noted["wasThere"]]
        figures = [
            Figure("key → next clip's first moving frame, loaded", _of(there, "moving"), 100, 200),
            Figure("key → next clip's first moving frame, cold", _of(cold, "moving"), None, 1000),
            Figure("key → another angle at the same instant", switched, None, 150),
            Figure("key → feedback", _of([*warm, *cold], "feedback"), None, 50),
            Figure("undo → the card is back", _of(undone, "feedback"), None, 150),
            Figure("undo after a reload → the card is back", _of(undone_later, "feedback"), None, 150),
            Figure("decision POST, line and server", posts),
        ]
        share = len(there) / max(1, len(warm))
        lines = [
            HEAD,
            *(figure.line() for figure in figures),
            f"{'next clip loaded when the key came':<48}{len(warm):>5}{100 * share:>7.1f} %{'':>9}  {'≥ 98 %':<12}"
            f"{verdict_of(share >= 0.98)}",
            *_beside("another angle, times the next clip (p50)", switched, _of(there, "moving")),
            *keys,
        ]
        if len(warm) + len(cold) < self.asked["decisions"] + self.asked["cold"]:
            lines.append(f"There were moments for {n_decided} decisions only.")
        return lines

    def _log_in(self, username: str, password: str) -> None:
        self.page.goto("/login")
        self.page.get_by_label("Username").fill(username)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_url(lambda address: "/login" not in address)

    def _kinds_of_keep(self) -> Iterator[tuple[str, list[str], int]]:
        """Yield the kinds of keep, their keys, and their maximum number of keys; a recent name is the known one."""
        yield "keys: trash", ["x"], 1
        yield "keys: skip", ["s"], 1
        yield "keys: keep with the same rider", ["Enter"], 1
        yield "keys: keep with both ends trimmed", ["]", "Shift+[", "Enter"], 5
        if name := self.page.evaluate("() => document.querySelector('[data-recent-of=people]')?.dataset.value"):
            yield "keys: keep with another name used lately", ["1", "Enter"], 2
            letters = "".join(word[0] for word in name.split())[:2] if " " in name else name[:2]
            yield "keys: keep with a known name typed", ["p", *letters.lower(), "Enter", "Enter"], 5

    def _count(self, name: str, keys: list[str], most: int) -> str:
        """Decide with some keys and return their number."""
        self._wait_for_two()
        before = self.page.locator(CURRENT).get_attribute("data-segment")
        for key in keys:
            self.page.keyboard.press(key)
        self.page.wait_for_function(
            "([card, before]) => document.querySelector(card)?.dataset.segment !== before", arg=[CURRENT, before]
        )
        self.n_decided += 1
        return f"{name:<48}{1:>5}{len(keys):>9}{'':>9}  {most:<12}{verdict_of(len(keys) <= most)}"

    def _wait_for_two(self) -> None:
        self.page.wait_for_function("() => document.querySelectorAll('[data-hand] > [data-card]').length > 1")
        self.page.evaluate("card => document.querySelector(card).focus()", CURRENT)

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
        return self._with_feedback(noted)

    def _undo(self, times: int) -> list[dict]:
        noted = []
        for _ in range(times):
            noted.append(self._press("z"))
            self.n_decided -= 1
        return self._with_feedback(noted)

    def _with_feedback(self, noted: list[dict]) -> list[dict]:
        """Add how long each key took until its card was on screen; it may not be later than the next picture."""
        self.page.wait_for_timeout(500)
        painted = self.page.evaluate(TOLD, [one["stamp"] for one in noted])
        return [one | {"feedback": max(one["there"], ms)} for one, ms in zip(noted, painted, strict=True)]

    def _press(self, key: str) -> dict:
        self.page.evaluate(ARM)
        self.page.keyboard.press(key)
        self.page.wait_for_function("() => window.noted.there !== undefined")
        if key != "z":
            self.page.wait_for_function("() => window.noted.moving !== undefined")
        return self.page.evaluate("() => window.noted")


def _of(noted: list[dict], name: str) -> list[float]:
    return [one[name] for one in noted if one.get(name) is not None]


def _beside(name: str, times_ms: list[float], others_ms: list[float]) -> Iterator[str]:
    """Yield the line that says how many times as long one thing took as another, in the median."""
    if times_ms and others_ms:
        yield f"{name:<48}{len(times_ms):>5}{median(times_ms) / median(others_ms):>7.2f} ×"
