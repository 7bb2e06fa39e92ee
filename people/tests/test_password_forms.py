"""What is wrong with a new password stands below the box in which it was typed, on each page that asks for one."""

import pytest
from django.urls import reverse

from people.models import Invite, Role

GOOD, SHORT, OTHER = "long-enough-for-everyone", "short", "something-else-entirely"


def join(client, sorter, first: str, again: str):
    _invite, secret = Invite.objects.issue(role=Role.SORTER, created_by=None)
    fields = {"username": "new", "password1": first, "password2": again}
    return client.post(reverse("people:join", args=[secret]), fields).context["form"]


def reset(client, sorter, first: str, again: str):
    _invite, secret = Invite.objects.issue(role=sorter.role, created_by=None, member=sorter)
    return client.post(reverse("people:join", args=[secret]), {"password1": first, "password2": again}).context["form"]


def change(client, sorter, first: str, again: str):
    client.force_login(sorter)
    fields = {"old_password": "slushy-spring-rails-4", "new_password1": first, "new_password2": again}
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
