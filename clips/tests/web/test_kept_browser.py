"""Tests that one browser serves all tests of a process, and that none of them meets what another left behind."""

import asyncio
import signal
import threading

import pytest
from playwright.sync_api import Error

from clips.tests.browser import kept, open_page

pytestmark = pytest.mark.slow


def test_the_next_page_is_of_the_same_browser_and_knows_nothing_of_the_last(chromium, live_server):
    with open_page(chromium, live_server.url) as page:
        page.goto("/login")
        page.context.add_cookies([{"name": "left", "value": "behind", "url": live_server.url}])
        page.evaluate("localStorage.left = 'behind'")
        browser = kept.browser
    with open_page(chromium, live_server.url) as page:
        page.goto("/login")
        assert kept.browser is browser
        assert "left" not in {cookie["name"] for cookie in page.context.cookies()}
        assert page.evaluate("localStorage.left") is None
        assert len(browser.contexts) == 1


def test_no_loop_counts_as_running_while_no_page_is_open(chromium, live_server):
    with open_page(chromium, live_server.url), open_page(chromium, live_server.url):
        assert asyncio.get_running_loop()
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
    assert asyncio.run(asyncio.sleep(0, "another")) == "another"


def crash(chromium: str, base_url: str) -> None:
    with open_page(chromium, base_url) as page:
        kept.browser.new_browser_cdp_session().send("Browser.crash")
        page.goto("/login")


def test_after_a_crash_the_next_page_has_another_browser(chromium, live_server):
    with open_page(chromium, live_server.url):
        crashed = kept.browser
    with pytest.raises(Error, match="closed"):
        crash(chromium, live_server.url)
    with open_page(chromium, live_server.url) as page:
        assert page.goto("/login").ok
        assert kept.browser is not crashed


def fail_on_another_page(chromium: str, base_url: str) -> None:
    with open_page(chromium, base_url):
        raise ZeroDivisionError


def test_a_failure_on_another_page_leaves_none_of_it_to_the_next(chromium, live_server):
    with open_page(chromium, live_server.url) as page:
        with pytest.raises(ZeroDivisionError):
            fail_on_another_page(chromium, live_server.url)
        assert page.goto("/login").ok
        assert kept.browser.contexts == [page.context]


class TimeIsUpError(BaseException):
    """What pytest-timeout raises, wherever the test is."""


def test_the_page_of_a_fixture_ends_where_its_test_ran_out_of_time(chromium, live_server):
    def time_is_up(*_signal: object) -> None:
        raise TimeIsUpError

    before = signal.signal(signal.SIGUSR1, time_is_up)
    try:
        with open_page(chromium, live_server.url) as page:
            threading.Timer(0.5, signal.pthread_kill, (threading.get_ident(), signal.SIGUSR1)).start()
            with pytest.raises(TimeIsUpError):
                page.wait_for_timeout(60_000)
    finally:
        signal.signal(signal.SIGUSR1, before)
    assert kept.browser is None
    with pytest.raises(RuntimeError):
        asyncio.get_running_loop()
    with open_page(chromium, live_server.url) as page:
        assert page.goto("/login").ok


def do(chromium: str, base_url: str, script: str) -> None:
    with open_page(chromium, base_url) as page:
        page.goto("/login")
        page.evaluate(script)
        page.wait_for_timeout(100)


@pytest.mark.parametrize(
    ("script", "said"), [("console.error('oh')", "oh"), ("fetch('http://192.0.2.1/').catch(() => 0)", "192")]
)
def test_what_is_wrong_on_a_page_is_a_failure_still(chromium, live_server, script, said):
    with pytest.raises(AssertionError, match=said):
        do(chromium, live_server.url, script)
