"""A real web server for the tests of one module, and somebody who may upload to it."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from clips.tests.uploads.web import Web, Wire, token_of, web_server


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
