"""Limits a process to the system calls that reading an uploaded file needs, with a seccomp filter (seccomp(2)).

Calls that are not listed are refused, including ones that nobody thought of: those that change modes, owners, times or
priorities, make a namespace or a segment that outlives the process, or that Linux does not have yet. The list was
learned by tracing every operation on camera files and made-up ones, and completed with what other versions of the C
library call for the same purpose. Nothing kills the process: libraries try calls and do without, so a wrong entry costs
a fallback and not the file. Calls of Linux 5.1 and later are reported as missing, which is what a library's fallback
waits for; older ones as not permitted.
"""

import ctypes
import errno
import os
import platform
import signal
import struct
import sys

_PR_GET_SECCOMP = 21
_PR_SET_SECCOMP = 22
_SECCOMP_MODE_FILTER = 2

#: By machine (as in struct seccomp_data), the audit number of its instruction set.
_MACHINES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
#: Call → its numbers on x86-64 and on arm64, as a machine has it; what is called most comes first.
_FREE = {
    "newfstatat": (262, 79), "futex": (202, 98), "mmap": (9, 222), "read": (0, 63), "munmap": (11, 215),
    "lseek": (8, 62), "openat": (257, 56), "close": (3, 57), "mprotect": (10, 226), "rt_sigprocmask": (14, 135),
    "write": (1, 64), "brk": (12, 214), "madvise": (28, 233), "pread64": (17, 67), "fstat": (5, 80),
    # Memory of its own.
    "mremap": (25, 216), "mbind": (237, 235), "membarrier": (324, 283),
    # Files that it may open, which Landlock decides.
    "open": (2, None), "stat": (4, None), "lstat": (6, None), "statx": (332, 291), "access": (21, None),
    "faccessat": (269, 48), "faccessat2": (439, 439), "readlink": (89, None), "readlinkat": (267, 78),
    "getdents": (78, None), "getdents64": (217, 61), "getcwd": (79, 17), "statfs": (137, 43), "fstatfs": (138, 44),
    "pwrite64": (18, 68), "readv": (19, 65), "writev": (20, 66), "preadv": (295, 69), "pwritev": (296, 70),
    "preadv2": (327, 286), "pwritev2": (328, 287), "fadvise64": (221, 223), "sendfile": (40, 71),
    "copy_file_range": (326, 285), "ftruncate": (77, 46), "fallocate": (285, 47), "fsync": (74, 82),
    "fdatasync": (75, 83), "sync_file_range": (277, 84), "unlink": (87, None), "unlinkat": (263, 35),
    "rename": (82, None), "renameat": (264, 38), "renameat2": (316, 276),
    "dup": (32, 23), "dup2": (33, None), "dup3": (292, 24), "pipe": (22, None), "pipe2": (293, 59),
    "poll": (7, None), "ppoll": (271, 73), "select": (23, None), "pselect6": (270, 72),
    # Threads and signals of its own.
    "set_robust_list": (273, 99), "get_robust_list": (274, 100), "rseq": (334, 293), "set_tid_address": (218, 96),
    "arch_prctl": (158, None), "exit": (60, 93), "exit_group": (231, 94), "sched_yield": (24, 124),
    "sched_getaffinity": (204, 123), "sched_getparam": (143, 121), "sched_getscheduler": (145, 120),
    "sched_get_priority_max": (146, 125), "sched_get_priority_min": (147, 126), "getcpu": (309, 168),
    "rt_sigaction": (13, 134), "rt_sigreturn": (15, 139), "sigaltstack": (131, 132), "restart_syscall": (219, 128),
    # What it may know of itself, the machine and the time.
    "getpid": (39, 172), "gettid": (186, 178), "getppid": (110, 173), "getuid": (102, 174), "geteuid": (107, 175),
    "getgid": (104, 176), "getegid": (108, 177), "getrlimit": (97, 163), "getrusage": (98, 165), "times": (100, 153),
    "uname": (63, 160), "sysinfo": (99, 179), "getrandom": (318, 278), "time": (201, None), "gettimeofday": (96, 169),
    "clock_gettime": (228, 113), "clock_getres": (229, 114), "nanosleep": (35, 101), "clock_nanosleep": (230, 115),
}  # fmt: skip
_CLONE, _KILL, _TGKILL = (56, 220), (62, 129), (234, 131)
_FCNTL, _IOCTL, _PRCTL, _PRLIMIT = (72, 25), (16, 29), (157, 167), (302, 261)
#: From here on Linux gives the same numbers to all machines; a library finds most of these to be missing somewhere.
_NEWER_CALLS_FROM = 424
_FOREIGN_CALLS_FROM = 0x40000000  # x86-64 has a second numbering (x32) above this, which would slip by

_CLONE_THREAD = 0x00010000
#: With which a process ends itself when it crashes. Not SIGKILL, which tells a kill from outside.
_OF_A_CRASH = (signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
#: F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC. Not F_SETOWN and F_SETSIG, which signal others.
_FCNTL_COMMANDS = (0, 1, 2, 3, 4, 1030)
_TCGETS = 0x5401  # is this a terminal? Python asks that of each file
#: PR_SET_NAME, PR_GET_NAME, PR_SET_VMA: names of threads and of memory.
_PRCTL_OPTIONS = (15, 16, 0x53564D41)

_LOAD_WORD, _JUMP_EQUAL, _JUMP_AT_LEAST, _JUMP_IF_SET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER_AT, _MACHINE_AT = 0, 4  # offsets in struct seccomp_data
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_ENDS = {"allow": _ALLOW, "refuse": _ERROR | errno.EPERM, "absent": _ERROR | errno.ENOSYS}

#: An operation, its operand, and where to go if the test holds and if not: steps to skip, or one of the ends.
_Step = tuple[int, int, int | str, int | str]


def can_filter() -> bool:
    """Return whether this kernel has seccomp and this machine type a list."""
    if sys.platform != "linux" or platform.machine() not in _MACHINES:
        return False
    answer: int = ctypes.CDLL(None).prctl(_PR_GET_SECCOMP, 0, 0, 0, 0)
    return answer >= 0


def keep_to_listed() -> bool:
    """Deny this thread, and those it starts, all other calls for good; False without such a filter.

    PR_SET_NO_NEW_PRIVS must have been set before.
    """
    if not can_filter():
        return False
    code = ctypes.create_string_buffer(_filter(platform.machine(), os.getpid()))
    n_steps = len(code.raw) // 8
    program = ctypes.create_string_buffer(struct.pack("HP", n_steps, ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    mode = ctypes.c_ulong(_SECCOMP_MODE_FILTER)
    answer: int = libc.prctl(_PR_SET_SECCOMP, mode, program, ctypes.c_ulong(0), ctypes.c_ulong(0))
    return answer == 0


def _filter(machine: str, pid: int) -> bytes:
    """Return a classic BPF program for one machine type and one process."""
    which = list(_MACHINES).index(machine)
    free = [number for numbers in _FREE.values() if (number := numbers[which]) is not None]
    steps: list[_Step] = [
        (_LOAD_WORD, _MACHINE_AT, 0, 0),
        (_JUMP_EQUAL, _MACHINES[machine], 0, "refuse"),
        (_LOAD_WORD, _NUMBER_AT, 0, 0),
        (_JUMP_AT_LEAST, _FOREIGN_CALLS_FROM, "refuse", 0),
        *((_JUMP_EQUAL, call, "allow", 0) for call in free),
        (_JUMP_EQUAL, _CLONE[which], 0, 2),
        (_LOAD_WORD, _argument_at(0), 0, 0),
        (_JUMP_IF_SET, _CLONE_THREAD, "allow", "refuse"),
        *_if_called(_KILL[which], {0: (pid,), 1: _OF_A_CRASH}),
        *_if_called(_TGKILL[which], {0: (pid,), 2: _OF_A_CRASH}),
        *_if_called(_FCNTL[which], {1: _FCNTL_COMMANDS}),
        *_if_called(_IOCTL[which], {1: (_TCGETS,)}),
        *_if_called(_PRCTL[which], {0: _PRCTL_OPTIONS}),
        # Its own limits may be read; root could raise them. 2.5: the upper half of the pointer to new ones.
        *_if_called(_PRLIMIT[which], {0: (0, pid), 2: (0,), 2.5: (0,)}),
        (_JUMP_AT_LEAST, _NEWER_CALLS_FROM, "absent", "refuse"),
    ]
    at = {end: len(steps) + n for n, end in enumerate(_ENDS)}
    code = b""
    for here, (operation, operand, *ways) in enumerate(steps):
        skips = [at[way] - here - 1 if isinstance(way, str) else way for way in ways]
        code += struct.pack("HBBI", operation, *skips, operand)
    return code + b"".join(struct.pack("HBBI", _RETURN, 0, 0, value) for value in _ENDS.values())


def _if_called(call: int, wanted: dict[float, tuple[int, ...]]) -> list[_Step]:
    """Return steps that allow a call if each of these arguments has one of its values, and refuse it otherwise.

    Every other call skips them.
    """
    tests: list[_Step] = []
    for n_more, (argument, values) in zip(range(len(wanted) - 1, -1, -1), wanted.items(), strict=True):
        tests.append((_LOAD_WORD, _argument_at(argument), 0, 0))
        for n_left, value in zip(range(len(values) - 1, -1, -1), values, strict=True):
            tests.append((_JUMP_EQUAL, value, n_left if n_more else "allow", 0 if n_left else "refuse"))
    return [(_JUMP_EQUAL, call, 0, len(tests)), *tests]


def _argument_at(argument: float) -> int:
    """Return the offset of the lower half of a call's argument; .5 is its upper half."""
    return 16 + int(argument * 8)
