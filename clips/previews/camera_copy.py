"""Opens the small copy that a camera wrote beside a video, which costs less to decode."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from clips.jobs.worker import Claim
from clips.models import OriginalFile
from clips.storage.files import StorageError, local_copy


@contextmanager
def camera_copy(copy: OriginalFile | None, work: Claim) -> Iterator[Path | None]:
    """Yield the path of a small copy; None where there is none, or where its file is missing."""
    with ExitStack() as stack:
        path = None
        if copy is not None:
            with suppress(StorageError):  # only its own: what the caller's work raises is the caller's
                path = stack.enter_context(local_copy(copy, work.report))
        yield path
