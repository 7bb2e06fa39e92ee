"""Tests refused passwords, their messages, and that the current one cannot be guessed there."""

import pytest
from django.urls import reverse

from conftest import PASSWORD
from people.models import Invite, Member, Role

GOOD, SHORT, OTHER = "long-enough-for-everyone", "short", "something-else-entirely"


def join(client, sorter, first: str, again: str):
    _invite, secret = Invite.objects.issue(role=Role.SORTER, created_by=None)
    fields = {"username": f"{sorter}2", "password1": first, "password2": again}
    return client.post(reverse("people:join", args=[secret]), fields).context["form"]


def reset(client, sorter, first: str, again: str):
    _invite, secret = Invite.objects.issue(role=sorter.role, created_by=None, member=sorter)
    return client.post(reverse("people:join", args=[secret]), {"password1": first, "password2": again}).context["form"]


def change(client, sorter, first: str, again: str):
    client.force_login(sorter)
    fields = {"old_password": PASSWORD, "new_password1": first, "new_password2": again}
    return client.post(reverse("people:password_change"), fields).context["password_form"]


@pytest.mark.parametrize("fill_in", [join, reset, change])
def test_a_fault_of_the_password_stands_below_the_first_box_and_a_difference_below_the_second(client, sorter, fill_in):
    too_short = fill_in(client, sorter, SHORT, SHORT)
    (box,) = too_short.errors
    assert box.endswith("password1")
    assert "too short" in str(too_short.errors[box])
    different = fill_in(client, sorter, GOOD, OTHER)
    (box,) = different.errors
    assert box.endswith("password2")
    assert different.errors[box] == ["The passwords do not match."]
    both = fill_in(client, sorter, SHORT, OTHER)
    assert [box[-1] for box in both.errors] == ["2", "1"], "each its own"


@pytest.mark.parametrize("fill_in", [join, reset, change])
@pytest.mark.parametrize("weak", ["nine-char", "4711081547110815", "basketball", "mia-mia-mi"])
def test_a_short_common_or_digits_only_password_or_ones_own_name_is_refused(client, db, fill_in, weak):
    """Each rule by itself: the name is long enough to be a password."""
    named_so = Member.objects.create_user("mia-mia-mia", PASSWORD)
    before = named_so.password
    form = fill_in(client, named_so, weak, weak)
    assert [box[:-1].removeprefix("new_") for box in form.errors] == ["password"]
    assert Member.objects.get().password == before


@pytest.mark.parametrize("wrong", ["", "no-such-password"])
def test_a_new_password_wants_the_current_one(client, sorter, wrong):
    client.force_login(sorter)
    fields = {"old_password": wrong, "new_password1": GOOD, "new_password2": GOOD}
    assert client.post(reverse("people:password_change"), fields).status_code == 422
    assert Member.objects.get().check_password(PASSWORD)


@pytest.mark.parametrize(("name", "field"), [("password_change", "old_password"), ("second_factor_begin", "password")])
def test_the_current_password_cannot_be_guessed_at_in_an_open_browser(client, sorter, name, field):
    client.force_login(sorter)
    fields = {"new_password1": GOOD, "new_password2": GOOD}
    tries = [client.post(reverse(f"people:{name}"), fields | {field: "no-such-password"}) for _ in range(5)]
    assert [answer.status_code for answer in tries] == [422] * 4 + [429]
    assert client.post(reverse(f"people:{name}"), fields | {field: PASSWORD}).status_code == 429
    assert Member.objects.get().check_password(PASSWORD)
