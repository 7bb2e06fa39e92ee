"""Keeps what was heard of videos on this machine's disk, so that comparing a video again does not read it again.

A file is named by the SHA-256 of its video. It is small beside that, has no row, and is made again when it is missing;
what was used longest ago goes first.
"""

import os
import time
from contextlib import suppress
from pathlib import Path

from django.conf import settings

FOLDER = "sounds"
#: About 18 hours of sound.
MOST_BYTES = 1024**3
#: What was used in the last hour may be about to be opened.
IN_USE_S = 3600


def folder() -> Path:
    return settings.SCRATCH_DIR / FOLDER


def path_of(sha256: str, version: int) -> Path:
    """Return where the sound of a video lies, there or not; another way of hearing has another version."""
    return folder() / f"{sha256}-{version}.npy"


def take(path: Path, folder: Path) -> Path | None:
    """Link a sound into a folder on the same disk, and return it there; None where it is not kept.

    There it stays as it is, whatever happens to it here; here it stays for an hour at least.
    """
    taken = folder / path.name
    try:
        os.link(path, taken)
    except FileNotFoundError:
        return None
    os.utime(taken)
    return taken


def keep(source: Path, path: Path) -> None:
    """Link a finished file on the same disk to its place, unless somebody was faster, and make room for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    drop_unused(used_bytes() + source.stat().st_size - MOST_BYTES)
    with suppress(FileExistsError):
        os.link(source, path)


def used_bytes() -> int:
    return sum(facts.st_size for _path, facts in _files())


def drop_unused(to_free_bytes: int) -> int:
    """Delete sounds that nobody uses, the least recently used first, until so much is free; return how much is."""
    freed_bytes, used_since_s = 0, time.time() - IN_USE_S
    for path, facts in sorted(_files(), key=lambda file: file[1].st_mtime_ns):
        if freed_bytes >= to_free_bytes or facts.st_mtime > used_since_s:
            break
        path.unlink(missing_ok=True)
        freed_bytes += facts.st_size
    return freed_bytes


def drop(sha256: str) -> None:
    """Delete what was heard of one video."""
    for path in folder().glob(f"{sha256}-*"):
        path.unlink(missing_ok=True)


def _files() -> list[tuple[Path, os.stat_result]]:
    found = []
    with suppress(FileNotFoundError), os.scandir(folder()) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                found.append((Path(entry.path), entry.stat()))
    return found
