"""Tests the main job on real processes: a file is uploaded and searched; a kept moment is cut, archived and found."""

import json
import re
import time
import uuid
from pathlib import Path

import av
import numpy as np
import pytest
import requests
from playwright.sync_api import expect
from tusclient.client import TusClient

from clips.tests.browser import log_in_as_admin, open_page, press
from clips.tests.media.grey import luma_of
from clips.tests.media.made_up import make_video
from trickyclip.pytest_engines import FOOTAGE
from trickyclip.tests.site import manage

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # the whole way, on a machine that does much else

PATIENCE_S = 240


class Person:
    """A person with a browser's cookies and an API token, who knows only the address and the first password."""

    def __init__(self, site) -> None:
        self.base_url = site.base_url
        self.browser = requests.Session()
        self._post_form("/login", username=site.admin_username, password=site.admin_password)
        page = self._post_form("/account/tokens", name="end to end", scope="ADMIN")
        self.headers = {"Authorization": f"Bearer {re.search(r'tc_[A-Za-z0-9_-]+', page.text)[0]}"}

    def _post_form(self, path: str, **fields: str) -> requests.Response:
        form = self.browser.get(f"{self.base_url}{'/login' if path == '/login' else '/account'}", timeout=30)
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text)[1]
        answer = self.browser.post(f"{self.base_url}{path}", {"csrfmiddlewaretoken": token, **fields}, timeout=30)
        assert answer.ok, answer.text
        return answer

    def get(self, path: str, **query: str) -> dict:
        return self._answer(requests.get(f"{self.base_url}{path}", query, headers=self.headers, timeout=30))

    def post(self, path: str, **fields: object) -> dict:
        return self._answer(requests.post(f"{self.base_url}{path}", json=fields, headers=self.headers, timeout=30))

    def upload(self, file: Path, **metadata: str) -> str:
        """Send a file with tuspy in small chunks; returns the upload's id."""
        client = TusClient(f"{self.base_url}/upload/tus/", headers=self.headers)
        sending = client.uploader(str(file), chunk_size=2 * 1024**2, metadata={"filename": file.name, **metadata})
        sending.upload()
        return sending.url.rstrip("/").rsplit("/", 1)[-1]

    def wait_for(self, look, what: str):
        deadline_s = time.monotonic() + PATIENCE_S
        while not (seen := look()):
            assert time.monotonic() < deadline_s, f"not within {PATIENCE_S} s: {what}\n{self.get('/api/jobs')}"
            time.sleep(0.3)
        return seen

    @staticmethod
    def _answer(response: requests.Response) -> dict:
        assert response.ok, f"{response.status_code}: {response.text}"
        return response.json()


@pytest.fixture
def session_file(tmp_path) -> Path:
    """A real session if there is footage, else a made-up one."""
    real = FOOTAGE / "dev-court-handheld.mp4"
    if real.is_file():
        return real
    return make_video(tmp_path / "made-up.mp4", frames=40 * 30, bframes=2, events_s=[9, 21, 33])


def frames_shown(path: Path, start_ms: int, end_ms: int) -> list[np.ndarray]:
    """Return the luma of the frames shown from ``start_ms`` to ``end_ms``, decoded from the start of the file."""
    with av.open(str(path)) as container:
        shown = [(frame.time, luma_of(frame)) for frame in container.decode(video=0)
                 if frame.time <= end_ms / 1000]  # fmt: skip
    first = max(index for index, (time_s, _luma) in enumerate(shown) if time_s <= start_ms / 1000)
    return [luma for _time_s, luma in shown[first:]]


def test_the_main_job(running_site, session_file):
    mia = Person(running_site)
    upload_id = mia.upload(session_file, session="Backyard Rails", date="2024-12-01")
    upload = mia.wait_for(
        lambda: (row := mia.get(f"/api/upload/{upload_id}"))["state"] == "REGISTERED" and row, "the upload is here"
    )

    hand = mia.wait_for(lambda: (asked := mia.post("/api/sort/next"))["segments"] and asked, "a moment")
    (segment,) = hand["segments"]
    assert segment["original_file"] == upload["original_file"]
    miller = mia.post("/api/people", display_name="Miller Downey")
    kfed = next(trick for trick in mia.get("/api/tricks", limit="500")["results"] if trick["name"] == "KFED")
    start_ms, end_ms = segment["start_ms"] + 217, segment["end_ms"] - 333
    decision = {"segment": segment["id"], "lease": hand["lease"], "key": str(uuid.uuid4())}
    saved = mia.post(
        "/api/sort/save", **decision, start_ms=start_ms, end_ms=end_ms, person=miller["id"], trick=kfed["id"]
    )

    clip = mia.wait_for(
        lambda: (row := mia.get(f"/api/clips/{saved['id']}"))["archived"] and row, "the clip is in the archive"
    )
    camera, fps = segment["camera_id"], segment["fps_label"]
    name = f"2024-12-01__BackyardRails__Miller_Downey__KFED__{camera}__{fps}__v001.mp4"
    folder = "TrickyClip Archive/2024/2024-12-01 - Backyard Rails/Miller_Downey/KFED"
    assert clip["archived"] == {"local": f"{folder}/{name}"}
    archived = running_site.data_dir / "archive" / folder / name
    assert [file.name for file in archived.parent.iterdir()] == [name]

    asked = frames_shown(session_file, start_ms, end_ms)
    got = frames_shown(archived, 0, 10**9)
    assert len(got) == len(asked)
    np.testing.assert_array_equal(got[0], asked[0])
    np.testing.assert_array_equal(got[-1], asked[-1])

    for query in (
        {"person": "Miller Downey"}, {"trick": "kfed"}, {"date": "2024-12-01"}, {"camera": camera},
        {"person": "Miller Downey", "trick": "KFED", "date": "2024-12-01", "camera": camera},
    ):  # fmt: skip
        assert [row["id"] for row in mia.get("/api/clips", **query)["results"]] == [clip["id"]], query
    assert mia.get("/api/clips", person="Nobody")["results"] == []

    again = mia.upload(session_file, session="Somewhere Else", date="2025-01-01")
    mia.wait_for(lambda: mia.get(f"/api/upload/{again}")["state"] == "DUPLICATE", "the same file is already here")
    mia.wait_for(
        lambda: {job["state"] for job in mia.get("/api/jobs", limit="500")["results"]} == {"DONE"}, "all is done"
    )
    ready = requests.get(f"{running_site.base_url}/readyz", timeout=10)
    assert ready.status_code == 200, json.dumps(ready.json())


#: How often a person pressed or touched something, and in which fields they wrote, since the count began.
COUNTED = """addEventListener('click', event => {
  if (event.isTrusted && event.detail) sessionStorage.clicks = Number(sessionStorage.clicks ?? 0) + 1;
}, true);
addEventListener('input', event => {
  const fields = new Set((sessionStorage.written ?? '').split(' ').filter(Boolean)).add(event.target.name);
  if (event.isTrusted) sessionStorage.written = [...fields].join(' ');
}, true);"""


def test_a_newcomer_has_the_first_clip_with_few_clicks_and_one_name(running_site, chromium, tmp_path):
    video = make_video(tmp_path / "first.mp4", frames=20 * 30, bframes=2, events_s=[6, 14])
    with open_page(chromium, running_site.base_url) as page:
        page.set_default_timeout(PATIENCE_S * 1000)
        page.add_init_script(COUNTED)
        log_in_as_admin(page, running_site)
        page.goto("/upload")
        page.locator("[data-file-input]").set_input_files(video)
        page.get_by_label("Session", exact=True).fill("First Evening")
        page.locator("[data-batch]").get_by_role("button", name="Upload").click()
        page.evaluate("sessionStorage.clear()")
        page.get_by_role("link", name=re.compile(r"^Sort .*First Evening")).click()
        expect(page.locator("[data-card][data-current]")).to_be_visible()
        press(page, "p")
        page.keyboard.type("Newcomer Nell")
        page.keyboard.press("Enter")
        page.get_by_role("button", name="Keep").click()
        expect(page.locator("[data-notice]")).to_contain_text("Kept · Newcomer Nell")
        assert int(page.evaluate("sessionStorage.clicks")) <= 5
        assert page.evaluate("sessionStorage.written") == "people"
        deadline_s = time.monotonic() + PATIENCE_S
        while page.goto("/clips?q=newcomer") and not page.locator("[data-clip]").count():  # sent as the page was left
            assert time.monotonic() < deadline_s, "what was kept never arrived"


def test_what_uploads_cost_is_measured_without_leaving_anything(running_site):
    folder = running_site.data_dir / "originals"
    before = sorted(folder.glob("*"))
    told = manage(running_site.data_dir, "bench_upload", running_site.base_url, "--files", "2", "--mib", "9")
    measured = re.findall(r"^(cp|upload|its check).* (\d+) MiB/s +\d+\.\d\d CPU-s", told, re.MULTILINE)
    assert [name for name, _speed in measured] == ["cp", "upload", "its check"]
    left = "from clips.models import *; print(Upload.objects.filter(shoot__name='Upload bench').count())"
    assert running_site.shell.run(left).strip() == "0"
    assert sorted(folder.glob("*")) == before


def test_phones_beside_a_crowd_are_measured_without_leaving_anything(running_site):
    folder = running_site.data_dir / "originals"
    before = sorted(folder.glob("*"))
    crowd = ["--people", "1", "--seconds", "3", "--every", "0.5"]
    beside = ["--phones", "2", "--rate", "20k", "--silent", "2", "--slow-headers", "1"]
    told = manage(running_site.data_dir, "bench_crowd", running_site.base_url, *crowd, *beside)
    assert "all of it " in told
    assert "meanwhile 2 phones sent 0.1 MB, all of it here by SHA-256" in told
    left = "from clips.models import *; print(Upload.objects.filter(shoot__name='Phone bench').count())"
    assert running_site.shell.run(left).strip() == "0"
    assert sorted(folder.glob("*")) == before
