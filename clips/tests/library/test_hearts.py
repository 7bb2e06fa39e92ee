"""Tests hearts: given by anybody, to a clip in all its versions, one or many at once, found, and gone with a member."""

import threading
import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clips.library.hearts import heart_many
from clips.library.new_version import reedit
from clips.library.selection import Selection
from clips.library.undoing import undo
from clips.models import BulkChange, FinalClip, Heart
from clips.sorting.decisions import Choice, ConflictError, choice_of, make_clip
from clips.tests.rivals import PATIENCE_S, Rival, wait_for_blocked
from people.leaving import erase
from people.models import Member

HTMX = {"HX-Request": "true"}


@pytest.fixture
def clips(original, sorter) -> list[FinalClip]:
    spans = [(second * 1000, second * 1000 + 2000) for second in range(4)]
    return [make_clip(original, Choice(start_ms=start, end_ms=end), sorter) for start, end in spans]


def give(clips: list[FinalClip], member: Member) -> None:
    Heart.objects.give([clip.lineage for clip in clips], member)


def change(clips: list[FinalClip], member: Member, **wanted: bool) -> BulkChange:
    return heart_many([clip.pk for clip in clips], member=member, key=uuid.uuid4(), **wanted)


def hearted(member: Member) -> set[uuid.UUID]:
    return set(FinalClip.objects.filter(Heart.objects.having(member)).values_list("pk", flat=True))


def pks(clips: list[FinalClip]) -> set[uuid.UUID]:
    return {clip.pk for clip in clips}


def test_a_viewer_gives_a_heart_and_takes_it_away(client, viewer, sorter, clips):
    give(clips[:1], sorter)
    client.force_login(viewer)
    path = reverse("clips:clip_heart", args=[clips[0].pk])
    given = client.post(path, headers=HTMX).content.decode()
    assert 'aria-pressed="true"' in given
    assert '<span class="heart-count">2</span>' in given
    taken = client.post(path, headers=HTMX).content.decode()
    assert 'aria-pressed="false"' in taken
    assert '<span class="heart-count">1</span>' in taken
    assert client.post(path).status_code == 302  # without scripts
    assert client.get(reverse("home")).content.decode().count('aria-pressed="true"') == 1


def test_a_heart_survives_a_new_version(clips, viewer, sorter):
    give(clips[:1], viewer)
    version = reedit(clips[0], replace(choice_of(clips[0]), end_ms=2500), member=sorter)
    shown = FinalClip.objects.with_hearts(viewer).get(pk=version.pk)
    assert (shown.n_hearts, shown.has_my_heart) == (1, True)


def test_the_number_in_the_row_is_that_of_the_hearts_whoever_writes_it(clips, viewer, sorter):
    def counted() -> list[int]:
        return list(FinalClip.objects.order_by("start_ms").values_list("n_hearts", flat=True))

    give(clips[:2], viewer)
    give(clips[:1], sorter)
    assert counted() == [2, 1, 0, 0]
    FinalClip.objects.update(n_hearts=7)
    assert counted() == [2, 1, 0, 0]
    viewer.hearts.all().delete()
    assert counted() == [1, 0, 0, 0]


def both_at_once(first: Callable[[], object], second: Callable[[], FinalClip]) -> FinalClip:
    """Begin the second while the transaction of the first is still open; return what the second returns."""
    done, may_end = threading.Event(), threading.Event()

    def held() -> None:
        with transaction.atomic():
            first()
            done.set()
            assert may_end.wait(PATIENCE_S)

    holder = Rival(held)
    assert done.wait(PATIENCE_S)
    rival = Rival(second)
    wait_for_blocked(1)
    may_end.set()
    holder.result()
    return rival.result()


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_heart_that_is_given_while_a_version_is_made_is_counted_in_both(clips, viewer, sorter):
    def longer(clip: FinalClip, end_ms: int) -> FinalClip:
        return reedit(clip, replace(choice_of(clip), end_ms=end_ms), member=sorter)

    second = both_at_once(lambda: give(clips[:1], viewer), lambda: longer(clips[0], 2500))
    both_at_once(lambda: longer(second, 2600), lambda: give([second], sorter))
    versions = FinalClip.objects.filter(lineage=second.lineage)
    assert list(versions.values_list("n_hearts", flat=True)) == [2, 2, 2]


def test_a_clip_in_the_bin_gets_no_heart(client, viewer, clips):
    FinalClip.objects.filter(pk=clips[0].pk).update(is_current=False, removed_at="2025-01-01T00:00Z")
    client.force_login(viewer)
    assert client.post(reverse("clips:clip_heart", args=[clips[0].pk]), headers=HTMX).status_code == 404
    assert not Heart.objects.exists()


@pytest.mark.parametrize("view", ["grid", "list"])
def test_a_page_of_clips_asks_as_much_with_hearts_as_without(client, viewer, sorter, clips, view):
    client.force_login(viewer)
    address = reverse("clips:library") + f"?view={view}"
    client.get(address)
    with CaptureQueriesContext(connection) as without:
        client.get(address)
    give(clips, viewer)
    give(clips, sorter)
    with CaptureQueriesContext(connection) as with_hearts:
        page = client.get(address).content.decode()
    assert page.count('<span class="heart-count">2</span>') == len(clips)
    assert len(with_hearts) == len(without)


def test_the_library_finds_ones_own_hearts_and_anybodys(client, viewer, sorter, clips):
    give(clips[:1], viewer)
    give(clips[:3], sorter)
    client.force_login(viewer)

    def found(query: str) -> set[uuid.UUID]:
        return pks(client.get(reverse("clips:library") + query).context["page"].object_list)

    assert found("?hearts=mine") == pks(clips[:1])
    assert found("?hearts=anybody") == pks(clips[:3])
    assert found("?hearts=mine&hearts=anybody") == pks(clips[:3])
    assert pks(Selection(all_of="hearts=mine").clips(viewer)) == pks(clips[:1])
    assert pks(Selection(all_of="hearts=mine").clips(sorter)) == pks(clips[:3])


def test_many_hearts_are_one_change_undone_in_one_step(clips, sorter):
    give(clips[:1], sorter)
    made = change(clips, sorter)
    assert str(made) == "Gave 3 clips a heart"
    assert hearted(sorter) == pks(clips)
    assert undo(made, member=sorter) == (3, 0)
    assert hearted(sorter) == pks(clips[:1])


def test_if_all_have_one_it_is_taken_away_and_given_back(clips, viewer, sorter):
    give(clips[:2], sorter)
    give(clips[:2], viewer)
    made = change(clips[:2], sorter)
    assert str(made) == "Took the heart off 2 clips"
    assert hearted(sorter) == set()
    give(clips[:1], sorter)
    assert undo(made, member=sorter) == (1, 1)
    assert hearted(sorter) == hearted(viewer) == pks(clips[:2])


def test_an_undo_by_a_curator_is_about_the_hearts_of_who_gave_them(clips, sorter, curator):
    give(clips[:1], curator)
    undo(change(clips, sorter), member=curator)
    assert hearted(sorter) == set()
    assert hearted(curator) == pks(clips[:1])


def test_the_same_key_hearts_once_and_nothing_to_change_is_said(clips, sorter, other_sorter):
    key = uuid.uuid4()
    for _ in range(2):
        heart_many(pks(clips), member=sorter, key=key)
    assert hearted(sorter) == pks(clips)
    with pytest.raises(ConflictError, match="used for another change"):
        heart_many(pks(clips), member=other_sorter, key=key)
    with pytest.raises(ConflictError, match="have your heart already"):
        change(clips, sorter, wanted=True)
    with pytest.raises(ConflictError, match="none of these"):
        change(clips, other_sorter, wanted=False)


def test_the_bar_gives_hearts_and_a_viewer_may_not(client, viewer, sorter, clips):
    fields = {"clips": ",".join(map(str, pks(clips))), "key": uuid.uuid4()}
    client.force_login(viewer)
    assert client.post(reverse("clips:clips_heart"), fields, headers=HTMX).status_code == 403
    client.force_login(sorter)
    answer = client.post(reverse("clips:clips_heart"), fields, headers=HTMX)
    assert "Gave 4 clips a heart" in answer.content.decode()
    assert "clips-changed" in answer["HX-Trigger-After-Swap"]
    assert client.post(reverse("clips:clips_heart"), {"key": uuid.uuid4()}, headers=HTMX).status_code == 422


def test_the_api_hearts_one_and_many(client, viewer, sorter, clips):
    client.force_login(viewer)
    path = reverse("api:clip_heart", args=[clips[0].pk])
    json = {"content_type": "application/json"}
    assert client.post(path, {}, **json).json()["has_my_heart"] is True
    assert client.post(path, {"heart": True}, **json).json()["n_hearts"] == 1
    assert client.post(path, {}, **json).json()["has_my_heart"] is False
    client.force_login(sorter)
    asked = {"clips": [str(clip.pk) for clip in clips], "heart": True}
    made = client.post(reverse("api:clip_bulk"), {**asked, "key": str(uuid.uuid4())}, **json).json()
    assert (made["kind"], made["n_changed"], made["progress"]) == ("HEART", 4, 1.0)
    rows = client.get(reverse("api:clip_list") + "?hearts=mine").json()["results"]
    assert {(row["n_hearts"], row["has_my_heart"]) for row in rows} == {(1, True)}
    mixed = {**asked, "category": "CRASH", "key": str(uuid.uuid4())}
    assert client.post(reverse("api:clip_bulk"), mixed, **json).status_code == 422
    client.post(reverse("api:bulk_undo", args=[made["id"]]))
    assert not Heart.objects.exists()


def test_hearts_go_with_the_member_and_no_undo_brings_them_back(clips, sorter, curator):
    give(clips[:2], sorter)
    give(clips[:1], curator)
    made = change(clips[:2], sorter)
    give(clips[2:], sorter)
    erase(sorter)
    assert set(Heart.objects.values_list("member", flat=True)) == {curator.pk}
    undo(BulkChange.objects.get(pk=made.pk), member=curator)
    assert set(Heart.objects.values_list("member", flat=True)) == {curator.pk}
