"""Tests the metrics for Prometheus, and who may read them."""

from datetime import timedelta

import pytest
from celery import current_app
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from clips.archive.backend import BlockReason
from clips.models import ArchiveBlock, Job, JobKind, JobState
from people.models import ApiToken

pytestmark = pytest.mark.django_db

OUTSIDE = {"X-Forwarded-For": "203.0.113.7"}


def scraped(client) -> dict[tuple, float]:
    """Return each sample's value by its name and the values of its labels, in the order of their names."""
    families = text_string_to_metric_families(client.get("/metrics").content.decode())
    return {
        (sample.name.removeprefix("trickyclip_"), *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def test_work_that_waits_is_told_by_queue_and_kind(client, original):
    Job.objects.for_target(JobKind.DETECT, original)
    Job.objects.update(run_after=timezone.now() - timedelta(minutes=5))
    told = scraped(client)
    assert told["jobs", "DETECT", "WAITING"] == 1
    assert (told["queue_depth", "detect"], told["queue_depth", "media"]) == (1, 0)
    assert 300 <= told["queue_oldest_seconds", "detect"] < 330


def test_a_job_that_has_to_wait_is_no_queue(client, original):
    Job.objects.for_target(JobKind.DETECT, original, run_after=timezone.now() + timedelta(hours=1))
    told = scraped(client)
    assert told["jobs", "DETECT", "WAITING"] == 1
    assert told["queue_depth", "detect"] == told["queue_oldest_seconds", "detect"] == 0


def test_durations_are_those_of_the_last_hour(client, original):
    now = timezone.now()
    for took_s, ended_at in [(10, now), (20, now), (30, now), (5000, now - timedelta(hours=2))]:
        Job.objects.create(
            kind=JobKind.DETECT, original_file=original, state=JobState.DONE,
            started_at=ended_at - timedelta(seconds=took_s), finished_at=ended_at,
        )  # fmt: skip
    told = scraped(client)
    assert told["jobs_ended", "DETECT", "DONE"] == 3
    assert told["job_seconds", "DETECT", "0.5"] == told["job_seconds_average", "DETECT"] == 20


def test_failures_are_told_by_their_cause(client, original):
    for _time in range(2):
        Job.objects.create(
            kind=JobKind.PROBE, original_file=original, state=JobState.FAILED, reason="This is no video.",
            finished_at=timezone.now(),
        )  # fmt: skip
    assert scraped(client)["jobs_failed", "This is no video.", "PROBE"] == 2


def test_a_blocked_archive_and_the_disk_are_told(client):
    assert scraped(client)["archive_blocked", "QUOTA"] == 0
    ArchiveBlock.objects.note("local", reason=BlockReason.QUOTA, sentence="Full.", retry_after_s=None)
    told = scraped(client)
    assert told["archive_blocked", "QUOTA"] == 1
    assert 0 < told["disk_floor_bytes",] < told["disk_total_bytes",]


def test_a_broker_that_is_away_costs_only_its_own_lines(client, broker, monkeypatch):
    assert scraped(client)["broker_messages", "detect"] == 0
    monkeypatch.setattr(current_app.conf, "broker_read_url", "redis://127.0.0.1:1/0")
    told = scraped(client)
    assert ("broker_messages", "detect") not in told
    assert ("queue_depth", "detect") in told


def test_from_outside_it_wants_the_token(client, settings):
    assert client.get("/metrics", headers=OUTSIDE).status_code == 401
    settings.METRICS_TOKEN = "scrape-me"
    told = {secret: client.get("/metrics", headers=OUTSIDE | {"Authorization": f"Bearer {secret}"}).status_code
            for secret in ("scrape-me", "scrape-you", "")}  # fmt: skip
    assert told == {"scrape-me": 200, "scrape-you": 401, "": 401}


def test_no_token_opens_nothing_when_none_is_set(client):
    assert client.get("/metrics", headers=OUTSIDE | {"Authorization": "Bearer "}).status_code == 401


def test_on_the_machine_itself_it_wants_none_and_a_wrong_one_is_refused(client):
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/metrics", REMOTE_ADDR="10.0.0.8").status_code == 401


def test_admins_may_look_and_others_may_not(client, sorter, admin):
    client.force_login(sorter)
    assert client.get("/metrics", headers=OUTSIDE).status_code == 401
    client.force_login(admin)
    assert client.get("/metrics", headers=OUTSIDE).status_code == 200


def test_an_api_token_is_no_metrics_token(client, admin):
    _token, secret = ApiToken.objects.issue(admin, "script")
    headers = OUTSIDE | {"Authorization": f"Bearer {secret}"}
    assert client.get("/metrics", headers=headers).status_code == 401


def test_a_scrape_costs_a_fixed_number_of_queries(client, segments, original, django_assert_max_num_queries):
    with django_assert_max_num_queries(11):
        client.get("/metrics")
    Job.objects.bulk_create(
        Job(kind=JobKind.PREVIEW, segment=segment, state=JobState.FAILED, reason=f"Reason {number}.")
        for number, segment in enumerate(segments)
    )
    with django_assert_max_num_queries(11):
        client.get("/metrics")
