"""Tests the curators' admin pages of people."""

import pytest
from django.test import Client
from django.urls import reverse

from people.models import Person

ADD = reverse("admin:people_person_add")
LIST = reverse("admin:people_person_changelist")


@pytest.fixture(autouse=True)
def curating(client: Client, curator) -> None:
    client.force_login(curator)


def form(display_name: str, slug: str = "", *aliases: str) -> dict:
    """Return the fields of the page for a new person."""
    fields = {"display_name": display_name, "slug": slug, "aliases-INITIAL_FORMS": 0}
    fields["aliases-TOTAL_FORMS"] = len(aliases)
    return fields | {f"aliases-{number}-name": alias for number, alias in enumerate(aliases)}


def change_page(person: Person) -> str:
    return reverse("admin:people_person_change", args=[person.pk])


def test_empty_slug_is_made_from_the_name(client):
    client.post(ADD, form("Zoë Ångström"))
    assert Person.objects.get().slug == "Zoe_Angstrom"


def test_made_slug_is_one_that_nobody_has(client):
    Person.objects.add("Mia B.")
    client.post(ADD, form("Mia B"))
    assert Person.objects.get(display_name="Mia B").slug == "Mia_B-2"


def test_typed_slug_is_taken_as_it_is(client):
    client.post(ADD, form("Miller Downey", "MD"))
    assert Person.objects.get().slug == "MD"


@pytest.mark.parametrize(("kept", "slug"), [({}, "Miller_D"), ({"keep_slug": "on"}, "Miller_Downey")])
def test_slug_follows_the_name_unless_it_is_kept_and_old_names_lead_here(client, kept, slug):
    person = Person.objects.add("Miller Downey")
    client.post(change_page(person), form("Miller D.", person.slug) | kept)
    person.refresh_from_db()
    assert (person.display_name, person.slug) == ("Miller D.", slug)
    assert [Person.objects.called(name).get() for name in ("Miller Downey", "Miller_Downey")] == [person, person]


def test_slug_that_differs_in_case_alone_is_still_ones_own(client):
    person = Person.objects.add("miller downey")
    client.post(change_page(person), form("Miller Downey", person.slug))
    person.refresh_from_db()
    assert person.slug == "Miller_Downey"
    assert not person.aliases.exists()


def test_old_name_that_somebody_else_goes_by_stays_theirs(client):
    person = Person.objects.add("Miller Downey")
    Person.objects.add("Jo").aliases.create(name="Miller_Downey")
    client.post(change_page(person), form("Mills", person.slug))
    assert [alias.name for alias in person.aliases.all()] == []
    assert Person.objects.named("Miller Downey").get().display_name == "Jo"


def test_alias_that_becomes_the_name_is_none_any_more(client):
    person = Person.objects.add("Miller Downey")
    alias = person.aliases.create(name="Mills")
    page = form("Mills", person.slug, "Mills") | {"aliases-INITIAL_FORMS": 1, "aliases-0-id": alias.pk}
    client.post(change_page(person), page | {"aliases-0-person": person.pk})
    assert [alias.name for alias in person.aliases.all()] == ["Miller Downey"]


def test_kept_and_typed_slug_contradict_each_other(client):
    person = Person.objects.add("Miller Downey")
    page = client.post(change_page(person), form("Mills", "Mi") | {"keep_slug": "on"})
    assert "Keep “Miller_Downey”, or type another one." in page.content.decode()


@pytest.mark.parametrize("has_job", [False, True])
def test_rider_of_no_clip_is_deleted_with_the_jobs_of_their_renames(client, has_job):
    person = Person.objects.add("Miller Downey")
    if has_job:
        client.post(change_page(person), form("Mills", person.slug))
    client.post(reverse("admin:people_person_delete", args=[person.pk]), {"post": "yes"})
    assert not Person.objects.exists()


def test_slug_is_not_made_anew_by_emptying_it(client):
    person = Person.objects.add("Miller Downey")
    response = client.post(change_page(person), form("Miller D.", ""))
    assert response.status_code == 200
    assert "slug" in response.context["adminform"].form.errors
    person.refresh_from_db()
    assert person.slug == "Miller_Downey"


@pytest.mark.parametrize("slug", ["a/b", "a__b", "..", "Broll", "_a", "a b", "é", "a" * 41])
def test_slug_that_is_no_part_of_a_file_name_is_refused(client, slug):
    assert client.post(ADD, form("Miller Downey", slug)).status_code == 200
    assert not Person.objects.exists()


def test_refused_slug_comes_with_a_better_one(client):
    html = client.post(ADD, form("Miller Downey", "Miller  Downey!")).content.decode()
    assert "This cannot be used in file names. Try “Miller_Downey”." in html


@pytest.mark.parametrize("name", ["miller downey", "MILLS", "miller_downey"])
def test_name_that_somebody_goes_by_is_refused(client, name):
    Person.objects.add("Miller Downey").aliases.create(name="Mills")
    html = client.post(ADD, form(name)).content.decode()
    assert "Miller Downey already has this name." in html
    assert Person.objects.count() == 1


def test_alias_that_somebody_else_goes_by_is_refused(client):
    Person.objects.add("Miller Downey")
    html = client.post(ADD, form("Mills", "", "miller downey")).content.decode()
    assert "Miller Downey already has this name." in html
    assert Person.objects.count() == 1


def test_slug_of_somebody_else_is_refused_without_case(client):
    Person.objects.add("Miller Downey")
    html = client.post(ADD, form("Another", "miller_downey")).content.decode()
    assert "This slug is taken." in html


def test_aliases_are_added_with_the_person_and_found_by_search(client):
    client.post(ADD, form("Miller Downey", "", "Mills", "MD"))
    Person.objects.add("Jo")
    listed = client.get(LIST, {"q": "mills"})
    assert [person.display_name for person in listed.context["cl"].result_list] == ["Miller Downey"]
    assert "MD, Mills" in listed.content.decode()


def test_search_by_several_aliases_counts_clips_once(client):
    person = Person.objects.add("Miller Downey")
    person.aliases.create(name="Mills")
    person.aliases.create(name="Mill")
    found = client.get(LIST, {"q": "mil"}).context["cl"].result_list
    assert [(row.display_name, row.n_clips) for row in found] == [("Miller Downey", 0)]
