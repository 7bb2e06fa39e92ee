"""Store in a bucket that speaks S3: Amazon's own, MinIO, Ceph, Cloudflare R2, Backblaze B2 and others.

django-storages provides addresses and keys. Its ``File`` is not used: it fetches a whole object for any part of it, and
verifies nothing.
"""

import base64
import hashlib
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig, create_transfer_manager
from botocore.client import BaseClient
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from s3transfer.subscribers import BaseSubscriber
from storages.backends.s3 import S3Storage
from urllib3.exceptions import HTTPError

from clips.storage.backend import BLOCK_BYTES, MissingFileError, Report, StorageError, Stored
from clips.storage.bucket import LEFT_AFTER_S, BrokenOffError, BucketStore, Facts

#: The parts of a large object, each with a checksum of its own; S3 takes no more than 10,000.
PART_BYTES, MAX_PARTS = 16 * 1024**2, 9_000
PARTS_AT_ONCE = 4
#: A report renews a lease, so it must come also while nothing arrives.
REPORT_EVERY_S = 0.5
#: So many names fit into one request to delete.
MOST_DELETED_AT_ONCE = 1000
#: One request copies up to 5 GiB inside the store.
COPIED_AT_ONCE = TransferConfig(multipart_threshold=5 * 1024**3)
NOT_THERE = frozenset({"404", "NoSuchKey", "NotFound"})
CLOSED = frozenset({"401", "403", "AccessDenied", "Forbidden", "InvalidAccessKeyId", "SignatureDoesNotMatch"})


class S3Store(BucketStore, S3Storage):
    """Objects are private: they get no ACL, and pages read them through this server."""

    def __init__(self, **options: object) -> None:
        # botocore tries again what may pass (5xx, throttling, time-outs, cut connections), waiting longer each time.
        config = Config(
            connect_timeout=5,
            read_timeout=30,
            retries={"mode": "standard", "total_max_attempts": 5},
            s3={"addressing_style": "path" if options.get("endpoint_url") else "auto"},
            max_pool_connections=20,
        )
        super().__init__(**options, client_config=config)

    @cached_property
    def client(self) -> BaseClient:
        """One client for all threads: clients may be shared, and creating one takes a third of a second."""
        return self._create_session().client(
            "s3", region_name=self.region_name, endpoint_url=self.endpoint_url, config=self.client_config
        )

    def key(self, stored_path: str) -> dict[str, str]:
        return {"Bucket": self.bucket_name, "Key": self._normalize_name(stored_path)}

    def facts(self, stored_path: str) -> Facts:
        with self.faults():
            told = self.client.head_object(**self.key(stored_path))
        return Facts(told["ContentLength"], told["ETag"])

    def blocks(self, stored_path: str, etag: str, first: int, last: int) -> Iterator[bytes]:
        with self.faults():
            asked = {"Range": f"bytes={first}-{last}", "IfMatch": etag}
            body = self.client.get_object(**self.key(stored_path), **asked)["Body"]
        try:
            yield from body.iter_chunks(BLOCK_BYTES)
        except (HTTPError, BotoCoreError, OSError) as error:
            raise BrokenOffError(_("The storage connection broke off in the middle of a file.")) from error
        finally:
            body.close()

    def upload(self, source: Path, stored_path: str, report: Report) -> None:
        size_bytes = source.stat().st_size
        part_bytes = max(PART_BYTES, -(-size_bytes // MAX_PARTS))
        with self.faults():
            self._send(source, stored_path, size_bytes, part_bytes, report)
            told = self.client.head_object(**self.key(stored_path), ChecksumMode="ENABLED")
        # Each part was refused unless its checksum was right; this is about the whole. Not every S3 keeps checksums.
        checksum = told.get("ChecksumSHA256")
        is_whole = told["ContentLength"] == size_bytes
        if not is_whole or (checksum and checksum.partition("-")[0] != sha256_of_parts(source, part_bytes, report)):
            raise StorageError(_("The file in the storage does not match the file sent. It will be sent again."))

    def _send(self, source: Path, stored_path: str, size_bytes: int, part_bytes: int, report: Report) -> None:
        """Send a file in parts, several at once; reports come from this thread, whose database connection they use."""
        parts = TransferConfig(
            multipart_threshold=part_bytes, multipart_chunksize=part_bytes, max_concurrency=PARTS_AT_ONCE
        )
        sent = _Sent()
        with create_transfer_manager(self.client, parts) as manager:  # whatever ends the block ends the sending
            bucket, key = self.key(stored_path).values()
            sending = manager.upload(
                str(source), bucket, key, extra_args={"ChecksumAlgorithm": "SHA256"}, subscribers=[sent]
            )
            while not sent.is_over.wait(REPORT_EVERY_S):
                report(sent.n_bytes / max(1, size_bytes))
            sending.result()

    def copy(self, from_path: str, to_path: str) -> None:
        with self.faults():
            self.client.copy(self.key(from_path), *self.key(to_path).values(), Config=COPIED_AT_ONCE)

    def delete_all(self, stored_paths: Iterable[str]) -> None:
        keys = [{"Key": self.key(path)["Key"]} for path in stored_paths]
        for start in range(0, len(keys), MOST_DELETED_AT_ONCE):
            some = {"Objects": keys[start : start + MOST_DELETED_AT_ONCE], "Quiet": True}
            with self.faults():
                told = self.client.delete_objects(Bucket=self.bucket_name, Delete=some)
            if told.get("Errors"):
                code = told["Errors"][0].get("Code", "?")
                raise StorageError(_("The storage did not delete a file (%(code)s).") % {"code": code})

    def listed(self, folder: str) -> Iterator[Stored]:
        prefix = f"{self._normalize_name(folder)}/"
        pages = self.client.get_paginator("list_objects_v2").paginate(
            Bucket=self.bucket_name, Prefix=prefix, Delimiter="/"
        )
        with self.faults():
            for page in pages:
                for found in page.get("Contents", []):
                    path = f"{folder}/{found['Key'].removeprefix(prefix)}"
                    yield Stored(path, found["Size"], found["LastModified"].timestamp())

    def clear_left(self) -> None:
        """Also delete the parts of objects whose worker was killed: they are invisible, but cost money."""
        super().clear_left()
        before = timezone.now() - timedelta(seconds=LEFT_AFTER_S)
        with self.faults():
            pages = self.client.get_paginator("list_multipart_uploads").paginate(
                Bucket=self.bucket_name, Prefix=self._normalize_name("") or ""
            )
            left = [one for page in pages for one in page.get("Uploads", []) if one["Initiated"] < before]
            for one in left:
                self.client.abort_multipart_upload(Bucket=self.bucket_name, Key=one["Key"], UploadId=one["UploadId"])

    def check_bucket(self) -> None:
        with self.faults():
            self.client.list_objects_v2(Bucket=self.bucket_name, MaxKeys=1)

    @contextmanager
    def faults(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            raise self._fault(error) from error
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise StorageError(
                _("No key for the storage was found. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.")
            ) from error
        except (BotoCoreError, Boto3Error, HTTPError, OSError) as error:
            where = self.endpoint_url or "Amazon S3"
            why = {"where": where, "error": type(error).__name__}
            raise StorageError(_("The storage at %(where)s cannot be reached (%(error)s).") % why) from error

    def _fault(self, error: ClientError) -> StorageError:
        code = error.response.get("Error", {}).get("Code", "")
        told = {"bucket": self.bucket_name, "code": code}
        if code in NOT_THERE:
            return MissingFileError(_("This file is no longer in the storage."))
        if code == "NoSuchBucket":
            return StorageError(_("The bucket “%(bucket)s” does not exist. Create it, or correct its name.") % told)
        if code in CLOSED:
            return StorageError(
                _("This key has no access to the bucket “%(bucket)s” (%(code)s). Check its permissions.") % told
            )
        if code in {"412", "PreconditionFailed"}:
            return StorageError(_("The file was replaced while it was being read."))
        return StorageError(_("The storage answers with an error (%(code)s).") % told)


class _Sent(BaseSubscriber):
    """Counts what was sent, in the threads that send."""

    def __init__(self) -> None:
        self.n_bytes = 0
        self.is_over = threading.Event()
        self._lock = threading.Lock()

    def on_progress(self, future: object, bytes_transferred: int, **_kwargs: object) -> None:
        with self._lock:
            self.n_bytes += bytes_transferred

    def on_done(self, future: object, **_kwargs: object) -> None:
        self.is_over.set()


def sha256_of_parts(path: Path, part_bytes: int, report: Report) -> str:
    """Return the checksum that S3 keeps of a file, in Base64: of the whole, or of its parts' checksums if it has any.

    Notes
    -----
    Amazon S3 User Guide, "Checking object integrity": composite checksums of multipart uploads.
    """
    size_bytes = path.stat().st_size
    digests = []
    with path.open("rb") as file:
        while block := file.read(part_bytes):
            digests.append(hashlib.sha256(block).digest())
            report(file.tell() / size_bytes)
    whole = digests[0] if size_bytes < part_bytes else hashlib.sha256(b"".join(digests)).digest()
    return base64.b64encode(whole).decode()
