"""``manage.py bench_paint``: measures when a page of a running site is first seen, in a real browser."""

from collections.abc import Iterator

from django.core.management.base import BaseCommand, CommandParser

from bench.browsers import find_chromium, password_of
from bench.figures import HEAD, Figure

BUDGET_MS = 300
#: When the first text or picture was painted, and when the page's last byte was there, both since it was asked for.
TIMES = """() => [
  performance.getEntriesByName("first-contentful-paint")[0]?.startTime,
  performance.getEntriesByType("navigation")[0].responseEnd,
]"""


class Command(BaseCommand):
    help = (
        "Open a page of a running site in a real Chromium, with an empty cache and a filled one, and print when its "
        "first picture is there. Needs playwright (requirements-dev.txt) and Chromium."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("url", help="address of the running site, as http://127.0.0.1:8000")
        parser.add_argument("--username", default="admin", help="who looks (default: %(default)s)")
        parser.add_argument("--page", default="/", help="which page (default: %(default)s)")
        parser.add_argument("--visits", type=int, default=20, help="how many (default: %(default)s)")

    def handle(self, *, url: str, username: str, page: str, visits: int, **_: object) -> None:
        chromium = find_chromium()
        from playwright.sync_api import sync_playwright

        password = password_of(username)
        figures = {
            "empty cache": Figure("first picture, empty cache", p50_ms=BUDGET_MS),
            "filled cache": Figure("first picture, filled cache", p50_ms=BUDGET_MS),
            "last byte": Figure("last byte of the page"),
        }
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
            for cache, painted_ms, sent_ms in _visits(browser, url, username, password, page, visits):
                figures[cache].times_ms.append(painted_ms)
                figures["last byte"].times_ms.append(sent_ms)
            browser.close()
        self.stdout.write(HEAD)
        for figure in figures.values():
            self.stdout.write(figure.line())


def _visits(browser, url: str, username: str, password: str, page: str, n_visits: int) -> Iterator[tuple]:
    """Yield for each visit whether the cache was filled, the first picture's time, and the last byte's."""
    first = browser.new_context(base_url=url)
    login = first.new_page()
    login.goto("/login")
    login.get_by_label("Username").fill(username)
    login.get_by_label("Password").fill(password)
    login.get_by_role("button", name="Log in").click()
    login.wait_for_url(lambda address: "/login" not in address)
    cookies = first.storage_state()
    first.close()
    for _visit in range(n_visits):
        context = browser.new_context(base_url=url, storage_state=cookies, service_workers="block")
        tab = context.new_page()
        for cache in ("empty cache", "filled cache"):
            tab.goto(page)
            tab.wait_for_timeout(300)
            painted_ms, sent_ms = tab.evaluate(TIMES)
            if painted_ms is not None:
                yield cache, painted_ms, sent_ms
        context.close()
