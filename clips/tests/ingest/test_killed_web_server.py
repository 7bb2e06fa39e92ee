"""Kills gunicorn in the middle of twenty uploads, and checks that the supervisor restarts it and every byte arrives."""

import contextlib
import hashlib
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import psutil
import pytest
from tusclient.client import TusClient

from clips.tests.ingest.sender import PATIENCE_S, Sender

pytestmark = pytest.mark.slow

N_UPLOADS, SIZE_BYTES, CHUNK_BYTES = 20, 3_000_001, 128 * 1024
ISSUE_TOKEN = (
    "from people.models import ApiToken, Member; print(ApiToken.objects.issue(Member.objects.get(), 'killed')[1])"
)


def web_processes(up) -> list[psutil.Process]:
    return [process for process in up.processes() if "gunicorn" in " ".join(process.cmdline())]


def kill_all(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()


def wait_for_bytes(senders: list[Sender], n_bytes: int) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while sum(sender.sending.offset for sender in senders) < n_bytes:
        assert time.monotonic() < deadline_s
        time.sleep(0.05)


def test_twenty_uploads_survive_the_web_servers_death(own_site, tmp_path):
    secret = own_site.shell.run(ISSUE_TOKEN).split()[-1]
    client = TusClient(f"{own_site.base_url}/upload/tus/", headers={"Authorization": f"Bearer {secret}"})
    senders = []
    for number in range(N_UPLOADS):
        path = tmp_path / f"GX01{number:04d}.MP4"
        path.write_bytes(np.random.default_rng(number).bytes(SIZE_BYTES))
        senders.append(Sender(client, path, chunk_bytes=CHUNK_BYTES))
    with ThreadPoolExecutor(N_UPLOADS) as pool:
        sent = [pool.submit(sender.send) for sender in senders]
        for share in (0.25, 0.6):
            wait_for_bytes(senders, int(share * N_UPLOADS * SIZE_BYTES))
            victims = web_processes(own_site.up)
            assert len(victims) >= 3, "the server and its workers"
            kill_all(victims)
        upload_ids = [future.result() for future in sent]
    for sender, upload_id in zip(senders, upload_ids, strict=True):
        assert sha256_of(own_site.data_dir, upload_id) == hashlib.sha256(sender.path.read_bytes()).hexdigest()


def sha256_of(data_dir: Path, upload_id: str) -> str:
    """Return the hash of an upload's bytes, which are in one place before their check and in another after."""
    places = (data_dir / "uploads" / f"{upload_id}.part", data_dir / "originals" / f"{upload_id}.mp4")
    for _attempt in range(3):  # it may move while it is looked for
        for place in places:
            with contextlib.suppress(FileNotFoundError):
                return hashlib.sha256(place.read_bytes()).hexdigest()
    raise AssertionError(f"the bytes of {upload_id} are in neither place")
