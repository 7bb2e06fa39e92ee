"""Tests the opt-in leaderboard, by decisions of the last days."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from clips.models import CandidateSegment, Decision
from clips.sorting import decisions
from clips.sorting.leaderboard import board
from clips.sorting.undo import undo
from trickyclip.shared.whole_pages import AS_A_PAGE_ASKS

pytestmark = pytest.mark.django_db


def trash(member, n: int) -> list:
    lease, keys = uuid.uuid4(), []
    for segment in CandidateSegment.objects.all().lease_hand(member=member, lease=lease, count=n):
        keys.append(uuid.uuid4())
        decisions.trash(segment, lease=lease, key=keys[-1], member=member)
    undo(lease=lease, key=uuid.uuid4(), member=member, decision=keys[0])
    return keys[1:]


@pytest.mark.slow
def test_only_who_wants_to_is_on_the_board(client, sorter, curator, segments, django_assert_num_queries):
    client.force_login(sorter)
    assert sorter.username not in client.get(reverse("clips:board"), headers=AS_A_PAGE_ASKS).content.decode()
    shown = client.post(reverse("clips:board_show"), {"shown": "1"}).content.decode()
    assert sorter.username in shown
    assert curator.username not in shown
    with django_assert_num_queries(1):
        assert [row.is_me for row in board(sorter)] == [True]
    client.post(reverse("clips:board_show"), {"shown": ""})
    assert board(sorter) == []


def test_the_board_counts_what_stands_of_the_last_days(sorter, curator, segments):
    for member in (sorter, curator):
        member.show_on_board(True)
    old, *_rest = trash(sorter, 4)
    Decision.objects.filter(pk=old).update(created_at=timezone.now() - timedelta(days=8))
    assert [(row.name, row.n_sorted, row.n_kept) for row in board(curator)] == [
        (sorter.username, 2, 0),
        (curator.username, 0, 0),
    ]
