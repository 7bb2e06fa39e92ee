"""Replaces itself with a program that ends with its parent: ``python -m trickyclip.runtime.launch … -- COMMAND``.

Every engine, worker and web server is started through this module. It records its process id, gives up root where
asked, arranges for a signal when its parent dies, and then becomes the command by ``exec``, so that no extra process
stays between a program and its supervisor.
"""

import argparse
import ctypes
import os
import signal
import sys
from pathlib import Path

from trickyclip.runtime import leftovers

PR_SET_PDEATHSIG = 1


def arguments(
    command: list[str],
    *,
    death_signal: signal.Signals,
    uid: int | None = None,
    gid: int | None = None,
    pid_file: Path | None = None,
) -> list[str]:
    """Return the command line that starts ``command`` through this module."""
    line = [sys.executable, "-m", "trickyclip.runtime.launch", "--death-signal", death_signal.name]
    if uid is not None:
        line += ["--uid", str(uid), "--gid", str(uid if gid is None else gid)]
    if pid_file is not None:
        line += ["--pid-file", str(pid_file)]
    return [*line, "--", *command]


def main() -> None:
    parser = argparse.ArgumentParser(prog="trickyclip.runtime.launch")
    parser.add_argument("--uid", type=int, help="user to run as; only root can change it")
    parser.add_argument("--gid", type=int, help="its group")
    parser.add_argument("--death-signal", required=True, help="signal to receive when the parent dies")
    parser.add_argument("--pid-file", type=Path, help="file to record this process in")
    parser.add_argument("command", nargs="+")
    asked = parser.parse_args()
    parent = os.getppid()
    if asked.pid_file:
        leftovers.write_down(asked.pid_file, signal.Signals[asked.death_signal])
    if asked.uid is not None:
        become(asked.uid, asked.gid)
    hear_of_parents_death(signal.Signals[asked.death_signal], parent)
    try:
        os.execvp(asked.command[0], asked.command)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.exit(f"{asked.command[0]} cannot be run: {error.strerror}.")


def become(uid: int, gid: int) -> None:
    """Give up root for good, and leave the folder, which the new user may not be allowed to enter."""
    os.chdir("/")
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def hear_of_parents_death(death_signal: signal.Signals, parent: int) -> None:
    """Let the kernel send ``death_signal`` when the parent dies, on Linux; elsewhere the next start cleans up.

    Must come after a change of user, which resets it; ``exec`` keeps it.
    """
    if sys.platform != "linux":
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
    if os.getppid() != parent:  # it died before the kernel was told
        sys.exit(1)


if __name__ == "__main__":
    main()
