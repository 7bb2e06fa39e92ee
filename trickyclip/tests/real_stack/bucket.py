"""A bucket of moto's that containers of several networks reach."""

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import boto3
from werkzeug.serving import make_server

from clips.tests.storage.conftest import BUCKET, KEYS, PREFIX, Silent


@dataclass(frozen=True)
class Bucket:
    port: int
    environment: dict[str, str]

    def seen_from(self, network: str) -> dict[str, str]:
        """Return where it is for a container: behind the gateway of its network, ``172.30.57`` for instance."""
        return {"S3_ENDPOINT_URL": f"http://{network}.1:{self.port}"}


@contextlib.contextmanager
def served() -> Iterator[Bucket]:
    from moto.server import DomainDispatcherApplication, create_backend_app

    # On all addresses, because the networks of the containers are made later.
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("0.0.0.0", 0, application, threaded=True, request_handler=Silent)  # noqa: S104
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    bucket = boto3.resource("s3", endpoint_url=f"http://127.0.0.1:{server.server_port}", **KEYS).Bucket(BUCKET)
    bucket.create(CreateBucketConfiguration={"LocationConstraint": KEYS["region_name"]})
    try:
        yield Bucket(
            server.server_port,
            {
                "STORAGE_URL": f"s3://{BUCKET}/{PREFIX}",
                "S3_REGION": KEYS["region_name"],
                "AWS_ACCESS_KEY_ID": KEYS["aws_access_key_id"],
                "AWS_SECRET_ACCESS_KEY": KEYS["aws_secret_access_key"],
            },
        )
    finally:
        bucket.objects.all().delete()
        server.shutdown()
        thread.join()
