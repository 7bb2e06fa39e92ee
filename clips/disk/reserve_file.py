"""Keeps a reserve file that is deleted when the disk is nearly full, so that the database can continue to write.

Everything of ours stops at the floor, well before. The reserve is for what asks nobody: logs, other programs, somebody
who copies a film to the same disk. PostgreSQL ends when it cannot write its log, and with it everything else.
"""

import os
import shutil
from pathlib import Path

from django.conf import settings

MOST_BYTES = 128 * 1024**2
#: Of a small disk no more than this part.
PART_OF_DISK = 100


def path() -> Path:
    return settings.DATA_DIR / "engines" / "ballast"


def size_bytes() -> int:
    return min(MOST_BYTES, shutil.disk_usage(settings.DATA_DIR).total // PART_OF_DISK)


def release_if_needed() -> bool:
    """Delete the reserve file if less than half of its size is free; return whether it was deleted."""
    if shutil.disk_usage(settings.DATA_DIR).free >= size_bytes() // 2 or not path().exists():
        return False
    path().unlink(missing_ok=True)
    return True


def take_on(room_bytes: int) -> bool:
    """Create a missing reserve file if twice ``room_bytes`` above the floor are free; return whether it was made."""
    if path().exists() or room_bytes < 2 * size_bytes():
        return False
    path().parent.mkdir(parents=True, exist_ok=True)
    made = path().with_suffix(".part")
    with made.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, size_bytes()))
    made.replace(path())
    return True
