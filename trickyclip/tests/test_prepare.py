"""Tests ``manage.py prepare``, which a start runs on the database."""

import pytest
from django.core.management import call_command
from django.db import connection

from people.models import Member, Role
from trickyclip.management.commands.prepare import make_first_account

pytestmark = pytest.mark.django_db


def test_the_first_account_is_an_admin_whose_password_is_told():
    password = make_first_account()
    member = Member.objects.get()
    assert member.role == Role.ADMIN
    assert member.check_password(password)


def test_there_is_no_first_account_where_somebody_is():
    Member.objects.create_user("mia")
    assert make_first_account() is None
    assert Member.objects.count() == 1


@pytest.mark.slow
def test_the_first_password_is_printed_once(capsys):
    call_command("prepare")
    call_command("prepare")
    assert capsys.readouterr().out.count("with the password") == 1


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_postgresql_knows_what_new_columns_hold_once_the_database_is_prepared(original):
    call_command("migrate", "clips", "0089", verbosity=0)
    try:
        call_command("prepare")
        with connection.cursor() as cursor:
            cursor.execute("SELECT null_frac FROM pg_stats WHERE attname = 'trim_by_setting'")
            assert cursor.fetchall() == [(0.0,)]
    finally:
        call_command("migrate", verbosity=0)
