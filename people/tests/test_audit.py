"""Tests the audit trail: complete, permanent, and readable by admins alone."""

from datetime import timedelta

import pytest
from django.contrib import admin as django_admin
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conftest import PASSWORD
from people.audit import AuditedAdmin, note
from people.models import Action, ApiToken, AuditEntry, Invite, Member, Person, Role, SecondFactor
from people.tests.test_second_factor import code_of

TRAIL = reverse("admin:people_auditentry_changelist")
MEMBERS = reverse("admin:people_member_changelist")


def trail() -> list[tuple[str, str, str]]:
    """Return actor, action and target of all entries, the oldest first."""
    return [(entry.actor_name, entry.action, entry.target_name) for entry in AuditEntry.objects.order_by("pk")]


def test_login_failure_and_logout_are_in_it_with_the_address(sorter):
    client = Client(REMOTE_ADDR="203.0.113.7")
    client.post(reverse("people:login"), {"username": "Mia", "password": "wrong"})
    client.post(reverse("people:login"), {"username": "mia", "password": PASSWORD})
    client.post(reverse("people:logout"))
    assert trail() == [
        ("(not logged in)", "login_failed", "mia"),
        ("mia", "logged_in", ""),
        ("mia", "logged_out", ""),
    ]
    assert set(AuditEntry.objects.values_list("address", flat=True)) == {"203.0.113.7"}
    assert all(abs(entry.at - timezone.now()) < timedelta(minutes=1) for entry in AuditEntry.objects.all())


def test_what_was_typed_as_a_name_is_not_in_it(db):
    Client().post(reverse("people:login"), {"username": "my-password", "password": "wrong"})
    assert trail() == [("(not logged in)", "login_failed", "")]


def test_account_changes_are_in_it(client, sorter):
    client.force_login(sorter)
    new = "another-good-password"
    client.post(reverse("people:token_create"), {"name": "laptop", "scope": "READ", "days": ""})
    client.post(reverse("people:token_revoke", args=[ApiToken.objects.get().pk]))
    fields = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    client.post(reverse("people:password_change"), fields)
    client.post(reverse("people:logout_everywhere"))
    assert [action for _who, action, _what in trail()] == [
        "token_made",
        "token_revoked",
        "password_set",
        "logins_ended",
    ]


def test_changes_of_a_second_factor_are_in_it(client, admin, sorter):
    client.force_login(sorter)
    for name, fields in (
        ("begin", {"password": PASSWORD}),
        ("confirm", {}),
        ("codes", {"password": PASSWORD}),
        ("off", {"password": PASSWORD}),
        ("begin", {"password": PASSWORD}),
        ("confirm", {}),
    ):
        fields = fields or {"code": code_of(SecondFactor.objects.get())}
        client.post(reverse(f"people:second_factor_{name}"), fields)
    client.force_login(admin)
    client.post(MEMBERS, {"action": "reset_second_factor", "_selected_action": [sorter.pk]})
    wanted = [("mia", action) for action in ("factor_on", "codes_made", "factor_off", "factor_on")]
    assert [(who, action) for who, action, _what in trail()] == [*wanted, ("ada", "factor_reset")]


def test_member_changes_are_in_it_and_outlive_the_member(client, admin, sorter):
    client.force_login(admin)
    client.post(reverse("admin:people_member_change", args=[sorter.pk]), {"role": Role.CURATOR})
    for action in ("make_password_link", "end_logins", "remove", "let_back_in"):
        client.post(MEMBERS, {"action": action, "_selected_action": [sorter.pk]})
    assert trail() == [
        ("ada", action, "mia") for action in ("role_given", "link_made", "logins_ended", "removed", "let_back_in")
    ]
    assert AuditEntry.objects.get(action="role_given").details == {"before": "SORTER", "after": "CURATOR"}


def test_who_joined_by_which_link_is_in_it(client, admin):
    client.force_login(admin)
    client.post(reverse("admin:people_invite_add"), {"role": Role.SORTER})
    _invite, secret = Invite.objects.issue(role=Role.SORTER, created_by=admin)
    Client().post(
        reverse("people:join", args=[secret]), {"username": "new", "password1": PASSWORD, "password2": PASSWORD}
    )
    assert [(who, action) for who, action, _what in trail()] == [
        ("ada", "added"),
        ("new", "joined"),
        ("new", "logged_in"),
    ]
    assert secret not in str(list(AuditEntry.objects.values()))


def test_admins_pages_write_what_is_added_changed_and_deleted(client, curator):
    client.force_login(curator)
    aliases = {"aliases-TOTAL_FORMS": 0, "aliases-INITIAL_FORMS": 0}
    client.post(reverse("admin:people_person_add"), {"display_name": "Mia Berg", **aliases})
    person = Person.objects.get()
    change = reverse("admin:people_person_change", args=[person.pk])
    client.post(change, {"display_name": "Mia Hill", "slug": person.slug, **aliases})
    client.post(reverse("admin:people_person_delete", args=[person.pk]), {"post": "yes"})
    assert [(who, action) for who, action, _what in trail()] == [
        ("cora", name) for name in ("added", "changed", "deleted")
    ]
    assert trail()[-1][2] == "Mia Hill"


def test_deleting_many_at_once_names_each(client, curator):
    client.force_login(curator)
    people = [Person.objects.add("Mia Berg"), Person.objects.add("Jo Hill")]
    picked = {"action": "delete_selected", "post": "yes", "_selected_action": [person.pk for person in people]}
    client.post(reverse("admin:people_person_changelist"), picked)
    assert {what for _who, action, what in trail() if action == "deleted"} == {"Mia Berg", "Jo Hill"}


def test_every_admin_page_that_changes_rows_writes_them_down():
    """Those of members write in words of their own; the trail itself is changed by nobody."""
    own_words = {Member, AuditEntry}
    silent = [
        model.__name__
        for model, page in django_admin.site._registry.items()
        if not isinstance(page, AuditedAdmin) and model not in own_words
    ]
    assert silent == []


@pytest.mark.parametrize("change", ["update", "delete", "save"])
def test_nothing_in_it_can_be_changed_or_deleted(sorter, change):
    note(Action.JOINED, sorter, actor=sorter)
    entry = AuditEntry.objects.get()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        {
            "update": lambda: AuditEntry.objects.update(actor_name="nobody"),
            "delete": lambda: AuditEntry.objects.all().delete(),
            "save": entry.save,
        }[change]()
    assert trail() == [("mia", "joined", "mia")]


def test_it_goes_with_what_was_done_or_not_at_all(sorter):
    with transaction.atomic():
        note(Action.REMOVED, sorter)
        transaction.set_rollback(True)
    assert trail() == []


def test_what_the_site_does_by_itself_bears_no_name(sorter):
    note(Action.CHANGED, sorter)
    assert trail() == [("(the site)", "changed", "mia")]


def test_admins_read_and_search_it_and_nobody_writes_it(client, admin, curator, sorter):
    note(Action.REMOVED, sorter, actor=admin)
    entry = AuditEntry.objects.get()
    client.force_login(curator)
    assert client.get(TRAIL).status_code == 403
    client.force_login(admin)
    page = client.get(TRAIL, {"action": "removed", "q": "mia"}).content.decode()
    assert "removed from the crew" in page
    change = reverse("admin:people_auditentry_change", args=[entry.pk])
    assert client.get(change).status_code == 200
    assert client.post(change, {"actor_name": "nobody"}).status_code == 403
    assert client.get(reverse("admin:people_auditentry_add")).status_code == 403
    assert client.post(reverse("admin:people_auditentry_delete", args=[entry.pk])).status_code == 403
