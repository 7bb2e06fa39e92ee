"""Tests the forms of a session's page that move videos elsewhere and trash hidden moments."""

import datetime as dt
import re
import uuid

import pytest
from django.urls import reverse

from clips.models import BulkChange, FinalClip, Shoot, Upload
from clips.sorting.decisions import Choice, make_clip
from clips.tests.factories import OriginalFileFactory


def move(client, shoot: Shoot, *videos, **fields):
    sent = {"videos": [str(video.pk) for video in videos], "key": str(uuid.uuid4()), **fields}
    return client.post(reverse("clips:session_move_videos", args=[shoot.pk]), sent, headers={"HX-Request": "true"})


@pytest.fixture
def second(shoot):
    return OriginalFileFactory(shoot=shoot, original_filename="GX010002.MP4")


@pytest.mark.slow
def test_chosen_videos_move_to_a_new_session_and_the_page_there_offers_an_undo(client, curator, original, second):
    client.force_login(curator)
    answer = move(client, original.shoot, second, name="Powder", date="2025-01-02")
    target = Shoot.objects.get(name="Powder")
    assert list(target.files.all()) == [second]
    made = BulkChange.objects.get()
    assert answer.headers["HX-Redirect"] == f"{reverse('clips:session', args=[target.pk])}?did={made.pk}"
    page = client.get(answer.headers["HX-Redirect"]).content.decode()
    assert reverse("clips:bulk_change", args=[made.pk]) in page
    undone = client.post(reverse("clips:bulk_undo", args=[made.pk]))
    assert undone.headers["HX-Redirect"] == reverse("clips:session", args=[original.shoot_id])
    assert "Undone. 1 is as before." in client.get(undone.headers["HX-Redirect"]).content.decode()
    assert not Shoot.objects.filter(pk=target.pk).exists(), "the move made it, and it is empty"


@pytest.mark.parametrize("meanwhile", ["a video", "an upload"])
def test_a_session_that_a_move_made_stays_where_somebody_uses_it(client, curator, original, second, meanwhile):
    client.force_login(curator)
    move(client, original.shoot, second, name="Powder", date="2025-01-02")
    target = Shoot.objects.get(name="Powder")
    if meanwhile == "a video":
        OriginalFileFactory(shoot=target, original_filename="GX010003.MP4")
    else:
        Upload.objects.create(owner=curator, shoot=target, original_filename="a.mp4", size_bytes=9)
    client.post(reverse("clips:bulk_undo", args=[BulkChange.objects.get().pk]))
    assert not target.files.filter(pk=second.pk).exists()
    assert Shoot.objects.filter(pk=target.pk).exists()


def test_an_empty_session_that_was_there_before_the_move_stays_after_its_undo(client, curator, original, second):
    client.force_login(curator)
    powder = Shoot.objects.called("Powder", dt.date(2025, 1, 2))
    move(client, original.shoot, second, name="Powder", date="2025-01-02")
    client.post(reverse("clips:bulk_undo", args=[BulkChange.objects.get().pk]))
    assert not powder.files.exists()
    assert Shoot.objects.filter(pk=powder.pk).exists()


def test_the_form_is_asked_for_when_it_is_opened(client, curator, original, second):
    client.force_login(curator)
    address = reverse("clips:session_move_videos", args=[original.shoot_id])
    assert address in client.get(reverse("clips:session", args=[original.shoot_id]), {"details": ""}).content.decode()
    form = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert f'value="{original.pk}"' in form
    assert f'value="{second.pk}"' in form
    assert client.get(address).status_code == 302  # opened directly it leads to the page


def test_videos_move_to_a_session_that_is_there(client, curator, original, second):
    target = Shoot.objects.called("Elsewhere", dt.date(2024, 12, 2))
    client.force_login(curator)
    move(client, original.shoot, original, second, target=str(target.pk))
    assert target.files.count() == 2


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": "Powder", "date": "2025-01-02", "videos": []}, "Choose at least one video."),
        ({}, "Choose a session, or write the name and date of a new one."),
        ({"name": "Backyard Rails", "date": "2024-12-01"}, "already"),
        (
            {"videos": [str(uuid.uuid4())], "name": "Powder", "date": "2025-01-02"},
            "is not one of the available choices",
        ),
    ],
)
def test_a_move_that_is_not_possible_is_one_sentence_and_makes_no_session(client, curator, original, fields, said):
    client.force_login(curator)
    answer = move(client, original.shoot, original, **fields)
    assert answer.status_code == 422
    assert said in re.sub(r"\s+", " ", answer.content.decode())
    assert Shoot.objects.count() == 1


def test_hidden_moments_are_trashed_from_the_page(client, sorter, shoot, segments):
    client.force_login(sorter)
    assert "Trash 3 hidden moments" in client.get(reverse("clips:session", args=[shoot.pk])).content.decode()
    address = reverse("clips:session_trash_hidden", args=[shoot.pk])
    answer = client.post(address, {"key": str(uuid.uuid4())}, headers={"HX-Request": "true"}).content.decode()
    assert "Trashed 3 moments" in answer
    assert "hidden moment" not in answer.partition('id="trash-hidden"')[2].partition("</div>")[0]
    assert client.post(address, {"key": str(uuid.uuid4())}, headers={"HX-Request": "true"}).status_code == 409


def choose(client, view: str, *clips, **fields):
    sent = {"clips": ",".join(str(clip.pk) for clip in clips), "key": str(uuid.uuid4()), **fields}
    return client.post(reverse(view), sent, headers={"HX-Request": "true"})


@pytest.fixture
def clips(original, second, sorter):
    films = (original, original, second)
    return [make_clip(film, Choice(start_ms=at, end_ms=at + 900), sorter) for at, film in enumerate(films)]


def test_selected_clips_move_with_their_videos_and_it_says_before_what_goes_along(client, curator, clips, second):
    client.force_login(curator)
    plan = re.sub(r"\s+", " ", choose(client, "clips:clips_move_plan", clips[0]).content.decode())
    assert "1 video moves. 1 more clip goes along." in plan
    answer = choose(client, "clips:clips_move", clips[0], name="Powder", date="2025-01-02")
    assert "Moved 1 video to 2025-01-02 Powder" in answer.content.decode()
    powder = Shoot.objects.get(name="Powder")
    assert {clip.original_file.shoot for clip in FinalClip.objects.filter(pk__in=[clips[0].pk, clips[1].pk])} == {
        powder
    }
    assert second.shoot != powder
    client.post(reverse("clips:bulk_undo", args=[BulkChange.objects.get().pk]))
    assert not powder.files.exists()


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({}, 422, "Choose a session, or write the name and date of a new one."),
        ({"name": "Backyard Rails", "date": "2024-12-01"}, 409, "already"),
    ],
)
def test_selected_clips_that_cannot_move_are_one_sentence(client, curator, clips, fields, status, said):
    client.force_login(curator)
    answer = choose(client, "clips:clips_move", *clips, **fields)
    assert (answer.status_code, said in answer.content.decode()) == (status, True)
    assert Shoot.objects.count() == 1


def test_a_selection_of_nothing_moves_nothing(client, curator, db):
    client.force_login(curator)
    answer = client.post(reverse("clips:clips_move_plan"), {"clips": str(uuid.uuid4())}, headers={"HX-Request": "true"})
    assert "not in the library any more" in answer.content.decode()
