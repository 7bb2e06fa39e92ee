"""Runs PostgreSQL as an unprivileged user when everything else runs as root, which PostgreSQL refuses.

The user is a bare number without an account: nobody can log in as it, no other service shares it, and nothing is added
to the machine's list of users. It owns one folder, ``DATA_DIR/engines/postgres``. Only ``initdb`` insists on a user
with a name, so that one step runs as ``nobody`` (with our group), and its files change owner after.
"""

import os
import pwd
import signal
import stat
import struct
from pathlib import Path

from trickyclip.runtime import launch

FIRST_UID = 60578  # 60578 to 61183 is handed out by no distribution, see systemd's "Users, Groups, UIDs and GIDs"
LAST_UID = 61183

ACL = "system.posix_acl_access"
ACL_VERSION = 2
OWNER, USER, OWNING_GROUP, GROUP, MASK, OTHER = 0x01, 0x02, 0x04, 0x08, 0x10, 0x20
NO_ID = 0xFFFFFFFF
ENTRY = struct.Struct("<HHI")
EXECUTE = 1


class NotPassableError(Exception):
    """A folder on the path is closed to the unprivileged user and cannot be opened for it alone."""


def needed() -> bool:
    return os.geteuid() == 0


def uid_for(folder: Path) -> int:
    """Return the user and group id that already owns ``folder``, or a number that no account has."""
    if folder.exists() and folder.stat().st_uid != 0:
        return folder.stat().st_uid
    taken = {account.pw_uid for account in pwd.getpwall()}
    return next(uid for uid in range(FIRST_UID, LAST_UID + 1) if uid not in taken)


def give(folder: Path, uid: int, gid: int) -> None:
    """Make ``uid`` the owner of ``folder`` and of everything in it."""
    os.chown(folder, uid, gid)
    for parent, folders, files in os.walk(folder):
        for name in (*folders, *files):
            os.chown(os.path.join(parent, name), uid, gid, follow_symlinks=False)


def as_named_user(command: list[str], *, gid: int, workshop: Path) -> list[str]:
    """Return how to run ``command`` as ``nobody`` with group ``gid``; ``workshop`` becomes writable for it."""
    nobody = pwd.getpwnam("nobody").pw_uid
    give(workshop, nobody, gid)
    return launch.arguments(command, uid=nobody, gid=gid, death_signal=signal.SIGKILL)


def let_pass(target: Path, gid: int, ours: Path | None = None) -> None:
    """Let group ``gid`` pass through the closed folders above ``target`` without listing them.

    An entry in the folder's access list does that for this one group; to everyone else the folder stays as it is.
    Where the file system keeps no access lists, ``ours`` and what lies in it lets everybody pass, and see nothing.

    Raises
    ------
    NotPassableError
        If a folder that is not ours is closed and its file system keeps no access lists.
    """
    for folder in reversed(target.resolve().parents):
        if folder.stat().st_mode & 0o001:
            continue
        try:
            _add_group_entry(folder, gid)
        except (OSError, AttributeError) as error:  # macOS knows no such lists
            if ours is not None and ours.resolve() in (folder, *folder.parents):
                folder.chmod(stat.S_IMODE(folder.stat().st_mode) | 0o001)
                continue
            raise NotPassableError(
                f"PostgreSQL does not run as root, and its own user cannot pass through {folder}: "
                f"keep TrickyClip and its data in a folder such as /srv, or run it as an ordinary user."
            ) from error


def _add_group_entry(folder: Path, gid: int) -> None:
    entries = _entries(folder)
    entries[GROUP, gid] = EXECUTE
    entries[MASK, NO_ID] = entries.get((MASK, NO_ID), entries[OWNING_GROUP, NO_ID]) | EXECUTE
    packed = b"".join(ENTRY.pack(tag, rights, who) for (tag, who), rights in sorted(entries.items()))
    os.setxattr(folder, ACL, struct.pack("<I", ACL_VERSION) + packed)


def _entries(folder: Path) -> dict[tuple[int, int], int]:
    """Return ``{(tag, id): rights}`` of the folder's access list, or the equivalent of its plain mode."""
    try:
        raw = os.getxattr(folder, ACL)
    except OSError:
        mode = folder.stat().st_mode
        rights = {OWNER: mode >> 6 & 7, OWNING_GROUP: mode >> 3 & 7, OTHER: mode & 7}
        return {(tag, NO_ID): right for tag, right in rights.items()}
    return {(tag, who): rights for tag, rights, who in ENTRY.iter_unpack(raw[4:])}
