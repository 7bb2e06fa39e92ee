"""Tests that a member can leave: login, tokens, addresses and name go, what they did stays."""

import pytest
from django.contrib.admin.models import LogEntry
from django.db import DatabaseError, transaction
from django.urls import reverse

from clips.models import Decision, DecisionKind
from clips.tests.factories import FinalClipFactory
from conftest import PASSWORD
from people.audit import Action, note
from people.leaving import erase
from people.models import ApiToken, AuditEntry, Invite, LastAdminError, Member, Person, Role, SecondFactor


def leave(client, password: str):
    return client.post(reverse("people:leave"), {"password": password})


@pytest.fixture
def decision(segments, sorter) -> Decision:
    fields = {"kind": DecisionKind.TRASH, "segment": segments[0], "member_name": "mia", "member": sorter}
    return Decision.objects.create(**fields)


def everything_stored() -> str:
    """Return all text that the database has of members and of what they did."""
    rows = [Member.objects.values_list(), AuditEntry.objects.values_list(), Decision.objects.values_list()]
    rows += [LogEntry.objects.values_list(), Invite.objects.values_list(), ApiToken.objects.values_list()]
    return "\n".join(str(row) for table in rows for row in table)


def test_a_member_leaves_with_their_password_and_nothing_bears_their_name(client, sorter, admin, decision):
    client.force_login(sorter)
    note(Action.ROLE_GIVEN, sorter, actor=admin, before="mia")
    ApiToken.objects.issue(sorter, "phone of mia")
    Invite.objects.issue(role=Role.VIEWER, created_by=admin, member=sorter)
    client.get(reverse("people:account"))
    answer = leave(client, PASSWORD)
    assert answer.status_code == 302
    assert client.get(reverse("home")).status_code == 302  # logged out
    assert "mia" not in everything_stored()
    decision.refresh_from_db()
    assert decision.member_name == "former member"
    assert not sorter.tokens.exists()
    erased = Member.objects.get(pk=sorter.pk)
    assert not erased.has_usable_password()
    assert not erased.is_active


def test_a_wrong_password_erases_nothing(client, sorter):
    client.force_login(sorter)
    answer = leave(client, "wrong")
    assert answer.status_code == 422
    assert "This is not your password." in answer.content.decode()
    assert Member.objects.get(pk=sorter.pk).username == "mia"


def test_the_only_admin_stays(client, admin):
    client.force_login(admin)
    answer = leave(client, PASSWORD)
    assert answer.status_code == 422
    assert "only admin" in answer.content.decode()
    with pytest.raises(LastAdminError):
        erase(admin)
    assert Member.objects.get(pk=admin.pk).is_active


def test_an_erased_member_is_not_let_back_in_and_the_name_is_free(sorter, admin):
    erase(sorter)
    assert not Member.objects.get(pk=sorter.pk).let_back_in()
    assert Member.objects.create_user("mia", PASSWORD).pk != sorter.pk
    assert not SecondFactor.objects.filter(member=sorter).exists()


def test_an_admin_erases_only_who_was_removed_before(client, sorter, admin):
    client.force_login(admin)
    page = reverse("admin:people_member_changelist")
    asked = {"action": "erase", "_selected_action": [str(sorter.pk)]}
    assert "Remove mia from the crew first" in client.post(page, asked, follow=True).content.decode()
    sorter.remove()
    assert "Erased." in client.post(page, asked, follow=True).content.decode()
    assert "mia" not in everything_stored()
    assert AuditEntry.objects.get(action=Action.ERASED).actor_name == "ada"


def test_the_trail_of_a_member_who_is_here_cannot_be_emptied(sorter, admin):
    note(Action.REMOVED, sorter, actor=admin)
    for change in ({"actor_name": "former member", "address": None}, {"target_name": "former member", "details": {}}):
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            AuditEntry.objects.update(**change)


def test_a_curator_takes_a_rider_out_after_a_question(client, curator, original):
    rider = Person.objects.add("Miller Downey")
    clip = FinalClipFactory(original_file=original, person=rider)
    FinalClipFactory(original_file=original).also.add(rider)
    client.force_login(curator)
    page = reverse("admin:people_person_changelist")
    asked = {"action": "take_out", "_selected_action": [str(rider.pk)]}
    question = client.post(page, asked).content.decode()
    assert "Miller Downey" in question
    assert "in 2 clips" in question
    assert Person.objects.filter(pk=rider.pk).exists()
    client.post(page, asked | {"confirmed": "1"}, follow=True)
    clip.refresh_from_db()
    assert clip.person is None
    assert "Miller" not in f"{Person.objects.values_list()} {everything_stored()}"
