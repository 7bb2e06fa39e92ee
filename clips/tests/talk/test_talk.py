"""Tests what members say to clips and edits: reactions, comments, who deletes them, and what becomes of them."""

import datetime as dt
import uuid

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from clips.library.rider_removal import take_out
from clips.models import Comment, FinalClip, Reaction, Reel, Speaker, Subject
from clips.talk import saying
from clips.talk.saying import TalkError
from clips.tests.factories import FinalClipFactory
from people.leaving import erase
from people.models import AuditEntry, Member, Person

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


@pytest.fixture
def clip(original) -> FinalClip:
    return FinalClipFactory(original_file=original)


@pytest.fixture
def reel(sorter) -> Reel:
    return Reel.objects.create(name="December", made_by=sorter, made_by_name=sorter.username)


def of(clip: FinalClip) -> Subject:
    return Subject(lineage=clip.lineage)


def say(member: Member, thing: FinalClip | Reel, text: str = "Nice one", **more) -> Comment:
    subject = Subject(reel_id=thing.pk) if isinstance(thing, Reel) else of(thing)
    return saying.say(subject, text, Speaker(member=member), key=more.pop("key", uuid.uuid4()), **more)[0]


def test_a_reaction_is_given_seen_by_all_and_taken_away_and_all_versions_share_it(client, viewer, sorter, clip):
    address = reverse("clips:talk_react", args=["clip", clip.pk])
    client.force_login(viewer)
    assert 'aria-pressed="true"' in client.post(address, {"kind": "FIRE"}, headers=HTMX).text
    new = FinalClipFactory(original_file=clip.original_file, lineage=clip.lineage, is_current=False)
    client.force_login(sorter)
    client.post(reverse("clips:talk_react", args=["clip", new.pk]), {"kind": "FIRE"}, headers=HTMX)
    assert Reaction.objects.counts(of(clip), Speaker(member=viewer))["FIRE"] == (2, True)
    client.post(address, {"kind": "FIRE"}, headers=HTMX)
    assert Reaction.objects.counts(of(clip), Speaker(member=sorter)) == {"FIRE": (1, False)}
    assert client.post(address, {"kind": "SHRUG"}, headers=HTMX).status_code == 422
    Reaction.objects.give(of(clip), "FIRE", Speaker(member=viewer))  # again, as a request that is sent twice
    assert Reaction.objects.count() == 1


@pytest.mark.slow
def test_a_comment_is_written_once_by_its_key_and_stands_on_clip_edit_and_list(client, viewer, clip, reel):
    client.force_login(viewer)
    key = str(uuid.uuid4())
    address = reverse("clips:talk_comment", args=["clip", clip.pk])
    for _again in range(2):
        answer = client.post(address, {"key": key, "text": " <b>Clean</b>\r\nlanding "}, headers=HTMX)
        assert "&lt;b&gt;Clean&lt;/b&gt;<br>landing" in answer.text
    assert Comment.objects.get().text == "<b>Clean</b>\nlanding"
    assert client.post(address, {"key": key, "text": "Another"}, headers=HTMX).status_code == 409
    assert client.post(address, {"key": str(uuid.uuid4()), "text": " \u200b "}, headers=HTMX).status_code == 422
    assert client.post(address, {"key": str(uuid.uuid4()), "text": "x" * 1001}, headers=HTMX).status_code == 422
    edit = reverse("clips:talk_comment", args=["edit", reel.pk])
    answer = client.post(edit, {"key": str(uuid.uuid4()), "text": "Best of all"})
    assert answer["Location"] == f"{reverse('clips:reel', args=[reel.pk])}#talk"
    assert "landing" in client.get(reverse("clips:clip", args=[clip.pk])).text
    assert "Best of all" in client.get(reverse("clips:reel", args=[reel.pk])).text
    listed = client.get(reverse("clips:comments")).text
    assert listed.index("Best of all") < listed.index("landing")


def test_authors_and_curators_delete_and_the_trail_keeps_no_word_of_it(client, viewer, sorter, curator, clip):
    mine, yours, third = say(viewer, clip, "Secret words"), say(sorter, clip), say(sorter, clip, "Third")
    client.force_login(viewer)
    assert "Deleted." in client.post(reverse("clips:comment_delete", args=[mine.pk]), headers=HTMX).text
    assert client.post(reverse("clips:comment_delete", args=[yours.pk]), headers=HTMX).status_code == 403
    assert client.post(reverse("clips:comment_delete", args=[mine.pk]), headers=HTMX).status_code == 404
    client.force_login(curator)
    client.post(reverse("clips:comment_delete", args=[yours.pk]), headers=HTMX)
    assert list(Comment.objects.all()) == [third]
    trail = list(AuditEntry.objects.filter(action="deleted").order_by("pk"))
    assert [(entry.actor, entry.target_id) for entry in trail] == [(viewer, str(mine.pk)), (curator, str(yours.pk))]
    assert trail[1].details["of"] == str(sorter.pk)
    assert "Secret" not in f"{[(entry.target_name, entry.details) for entry in trail]}"


@pytest.mark.parametrize(
    "wrong",
    [
        {"text": ""},
        {"state": "WAITING"},
        {"lineage": None},
        {"state": "GONE"},
        {"is_guest": True},
        {"guest": uuid.uuid4()},
    ],
)
def test_the_database_refuses_what_no_comment_is(sorter, wrong):
    row = {"lineage": uuid.uuid4(), "text": "Nice", "name": "mia", "member": sorter} | wrong
    with pytest.raises(IntegrityError), transaction.atomic():
        Comment.objects.create(**row)


def test_what_is_in_the_bin_takes_no_comments(client, viewer, clip, reel):
    client.force_login(viewer)
    FinalClip.objects.filter(pk=clip.pk).update(is_current=False, removed_at=timezone.now())
    for address in (reverse(f"clips:talk_{act}", args=["clip", clip.pk]) for act in ("comment", "react")):
        assert client.post(address, {"key": str(uuid.uuid4()), "text": "x", "kind": "FIRE"}).status_code == 404


def test_who_leaves_leaves_their_words_without_their_name(client, viewer, sorter, clip):
    say(sorter, clip, "Still true")
    Reaction.objects.give(of(clip), "WOW", Speaker(member=sorter))
    erase(sorter)
    assert not Reaction.objects.exists()
    client.force_login(viewer)
    page = client.get(reverse("clips:comments")).text
    assert "Still true" in page
    assert "<bdi>former member</bdi>" in page
    assert "mia" not in str(Comment.objects.values())


def test_a_rider_who_is_taken_out_is_named_in_no_comment(curator, sorter, clip):
    rider = Person.objects.add("Bo Li")
    rider.aliases.create(name="Boli")
    say(sorter, clip, "bo li and Boli ride like Bo Linden")
    take_out(rider, curator)
    assert Comment.objects.get().text == "former rider and former rider ride like Bo Linden"


def test_the_api_says_reads_reacts_and_deletes(client, viewer, sorter, clip, reel):
    client.force_login(viewer)
    post = {"content_type": "application/json"}
    for kind, thing in (("clips", clip), ("edits", reel)):
        address = f"/api/{kind}/{thing.pk}/comments"
        asked = {"key": str(uuid.uuid4()), "text": "Nice"}
        made = [client.post(address, asked, **post).json() for _again in range(2)]
        assert made[0] == made[1]
        assert client.post(address, asked | {"text": "Other"}, **post).status_code == 409
        assert client.post(address, {"text": "Nice"}, **post).status_code == 422
        assert [row["id"] for row in client.get(address).json()["results"]] == [made[0]["id"]]
        address = f"/api/{kind}/{thing.pk}/reactions"
        for _again in range(2):
            given = client.post(address, {"kind": "OUCH", "wanted": True}, **post).json()
        assert {"kind": "OUCH", "n": 1, "is_own": True} in given
        assert client.get(address).json() == given
    client.force_login(sorter)
    assert client.delete(f"/api/comments/{made[0]['id']}").status_code == 403
    client.force_login(viewer)
    assert client.delete(f"/api/comments/{made[0]['id']}").status_code == 204
    assert client.get(f"/api/clips/{uuid.uuid4()}/comments").status_code == 404


def test_a_key_that_stands_for_another_comment_is_refused(sorter, clip, reel):
    first = say(sorter, clip)
    with pytest.raises(TalkError):
        say(sorter, reel, key=first.pk)


@pytest.mark.parametrize("n_more", [0, 40])
def test_pages_take_a_fixed_number_of_queries(client, viewer, sorter, original, n_more, django_assert_max_num_queries):
    clips = [FinalClipFactory(original_file=original, start_ms=n * 1000, end_ms=n * 1000 + 900) for n in range(3)]
    Comment.objects.bulk_create(
        Comment(lineage=clips[n % 3].lineage, text=f"{n}", name="mia", member=sorter) for n in range(3 + n_more)
    )
    Comment.objects.update(created_at=timezone.now() - dt.timedelta(minutes=1))
    client.force_login(viewer)
    with django_assert_max_num_queries(9):
        assert client.get(reverse("clips:comments")).text.count('class="comment"') == min(40, 3 + n_more)
