"""Tests the settings page in a browser, and that a change reaches every program of a running site."""

import datetime as dt
import http.client
import time
import zoneinfo

import pytest

from clips.tests.browser import log_in, open_page

pytestmark = pytest.mark.slow
#: Three seconds for a setting, ten for a file to be whole, and what a busy machine adds.
PATIENCE_S = 60
GIB = 1024**3


@pytest.fixture
def page(chromium, own_site):
    with open_page(chromium, own_site.base_url) as page:
        log_in(page, own_site.admin_username, own_site.admin_password)
        page.goto("/manage/settings")
        yield page


def wait_until(is_so) -> None:
    ends_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < ends_s, "not within the time"
        time.sleep(0.3)


def save(page, label: str, text: str) -> None:
    box = page.get_by_label(label, exact=True)
    box.fill(text)
    box.press("Enter")


def largest_files(page) -> set[int]:
    """Return what a dozen new connections, spread over the web processes, are told of the largest file."""
    cookie = "; ".join(f"{one['name']}={one['value']}" for one in page.context.cookies())
    host = page.evaluate("location.host")
    found = set()
    for _time in range(12):
        connection = http.client.HTTPConnection(host, timeout=10)
        connection.request("OPTIONS", "/upload/tus/", headers={"Cookie": cookie})
        found.add(int(connection.getresponse().headers["Tus-Max-Size"]))
        connection.close()
    return found


def test_a_change_reaches_every_web_process(page):
    assert largest_files(page) == {128 * GIB}
    save(page, "Largest file", "64 GB")
    page.get_by_text("Saved.").first.wait_for()
    wait_until(lambda: largest_files(page) == {64 * GIB})
    page.get_by_role("button", name="Back to default: Largest file").click()
    page.get_by_text("Back to default: Largest file.").first.wait_for()
    wait_until(lambda: largest_files(page) == {128 * GIB})


def test_a_time_zone_reaches_programs_that_run_on(page, own_site):
    now = dt.datetime.now(dt.UTC)
    zones = [zoneinfo.ZoneInfo(name) for name in ("Pacific/Kiritimati", "Etc/GMT+12")]
    zone = next(zone for zone in zones if now.astimezone(zone).date() != now.date())
    save(page, "Time zone", zone.key)
    page.get_by_text("Saved.").first.wait_for()
    time.sleep(3.5)  # as long as another process may hold the old value
    (own_site.data_dir / "incoming" / "no video.mp4").write_bytes(b"nothing to see" * 1000)
    failed = own_site.data_dir / "incoming" / "failed"
    wait_until(lambda: failed.is_dir() and any(failed.rglob("*.mp4")))
    assert {folder.name for folder in failed.iterdir()} == {f"{dt.datetime.now(zone):%Y-%m-%d}"}


def test_what_is_wrong_is_said_beside_its_box(page):
    save(page, "Bin", "0")
    page.get_by_text("Enter a whole number from 1 to 3650.").wait_for()
    assert page.get_by_label("Bin", exact=True).input_value() == "0"
    assert "1 setting needs a look" in page.inner_text("main")


def test_of_two_admins_the_second_is_told(page):
    other = page.context.new_page()
    other.goto("/manage/settings")
    save(page, "Bin", "45")
    page.get_by_text("Saved.").first.wait_for()
    save(other, "Bin", "90")
    other.get_by_text("changed this at").wait_for()
    assert other.get_by_label("Bin", exact=True).input_value() == "45"
    save(other, "Bin", "90")
    other.get_by_text("Saved.").first.wait_for()
