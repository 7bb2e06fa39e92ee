"""Records the processes of a run, so that the next run can find and end those that outlived it.

A process is identified by its id together with its start time, since an id alone may have been reused. Each line also
names the signal that ends its process in good order.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

MARK = "TRICKYCLIP_PID_FILE"


def started(pid: int) -> str:
    """Return a text that differs for any two processes with the same id; "" if there is no such process."""
    boot_id = Path("/proc/sys/kernel/random/boot_id")
    try:
        if boot_id.exists():
            stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
            after_name = stat.rpartition(")")[2].split()  # the name itself may hold spaces and brackets
            state, ticks = after_name[0], after_name[19]
            return "" if state in "ZX" else f"{boot_id.read_text(encoding='ascii').strip()}:{ticks}"
    except OSError:
        return ""
    import psutil  # every program of a site starts through here, and loading this is most of what that takes

    try:
        return str(psutil.Process(pid).create_time())
    except psutil.Error:
        return ""


def write_down(pid_file: Path, stop_signal: signal.Signals) -> None:
    """Record the calling process in ``pid_file``, atomically, and mark it and its future children."""
    os.environ[MARK] = str(pid_file)
    part = pid_file.with_name(f"{pid_file.name}.{os.getpid()}")
    part.write_text(f"{os.getpid()} {started(os.getpid())} {stop_signal.name}\n", encoding="ascii")
    part.replace(pid_file)


def alive(pid_file: Path) -> int | None:
    """Return the id of the process that wrote ``pid_file`` if it still runs."""
    found = _read(pid_file)
    return found[0] if found else None


def stop(pid_files: Iterable[Path], *, patience_s: float) -> None:
    """End the recorded processes: ask each, wait, then kill it and its children; delete the files."""
    files = list(pid_files)
    for file in files:
        if found := _read(file):
            with contextlib.suppress(ProcessLookupError):
                os.kill(*found)
    deadline = time.monotonic() + patience_s
    while any(alive(file) for file in files) and time.monotonic() < deadline:
        time.sleep(0.05)
    while left := [pid for file in files if (pid := alive(file))] + _offspring(files):
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    for file in files:
        file.unlink(missing_ok=True)


def _offspring(pid_files: list[Path]) -> list[int]:
    """Return the descendants of the recorded processes: children inherit the mark in the environment."""
    import psutil

    marks = {str(file) for file in pid_files}
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(MARK) in marks:
                found.append(process.pid)
    return found


def _read(pid_file: Path) -> tuple[int, signal.Signals] | None:
    try:
        pid, mark, name = pid_file.read_text(encoding="ascii").split()
        return (int(pid), signal.Signals[name]) if started(int(pid)) == mark else None
    except (OSError, ValueError, KeyError):  # no such file, or half of one after a power cut
        return None
