"""Tests what guests say behind a share link: named, few at a time, let through by the crew, and theirs to delete."""

import datetime as dt
import re
import uuid

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from clips.models import CollectionLink, Comment, GuestComments, Reaction, Speaker, Subject
from clips.reels import sharing
from clips.reels.sharing import Wish
from clips.talk import guests, saying
from people.models import AuditEntry, Person

HTMX = {"HX-Request": "true"}
WAIT, AT_ONCE = GuestComments.WAIT, GuestComments.AT_ONCE


@pytest.fixture
def visitor() -> Client:
    return Client()


def link_to(member, of, guest_comments=AT_ONCE, **wish) -> tuple[CollectionLink, str]:
    link, secret = sharing.make_link(member, Wish(guest_comments=guest_comments, **wish), of=of)
    return link, reverse("clips:shared_many", args=[secret])


def write(visitor: Client, address: str, text: str = "Wow!", name: str = "Uncle Bo", **more):
    asked = {"key": str(uuid.uuid4()), "text": text, "name": name, "about": ""} | more
    return visitor.post(f"{address}/comment", asked, headers=HTMX)


@pytest.mark.slow
def test_a_guest_writes_where_the_link_says_at_once(client, sorter, viewer, reel):
    _link, address = link_to(sorter, reel)
    visitor = Client(enforce_csrf_checks=True)
    page = visitor.get(address)
    assert set(visitor.cookies) == {"csrftoken"}
    assert write(visitor, address).status_code == 403
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page.text)[1]
    assert 'hx-headers=\'{"X-CSRFToken": "' in page.text
    assert page["Referrer-Policy"] == "same-origin"  # or the form would come without its origin
    answer = write(visitor, address, csrfmiddlewaretoken=token)
    assert "Uncle Bo" in answer.text
    assert "Wow!" in Client().get(address).text
    client.force_login(viewer)
    assert "Wow!" in client.get(reverse("clips:reel", args=[reel.pk])).text
    assert write(Client(), address, name=" ").status_code == 422
    assert write(Client(), address, text="").status_code == 422
    assert Comment.objects.get().is_guest


def test_a_link_without_comments_takes_and_shows_none(visitor, sorter, reel):
    _link, address = link_to(sorter, reel, GuestComments.OFF)
    saying.say(Subject(reel_id=reel.pk), "Among us", Speaker(member=sorter), key=uuid.uuid4())
    page = visitor.get(address)
    assert "Among us" not in page.text
    assert 'id="talk"' not in page.text
    assert write(visitor, address).status_code == 404
    assert visitor.post(f"{address}/react", {"kind": "FIRE"}, headers=HTMX).status_code == 404


@pytest.mark.slow
def test_what_waits_is_seen_by_its_guest_and_by_who_may_let_it_through(
    visitor, client, sorter, other_sorter, curator, reel
):
    _link, address = link_to(sorter, reel, WAIT)
    assert "once the crew has seen it" in write(visitor, address).text
    comment = Comment.objects.get()
    assert "Wow!" in visitor.get(address).text
    assert "Wow!" not in Client().get(address).text
    let, page = reverse("clips:comment_let_through", args=[comment.pk]), reverse("clips:comments")
    client.force_login(other_sorter)
    assert "Wow!" not in client.get(page).text
    assert client.post(let, headers=HTMX).status_code == 403
    for member in (curator, sorter):
        client.force_login(member)
        assert "Show to everybody" in client.get(page).text
        assert "Show to everybody" in client.get(reverse("clips:reel", args=[reel.pk])).text
    for _again in range(2):
        assert "Show to everybody" not in client.post(let, headers=HTMX).text
    assert "Wow!" in Client().get(address).text
    assert AuditEntry.objects.filter(action="let_through", actor=sorter, target_id=str(comment.pk)).count() == 1


def test_a_guest_deletes_their_own_and_the_links_maker_any_of_it(visitor, client, sorter, other_sorter, reel):
    _link, address = link_to(sorter, reel)
    write(visitor, address)
    write(Client(), address, text="Spam")
    own, spam = Comment.objects.get(text="Wow!"), Comment.objects.get(text="Spam")
    assert visitor.post(f"{address}/comments/{spam.pk}/delete", headers=HTMX).status_code == 403
    assert "Deleted." in visitor.post(f"{address}/comments/{own.pk}/delete", headers=HTMX).text
    client.force_login(other_sorter)
    assert client.post(reverse("clips:comment_delete", args=[spam.pk]), headers=HTMX).status_code == 403
    client.force_login(sorter)
    client.post(reverse("clips:comment_delete", args=[spam.pk]), headers=HTMX)
    assert not Comment.objects.exists()


@pytest.mark.slow
def test_comments_of_one_address_and_of_all_are_few_in_a_short_time(visitor, sorter, reel, monkeypatch):
    _link, address = link_to(sorter, reel)
    for n in range(guests.MOST_COMMENTS):
        assert write(visitor, address, text=f"{n}").status_code == 200
    refused = write(visitor, address, text="one more")
    assert refused.status_code == 429
    assert "Try again in 15 minutes." in refused.text
    assert "one more</textarea>" in refused.text
    assert write(Client(), address).status_code == 429  # another browser is no other address
    away = {"REMOTE_ADDR": "203.0.113.9"}
    assert Client(**away).get(address).status_code == 200
    assert write(Client(**away), address).status_code == 200
    monkeypatch.setattr(guests, "MOST_OF_ALL", guests.MOST_COMMENTS + 1)
    assert write(Client(REMOTE_ADDR="203.0.113.10"), address).status_code == 429
    Comment.objects.update(created_at=timezone.now() - guests.COOL_OFF)
    assert write(visitor, address).status_code == 200


def test_an_address_is_never_kept_and_its_mark_is_forgotten(visitor, sorter, reel):
    _link, address = link_to(sorter, reel)
    write(visitor, address)
    visitor.post(f"{address}/react", {"kind": "FIRE"}, headers=HTMX)
    assert "127.0.0.1" not in f"{Comment.objects.values()} {Reaction.objects.values()}"
    assert guests.forget_senders() == 0
    for rows in (Comment.objects, Reaction.objects):
        rows.update(created_at=timezone.now() - dt.timedelta(days=2))
    assert guests.forget_senders() == 2


def test_a_guest_reacts_once_a_browser(visitor, sorter, reel):
    link, address = link_to(sorter, reel)
    for pressed in ("true", "false", "true"):
        answer = visitor.post(f"{address}/react", {"kind": "LAUGH"}, headers=HTMX)
        assert f'aria-pressed="{pressed}"' in answer.text
    Client().post(f"{address}/react", {"kind": "LAUGH"}, headers=HTMX)
    assert Reaction.objects.counts(Subject(reel_id=reel.pk), Speaker(link=link)) == {"LAUGH": (2, False)}
    same = {"reel": reel, "kind": "WOW", "link": link, "sender": Reaction.objects.first().sender}
    Reaction.objects.bulk_create(Reaction(guest=uuid.uuid4(), **same) for _n in range(guests.MOST_REACTIONS - 2))
    refused = Client().post(f"{address}/react", {"kind": "LAUGH"}, headers=HTMX)
    assert (refused.status_code, refused["HX-Retarget"]) == (429, "#reactions")
    assert "Try again in 15 minutes." in refused.text
    assert refused.text.count('class="reaction"') == 5
    cookie = next(iter(visitor.cookies.values()))
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == (address, True, "Lax")


def test_a_link_of_clips_takes_words_on_its_clips_alone(visitor, sorter, clips):
    first, second, other = clips[:3]
    _link, address = link_to(sorter, [first.lineage, second.lineage])
    assert write(visitor, address).status_code == 404  # there is nothing as a whole
    assert write(visitor, address, about=str(other.lineage)).status_code == 404
    assert write(visitor, address, about=str(second.lineage)).status_code == 200
    reactions = f"{address}/reactions/{second.lineage}"
    assert str(second.lineage) in visitor.get(reactions, headers=HTMX).text
    assert visitor.get(f"{address}/reactions/{other.lineage}", headers=HTMX).status_code == 404
    assert Comment.objects.get().lineage == second.lineage
    visitor.post(f"{address}/react", {"kind": "FIRE", "about": str(first.lineage)}, headers=HTMX)
    assert Reaction.objects.get().lineage == first.lineage


def test_guests_read_no_logins(visitor, client, sorter, other_sorter, reel):
    _link, address = link_to(sorter, reel)
    sorter.ride_as(Person.objects.add("Mia Berg"))
    for member in (sorter, other_sorter):
        saying.say(Subject(reel_id=reel.pk), f"from {member.pk}", Speaker(member=member), key=uuid.uuid4())
    names = re.findall(r"<bdi>(.*?)</bdi>", visitor.get(address).text)
    assert names == ["Mia Berg", "Crew"]
    client.force_login(sorter)
    assert re.findall(r"<bdi>(.*?)</bdi>", client.get(address).text) == ["mia", "jo"]


def test_a_member_speaks_behind_a_link_as_a_member(client, sorter, viewer, reel):
    _link, address = link_to(sorter, reel, WAIT)
    client.force_login(viewer)
    write(client, address, name="")
    comment = Comment.objects.get()
    assert (comment.member, comment.is_guest, comment.is_waiting) == (viewer, False, False)


def test_a_password_keeps_comments_out_too(visitor, sorter, reel):
    _link, address = link_to(sorter, reel, password="powder")
    assert write(visitor, address).status_code == 403
    assert not Comment.objects.exists()


def test_members_choose_what_guests_may_say(client, sorter, reel):
    client.force_login(sorter)
    asked = {"days": 7, "may_download": "on", "guest_comments": "WAIT"}
    answer = client.post(reverse("clips:links_of", args=["edit", reel.pk]), asked, headers=HTMX)
    assert "guests comment" in answer.text
    assert CollectionLink.objects.get().guest_comments == WAIT


@pytest.mark.parametrize("n_more", [0, 20])
def test_the_page_with_comments_takes_a_fixed_number_of_queries(
    visitor, sorter, reel, n_more, django_assert_max_num_queries
):
    _link, address = link_to(sorter, reel)
    Comment.objects.bulk_create(Comment(reel=reel, text=f"{n}", name="mia", member=sorter) for n in range(1 + n_more))
    with django_assert_max_num_queries(11):
        assert visitor.get(address).text.count('class="comment"') == 1 + n_more
