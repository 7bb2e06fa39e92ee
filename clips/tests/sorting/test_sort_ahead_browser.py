"""Tests what the sort page loads ahead, and what it defers, so that keys are answered at once."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from clips.tests.browser import log_in_as_admin, open_page, press
from clips.tests.sorting.sort_table import EACH_MS, END_MS, START_MS, lay_table, run_in
from clips.tests.sorting.test_angles_browser import LATER_MS, TIE
from clips.tests.sorting.test_sort_page import arrived, next_card, on_top
from trickyclip.tests.site import manage

pytestmark = pytest.mark.slow

PATIENCE_MS = 30_000
VIDEO = re.compile(r"/media/previews/[^/]+\.mp4")
NEXT = "[data-hand] > [data-card]:not([data-current])"
#: Of the first card that waits: where its video stands, how large its drawing is, its moments on the map.
READY = """next => {
  const card = document.querySelector(next);
  const video = card?.querySelector('video'), film = card?.querySelector('[data-film-zoom]');
  if (!video || video.seeking || video.readyState < 2) return null;
  if (!film.clientWidth || film.width !== film.clientWidth) return null;
  return { atS: video.currentTime, marks: card.querySelectorAll('[data-map-marks] rect').length };
}"""
#: Presses a key some times in one go, as nobody can, so that no time passes between two cards.
PRESS_OFTEN = """([key, times]) => {
  for (let n = 0; n < times; n += 1) document.body.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
}"""


@pytest.fixture
def page(chromium, running_site):
    with open_page(chromium, running_site.base_url) as page:
        page.set_default_timeout(PATIENCE_MS)
        log_in_as_admin(page, running_site)
        yield page


def test_the_next_card_waits_drawn_and_at_its_first_frame(page, running_site, request):
    page.goto(lay_table(running_site, request.node.name, 3))
    ready = page.wait_for_function(READY, arg=NEXT).json_value()
    assert ready["marks"] == 3
    assert 0 <= ready["atS"] - START_MS / 1000 < 0.002
    before = page.locator("[data-film-zoom]").nth(1).get_attribute("width")
    next_card(page, lambda: press(page, "x"))
    handles = page.locator("[data-current] [data-handle]")
    expect(handles.first).to_have_attribute("aria-valuenow", str(EACH_MS + START_MS))
    expect(handles.last).to_have_attribute("aria-valuenow", str(EACH_MS + END_MS))
    assert page.locator("[data-current] [data-film-zoom]").get_attribute("width") == before
    page.wait_for_function("() => document.querySelector('[data-current] video').currentTime > 3.2")


def test_videos_that_never_come_leave_the_line_to_decisions(page, running_site, request):
    held = []
    page.route(VIDEO, lambda route: held.append(route))
    page.goto(lay_table(running_site, request.node.name, 6))
    on_top(page)
    page.wait_for_timeout(2_000)
    assert 1 <= len(held) <= 3  # a browser has six connections to a site
    for _card in range(3):
        next_card(page, lambda: press(page, "x"))
    arrived(page)
    expect(page.locator("[data-count=session]")).to_have_text("3")


def test_videos_of_cards_that_are_passed_over_are_not_fetched(page, running_site, request):
    page.goto(lay_table(running_site, request.node.name, 20))
    decided = []
    for _card in range(16):
        decided.append(on_top(page))
        next_card(page, lambda: press(page, "x"))
    arrived(page)
    fetched = set()
    page.on("request", lambda sent: VIDEO.search(sent.url) and fetched.add(Path(sent.url).stem))
    with page.expect_response("**/sort/past*"):
        page.reload()
    page.wait_for_function(READY, arg=NEXT)
    page.wait_for_timeout(1_500)
    page.evaluate(PRESS_OFTEN, ["z", 12])
    assert on_top(page) == decided[4]
    page.wait_for_function("() => document.querySelector('[data-current] video').readyState > 2")
    arrived(page)
    page.wait_for_timeout(1_500)
    assert fetched.isdisjoint(decided[8:12])
    assert {*decided[4:8], *decided[12:]} <= fetched


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["bench_sort", "--decisions", "3", "--cold", "1", "--every", "0.3"], "undo after a reload → the card is back"),
        (["bench_crowd", "--people", "3", "--seconds", "3", "--every", "0.5"], "decision: trash"),
    ],
)
def test_benches_print_figures_and_leave_nothing_decided(running_site, request, monkeypatch, command, says):
    monkeypatch.setenv("BENCH_PASSWORD", running_site.admin_password)
    session = lay_table(running_site, request.node.name[:90], 16).split("=")[1]
    name, *options = command
    of_session = ["--session", session] if name == "bench_sort" else []
    printed = manage(running_site.data_dir, name, running_site.base_url, *options, *of_session)
    n, p50_ms, p95_ms = next(line for line in printed.splitlines() if says in line).removeprefix(says).split()[:3]
    assert int(n) >= 2
    assert 0 < float(p50_ms) <= float(p95_ms)
    undecided = "print(CandidateSegment.objects.undecided().filter(original_file__shoot=%r).count())"
    assert run_in(running_site, undecided % session).endswith("16")


def test_the_bench_times_the_switch_to_another_angle_beside_the_next_card(running_site, request, monkeypatch):
    monkeypatch.setenv("BENCH_PASSWORD", running_site.admin_password)
    session = lay_table(running_site, request.node.name[:90], 24, n_files=2).split("=")[1]
    assert run_in(running_site, TIE.format(session=session, later_s=LATER_MS / 1000)).endswith("True")
    asked = ["--session", session, "--decisions", "2", "--cold", "0", "--switches", "4", "--every", "0.3"]
    lines = manage(running_site.data_dir, "bench_sort", running_site.base_url, *asked).splitlines()
    says = "key → another angle at the same instant"
    n, p50_ms, p95_ms = next(line for line in lines if says in line).removeprefix(says).split()[:3]
    assert int(n) == 4
    assert 0 < float(p50_ms) <= float(p95_ms)
    says = "another angle, times the next clip (p50)"
    _n, times, _sign = next(line for line in lines if says in line).removeprefix(says).split()
    assert float(times) > 0
