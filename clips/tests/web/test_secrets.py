"""Tests that no secret appears in the output, ``ps``, Flower, tasks, or error pages."""

import os
import re
import subprocess
import tempfile
import uuid
from pathlib import Path
from urllib.parse import urljoin

import pytest
import requests
from django.urls import reverse

from clips.tests.web.test_end_to_end import Person as Crew
from trickyclip.tests.site import running_site

pytestmark = pytest.mark.slow

PLANTED = {
    "DRIVE_OAUTH_CLIENT_ID": "planted-client-id",
    "DRIVE_OAUTH_CLIENT_SECRET": "planted-client-secret-4711",
    "SECRET_KEY": "planted-secret-key-that-is-long-enough-to-be-taken-for-a-good-one-0815",
    "LOG_LEVEL": "DEBUG",
}
FLOWER = re.compile(r"Workers and queues: (http://\S+) \(user flower")
LINKS = """
from people.models import Invite, Member
member = Member.objects.get()
print(Invite.objects.issue(role="SORTER", created_by=member)[1])
print(Invite.objects.issue(role="ADMIN", created_by=member, member=member)[1])
"""
JOBS_ARE_OVER = "from clips.models import Job; print(Job.objects.active().count())"


def begun_upload(crew: Crew) -> str:
    """Begin an upload and return its id: whoever knows it may go on with it, until all of it is there."""
    asked = {"Tus-Resumable": "1.0.0", "Upload-Length": "1000", "Upload-Metadata": "filename Z29lcy1vbi5tcDQ="}
    made = requests.post(f"{crew.base_url}/upload/tus/", headers=crew.headers | asked, timeout=30)
    sent = {"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    address = urljoin(crew.base_url, made.headers["Location"])
    requests.patch(address, b"0123456789", headers=crew.headers | sent, timeout=30).raise_for_status()
    return address.rstrip("/").rsplit("/", 1)[-1]


@pytest.fixture(scope="module")
def seen(tmp_path_factory) -> tuple[dict[str, str], dict[str, str]]:
    """Run a verbose site, use every secret once, and return the secrets and all visible output."""
    # Not below pytest's own folder, which each start of another pytest closes to PostgreSQL's user.
    folder = tempfile.TemporaryDirectory(prefix="trickyclip-engine-", ignore_cleanup_errors=True)
    with folder as path, running_site(data_dir := Path(path) / "data", **PLANTED) as site:
        crew = Crew(site)
        secrets = {name: value for name, value in PLANTED.items() if "SECRET" in name}
        secrets |= {f.name: f.read_text().strip() for f in (data_dir / "engines" / "secrets").iterdir()}
        secrets |= {"token": crew.headers["Authorization"].split()[1], "session": crew.browser.cookies["sessionid"]}
        invite, reset = site.shell.run(LINKS).split()
        secrets |= {"invite": invite, "reset": reset, "typed password": f"typed-{uuid.uuid4()}"}
        for secret in (invite, reset):
            crew.browser.get(f"{site.base_url}/join/{secret}", timeout=30)
        broken = tmp_path_factory.mktemp("broken") / "broken.mp4"
        broken.write_bytes(b"no video")
        crew.upload(broken, session="Backyard Rails", date="2024-12-01")
        secrets["upload"] = begun_upload(crew)
        form = crew.browser.get(f"{site.base_url}/account", timeout=30)
        csrf = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)[1]
        wrong = {"csrfmiddlewaretoken": csrf, "old_password": secrets["typed password"], "new_password1": "x"}
        looked = {"a refused form": crew.browser.post(f"{site.base_url}/account/password", wrong, timeout=30).text}
        looked["a wrong login"] = requests.post(f"{site.base_url}/login", wrong, timeout=30).text
        looked["nothing there"] = crew.browser.get(f"{site.base_url}/nowhere", timeout=30).text
        looked["jobs"] = crew.browser.get(f"{site.base_url}/jobs", timeout=30).text
        crew.wait_for(lambda: site.shell.run(JOBS_ARE_OVER).strip() == "0", "no job is left")
        flower, auth = FLOWER.search(site.up.text)[1], ("flower", secrets["flower"])
        for page in ("/api/tasks", "/tasks", "/broker"):
            looked[f"Flower {page}"] = requests.get(flower + page, auth=auth, timeout=30).text
        looked["Flower without its password"] = requests.get(flower, timeout=30).text
        looked["ps"] = subprocess.run(["ps", "-eww", "-o", "args"], capture_output=True, text=True, check=True).stdout
    looked["output"] = site.up.text
    return secrets, looked


@pytest.mark.parametrize(
    "place",
    ["output", "ps", "jobs", "a refused form", "a wrong login", "nothing there", "Flower /api/tasks",
     "Flower /tasks", "Flower /broker", "Flower without its password"],
)  # fmt: skip
def test_no_secret_is_seen_in(seen, place):
    secrets, looked = seen
    assert looked[place]
    assert {name for name, secret in secrets.items() if secret in looked[place]} == set()


def test_the_places_say_what_they_should_otherwise(seen):
    """Tests the check itself: the places are real, and the secrets long enough."""
    secrets, looked = seen
    assert min(len(secret) for secret in secrets.values()) >= 16
    assert "gunicorn" in looked["ps"]
    assert "postgres" in looked["ps"]
    assert '"name": "probe"' in looked["Flower /api/tasks"]
    assert {"token", "session", "invite", "reset", "upload", "flower"} <= secrets.keys()


def test_secrets_lie_in_files_that_their_owner_alone_reads(tmp_path):
    from trickyclip.runtime import embedded

    embedded.secret(tmp_path, "planted")
    (file,) = [path for path in Path(tmp_path).rglob("planted") if path.is_file()]
    assert file.stat().st_mode & 0o077 == 0
    assert os.access(file, os.R_OK)


@pytest.mark.django_db
def test_a_page_that_breaks_tells_nothing(client, admin, monkeypatch):
    def broken(*_args: object, **_more: object) -> None:
        raise RuntimeError("planted-detail")

    monkeypatch.setattr("clips.web.home.render", broken)
    client.raise_request_exception = False
    client.force_login(admin)
    answer = client.get(reverse("home"))
    assert answer.status_code == 500
    assert "planted-detail" not in answer.content.decode()
    assert "Traceback" not in answer.content.decode()
