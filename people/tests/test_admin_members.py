"""Tests the admin's actions on members, invite links and tokens."""

import re
import threading

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.urls import reverse

from people.models import ApiToken, Invite, LastAdminError, Member, Role

MEMBERS = reverse("admin:people_member_changelist")
INVITES = reverse("admin:people_invite_changelist")
INVITE_ADD = reverse("admin:people_invite_add")
LINK = re.compile(r"http://testserver(/join/[\w-]+)")
PASSWORD = "long-enough-for-everyone"


@pytest.fixture(autouse=True)
def administrating(client: Client, admin) -> None:
    client.force_login(admin)


def act(client: Client, action: str, *members: Member) -> list[str]:
    """Run an action of the list of members and return its message."""
    picked = [member.pk for member in members]
    response = client.post(MEMBERS, {"action": action, "_selected_action": picked})
    return [str(message) for message in get_messages(response.wsgi_request)]


def member_page(member: Member) -> str:
    return reverse("admin:people_member_change", args=[member.pk])


def test_curator_can_neither_make_links_nor_change_members(client, curator, sorter):
    client.force_login(curator)
    assert client.get(INVITE_ADD).status_code == 403
    assert client.post(INVITE_ADD, {"role": Role.ADMIN}).status_code == 403
    assert client.post(member_page(sorter), {"role": Role.ADMIN}).status_code == 403
    assert client.post(MEMBERS, {"action": "remove", "_selected_action": [sorter.pk]}).status_code == 403
    assert not Invite.objects.exists()


def test_members_are_neither_added_nor_deleted_by_hand(client, sorter):
    assert client.get(reverse("admin:people_member_add")).status_code == 403
    assert client.post(reverse("admin:people_member_delete", args=[sorter.pk]), {"post": "yes"}).status_code == 403
    assert INVITE_ADD in client.get(MEMBERS).content.decode()


def test_no_page_shows_a_password_or_a_secret(client, admin, sorter):
    invite, _secret = Invite.objects.issue(role=Role.SORTER, created_by=admin)
    token, _secret = ApiToken.objects.issue(sorter, "laptop")
    for row, hidden in ((sorter, sorter.password), (invite, invite.secret_hash), (token, token.secret_hash)):
        kind = row._meta.model_name
        pages = [
            reverse(f"admin:people_{kind}_changelist"),
            reverse(f"admin:people_{kind}_change", args=[row.pk]),
        ]
        assert not [page for page in pages if hidden in client.get(page).content.decode()]


@pytest.mark.parametrize("role", Role)
def test_invite_is_shown_once_and_lets_in_with_its_role(client, role):
    response = client.post(INVITE_ADD, {"role": role}, follow=True)
    (path,) = LINK.findall(response.content.decode())
    assert not LINK.search(client.get(INVITES).content.decode())
    guest = Client()
    guest.post(path, {"username": "new", "password1": PASSWORD, "password2": PASSWORD})
    assert Member.objects.get(username="new").role == role
    assert guest.get(reverse("people:account")).status_code == 200


def test_invite_notes_who_made_it(client, admin):
    client.post(INVITE_ADD, {"role": Role.SORTER})
    assert Invite.objects.get().created_by == admin


def test_invite_cannot_be_changed_into_one_for_a_higher_role(client, admin):
    invite, _secret = Invite.objects.issue(role=Role.VIEWER, created_by=admin)
    change = reverse("admin:people_invite_change", args=[invite.pk])
    assert client.post(change, {"role": Role.ADMIN}).status_code == 403


def test_deleted_invite_is_revoked(client, admin):
    invite, secret = Invite.objects.issue(role=Role.SORTER, created_by=admin)
    client.post(reverse("admin:people_invite_delete", args=[invite.pk]), {"post": "yes"})
    assert Client().get(reverse("people:join", args=[secret])).status_code == 410


def test_token_is_revoked_by_deleting_it_and_never_made_here(client, sorter):
    token, secret = ApiToken.objects.issue(sorter, "laptop")
    assert client.get(reverse("admin:people_apitoken_add")).status_code == 403
    client.post(reverse("admin:people_apitoken_delete", args=[token.pk]), {"post": "yes"})
    assert ApiToken.objects.member_of(secret) is None


def test_password_link_sets_the_password_and_ends_other_logins(client, sorter):
    elsewhere = Client()
    elsewhere.force_login(sorter)
    (message,) = act(client, "make_password_link", sorter)
    (path,) = LINK.findall(message)
    Client().post(path, {"password1": PASSWORD, "password2": PASSWORD})
    sorter.refresh_from_db()
    assert sorter.check_password(PASSWORD)
    assert elsewhere.get(reverse("people:account")).status_code == 302
    assert sorter.role == Role.SORTER


def test_password_link_for_a_removed_member_is_refused(client, sorter):
    sorter.remove()
    assert act(client, "make_password_link", sorter) == ["mia is removed. Let them back in first."]
    assert not Invite.objects.exists()


def test_removal_ends_logins_tokens_and_links_at_once(client, admin, sorter):
    elsewhere = Client()
    elsewhere.force_login(sorter)
    _token, token_secret = ApiToken.objects.issue(sorter, "laptop")
    _invite, link_secret = Invite.objects.issue(role=sorter.role, created_by=admin, member=sorter)
    assert act(client, "remove", sorter) == [
        "mia is removed and logged out everywhere. Their tokens and links no longer work."
    ]
    assert elsewhere.get(reverse("people:account")).status_code == 302
    assert ApiToken.objects.member_of(token_secret) is None
    assert Client().get(reverse("people:join", args=[link_secret])).status_code == 410
    login = Client().post(reverse("people:login"), {"username": "mia", "password": PASSWORD})
    assert login.status_code == 200


def test_removed_admin_keeps_no_way_back_by_a_link_of_their_own(client, admin):
    other = Member.objects.create_superuser("otto", PASSWORD)
    _invite, secret = Invite.objects.issue(role=Role.ADMIN, created_by=other)
    act(client, "remove", other)
    assert Client().get(reverse("people:join", args=[secret])).status_code == 410


def test_admin_made_less_keeps_no_link_of_their_own(client, admin):
    other = Member.objects.create_superuser("otto", PASSWORD)
    _invite, secret = Invite.objects.issue(role=Role.ADMIN, created_by=other)
    client.post(member_page(other), {"role": Role.SORTER})
    assert Client().get(reverse("people:join", args=[secret])).status_code == 410


def test_nobody_removes_themselves(client, admin):
    Member.objects.create_superuser("otto", PASSWORD)
    assert act(client, "remove", admin) == ["You cannot remove yourself. Ask another admin."]
    admin.refresh_from_db()
    assert admin.is_active


def test_last_admin_is_not_removed(admin):
    with pytest.raises(LastAdminError, match="ada is the only admin"):
        admin.remove()
    admin.refresh_from_db()
    assert admin.is_active


def test_removed_admin_does_not_count_as_one(admin):
    Member.objects.create_superuser("otto", PASSWORD).remove()
    with pytest.raises(LastAdminError):
        admin.remove()


def test_last_admin_cannot_give_the_role_away(client, admin):
    response = client.post(member_page(admin), {"role": Role.CURATOR})
    assert "ada is the only admin. Make someone else an admin first." in response.content.decode()
    admin.refresh_from_db()
    assert admin.role == Role.ADMIN


def test_role_is_changed_on_the_member_page(client, sorter):
    client.post(member_page(sorter), {"role": Role.CURATOR, "username": "boss", "is_active": ""})
    sorter.refresh_from_db()
    assert (sorter.role, sorter.username, sorter.is_active) == (Role.CURATOR, "mia", True)


def test_removed_member_is_let_back_in(client, sorter):
    sorter.remove()
    assert act(client, "let_back_in", sorter) == ["mia can log in again."]
    sorter.refresh_from_db()
    assert sorter.is_active


def test_letting_in_who_was_never_removed_says_nothing(client, sorter):
    assert act(client, "let_back_in", sorter) == []


@pytest.mark.parametrize("action", ["make_password_link", "remove"])
def test_actions_are_written_down(client, sorter, action):
    act(client, action, sorter)
    history = client.get(reverse("admin:people_member_history", args=[sorter.pk]))
    assert "No changes" not in history.content.decode()
    assert len(history.context["action_list"]) == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_two_admins_who_remove_each_other_at_once_leave_one():
    pair = [Member.objects.get(username="ada"), Member.objects.create_superuser("otto", PASSWORD)]
    together, refused = threading.Barrier(2), []

    def remove(member: Member) -> None:
        try:
            together.wait()
            member.remove()
        except LastAdminError:
            refused.append(member)
        finally:
            connection.close()

    threads = [threading.Thread(target=remove, args=[member]) for member in pair]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 1
    assert Member.objects.filter(role=Role.ADMIN, is_active=True).count() == 1
