"""Tests that what is suggested is seen as ghost text, accepted by one key or tap, and never written by itself."""

import json

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from clips.tests.browser import press
from clips.tests.sorting.sort_table import keep_in_turns, lay_table, run_in
from clips.tests.sorting.test_sort_page import arrived, card, field, next_card, on_top
from clips.tests.sorting.test_sort_phone_browser import WATCH_SHIFTS
from clips.tests.sorting.test_sort_sight_browser import CLIPS, OUT_OF_SIGHT, site_page  # noqa: F401  a fixture
from trickyclip.tests.site import RunningSite

pytestmark = pytest.mark.slow

SIZES = [(390, 664), (390, 844), (844, 390), (1440, 900)]
TURNS = [("Mia Berger", "Wobbletop"), ("Jo Smith", "BS Humbledore")]
N_KEPT = 24
#: What moved by itself, and is still there: a card that goes is drawn away from where it lay.
MOVED = """() => window.shifts.filter((one) => !one.hadRecentInput).flatMap(({ sources }) => sources
  .filter(({ node }) => node)
  .map(({ node, previousRect: a, currentRect: b }) => `${(node?.outerHTML ?? node?.textContent ?? '').slice(0, 90)} `
    + `${[a.x, a.y, a.width, a.height]} -> ${[b.x, b.y, b.width, b.height]}`))"""
#: Whether two boxes on the page share more than a pixel.
COVERED = """() => {
  const [uses, rest] = ['.ghost button', '.sorter :is(button:not(.ghost *), select), .card-category label']
    .map((kind) => [...document.querySelectorAll(kind)]
      .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest('dialog'))
      .map((one) => [one, one.getBoundingClientRect()]));
  const meet = (p, q) => Math.min(p.right, q.right) - Math.max(p.left, q.left) > 1
    && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 1;
  return uses.flatMap(([, p]) => rest.filter(([, q]) => meet(p, q)).map(([one]) => one.outerHTML.slice(0, 80)));
}"""


def ghost(page: Page, box: str):
    return card(page).locator(f"[data-ghost={box}]")


def use(page: Page, box: str):
    return ghost(page, box).get_by_role("button")


@pytest.fixture
def lay(running_site: RunningSite, request):
    def make(n_cards: int = 6) -> str:
        address = lay_table(running_site, request.node.name[:90], N_KEPT + n_cards)
        keep_in_turns(running_site, address, N_KEPT, TURNS)
        return address

    return make


def clip_of(site: RunningSite, address: str, segment: str) -> list | None:
    return json.loads(run_in(site, CLIPS % address.split("session=")[1])).get(segment)


def is_suggested(page: Page, rider: str, trick: str) -> None:
    expect(ghost(page, "people")).to_be_visible()
    expect(ghost(page, "people")).to_contain_text(rider)
    expect(ghost(page, "trick")).to_contain_text(trick)


@pytest.mark.parametrize(("width_px", "height_px"), SIZES)
def test_a_suggestion_is_accepted_with_one_key_or_tap_kept_and_undone(
    site_page,  # noqa: F811
    running_site,
    lay,
    width_px,
    height_px,
):
    page, address = site_page(width_px, height_px), lay()
    page.goto(address)
    first = on_top(page)
    is_suggested(page, *TURNS[0])
    assert field(page, "people") != TURNS[0][0]
    assert field(page, "trick") == ""
    if width_px < 1000:
        use(page, "people").tap()
        expect(ghost(page, "people")).to_be_hidden()
        expect(ghost(page, "trick")).to_be_visible()
        use(page, "trick").tap()
    else:
        press(page, "y")
    expect(ghost(page, "trick")).to_be_hidden()
    assert (field(page, "people"), field(page, "trick")) == TURNS[0]
    expect(page.locator("[data-keep-says]")).to_have_text("Mia Berger · Wobbletop")
    assert clip_of(running_site, address, first) is None, "nothing is kept yet"
    second = next_card(page, lambda: press(page, "Enter"))
    is_suggested(page, *TURNS[1])
    assert field(page, "people") == "Mia Berger", "the rider of the last keep stays in the box"
    arrived(page)
    assert clip_of(running_site, address, first) == ["Mia Berger", [], "Wobbletop", "TRICK"]
    next_card(page, lambda: press(page, "z"))
    assert on_top(page) == first
    assert (field(page, "people"), field(page, "trick")) == TURNS[0]
    arrived(page)
    assert clip_of(running_site, address, first) is None
    assert clip_of(running_site, address, second) is None


@pytest.mark.parametrize(("width_px", "height_px"), SIZES)
def test_ghost_text_covers_nothing_moves_nothing_and_can_be_read(
    site_page,  # noqa: F811
    lay,
    width_px,
    height_px,
):
    page = site_page(width_px, height_px)
    page.goto(lay())
    on_top(page)
    is_suggested(page, *TURNS[0])
    page.evaluate(WATCH_SHIFTS)
    for rider_trick in (TURNS[1], TURNS[0]):
        next_card(page, lambda: press(page, "Enter"))
        is_suggested(page, *rider_trick)
        assert not page.evaluate(OUT_OF_SIGHT)["wrong"]
        assert not page.evaluate(COVERED)
        for box in ("people", "trick"):
            inside, around = ghost(page, box).bounding_box(), card(page).locator(f"[name={box}]").bounding_box()
            assert around["x"] <= inside["x"]
            assert inside["x"] + inside["width"] <= around["x"] + around["width"]
            assert around["y"] <= inside["y"]
            assert inside["y"] + inside["height"] <= around["y"] + around["height"]
            assert use(page, box).bounding_box()["width"] >= 44
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()
    assert not page.evaluate(MOVED)
    card(page).locator("[name=trick]").click()
    expect(card(page).locator("[name=trick]")).to_be_focused()
    expect(ghost(page, "trick")).to_be_hidden()


def test_a_keep_without_a_word_writes_what_stands_in_the_boxes(site_page, running_site, lay):  # noqa: F811
    page, address = site_page(1440, 900), lay()
    page.goto(address)
    first = on_top(page)
    is_suggested(page, *TURNS[0])
    inherited = field(page, "people")
    assert inherited != TURNS[0][0]
    next_card(page, lambda: press(page, "Enter"))
    arrived(page)
    assert clip_of(running_site, address, first) == [inherited, [], "", "TRICK"]


def test_shift_and_enter_takes_what_is_suggested_and_keeps(site_page, running_site, lay):  # noqa: F811
    page, address = site_page(1440, 900), lay()
    page.goto(address)
    kept = []
    for rider_trick in (TURNS[0], TURNS[1]):
        kept.append(on_top(page))
        is_suggested(page, *rider_trick)
        next_card(page, lambda: press(page, "Shift+Enter"))
    arrived(page)
    assert [clip_of(running_site, address, one)[:3:2] for one in kept] == [list(one) for one in TURNS]


def test_with_another_rider_the_trick_is_theirs(site_page, lay):  # noqa: F811
    page = site_page(1440, 900)
    page.goto(lay())
    on_top(page)
    is_suggested(page, *TURNS[0])
    press(page, "p")
    page.keyboard.type("Jo Smith", delay=20)
    press(page, "Enter")
    expect(ghost(page, "people")).to_be_hidden()
    expect(ghost(page, "trick")).to_contain_text(TURNS[1][1])


def test_a_crash_is_asked_and_taken_by_the_key(site_page, running_site, lay):  # noqa: F811
    page, address = site_page(1440, 900), lay()
    session = address.split("session=")[1]
    of_session = f"CandidateSegment.objects.filter(original_file__shoot={session!r})"
    run_in(
        running_site,
        f"rows = list({of_session}.order_by('start_ms'));"
        "[CandidateSegment.objects.filter(pk=one.pk).update(traits={'after_db': -20 if n % 3 == 0 else 0})"
        " for n, one in enumerate(rows)];"
        "[FinalClip.objects.filter(candidate_segment=one).update(category='CRASH') for one in rows[::3]]",
    )
    page.goto(address)
    first = on_top(page)
    expect(card(page)).to_have_attribute("data-ghost-crash", "")
    press(page, "y")
    expect(card(page).locator("[value=CRASH]")).to_be_checked()
    next_card(page, lambda: press(page, "Enter"))
    expect(card(page)).not_to_have_attribute("data-ghost-crash", "")
    arrived(page)
    assert clip_of(running_site, address, first)[3] == "CRASH"
