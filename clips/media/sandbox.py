"""Runs one function on an uploaded file in a confined child process.

Media libraries are large C programs fed by strangers. So the process that holds the database never opens a
file itself: it calls ``run("clips.media.probe:probe", {"path": ...})``, and a fresh Python does the work
without network, without secrets in its environment, without the right to start programs, and within limits on
memory, CPU, wall time and the size of what it writes. The two speak JSON, one line per message, over pipes;
``subprocess`` and not ``multiprocessing``, because the children of a Celery worker are daemons and may not
have any.
"""

import contextlib
import errno
import importlib
import inspect
import json
import logging
import os
import selectors
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from clips.media import MediaError
from clips.media.confine import Limits, die_with_parent, forbid_network_and_programs, set_limits

__all__ = ["Limits", "MediaError", "SandboxError", "die_with_parent", "run"]

PROJECT_ROOT = Path(__file__).resolve().parents[2]
DEFAULT_LIMITS = Limits()
TOO_MUCH_MEMORY = "This file needs more memory than allowed to read."
TOO_LONG = "Reading this file took longer than allowed."
TOO_LARGE = "What was to be written from this file is larger than allowed."
CRASHED = "Reading this file crashed the reader; it may be damaged."

#: The curve of a ten-hour file is a few MB of JSON; a child that says more than this is out of order.
_MAX_ANSWER_BYTES = 256 * 1024**2
_STDERR_TAIL_BYTES = 16 * 1024
_PROGRESS_EVERY_S = 0.25

log = logging.getLogger(__name__)


class SandboxError(RuntimeError):
    """The child failed for a reason that is ours and not the file's; the text ends with its traceback."""


def run(
    function: str,
    arguments: dict[str, Any],
    *,
    limits: Limits = DEFAULT_LIMITS,
    on_tick: Callable[[float | None], None] | None = None,
    tick_s: float = 2.0,
) -> Any:
    """Call a function in a confined child process and return what it returns.

    Parameters
    ----------
    function : str
        "package.module:name". If it takes a keyword ``progress``, it is given a function to report 0.0 to 1.0
        with.
    arguments : dict
        Its keyword arguments; JSON. Paths should be absolute, for the child runs in the project's root.
    limits : Limits
        What the child may use.
    on_tick : callable, optional
        Called about every ``tick_s`` seconds while the child works, with its latest progress or None. What it
        raises kills the child and is passed on: the way to stop when a lease is lost or a job cancelled.
    tick_s : float
        Seconds.

    Returns
    -------
    Any
        The result after its way through JSON (a tuple comes back as a list).

    Raises
    ------
    MediaError
        The sentence the function raised, or one that says which limit the file ran into.
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
        return _listen(child, limits, on_tick, tick_s)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        child.stdout.close()
        child.stderr.close()


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
        self.final: dict[str, Any] | None = None
        self.stderr_tail = b""
        self._partial: list[bytes] = []
        self._size_bytes = 0

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

    def _message(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except ValueError as error:
            raise SandboxError(f"the child said what is no message: {line[:200]!r}") from error
        if "progress" in message:
            self.progress = float(message["progress"])
        else:
            self.final = message


def _listen(
    child: subprocess.Popen, limits: Limits, on_tick: Callable[[float | None], None] | None, tick_s: float
) -> Any:
    """Read the child's messages until it ends, ticking meanwhile."""
    answer = _Answer()
    started_s = time.monotonic()
    next_tick_s = started_s + tick_s
    with selectors.DefaultSelector() as pipes:
        pipes.register(child.stdout, selectors.EVENT_READ)
        pipes.register(child.stderr, selectors.EVENT_READ)
        while pipes.get_map():
            now_s = time.monotonic()
            if now_s - started_s > limits.wall_s:
                raise MediaError(TOO_LONG)
            if now_s >= next_tick_s:
                next_tick_s = now_s + tick_s
                if on_tick is not None:
                    on_tick(answer.progress)
            until_s = min(next_tick_s, started_s + limits.wall_s) - now_s
            for key, _ in pipes.select(timeout=max(0.0, until_s) + 0.001):
                data = os.read(key.fd, 65536)
                if not data:
                    pipes.unregister(key.fileobj)
                elif key.fileobj is child.stdout:
                    answer.hear(data)
                else:
                    answer.stderr_tail = (answer.stderr_tail + data)[-_STDERR_TAIL_BYTES:]
    return _outcome(answer, child.wait())


def _outcome(answer: _Answer, returncode: int) -> Any:
    """Turn a child's end into its result or the right error."""
    said = answer.stderr_tail.decode(errors="replace")
    final = answer.final
    if returncode == 0 and final is not None:
        if said.strip():
            log.info("the child's stderr: %s", said)
        if "result" in final:
            return final["result"]
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
    messages = _take_stdout()
    request = json.load(sys.stdin)
    set_limits(Limits(**request["limits"]))
    forbid_network_and_programs()
    try:
        final = {"result": _call(request["function"], request["arguments"], messages)}
        line = json.dumps(final)
    except MediaError as error:
        line = json.dumps({"error": str(error)})
    except MemoryError:
        line = json.dumps({"error": TOO_MUCH_MEMORY})
    except Exception as error:
        if isinstance(error, OSError) and error.errno == errno.EFBIG:
            line = json.dumps({"error": TOO_LARGE})
        else:
            line = json.dumps({"failure": traceback.format_exc()[-_STDERR_TAIL_BYTES:]})
    messages.write(line.encode() + b"\n")
    messages.flush()
    # A media library that crashes while it tidies up must not spoil a result that is already delivered.
    os._exit(0)


def _take_stdout() -> BinaryIO:
    """Keep the pipe to the parent for messages; what libraries print on descriptor 1 goes to stderr."""
    messages = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return messages


def _call(dotted: str, arguments: dict[str, Any], messages: BinaryIO) -> Any:
    module, _, name = dotted.partition(":")
    function = getattr(importlib.import_module(module), name)
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
