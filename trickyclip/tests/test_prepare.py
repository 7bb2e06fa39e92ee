"""Tests ``manage.py prepare``, which a start runs on the database."""

import pytest
from django.core.management import call_command

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
