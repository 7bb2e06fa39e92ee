"""Opens pages in a real Chromium, and checks that they log no error and contact no other host."""

import asyncio
import contextlib
import re
from collections.abc import Iterator
from typing import Any, Literal
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, Playwright, expect, sync_playwright

from trickyclip.tests.site import RunningSite

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
#: htmx writes these when a page is left, or the connection taken away, while it asks for a part of itself. Chromium
#: writes a line of its own for a request that fails in another way.
LEFT = re.compile(r"htmx:(afterRequest|sendAbort|sendError), ")
#: Nothing but a test takes this connection away: the site is on the same machine.
OFFLINE = re.compile(r".*ERR_INTERNET_DISCONNECTED")
SCRIPTS = re.compile(r"\.m?js$")


# Three processes share two cores, not always alone: a page that comes after ten seconds is slow and not wrong.
expect.set_options(timeout=45_000)


class KeptBrowser:
    """One browser for all tests of a process, as starting one costs more than most of them; a page has its own context.

    Playwright's loop counts as running for as long as the browser is there, and then Django refuses its database and
    asyncio another loop: so it counts only while a page is open.
    """

    def __init__(self) -> None:
        self.browser: Browser | None = None
        self._executable = ""
        self._playwright: Playwright | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._n_users = 0

    @contextlib.contextmanager
    def using(self, executable: str) -> Iterator[Browser]:
        """Yield the browser; after a test that failed, or a crash, the next one has another."""
        if self._n_users == 0:
            self._show_loop()
            if not self._listens() or not self.browser.is_connected() or self._executable != executable:
                self.close()
                self._start(executable)
        self._n_users += 1
        goes_on = False
        try:
            yield self.browser
            goes_on = True
        finally:
            self._n_users -= 1
            if self._n_users == 0:
                if goes_on:
                    asyncio._set_running_loop(None)
                else:
                    self.close()

    @contextlib.contextmanager
    def context(self, **how: Any) -> Iterator[BrowserContext]:
        """Yield a new context, and close it however the block ends: another page may keep the browser in use."""
        context = self.browser.new_context(**how)
        try:
            yield context
        finally:
            if self._listens():
                context.close()
            else:
                self.close()

    def _start(self, executable: str) -> None:
        self._playwright = sync_playwright().start()
        self._loop = asyncio.get_running_loop()
        self.browser = self._playwright.chromium.launch(executable_path=executable, args=QUIET)
        self._executable = executable

    def _listens(self) -> bool:
        """Return whether Playwright answers: a test that ran out of time ends its loop, and who asks waits for ever."""
        return self._loop is not None and self._loop.is_running()

    def _show_loop(self) -> None:
        if self._listens():
            asyncio._set_running_loop(self._loop)

    def close(self) -> None:
        """End the browser, if there is one."""
        if self._playwright is None:
            return
        self._show_loop()
        playwright, self._playwright, self._loop, self.browser = self._playwright, None, None, None
        playwright.stop()  # takes the browser along


kept = KeptBrowser()


@contextlib.contextmanager
def open_page(
    chromium: str,
    base_url: str,
    *,
    width_px: int = 1440,
    height_px: int = 900,
    touch: bool = False,
    theme: Literal["dark", "light"] = "dark",
    worker: bool = False,
    language: str = "en-US",
    provoked: str = "",
) -> Iterator[Page]:
    """Yield a page of a fresh context; at the end it must have logged no error and contacted no other host.

    ``theme`` and ``language`` are what the device asks for. Its service worker stays out but with ``worker``: what a
    test wants to see of a request, it would take over. ``provoked`` is what the console errors contain that the test
    itself causes.
    """
    complaints: list[str] = []
    seen: list[str] = []  # what may tell why a test failed
    how = {
        "base_url": base_url,
        "viewport": {"width": width_px, "height": height_px},
        "has_touch": touch,
        "is_mobile": touch,
        "color_scheme": theme,
        "locale": language,
        "service_workers": "allow" if worker else "block",
    }
    with kept.using(chromium), kept.context(**how) as context:
        page = context.new_page()
        page.on(
            "console",
            lambda message: (
                message.type == "error"
                and not any(known.match(message.text) for known in (REFUSAL, LEFT, OFFLINE))
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
        page.on("requestfailed", lambda request: seen.append(f"{request.failure}: {request.method} {request.url}"))
        page.on("response", lambda answer: answer.status < 400 or seen.append(f"{answer.status}: {answer.url}"))
        try:
            yield page
        except Exception as error:
            error.add_note("\n".join(["The page saw:", *complaints, *seen]))
            raise
    assert not complaints, complaints


def log_in(page: Page, username: str, password: str) -> None:
    page.goto("/login")
    page.get_by_label("Username").fill(username)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(lambda url: "/login" not in url)


def log_in_as_admin(page: Page, site: RunningSite) -> None:
    """Log in: through the form at the first time, later with the same cookies, and then no page is open yet."""
    if site.admin_cookies:
        page.context.add_cookies(site.admin_cookies)
        return
    log_in(page, site.admin_username, site.admin_password)
    site.admin_cookies.extend(page.context.cookies())


@contextlib.contextmanager
def before_scripts(page: Page, address: str) -> Iterator[None]:
    """Open a page for the duration of the block without any of its scripts, which come at its end."""
    page.route(SCRIPTS, lambda _route: None)
    page.goto(address, wait_until="commit")
    page.locator("main").wait_for()
    yield
    page.unroute(SCRIPTS)  # lets go what it held


def press(page: Page, key: str) -> None:
    """Press a key once the page's scripts listen; its video may play before they do."""
    page.wait_for_load_state()
    page.keyboard.press(key)
