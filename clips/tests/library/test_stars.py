"""Tests stars: the crew's, one number a clip in all its versions; one or many at once, undone, found, ordered."""

import uuid
from dataclasses import replace

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clips.library import undoing
from clips.library.new_version import reedit
from clips.library.selection import Selection
from clips.library.stars import rate_many
from clips.models import BulkChange, FinalClip, Heart
from clips.sorting.decisions import Choice, ConflictError, choice_of, make_clip
from people.models import Member

HTMX = {"HX-Request": "true"}


@pytest.fixture
def clips(original, sorter) -> list[FinalClip]:
    spans = [(second * 1000, second * 1000 + 2000) for second in range(4)]
    return [make_clip(original, Choice(start_ms=start, end_ms=end), sorter) for start, end in spans]


def rate(clips: list[FinalClip], stars: int, member: Member) -> BulkChange:
    return rate_many([clip.pk for clip in clips], stars, member=member, key=uuid.uuid4())


def given(clips: list[FinalClip]) -> list[int]:
    stars = dict(FinalClip.objects.values_list("pk", "stars"))
    return [stars[clip.pk] for clip in clips]


def test_the_last_word_counts_and_each_change_is_undone_but_where_somebody_rated_again(
    clips, sorter, other_sorter
):  # fmt: skip
    rate(clips[:2], 2, sorter)
    made = rate(clips[:3], 5, other_sorter)
    assert str(made) == "Rated 3 clips: ★★★★★"
    rate(clips[1:2], 1, sorter)
    assert given(clips) == [5, 1, 5, 0]
    assert undoing.undo(made, member=other_sorter) == (2, 1)
    assert given(clips) == [2, 1, 0, 0]
    taken = rate(clips[:2], 0, sorter)
    assert str(taken) == "Rated 2 clips: no stars"
    undoing.undo(taken, member=sorter)
    assert given(clips) == [2, 1, 0, 0]


def test_the_same_key_rates_once_and_what_changes_nothing_is_said(clips, sorter):
    key = uuid.uuid4()
    first = rate_many([clips[0].pk], 4, member=sorter, key=key)
    assert rate_many([clips[0].pk], 4, member=sorter, key=key) == first
    with pytest.raises(ConflictError, match="rated like that already"):
        rate(clips[:1], 4, sorter)
    with pytest.raises(IntegrityError, match="clip_stars_up_to_five"), transaction.atomic():
        FinalClip.objects.update(stars=6)


def test_all_versions_have_the_same_stars(clips, sorter):
    rate(clips[:1], 3, sorter)
    stale = clips[0]  # read before it was rated
    version = reedit(stale, replace(choice_of(stale), end_ms=2500), member=sorter)
    assert version.stars == 3
    rate([version], 5, sorter)
    assert given([stale, version]) == [5, 5]


@pytest.mark.slow
def test_the_library_filters_and_orders_by_stars_and_hearts(client, viewer, sorter, clips):
    rate(clips[:1], 2, sorter)
    rate(clips[1:2], 5, sorter)
    Heart.objects.give([clips[2].lineage], viewer)
    Heart.objects.give([clips[2].lineage, clips[0].lineage], sorter)
    client.force_login(viewer)

    def found(query: str) -> list[uuid.UUID]:
        return [clip.pk for clip in client.get(reverse("clips:library") + query).context["page"].object_list]

    assert found("?stars=5&stars=2&sort=-stars") == [clips[1].pk, clips[0].pk]
    assert set(found("?stars=0")) == {clips[2].pk, clips[3].pk}
    assert found("?sort=-stars")[:2] == [clips[1].pk, clips[0].pk]
    assert found("?sort=-hearts")[:2] == [clips[2].pk, clips[0].pk]
    assert set(Selection(all_of="stars=5").clips(viewer).values_list("pk", flat=True)) == {clips[1].pk}
    page = client.get(reverse("clips:clip", args=[clips[1].pk]) + "?sort=-hearts").content.decode()
    assert 'class="stars-given"' in page
    assert reverse("clips:clip_stars", args=[clips[1].pk]) not in page  # a viewer watches
    facet = client.get(reverse("clips:library_facet", args=["stars"]), headers=HTMX).content.decode()
    assert "★★★★★" in facet


def test_one_clip_and_a_selection_are_rated_and_a_toast_undoes_it(client, sorter, clips):
    client.force_login(sorter)
    path = reverse("clips:clip_stars", args=[clips[0].pk])
    answer = client.post(path, {"stars": 4, "key": uuid.uuid4()}, headers=HTMX).content.decode()
    assert answer.count("data-lit") == 4
    assert 'hx-swap-oob="afterbegin:#toasts"' in answer
    assert reverse("clips:bulk_undo", args=[BulkChange.objects.get().pk]) in answer
    assert client.post(path, {"stars": 6}, headers=HTMX).status_code == 422
    assert client.post(path, {"stars": 3}).status_code == 302  # without scripts
    fields = {"clips": ",".join(str(clip.pk) for clip in clips), "key": uuid.uuid4(), "stars": 1}
    said = client.post(reverse("clips:clips_stars"), fields, headers=HTMX)
    assert "Rated 4 clips: ★" in said.content.decode()
    assert "clips-changed" in said["HX-Trigger-After-Swap"]
    assert given(clips) == [1, 1, 1, 1]
    with CaptureQueriesContext(connection) as rated:
        client.get(reverse("clips:library"))
    FinalClip.objects.update(stars=0)
    with CaptureQueriesContext(connection) as unrated:
        page = client.get(reverse("clips:library")).content.decode()
    assert len(rated) == len(unrated)
    assert "stars-given" not in page


def test_the_api_rates_finds_and_orders(client, sorter, clips):
    client.force_login(sorter)
    path = reverse("api:clip_stars", args=[clips[3].pk])
    json = "application/json"
    told = client.post(path, {"stars": 5, "key": str(uuid.uuid4())}, content_type=json)
    assert (told.status_code, told.json()["stars"]) == (200, 5)
    many = {"key": str(uuid.uuid4()), "clips": [str(clip.pk) for clip in clips[:2]], "stars": 2}
    assert client.post(reverse("api:clip_bulk"), many, content_type=json).status_code == 200
    listed = client.get(reverse("api:clip_list") + "?sort=-stars").json()["results"]
    assert [row["stars"] for row in listed] == [5, 2, 2, 0]
    assert client.get(reverse("api:clip_list") + "?stars=5").json()["count"] == 1
