"""Tests that too many failed logins are locked out for a while, without affecting anybody else."""

import pytest
from axes.models import AccessAttempt
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from conftest import PASSWORD
from people import throttle
from people.models import ApiToken, Invite, Role

WRONG = "no-such-password"
LOGIN = reverse("people:login")
API = reverse("api:clip_list")
HERE, ELSEWHERE = "203.0.113.7", "198.51.100.9"


def try_login(username: str, password: str = WRONG, address: str = HERE, times: int = 1) -> int:
    """Return the status of the last try: 200 is the form again, 302 a login, 429 a lockout."""
    for _ in range(times):
        answer = Client(REMOTE_ADDR=address).post(LOGIN, {"username": username, "password": password})
    return answer.status_code


def try_token(secret: str, address: str = HERE) -> int:
    return Client(REMOTE_ADDR=address).get(API, headers={"Authorization": f"Bearer {secret}"}).status_code


def test_settings_and_limits_agree():
    assert throttle.LIMITS[0] == settings.AXES_FAILURE_LIMIT
    assert len(throttle.LIMITS) == len(settings.AXES_LOCKOUT_PARAMETERS)
    assert throttle.COOL_OFF == settings.AXES_COOLOFF_TIME


def test_fifth_failure_begins_a_break_that_the_right_password_does_not_end(sorter):
    assert try_login("mia", times=4) == 200
    assert try_login("mia") == 429
    assert try_login("mia", PASSWORD) == 429


def test_break_is_told_with_words_and_a_time(sorter):
    try_login("mia", times=5)
    answer = Client(REMOTE_ADDR=HERE).post(LOGIN, {"username": "mia", "password": PASSWORD})
    assert "Try again in 15 minutes." in answer.content.decode()
    assert 800 < int(answer["Retry-After"]) <= 900


def test_break_ends(sorter):
    try_login("mia", times=5)
    AccessAttempt.objects.update(attempt_time=timezone.now() - throttle.COOL_OFF)
    assert try_login("mia", PASSWORD) == 302


def test_tries_during_a_break_do_not_make_it_longer(sorter):
    try_login("mia", times=5)
    began = AccessAttempt.objects.get().attempt_time
    try_login("mia", times=3)
    assert AccessAttempt.objects.get().attempt_time == began


@pytest.mark.slow
def test_one_persons_mistakes_lock_out_nobody_else_behind_their_address(sorter, other_sorter):
    try_login("mia", times=60)
    assert try_login("jo", PASSWORD) == 302


@pytest.mark.slow
def test_an_account_that_somebody_guesses_at_stays_open_to_its_owner_elsewhere(sorter):
    try_login("mia", times=60)
    assert try_login("mia", PASSWORD, ELSEWHERE) == 302


def test_another_spelling_of_the_name_is_no_other_account(sorter):
    for name in ("mia", "Mia", "MIA", " mia", "mIa "):
        status = try_login(name)
    assert status == 429


@pytest.mark.slow
def test_one_address_cannot_go_through_all_accounts(sorter):
    for number in range(10):
        try_login(f"guess{number}", times=5)
    assert try_login("mia", PASSWORD) == 429
    assert try_login("mia", PASSWORD, ELSEWHERE) == 302


@pytest.mark.slow
def test_one_account_cannot_be_guessed_at_from_everywhere(sorter):
    for number in range(20):
        try_login("mia", address=f"192.0.2.{number}", times=5)
    assert try_login("mia", PASSWORD, ELSEWHERE) == 429


@pytest.mark.slow
def test_addresses_of_one_ipv6_network_are_one(sorter):
    for number in range(5):
        status = try_login("mia", address=f"2001:db8:0:1::{number}")
    assert status == 429
    assert try_login("mia", PASSWORD, "2001:db8:0:2::1") == 302


def test_a_written_address_of_somebody_who_is_no_proxy_changes_nothing(sorter):
    for number in range(5):
        forged = {"X-Forwarded-For": f"192.0.2.{number}", "CF-Connecting-IP": f"192.0.2.{number}"}
        answer = Client(REMOTE_ADDR=HERE, headers=forged).post(LOGIN, {"username": "mia", "password": "wrong"})
    assert answer.status_code == 429


@pytest.mark.slow
def test_login_forgets_the_failures_of_its_own_account_alone(sorter, other_sorter):
    try_login("mia", times=4)
    try_login("jo", times=4)
    assert try_login("mia", PASSWORD) == 302
    assert try_login("mia", times=4) == 200
    assert try_login("jo") == 429


def test_who_is_logged_in_stays_so(sorter):
    client = Client(REMOTE_ADDR=HERE)
    client.force_login(sorter)
    try_login("mia", times=5)
    assert client.get(reverse("home")).status_code == 200


def test_link_from_an_admin_lets_in_at_once(sorter):
    try_login("mia", times=5)
    _invite, secret = Invite.objects.issue(role=Role.SORTER, created_by=None, member=sorter)
    fields = {"password1": "another-good-password", "password2": "another-good-password"}
    client = Client(REMOTE_ADDR=HERE)
    assert client.post(reverse("people:join", args=[secret]), fields).status_code == 302
    assert client.get(reverse("home")).status_code == 200


@pytest.mark.django_db
def test_admins_login_is_the_same_page():
    assert Client().get("/admin/login/").headers["Location"] == "/login?next=/admin/login/"
    assert Client().post("/admin/login/", {"username": "ada", "password": "wrong"}).status_code == 302


@pytest.mark.django_db
def test_a_wrong_token_takes_a_break_too():
    assert [try_token("tc_wrong") for _ in range(7)] == [401] * 5 + [429] * 2


@pytest.mark.django_db
def test_break_of_a_token_is_told_to_programs_in_their_own_words():
    for _ in range(6):
        answer = Client(REMOTE_ADDR=HERE).get(API, headers={"Authorization": "Bearer tc_wrong"})
    assert answer.json()["detail"].startswith("Too many failed attempts from this address. Try again in")
    assert int(answer["Retry-After"]) > 0


def test_a_good_token_works_beside_a_wrong_one(sorter):
    for _ in range(6):
        try_token("tc_wrong")
    _token, secret = ApiToken.objects.issue(sorter, "script")
    assert try_token(secret) == 200


@pytest.mark.slow
def test_one_address_cannot_try_token_after_token(sorter):
    _token, secret = ApiToken.objects.issue(sorter, "script")
    assert {try_token(f"tc_guess{number}") for number in range(50)} == {401}
    assert try_token("tc_one-more") == 429
    assert try_token("tc_one-more", ELSEWHERE) == 401
    assert try_token(secret) == 200


def test_what_was_typed_as_a_name_is_stored_nowhere(sorter):
    try_login("my-password-in-the-wrong-field")
    stored = [str(value) for value in vars(AccessAttempt.objects.get()).values()]
    assert not [text for text in stored if "my-password" in text]
