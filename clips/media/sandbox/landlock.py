"""Restricts a process to a few files and folders with Landlock (Linux 5.13 and later).

Like the seccomp filter beside it, it needs no privilege, holds for all that the process starts, and cannot be undone.
Interface: the kernel's Documentation/userspace-api/landlock.rst; the numbers of its calls are the same on all machines.
"""

import contextlib
import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

#: For tests: with this in the environment the kernel is taken for one without Landlock.
PRETEND_NONE = "SANDBOX_PRETEND_NO_LANDLOCK"

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_RULE_PATH_BENEATH = 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _REMOVE_DIR, _REMOVE_FILE = (1 << bit for bit in range(6))
_MAKE_DIR, _MAKE_REG = 1 << 7, 1 << 8
_TRUNCATE = 1 << 14
#: How many rights each version of the interface knows: renaming across folders, truncating, device controls came later.
_N_RIGHTS = {1: 13, 2: 14, 3: 15, 4: 15}
_N_RIGHTS_NOW = 16
_FOR_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE

READ = _READ_FILE | _READ_DIR
WRITE = READ | _WRITE_FILE | _TRUNCATE | _MAKE_REG | _MAKE_DIR | _REMOVE_FILE | _REMOVE_DIR


def version() -> int:
    """Return the version of Landlock in this kernel; 0 if it has none or it is switched off."""
    if sys.platform != "linux" or os.environ.get(PRETEND_NONE):
        return 0
    with contextlib.suppress(OSError):
        return _call(_CREATE_RULESET, None, 0, _ASK_VERSION)
    return 0


def keep_to(*, readable: Iterable[Path], writable: Iterable[Path]) -> bool:
    """Deny this thread, and what it starts from now on, every file but these for good.

    Parameters
    ----------
    readable : iterable of Path
        Files, and folders with all that lies in them. What is not there is left out.
    writable : iterable of Path
        The same, to be read, written, made and removed.

    Returns
    -------
    bool
        False where the kernel cannot do it; nothing is refused then.

    Raises
    ------
    OSError
        If the kernel can, and did not. PR_SET_NO_NEW_PRIVS must have been set before.
    """
    known = version()
    if not known:
        return False
    handled = (1 << _N_RIGHTS.get(known, _N_RIGHTS_NOW)) - 1
    rules = _call(_CREATE_RULESET, struct.pack("Q", handled), 8, 0)
    try:
        for paths, rights in ((readable, READ), (writable, WRITE)):
            for path in paths:
                _allow(rules, path, rights & handled)
        _call(_RESTRICT_SELF, rules, 0)
    finally:
        os.close(rules)
    return True


def _allow(rules: int, path: Path, rights: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    try:
        if not path.is_dir():
            rights &= _FOR_FILES
        _call(_ADD_RULE, rules, _RULE_PATH_BENEATH, struct.pack("=Qi", rights, place), 0)
    finally:
        os.close(place)


def _call(number: int, *arguments: int | bytes | None) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    wide = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    answer: int = libc.syscall(ctypes.c_long(number), *wide)
    if answer < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), "landlock")
    return answer
