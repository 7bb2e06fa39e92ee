"""Tests all pages with the demo session: accessible, without errors, self-contained, and never too wide."""

import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from clips.demo.session import FILENAME, SESSION_NAME
from clips.tests.browser import log_in_as_admin, open_page, press
from clips.tests.every_page import addresses
from trickyclip.tests.site import RunningSite

pytestmark = pytest.mark.slow

#: Each with the theme that its device asks for, so that both are looked at.
SIZES = [(390, 844, "light"), (1440, 900, "dark")]
SERIOUS = {"serious", "critical"}
PATIENCE_S = 240
#: The command, but for the drawing (clips/tests/demo/test_demo.py).
MAKE_DEMO = """
from unittest import mock
from clips.demo import film, session
from clips.tests.demo.drawn_once import copy_of_film
with mock.patch.object(film, "write", copy_of_film):
    session.make()
"""
#: Keeps the best moment of the demo session, as a sorter would.
KEEP_ONE = f"""
from clips.models import CandidateSegment, FinalClip
from clips.sorting.decisions import Choice, keep
from people.models import Member, Person
from tricks.models import Trick
from uuid import UUID
lease, member = UUID("{uuid.uuid4()}"), Member.objects.get()
segment, = CandidateSegment.objects.lease_hand(member=member, lease=lease, count=1)
choice = Choice(segment.start_ms, segment.end_ms, person=Person.objects.add("Mia Berg"), trick=Trick.objects.first())
keep(segment, choice, lease=lease, key=UUID("{uuid.uuid4()}"), member=member)
"""
HAS_CARDS = "from clips.models import Preview; print(Preview.objects.count())"
HAS_CLIP = "from clips.models import FinalClip; print(FinalClip.objects.exclude(stored_path='').count())"
FITS = "document.documentElement.scrollWidth <= window.innerWidth"
#: Elements that a keyboard reaches, in order, with whether the browser draws an outline or something else around them.
FOCUS = """() => {
  const here = document.activeElement, style = getComputedStyle(here);
  return here === document.body ? null : {
    what: here.outerHTML.slice(0, 90),
    shown: here.matches(':focus-visible') && (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0
      || style.boxShadow !== 'none'),
  };
}"""

#: Elements whose words are too small to read at arm's length.
SMALL = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), found = new Set();
  while (walker.nextNode()) {
    const at = walker.currentNode.parentElement;
    if (walker.currentNode.data.trim() && at.checkVisibility() && parseFloat(getComputedStyle(at).fontSize) < 14)
      found.add(`${at.tagName} .${at.className} “${walker.currentNode.data.trim()}”`);
  }
  return [...found];
}"""

#: Writes the longest that people may call a session, a rider, a member or a file, in place of what the demo has.
LENGTHEN = """names => {
  const walker = document.createTreeWalker(document.querySelector('main'), NodeFilter.SHOW_TEXT);
  while (walker.nextNode())
    for (const name of names) walker.currentNode.data = walker.currentNode.data.replaceAll(name, 'x'.repeat(100));
}"""

#: What a finger or a key reaches and lies partly beside the screen, where nothing brings it in.
CUT_OFF = """() => {
  const scrolls = (at) => at && (/auto|scroll/.test(getComputedStyle(at).overflowX) || scrolls(at.parentElement));
  const all = document.querySelectorAll("a, button, input, select, textarea, summary");
  return [...all].filter((at) => at.checkVisibility({ visibilityProperty: true }) && !scrolls(at)).filter((at) => {
    const { left, right, width, height } = at.getBoundingClientRect();
    return width > 1 && height > 1 && right > 0 && (left < -1 || right > document.documentElement.clientWidth + 1);
  }).map((at) => `${at.tagName} #${at.id} .${at.className} “${at.textContent.trim().slice(0, 40)}”`);
}"""


@pytest.fixture(scope="module")
def demo_site(running_site) -> RunningSite:
    """A running site with the demo session, in which one moment was kept."""
    running_site.shell.run(MAKE_DEMO)
    wait_for(running_site, HAS_CARDS)
    running_site.shell.run(KEEP_ONE)
    wait_for(running_site, HAS_CLIP)
    return running_site


def wait_for(site: RunningSite, code: str) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not int(site.shell.run(code)):
        assert time.monotonic() < deadline, "the demo session never became ready"
        time.sleep(0.3)


@pytest.fixture
def pages(demo_site, chromium) -> Callable[[tuple[int, int, str]], AbstractContextManager[Page]]:
    """Return a function that opens a logged-in browser of a size; at its end it must have logged no error."""

    def opened(size: tuple[int, int, str]) -> AbstractContextManager[Page]:
        return open_page(chromium, demo_site.base_url, width_px=size[0], height_px=size[1], theme=size[2])

    return opened


def visit(page: Page, address: str) -> None:
    assert page.goto(address).status == 200
    page.locator("main").wait_for()
    page.wait_for_load_state("load")
    page.wait_for_timeout(300)  # what a page fetches at once is on it


def findings(page: Page) -> list[str]:
    """Return axe-core's serious and critical findings, one line each."""
    found = Axe().run(page).response["violations"]
    return [
        f"{page.url}: {rule['id']}: {node['target']}"
        for rule in found
        if rule["impact"] in SERIOUS
        for node in rule["nodes"]
    ]


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}px, {size[2]}")
def test_every_page_is_usable_by_all_and_fits(pages, demo_site, size):
    """``open_page`` adds that none of them complains on the console or asks another host."""
    with pages(size) as page:
        visit(page, "/login")
        wrong = findings(page)
        log_in_as_admin(page, demo_site)
        for address in addresses(page):
            visit(page, address)
            wrong += findings(page)
            if not page.evaluate(FITS):
                wrong.append(f"{address} is too wide")
            wrong += [f"{address}: too small: {what}" for what in page.evaluate(SMALL)]
            wrong += [f"{address}: cut off: {what}" for what in page.evaluate(CUT_OFF)]
            page.evaluate(LENGTHEN, [SESSION_NAME, FILENAME, "Mia Berg", demo_site.admin_username])
            if not page.evaluate(FITS):
                wrong.append(f"{address} is too wide for long names")
            wrong += [f"{address}: cut off by long names: {what}" for what in page.evaluate(CUT_OFF)]
            if not page.locator("h1").count():
                wrong.append(f"{address} has no heading")
        assert wrong == []


def test_focus_is_seen_wherever_tab_leads(pages, demo_site):
    with pages(SIZES[1]) as page:
        log_in_as_admin(page, demo_site)
        for address in addresses(page):
            visit(page, address)
            for _ in range(12):
                press(page, "Tab")
                focus = page.evaluate(FOCUS)
                assert focus is None or focus["shown"], f"{address}: {focus['what']}"


def test_a_fault_would_be_found(chromium, demo_site):
    """Tests the check itself on an unnamed button and grey text on grey."""
    with open_page(chromium, demo_site.base_url) as page:
        visit(page, "/login")
        page.evaluate(
            "() => { const one = document.createElement('button'); one.innerHTML = '<svg></svg>';"
            " const two = document.createElement('p'); two.textContent = 'faint'; two.style.color = '#777';"
            " document.querySelector('main').append(one, two); }"
        )
        rules = {finding.split(": ")[1] for finding in findings(page)}
    assert {"button-name", "color-contrast"} <= rules
