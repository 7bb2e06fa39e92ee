"""Base of cloud stores: files are objects of a bucket, and each request may fail.

Objects are never renamed. A file is first uploaded beside the others (``STAGING``), and copied to its path inside the
store when its row is written; so a path holds all of a file or nothing, as on a disk.
"""

import time
import uuid
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from django.utils.translation import gettext as _

from clips.storage.backend import MissingFileError, Report, StorageError, Stored

#: Objects that are on their way to their path; what is older than a day was left by a worker that was killed.
STAGING = "staging"
LEFT_AFTER_S = 24 * 3600
#: A connection that breaks in the middle of an object is opened again where it broke, as long as something comes.
MAX_BROKEN = 5
FIRST_WAIT_S = 0.2
#: So many requests are under way at once where many small questions are asked.
AT_ONCE = 8


class BrokenOffError(StorageError):
    """The connection ended before the object did."""


@dataclass(frozen=True)
class Facts:
    """A bucket's facts about an object."""

    size_bytes: int
    etag: str


class BucketStore:
    """A store made of few requests, which a kind of bucket provides; all of them raise only StorageError."""

    is_local = False

    # --- what a kind of bucket provides ------------------------------------------------------------------------------

    def facts(self, stored_path: str) -> Facts:
        raise NotImplementedError

    def blocks(self, stored_path: str, etag: str, first: int, last: int) -> Iterator[bytes]:
        """Yield the bytes of an object, as long as it has that tag; BrokenOffError if they stop."""
        raise NotImplementedError

    def upload(self, source: Path, stored_path: str, report: Report) -> None:
        """Upload a file and verify what arrived."""
        raise NotImplementedError

    def copy(self, from_path: str, to_path: str) -> None:
        raise NotImplementedError

    def delete_all(self, stored_paths: Iterable[str]) -> None:
        raise NotImplementedError

    def listed(self, folder: str) -> Iterator[Stored]:
        raise NotImplementedError

    def check_bucket(self) -> None:
        """Raise StorageError if the bucket is missing or closed to us: then a missing object means nothing."""
        raise NotImplementedError

    def faults(self) -> AbstractContextManager[None]:
        """Turn exceptions of the bucket's library into StorageError."""
        raise NotImplementedError

    # --- what every store can do -------------------------------------------------------------------------------------

    def path_of(self, stored_path: str) -> None:
        return None

    def put(self, source: Path, stored_path: str, report: Report) -> None:
        self.upload(source, stored_path, report)

    def stage(self, source: Path, report: Report) -> str:
        staged = f"{STAGING}/{uuid.uuid4()}"
        self.upload(source, staged, report)
        return staged

    def place(self, staged: str, stored_path: str) -> None:
        self.copy(staged, stored_path)

    def unstage(self, staged: str) -> None:
        self.delete_all([staged])

    def duplicate(self, stored_path: str, copy_path: str) -> None:
        self.copy(stored_path, copy_path)

    def length_bytes(self, stored_path: str) -> int | None:
        try:
            return self.facts(stored_path).size_bytes
        except MissingFileError:
            self.check_bucket()
            return None

    def lengths_bytes(self, stored_paths: Iterable[str]) -> dict[str, int | None]:
        paths = list(stored_paths)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return dict(zip(paths, pool.map(self.length_bytes, paths), strict=True))

    def clear_left(self) -> None:
        """Delete leftovers of workers that were killed in the middle of an upload."""
        before_s = time.time() - LEFT_AFTER_S
        self.delete_all([left.stored_path for left in self.listed(STAGING) if left.put_at_s < before_s])

    def read(self, stored_path: str) -> "BucketFile":
        return BucketFile(self, stored_path, self.facts(stored_path))


class BucketFile:
    """An object that is read from one byte to another, over as many connections as needed."""

    def __init__(self, store: BucketStore, stored_path: str, facts: Facts) -> None:
        self._store, self._path = store, stored_path
        self.size_bytes = self.left_bytes = facts.size_bytes
        self.etag = facts.etag
        self._next = 0

    def narrow(self, first: int, last: int) -> None:
        self._next, self.left_bytes = first, last - first + 1

    def __iter__(self) -> Iterator[bytes]:
        n_broken = 0
        while self.left_bytes:
            try:
                for block in self._store.blocks(self._path, self.etag, self._next, self._next + self.left_bytes - 1):
                    self._next += len(block)
                    self.left_bytes -= len(block)
                    n_broken = 0
                    yield block
                if self.left_bytes:
                    raise BrokenOffError(_("The storage connection broke off in the middle of a file."))
            except BrokenOffError:
                n_broken += 1
                if n_broken > MAX_BROKEN:
                    raise
                time.sleep(FIRST_WAIT_S * 2**n_broken)

    def close(self) -> None:
        """Do nothing: nothing is open between two blocks that a generator would not close itself."""
