"""Tests the API of edits: add clips by ids or by a query, look, undo, refused with one sentence."""

import uuid

import pytest

from clips.models import FinalClip, Reel
from clips.sorting.decisions import Choice, make_clip


@pytest.fixture
def clips(original, sorter) -> list[FinalClip]:
    return [make_clip(original, Choice(start_ms=at, end_ms=at + 900), sorter) for at in (0, 1000, 2000)]


@pytest.fixture
def api(client, sorter):
    client.force_login(sorter)
    return lambda address, **sent: client.post(address, sent, content_type="application/json")


@pytest.mark.slow
def test_clips_join_an_edit_by_ids_and_by_a_query(api, client, clips, shoot):
    first = api("/api/edits/add", key=str(uuid.uuid4()), clips=[str(clips[0].pk)], name="December")
    assert (first.status_code, first.json()["n_clips"]) == (200, 1)
    asked = {"key": str(uuid.uuid4()), "query": f"session={shoot.pk}&sort=oldest", "name": "december"}
    for _again in range(2):
        answer = api("/api/edits/add", **asked).json()
        assert (answer["said"], answer["edit"]) == ("Added 2 clips", first.json()["edit"])
    edit = client.get(f"/api/edits/{answer['edit']}").json()
    assert [place["lineage"] for place in edit["clips"]] == [str(clip.lineage) for clip in clips]
    assert client.get("/api/edits").json()["results"][0]["n_clips"] == 3


def test_what_was_added_is_taken_out_again(api, clips):
    made = api("/api/edits/add", key=str(uuid.uuid4()), clips=[str(clip.pk) for clip in clips], name="December").json()
    assert api(f"/api/edits/added/{made['id']}/undo").status_code == 204
    assert not Reel.objects.exists()


@pytest.mark.parametrize(
    ("sent", "status"),
    [({"name": "X"}, 422), ({"query": "", "name": ""}, 422), ({"query": "q=nobody", "name": "X"}, 409)],
)
def test_a_refusal_is_one_sentence(api, clips, sent, status):
    answer = api("/api/edits/add", key=str(uuid.uuid4()), **sent)
    assert answer.status_code == status
    assert answer.json()["detail"].endswith((".", "blank."))
    assert not Reel.objects.exists()


def test_an_edit_is_moved_to_the_bin_and_comes_back(api, client, clips):
    made = api("/api/edits/add", key=str(uuid.uuid4()), clips=[str(clips[0].pk)], name="December").json()
    entry = client.delete(f"/api/edits/{made['edit']}").json()
    assert (entry["kind"], entry["title"]) == ("EDIT", "December")
    assert client.get(f"/api/edits/{made['edit']}").status_code == 404
    assert api(f"/api/bin/{entry['id']}/restore").status_code == 200
    assert client.get(f"/api/edits/{made['edit']}").status_code == 200
