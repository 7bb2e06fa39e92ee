"""Tests that the image, built by its Dockerfile's steps in a bare Debian tree, serves the site and finds tricks."""

import contextlib
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from clips.models import CandidateSegment, Preview
from clips.tests.ingest.web import database_url
from people.models import Member
from trickyclip.runtime import embedded
from trickyclip.tests.nginx import needed
from trickyclip.tests.site import free_port

pytestmark = [
    pytest.mark.slow, pytest.mark.soak, pytest.mark.timeout(3600), pytest.mark.django_db(transaction=True),
]  # fmt: skip

CHECK_IMAGE = str(embedded.BASE_DIR / "deploy" / "check-image")


@pytest.fixture(scope="module")
def built() -> Iterator[Path]:
    """Folder in which the image was built; it borrows pip's certificate authority, if one is set."""
    if os.geteuid() != 0:
        pytest.skip("chroot needs root")
    needed("debootstrap")
    with contextlib.ExitStack() as stack:
        kept = os.environ.get("TRICKYCLIP_IMAGE_DIR")
        folder = Path(kept or stack.enter_context(tempfile.TemporaryDirectory(prefix="trickyclip-image-")))
        lent, environment = [], dict(os.environ)
        if authority := environment.get("PIP_CERT"):
            lent = ["--with", f"{authority}:/lent/authority.crt"]
            environment["PIP_CERT"] = "/lent/authority.crt"
        subprocess.run([CHECK_IMAGE, str(folder), *lent], env=environment, check=True)
        shutil.rmtree(folder / "data", ignore_errors=True)
        yield folder


def in_image(folder: Path, *command: str, **environment: str) -> list[str]:
    given = {"DATABASE_URL": database_url(), "REDIS_URL": os.environ["REDIS_URL"], "SECRET_KEY": "k" * 60}
    offers = [word for name, value in (given | environment).items() for word in ("--offer", f"{name}={value}")]
    return [CHECK_IMAGE, str(folder), "--built", *offers, "--", *command]


@contextlib.contextmanager
def running(*commands: list[str]) -> Iterator[list[subprocess.Popen]]:
    processes = [subprocess.Popen(command) for command in commands]
    try:
        yield processes
    finally:
        for process in processes:
            process.terminate()
        assert [process.wait(timeout=60) for process in processes] == [0] * len(processes)


def test_image_serves_its_login_page_and_finds_the_tricks_of_the_demo(built, broker):
    said = subprocess.run(in_image(built, "prepare"), capture_output=True, text=True, check=True).stdout
    assert "The first account is admin" in said
    port = free_port()
    web = in_image(built, "program", "web", "--bind", f"127.0.0.1:{port}")
    alive = {"ALIVE_FILE": "/tmp/alive"}
    with running(
        web, *(in_image(built, "program", queue, **alive) for queue in ("detect", "media", "light"))
    ) as processes:
        page = None
        while page is None:  # the test's own limit ends it
            with contextlib.suppress(requests.ConnectionError):
                page = requests.get(f"http://127.0.0.1:{port}/", timeout=20)
            time.sleep(0.5)
        assert page.status_code == 200
        assert page.url.endswith("/login?next=/")
        assert "TrickyClip" in page.text
        assert Member.objects.count() == 1
        subprocess.run(in_image(built, "make_demo"), check=True)
        while not Preview.objects.exclude(stored_path="").exists():
            assert [process.poll() for process in processes] == [None] * 4
            time.sleep(2)
    assert CandidateSegment.objects.count() >= 4


def test_nothing_in_the_image_belongs_to_the_user_it_runs_as(built):
    found = subprocess.run(["find", str(built / "image"), "-xdev", "-uid", "10001"], capture_output=True, text=True)
    assert found.stdout.split() == [str(built / "image" / "data")]
    assert not (built / "image" / "app" / ".git").exists()
    assert not list((built / "image" / "app").glob("clips/tests"))
