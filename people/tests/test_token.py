"""Tests the rights of a token: limited by its scope and its member, until its end."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from people.models import ApiToken, Member, Role, Scope

READS, SORTS, CURATES = ("get", "api:clip_list"), ("post", "api:sort_next"), ("post", "api:job_cancel")


def status(secret: str, call: tuple[str, str]) -> int:
    method, name = call
    args = ["00000000-0000-0000-0000-000000000000"] if name == "api:job_cancel" else []
    headers = {"Authorization": f"Bearer {secret}"}
    return getattr(Client(), method)(
        reverse(name, args=args), content_type="application/json", headers=headers
    ).status_code


@pytest.mark.parametrize(
    ("role", "scope", "refused"),
    [
        (Role.ADMIN, Scope.ADMIN, []),
        (Role.ADMIN, Scope.SORT, [CURATES]),
        (Role.ADMIN, Scope.READ, [SORTS, CURATES]),
        (Role.CURATOR, Scope.ADMIN, []),
        (Role.SORTER, Scope.ADMIN, [CURATES]),
        (Role.SORTER, Scope.READ, [SORTS, CURATES]),
        (Role.VIEWER, Scope.ADMIN, [SORTS, CURATES]),
    ],
)
@pytest.mark.django_db
def test_scope_and_role_both_bound_it(role, scope, refused):
    member = Member.objects.create_user("mia", role=role)
    _token, secret = ApiToken.objects.issue(member, "script", scope)
    for call in (READS, SORTS, CURATES):
        assert (status(secret, call) == 403) == (call in refused)


def test_it_shrinks_with_its_members_role(curator):
    _token, secret = ApiToken.objects.issue(curator, "script", Scope.ADMIN)
    assert status(secret, CURATES) == 404
    curator.give_role(Role.VIEWER)
    assert status(secret, CURATES) == 403


def test_it_ends(sorter):
    _token, secret = ApiToken.objects.issue(sorter, "script", expires_at=timezone.now() + timedelta(minutes=1))
    assert status(secret, READS) == 200
    ApiToken.objects.update(expires_at=timezone.now())
    assert status(secret, READS) == 401


@pytest.mark.parametrize(
    "name", ["people:account", "people:token_create", "people:password_change", "admin:index", "home"]
)
def test_no_token_opens_a_page(admin, name):
    _token, secret = ApiToken.objects.issue(admin, "script", Scope.ADMIN)
    answer = Client().post(reverse(name), headers={"Authorization": f"Bearer {secret}"})
    assert answer.status_code == 403
    assert ApiToken.objects.count() == 1


def test_page_makes_one_with_scope_and_end(client, sorter):
    client.force_login(sorter)
    fields = {"name": "laptop", "scope": Scope.READ, "days": "30"}
    assert "tc_" in client.post(reverse("people:token_create"), fields).content.decode()
    token = ApiToken.objects.get()
    assert token.scope == Scope.READ
    assert timedelta(days=29) < token.expires_at - timezone.now() < timedelta(days=31)
    assert "tc_" not in client.get(reverse("people:account")).content.decode()


@pytest.mark.parametrize(("role", "n_offered"), [(Role.VIEWER, 1), (Role.SORTER, 2), (Role.CURATOR, 3)])
def test_page_offers_no_more_than_the_role_may(client, db, role, n_offered):
    client.force_login(Member.objects.create_user("mia", role=role))
    form = client.get(reverse("people:account")).context["token_form"]
    assert len(form.fields["scope"].choices) == n_offered
    refused = client.post(reverse("people:token_create"), {"name": "laptop", "scope": "ROOT"})
    assert refused.status_code == 422
