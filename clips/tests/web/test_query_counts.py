"""Tests that the number of queries of a page is the same for ten rows as for fifteen thousand."""

from collections.abc import Iterable
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench.management.commands.bench_pages import Ask, decisions, pages
from clips.models import CandidateSegment

FEW, MORE, MANY = 10, 1_000, 15_000


@pytest.fixture
def client(client, admin) -> Client:
    client.force_login(admin)
    return client


def fill(n_segments: int) -> None:
    """Add this many segments, half of them kept."""
    call_command(
        "make_library", segments=n_segments, clips=n_segments // 2, seed=n_segments, force=True, stdout=StringIO()
    )


def queries_of(asked: Iterable[tuple[str, Ask]]) -> dict[str, int]:
    counted = {}
    for name, ask in asked:
        ask()  # what is read once and kept is not counted
        with CaptureQueriesContext(connection) as queries:
            assert ask().status_code == 200
        counted[name] = len(queries)
    return counted


def grown(few: dict[str, int], many: dict[str, int]) -> dict[str, tuple[int, int]]:
    """Return the pages that cost more now than before."""
    return {name: (few[name], many[name]) for name in few if few[name] < many[name]}


@pytest.mark.slow
@pytest.mark.django_db
def test_pages_cost_the_same_for_ten_moments_as_for_a_thousand(client):
    fill(FEW)
    few = queries_of(pages(client))
    fill(MORE)
    assert CandidateSegment.objects.count() == FEW + MORE
    assert grown(few, queries_of(pages(client))) == {}


@pytest.mark.slow
@pytest.mark.django_db
def test_pages_and_decisions_cost_the_same_for_a_thousand_moments_as_for_fifteen_thousand(client, admin):
    def all_queries() -> dict[str, int]:
        decided = queries_of(decisions(client, admin))  # first, for the sort page comes with what was decided last
        return queries_of(pages(client)) | decided

    fill(MORE)
    few = all_queries()
    fill(MANY)
    assert CandidateSegment.objects.count() == MORE + MANY
    assert grown(few, all_queries()) == {}
