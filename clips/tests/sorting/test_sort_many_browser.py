"""Tests the sort page under load: two sorters, a lost connection, many undos, and axe's findings."""

from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from clips.sorting.history import WITH_PAGE
from clips.tests.browser import log_in_as_admin, open_page, press
from clips.tests.sorting.sort_table import lay_table, run_in
from clips.tests.sorting.test_sort_page import arrived, as_jo, card, left, next_card, on_top

pytestmark = pytest.mark.slow

PATIENCE_MS = 60_000
N_CARDS = 100
COUNTED = "print(Decision.objects.filter(segment__original_file__shoot=%r, kind='%s').count())"


@pytest.fixture
def page(chromium, running_site):
    with open_page(chromium, running_site.base_url) as page:
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        log_in_as_admin(page, running_site)
        yield page


def lay(site, request, n_cards: int, **more) -> str:
    return lay_table(site, request.node.name[:90], n_cards, **more)


def test_two_browsers_share_a_hundred_cards(page, running_site, request):
    address = lay(running_site, request, N_CARDS)
    settled = "() => !['loading', 'away'].includes(document.querySelector('[data-sorter]').dataset.state)"
    with as_jo(page.context.browser, running_site.base_url) as jo:
        jo.set_default_timeout(PATIENCE_MS)
        for one in (page, jo):
            one.goto(address)
        seen, done = [], {page: False, jo: False}
        while not all(done.values()):
            for one in (page, jo):
                one.wait_for_function(settled)
                done[one] = one.locator("[data-sorter]").get_attribute("data-state") == "empty"
                if not done[one]:
                    seen.append(on_top(one))
                    press(one, "x")
        arrived(page)
        arrived(jo)
    assert len(seen) == len(set(seen)) == N_CARDS
    assert run_in(running_site, COUNTED % (address.split("=")[1], "TRASH")).endswith(str(N_CARDS))


def test_a_connection_cut_in_the_middle_of_twenty_decisions_loses_and_doubles_none(page, running_site, request):
    """The page holds the cards of one hand, so the connection goes and comes a few times."""
    address = lay(running_site, request, 24)
    page.goto(address)
    on_top(page)
    whole_hand = "() => document.querySelectorAll('[data-hand] > [data-card]').length === 4"
    for n in range(20):
        if n % 6 == 4:
            page.wait_for_function(whole_hand)
            page.context.set_offline(True)
        if n % 6 == 1 and n > 1:
            page.context.set_offline(False)
        card(page).wait_for()
        press(page, "x")
    page.context.set_offline(False)
    arrived(page)
    expect(left(page)).to_have_text("4")
    assert run_in(running_site, COUNTED % (address.split("=")[1], "TRASH")).endswith("20")


def test_fifty_decisions_are_undone_across_a_reload(page, running_site, request):
    page.goto(lay(running_site, request, 54))
    sorted_ = []
    for _card in range(50):
        sorted_.append(on_top(page))
        next_card(page, lambda: press(page, "x"))
    arrived(page)
    for segment in reversed(sorted_[25:]):
        assert next_card(page, lambda: press(page, "z")) == segment
    arrived(page)
    # What is asked for gets an empty answer: the first of them come with the page itself.
    page.route(lambda url: urlsplit(url).path == "/sort/past", lambda route: route.fulfill(body=""))
    page.reload()
    on_top(page)
    page.context.set_offline(True)
    for n, segment in enumerate(reversed(sorted_[:25])):
        if n == WITH_PAGE:
            page.unroute_all()
            page.context.set_offline(False)
        assert next_card(page, lambda: press(page, "z")) == segment
    arrived(page)
    expect(left(page)).to_have_text("54")


@pytest.mark.parametrize("width_px", [390, 1440])
def test_axe_finds_nothing_on_the_card_or_in_its_help(chromium, running_site, request, width_px):
    address = lay(running_site, request, 3)
    with open_page(chromium, running_site.base_url, width_px=width_px, touch=width_px < 500) as page:
        page.set_default_timeout(PATIENCE_MS)
        log_in_as_admin(page, running_site)
        page.goto(address)
        on_top(page)
        found = Axe().run(page)
        assert not found.response["violations"], found.generate_report()
        page.get_by_role("button", name="Keyboard shortcuts").click()
        found = Axe().run(page)
        assert not found.response["violations"], found.generate_report()
