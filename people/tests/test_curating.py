"""Tests the curators' pages of riders and tricks: found, added, renamed, merged and taken apart again."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from playwright.sync_api import expect

from clips.models import FinalClip, JobKind
from clips.tests.browser import log_in, open_page, press
from clips.tests.factories import FinalClipFactory
from people.leaving import erase
from people.models import Action, AuditEntry, Member, Merge, Person, Role
from tricks.models import Trick
from trickyclip.shared.whole_pages import AS_A_PAGE_ASKS

RIDERS = reverse("people:riders")
TRICKS = reverse("tricks:tricks")


@pytest.fixture
def page(client, curator):
    client.force_login(curator)
    return client


@pytest.fixture
def miller(db) -> Person:
    person = Person.objects.add("Miller Downey")
    person.aliases.create(name="Mills")
    return person


@pytest.fixture
def clip(original, miller) -> FinalClip:
    return FinalClipFactory(original_file=original, person=miller)


def url(name: str, *arguments: object) -> str:
    return reverse(name, args=arguments)


def listed(answer) -> list[str]:
    return [str(row) for row, _address in answer.context["rows"]]


def aliases(row: Person | Trick) -> list[str]:
    return sorted(row.aliases.values_list("name", flat=True))


def test_the_list_counts_clips_and_shows_aliases(page, clip, miller):
    Person.objects.add("Jo Nilsen")
    answer = page.get(RIDERS)
    assert listed(answer) == ["Jo Nilsen", "Miller Downey"]
    assert [row.n_clips for row, _address in answer.context["rows"]] == [0, 1]
    assert "Mills" in answer.content.decode()


@pytest.mark.parametrize("typed", ["miler downy", "mills", "MD", "downey"])
def test_a_rider_is_found_by_what_the_picker_would_find_them_by(page, miller, typed):
    Person.objects.add("Jo Nilsen")
    assert listed(page.get(RIDERS, {"q": typed})) == ["Miller Downey"]


def test_a_trick_is_found_by_its_meaning(page):
    trick = Trick.objects.add("180", direction="BS")
    Trick.objects.add("Planche")
    assert listed(page.get(TRICKS, {"q": "backside one eighty"})) == [str(trick)]
    assert "No matches for “xyzzy”." in page.get(TRICKS, {"q": "xyzzy"}).content.decode()


def test_more_names_than_a_page_holds_are_paged(page, monkeypatch):
    monkeypatch.setattr("people.curating.pages.PER_PAGE", 2)
    for name in ("Ada", "Ben", "Cleo"):
        Person.objects.add(name)
    assert listed(page.get(RIDERS)) == ["Ada", "Ben"]
    assert listed(page.get(RIDERS, {"page": 2})) == ["Cleo"]


def test_a_rider_is_added_with_a_slug_that_nobody_has(page):
    Person.objects.add("Mia B.")
    answer = page.post(url("people:rider_add"), {"display_name": "Mia B"})
    person = Person.objects.get(display_name="Mia B")
    assert answer["Location"] == url("people:rider", person.pk)
    assert person.slug == "Mia_B-2"
    assert AuditEntry.objects.get(action=Action.ADDED).target_name == "Mia B"


def test_a_name_that_somebody_has_is_not_added_again(page, miller):
    answer = page.post(url("people:rider_add"), {"display_name": "MILLS"})
    assert answer.status_code == 422
    assert "Miller Downey already has this name." in answer.content.decode()
    assert Person.objects.count() == 1


def test_a_trick_is_added_with_what_its_name_says(page):
    page.post(url("tricks:trick_add"), {"name": "switch backside 180", "category": "jump"})
    trick = Trick.objects.get()
    assert (str(trick), trick.stance, trick.direction, trick.category) == ("SW BS 180", "SW", "BS", "JUMP")
    assert trick.slug == "SW_BS_180"


def test_a_rename_is_told_before_and_files_follow(page, clip, miller, work_off):
    asked = {"display_name": "Miller D."}
    says = page.get(url("people:rider_rename_says", miller.pk), asked, headers=AS_A_PAGE_ASKS).content.decode()
    assert says.strip() == "1 clip: its folder and file name will change to Miller_D. Links and versions stay."
    done = page.post(url("people:rider_rename", miller.pk), asked, follow=True)
    assert "1 clip is being renamed in the background." in done.content.decode()
    miller.refresh_from_db()
    assert (miller.slug, aliases(miller)) == ("Miller_D", ["Miller Downey", "Mills"])
    assert work_off() == [JobKind.RENAME]
    clip.refresh_from_db()
    assert "__Miller_D__" in clip.filename


def test_file_names_may_keep_the_old_name(page, clip, miller):
    page.post(url("people:rider_rename", miller.pk), {"display_name": "Miller D.", "keep_slug": "on"})
    miller.refresh_from_db()
    assert (miller.display_name, miller.slug) == ("Miller D.", "Miller_Downey")


def test_a_refused_rename_leaves_the_page_with_the_old_name(page, miller):
    Person.objects.add("Jo Nilsen")
    answer = page.post(url("people:rider_rename", miller.pk), {"display_name": "jo nilsen"})
    assert answer.status_code == 422
    assert "<h1>Miller Downey</h1>" in answer.content.decode()
    assert "Jo Nilsen already has this name." in answer.content.decode()


def test_a_tricks_direction_is_added_and_its_clips_follow(page, original, work_off):
    trick = Trick.objects.add("Boardslide")
    clip = FinalClipFactory(original_file=original, trick=trick)
    fields = {"name": "Boardslide", "direction": "BS", "category": "RAIL"}
    page.post(url("tricks:trick_rename", trick.pk), fields)
    trick.refresh_from_db()
    assert (str(trick), trick.slug, trick.category) == ("BS Boardslide", "BS_Boardslide", "RAIL")
    work_off()
    clip.refresh_from_db()
    assert "__BS_Boardslide__" in clip.filename


def test_an_alias_is_added_and_removed(page, miller):
    page.post(url("people:rider_alias_add", miller.pk), {"alias-name": "MD"})
    assert aliases(miller) == ["MD", "Mills"]
    page.post(url("people:rider_alias_remove", miller.pk, miller.aliases.get(name="Mills").pk))
    assert aliases(miller) == ["MD"]
    changes = AuditEntry.objects.filter(action=Action.CHANGED).order_by("pk").values_list("details", flat=True)
    assert list(changes) == [{"alias_added": "MD"}, {"alias_removed": "Mills"}]


@pytest.mark.parametrize(
    ("alias", "owner"), [("jo", "Jo"), ("mills", "Miller Downey"), ("miller_downey", "Miller Downey")]
)
def test_a_name_that_leads_somewhere_already_is_no_new_alias(page, miller, alias, owner):
    Person.objects.add("Jo")
    answer = page.post(url("people:rider_alias_add", miller.pk), {"alias-name": alias})
    assert answer.status_code == 422
    assert f"{owner} already has this name." in answer.content.decode()
    assert aliases(miller) == ["Mills"]


def test_a_merge_is_shown_first_then_made_and_undone_in_one_step(page, clip, miller):
    double = Person.objects.add("Mills Downy")
    lead = page.get(url("people:rider", miller.pk)).content.decode()
    assert f"{url('people:rider_merge', miller.pk)}?into={double.pk}" in lead, "the likely double is offered"
    merge = url("people:rider_merge", miller.pk)
    preview = page.get(merge, {"into": "mills downy"})
    assert "1 moves to Mills Downy" in preview.content.decode()
    assert Person.objects.count() == 2
    done = page.post(merge, {"into": double.pk}, follow=True).content.decode()
    assert Person.objects.get() == double
    made = Merge.objects.get()
    undo = url("people:rider_merge_undo", made.pk)
    assert done.count(f'action="{undo}"') == 2, "as a toast, and later in the list"
    assert AuditEntry.objects.get(action=Action.MERGED).details["merged_name"] == "Miller Downey"
    back = page.post(undo, follow=True)
    assert back.request["PATH_INFO"] == url("people:rider", miller.pk)
    assert FinalClip.objects.get().person == miller
    assert aliases(miller) == ["Mills"]
    assert "already undone" in page.post(undo, follow=True).content.decode()


@pytest.mark.parametrize(("into", "says"), [("Nobody", "No rider is called"), ("mills", "two different rows")])
def test_a_merge_into_nobody_or_oneself_is_refused(page, miller, into, says):
    for ask in (page.get, page.post):
        answer = ask(url("people:rider_merge", miller.pk), {"into": into})
        assert answer.status_code == 422
        assert says in answer.content.decode()
    assert Person.objects.count() == 1


def test_a_merge_of_tricks_is_not_undone_among_riders(page):
    good, double = Trick.objects.add("KFED"), Trick.objects.add("Kevin")
    page.post(url("tricks:trick_merge", double.pk), {"into": str(good.pk)})
    made = Merge.objects.get()
    assert page.post(url("people:rider_merge_undo", made.pk)).status_code == 404
    assert page.post(url("tricks:trick_merge_undo", made.pk)).status_code == 302
    assert Trick.objects.count() == 2


def test_a_rider_is_taken_out_of_the_library(page, clip, miller):
    answer = page.post(url("people:rider_take_out", miller.pk), follow=True)
    assert answer.request["PATH_INFO"] == RIDERS
    clip.refresh_from_db()
    assert clip.person is None
    assert not Person.objects.exists()


def test_a_rider_is_linked_to_a_member_who_finds_their_clips(page, client, miller, sorter):
    page.post(url("people:rider_member", miller.pk), {"member": sorter.pk})
    sorter.refresh_from_db()
    assert sorter.rider == miller
    jo = Person.objects.add("Jo Nilsen")
    page.post(url("people:rider_member", jo.pk), {"member": sorter.pk})
    sorter.refresh_from_db()
    assert sorter.rider == jo, "a member is one rider"
    client.force_login(sorter)
    assert "/clips?person=Jo_Nilsen" in client.get(reverse("people:account")).content.decode()


def test_a_rider_belongs_to_one_member_and_to_none_when_asked(page, miller, sorter, viewer):
    address = url("people:rider_member", miller.pk)
    for member in (sorter, viewer):
        page.post(address, {"member": member.pk})
    assert Member.objects.get(rider=miller) == viewer
    page.post(address, {"member": ""})
    assert not Member.objects.exclude(rider=None).exists()
    assert page.post(address, {"member": "nobody"}).status_code == 422


def test_a_members_link_follows_a_merge_and_its_undo_and_ends_with_them(page, miller, sorter):
    double = Person.objects.add("Mills Downy")
    sorter.ride_as(double)
    page.post(url("people:rider_merge", double.pk), {"into": str(miller.pk)})
    sorter.refresh_from_db()
    assert sorter.rider == miller
    page.post(url("people:rider_merge_undo", Merge.objects.get().pk))
    sorter.refresh_from_db()
    assert sorter.rider == double
    erase(sorter)
    sorter.refresh_from_db()
    assert sorter.rider is None


def test_the_box_of_a_merge_offers_no_new_name(page, miller):
    typed = {"q": "milla", "known": "1"}
    options = page.get(url("people:pick"), typed, headers=AS_A_PAGE_ASKS).content.decode()
    assert "Miller Downey" in options
    assert "data-new" not in options


def test_lists_and_pages_cost_the_same_for_many_names(page, miller):
    asked = [RIDERS, f"{RIDERS}?q=mil", url("people:rider", miller.pk)]

    def n_queries() -> list[int]:
        counts = []
        for address in asked:
            with CaptureQueriesContext(connection) as queries:
                assert page.get(address).status_code == 200
            counts.append(len(queries))
        return counts

    few = n_queries()
    for number in range(30):
        Person.objects.add(f"Miller {number}").aliases.create(name=f"Mil {number}")
    assert n_queries() == few


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_curator_finds_a_double_by_typing_merges_it_and_takes_it_back(chromium, live_server):
    Member.objects.create_user("cora", "long-enough-for-everyone", role=Role.CURATOR)
    Person.objects.add("Miller Downey")
    Person.objects.add("Zoe Ang")
    with open_page(chromium, live_server.url, width_px=390, height_px=664) as browser:
        log_in(browser, "cora", "long-enough-for-everyone")
        browser.goto(RIDERS)
        browser.get_by_role("searchbox").fill("miler")
        expect(browser.locator(".named-row")).to_have_count(1)
        browser.locator(".named-row").click()
        browser.get_by_role("combobox", name="Into").fill("zo")
        browser.get_by_role("option", name="Zoe Ang").click()
        browser.get_by_role("button", name="See what changes").click()
        browser.get_by_role("button", name="Merge into Zoe Ang").click()
        expect(browser.locator(".toast")).to_contain_text("Miller Downey is now Zoe Ang.")
        press(browser, "z")
        expect(browser.get_by_role("heading", level=1)).to_have_text("Miller Downey")
    assert Person.objects.count() == 2
