"""Tests saved views: whose they are, who may change them, and that each is the search it was saved from."""

import pytest
from django.urls import reverse

from clips.models import SavedView

SAVE = "/library/views"
AS_HTMX = {"HX-Request": "true"}


def save(client, member, name: str, query: str = "person=Mia&trick=KFED", **fields):
    client.force_login(member)
    return client.post(SAVE, {"name": name, "query": query, **fields}, headers=AS_HTMX)


def listed(client, member) -> list[str]:
    client.force_login(member)
    return [view.name for view in client.get("/clips").context["saved_views"]]


def test_a_saved_search_is_listed_and_leads_back(client, viewer):
    answer = save(client, viewer, "Mia on rails", "trick=KFED&view=list&person=Mia&page=3&fps=")
    assert SavedView.objects.get().query == "person=Mia&trick=KFED&view=list"
    assert 'href="/clips?person=Mia&amp;trick=KFED&amp;view=list" aria-current="page"' in answer.content.decode()
    page = client.get("/clips?view=list&person=Mia&trick=KFED").content.decode()
    assert 'aria-current="page">\n          Mia on rails' in page
    assert "Save view" not in page, "it is saved already"
    assert "Save view" in client.get("/clips?person=Jo").content.decode()


def test_ones_own_are_for_oneself_and_the_crews_for_all(client, viewer, sorter):
    save(client, sorter, "Mine")
    save(client, sorter, "Best of", is_crews="on")
    assert listed(client, sorter) == ["Best of", "Mine"]
    assert listed(client, viewer) == ["Best of"]


def test_a_viewer_saves_none_for_the_crew(client, viewer):
    save(client, viewer, "Everybody's", is_crews="on")
    assert not SavedView.objects.get().is_crews


def test_the_same_name_replaces_ones_own_and_a_curator_the_crews(client, sorter, other_sorter, curator):
    save(client, sorter, "Best of", "q=one", is_crews="on")
    save(client, sorter, "best  OF", "q=two", is_crews="on")
    assert SavedView.objects.get().query == "q=two"
    refused = save(client, other_sorter, "Best of", "q=three", is_crews="on")
    assert refused.status_code == 422
    assert "The crew has a view of this name" in refused.content.decode()
    save(client, curator, "Best of", "q=four", is_crews="on")
    assert SavedView.objects.get().query == "q=four"
    assert save(client, other_sorter, "Best of", "q=own").status_code == 200
    assert SavedView.objects.count() == 2


@pytest.mark.parametrize(
    ("name", "query", "says"),
    [(" \u200b ", "q=a", "Enter a name."), ("", "q=a", "This field is required."), ("x", f"q={'é' * 900}", "")],
)
def test_a_bad_view_is_refused(client, viewer, name, query, says):
    answer = save(client, viewer, name, query)
    assert answer.status_code == 422
    assert says in answer.content.decode()
    assert not SavedView.objects.exists()


def test_one_deletes_ones_own_and_a_curator_the_crews(client, sorter, other_sorter, curator):
    save(client, sorter, "Mine")
    save(client, sorter, "Best of", is_crews="on")
    mine, crews = SavedView.objects.order_by("is_crews")

    def delete(member, view) -> int:
        client.force_login(member)
        return client.post(reverse("clips:saved_view_delete", args=[view.pk]), headers=AS_HTMX).status_code

    assert delete(other_sorter, mine) == 404
    assert delete(other_sorter, crews) == 403
    assert delete(curator, crews) == 200
    assert delete(sorter, mine) == 200
    assert not SavedView.objects.exists()


def test_a_form_without_scripts_leads_to_the_view(client, viewer):
    client.force_login(viewer)
    answer = client.post(SAVE, {"name": "Crashes", "query": "category=CRASH"})
    assert (answer.status_code, answer["Location"]) == (302, "/clips?category=CRASH")
