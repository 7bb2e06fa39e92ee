"""Where files lie. Code that needs a local file of an original says ``with local_copy(original) as path:``."""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.utils.translation import gettext as _

from clips.models import FinalClip, OriginalFile

HASH_BLOCK_BYTES = 16 * 1024**2


class StorageError(Exception):
    """A file is missing or the disk is too full; the text is one sentence for people."""


@contextmanager
def local_copy(original: OriginalFile) -> Iterator[Path]:
    """Give the path of an original on this machine's disk, for as long as the block lasts."""
    path = settings.DATA_DIR / original.stored_path
    if not path.is_file():
        raise StorageError(_("The original file is not in the data folder any more."))
    yield path


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Give an empty folder on the same disk as the data, so that a finished file is moved by renaming."""
    settings.SCRATCH_DIR.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=settings.SCRATCH_DIR) as folder:
        yield Path(folder)


def clip_path(clip: FinalClip) -> Path:
    return settings.DATA_DIR / clip.stored_path


def place(source: Path, stored_path: str) -> None:
    """Move a finished file to its place; whoever reads that place sees the whole file or none."""
    target = settings.DATA_DIR / stored_path
    target.parent.mkdir(parents=True, exist_ok=True)
    source.replace(target)
    sync(target.parent)  # the rename itself must survive a power cut too


def sha256_of(path: Path, report: Callable[[float], None] | None = None) -> str:
    """Return the SHA-256 of a file as 64 hexadecimal digits; ``report`` gets the fraction read."""
    digest = hashlib.sha256()
    size_bytes = max(1, path.stat().st_size)
    with path.open("rb") as file:
        while block := file.read(HASH_BLOCK_BYTES):
            digest.update(block)
            if report:
                report(file.tell() / size_bytes)
    return digest.hexdigest()


def free_bytes() -> int:
    """Return how much the data folder's disk can take before it falls below its floor; negative when it is below."""
    usage = shutil.disk_usage(settings.DATA_DIR)
    floor_bytes = min(settings.DISK_FLOOR_BYTES, usage.total // 10)
    return usage.free - floor_bytes


def sync(path: Path) -> None:
    """Wait until a file or a folder's entries are on the disk itself."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
