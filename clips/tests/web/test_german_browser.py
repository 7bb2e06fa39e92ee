"""Tests all pages in German, which is longer than English: they fit, nothing is cut, no English is left in them."""

import re
from collections.abc import Iterable, Iterator

import pytest
from playwright.sync_api import Page

from clips.tests.browser import open_page
from clips.tests.every_page import addresses
from clips.tests.web.test_every_page_browser import FITS, demo_site, visit  # noqa: F401  fixture
from trickyclip import texts

pytestmark = pytest.mark.slow

#: A page is loaded at the first of two sizes; then the window takes the second, as a turned or resized one does.
SIZES = [((390, 844), (390, 664)), ((1440, 900), (844, 390))]
#: What stands on the page, one text for each place. What people named is not ours to translate.
SAID = """() => {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT), said = new Set();
  while (walker.nextNode()) {
    const within = walker.currentNode.parentElement.closest('script, style, code, kbd, [lang=en]');
    const text = walker.currentNode.data.replace(/\\s+/g, ' ').trim();
    if (text && !within) said.add(text);
  }
  for (const one of document.querySelectorAll('[title], [aria-label], [placeholder], [alt]'))
    for (const name of ['title', 'aria-label', 'placeholder', 'alt'])
      if (one.getAttribute(name)) said.add(one.getAttribute(name));
  return [...said];
}"""
#: Buttons and headings of columns whose words do not fit into them.
CUT = """() => [...document.querySelectorAll('button, .button, nav a, summary, th')]
  .filter((one) => one.checkVisibility() && one.clientWidth > 2 && one.scrollWidth > one.clientWidth + 1)
  .map((one) => one.outerHTML.slice(0, 160))"""
#: Numbers in attributes that a machine reads, with a comma as people in Germany write them.
COMMAS = """() => {
  const people = new Set(['title', 'alt', 'placeholder', 'aria-label', 'aria-valuetext', 'content']), found = [];
  for (const one of document.querySelectorAll('*'))
    for (const { name, value } of one.attributes)
      if (!people.has(name) && (/^-?\\d+,\\d+%?$/.test(value) || (name === 'style' && /\\d,\\d/.test(value))))
        found.push(`${one.tagName} ${name}=${value}`);
  return found;
}"""


@pytest.fixture(scope="module")
def english() -> set[str]:
    """The English texts that read differently in German, and are no German text themselves."""
    catalog = texts.read("de")
    german = {message.string for message in catalog if isinstance(message.string, str)}
    return {
        message.id for message in catalog
        if isinstance(message.id, str) and message.id and message.id != message.string and message.id not in german
        and not re.search(r"%\(|#", message.id)
    }  # fmt: skip


def log_in(page: Page, site) -> None:
    page.goto("/login")
    page.locator("input[name=username]").fill(site.admin_username)
    page.locator("input[name=password]").fill(site.admin_password)
    page.locator("main button[type=submit]").click()
    page.wait_for_url("**/")


def faults(page: Page, english: set[str]) -> list[str]:
    """Return what is wrong with a page that is open, one line each."""
    address = page.url
    found = [] if page.evaluate(FITS) else [f"{address} is too wide"]
    found += [f"{address} cuts {one}" for one in page.evaluate(CUT)]
    found += [f"{address} has {one}" for one in page.evaluate(COMMAS)]
    return found + [f"{address} says {text}" for text in page.evaluate(SAID) if text in english]


def faults_at(page: Page, sizes: Iterable[tuple[int, int]], english: set[str]) -> Iterator[str]:
    """Yield what is wrong with a page that is open, in a window of one size after the other."""
    for width_px, height_px in sizes:
        page.set_viewport_size({"width": width_px, "height": height_px})
        yield from (f"{width_px}x{height_px}: {fault}" for fault in faults(page, english))


@pytest.mark.parametrize("sizes", SIZES, ids=lambda sizes: " ".join(f"{width}x{height}" for width, height in sizes))
def test_every_page_is_german_and_fits(demo_site, chromium, english, sizes):  # noqa: F811  fixture
    (width_px, height_px), _second = sizes
    wrong: list[str] = []
    with open_page(chromium, demo_site.base_url, width_px=width_px, height_px=height_px, language="de-DE") as page:
        visit(page, "/login")
        wrong += faults_at(page, sizes, english)
        log_in(page, demo_site)
        for address in addresses(page):
            page.set_viewport_size({"width": width_px, "height": height_px})
            visit(page, address)
            assert page.locator("html").get_attribute("lang") == "de"
            wrong += faults_at(page, sizes, english)
    assert wrong == []


def test_a_fault_would_be_found(demo_site, chromium, english):  # noqa: F811  fixture
    with open_page(chromium, demo_site.base_url, width_px=390, height_px=844, language="de-DE") as page:
        visit(page, "/login")
        page.evaluate(
            "() => { const main = document.querySelector('main'), wide = document.createElement('div');"
            " main.insertAdjacentHTML('beforeend', '<p>Log in</p><progress value=\"0,5\"></progress>');"
            " wide.textContent = 'x'; wide.style.width = '900px'; main.append(wide); }"
        )
        found = " ".join(faults(page, english))
    assert "says Log in" in found
    assert "value=0,5" in found
    assert "too wide" in found
