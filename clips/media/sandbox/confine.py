"""Drops a child process's privileges before it touches an uploaded file.

Four things, in this order: it dies with its parent, it lives within limits, it opens only the given files, and it makes
only the system calls that reading a file needs: no socket, no program, no second process, no access to another one. The
last two are Landlock and a seccomp filter, which need no privilege once PR_SET_NO_NEW_PRIVS is set; so they also work
for an ordinary user and inside a container, where a namespace of one's own is refused. Where the kernel has no
Landlock, a private file system takes its place, if the process may have one. Where neither works, no file is opened,
unless a setting accepts that.
"""

import contextlib
import ctypes
import os
import resource
import signal
import struct
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from clips.media.sandbox import landlock, mounts, syscalls

MIB = 1024**2
#: On two cores a page would otherwise share them with the decoder; what people wait for comes first.
NICENESS = 10

#: Why nothing is opened.
NOT_CONFINED = (
    "Videos are not opened: this server's kernel has no {} to confine the program that reads them. "
    "Update the kernel, or accept the risk with SANDBOX_WITHOUT_LANDLOCK=1."
)

#: What is said where they are opened all the same.
ACCEPTED = (
    "SANDBOX_WITHOUT_LANDLOCK=1 is set, and this server's kernel has no {}: "
    "the program that reads videos could read every file of this site."
)

_PR_SET_PDEATHSIG = 1
_PR_SET_NO_NEW_PRIVS = 38
_CAPABILITY_VERSION = 0x20080522
_CAP_DAC_OVERRIDE = 1


class Wall(StrEnum):
    """The mechanism that keeps a process to a few files."""

    LANDLOCK = "landlock"
    MOUNTS = "mounts"


@dataclass(frozen=True)
class Limits:
    """The resource limits of one child.

    ``memory_bytes`` is address space, which is larger than what is resident. Should several children fill a small
    machine all the same, the kernel takes one of them (see ``be_first_to_go``). Measured peaks for PyAV, NumPy and
    SciPy with decoding on 2 cores: 0.6 GB for 4K H.264, 0.9 GB for 4K HEVC 10 bit; the rest is head room for 5.3K and
    for machines with more cores, where each decoding thread brings buffers of its own. ``cpu_s`` and ``wall_s`` fit a
    probe or a cut, which take under a second; whoever decodes a whole file asks for more. ``file_bytes`` is the
    largest file a child may write: 10 minutes at 120 Mbit/s are 9 GB. ``open_files``: a child holds its three pipes,
    one source, one result and Python's own.
    """

    memory_bytes: int = 2560 * MIB
    cpu_s: int = 300
    wall_s: float = 900.0
    file_bytes: int = 16 * 1024 * MIB
    open_files: int = 64


def die_with_parent(parent_pid: int | None = None) -> None:
    """Have the kernel kill this process when the thread that started it ends; does nothing outside Linux.

    Parameters
    ----------
    parent_pid : int or None
        Who started us. If that process was gone before the kernel was told, this one ends at once. Without a
        number only a parent that ends during this call is noticed.
    """
    if sys.platform != "linux":
        return
    parent_pid = parent_pid or os.getppid()
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os.kill(os.getpid(), signal.SIGKILL)


def set_limits(limits: Limits) -> None:
    """Hold this process and its threads to ``limits``, without core dumps, at a low priority."""
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_AS, limits.memory_bytes)
    _lower(resource.RLIMIT_FSIZE, limits.file_bytes)
    _lower(resource.RLIMIT_NOFILE, limits.open_files)
    # The soft limit sends SIGXCPU, which tells this end from others; the hard one SIGKILL, should that be
    # caught.
    _lower(resource.RLIMIT_CPU, limits.cpu_s, limits.cpu_s + 5)


def be_first_to_go() -> None:
    """Have the kernel kill this process first, and not the database or a worker, when memory runs out."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def keep_to_files(
    wall: Wall | None, packages: Iterable[Path], *, readable: Iterable[Path], writable: Iterable[Path]
) -> bool:
    """Deny this process every file but Python's own and these for good; False if the kernel cannot.

    Parameters
    ----------
    wall : Wall or None
        What does it, as ``wall`` found.
    packages : iterable of Path
        Folders of our own code: not the project's root, for data and secrets may lie in it.
    readable, writable : iterable of Path
        Files and folders; the writable ones may be read too.
    """
    _forbid_new_privileges()
    libraries = {Path(sys.prefix), Path(sys.base_prefix), *map(Path, _SYSTEM_FILES)}
    libraries.update(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    writable = [*writable, Path("/dev/null")]
    readable = [*libraries, *packages, *readable]
    if wall == Wall.MOUNTS:
        mounts.keep_to(readable=readable, writable=writable)
        return True
    return wall == Wall.LANDLOCK and landlock.keep_to(readable=readable, writable=writable)


def keep_to_listed_calls() -> bool:
    """Leave this process the system calls that reading a file needs; False without such a filter."""
    _forbid_new_privileges()
    return syscalls.keep_to_listed()


def drop_rights() -> None:
    """Give up for good the capabilities of root, or of a namespace's owner, beyond opening files."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header, data = struct.pack("Ii", _CAPABILITY_VERSION, 0), ctypes.create_string_buffer(24)
    if libc.capget(header, data) != 0 and os.geteuid() == 0:
        raise OSError(ctypes.get_errno(), "capget")
    _, permitted, _, _, more_permitted, _ = struct.unpack("6I", data.raw)
    kept = permitted & (1 << _CAP_DAC_OVERRIDE) if os.geteuid() == 0 else 0
    if (permitted, more_permitted) == (kept, 0):
        return  # nothing to give up; a service manager may forbid even to ask
    if libc.capset(header, struct.pack("6I", kept, kept, 0, 0, 0, 0)) != 0:
        raise OSError(ctypes.get_errno(), "capset")


def wall() -> Wall | None:
    """Return the mechanism that keeps a child to its files here; None if there is none."""
    if landlock.version():
        return Wall.LANDLOCK
    return Wall.MOUNTS if mounts.can_keep() else None


def refusal() -> str:
    """Return one sentence why no uploaded file is opened here; empty if a child is confined or need not be."""
    lacks = lacking()
    if not lacks or is_accepted():
        return ""
    return NOT_CONFINED.format(" and no ".join(lacks))


def says() -> str:
    """Return in one sentence what confines the processes that read videos here, if anything."""
    if why := refusal():
        return why
    if lacks := lacking():
        return ACCEPTED.format(" and no ".join(lacks))
    within = f"Landlock {found}" if (found := landlock.version()) else "a private file system"
    return f"Videos are read within {within} and a filter of system calls."


def is_accepted() -> bool:
    """Return whether the setting accepts that files are opened without confinement."""
    return os.environ.get("SANDBOX_WITHOUT_LANDLOCK", "").strip().lower() in {"1", "true", "yes", "on"}


def lacking() -> list[str]:
    """Return the kernel features for confinement that are missing."""
    walls = {"Landlock": wall() is not None, "seccomp filter": syscalls.can_filter()}
    return [name for name, is_there in walls.items() if not is_there]


def _forbid_new_privileges() -> None:
    if sys.platform == "linux":
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _lower(kind: int, soft: int, hard: int | None = None) -> None:
    """Set a limit, but never above the hard limit already in force."""
    ceiling = resource.getrlimit(kind)[1]
    hard = soft if hard is None else hard
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    resource.setrlimit(kind, (soft, hard))


def _prctl(option: int, *arguments: object) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    padded = [*arguments, 0, 0, 0, 0][:4]
    as_long = [ctypes.c_ulong(a) if isinstance(a, int) else a for a in padded]
    if libc.prctl(ctypes.c_int(option), *as_long) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), f"prctl {option}")


#: Besides Python: the loader's libraries, time zones, and what the C library asks about processor and memory.
_SYSTEM_FILES = (
    "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/etc/localtime",
    "/usr/share/zoneinfo", "/proc/self", "/proc/meminfo", "/proc/cpuinfo", "/proc/sys/vm", "/sys/devices/system",
    "/dev/urandom",
)  # fmt: skip
