"""Runs one function on an uploaded file in a confined child process.

Media libraries are large C programs fed by strangers. So the process that holds the database never opens a
file itself: it calls ``run("clips.media.probe:probe", {"path": ...})``, and a fresh Python does the work
without network, without secrets in its environment, without the right to start processes or to open any file but
those it was told of, and within limits on memory, CPU, wall time and the size of what it writes. The two speak JSON,
one line per message, over pipes; ``subprocess`` and not ``multiprocessing``, because the children of a Celery worker
are daemons and may not have any.
"""

import contextlib
import errno
import importlib
import inspect
import json
import logging
import os
import re
import resource
import selectors
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from clips.media import MediaError
from clips.media.confine import (
    Limits,
    be_first_to_go,
    die_with_parent,
    forbid_network_and_programs,
    keep_to_files,
    set_limits,
)

__all__ = ["DiskFullError", "Limits", "MediaError", "SandboxError", "Usage", "die_with_parent", "run"]

PROJECT_ROOT = Path(__file__).resolve().parents[2]
DEFAULT_LIMITS = Limits()
TOO_MUCH_MEMORY = "This file needs more memory than allowed to read."
TOO_LONG = "Reading this file took longer than allowed."
TOO_LARGE = "What was to be written from this file is larger than allowed."
CRASHED = "Reading this file crashed the reader; it may be damaged."

#: What the child says when the disk is full: neither the file's fault nor ours.
NO_ROOM = {"no_room": True}

#: The curve of a ten-hour file is a few MB of JSON; a child that says more than this is out of order.
_MAX_ANSWER_BYTES = 256 * 1024**2
_MAX_STDERR_BYTES = 64 * 1024**2
_STDERR_TAIL_BYTES = 16 * 1024
#: How often a child that has closed its pipes is looked after.
_LOOK_EVERY_S = 0.05
#: Arguments that name a file to be read, and such that name one to be written; as "source", "low_res_path", "out".
_READ_NAME = re.compile(r"(.*_)?(path|source)")
_WRITE_NAME = re.compile(r"(.*_)?(out|folder)")
_PROGRESS_EVERY_S = 0.25

log = logging.getLogger(__name__)


class SandboxError(RuntimeError):
    """The child failed for a reason that is ours and not the file's; the text ends with its traceback."""


class DiskFullError(RuntimeError):
    """The child could not write because the disk is full."""


@dataclass(frozen=True)
class Usage:
    """What a child used."""

    #: From the start of Python until the function was imported; None for a program of another kind.
    start_cpu_s: float | None
    #: By the function alone.
    cpu_s: float
    #: The most that was resident at any time.
    peak_bytes: int


def run(
    function: str,
    arguments: dict[str, Any],
    *,
    limits: Limits = DEFAULT_LIMITS,
    on_tick: Callable[[float | None], None] | None = None,
    tick_s: float = 2.0,
    on_usage: Callable[[Usage], None] | None = None,
) -> Any:
    """Call a function in a confined child process and return what it returns.

    Parameters
    ----------
    function : str
        "package.module:name". If it takes a keyword ``progress``, it is given a function to report 0.0 to 1.0
        with.
    arguments : dict
        Its keyword arguments; JSON. Paths should be absolute, for the child runs in the project's root. It can open
        the files under names that end in ``path`` or ``source``, and all in the folder of a file under a name that
        ends in ``out``, or in one whose name ends in ``folder``; in lists and dicts too. Nothing else.
    limits : Limits
        What the child may use.
    on_tick : callable, optional
        Called about every ``tick_s`` seconds while the child works, with its latest progress or None. What it
        raises kills the child and is passed on: the way to stop when a lease is lost or a job cancelled.
    tick_s : float
        Seconds.
    on_usage : callable, optional
        Is told what was used, once the function has returned or refused the file.

    Returns
    -------
    Any
        The result after its way through JSON (a tuple comes back as a list).

    Raises
    ------
    MediaError
        The sentence the function raised, or one that says which limit the file ran into.
    DiskFullError
        If there was no room for what the function writes.
    SandboxError
        If the function failed in another way.

    Notes
    -----
    The calling thread must stay alive until the child ends, which it does by waiting here: Linux kills the
    child when the thread that started it ends.
    """
    request = {"function": function, "arguments": arguments, "limits": asdict(limits)}
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-X", "faulthandler", "-m", "clips.media.sandbox", str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=PROJECT_ROOT,
        env=_environment(),
        start_new_session=True,  # a group of its own, so that the whole of it can be killed
    )
    try:
        with contextlib.suppress(BrokenPipeError), child.stdin:
            child.stdin.write(json.dumps(request).encode())
        answer, returncode = _listen(child, limits, on_tick, tick_s)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        child.stderr.close()
    if on_usage is not None and answer.usage is not None:
        on_usage(answer.usage)
    return _outcome(answer, returncode)


def _environment() -> dict[str, str]:
    """Return all that a child may know: no database address, no key, no token."""
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(PROJECT_ROOT),
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",  # decoding already uses every core
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",  # glibc reserves 64 MB of address space per arena, one for each thread
    }


class _Answer:
    """What a child has said so far."""

    def __init__(self) -> None:
        self.progress: float | None = None
        self.usage: Usage | None = None
        self.final: dict[str, Any] | None = None
        self.stderr_tail = b""
        self._partial: list[bytes] = []
        self._size_bytes = 0
        self._stderr_bytes = 0

    def hear(self, data: bytes) -> None:
        self._size_bytes += len(data)
        if self._size_bytes > _MAX_ANSWER_BYTES:
            raise MediaError(CRASHED)
        *lines, rest = data.split(b"\n")
        for line in lines:
            self._message(b"".join([*self._partial, line]))
            self._partial = []
        if rest:
            self._partial.append(rest)

    def overhear(self, data: bytes) -> None:
        """Keep the end of what was written to stderr; a library that complains without end is out of order too."""
        self._stderr_bytes += len(data)
        if self._stderr_bytes > _MAX_STDERR_BYTES:
            raise MediaError(CRASHED)
        self.stderr_tail = (self.stderr_tail + data)[-_STDERR_TAIL_BYTES:]

    def _message(self, line: bytes) -> None:
        """Take one message; what is none can only come from a reader that was taken over."""
        try:
            message = json.loads(line)
            if "progress" in message:
                self.progress = float(message["progress"])
            elif "usage" in message:
                self.usage = Usage(**message["usage"])
            elif {"result", "error", "failure", "no_room"} & message.keys():
                self.final = message
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            log.warning("the child said what is no message: %r", line[:200])
            raise MediaError(CRASHED) from error


def _listen(
    child: subprocess.Popen, limits: Limits, on_tick: Callable[[float | None], None] | None, tick_s: float
) -> tuple[_Answer, int]:
    """Read the child's messages until it ends, ticking meanwhile; return them and its return code."""
    answer = _Answer()
    started_s = time.monotonic()
    next_tick_s = started_s + tick_s
    with selectors.DefaultSelector() as pipes:
        pipes.register(child.stdout, selectors.EVENT_READ)
        pipes.register(child.stderr, selectors.EVENT_READ)
        while pipes.get_map() or child.poll() is None:
            now_s = time.monotonic()
            if now_s - started_s > limits.wall_s:
                raise MediaError(TOO_LONG)
            if now_s >= next_tick_s:
                next_tick_s = now_s + tick_s
                if on_tick is not None:
                    on_tick(answer.progress)
            until_s = min(next_tick_s, started_s + limits.wall_s) - now_s
            if not pipes.get_map():  # it has closed them and may yet go on
                until_s = min(until_s, _LOOK_EVERY_S)
            for key, _ in pipes.select(timeout=max(0.0, until_s) + 0.001):
                data = os.read(key.fd, 65536)
                if not data:
                    pipes.unregister(key.fileobj)
                elif key.fileobj is child.stdout:
                    answer.hear(data)
                else:
                    answer.overhear(data)
    return answer, child.returncode


def _outcome(answer: _Answer, returncode: int) -> Any:
    """Turn a child's end into its result or the right error."""
    said = answer.stderr_tail.decode(errors="replace")
    final = answer.final
    if returncode == 0 and final is not None:
        if said.strip():
            log.info("the child's stderr: %s", said)
        if "result" in final:
            return final["result"]
        if final == NO_ROOM:
            raise DiskFullError
        if "error" in final:
            raise MediaError(final["error"])
        raise SandboxError(final["failure"])
    log.warning("the child ended with %d: %s", returncode, said)
    if returncode == -signal.SIGXCPU:
        raise MediaError(TOO_LONG)
    if returncode == -signal.SIGKILL:  # by the kernel: memory ran out for the whole machine
        raise MediaError(TOO_MUCH_MEMORY)
    if returncode < 0:
        raise MediaError(CRASHED)
    raise SandboxError(f"the child ended with {returncode} and said nothing; stderr: {said}")


# --- the child ----------------------------------------------------------------------------------------------


def _child(parent_pid: int) -> None:
    die_with_parent(parent_pid)
    be_first_to_go()
    messages = _take_stdout()
    request = json.load(sys.stdin)
    set_limits(Limits(**request["limits"]))
    confine_for(request["function"], request["arguments"])
    call_and_tell(request["function"], request["arguments"], messages)
    # A media library that crashes while it tidies up must not spoil a result that is already delivered.
    os._exit(0)


def confine_for(dotted: str, arguments: dict[str, Any]) -> None:
    """Give up, for good, all that a function does not need for its arguments."""
    package = importlib.import_module(dotted.partition(".")[0])
    reads = [Path(path) for path in _paths(arguments, _READ_NAME)]
    writes = [path if path.is_dir() else path.parent for path in map(Path, _paths(arguments, _WRITE_NAME))]
    ours = {Path(__file__).resolve().parents[1], Path(package.__file__).resolve().parent}
    keep_to_files(ours, readable=reads, writable=writes)
    forbid_network_and_programs()


def call_and_tell(dotted: str, arguments: dict[str, Any], messages: BinaryIO) -> None:
    """Call a function and send what came of it."""
    started_cpu_s = _cpu_s()
    try:
        function = _imported(dotted)
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
            line = json.dumps({"failure": traceback.format_exc()[-_STDERR_TAIL_BYTES:]})
    usage = Usage(started_cpu_s, _cpu_s() - started_cpu_s, peak_bytes())
    messages.write(json.dumps({"usage": asdict(usage)}).encode() + b"\n" + line.encode() + b"\n")
    messages.flush()


def _is_disk_full(error: BaseException | None) -> bool:
    """Whether a fault of the disk lies below what was raised; libraries say of it only that writing failed."""
    while error is not None:
        if getattr(error, "errno", None) in {errno.ENOSPC, errno.EDQUOT}:
            return True
        error = error.__cause__ or error.__context__
    return False


def _paths(arguments: Any, name: re.Pattern) -> Iterator[str]:
    """Yield the paths under such names, however deep they lie."""
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
    """Return the most memory that was resident; getrusage would count what the parent had at the fork."""
    with contextlib.suppress(OSError), open("/proc/self/status") as file:
        return next((int(line.split()[1]) * 1024 for line in file if line.startswith("VmHWM:")), 0)
    return 0


def _take_stdout() -> BinaryIO:
    """Keep the pipe to the parent for messages; what libraries print on descriptor 1 goes to stderr."""
    messages = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return messages


def _imported(dotted: str) -> Callable:
    module, _, name = dotted.partition(":")
    return getattr(importlib.import_module(module), name)


def _call(function: Callable, arguments: dict[str, Any], messages: BinaryIO) -> Any:
    if "progress" in inspect.signature(function).parameters:
        arguments = arguments | {"progress": _reporter(messages)}
    return function(**arguments)


def _reporter(messages: BinaryIO) -> Callable[[float], None]:
    """Return a function that sends progress now and then, however often it is called."""
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
    _child(int(sys.argv[1]))
