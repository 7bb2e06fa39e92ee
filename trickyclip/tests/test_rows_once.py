"""Tests the fixture `rows_once`: each test of a file finds the rows that were made once, as they were made."""

import pytest

from people.models import Member


@pytest.fixture(scope="module")
def mia(rows_once) -> Member:
    with rows_once():
        return Member.objects.create_user("one-mia")


@pytest.mark.parametrize("turn", [1, 2])
def test_what_a_test_does_to_them_is_undone(db, mia, turn):
    assert list(Member.objects.values_list("username", flat=True)) == ["one-mia"]
    Member.objects.filter(pk=mia.pk).update(username="another")
    Member.objects.create_user("jo")


def test_a_test_that_asks_for_no_database_has_none(mia):
    with pytest.raises(RuntimeError, match="Database access not allowed"):
        Member.objects.count()
