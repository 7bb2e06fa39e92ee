"""A real web server for the tests of one module, and somebody who may upload to it."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clips.ingest import register
from clips.ingest.tasks import ingest
from clips.models import Job, JobKind
from clips.tests.ingest.web import Web, Wire, token_of, web_server


@pytest.fixture(scope="module")
def web(django_db_setup) -> Iterator[Web]:
    with tempfile.TemporaryDirectory(prefix="trickyclip-web-") as folder, web_server(Path(folder)) as server:
        yield server


@pytest.fixture
def secret(transactional_db, sorter) -> str:
    """An API token that the running server knows."""
    return token_of(sorter)


@pytest.fixture
def wire(web, secret) -> Wire:
    return Wire(web, secret)


@pytest.fixture
def check_uploads() -> Callable[[], int]:
    """Give a function that does the checks of all uploads that wait for one, and nothing that follows."""

    def check() -> int:
        due = list(Job.objects.due().filter(kind=JobKind.INGEST))
        for job in due:
            ingest(str(job.pk))
        return len(due)

    return check


@pytest.fixture
def read_before(monkeypatch) -> None:
    """What the probe says of the made-up video, without starting a child each time; one test of a file does."""
    facts = {"camera_id": "CAM_UNKNOWN", "recorded_at": None, "duration_ms": 333}
    monkeypatch.setattr(register, "_facts_of", lambda *_: facts)
