"""Serves as the confined child of the sandbox: reads one request, drops its privileges, and calls the function.

It knows nothing of its parent but two pipes. This module is small and imports little, because every file that is opened
pays for its start.
"""

import contextlib
import errno
import importlib
import inspect
import json
import os
import re
import resource
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from clips.media import MediaError
from clips.media.sandbox.confine import (
    Limits,
    Wall,
    be_first_to_go,
    die_with_parent,
    drop_rights,
    keep_to_files,
    keep_to_listed_calls,
    set_limits,
)

TOO_MUCH_MEMORY = "This file needs more memory than allowed to read."
TOO_LARGE = "The output of this file is larger than allowed."

#: What the child says when the disk is full: neither the file's fault nor ours.
NO_ROOM = {"no_room": True}

#: Of a traceback and of what libraries complain about.
TAIL_BYTES = 16 * 1024
#: Arguments that name a file to be read, and such that name one to be written; as "source", "low_res_path", "out".
_READ_NAME = re.compile(r"(.*_)?(path|source)")
_WRITE_NAME = re.compile(r"(.*_)?(out|folder)")
_PROGRESS_EVERY_S = 0.25


@dataclass(frozen=True)
class Usage:
    """The resources that a child used."""

    #: From the start of Python until the function was imported; None for a program of another kind.
    start_cpu_s: float | None
    #: By the function alone.
    cpu_s: float
    #: The most that was resident at any time.
    peak_bytes: int


def main(parent_pid: int) -> None:
    """Serve one request from standard input; answer the parent on what was standard output."""
    die_with_parent(parent_pid)
    be_first_to_go()
    messages = _take_stdout()
    request = json.load(sys.stdin)
    set_limits(Limits(**request["limits"]))
    wall = Wall(request["wall"]) if request["wall"] else None
    if not confine_for(request["function"], request["arguments"], wall) and not request["may_be_open"]:
        sys.exit("not confined: nothing was opened")
    call_and_tell(request["function"], request["arguments"], messages)
    # A media library that crashes while it tidies up must not spoil a result that is already delivered.
    os._exit(0)


def confine_for(dotted: str, arguments: dict[str, Any], wall: Wall | None) -> bool:
    """Drop for good all that a function does not need for its arguments; False if the kernel cannot."""
    package = importlib.import_module(dotted.partition(".")[0])
    reads = [Path(path) for path in _paths(arguments, _READ_NAME)]
    writes = [path if path.is_dir() else path.parent for path in map(Path, _paths(arguments, _WRITE_NAME))]
    if package.__file__ is None:
        raise ImportError(f"{package.__name__} is a folder without code of its own")
    ours = {Path(__file__).resolve().parents[2], Path(package.__file__).resolve().parent}
    is_kept = keep_to_files(wall, ours, readable=reads, writable=writes)
    drop_rights()
    return keep_to_listed_calls() and is_kept


def call_and_tell(dotted: str, arguments: dict[str, Any], messages: BinaryIO) -> None:
    """Call a function and send its result or error."""
    started_cpu_s = _cpu_s()
    try:
        function = imported(dotted)
        started_cpu_s = _cpu_s()
        # No NaN: the database's JSON has none.
        line = json.dumps({"result": _call(function, arguments, messages)}, allow_nan=False)
    except MediaError as error:
        line = json.dumps(NO_ROOM if _is_disk_full(error) else {"error": str(error)})
    except MemoryError:
        line = json.dumps({"error": TOO_MUCH_MEMORY})
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.EFBIG:
            line = json.dumps({"error": TOO_LARGE})
        elif _is_disk_full(error):
            line = json.dumps(NO_ROOM)
        else:
            line = json.dumps({"failure": traceback.format_exc()[-TAIL_BYTES:]})
    usage = Usage(started_cpu_s, _cpu_s() - started_cpu_s, peak_bytes())
    messages.write(json.dumps({"usage": asdict(usage)}).encode() + b"\n" + line.encode() + b"\n")
    messages.flush()


def _is_disk_full(error: BaseException | None) -> bool:
    """Return whether a disk error caused an exception; libraries only say that writing failed."""
    while error is not None:
        if getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT}:
            return True
        error = error.__cause__ or error.__context__
    return False


def _paths(arguments: Any, name: re.Pattern[str]) -> Iterator[str]:
    """Yield the paths under these argument names, at any depth."""
    if isinstance(arguments, list):
        for each in arguments:
            yield from _paths(each, name)
    elif isinstance(arguments, dict):
        for key, value in arguments.items():
            if isinstance(value, str) and value and name.fullmatch(key):
                yield value
            else:
                yield from _paths(value, name)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def peak_bytes() -> int:
    """Return the peak resident memory; getrusage would include the parent's at the fork."""
    with contextlib.suppress(OSError), open("/proc/self/status") as file:
        return next((int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:")), 0)
    return 0


def _take_stdout() -> BinaryIO:
    """Keep the pipe to the parent for messages; library output on descriptor 1 goes to stderr."""
    messages = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return messages


def imported(dotted: str) -> Callable[..., Any]:
    module, _, name = dotted.partition(":")
    function: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return function


def _call(function: Callable[..., Any], arguments: dict[str, Any], messages: BinaryIO) -> Any:
    if "progress" in inspect.signature(function).parameters:
        arguments = arguments | {"progress": _reporter(messages)}
    return function(**arguments)


def _reporter(messages: BinaryIO) -> Callable[[float], None]:
    """Return a function that sends progress at most now and then, however often it is called."""
    last_s = -_PROGRESS_EVERY_S

    def report(done: float) -> None:
        nonlocal last_s
        now_s = time.monotonic()
        if now_s - last_s >= _PROGRESS_EVERY_S:
            last_s = now_s
            messages.write(json.dumps({"progress": done}).encode() + b"\n")
            messages.flush()

    return report


if __name__ == "__main__":
    main(int(sys.argv[1]))
