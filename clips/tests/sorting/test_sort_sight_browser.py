"""Tests that the page shows what a decision would write before it is made, on each screen size."""

import json
import random
from contextlib import ExitStack

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import CDPSession, Page, expect

from clips.tests.browser import log_in_as_admin, open_page, press
from clips.tests.sorting.sort_table import lay_table, run_in
from clips.tests.sorting.test_sort_page import arrived, card, field, next_card, on_top

pytestmark = pytest.mark.slow

PATIENCE_MS = 30_000
SIZES = [(390, 664), (360, 640), (390, 844), (844, 390), (1440, 900)]
N_SWIPES = 50
RIDERS = ["Mia Berger", "Jo Smith", "Ronja Melon", "Abraham Quill"]
TRICKS = ["Grumblegrab", "Wobbletop", "Humbledore"]
#: All that can be pressed or written in on the page, and what of it somebody could not see or would not hit.
OUT_OF_SIGHT = """() => {
  const wanted = 'button, select, summary, input, [role=slider], .main-places a';
  const isSeen = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest('dialog');
  const strip = document.querySelector('[data-recent]').getBoundingClientRect();
  const seen = [...document.querySelectorAll(wanted)].filter(isSeen);
  const wrong = seen.filter((one) => {
    const box = one.getBoundingClientRect();
    if (one.closest('[data-recent]') && box.right > strip.right) return false; // that strip is moved sideways
    if (box.left < 0 || box.top < 0 || box.right > innerWidth || box.bottom > innerHeight) return true;
    return !one.contains(document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2));
  });
  return { n: seen.length, wrong: wrong.map((one) => one.dataset.do ?? one.name ?? one.outerHTML.slice(0, 80)) };
}"""
#: Which controls cover a part of each other.
OVERLAPS = """() => {
  const isSeen = (one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest('dialog');
  const kinds = 'button, select, summary, input:not([type=radio]), .card-category label, [data-map], [data-track]';
  const all = [...document.querySelectorAll(`.sorter :is(${kinds}), .main-places`)].filter(isSeen);
  const shared = (p, q, [from, to]) => Math.min(p[to], q[to]) - Math.max(p[from], q[from]);
  const isCovered = (a, b) => {
    const [p, q] = [a, b].map((one) => one.getBoundingClientRect());
    return shared(p, q, ['left', 'right']) > 1 && shared(p, q, ['top', 'bottom']) > 1;
  };
  const pairs = all.flatMap((a, n) => all.slice(n + 1).map((b) => [a, b]));
  const found = pairs.filter(([a, b]) => !a.contains(b) && !b.contains(a) && isCovered(a, b));
  return found.map((pair) => pair.map((one) => one.outerHTML.slice(0, 80)));
}"""
#: How a clip lies in the database: who, who else, what, which kind.
CLIPS = (
    "import json; rows = FinalClip.objects.filter(candidate_segment__original_file__shoot=%r, is_current=True);"
    "print(json.dumps({str(one.candidate_segment_id): [str(one.person or ''), "
    "sorted(map(str, one.also.all())), str(one.trick or ''), one.category] for one in rows}))"
)


@pytest.fixture
def site_page(chromium, running_site):
    """Return a function that opens a logged-in page of a size."""
    with ExitStack() as opened:

        def open_(width_px: int, height_px: int) -> Page:
            size = {"width_px": width_px, "height_px": height_px}
            page = opened.enter_context(open_page(chromium, running_site.base_url, **size, touch=width_px < 1000))
            page.set_default_timeout(PATIENCE_MS)
            log_in_as_admin(page, running_site)
            return page

        yield open_


def write(page: Page, name: str, text: str) -> None:
    """Write a name into a box and wait until it is known."""
    box = card(page).locator(f"[name={name}]")
    box.click()
    box.fill("")
    box.press_sequentially(text)
    box.press("Enter")
    expect(card(page).locator("[data-resolving]")).to_have_count(0)
    assert field(page, name) == text


def keep_as(page: Page, rider: str, trick: str, key: str = "Enter") -> str:
    kept = on_top(page)
    if rider:
        write(page, "people", rider)
    if trick:
        write(page, "trick", trick)
    next_card(page, lambda: press(page, key))
    return kept


class Finger:
    """One finger on the picture of the card on top."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.touch: CDPSession = page.context.new_cdp_session(page)

    def down(self, dx: int, dy: int = 0) -> str:
        """Put it down, move it, and return the page's text then."""
        box = card(self.page).locator("[data-swipe]").bounding_box()
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self._send("touchStart", [{"x": x, "y": y}])
        for step in range(1, 5):
            self._send("touchMove", [{"x": x + dx * step / 4, "y": y + dy * step / 4}])
        return self.says()

    def says(self) -> str:
        says = self.page.locator("[data-swipe-says]")
        return says.text_content() if says.is_visible() else ""

    def up(self) -> None:
        self._send("touchEnd", [])

    def _send(self, kind: str, points: list) -> None:
        self.touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def expected_label(person: str, also: list[str], trick: str, category: str) -> str:
    """Return the text that the page should have shown for a row of the database."""
    kind = {"TRICK": "", "BROLL": " · B-roll", "CRASH": " · Crash"}[category]
    if not person and not trick:
        return f"Keep · untagged{kind}"
    what = trick or ("" if category == "BROLL" else "untagged trick")
    return "Keep · " + " · ".join(filter(None, [", ".join([person, *also]) or "untagged rider", what])) + kind


@pytest.mark.parametrize(("width_px", "height_px"), SIZES)
def test_rider_trick_and_each_control_are_in_sight(site_page, running_site, request, width_px, height_px):
    page = site_page(width_px, height_px)
    page.goto(lay_table(running_site, request.node.name, 4))
    keep_as(page, "Ronja Melon", "Wobbletop")
    arrived(page)
    if width_px < 1000:
        card(page).get_by_role("button", name="Player and trim").tap()
    expect(card(page).get_by_role("button", name="Same as last")).to_be_visible()
    for trick in ("", "Wobbletop"):
        if trick:
            card(page).get_by_role("button", name="Same as last").click()
        seen = page.evaluate(OUT_OF_SIGHT)
        assert seen["n"] >= 30
        assert not seen["wrong"]
        assert not page.evaluate(OVERLAPS)
        for button in page.locator(".sorter button:visible, .card-category label:visible").all():
            box = button.bounding_box()
            assert min(box["width"], box["height"]) >= 43.9, button.get_attribute("data-do")
        for name, value in (("people", "Ronja Melon"), ("trick", trick)):
            box = card(page).locator(f"[name={name}]")
            assert field(page, name) == value
            assert box.evaluate("box => box.scrollWidth <= box.clientWidth"), "the whole name is in sight"
        assert page.locator("[data-keep-says]").evaluate("one => one.scrollWidth <= one.clientWidth")
        assert page.locator("[data-keep-says]").evaluate("one => one.scrollHeight <= one.clientHeight + 1")
    size = page.evaluate("() => [document.documentElement.scrollWidth, document.documentElement.scrollHeight]")
    assert size == [width_px, height_px], "nothing has to be scrolled"
    picture = card(page).locator("[data-swipe] video")
    box = picture.bounding_box()
    assert picture.evaluate("video => getComputedStyle(video).objectFit") == "contain"
    assert box["y"] >= 0
    assert box["y"] + box["height"] < card(page).locator("[data-map]").bounding_box()["y"], "and it is whole"
    assert min(box["width"] * 9 / 16, box["height"]) > 110
    found = Axe().run(page)
    assert not found.response["violations"], found.generate_report()
    for name in ("people", "trick"):
        box = card(page).locator(f"[name={name}]")
        box.tap() if width_px < 1000 else box.click()
        expect(box).to_be_focused()


def test_what_a_swipe_said_is_what_was_written(site_page, running_site, request):
    """Fifty cards, with the riders changed in every way that there is, over a line on which names take a while."""
    page = site_page(390, 664)
    address = lay_table(running_site, request.node.name, N_SWIPES + 8, n_files=2)
    page.goto(address)
    for rider, trick in zip(RIDERS, [*TRICKS, ""], strict=True):
        keep_as(page, rider, trick)
    arrived(page)
    page.reload()
    on_top(page)
    slow = page.context.new_cdp_session(page)
    slow.send("Network.enable")
    far = {"offline": False, "latency": 120, "downloadThroughput": -1, "uploadThroughput": -1}
    slow.send("Network.emulateNetworkConditions", far)
    dice, finger, said = random.Random(20), Finger(page), {}  # noqa: S311  no secret

    def type_in(name: str, text: str) -> None:
        """Type a name faster than its list of suggestions arrives."""
        box = card(page).locator(f"[name={name}]")
        box.tap()
        box.fill(text)
        box.press("Enter")

    def change() -> None:
        ways = {
            "nothing": lambda: None,
            "chip": lambda: page.locator("[data-recent-of=people]").nth(dice.randrange(3)).tap(),
            "letters": lambda: type_in("people", dice.choice(RIDERS)[:3].lower()),
            "two": lambda: type_in("people", ", ".join(dice.sample(RIDERS, 2))),
            "new": lambda: type_in("people", f"Rookie {dice.choice('ABCDEF')}ster"),
            "nobody": lambda: type_in("people", ""),
            "unfinished": lambda: card(page).locator("[name=people]").fill(dice.choice(RIDERS)),
            "last trick": lambda: card(page).get_by_role("button", name="Same as last").tap(),
            "trick": lambda: type_in("trick", dice.choice(TRICKS)),
            "kind": lambda: card(page).locator(f"[value={dice.choice(['BROLL', 'CRASH'])}]").check(),
        }
        for _change in range(dice.choice([1, 1, 2])):
            way = dice.choice(list(ways))
            if way == "last trick" and field(page, "trick"):
                continue
            ways[way]()

    for _card in range(N_SWIPES):
        segment = on_top(page)
        change()
        for _try in range(20):
            finger.down(150)
            said[segment] = finger.says()
            finger.up()
            if on_top(page) != segment:
                break
            del said[segment]  # refused: not known yet, or known for too short a time to be read
            page.wait_for_timeout(150)
    slow.send("Network.emulateNetworkConditions", far | {"latency": 5_000})
    segment = on_top(page)
    type_in("people", RIDERS[0][:3].lower())
    assert finger.down(150) == "Keep · Looking up the name …"
    finger.up()
    assert on_top(page) == segment, "what nobody could read was not written"
    slow.send("Network.emulateNetworkConditions", far)
    arrived(page)
    rows = json.loads(run_in(running_site, CLIPS % address.split("=")[1]).splitlines()[-1])
    wrong = []
    for segment, label in said.items():
        person, also, trick, category = rows[segment]
        wanted = {expected_label(person, names, trick, category) for names in (also, also[::-1])}
        if label not in wanted:
            wrong.append((label, rows[segment]))
    assert (len(said), wrong) == (N_SWIPES, [])
    assert len(set(said.values())) > 15, "they were different"


def test_a_card_that_comes_during_a_swipe_is_not_decided_by_it(site_page, running_site, request):
    page = site_page(390, 664)
    page.goto(lay_table(running_site, request.node.name, 4))
    on_top(page)
    finger = Finger(page)
    assert finger.down(150).startswith("Keep · ")
    second = next_card(page, lambda: press(page, "x"))
    assert finger.says() == ""
    finger.up()
    page.wait_for_timeout(300)
    assert on_top(page) == second
    assert finger.down(-150) == "Trash"
    next_card(page, finger.up)
    assert finger.down(0, -150) == "Skip"
    next_card(page, finger.up)


def test_a_label_that_changes_under_the_finger_says_so_and_waits_to_be_read(site_page, running_site, request):
    page = site_page(390, 664)
    page.goto(lay_table(running_site, request.node.name, 3))
    segment = on_top(page)
    write(page, "people", "")
    finger = Finger(page)
    assert finger.down(150) == "Keep · untagged"
    assert page.evaluate("() => [innerWidth, document.documentElement.scrollWidth]") == [390, 390]
    page.evaluate("() => document.querySelector('[data-current] [value=CRASH]').click()")
    assert finger.says() == "Keep · untagged · Crash"
    page.wait_for_timeout(400)
    next_card(page, finger.up)
    expect(page.locator("[data-notice]")).to_have_text("Kept · untagged · Crash")
    assert on_top(page) != segment


def test_the_rider_rides_along_and_the_trick_is_one_key_away(site_page, running_site, request):
    page = site_page(1440, 900)
    page.goto(lay_table(running_site, request.node.name, 8))
    says = page.locator("[data-keep-says]")

    def carries(rider: str, trick: str) -> None:
        assert (field(page, "people"), field(page, "trick")) == (rider, "")
        expect(card(page).locator("[name=category]:checked")).to_have_value("TRICK")
        expect(says).to_have_text(f"{rider} · untagged trick")
        expect(card(page).locator("[data-last-trick]")).to_have_text(trick)

    keep_as(page, "Mia Berger", "Grumblegrab", "c")
    carries("Mia Berger", "Grumblegrab")
    arrived(page)
    page.reload()
    on_top(page)
    carries("Mia Berger", "Grumblegrab")
    second = keep_as(page, "Jo Smith", "Wobbletop")
    carries("Jo Smith", "Wobbletop")
    assert next_card(page, lambda: press(page, "z")) == second
    assert (field(page, "people"), field(page, "trick")) == ("Jo Smith", "Wobbletop"), "as it was kept"
    next_card(page, lambda: press(page, "x"))
    carries("Mia Berger", "Grumblegrab")  # for that keep was undone
    press(page, "=")
    expect(says).to_have_text("Mia Berger · Grumblegrab")
    expect(card(page).get_by_role("button", name="Same as last")).to_be_hidden()
    kept = [on_top(page)]
    next_card(page, lambda: press(page, "Enter"))
    expect(page.locator("[data-notice]")).to_have_text("Kept · Mia Berger · Grumblegrab")
    card(page).get_by_role("button", name="Same as last: Grumblegrab").click()
    kept.append(on_top(page))
    next_card(page, lambda: press(page, "Enter"))
    carries("Mia Berger", "Grumblegrab")
    kept.append(on_top(page))
    next_card(page, lambda: press(page, "Enter"))
    carries("Mia Berger", "Grumblegrab")
    arrived(page)
    clips = {clip["candidate_segment"]: clip for clip in page.request.get("/api/clips").json()["results"]}
    assert [clips[one]["trick"] and clips[one]["trick"]["name"] for one in kept] == ["Grumblegrab", "Grumblegrab", None]


def test_the_key_of_the_last_trick_can_be_another(site_page, running_site, request):
    page = site_page(1440, 900)
    page.goto(lay_table(running_site, request.node.name, 3))
    keep_as(page, "Mia Berger", "Humbledore")
    press(page, "?")
    page.get_by_role("button", name="same trick as last: =").click()
    press(page, "q")
    press(page, "Escape")
    chip = card(page).get_by_role("button", name="Same as last")
    expect(chip).to_have_attribute("aria-keyshortcuts", "q")
    expect(chip.locator("kbd")).to_have_text("Q")
    press(page, "=")
    assert field(page, "trick") == ""
    press(page, "q")
    assert field(page, "trick") == "Humbledore"


def test_a_keep_without_names_is_called_untagged(site_page, running_site, request):
    page = site_page(360, 640)
    page.goto(lay_table(running_site, request.node.name, 2))
    on_top(page)
    write(page, "people", "")
    expect(page.locator("[data-keep-says]")).to_have_text("untagged")
    card(page).get_by_role("radio", name="B-roll").check()
    expect(page.locator("[data-keep-says]")).to_have_text("untagged · B-roll")
    next_card(page, page.get_by_role("button", name="Keep").tap)
    expect(page.locator("[data-notice]")).to_have_text("Kept · untagged · B-roll")
