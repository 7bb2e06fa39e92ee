"""One site made of containers: started as deploy/compose.yaml says, asked, killed, and removed."""

import ast
import contextlib
import os
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import requests
import yaml
from tusclient.client import TusClient

from trickyclip.runtime import embedded
from trickyclip.tests.real_stack.podman import SITE, Podman
from trickyclip.tests.site import free_port

COMPOSE = embedded.BASE_DIR / "deploy" / "compose.yaml"
HOST = "clips.example.org"
SITE_ID = 10001
#: Those that have no health check, and end where they should not be running.
UNASKED = {"incoming"}
PATIENCE_S = 180
CHUNK_BYTES = 64 * 1024
TOKEN = "from people.models import *; print(ApiToken.objects.issue(Member.objects.get(), 'stack')[1])"


class Override(list):
    """Marks a list that replaces one of deploy/compose.yaml instead of adding to it."""


yaml.SafeDumper.add_representer(Override, lambda dumper, data: dumper.represent_sequence("!override", data))


def roomy() -> dict:
    """Return each service with twice its memory.

    Docker lets a container swap as much again as its limit, and deploy/first-boot makes the swap; a machine that runs
    tests may have none, and would kill what only swaps there.
    """
    limits = {name: each["mem_limit"] for name, each in yaml.safe_load(COMPOSE.read_text())["services"].items()}
    return {name: {"mem_limit": f"{2 * int(limit.removesuffix('m'))}m"} for name, limit in limits.items()}


def eventually(
    is_so: Callable[[], object], what: str, patience_s: float = PATIENCE_S, *, pause_s: float = 0.5
) -> object:
    ends_s = time.monotonic() + patience_s
    while not (found := is_so()):
        assert time.monotonic() < ends_s, f"not within {patience_s:.0f} s: {what}"
        time.sleep(pause_s)
    return found


class Host:
    """A machine: its settings, its data folder, and those services of deploy/compose.yaml that run on it."""

    def __init__(
        self, podman: Podman, folder: Path, name: str, override: dict, *, secrets: Path | None = None, **settings: str
    ) -> None:
        self.podman, self.name = podman, name
        self.config, self.data = folder / name / "config", folder / name / "data"
        self.data.mkdir(parents=True)
        if secrets:
            shutil.copytree(secrets, self.config / "secrets")
        self.data.chmod(0o750)  # as deploy/first-boot makes it
        os.chown(self.data, SITE_ID, SITE_ID)
        self.override = folder / name / "override.yaml"
        self.override.write_text(yaml.safe_dump(_merged({"services": roomy()}, override)))
        environment = os.environ | {"TRICKYCLIP_CONFIG": str(self.config)}
        configure = [str(embedded.BASE_DIR / "deploy" / "configure"), "compose", HOST, "Europe/Vienna"]
        subprocess.run(configure, env=environment, check=True)
        self.set("site.env", settings)
        self.set(
            "compose.env",
            {"TRICKYCLIP_IMAGE": SITE, "TRICKYCLIP_DATA": str(self.data), "COMPOSE_PROFILES": "tunnel"},
        )
        (self.config / "secrets" / "tunnel_token").write_text("made-up")

    def set(self, name: str, values: dict[str, str]) -> None:
        """Change or add lines of a file of settings, as whoever keeps the machine would."""
        lines = [line for line in (self.config / name).read_text().splitlines() if line.partition("=")[0] not in values]
        (self.config / name).write_text("\n".join(lines + [f"{key}={value}" for key, value in values.items()]) + "\n")

    def up(self, *services: str) -> None:
        words = ["up", "--detach", "--no-build", *(["--no-deps"] if services else []), *services]
        self.podman.compose(self.name, self.config / "compose.env", *words, files=[COMPOSE, self.override])

    def container(self, service: str) -> str:
        return f"{self.name}_{service}_1"

    def facts(self, service: str) -> dict:
        return self.podman.facts(self.container(service))

    def is_running(self, service: str) -> bool:
        return self.facts(service)["State"]["Running"]

    def is_well(self, service: str) -> bool:
        """Ask as Docker does, by the service's own health check."""
        if service in UNASKED:
            return self.is_running(service)
        return self.podman.succeeds("healthcheck", "run", self.container(service))

    def wait_until_well(self, *services: str) -> None:
        for service in services:
            eventually(lambda service=service: self.is_well(service), f"{service} is well\n{self.log(service)}")

    def crash(self, service: str) -> None:
        """End the first process of a container, as a fault or a full memory does; it is started again by itself."""
        before = self.facts(service)
        os.kill(before["State"]["Pid"], signal.SIGKILL)
        eventually(
            lambda: self.facts(service)["RestartCount"] > before["RestartCount"], f"{service} is started again"
        )  # fmt: skip

    def kill(self, service: str) -> None:
        """Kill a container by hand; as in Docker it stays down until somebody starts it."""
        self.podman("kill", self.container(service))
        eventually(lambda: not self.is_running(service), f"{service} is down")

    def stop(self, *services: str) -> None:
        for service in services:
            self.podman("stop", "--time", "20", self.container(service))

    def start(self, *services: str) -> None:
        for service in services:
            self.podman("start", self.container(service))

    def log(self, service: str) -> str:
        return self.podman.log(self.container(service))


class Site(Host):
    """A host with all of the site, and what people and programs ask of it from outside."""

    def __init__(self, podman: Podman, folder: Path, name: str, override: dict | None = None, **settings: str) -> None:
        published = {"services": {"nginx": {"ports": Override([f"127.0.0.1:{free_port()}:8080"])}}}
        super().__init__(podman, folder, name, _merged(published, override or {}), **settings)
        self.secret = ""

    def up(self, *services: str) -> None:
        """Start the engines, and all else once they are well: Podman 4.3 cannot wait for that."""
        if services:
            super().up(*services)
            return
        super().up("postgres", "redis")
        self.wait_until_well("postgres", "redis")
        super().up()
        assert self.facts("prepare")["State"]["ExitCode"] == 0, self.log("prepare")
        self.wait_until_well(*self.lasting())
        self.secret = self.manage("shell", "-c", TOKEN).splitlines()[-1]

    def lasting(self) -> list[str]:
        return [name for name in yaml.safe_load(COMPOSE.read_text())["services"] if name != "prepare"]

    def manage(self, *words: str, service: str = "web") -> str:
        return self.podman("exec", self.container(service), "python", "manage.py", *words)

    def look(self, expression: str) -> object:
        """Return what a Python expression over the models is, on the site's own database."""
        code = f"from clips.models import *; print(repr({expression}))"
        return ast.literal_eval(self.manage("shell", "-c", code).splitlines()[-1])

    def sql(self, query: str) -> str:
        """Return the first value of a query; quicker than ``look``."""
        password = (self.config / "secrets" / "database_password").read_text()
        psql = ["psql", "-U", "app", "-d", "trickyclip", "-At", "-c", query]
        return self.podman("exec", "-e", f"PGPASSWORD={password}", self.container("postgres"), *psql)

    @property
    def address(self) -> str:
        """The end of the tunnel, as Cloudflare's side of it."""
        [network] = self.facts("cloudflared")["NetworkSettings"]["Networks"].values()
        return f"http://{network['IPAddress']}:8081"

    def ask(self, method: str, path: str, **options: object) -> requests.Response:
        headers = {"Host": HOST, "Authorization": f"Bearer {self.secret}"} | options.pop("headers", {})
        return requests.request(
            method, self.address + path, headers=headers, timeout=60, allow_redirects=False, **options
        )  # fmt: skip

    def is_ready(self) -> bool:
        """Ask for database, broker, disk and jobs, as deploy/upgrade does."""
        ask = "import urllib.request as r; r.urlopen('http://127.0.0.1:8000/readyz', timeout=10)"
        return self.podman.succeeds("exec", self.container("web"), "python", "-c", ask)

    def send(self, film: Path, during: Callable[[], None] = lambda: None) -> str:
        """Send a film in small chunks, with something that happens in the middle; return the upload's id."""
        headers = {"Host": HOST, "Authorization": f"Bearer {self.secret}"}
        client = TusClient(f"{self.address}/upload/tus/", headers=headers)
        sending = client.uploader(
            str(film), chunk_size=CHUNK_BYTES, retries=90, retry_delay=1,
            metadata={"filename": film.name, "session": "Backyard Rails", "date": "2024-12-01"},
        )  # fmt: skip
        sending.upload_chunk()
        during()
        sending.upload()
        return sending.url.rsplit("/", 1)[-1]

    def wait_until_idle(self, patience_s: float = PATIENCE_S) -> None:
        def is_idle() -> bool:
            failed = self.look("list(Job.objects.filter(state='FAILED').values_list('kind', 'reason'))")
            assert not failed, failed
            return not self.look("Job.objects.in_motion().count()")

        eventually(is_idle, f"all jobs are done: {self.look(ACTIVE)}", patience_s)

    def keep_best(self, original: str) -> dict:
        """Keep the best moment of a video; return the clip."""
        lease = str(uuid.uuid4())
        hand = self.ask("POST", "/api/sort/next", json={"lease": lease, "count": 4}).json()
        segment = next(each for each in hand["segments"] if str(each["original_file"]) == original)
        span = {name: segment[name] for name in ("start_ms", "end_ms")}
        kept = self.ask(
            "POST", "/api/sort/save", json={"segment": segment["id"], "lease": lease, "key": str(uuid.uuid4()), **span}
        )  # fmt: skip
        assert kept.status_code == 200, kept.text
        return kept.json()


ACTIVE = "list(Job.objects.in_motion().values_list('kind', 'state', 'reason'))"


def _merged(one: dict, other: dict) -> dict:
    both = one | other
    for key in one.keys() & other.keys():
        if isinstance(one[key], dict):
            both[key] = _merged(one[key], other[key])
    return both


@contextlib.contextmanager
def cleared(podman: Podman, folder: Path) -> Iterator[None]:
    """Leave no container, volume, network or data folder behind."""
    podman.clear()
    try:
        yield
    finally:
        podman.clear()
        shutil.rmtree(folder, ignore_errors=True)
