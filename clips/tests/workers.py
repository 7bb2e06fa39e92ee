"""Starts, watches and kills real Celery workers for tests."""

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

from django.conf import settings as django_settings
from django.db import connection

PATIENCE_S = 60
#: A busy machine starts a job's child in some seconds, and is not to lose the job meanwhile.
LEASE_S = 10


class Worker:
    """One Celery worker with one pool process, on the test's database, broker and data folder."""

    def __init__(self, **more_environment: str) -> None:
        database = connection.settings_dict
        host = f"{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT']}"
        environment = {
            **os.environ,
            "DATABASE_URL": f"postgres://{host}/{database['NAME']}",
            "DATA_DIR": str(django_settings.DATA_DIR),
            "JOB_LEASE_SECONDS": str(LEASE_S),
            **more_environment,
        }
        command = [
            "-m",
            "celery",
            "--quiet",
            "-A",
            "trickyclip.celery",
            "--skip-checks",  # as the site starts them (trickyclip/runtime/programs.py): half of the start
            "worker",
            "-c",
            "1",
            "-Q",
            "detect,media,light",
        ]
        self.log = (django_settings.DATA_DIR / f"worker-{uuid.uuid4()}.log").open("w")
        self.process = subprocess.Popen(
            [sys.executable, *command, "--without-gossip", "--without-mingle", "-n", f"{uuid.uuid4()}@%h"],
            cwd=django_settings.BASE_DIR, env=environment, stdout=self.log, stderr=subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip

    def kill(self) -> None:
        """Kill the worker's main process with SIGKILL; what it leaves behind must end by itself."""
        children = self.children()
        self.process.kill()
        self.process.wait()
        eventually(lambda: not any(is_alive(pid) for pid in children), "the pool process ends with its worker")

    def kill_child(self) -> None:
        for pid in self.children():
            os.kill(pid, signal.SIGKILL)

    def children(self) -> list[int]:
        listed = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text()
        return [int(pid) for pid in listed.split()]

    def stop(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.log.close()


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def eventually(is_so: Callable[[], object], what: str) -> None:
    deadline_s = time.monotonic() + PATIENCE_S
    while not is_so():
        assert time.monotonic() < deadline_s, f"not within {PATIENCE_S} s: {what}"
        time.sleep(0.05)
