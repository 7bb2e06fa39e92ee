"""Restricts a process to a few files with a private mount namespace, where the kernel has no Landlock.

It needs a mount namespace, which root may have, and any user within a user namespace where the system allows it.
Containers and strict service managers allow neither. Everything but the writable paths is read-only; other processes
are invisible. Interface: mount_namespaces(7), user_namespaces(7), pivot_root(2).
"""

import ctypes
import functools
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

#: For tests: with this in the environment nobody may have a namespace.
PRETEND_NONE = "SANDBOX_PRETEND_NO_NAMESPACES"

_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000
_READ_ONLY, _REMOUNT, _BIND, _MOVE, _RECURSIVE, _PRIVATE = 1, 32, 4096, 8192, 16384, 1 << 18
_NO_PROGRAMS = 2 | 4 | 8  # MS_NOSUID, MS_NODEV, MS_NOEXEC
_DETACH = 2
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
#: A remount must keep these, as statvfs(3) and mount(2) number them.
_KEPT_FLAGS = {2: 2, 4: 4, 8: 8, 1024: 1024, 2048: 2048, 4096: 1 << 21}
#: Where the new tree is put together. What lies there now is opened before it is covered.
_WORKSHOP = "/tmp"  # noqa: S108 - no file is made there

_libc = ctypes.CDLL(None, use_errno=True)


def can_keep() -> bool:
    """Return whether a process like this one may have a file system of its own."""
    return not os.environ.get(PRETEND_NONE) and sys.platform == "linux" and _could_keep()


@functools.cache
def _could_keep() -> bool:
    """Have a child process try it, once."""
    code = "import sys; from clips.media.sandbox import mounts; mounts.keep_to(readable=[], writable=[])"
    command = [sys.executable, "-c", code]
    root = Path(__file__).resolve().parents[3]
    return subprocess.run(command, cwd=root, env={}, capture_output=True, check=False).returncode == 0  # noqa: S603


def keep_to(*, readable: Iterable[Path], writable: Iterable[Path]) -> None:
    """Leave this process these files and folders, for good once it has given up its capabilities.

    Parameters
    ----------
    readable, writable : iterable of Path
        Files, and folders with all that lies in them, by the names that will be used. What is not there is left out.

    Raises
    ------
    OSError
        If it may not have that.
    """
    _unshare()
    _mount(None, "/", None, _RECURSIVE | _PRIVATE)
    places = {name: True for path in writable for name in _names(path)}
    places = {name: False for path in readable for name in _names(path)} | places
    opened = {name: os.open(name, os.O_PATH | os.O_CLOEXEC) for name in _outermost(places)}
    _mount("none", _WORKSHOP, "tmpfs", _NO_PROGRAMS, "size=64k")
    for name, descriptor in opened.items():
        _bind(descriptor, Path(_WORKSHOP + name))
        os.close(descriptor)
    _make_read_only({_WORKSHOP + name for name in opened if places[name]})
    _enter()


def _unshare() -> None:
    uid, gid = os.geteuid(), os.getegid()
    _check(_libc.unshare(_CLONE_NEWNS | (_CLONE_NEWUSER if uid else 0)))
    if uid:
        Path("/proc/self/setgroups").write_text("deny")
        Path("/proc/self/uid_map").write_text(f"{uid} {uid} 1")
        Path("/proc/self/gid_map").write_text(f"{gid} {gid} 1")


def _names(path: Path) -> set[str]:
    """Return the names under which a path is looked up: its own, and the targets of its links."""
    return {os.path.abspath(path), os.path.realpath(path)} if path.exists() else set()


def _outermost(places: dict[str, bool]) -> list[str]:
    """Return the names that do not lie in others of them, each after the one it lies in."""
    kept: list[str] = []
    for name in sorted(places, key=len):
        around = [other for other in kept if name.startswith(other.rstrip("/") + "/")]
        if not around or (places[name] and not places[around[-1]]):
            kept.append(name)
    return kept


def _bind(descriptor: int, target: Path) -> None:
    source = f"/proc/self/fd/{descriptor}"
    if not target.exists():
        folder = target if os.path.isdir(source) else target.parent
        folder.mkdir(parents=True, exist_ok=True)
        if folder != target:
            target.touch()
    _mount(source, str(target), None, _BIND | _RECURSIVE)


def _make_read_only(writable: set[str]) -> None:
    """Make everything below the new root read-only but these; mounts inside a folder are handled one by one."""
    mounted = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    for place in mounted:
        below = place + "/"
        if below.startswith(_WORKSHOP + "/") and not any(below.startswith(name + "/") for name in writable):
            has = os.statvfs(place).f_flag
            kept = sum(flag for known, flag in _KEPT_FLAGS.items() if has & known)
            _mount(None, place, None, _REMOUNT | _BIND | _READ_ONLY | kept)


def _enter() -> None:
    """Make the new tree the root and unmount the old one."""
    os.chdir(_WORKSHOP)
    if _libc.syscall(ctypes.c_long(_PIVOT_ROOT[os.uname().machine]), b".", b".") == 0:
        _check(_libc.umount2(b".", _DETACH))
    else:  # the old root is the one that the machine started with, which cannot be changed for another
        _mount(".", "/", None, _MOVE)
        os.chroot(".")
    os.chdir("/")


def _mount(source: str | None, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    words = [None if word is None else os.fsencode(word) for word in (source, target, kind, data)]
    _check(_libc.mount(*words[:3], ctypes.c_ulong(flags), words[3]), target)


def _check(answer: int, name: str | None = None) -> None:
    if answer != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), name)
