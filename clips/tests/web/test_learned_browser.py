"""Tests in a real browser the page of what was learned, and the mark of a card, on a phone and at a desk."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from clips.tests.browser import log_in_as_admin, open_page, press
from clips.tests.sorting.sort_table import lay_table, run_in
from clips.tests.sorting.test_below_the_line import BRINGS

pytestmark = pytest.mark.slow

SIZES = [(390, 844), (1440, 900)]
#: Puts to use what was learned from 214 decisions.
LEARNED = (
    "from django.utils import timezone; now = timezone.now(); CrewLayer.objects.all().delete();"
    "weights = dict.fromkeys(['arc', 'incoherence', 'pair_db', 'together', 'moving', 'air_s', 'gap'], 0.1);"
    "kinds = {'heard, held': {'weights': weights, 'bias': 0, 'line': 0}};"
    "CrewLayer.objects.create(version=1, state='IN_USE', layer={'format': 1, 'kinds': kinds}, n_decisions=214,"
    " n_kept=80, n_sessions=6, more=0.09, learned_until=now, used_since=now, changed_at=now)"
)
#: Hides all but the best card, which brings one along.
BELOW = (
    "rows = CandidateSegment.objects.filter(original_file__shoot='{session}').order_by('-score');"
    "best = rows[0]; rows.exclude(pk=best.pk).update(score=0.45);"
    "CandidateSegment.objects.filter(pk=best.pk).update(start_ms={at}, end_ms={at} + 1000)"
)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_what_was_learned_is_paused_and_used_and_forgotten(chromium, running_site, size):
    run_in(running_site, LEARNED)
    with open_page(chromium, running_site.base_url, width_px=size[0], height_px=size[1]) as page:
        log_in_as_admin(page, running_site)
        page.goto("/manage")
        page.get_by_role("link", name="Learned from sorting").click()
        expect(page.get_by_role("heading", level=2)).to_have_text("Learned from 214 decisions. Finds 9 % more tricks.")
        found = Axe().run(page).response["violations"]
        assert [one["id"] for one in found if one["impact"] in {"serious", "critical"}] == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        page.get_by_role("button", name="Pause").click()
        expect(page.get_by_text("Paused. The search decides alone.")).to_be_visible()
        page.get_by_role("button", name="Use").click()
        expect(page.get_by_text("In use.")).to_be_visible()
        page.get_by_role("button", name="Forget").click()
        expect(page.get_by_text("Forgotten. Only new decisions count.")).to_be_visible()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def test_the_card_after_one_in_twenty_says_that_it_is_just_below_the_line(chromium, running_site, size):
    address = lay_table(running_site, f"Below {size[0]}", 3)
    run_in(running_site, BELOW.format(session=address.partition("session=")[2], at=BRINGS))
    with open_page(chromium, running_site.base_url, width_px=size[0], height_px=size[1]) as page:
        log_in_as_admin(page, running_site)
        page.goto(address)
        current = page.locator("[data-card][data-current]")
        expect(current).to_be_visible()
        expect(current.get_by_text("Just below the line")).to_have_count(0)
        press(page, "x")
        expect(current.get_by_text("Just below the line")).to_be_visible()
