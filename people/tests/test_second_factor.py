"""Tests the second factor: turning it on, logging in with it, and recovering from its loss."""

import base64
import re
import time

import pytest
from django.test import Client
from django.urls import reverse
from django_otp.oath import TOTP

from conftest import PASSWORD
from people.models import Invite, Member, RecoveryCode, Role, SecondFactor, second_factor

PAGE = reverse("people:second_factor")
CODE_PAGE = reverse("people:login_code")
HOME = reverse("home")


def code_of(factor: SecondFactor, *, steps_from_now: int = 0) -> str:
    totp = TOTP(base64.b32decode(factor.key))
    totp.time = time.time() + 30 * steps_from_now
    return f"{totp.token():06d}"


@pytest.fixture
def factor(sorter) -> SecondFactor:
    """Mia's second factor, turned on a while ago."""
    begun = SecondFactor.objects.begin(sorter)
    begun.confirm(code_of(begun))
    SecondFactor.objects.update(last_step=0)
    begun.refresh_from_db()
    return begun


def password_said(client: Client, **more: str):
    return client.post(reverse("people:login"), {"username": "mia", "password": PASSWORD, **more})


def is_in(client: Client) -> bool:
    return client.get(HOME).status_code == 200


def test_it_is_set_up_by_scanning_and_typing_a_code(client, sorter):
    client.force_login(sorter)
    assert client.post(reverse("people:second_factor_begin"), {"password": PASSWORD}).status_code == 302
    page = client.get(PAGE).content.decode()
    begun = SecondFactor.objects.get()
    assert 'src="data:image/svg+xml' in page
    assert begun.key in page.replace(" ", "")
    assert not sorter.has_second_factor
    answer = client.post(reverse("people:second_factor_confirm"), {"code": code_of(begun)})
    codes = re.findall(r"<code>((?:[0-9a-f]{4}-){3}[0-9a-f]{4})</code>", answer.content.decode())
    assert (answer.status_code, len(set(codes))) == (201, second_factor.N_RECOVERY_CODES)
    assert sorter.has_second_factor
    assert is_in(client)


def test_turning_it_on_ends_the_logins_that_had_only_a_password(client, sorter):
    elsewhere = Client()
    elsewhere.force_login(sorter)
    client.force_login(sorter)
    client.post(reverse("people:second_factor_begin"), {"password": PASSWORD})
    client.post(reverse("people:second_factor_confirm"), {"code": code_of(SecondFactor.objects.get())})
    assert is_in(client)
    assert not is_in(elsewhere)


def test_a_wrong_first_code_turns_nothing_on(client, sorter):
    client.force_login(sorter)
    client.post(reverse("people:second_factor_begin"), {"password": PASSWORD})
    assert client.post(reverse("people:second_factor_confirm"), {"code": "000000"}).status_code == 422
    assert not sorter.has_second_factor


@pytest.mark.parametrize("name", ["second_factor_begin", "second_factor_codes", "second_factor_off"])
def test_every_change_wants_the_password(client, sorter, factor, name):
    client.force_login(sorter)
    assert client.post(reverse(f"people:{name}"), {"password": "wrong"}).status_code == 422
    assert sorter.has_second_factor
    assert RecoveryCode.objects.count() == second_factor.N_RECOVERY_CODES


def test_password_alone_opens_nothing(client, factor):
    answer = password_said(client)
    assert (answer.status_code, answer["Location"]) == (302, CODE_PAGE)
    assert not is_in(client)


def test_code_lets_in_where_one_wanted_to_go(client, factor):
    password_said(client, next="/account")
    answer = client.post(CODE_PAGE, {"code": code_of(factor)})
    assert (answer.status_code, answer["Location"]) == (302, "/account")
    assert is_in(client)


def test_code_may_be_typed_with_a_gap(client, factor):
    password_said(client)
    code = code_of(factor)
    assert client.post(CODE_PAGE, {"code": f"{code[:3]} {code[3:]}"}).status_code == 302


@pytest.mark.parametrize(("steps", "status"), [(-2, 422), (-1, 302), (1, 302), (2, 422)])
def test_clock_may_be_off_by_one_step(client, factor, steps, status, monkeypatch):
    now = time.time()
    monkeypatch.setattr(second_factor.time, "time", lambda: now)
    code = code_of(factor, steps_from_now=steps)
    password_said(client)
    assert client.post(CODE_PAGE, {"code": code}).status_code == status


def test_a_code_works_once(client, factor):
    code = code_of(factor)
    assert factor.accepts(code)
    assert not factor.accepts(code)


def test_a_recovery_code_works_once(client, sorter, factor):
    code, *_others = RecoveryCode.objects.issue(sorter)
    for status in (302, 422):
        other = Client()
        password_said(other)
        assert other.post(CODE_PAGE, {"code": f" {code.upper()} "}).status_code == status


def test_neither_key_nor_recovery_codes_lie_in_the_clear(sorter, factor):
    codes = RecoveryCode.objects.issue(sorter)
    stored = str([list(SecondFactor.objects.values()), list(RecoveryCode.objects.values())])
    assert not [secret for secret in (factor.key, *codes) if secret in stored]


@pytest.mark.parametrize("wrong", ["000000", "0000-0000-0000-0000"], ids=["code", "recovery code"])
def test_wrong_codes_take_the_break_that_wrong_passwords_take(client, factor, wrong):
    password_said(client)
    statuses = [client.post(CODE_PAGE, {"code": wrong}).status_code for _ in range(5)]
    assert statuses == [422] * 4 + [429]
    assert client.post(CODE_PAGE, {"code": code_of(factor)}).status_code == 429


def test_password_said_long_ago_is_said_again(client, factor, monkeypatch):
    password_said(client)
    monkeypatch.setattr("people.login.OWES_CODE_S", -1)
    answer = client.post(CODE_PAGE, {"code": code_of(factor)})
    assert answer["Location"] == reverse("people:login")
    assert not is_in(client)


def test_who_was_removed_meanwhile_gets_no_further(client, sorter, factor):
    password_said(client)
    sorter.remove()
    client.post(CODE_PAGE, {"code": code_of(factor)})
    assert not is_in(client)


def test_password_link_opens_no_way_around_it(client, sorter, factor):
    _invite, secret = Invite.objects.issue(role=Role.SORTER, created_by=None, member=sorter)
    fields = {"password1": "another-good-password", "password2": "another-good-password"}
    assert client.post(reverse("people:join", args=[secret]), fields)["Location"] == CODE_PAGE
    assert not is_in(client)


def test_an_admin_resets_what_was_lost(client, admin, sorter, factor):
    client.force_login(admin)
    picked = {"action": "reset_second_factor", "_selected_action": [sorter.pk]}
    client.post(reverse("admin:people_member_changelist"), picked)
    other = Client()
    password_said(other)
    assert is_in(other)
    assert not RecoveryCode.objects.exists()


class TestWantedFromStaff:
    @pytest.fixture(autouse=True)
    def wanted(self, settings):
        settings.SECOND_FACTOR_FOR_STAFF = True

    def test_admin_opens_after_it_is_on(self, client, curator):
        client.force_login(curator)
        assert client.get(reverse("admin:index"))["Location"] == PAGE
        begun = SecondFactor.objects.begin(curator)
        begun.confirm(code_of(begun))
        assert client.get(reverse("admin:index")).status_code == 200

    def test_programs_are_told_so(self, client, curator):
        client.force_login(curator)
        answer = client.post("/api/jobs/00000000-0000-0000-0000-000000000000/cancel")
        assert answer.status_code == 403
        assert "second factor" in answer.json()["detail"]

    def test_who_only_sorts_goes_on_sorting(self, client, curator, sorter):
        for member in (curator, sorter):
            client.force_login(member)
            assert client.get(reverse("clips:sort")).status_code == 200


def test_a_new_role_or_password_or_removal_ends_logins(client, sorter):
    for change in (
        lambda: sorter.give_role(Role.CURATOR),
        lambda: (sorter.set_password("another-good-password"), sorter.save()),
        lambda: sorter.remove(),
    ):
        client.force_login(Member.objects.get(pk=sorter.pk))
        assert is_in(client)
        change()
        assert not is_in(client)


def test_log_out_everywhere_ends_all_of_ones_own(client, sorter, other_sorter):
    elsewhere, other = Client(), Client()
    for browser in (client, elsewhere):
        browser.force_login(sorter)
    other.force_login(other_sorter)
    client.post(reverse("people:logout_everywhere"))
    assert [is_in(browser) for browser in (client, elsewhere, other)] == [False, False, True]


def test_an_admin_ends_a_members_logins(client, admin, sorter):
    elsewhere = Client()
    elsewhere.force_login(sorter)
    client.force_login(admin)
    picked = {"action": "end_logins", "_selected_action": [sorter.pk, admin.pk]}
    client.post(reverse("admin:people_member_changelist"), picked)
    assert not is_in(elsewhere)
    assert is_in(client)


def test_login_gives_the_session_a_new_key(client, sorter):
    session = client.session
    session["planted"] = "by somebody who knew the key"
    session.save()
    before = client.cookies["sessionid"].value
    password_said(client)
    assert client.cookies["sessionid"].value != before
    assert "planted" not in client.session
    assert not is_in(Client(headers={"Cookie": f"sessionid={before}"}))
