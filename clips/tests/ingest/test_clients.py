"""Tests third-party tus clients against the real server, through a faulty proxy: every byte arrives, once."""

import hashlib
import shutil
import subprocess
import time
from pathlib import Path

import numpy as np
import pytest
import requests
from django.conf import settings
from playwright.sync_api import sync_playwright
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

from clips.models import Upload, UploadState
from clips.tests.browser import QUIET
from clips.tests.ingest.chaos import chaos_before
from clips.tests.ingest.web import ENDPOINT

pytestmark = [pytest.mark.slow, pytest.mark.django_db(transaction=True)]

CHUNK_BYTES = 512 * 1024
SEND = Path(__file__).with_name("send.cjs")
CLIENT_JS = settings.BASE_DIR / "static" / "vendor" / "tus-js-client-4.3.1.min.js"


@pytest.fixture
def film(tmp_path) -> Path:
    """A file of somewhat more than seven megabytes, so that the last chunk is short."""
    path = tmp_path / "GX010123.MP4"
    path.write_bytes(np.random.default_rng(7).bytes(7_000_019))
    return path


def assert_arrived(web, film: Path) -> None:
    """Each upload that was finished holds exactly the file; a client that was told 409 too often begins another."""
    finished = Upload.objects.filter(state=UploadState.RECEIVED)
    parts = [web.data_dir / "uploads" / f"{upload.pk}.part" for upload in finished]
    arrived = {hashlib.sha256(part.read_bytes()).hexdigest() for part in parts}
    assert arrived == {hashlib.sha256(film.read_bytes()).hexdigest()}


def assert_was_hard(chaos) -> None:
    missing = {"cut request", "cut answer", "503", "409"} - set(chaos.seen)
    assert not missing, chaos.seen


@pytest.mark.parametrize("seed", [1, 2])
def test_tuspy_with_checksums(web, secret, film, seed):
    with chaos_before(web.port, seed) as chaos:
        client = TusClient(chaos.base_url + ENDPOINT, headers={"Authorization": f"Bearer {secret}"})
        sending = client.uploader(
            str(film), chunk_size=CHUNK_BYTES, retries=50, retry_delay=0.02, upload_checksum=True,
            metadata={"filename": film.name, "session": "Chairlift"},
        )  # fmt: skip
        for _attempt in range(100):
            try:
                sending.upload()
                break
            except (TusCommunicationError, TusUploadFailed):
                time.sleep(0.02)  # its creation and its last look have no retries of their own
    assert_arrived(web, film)
    assert_was_hard(chaos)


@pytest.mark.parametrize("seed", [3])
def test_tus_js_client_under_node(web, secret, film, seed):
    node = shutil.which("node") or shutil.which("nodejs")
    if not node:
        pytest.skip("no Node on this machine")
    with chaos_before(web.port, seed) as chaos:
        command = [node, SEND, CLIENT_JS, chaos.base_url + ENDPOINT, secret, film, str(CHUNK_BYTES)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert ENDPOINT in done.stdout
    assert_arrived(web, film)
    assert_was_hard(chaos)


@pytest.mark.parametrize("seed", [5])
def test_tus_js_client_in_the_browser(web, secret, film, seed, chromium):
    with chaos_before(web.port, seed) as chaos, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        page = browser.new_page()
        page.route("**/blank", lambda route: route.fulfill(body="<input type=file>", content_type="text/html"))
        page.goto(chaos.base_url + "/blank")
        page.add_script_tag(path=CLIENT_JS)
        page.locator("input").set_input_files(film)
        page.evaluate(SEND_IN_BROWSER, [ENDPOINT, secret, CHUNK_BYTES])
        browser.close()
    assert_arrived(web, film)
    assert_was_hard(chaos)


SEND_IN_BROWSER = """([endpoint, token, chunkSize]) => new Promise((resolve, reject) => {
  const [file] = document.querySelector("input").files;
  new tus.Upload(file, {
    endpoint,
    chunkSize,
    retryDelays: Array(100).fill(30),
    headers: { Authorization: `Bearer ${token}` },
    metadata: { filename: file.name, session: "Chairlift", date: "2024-12-01" },
    onShouldRetry: ({ originalResponse: r }) => [0, 409, 423, 503].includes(r ? r.getStatus() : 0),
    onSuccess: resolve,
    onError: reject,
  }).start();
})"""


def test_bodies_that_no_tunnel_passes_are_refused_by_the_proxy_itself(web, secret, film):
    with chaos_before(web.port, 8) as chaos:
        big = {"Content-Length": "100000001", "Authorization": f"Bearer {secret}"}
        answer = requests.request("PATCH", chaos.base_url + ENDPOINT, headers=big, data=b"", timeout=10)
    assert answer.status_code == 413


def test_a_header_from_the_tunnel_gives_no_request_another_path(web):
    """The peer is on this machine, as a tunnel is; what it passes on anybody may have written."""
    answer = requests.get(f"{web.base_url}/nowhere/healthz", headers={"SCRIPT_NAME": "/nowhere"}, timeout=10)
    assert answer.status_code == 404
