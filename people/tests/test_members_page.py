"""Tests the page of members and links, and the page that leads to it."""

import re

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from clips.models import AuditReport, AuditState, Job, JobKind, JobState, OriginalFile
from clips.tests.factories import OriginalFileFactory
from people.models import Action, AuditEntry, Invite, Member, Person, Role
from tricks.models import Trick

pytestmark = pytest.mark.django_db


@pytest.fixture
def client(client, admin):
    client.force_login(admin)
    return client


def post(client, name: str, *arguments, **data):
    return client.post(reverse(f"people:{name}", args=arguments), data, follow=True)


def link_on(answer) -> str:
    return re.search(r"http://testserver(/join/[\w-]+)", answer.content.decode())[1]


def test_an_invite_link_is_shown_once_with_a_qr_code_and_lets_in(client):
    answer = post(client, "invite_create", role=Role.CURATOR)
    assert answer.status_code == 201
    assert 'src="data:image/svg+xml' in answer.content.decode()
    link = link_on(answer)
    assert link not in client.get(reverse("people:members")).content.decode()
    joined = Client().post(
        link, {"username": "nia", "password1": "slushy-spring-rails-5", "password2": "slushy-spring-rails-5"}
    )
    assert joined.status_code == 302
    assert Member.objects.get(username="nia").role == Role.CURATOR


def test_a_revoked_link_lets_nobody_in(client):
    link = link_on(post(client, "invite_create", role=Role.SORTER))
    post(client, "invite_revoke", Invite.objects.get().pk)
    assert Client().get(link).status_code == 410
    assert AuditEntry.objects.filter(action=Action.DELETED).exists()


def test_a_role_is_set_and_in_the_trail(client, sorter):
    post(client, "member_role", sorter.pk, role=Role.CURATOR)
    sorter.refresh_from_db()
    assert sorter.role == Role.CURATOR
    entry = AuditEntry.objects.get(action=Action.ROLE_GIVEN)
    assert (entry.target_name, entry.details) == ("mia", {"before": "SORTER", "after": "CURATOR"})


def test_a_role_that_is_the_same_ends_no_login(client, sorter):
    mark = sorter.login_mark
    post(client, "member_role", sorter.pk, role=Role.SORTER)
    sorter.refresh_from_db()
    assert sorter.login_mark == mark


def test_the_last_admin_stays_one(client, admin):
    page = post(client, "member_role", admin.pk, role=Role.SORTER)
    assert "is the only admin" in page.content.decode()
    admin.refresh_from_db()
    assert admin.role == Role.ADMIN
    assert not AuditEntry.objects.filter(action=Action.ROLE_GIVEN).exists()


def test_who_gives_their_own_role_away_stays_logged_in(client, admin, sorter):
    post(client, "member_role", sorter.pk, role=Role.ADMIN)
    page = post(client, "member_role", admin.pk, role=Role.CURATOR)
    assert (page.status_code, page.request["PATH_INFO"]) == (200, "/")
    assert client.get(reverse("people:members")).status_code == 403


def test_a_member_is_removed_and_let_back_in(client, sorter):
    theirs = Client()
    theirs.force_login(sorter)
    post(client, "member_remove", sorter.pk)
    assert theirs.get("/").status_code == 302
    page = post(client, "member_let_back_in", sorter.pk)
    assert "mia can log in again." in page.content.decode()
    sorter.refresh_from_db()
    assert sorter.is_active
    actions = AuditEntry.objects.filter(target_name="mia").values_list("action", flat=True)
    assert set(actions) == {Action.REMOVED, Action.LET_BACK_IN}


def test_nobody_removes_themselves(client, admin):
    assert "You cannot remove yourself" in post(client, "member_remove", admin.pk).content.decode()
    admin.refresh_from_db()
    assert admin.is_active


def test_a_password_link_sets_a_new_password(client, sorter):
    link = link_on(post(client, "member_link", sorter.pk))
    Client().post(link, {"password1": "slushy-spring-rails-6", "password2": "slushy-spring-rails-6"})
    sorter.refresh_from_db()
    assert sorter.check_password("slushy-spring-rails-6")


def test_a_role_that_is_none_is_refused(client, sorter):
    assert post(client, "member_role", sorter.pk, role="KING").status_code == 422
    assert post(client, "invite_create", role="KING").status_code == 422
    assert not Invite.objects.exists()


def test_the_page_costs_the_same_for_many_members(client):
    def n_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            client.get(reverse("people:members"))
        return len(queries)

    few = n_queries()
    for number in range(12):
        Member.objects.create_user(f"member{number}", role=Role.SORTER)
        Invite.objects.issue(role=Role.VIEWER, created_by=Member.objects.first())
    assert n_queries() == few


def test_curators_see_only_the_doors_that_open(client, curator):
    for_admins = client.get(reverse("clips:manage")).content.decode()
    client.force_login(curator)
    page = client.get(reverse("clips:manage"))
    doors = [door for _title, doors in page.context["areas"] for door in doors]
    assert "/manage/members" in for_admins
    assert "/manage/members" not in page.content.decode()
    assert len(doors) == 10
    for door in doors:
        assert client.get(door.url).status_code == 200, door.url


def test_each_place_of_manage_says_what_there_is(client, sorter):
    Person.objects.add("Mia Berg"), Person.objects.add("Jo Nilsen")
    AuditReport.objects.create(state=AuditState.DONE, n_wrong=3)
    OriginalFileFactory()
    failed = Job.objects.for_target(JobKind.PROBE, OriginalFile.objects.get())
    Job.objects.filter(pk=failed.pk).update(state=JobState.FAILED, reason="The file is empty.")
    page = client.get(reverse("clips:manage"))
    doors = {str(door.title): door.figure() for _title, doors in page.context["areas"] for door in doors if door.figure}
    said = {title: figure.words for title, figure in doors.items() if title not in {"Storage", "Audit trail"}}
    assert said == {
        "Members": "2 members", "Notice channels": "none", "Riders": "2 riders",
        "Tricks": f"{Trick.objects.count()} tricks", "Sessions": "1 session", "Cameras and clocks": "1 camera",
        "Jobs": "1 failed", "Bin": "empty", "Nightly check": "3 problems", "Learned from sorting": "0 decisions",
    }  # fmt: skip
    assert {title for title, figure in doors.items() if figure.is_wrong} >= {"Jobs", "Nightly check"}
    assert all(words in page.content.decode() for words in said.values())


def test_what_is_in_order_is_said_so(client):
    AuditReport.objects.create(state=AuditState.DONE, n_wrong=0)
    body = client.get(reverse("clips:manage")).content.decode()
    assert body.count('class="door-figure problem"') == 0
    assert ">fine, " in body
