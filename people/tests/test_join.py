"""Tests invite and reset links: they work once, in time, with the right role."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from people.models import Invite, Member, Role

PASSWORD = "long-enough-for-everyone"


def join_path(secret: str) -> str:
    return reverse("people:join", args=[secret])


def form(username: str = "new", password1: str = PASSWORD, password2: str = PASSWORD) -> dict:
    return {"username": username, "password1": password1, "password2": password2}


@pytest.fixture
def path(db) -> str:
    _invite, secret = Invite.objects.issue(role=Role.CURATOR, created_by=None)
    return join_path(secret)


def test_link_lets_in_with_its_role_and_logs_in(client, path):
    response = client.post(path, form())
    assert response.status_code == 302
    assert Member.objects.get(username="new").role == Role.CURATOR
    assert client.get(reverse("people:account")).status_code == 200


def test_role_in_the_form_changes_nothing(client, path):
    client.post(path, form() | {"role": Role.ADMIN})
    assert Member.objects.get().role == Role.CURATOR


@pytest.mark.parametrize("method", ["get", "post"])
def test_second_use_is_gone(client, path, method):
    client.post(path, form())
    assert getattr(Client(), method)(path, form("second")).status_code == 410
    assert Member.objects.count() == 1


@pytest.mark.parametrize("method", ["get", "post"])
def test_expired_link_is_gone(client, path, method):
    Invite.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert getattr(client, method)(path, form()).status_code == 410
    assert not Member.objects.exists()


def test_link_ends_after_the_days_of_the_setting(settings, path):
    assert abs(Invite.objects.get().expires_at - timezone.now() - timedelta(days=7)) < timedelta(minutes=1)
    settings.INVITE_DAYS = 2
    invite, _secret = Invite.objects.issue(role=Role.SORTER, created_by=None)
    assert abs(invite.expires_at - timezone.now() - timedelta(days=2)) < timedelta(minutes=1)


def test_unknown_link_is_gone(client, db):
    assert client.get(join_path("no-such-secret")).status_code == 410


def test_secret_is_nowhere_stored(db):
    invite, secret = Invite.objects.issue(role=Role.SORTER, created_by=None)
    invite.refresh_from_db()
    assert secret not in [str(value) for value in vars(invite).values()]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        (form(password2="something-else-entirely"), "password2"),
        (form(password1="short", password2="short"), "password1"),
        (form(password1="newnewnew1", password2="newnewnew1", username="newnewnew"), "password1"),
        (form(username="new rider"), "username"),
        (form(username="../up"), "username"),
        (form(username=""), "username"),
        (form(username="n" * 41), "username"),
    ],
)
def test_form_that_is_refused_does_not_spend_the_link(client, path, fields, field):
    response = client.post(path, fields)
    assert response.status_code == 422
    assert list(response.context["form"].errors) == [field]
    assert client.post(path, form()).status_code == 302


def test_name_of_somebody_else_is_refused_without_case(client, path, sorter):
    response = client.post(path, form("MIA"))
    assert response.status_code == 422
    assert "This username is taken." in response.content.decode()
    assert Invite.objects.usable().exists()


def test_reset_link_sets_the_password_and_logs_in(client, sorter):
    _invite, secret = Invite.objects.issue(role=sorter.role, created_by=None, member=sorter)
    client.post(join_path(secret), form())
    sorter.refresh_from_db()
    assert sorter.check_password(PASSWORD)
    assert sorter.username == "mia"
    assert client.get(reverse("people:account")).context["user"] == sorter


def test_reset_link_for_a_role_gives_no_role(client, sorter):
    """Only the page's own sign-up takes the link's role; a link that names a member sets a password."""
    _invite, secret = Invite.objects.issue(role=Role.ADMIN, created_by=None, member=sorter)
    client.post(join_path(secret), form())
    sorter.refresh_from_db()
    assert sorter.role == Role.SORTER


def test_member_removed_while_setting_a_password_stays_removed(client, sorter, monkeypatch):
    """The removal falls between the moment the page reads the member and the moment it writes the password."""
    _invite, secret = Invite.objects.issue(role=sorter.role, created_by=None, member=sorter)

    def use(invite: Invite) -> bool:
        return bool(Member.objects.filter(pk=sorter.pk).update(is_active=False))

    monkeypatch.setattr(Invite, "use", use)
    client.post(join_path(secret), form())
    sorter.refresh_from_db()
    assert not sorter.is_active
    assert client.get(reverse("people:account")).status_code == 302


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_at_once_with_one_link_let_in_one():
    _invite, secret = Invite.objects.issue(role=Role.SORTER, created_by=None)
    together, statuses = threading.Barrier(2), []

    def join(username: str) -> None:
        try:
            together.wait()
            statuses.append(Client().post(join_path(secret), form(username)).status_code)
        finally:
            connection.close()

    threads = [threading.Thread(target=join, args=[name]) for name in ("first", "second")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Member.objects.count() == 1
    assert statuses.count(302) == 1
    assert set(statuses) <= {302, 410, 422}
