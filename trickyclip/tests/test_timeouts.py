"""Tests each program's lock timeout, and the message when it is exceeded."""

import os
import subprocess
import sys

import pytest
from django.db import connection
from django.urls import reverse

from clips.models import Shoot
from clips.tests.rivals import holding_row
from trickyclip.runtime import embedded, programs, timeouts

SHOW = """
import django; django.setup()
from django.db import connection
with connection.cursor() as cursor:
    for name in ("lock_timeout", "statement_timeout"):
        cursor.execute(f"SHOW {name}"); print(cursor.fetchone()[0])
"""


def told(**environment: str) -> list[str]:
    """Return both timeouts as the database sees them in a process with this environment."""
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "trickyclip.settings"} | environment
    done = subprocess.run(
        [sys.executable, "-c", SHOW], env=environment, cwd=embedded.BASE_DIR, capture_output=True, text=True, check=True
    )
    return done.stdout.split()


@pytest.mark.slow
def test_each_program_has_its_patience_in_the_database():
    """Fails when a program does not say which it is: leave SITE_PROGRAM out of trickyclip/runtime/programs.py."""
    environments = {program.name: program.environment for program in programs.commands("", "")}
    assert told(**environments["web"]) == ["5s", "30s"]
    assert told(**environments["light"]) == ["15s", "10min"]
    assert told(**environments["incoming"]) == ["15s", "10min"]
    assert told() == ["1min", "0"], "a migration takes as long as it takes"
    assert told(DATABASE_LOCK_SECONDS="0.5", DATABASE_STATEMENT_SECONDS="0") == ["500ms", "0"]


@pytest.mark.slow
def test_an_address_that_names_its_own_is_believed():
    url = os.environ["DATABASE_URL"] + "?options=-c%20lock_timeout%3D7000"
    assert told(DATABASE_URL=url)[0] == "7s"


def test_without_end_nothing_is_told():
    assert timeouts.connection_options(lock_s=0, statement_s=0) == ""


@pytest.fixture
def impatient(transactional_db):
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 100")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET lock_timeout")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ({"Accept": "text/html"}, "text/html"),
        ({"Accept": "text/html", "HX-Request": "true"}, "text/plain"),
        ({"Accept": "*/*"}, "text/plain"),
    ],
)
def test_a_page_that_waits_too_long_says_so(client, curator, original, impatient, headers, kind):
    """Fails with a 500 when nobody catches it: take BusyMiddleware out of the settings."""
    client.force_login(curator)
    with holding_row(original):
        answer = client.post(reverse("clips:file_aside", args=[original.pk]), headers=headers)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer["Content-Type"].startswith(kind)
    assert "The server is busy. Nothing was changed" in answer.text
    original.refresh_from_db()
    assert original.aside_at is None


@pytest.mark.slow
def test_the_api_says_so_in_its_own_way(client, curator, segments, impatient):
    client.force_login(curator)
    asked = {"segment": str(segments[0].pk), "lease": str(segments[0].pk), "key": str(segments[0].pk)}
    hand = client.post("/api/sort/next", {"lease": asked["lease"]}, content_type="application/json")
    assert hand.status_code == 200
    with holding_row(segments[0]):
        answer = client.post("/api/sort/trash", asked, content_type="application/json")
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer.json() == {"detail": "The server is busy. Nothing was changed; try again in a moment."}
    assert Shoot.objects.exists()
