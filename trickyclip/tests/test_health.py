"""Tests the health probes: they pass when all is well, and name what is not."""

from datetime import timedelta

import pytest
from django.utils import timezone

from clips.models import Job, JobKind
from trickyclip.http import health

pytestmark = pytest.mark.django_db


def readiness(client) -> tuple[int, dict]:
    answer = client.get("/readyz")
    return answer.status_code, answer.json()["checks"]


def test_the_process_answers_without_asking_anything(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


def test_all_is_well(client):
    status, checks = readiness(client)
    assert status == 200
    assert set(checks) == {"database", "broker", "disk", "jobs", "sandbox"}
    assert all(check["ok"] for check in checks.values())


def test_a_broker_that_is_away_is_named(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    status, checks = readiness(client)
    assert status == 503
    assert checks["broker"] == {"ok": False, "says": "cannot be reached"}
    assert checks["database"]["ok"]


def test_a_full_disk_is_named(client, monkeypatch):
    monkeypatch.setattr(health, "free_bytes", lambda: -3 * 10**9)
    status, checks = readiness(client)
    assert status == 503
    assert checks["disk"]["says"] == "3.0 GB below the floor"


def test_jobs_that_nobody_takes_are_named(client, original):
    Job.objects.for_target(JobKind.DETECT, original)
    assert readiness(client)[0] == 200
    Job.objects.update(run_after=timezone.now() - timedelta(hours=1))
    status, checks = readiness(client)
    assert status == 503
    assert checks["jobs"]["says"].startswith("the oldest job waits for 36")


def test_no_address_or_password_is_told(client, settings):
    settings.REDIS_URL = "redis://:planted-secret@127.0.0.1:1/0"
    assert b"planted" not in client.get("/readyz").content


def test_a_kernel_that_confines_nothing_is_named(client, monkeypatch, no_walls):
    status, checks = readiness(client)
    assert status == 503
    assert checks["sandbox"]["says"].startswith("Videos are not opened: this server's kernel has no Landlock")
    monkeypatch.setenv("SANDBOX_WITHOUT_LANDLOCK", "1")
    status, checks = readiness(client)
    assert status == 200
    assert "SANDBOX_WITHOUT_LANDLOCK=1 is set" in checks["sandbox"]["says"]
