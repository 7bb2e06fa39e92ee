"""Tests the context of log lines, and that they contain no secrets."""

import json
import logging
import sys

import pytest
from django.test import RequestFactory

from clips.jobs.worker import claim
from clips.models import Job, JobKind
from people.models import ApiToken
from trickyclip.http.request_id import server_error
from trickyclip.shared import logs
from trickyclip.shared.redact import redact

SECRETS = {
    "GET /upload/tus/1b2c-planted HTTP/1.1": "GET /upload/tus/… HTTP/1.1",
    "Not Found: /s/planted": "Not Found: /s/…",
    "/s/planted/video.mp4?t=3": "/s/…/video.mp4?t=3",
    "/join/planted?next=/": "/join/…?next=/",
    "Authorization: Bearer planted": "Authorization: Bearer …",
    "token tc_planted-planted-planted is old": "token tc_… is old",
    "redis://:planted@10.0.0.1:6379/0": "redis://:…@10.0.0.1:6379/0",
    "postgres://app:planted@db/name": "postgres://app:…@db/name",
    "https://discord.com/api/webhooks/12/planted": "https://discord.com/api/webhooks/…",
    "/connected/?code=planted&scope=x&state=planted": "/connected/?code=…&scope=x&state=…",
}


@pytest.mark.parametrize(("line", "left"), SECRETS.items())
def test_a_secret_is_taken_out_of_a_line(line, left):
    assert redact(line) == left


def test_what_is_no_secret_stays():
    line = "GET /sessions/3f2a/news?page=2 200, job clips/jobs/worker.py, see https://clips.example.org/clips/7"
    assert redact(line) == line


def record(message: str, *arguments: object) -> logging.LogRecord:
    made = logging.LogRecord("clips.jobs.worker", logging.WARNING, __file__, 1, message, arguments, None)
    logs.AboutFilter().filter(made)
    return made


def test_a_readable_line_ends_with_what_it_is_about():
    formatter = logs.LineFormatter("%(levelname)s %(name)s: %(message)s")
    with logs.about(job="7", member=lambda: ""):
        line = formatter.format(record("Not Found: %s", "/s/planted"))
    assert line == "WARNING clips.jobs.worker: Not Found: /s/… [job=7]"


def test_a_json_line_is_one_object_with_the_same_facts():
    with logs.about(request="abc"), logs.about(job="7"):
        told = json.loads(logs.JsonLineFormatter().format(record("“%s” failed: Bearer planted", "a.mp4")))
    assert told.pop("at").startswith("20")
    assert told == {
        "level": "WARNING", "logger": "clips.jobs.worker", "message": "“a.mp4” failed: Bearer …",
        "request": "abc", "job": "7",
    }  # fmt: skip


def test_an_exception_bears_no_secret_either():
    try:
        raise ValueError("redis://:planted@10.0.0.1/0")
    except ValueError:
        made = logging.getLogger("x").makeRecord("x", logging.ERROR, "", 1, "broke", (), sys.exc_info())
    for formatter in (logs.JsonLineFormatter(), logs.LineFormatter("%(message)s")):
        assert "planted" not in formatter.format(made)


@pytest.mark.django_db
def test_an_answer_bears_the_id_that_our_proxy_gave_and_nobody_else(client):
    given = {"X-Request-ID": "0123456789abcdef"}
    assert client.get("/healthz", headers=given)["X-Request-ID"] == given["X-Request-ID"]
    assert client.get("/healthz", headers={"CF-Ray": "8f00aa11bb22cc33-VIE"})["X-Request-ID"] == "8f00aa11bb22cc33-VIE"
    claimed = client.get("/healthz", headers=given, REMOTE_ADDR="203.0.113.7")["X-Request-ID"]
    assert claimed != given["X-Request-ID"]
    assert len(claimed) == 16
    assert client.get("/healthz", headers={"X-Request-ID": "x\n y"})["X-Request-ID"] != "x\n y"


@pytest.mark.django_db
def test_a_line_within_a_request_names_it_and_who_asks(client, sorter, caplog):
    _token, secret = ApiToken.objects.issue(sorter, "script")
    caplog.handler.addFilter(logs.AboutFilter())
    answer = client.get("/api/nothing-here", headers={"Authorization": f"Bearer {secret}"})
    told = [made for made in caplog.records if made.name == "django.request"]
    assert told[0].about == {"request": answer["X-Request-ID"], "member": str(sorter.pk)}
    assert "WSGIRequest" not in logs.JsonLineFormatter().format(told[0])


@pytest.mark.django_db
def test_a_line_within_a_job_names_it(original):
    job = Job.objects.for_target(JobKind.DETECT, original)
    with claim(job.pk):
        assert logs.facts_now() == {"job": str(job.pk)}
    assert logs.facts_now() == {}


def test_the_page_that_says_something_broke_names_the_request():
    request = RequestFactory().get("/")
    request.log_id = "0123456789abcdef"
    assert b"0123456789abcdef" in server_error(request).content
