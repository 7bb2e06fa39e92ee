"""Tests the security headers of every route's answers, for everybody."""

import pytest
from django.templatetags.static import static
from django.test import Client
from django.urls import reverse

from trickyclip.tests.test_access import CALLS, ROUTES, argument, sessions  # noqa: F401  fixtures

EXACT = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
RULES = ("default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'")
#: May be kept by whoever sits between; nothing else.
PUBLIC = ("/static/",)


def faults(response) -> list[str]:
    """Return what is wrong with an answer's headers, in a few words each."""
    headers = response.headers
    found = [f"{name}: {headers.get(name)}" for name, value in EXACT.items() if headers.get(name) != value]
    policy = headers.get("Content-Security-Policy", "")
    found += [
        rule for rule in ("default-src 'self'", "frame-ancestors 'none'", "base-uri 'none'") if rule not in policy
    ]
    found += [word for word in ("unsafe", "http:", "https:", "*") if word in policy]
    if headers.get("Referrer-Policy") not in {"same-origin", "no-referrer"}:
        found.append("Referrer-Policy")
    if "camera=()" not in headers.get("Permissions-Policy", ""):
        found.append("Permissions-Policy")
    kept = headers.get("Cache-Control", "")
    if not response.request["PATH_INFO"].startswith(PUBLIC) and not ("private" in kept or "no-store" in kept):
        found.append(f"Cache-Control: {kept}")
    if "Access-Control-Allow-Origin" in headers:
        found.append("Access-Control-Allow-Origin")
    if not headers.get("Strict-Transport-Security", "").startswith("max-age=31536000"):
        found.append("Strict-Transport-Security")
    return found


@pytest.fixture
def https(settings):
    settings.SECURE_HSTS_SECONDS = 31_536_000


@pytest.mark.slow
def test_every_route_says_all_of_them_to_strangers_and_to_admins(https, admin, argument):  # noqa: F811
    found = []
    for member in (None, admin):
        client = Client()
        for name, method in CALLS:
            path = reverse(name, args=[argument(kind) for kind in ROUTES[name][0]])
            if member:
                client.force_login(member)
            answer = client.generic(method.upper(), path, secure=True)
            found += [f"{method} {name}: {fault}" for fault in faults(answer)]
    assert found == []


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
