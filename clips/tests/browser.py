"""Opens pages in a real Chromium, and checks that they log no error and contact no other host."""

import contextlib
import re
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
#: Chromium writes every such answer to the console; the pages show them in place.
REFUSAL = re.compile(r"Failed to load resource: .* status of (409|422) ")
#: htmx writes these when a page is left that still asks for a part of itself. A request that fails writes another.
LEFT = re.compile(r"htmx:(afterRequest|sendAbort), ")


@contextlib.contextmanager
def open_page(
    chromium: str,
    base_url: str,
    *,
    width_px: int = 1440,
    height_px: int = 900,
    touch: bool = False,
    worker: bool = False,
    provoked: str = "",
) -> Iterator[Page]:
    """Yield a page of a fresh browser; at the end it must have logged no error and contacted no other host.

    Its service worker stays out but with ``worker``: what a test wants to see of a request, it would take over.
    ``provoked`` is what the console errors contain that the test itself causes by taking the connection away.
    """
    complaints: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        viewport = {"width": width_px, "height": height_px}
        context = browser.new_context(
            base_url=base_url,
            viewport=viewport,
            has_touch=touch,
            is_mobile=touch,
            service_workers="allow" if worker else "block",
        )
        page = context.new_page()
        page.on(
            "console",
            lambda message: (
                message.type == "error"
                and not REFUSAL.match(message.text)
                and not LEFT.match(message.text)
                and not (provoked and provoked in message.text)
                and complaints.append(message.text)
            ),
        )
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
    assert not complaints, complaints


def log_in(page: Page, username: str, password: str) -> None:
    page.goto("/login")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)


def press(page: Page, key: str) -> None:
    """Press a key once the page's scripts listen; its video may play before they do."""
    page.wait_for_load_state()
    page.keyboard.press(key)
