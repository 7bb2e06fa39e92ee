"""Tests the API of changes of many clips: by ids or by a query, followed, undone, refused with one sentence."""

import uuid

import pytest
from django.urls import reverse

from clips.models import BulkChange, FinalClip
from clips.sorting.decisions import Choice, make_clip
from people.models import Person
from tricks.models import Trick

ADDRESS = "/api/clips/bulk"


@pytest.fixture
def clips(original, sorter) -> list[FinalClip]:
    return [make_clip(original, Choice(start_ms=at, end_ms=at + 900), sorter) for at in (0, 1000, 2000)]


@pytest.fixture
def api(client, sorter):
    client.force_login(sorter)
    return lambda address, **sent: client.post(address, sent, content_type="application/json")


@pytest.fixture
def mia(db) -> Person:
    return Person.objects.add("Mia")


def test_clips_are_tagged_by_their_ids_and_tagged_back(api, client, clips, mia):
    flip = Trick.objects.find_or_add("Kickflip")
    ids = [str(clip.pk) for clip in clips[:2]]
    answer = api(ADDRESS, key=str(uuid.uuid4()), clips=ids, people=[str(mia.pk)], trick=str(flip.pk), category="CRASH")
    assert answer.status_code == 200
    made = answer.json()
    assert (made["said"], made["n_changed"]) == ("Tagged 2 clips: Mia · Kickflip · crash", 2)
    assert FinalClip.objects.filter(person=mia, trick=flip, category="CRASH").count() == 2
    assert client.get(reverse("api:bulk", args=[made["id"]])).json()["progress"] < 1
    undone = api(reverse("api:bulk_undo", args=[made["id"]]))
    assert undone.json()["undone_at"]
    assert not FinalClip.objects.exclude(person=None, trick=None, category="TRICK").exists()
    again = api(reverse("api:bulk_undo", args=[made["id"]]))
    assert (again.status_code, again.json()["detail"]) == (409, "This was already undone.")


def test_all_clips_of_a_query_are_tagged(api, clips, mia):
    FinalClip.objects.filter(pk=clips[0].pk).update(person=mia)
    answer = api(ADDRESS, key=str(uuid.uuid4()), query="untagged=person", add_people=[str(mia.pk)])
    assert answer.json()["n_changed"] == 2
    assert FinalClip.objects.filter(person=mia).count() == 3


def test_tags_are_taken_away_by_null_and_by_an_empty_list(api, clips, mia):
    ids = [str(clip.pk) for clip in clips]
    api(ADDRESS, key=str(uuid.uuid4()), clips=ids, people=[str(mia.pk)])
    answer = api(ADDRESS, key=str(uuid.uuid4()), clips=ids, people=[], trick=None)
    assert answer.json()["said"] == "Tagged 3 clips: no rider · no trick"
    assert not FinalClip.objects.exclude(person=None).exists()


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ({}, 422, "Send either the ids of clips, or a query."),
        ({"clips": [str(uuid.uuid4())], "query": ""}, 422, "Send either the ids of clips, or a query."),
        ({"query": ""}, 422, "Choose a rider, a trick or a category."),
        ({"query": "category=NONSENSE", "category": "CRASH"}, 422, "These filters are not valid."),
        ({"clips": [str(uuid.uuid4())], "category": "CRASH"}, 409, "These clips are not in the library any more."),
        ({"clips": ["x"], "category": "CRASH"}, 422, "clips: Must be a valid UUID."),
        ({"clips": [str(uuid.uuid4())] * 5001, "category": "CRASH"}, 422, "clips: "),
        ({"clips": [str(uuid.uuid4())], "people": [str(uuid.uuid4())]}, 422, "people: There is no person"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(api, db, sent, status, said):
    answer = api(ADDRESS, key=str(uuid.uuid4()), **sent)
    assert answer.status_code == status
    assert answer.json()["detail"].startswith(said)
    assert not BulkChange.objects.exists()


@pytest.mark.parametrize("address", ["/api/bulk/abc/undo", "/api/nothing", "/api/clips/abc"])
def test_an_address_that_is_none_is_told_in_json(api, client, address):
    for answer in (api(address), client.get(address)):
        assert (answer.status_code, answer.headers["Content-Type"]) == (404, "application/json")
        assert answer.json() == {"detail": "There is no such address in the API."}


def test_a_key_with_another_body_is_refused(api, clips, mia):
    key, ids = str(uuid.uuid4()), [str(clip.pk) for clip in clips]
    first = api(ADDRESS, key=key, clips=ids, people=[str(mia.pk)])
    again = api(ADDRESS, people=[str(mia.pk)], clips=ids, key=key)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    other = api(ADDRESS, key=key, clips=ids[:1], people=[str(mia.pk)])
    assert (other.status_code, other.json()["detail"]) == (409, "This key was used for another change.")
