"""Tests that a longer list in the admin costs no more queries than a short one."""

from collections.abc import Callable
from functools import partial

import pytest
from django.conf import settings
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext

from clips.tests.admin.test_admin import REGISTERED, add_one_of_each, page
from people.models import Member


def n_queries(ask: Callable) -> int:
    with CaptureQueriesContext(connection) as asked:
        assert ask().status_code == 200
    return len(asked)


@pytest.fixture(scope="module")
def session_key(rows_once) -> str:
    """Return the key of a session in which an admin is logged in."""
    client = Client()
    with rows_once():
        client.force_login(Member.objects.create_superuser("one-admin"))
        return client.session.session_key


@pytest.fixture(scope="module")
def before(rows_once, session_key) -> dict[type[models.Model], tuple[int, int]]:
    """Return how many rows each list had, and queries it cost, before four more of everything came."""
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = session_key
    with rows_once():
        add_one_of_each(1)
        measured = {}
        for model in REGISTERED:
            ask = partial(client.get, page(model, "changelist"))
            ask()  # what a process asks for only once is asked by now
            measured[model] = (model.objects.count(), n_queries(ask))
        for number in range(2, 6):
            add_one_of_each(number)
    return measured


@pytest.mark.parametrize("model", REGISTERED, ids=str)
def test_longer_list_costs_no_more_queries(client, db, session_key, before, model):
    client.cookies[settings.SESSION_COOKIE_NAME] = session_key
    n_rows, n_before = before[model]
    assert model.objects.count() >= n_rows + 4
    assert n_queries(lambda: client.get(page(model, "changelist"))) == n_before
