"""Tries everything that a compromised reader might, by direct system calls."""

import ctypes
import errno
import fcntl
import os
import platform
import signal
from collections.abc import Callable

_CLONE_NEWUSER, _CLONE_NEWNS, _CLONE_THREAD = 0x10000000, 0x00020000, 0x00010000
_NOWHERE = 0  # a null pointer: a call that gets through to the kernel answers EFAULT or EINVAL, and does nothing
_MINE = b"mine\0"
#: Call → its numbers on x86-64 and arm64, and arguments. "file" is one that may be written, "parent" a process.
CALLS: dict[str, tuple[tuple[int | None, int | None], tuple]] = {
    "chmod": ((90, None), ("file", 0o777)),
    "fchmod": ((91, 52), (1, 0o777)),
    "fchmodat": ((268, 53), (-100, "file", 0o777)),
    "fchmodat2": ((452, 452), (-100, "file", 0o777, 0)),
    "chown": ((92, None), ("file", -1, -1)),
    "fchownat": ((260, 54), (-100, "file", -1, -1, 0)),
    "utimensat": ((280, 88), (-100, "file", _NOWHERE, 0)),
    "setxattr": ((188, 5), ("file", b"user.x\0", b"x", 1, 0)),
    "truncate": ((76, 45), ("file", 0)),
    "symlinkat": ((266, 36), (b"/etc\0", -100, "new")),
    "linkat": ((265, 37), (-100, "file", -100, "new", 0)),
    "mknodat": ((259, 33), (-100, "new", 0o010600, 0)),
    "mkdirat": ((258, 34), (-100, "new", 0o700)),
    "setpriority": ((141, 140), (0, 0, 19)),
    "ioprio_set": ((251, 30), (1, 0, 0x6007)),
    "sched_setaffinity": ((203, 122), (0, 8, b"\xff" * 8)),
    "setrlimit": ((160, 164), (7, b"\x10" + b"\0" * 7 + b"\x10" + b"\0" * 7)),
    "prlimit64, to set": ((302, 261), (0, 7, b"\x10" + b"\0" * 7 + b"\x10" + b"\0" * 7, _NOWHERE)),
    "prlimit64, of the parent": ((302, 261), ("parent", 7, _NOWHERE, bytes(16))),
    "unshare": ((272, 97), (_CLONE_NEWUSER,)),
    "clone, a user namespace": ((56, 220), (_CLONE_NEWUSER | signal.SIGCHLD, 0, 0, 0, 0)),
    "clone, a process": ((56, 220), (signal.SIGCHLD, 0, 0, 0, 0)),
    "clone3": ((435, 435), (_NOWHERE, 88)),
    "fork": ((57, None), ()),
    "setns": ((308, 268), (-1, 0)),
    "sethostname": ((170, 161), (_NOWHERE, 1)),
    "mount": ((165, 40), (_NOWHERE, _NOWHERE, _NOWHERE, 0, _NOWHERE)),
    "umount2": ((166, 39), (_NOWHERE, 0)),
    "fsopen": ((430, 430), (b"tmpfs\0", 0)),
    "pivot_root": ((155, 41), (_NOWHERE, _NOWHERE)),
    "chroot": ((161, 51), (_NOWHERE,)),
    "shmget": ((29, 194), (0, 4096, 0o1600)),
    "msgget": ((68, 186), (0, 0o1600)),
    "semget": ((64, 190), (0, 1, 0o1600)),
    "memfd_create": ((319, 279), (_MINE, 0)),
    "memfd_secret": ((447, 447), (0,)),
    "socket": ((41, 198), (2, 1, 0)),
    "socket, in the file system": ((41, 198), (1, 1, 0)),
    "socketpair": ((53, 199), (1, 1, 0, _NOWHERE)),
    "connect": ((42, 203), (0, _NOWHERE, 0)),
    "execve": ((59, 221), (b"/bin/true\0", _NOWHERE, _NOWHERE)),
    "execveat": ((322, 281), (-100, b"/bin/true\0", _NOWHERE, _NOWHERE, 0)),
    "kill, the parent": ((62, 129), ("parent", 0)),
    "kill, all": ((62, 129), (-1, 0)),
    "kill, itself as from outside": ((62, 129), ("self", signal.SIGKILL)),
    "tgkill, the parent": ((234, 131), ("parent", "parent", 0)),
    "tkill": ((200, 130), ("parent", 0)),
    "rt_sigqueueinfo": ((129, 138), ("parent", 0, _NOWHERE)),
    "pidfd_open": ((434, 434), ("parent", 0)),
    "ptrace": ((101, 117), (16, "parent", 0, 0)),
    "process_vm_readv": ((310, 270), ("parent", _NOWHERE, 0, _NOWHERE, 0, 0)),
    "process_vm_writev": ((311, 271), ("parent", _NOWHERE, 0, _NOWHERE, 0, 0)),
    "io_uring_setup": ((425, 425), (1, _NOWHERE)),
    "bpf": ((321, 280), (0, _NOWHERE, 0)),
    "perf_event_open": ((298, 241), (_NOWHERE, 0, -1, -1, 0)),
    "userfaultfd": ((323, 282), (0,)),
    "keyctl": ((250, 219), (0, -3, 0)),
    "add_key": ((248, 217), (b"user\0", _MINE, b"x", 1, -3)),
    "open_by_handle_at": ((304, 265), (-100, _NOWHERE, 0)),
    "personality": ((135, 92), (0,)),
    "setsid": ((112, 157), ()),
    "setpgid": ((109, 154), (0, 0)),
    "setuid": ((105, 146), (65534,)),
    "prctl, to be dumpable": ((157, 167), (4, 1, 0, 0, 0)),
    "fcntl, F_SETOWN": ((72, 25), (0, 8, "parent")),
    "fcntl, F_SETSIG": ((72, 25), (0, 10, signal.SIGKILL)),
    "ioctl, to type": ((16, 29), (0, 0x5412, b"x")),
    "init_module": ((175, 105), (_NOWHERE, 0, _NOWHERE)),
    "clock_settime": ((227, 112), (0, _NOWHERE)),
    "a call of the future": ((900, 900), ()),
}
#: Those that leave nothing behind and that anybody may do: what shows that an attempt can succeed at all.
ANYBODY_S = ("chmod", "fchmodat", "utimensat", "setpriority", "memfd_create", "symlinkat", "linkat", "setrlimit")


def attempt_calls(out: str) -> dict[str, str]:
    """Try each call; return "done" or the name of the error. ``out`` is a file that may be written."""
    which = {"x86_64": 0, "aarch64": 1}[platform.machine()]
    libc = ctypes.CDLL(None, use_errno=True)
    words = {"file": os.fsencode(out) + b"\0", "new": os.fsencode(out) + b".new\0"}
    words |= {"parent": os.getppid(), "self": os.getpid()}
    outcomes = {}
    for name, (numbers, arguments) in CALLS.items():
        if numbers[which] is None:
            continue
        values = [words.get(value, value) if isinstance(value, str) else value for value in arguments]
        wide = [ctypes.c_long(value) if isinstance(value, int) else value for value in values]
        answer = libc.syscall(ctypes.c_long(numbers[which]), *wide)
        outcomes[name] = "done" if answer >= 0 else errno.errorcode[ctypes.get_errno()]
        if answer == 0 and name in {"fork", "clone, a process", "clone, a user namespace"}:
            os._exit(0)  # this is the new process, which nobody wants
        _forget(out + ".new")
    return outcomes


def attempt_files(out: str, elsewhere: str) -> dict[str, str]:
    """Try to reach files; return "done" or the name of the error."""
    parent = os.getppid()
    tries: dict[str, Callable[[], object]] = {
        "read /etc/passwd": lambda: open("/etc/passwd").close(),
        "read elsewhere": lambda: open(elsewhere).close(),
        "write elsewhere": lambda: open(elsewhere, "a").close(),
        "unlink elsewhere": lambda: os.unlink(elsewhere),
        "rename elsewhere": lambda: os.rename(elsewhere, elsewhere + ".moved"),
        "rename to elsewhere": lambda: os.rename(out, elsewhere),
        "list elsewhere": lambda: os.listdir(os.path.dirname(elsewhere)),
        "read the parent's environment": lambda: open(f"/proc/{parent}/environ").close(),
        "read the parent's memory": lambda: open(f"/proc/{parent}/mem").close(),
        "read of other processes": lambda: open(f"/proc/{parent}/status").close(),
        "write where Python lies": lambda: open(os.path.dirname(os.__file__) + "/attempt", "w").close(),
    }
    return {name: _outcome(attempt) for name, attempt in tries.items()}


def lock(source: str) -> None:
    """Take a lock on a file, which would keep others from it."""
    with open(source) as file:
        fcntl.lockf(file, fcntl.LOCK_SH)


def _forget(path: str) -> None:
    if os.path.lexists(path):
        os.rmdir(path) if os.path.isdir(path) and not os.path.islink(path) else os.unlink(path)


def _outcome(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except OSError as error:
        return errno.errorcode[error.errno]
    return "done"
