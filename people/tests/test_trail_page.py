"""Tests the page of the audit trail: found by who, what and action, paged, and for admins alone."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from people.audit import note
from people.models import Action, Member, Person

TRAIL = reverse("people:audit_trail")


@pytest.fixture
def page(client, admin):
    client.force_login(admin)
    return client


@pytest.fixture
def entries(admin, sorter) -> None:
    miller = Person.objects.add("Miller Downey")
    note(Action.CHANGED, miller, actor=admin, alias_added="<b>Mills</b>")
    note(Action.MERGED, miller, actor=sorter, merged_name="Mills")
    note(Action.LOGGED_IN, actor=sorter)


def told(answer) -> list[str]:
    return [str(entry) for entry in answer.context["page"]]


def test_the_newest_comes_first_with_its_details(page, entries):
    answer = page.get(TRAIL)
    assert [line for line in told(answer) if "ada" not in line or "changed" in line] == [
        "mia logged_in",
        "mia merged Miller Downey",
        "ada changed Miller Downey",
    ]
    assert "&lt;b&gt;Mills&lt;/b&gt;" in answer.content.decode()


@pytest.mark.parametrize(
    ("asked", "n"),
    [({"q": "miller"}, 2), ({"q": "MIA"}, 2), ({"q": "mia", "action": "merged"}, 1), ({"q": "nobody"}, 0)],
)
def test_entries_are_found_by_who_what_and_action(page, entries, asked, n):
    assert len(told(page.get(TRAIL, asked))) == n


def test_other_pages_keep_what_was_asked(page, monkeypatch, entries):
    monkeypatch.setattr("people.trail_page.PER_PAGE", 1)
    body = page.get(TRAIL, {"q": "miller", "action": "merged"}).content.decode()
    assert "?page=2" not in body
    assert "?page=2&amp;q=miller" in page.get(TRAIL, {"q": "miller"}).content.decode()


def test_more_entries_cost_no_more_queries(page, entries):
    def n_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            page.get(TRAIL)
        return len(queries)

    few = n_queries()
    for _ in range(60):
        note(Action.CHANGED, Member.objects.first())
    assert n_queries() == few
