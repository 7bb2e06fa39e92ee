"""Tests that a selection of clips goes to the bin, but for what others kept, and comes back in one step."""

import uuid

import pytest
from django.urls import reverse

from clips.models import BinEntry, FinalClip
from clips.sorting.decisions import Choice, make_clip

HTMX = {"HX-Request": "true"}


@pytest.fixture
def clips(original, sorter, other_sorter) -> list[FinalClip]:
    """Four clips, the last of which somebody else kept."""
    members = [sorter] * 3 + [other_sorter]
    return [
        make_clip(original, Choice(start_ms=number * 1000, end_ms=number * 1000 + 2000), member)
        for number, member in enumerate(members)
    ]


@pytest.fixture
def client(client, sorter):
    client.force_login(sorter)
    return client


def chosen(clips: list[FinalClip]) -> dict[str, object]:
    return {"clips": ",".join(str(clip.pk) for clip in clips), "key": uuid.uuid4()}


def current() -> set[uuid.UUID]:
    return set(FinalClip.objects.current().values_list("pk", flat=True))


def text_of(answer) -> str:
    return " ".join(answer.content.decode().split())


def test_it_is_said_before_what_goes_and_what_stays(client, clips):
    said = text_of(client.post(reverse("clips:clips_bin_plan"), chosen(clips), headers=HTMX))
    assert "3 clips go to the bin and can be restored for 30 days." in said
    assert "1 was kept by others and stays. Ask a curator." in said
    assert len(current()) == 4


def test_a_sorters_own_clips_go_and_come_back(client, clips):
    answer = client.post(reverse("clips:clips_bin"), chosen(clips), headers=HTMX)
    assert "Binned: 3 clips" in text_of(answer)
    assert "clips-changed" in answer["HX-Trigger-After-Swap"]
    assert current() == {clips[3].pk}
    entry = BinEntry.objects.get()
    restored = client.post(reverse("clips:bin_restore", args=[entry.pk]), headers=HTMX)
    assert "Restored: 3 clips" in text_of(restored)
    assert "clips-changed" in restored["HX-Trigger-After-Swap"]
    assert len(current()) == 4


def test_all_that_match_go_but_for_some(client, clips, curator):
    client.force_login(curator)
    asked = {"all": "on", "query": "", "without": str(clips[0].pk), "key": uuid.uuid4()}
    client.post(reverse("clips:clips_bin"), asked, headers=HTMX)
    assert current() == {clips[0].pk}


def test_what_others_kept_stays_and_the_same_key_throws_once(client, clips):
    answer = client.post(reverse("clips:clips_bin"), chosen(clips[3:]), headers=HTMX)
    assert answer.status_code == 409
    assert "1 was kept by others" in text_of(answer)
    asked = chosen(clips[:2])
    for _ in range(2):
        assert client.post(reverse("clips:clips_bin"), asked, headers=HTMX).status_code == 200
    assert BinEntry.objects.count() == 1
    assert client.post(reverse("clips:clips_bin"), {"key": uuid.uuid4()}, headers=HTMX).status_code == 422
