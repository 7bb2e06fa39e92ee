"""Kills Redis and empties its data folder during work: this costs time, but no work is lost."""

import os
import shutil
import signal

import pytest

from clips.tests.media.made_up import make_video
from clips.tests.web.test_end_to_end import Person
from trickyclip.tests.site import copied, running_site

pytestmark = pytest.mark.slow

N_FILES = 3


@pytest.fixture
def impatient_site(started_site, engine_path):
    """A site that looks for lost jobs every few seconds instead of every minute."""
    printed = (started_site / "printed").read_text(encoding="utf-8")
    often = {"SWEEP_SECONDS": "3", "JOB_LEASE_SECONDS": "6"}
    with running_site(copied(started_site, engine_path), first_text=printed, **often) as site:
        yield site


def wipe_redis(site) -> None:
    """Kill the server and delete all it wrote; its configuration stays."""
    home = site.data_dir / "engines" / "redis"
    os.kill(site.up.pid("redis"), signal.SIGKILL)
    shutil.rmtree(home / "appendonlydir", ignore_errors=True)
    (home / "dump.rdb").unlink(missing_ok=True)


def test_every_file_is_done_after_the_broker_lost_all_it_knew(impatient_site, tmp_path):
    mia = Person(impatient_site)
    uploads = []
    for number in range(N_FILES):
        film = make_video(tmp_path / f"{number}.mp4", frames=750, events_s=[6, 18], seed=number)
        uploads.append(mia.upload(film, session="Lost", date="2024-12-01"))
    mia.wait_for(lambda: mia.get("/api/jobs", state="RUNNING")["results"], "somebody works")
    wipe_redis(impatient_site)

    def all_is_done() -> bool:
        jobs = mia.get("/api/jobs", limit="200")["results"]
        detected = [job for job in jobs if job["kind"] == "DETECT"]
        return len(detected) == N_FILES and all(job["state"] == "DONE" for job in jobs)

    mia.wait_for(all_is_done, "every job is done")
    kinds = [job["kind"] for job in mia.get("/api/jobs", limit="200")["results"]]
    assert [kinds.count(kind) for kind in ("INGEST", "PROBE", "DETECT")] == [N_FILES] * 3, "each step once"
    states = [mia.get(f"/api/upload/{upload}")["state"] for upload in uploads]
    assert states == ["REGISTERED"] * N_FILES
