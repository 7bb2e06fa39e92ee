"""Tests the security headers of answers that no route gives.

Those of every route, to strangers and to admins, are read where all of them are asked: test_access.py.
"""

import pytest
from django.templatetags.static import static
from django.test import Client
from django.urls import reverse

from trickyclip.tests.security_headers import HSTS_S, faults


@pytest.fixture
def https(settings) -> None:
    settings.SECURE_HSTS_SECONDS = HSTS_S


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "status"),
    [(static("css/base.css"), 200), (static("missing.css"), 404), ("/nowhere", 404), ("/api/nowhere", 401)],
)
def test_static_files_and_what_is_not_there_say_them_too(https, path, status):
    answer = Client().get(path, secure=True)
    assert answer.status_code == status
    assert faults(answer) == []


def test_a_page_that_breaks_says_them_too(https, admin, monkeypatch):
    monkeypatch.setattr("clips.web.home.render", None)
    client = Client(raise_request_exception=False)
    client.force_login(admin)
    answer = client.get(reverse("home"), secure=True)
    assert answer.status_code == 500
    assert faults(answer) == []


@pytest.mark.parametrize("name", ["people:account", "people:login"])
def test_pages_with_secrets_are_kept_by_no_browser(client, admin, name):
    if name == "people:account":
        client.force_login(admin)
    assert "no-store" in client.get(reverse(name))["Cache-Control"]
