"""Tests roles, access to Django's admin, and the length of a login."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.urls import reverse
from django.utils import timezone

from conftest import PASSWORD
from people.models import ApiToken, Member, Role

ORDERED = list(Role)


@pytest.mark.parametrize("role", Role)
def test_role_may_do_what_the_lesser_ones_may(role):
    member = Member(username="mia", role=role)
    assert [other for other in ORDERED if member.may(other)] == ORDERED[: ORDERED.index(role) + 1]


@pytest.mark.parametrize("role", Role)
def test_removed_member_may_nothing(role):
    member = Member(username="mia", role=role, is_active=False)
    assert not [other for other in ORDERED if member.may(other)]
    assert not member.has_perm("people.view_person")
    assert not member.has_module_perms("people")


@pytest.mark.parametrize(
    ("permission", "least"),
    [
        ("people.change_person", Role.CURATOR),
        ("tricks.delete_trick", Role.CURATOR),
        ("clips.view_finalclip", Role.CURATOR),
        ("people.view_member", Role.ADMIN),
        ("people.add_invite", Role.ADMIN),
        ("people.delete_apitoken", Role.ADMIN),
        ("sessions.view_session", Role.ADMIN),
    ],
)
def test_permission_begins_with_its_role(permission, least):
    allowed = [role for role in Role if Member(username="mia", role=role).has_perm(permission)]
    assert allowed == ORDERED[ORDERED.index(least) :]


@pytest.mark.django_db
def test_login_does_not_care_how_the_name_is_written(client):
    Member.objects.create_user("mia", "long-enough-for-everyone")
    typed = {"username": "Mia", "password": "long-enough-for-everyone"}
    assert client.post(reverse("people:login"), typed).status_code == 302


def test_token_speaks_for_its_member_until_removal(sorter):
    _token, secret = ApiToken.objects.issue(sorter, "laptop")
    assert ApiToken.objects.member_of(secret) == sorter
    Member.objects.filter(pk=sorter.pk).update(is_active=False)
    assert ApiToken.objects.member_of(secret) is None


def test_token_notes_its_use_not_at_every_request(sorter, django_assert_num_queries):
    _token, secret = ApiToken.objects.issue(sorter, "laptop")
    ApiToken.objects.member_of(secret)
    assert ApiToken.objects.get().last_used_at is not None
    with django_assert_num_queries(1):
        ApiToken.objects.member_of(secret)


def test_removed_member_is_logged_out_at_the_next_request(client, sorter):
    client.force_login(sorter)
    assert client.get(reverse("people:account")).status_code == 200
    sorter.remove()
    assert client.get(reverse("people:account")).status_code == 302


def test_a_login_lasts_thirty_days_however_often_it_is_used(client, sorter):
    client.post(reverse("people:login"), {"username": "mia", "password": PASSWORD})
    session = Session.objects.get()
    assert abs(session.expire_date - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)
    Session.objects.update(expire_date=timezone.now() + timedelta(hours=1))
    for name in ("home", "people:account", "clips:sessions", "clips:sort"):
        answer = client.get(reverse(name))
        assert (answer.status_code, "sessionid" in answer.cookies) == (200, False), name
    assert Session.objects.get().expire_date < timezone.now() + timedelta(hours=1)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert client.get(reverse("people:account")).status_code == 302
