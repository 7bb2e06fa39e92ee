"""Fixtures of a server that speaks S3 (moto's), in a thread behind a real port, with faults on demand."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field

import boto3
import pytest
from django.core.files.storage import storages
from werkzeug.serving import WSGIRequestHandler, make_server

from clips.storage import addresses
from clips.storage.s3 import S3Store

BUCKET, PREFIX = "crew-footage", "site"
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "eu-central-1"}


class Silent(WSGIRequestHandler):
    def log(self, *_told: object) -> None:
        """Silence logs, so that only failures are printed."""


@dataclass
class Trouble:
    """The fault for the next matching requests."""

    fits: Callable[[dict], bool]
    #: How many times.
    n: int
    status: str = "503 Slow Down"
    #: Instead of a status: how much of the answer is sent before the connection is cut.
    cut_after_bytes: int | None = None
    #: Instead of both: how long it takes.
    slow_s: float = 0.0


@dataclass
class Server:
    """The application between the port and moto."""

    moto: Callable
    url: str = ""
    asked: list[str] = field(default_factory=list)
    troubles: list[Trouble] = field(default_factory=list)
    slow_s: float = 0.0
    bucket: object = None

    def __call__(self, environ: dict, start_response: Callable) -> Iterator[bytes]:
        self.asked.append(f"{environ['REQUEST_METHOD']} {environ['PATH_INFO']}?{environ['QUERY_STRING']}")
        time.sleep(self.slow_s)
        trouble = next((each for each in self.troubles if each.n > 0 and each.fits(environ)), None)
        if trouble is None:
            return self.moto(environ, start_response)
        trouble.n -= 1
        if trouble.slow_s:
            time.sleep(trouble.slow_s)
            return self.moto(environ, start_response)
        if trouble.cut_after_bytes is None:
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            start_response(trouble.status, [("Content-Length", "0")])
            return [b""]
        whole = b"".join(self.moto(environ, start_response))
        return self._cut(whole[: trouble.cut_after_bytes])

    def _cut(self, beginning: bytes) -> Iterator[bytes]:
        yield beginning
        raise ConnectionAbortedError

    def fail(self, method: str, n: int, **how: object) -> None:
        """Let the next ``n`` requests of a method fail."""
        self.troubles.append(Trouble(lambda environ: environ["REQUEST_METHOD"] == method, n, **how))


@pytest.fixture(scope="session")
def moto_server() -> Iterator[Server]:
    from moto.server import DomainDispatcherApplication, create_backend_app

    application = Server(DomainDispatcherApplication(create_backend_app))
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Silent)
    application.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    application.bucket = boto3.resource("s3", endpoint_url=application.url, **KEYS).Bucket(BUCKET)
    # moto keeps buckets by process, and each module that imports this fixture has a server of its own.
    with suppress(application.bucket.meta.client.exceptions.BucketAlreadyOwnedByYou):
        application.bucket.create(CreateBucketConfiguration={"LocationConstraint": KEYS["region_name"]})
    yield application
    server.shutdown()
    thread.join()


def environment(server: Server) -> dict[str, str]:
    """Return the environment of a node of the site."""
    return {
        "STORAGE_URL": f"s3://{BUCKET}/{PREFIX}",
        "S3_ENDPOINT_URL": server.url,
        "S3_REGION": KEYS["region_name"],
        "AWS_ACCESS_KEY_ID": KEYS["aws_access_key_id"],
        "AWS_SECRET_ACCESS_KEY": KEYS["aws_secret_access_key"],
    }


@pytest.fixture
def s3(moto_server, settings) -> Iterator[Server]:
    """Store everything of this process in an empty bucket of the server."""
    told = environment(moto_server)
    options = {
        "endpoint_url": told["S3_ENDPOINT_URL"], "region_name": told["S3_REGION"],
        "access_key": told["AWS_ACCESS_KEY_ID"], "secret_key": told["AWS_SECRET_ACCESS_KEY"],
    }  # fmt: skip
    entry = addresses.storage("STORAGE_URL", told["STORAGE_URL"], {"s3": options})
    aliases = dict.fromkeys(("originals", "candidates", "final_clips"), entry)
    settings.STORAGES = settings.STORAGES | aliases
    moto_server.troubles.clear()
    moto_server.asked.clear()
    moto_server.slow_s = 0.0
    yield moto_server
    moto_server.troubles.clear()
    moto_server.bucket.objects.all().delete()


@pytest.fixture
def store(s3) -> S3Store:
    return storages["originals"]


def objects(server: Server) -> dict[str, int]:
    """Return the names and sizes of everything in the bucket, below its prefix."""
    return {each.key.removeprefix(f"{PREFIX}/"): each.size for each in server.bucket.objects.all()}
