"""What a child process gives up before it touches an uploaded file.

Four things, in this order: it dies with its parent, it lives within limits, it opens only the files it was told of,
and it can neither open a socket, nor start a program or a second process, nor reach for another. The last two are
Landlock and a seccomp filter, which need no privilege once PR_SET_NO_NEW_PRIVS is set; so they also work for an
ordinary user and inside a container, where a network namespace of one's own is refused.
"""

import contextlib
import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys
import sysconfig
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from clips.media import landlock

MIB = 1024**2
#: On two cores a page would otherwise share them with the decoder; what people wait for comes first.
NICENESS = 10

_PR_SET_PDEATHSIG = 1
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2


@dataclass(frozen=True)
class Limits:
    """How much one child may use.

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
    """Have the kernel kill this process when the thread that started it ends; nothing but on Linux.

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
    """Hold this process and its threads to ``limits``; no core dumps. It steps back behind whoever answers people."""
    os.nice(NICENESS)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_AS, limits.memory_bytes)
    _lower(resource.RLIMIT_FSIZE, limits.file_bytes)
    _lower(resource.RLIMIT_NOFILE, limits.open_files)
    # The soft limit sends SIGXCPU, which tells this end from others; the hard one SIGKILL, should that be
    # caught.
    _lower(resource.RLIMIT_CPU, limits.cpu_s, limits.cpu_s + 5)


def be_first_to_go() -> None:
    """Have the kernel take this process, and not the database or a worker, when memory runs out for all."""
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def keep_to_files(packages: Iterable[Path], *, readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    """Refuse this process every file but Python's own and these for good; False where the kernel cannot.

    Parameters
    ----------
    packages : iterable of Path
        Folders of our own code: not the project's root, for data and secrets may lie in it.
    readable, writable : iterable of Path
        Files and folders; the writable ones may be read too.
    """
    _forbid_new_privileges()
    libraries = {Path(sys.prefix), Path(sys.base_prefix), *map(Path, _SYSTEM_FILES)}
    libraries.update(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
    writable = [*writable, Path("/dev/null")]
    return landlock.keep_to(readable=[*libraries, *packages, *readable], writable=writable)


def forbid_network_and_programs() -> bool:
    """Refuse sockets, programs, new processes and other processes to this one; False where there is no such filter."""
    calls = _CALLS.get(platform.machine())
    if sys.platform != "linux" or calls is None:
        return False
    _forbid_new_privileges()
    code = _filter(calls, os.getpid())
    program = struct.pack("HP", len(code) // 8, ctypes.addressof(buffer := ctypes.create_string_buffer(code)))
    try:
        _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.create_string_buffer(program))
    except OSError:
        return False
    finally:
        del buffer  # the kernel has copied the filter; it had to live until then
    return True


def _forbid_new_privileges() -> None:
    if sys.platform == "linux":
        _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _lower(kind: int, soft: int, hard: int | None = None) -> None:
    """Set a limit, but never above the hard limit that is already in force."""
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


@dataclass(frozen=True)
class _Calls:
    """The numbers of system calls on one kind of machine."""

    machine: int  # the audit number of its instruction set
    #: socket, socketpair, execve, execveat, ptrace, process_vm_readv, process_vm_writev, io_uring_setup (which could
    #: open sockets unseen), tkill, rt_sigqueueinfo, rt_tgsigqueueinfo, pidfd_send_signal, setsid, setpgid, fork, vfork.
    never: tuple[int, ...]
    #: kill, tgkill.
    on_itself: tuple[int, ...]
    prlimit: int
    clone: int
    clone3: int


_CALLS = {
    "x86_64": _Calls(
        machine=0xC000003E,
        never=(41, 53, 59, 322, 101, 310, 311, 425, 200, 129, 297, 424, 112, 109, 57, 58),
        on_itself=(62, 234),
        prlimit=302,
        clone=56,
        clone3=435,
    ),
    "aarch64": _Calls(
        machine=0xC00000B7,
        never=(198, 199, 221, 281, 117, 270, 271, 425, 130, 138, 240, 424, 157, 154),  # has no fork and vfork
        on_itself=(129, 131),
        prlimit=261,
        clone=220,
        clone3=435,
    ),
}
_LOAD_WORD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_IF_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_NUMBER_AT, _MACHINE_AT, _ARGUMENT_AT = 0, 4, 16  # offsets in struct seccomp_data; of the first argument the lower half
_FOREIGN_CALLS_FROM = 0x40000000  # x86-64 has a second numbering (x32) above this, which would slip by
_CLONE_THREAD = 0x00010000
_ENDS = {"allow": _ALLOW, "refuse": _ERROR | errno.EACCES, "absent": _ERROR | errno.ENOSYS}


def _filter(calls: _Calls, pid: int) -> bytes:
    """Return a classic BPF program. Linux, seccomp(2).

    A step is an operation, its operand, and where to go if the test holds and if not: a number of steps to skip, or
    one of the ends. clone3 hides its flags behind a pointer, so it is said not to exist; the C library then takes
    clone, which may start threads and nothing else.
    """
    steps = [
        (_LOAD_WORD, _MACHINE_AT, 0, 0),
        (_JUMP_EQUAL, calls.machine, 0, "refuse"),
        (_LOAD_WORD, _NUMBER_AT, 0, 0),
        (_JUMP_AT_LEAST, _FOREIGN_CALLS_FROM, "refuse", 0),
        *((_JUMP_EQUAL, call, "refuse", 0) for call in calls.never),
        (_JUMP_EQUAL, calls.clone3, "absent", 0),
        *_if_called(calls.clone, (_JUMP_IF_SET, _CLONE_THREAD, "allow", "refuse")),
        *_if_called(calls.prlimit, (_JUMP_EQUAL, 0, "allow", 0), (_JUMP_EQUAL, pid, "allow", "refuse")),
        *(step for call in calls.on_itself for step in _if_called(call, (_JUMP_EQUAL, pid, "allow", "refuse"))),
        (_RETURN, _ALLOW, 0, 0),
    ]
    at = {end: len(steps) + n for n, end in enumerate(_ENDS)}
    code = b""
    for here, (operation, operand, *ways) in enumerate(steps):
        skips = [at[way] - here - 1 if isinstance(way, str) else way for way in ways]
        code += struct.pack("HBBI", operation, *skips, operand)
    return code + b"".join(struct.pack("HBBI", _RETURN, 0, 0, value) for value in _ENDS.values())


def _if_called(call: int, *tests: tuple) -> list[tuple]:
    """Return steps that put a call's first argument to the tests, and are skipped for every other call."""
    return [(_JUMP_EQUAL, call, 0, 1 + len(tests)), (_LOAD_WORD, _ARGUMENT_AT, 0, 0), *tests]
