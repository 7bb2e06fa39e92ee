"""Fixtures of a real web server for one module, and of a member who may upload to it."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clips.ingest import register
from clips.ingest.tasks import ingest
from clips.integrity.tasks import read_back
from clips.models import Job, JobKind
from clips.tests.ingest.web import Web, Wire, token_of, web_server


@pytest.fixture(scope="module")
def web(django_db_setup) -> Iterator[Web]:
    with tempfile.TemporaryDirectory(prefix="trickyclip-web-") as folder, web_server(Path(folder)) as server:
        yield server


@pytest.fixture
def secret(transactional_db, sorter) -> str:
    """An API token of a member on the running server."""
    return token_of(sorter)


@pytest.fixture
def wire(web, secret) -> Wire:
    return Wire(web, secret)


@pytest.fixture
def check_uploads() -> Callable[[], int]:
    """Return a function that checks all waiting uploads and reads them back, without the jobs that follow."""

    def check() -> int:
        due = list(Job.objects.due().filter(kind=JobKind.INGEST))
        for job in due:
            ingest(str(job.pk))
        for job in Job.objects.due().filter(kind=JobKind.READ_BACK):
            read_back(str(job.pk))
        return len(due)

    return check


@pytest.fixture
def read_before(monkeypatch) -> None:
    """The probe's result for the made-up video, cached so that not every test starts a child."""
    facts = {"camera_id": "CAM_UNKNOWN", "recorded_at": None, "duration_ms": 333}
    monkeypatch.setattr(register, "_facts_of", lambda *_: facts)
