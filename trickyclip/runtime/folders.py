"""Restricts the data folder to its owner, and to its group if another program sends the videos.

``settings.UMASK`` decides that for everything that this process and its children create. What older versions left open
to everybody is closed at the next start: the folder and those directly inside, not each file in them.
"""

import logging
import os
import stat
from pathlib import Path

from trickyclip.runtime.unprivileged import ACL

logger = logging.getLogger(__name__)

#: What the site made itself and nobody else looks into. Not the folder that others put videos into.
ROOMS = ("originals", "candidates", "final_clips", "uploads", "scratch", "archive")
#: What older versions made under the umask of most systems.
_AS_MADE_BEFORE = 0o755


def close(data_dir: Path, umask: int, incoming: Path | None = None) -> None:
    """Close the data folder to everybody whom ``umask`` keeps out.

    What somebody gave a group, or one user by an access list, stays. If others may write into a folder inside, as a
    program that synchronises does, they may still pass through to it, without seeing what lies beside it.
    """
    for folder in (data_dir, *(data_dir / room for room in ROOMS)):
        if folder.is_dir() and not folder.is_symlink():
            _close(folder, umask, keep=0o001 if folder == data_dir and _lets_others_in(incoming, data_dir) else 0)


def _close(folder: Path, umask: int, *, keep: int) -> None:
    mode = stat.S_IMODE(folder.stat().st_mode)
    taken = umask if mode == _AS_MADE_BEFORE and not _has_list(folder) else umask & 0o007
    wanted = mode & ~taken | (mode & keep)
    if wanted == mode:
        return
    try:
        folder.chmod(wanted)
    except OSError as error:  # somebody else's, as the root of a mounted disk
        logger.warning("%s cannot be closed to other users: %s.", folder, error.strerror)


def _lets_others_in(incoming: Path | None, data_dir: Path) -> bool:
    if incoming is None or data_dir not in incoming.parents or not incoming.is_dir():
        return False
    return bool(incoming.stat().st_mode & 0o022) or _has_list(incoming)


def _has_list(folder: Path) -> bool:
    try:
        return bool(os.getxattr(folder, ACL))
    except (OSError, AttributeError):  # none, or a system without them
        return False
