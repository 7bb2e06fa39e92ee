"""Store in a bucket of Google Cloud Storage, over Google's own library, which verifies by CRC-32C and retries."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from google.api_core.exceptions import Forbidden, GoogleAPICallError, NotFound, PreconditionFailed, Unauthorized
from google.auth.exceptions import GoogleAuthError
from google.cloud.storage import Blob, Client
from google.cloud.storage.exceptions import DataCorruption, InvalidResponse
from google.cloud.storage.retry import DEFAULT_RETRY
from google.oauth2.service_account import Credentials
from requests import RequestException
from storages.backends.gcloud import GoogleCloudStorage

from clips.storage.backend import MissingFileError, Report, StorageError, Stored
from clips.storage.bucket import BucketStore, Facts

#: What is sent in one request; a multiple of 256 KiB.
SENT_AT_ONCE_BYTES = 16 * 1024**2
#: What is asked for in one request: held in memory.
READ_AT_ONCE_BYTES = 2 * 1024**2
TIMEOUT_S = 30


class GoogleStore(BucketStore, GoogleCloudStorage):
    """Objects are private: they get no ACL, and pages read them through this server."""

    def get_default_settings(self) -> dict[str, Any]:
        return super().get_default_settings() | {"credentials_file": ""}

    @cached_property
    def client(self) -> Client:
        """The library's client; without a key file it looks for credentials where Google's own tools do."""
        file = self.credentials_file
        try:
            return Client(project=None, credentials=Credentials.from_service_account_file(file) if file else None)
        except (OSError, ValueError, GoogleAuthError) as error:
            raise StorageError(
                _("No key for Google's storage was found. Set GOOGLE_APPLICATION_CREDENTIALS to the JSON key's file.")
            ) from error

    def blob(self, stored_path: str) -> Blob:
        return self.bucket.blob(self._normalize_name(stored_path), chunk_size=SENT_AT_ONCE_BYTES)

    def facts(self, stored_path: str) -> Facts:
        with self.faults():
            blob = self.blob(stored_path)
            blob.reload(timeout=TIMEOUT_S)
        return Facts(blob.size, f'"{blob.generation}"')

    def blocks(self, stored_path: str, etag: str, first: int, last: int) -> Iterator[bytes]:
        blob, generation = self.blob(stored_path), int(etag.strip('"'))
        for start in range(first, last + 1, READ_AT_ONCE_BYTES):
            end = min(last, start + READ_AT_ONCE_BYTES - 1)
            with self.faults():
                block = blob.download_as_bytes(
                    start=start, end=end, raw_download=True, if_generation_match=generation,
                    checksum=None, timeout=TIMEOUT_S,
                )  # fmt: skip
            yield block

    def upload(self, source: Path, stored_path: str, report: Report) -> None:
        size_bytes = source.stat().st_size
        with source.open("rb") as file, self.faults():
            blob = self.blob(stored_path)
            blob.upload_from_file(
                _Counted(file, size_bytes, report), size=size_bytes, checksum="crc32c",
                retry=DEFAULT_RETRY, timeout=TIMEOUT_S,
            )  # fmt: skip
            blob.reload(timeout=TIMEOUT_S)
        if blob.size != size_bytes:
            raise StorageError(_("The file in the storage does not match the file sent. It will be sent again."))

    def copy(self, from_path: str, to_path: str) -> None:
        with self.faults():
            token = None
            while True:  # a large one is copied in several steps
                token, _done, _total = self.blob(to_path).rewrite(self.blob(from_path), token, timeout=TIMEOUT_S)
                if token is None:
                    return

    def delete_all(self, stored_paths: Iterable[str]) -> None:
        with self.faults():
            blobs = [self.blob(path) for path in stored_paths]
            self.bucket.delete_blobs(blobs, on_error=lambda blob: None, timeout=TIMEOUT_S, retry=DEFAULT_RETRY)

    def listed(self, folder: str) -> Iterator[Stored]:
        prefix = f"{self._normalize_name(folder)}/"
        with self.faults():
            for blob in self.client.list_blobs(self.bucket, prefix=prefix, delimiter="/", timeout=TIMEOUT_S):
                yield Stored(f"{folder}/{blob.name.removeprefix(prefix)}", blob.size, blob.updated.timestamp())

    def check_bucket(self) -> None:
        with self.faults():
            next(iter(self.client.list_blobs(self.bucket, max_results=1, timeout=TIMEOUT_S)), None)

    @contextmanager
    def faults(self) -> Iterator[None]:
        told = {"bucket": self.bucket_name}
        try:
            yield
        except NotFound as error:
            if "bucket does not exist" in error.message:
                says = _("The bucket “%(bucket)s” does not exist. Create it, or correct its name.") % told
                raise StorageError(says) from error
            raise MissingFileError(_("This file is no longer in the storage.")) from error
        except PreconditionFailed as error:
            raise StorageError(_("The file was replaced while it was being read.")) from error
        except (Forbidden, Unauthorized, GoogleAuthError) as error:
            says = _("This key has no access to the bucket “%(bucket)s” (%(code)s). Check its permissions.")
            raise StorageError(says % (told | {"code": type(error).__name__})) from error
        except DataCorruption as error:
            raise StorageError(
                _("The file in the storage does not match the file sent. It will be sent again.")
            ) from error
        except (GoogleAPICallError, InvalidResponse, RequestException) as error:
            why = told | {"error": type(error).__name__}
            raise StorageError(_("Google's storage cannot be reached (%(error)s).") % why) from error


class _Counted:
    """A file that reports how much of it was read, in the thread that sends it."""

    def __init__(self, file: BinaryIO, size_bytes: int, report: Report) -> None:
        self._file, self._size_bytes, self._report = file, max(1, size_bytes), report

    def read(self, n_bytes: int = -1) -> bytes:
        block = self._file.read(n_bytes)
        self._report(min(1.0, self._file.tell() / self._size_bytes))
        return block

    def tell(self) -> int:
        return self._file.tell()

    def seek(self, *where: int) -> int:
        return self._file.seek(*where)
