"""What a child process gives up before it touches an uploaded file.

Three things, in this order: it dies with its parent, it lives within limits, and it can neither open a socket
nor start a program. The last is a seccomp filter, which needs no privilege once PR_SET_NO_NEW_PRIVS is set;
so it also works for an ordinary user and inside a container, where a network namespace of one's own is
refused.
"""

import ctypes
import errno
import os
import platform
import resource
import signal
import struct
import sys
from dataclasses import dataclass

MIB = 1024**2

_PR_SET_PDEATHSIG = 1
_PR_SET_SECCOMP = 22
_PR_SET_NO_NEW_PRIVS = 38
_SECCOMP_MODE_FILTER = 2


@dataclass(frozen=True)
class Limits:
    """How much one child may use.

    ``memory_bytes`` is address space, which is larger than what is resident. Measured peaks for PyAV, NumPy
    and SciPy with decoding on 2 cores: 0.6 GB for 4K H.264, 0.9 GB for 4K HEVC 10 bit; the rest is head room
    for 5.3K and for machines with more cores, where each decoding thread brings buffers of its own. ``cpu_s``
    and ``wall_s`` fit a probe or a cut, which take under a second; whoever decodes a whole file asks for
    more. ``file_bytes`` is the largest file a child may write: 10 minutes at 120 Mbit/s are 9 GB.
    ``open_files``: a child holds its three pipes, one source, one result and Python's own.
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
    """Hold this process and its threads to ``limits``; no core dumps."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _lower(resource.RLIMIT_AS, limits.memory_bytes)
    _lower(resource.RLIMIT_FSIZE, limits.file_bytes)
    _lower(resource.RLIMIT_NOFILE, limits.open_files)
    # The soft limit sends SIGXCPU, which tells this end from others; the hard one SIGKILL, should that be
    # caught.
    _lower(resource.RLIMIT_CPU, limits.cpu_s, limits.cpu_s + 5)


def forbid_network_and_programs() -> bool:
    """Refuse sockets and new programs to this process for good; False where the system has no such filter."""
    calls = _FORBIDDEN.get(platform.machine())
    if sys.platform != "linux" or calls is None:
        return False
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    code = _filter(*calls)
    program = struct.pack("HP", len(code) // 8, ctypes.addressof(buffer := ctypes.create_string_buffer(code)))
    try:
        _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.create_string_buffer(program))
    except OSError:
        return False
    finally:
        del buffer  # the kernel has copied the filter; it had to live until then
    return True


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


#: machine → (audit number of its instruction set, system calls): socket, socketpair, execve, execveat,
#: ptrace, process_vm_readv, process_vm_writev, io_uring_setup (which could open sockets unseen).
_FORBIDDEN = {
    "x86_64": (0xC000003E, (41, 53, 59, 322, 101, 310, 311, 425)),
    "aarch64": (0xC00000B7, (198, 199, 221, 281, 117, 270, 271, 425)),
}
_LOAD_WORD, _JUMP_EQUAL, _JUMP_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_ALLOW, _REFUSE = 0x7FFF0000, 0x00050000 | errno.EACCES
_NUMBER_AT, _MACHINE_AT = 0, 4  # offsets in struct seccomp_data
_FOREIGN_CALLS_FROM = 0x40000000  # x86-64 has a second numbering (x32) above this, which would slip by


def _filter(machine: int, calls: tuple[int, ...]) -> bytes:
    """Return a classic BPF program: each refused number jumps to the last instruction. Linux, seccomp(2)."""
    n = len(calls)
    steps = [
        (_LOAD_WORD, 0, 0, _MACHINE_AT),
        (_JUMP_EQUAL, 0, n + 3, machine),
        (_LOAD_WORD, 0, 0, _NUMBER_AT),
        (_JUMP_AT_LEAST, n + 1, 0, _FOREIGN_CALLS_FROM),
        *((_JUMP_EQUAL, n - i, 0, call) for i, call in enumerate(calls)),
        (_RETURN, 0, 0, _ALLOW),
        (_RETURN, 0, 0, _REFUSE),
    ]
    return b"".join(struct.pack("HBBI", *step) for step in steps)
