"""Tests the settings as a server reads them; the tests' own settings are laxer in places."""

import json
import os
import subprocess
import sys

import pytest
from django.test import Client
from django.urls import reverse

from conftest import PASSWORD
from trickyclip.runtime import embedded

pytestmark = pytest.mark.slow

NAMES = ("DEBUG", "SECURE_SSL_REDIRECT", "SECURE_HSTS_SECONDS", "SECURE_HSTS_INCLUDE_SUBDOMAINS", "SECURE_HSTS_PRELOAD",
         "SESSION_COOKIE_SECURE", "SESSION_COOKIE_HTTPONLY", "SESSION_COOKIE_SAMESITE", "CSRF_COOKIE_SECURE",
         "CSRF_COOKIE_SAMESITE", "PASSWORD_HASHERS", "SECURE_CONTENT_TYPE_NOSNIFF")  # fmt: skip
SAY = f"""
import json
from django.conf import settings
print(json.dumps({{name: getattr(settings, name) for name in {NAMES!r}}}))
"""


@pytest.fixture(scope="module")
def on_a_server(tmp_path_factory) -> dict[str, object]:
    """Settings with HTTPS=1 and nothing else chosen."""
    environment = {name: text for name, text in os.environ.items() if name != "DEBUG"}
    environment |= {"DJANGO_SETTINGS_MODULE": "trickyclip.settings", "HTTPS": "1"}
    environment["DATA_DIR"] = str(tmp_path_factory.mktemp("data"))
    command = [sys.executable, "-c", SAY]
    said = subprocess.run(command, cwd=embedded.BASE_DIR, env=environment, capture_output=True, text=True, check=True)
    return json.loads(said.stdout)


@pytest.fixture
def strict(on_a_server, settings) -> None:
    for name, value in on_a_server.items():
        setattr(settings, name, value)


def test_debugging_is_off_unless_it_is_asked_for(on_a_server):
    assert on_a_server["DEBUG"] is False


def test_passwords_are_hashed_with_pbkdf2(strict, sorter):
    sorter.set_password(PASSWORD)
    assert sorter.password.startswith("pbkdf2_sha256$")


def test_cookies_are_secure_same_site_and_that_of_a_login_is_for_no_script(strict, sorter):
    client = Client()
    login = reverse("people:login")
    client.get(login, secure=True)
    answer = client.post(login, {"username": "mia", "password": PASSWORD}, secure=True)
    assert answer.status_code == 302
    cookies = client.cookies
    assert {name: (cookies[name]["secure"], cookies[name]["samesite"]) for name in ("sessionid", "csrftoken")} == {
        "sessionid": (True, "Lax"),
        "csrftoken": (True, "Lax"),
    }
    assert cookies["sessionid"]["httponly"] is True


def test_hsts_is_for_a_year_with_subdomains_and_plain_http_is_sent_to_https(strict, db):
    login = reverse("people:login")
    assert Client().get(login, secure=True)["Strict-Transport-Security"] == (
        "max-age=31536000; includeSubDomains; preload"
    )
    plain = Client().get(login)
    assert (plain.status_code, plain["Location"]) == (301, "https://testserver/login")
