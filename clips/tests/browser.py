"""A real Chromium for tests, and what every page must hold: no error on its console, no other host asked."""

import contextlib
from collections.abc import Iterator
from urllib.parse import urlsplit

from playwright.sync_api import Page, sync_playwright

#: A browser that looks for updates by itself would make a closed network look like a fault of the page.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextlib.contextmanager
def open_page(chromium: str, base_url: str, *, width_px: int = 1440, height_px: int = 900) -> Iterator[Page]:
    """Give a page of a fresh browser; at the end it must have been quiet and stayed at home."""
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        context = browser.new_context(base_url=base_url, viewport={"width": width_px, "height": height_px})
        page = context.new_page()
        page.on("console", lambda message: message.type == "error" and complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        home = urlsplit(base_url).netloc
        page.on(
            "request",
            lambda request: (
                request.url.startswith("http")
                and urlsplit(request.url).netloc != home
                and complaints.append(request.url)
            ),
        )
        yield page
        browser.close()
    assert complaints == []


def log_in(page: Page, username: str, password: str) -> None:
    page.goto("/login")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)
