"""Runs one function on an uploaded file in a confined child process.

Media libraries are large C programs that read untrusted files. So the process that holds the database never opens a
file itself: it calls ``run("clips.media.probe:probe", {"path": ...})``, and a fresh Python does the work without
network, without secrets in its environment, without the right to start processes or to open any files but the given
ones, and within limits on memory, CPU, wall time and output size. The two exchange JSON, one message per line, over
pipes. It uses ``subprocess`` and not ``multiprocessing``, because the processes of a Celery worker are daemons and may
not have children.
"""

import contextlib
import json
import logging
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

from clips.media import MediaError
from clips.media.sandbox import confine, landlock
from clips.media.sandbox.child import NO_ROOM, TAIL_BYTES, TOO_LARGE, TOO_MUCH_MEMORY, Usage, peak_bytes
from clips.media.sandbox.confine import Limits, die_with_parent

__all__ = [
    "TOO_LARGE",
    "TOO_MUCH_MEMORY",
    "DiskFullError",
    "KilledError",
    "Limits",
    "MediaError",
    "SandboxError",
    "UnconfinedError",
    "Usage",
    "die_with_parent",
    "peak_bytes",
    "run",
]

PROJECT_ROOT = Path(__file__).resolve().parents[3]
DEFAULT_LIMITS = Limits()
TOO_LONG = "Reading this file took longer than allowed."
KILLED = "Reading this file was stopped, most likely because the server ran out of memory."
CRASHED = "Reading this file crashed the reader; it may be damaged."

#: The curve of a ten-hour file is a few MB of JSON; a child that says more than this is out of order.
_MAX_ANSWER_BYTES = 256 * 1024**2
_MAX_STDERR_BYTES = 64 * 1024**2
#: How often a child that has closed its pipes is looked after.
_LOOK_EVERY_S = 0.05
#: What somebody else ends a process with: the kernel, which needs memory for others, or a person.
_KILLS = {-signal.SIGKILL, -signal.SIGTERM, -signal.SIGINT, -signal.SIGHUP, -signal.SIGQUIT}

log = logging.getLogger(__name__)


class SandboxError(RuntimeError):
    """The child failed through our fault and not the file's; the text ends with its traceback."""


class UnconfinedError(SandboxError):
    """This kernel cannot confine a child, and the setting that accepts this is off: nothing was opened."""


class KilledError(RuntimeError):
    """The child was killed from outside, as the kernel does when memory runs out: not the file's fault."""


class DiskFullError(RuntimeError):
    """The child could not write because the disk is full."""


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
    KilledError
        If something else than a limit of its own ended the child. Trying again may help.
    UnconfinedError
        If this kernel cannot confine it, and ``SANDBOX_WITHOUT_LANDLOCK`` does not accept that.
    SandboxError
        If the function failed in another way.

    Notes
    -----
    The calling thread must stay alive until the child ends, which it does by waiting here: Linux kills the
    child when the thread that started it ends.
    """
    if why := confine.refusal():
        raise UnconfinedError(why)
    request: dict[str, Any] = {"function": function, "arguments": arguments, "limits": asdict(limits)}
    request |= {"wall": confine.wall(), "may_be_open": confine.is_accepted()}
    child = subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-X", "faulthandler", "-m", "clips.media.sandbox.child", str(os.getpid())],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=PROJECT_ROOT,
        env=_environment(),
        start_new_session=True,  # a group of its own, so that the whole of it can be killed
    )
    try:
        with contextlib.suppress(BrokenPipeError), _pipe(child.stdin) as told:
            told.write(json.dumps(request).encode())
        answer = _listen(child, limits, on_tick, tick_s)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
        _pipe(child.stdout).close()
        _pipe(child.stderr).close()
    if on_usage is not None and answer.usage is not None:
        on_usage(answer.usage)
    return _outcome(answer, child.returncode, limits)


def _environment() -> dict[str, str]:
    """Return the whole environment of the child: no database address, no key, no token."""
    pretended = {name: os.environ[name] for name in (landlock.PRETEND_NONE,) if name in os.environ}
    return pretended | {
        "PATH": os.environ.get("PATH", os.defpath),
        "PYTHONPATH": str(PROJECT_ROOT),
        "LANG": "C.UTF-8",
        "OMP_NUM_THREADS": "1",  # decoding already uses every core
        "OPENBLAS_NUM_THREADS": "1",
        "MALLOC_ARENA_MAX": "2",  # glibc reserves 64 MB of address space per arena, one for each thread
    }


class _Answer:
    """The messages of a child so far."""

    def __init__(self) -> None:
        self.progress: float | None = None
        self.usage: Usage | None = None
        #: All that the process used, from its start to its end.
        self.cpu_s = 0.0
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
        """Keep the end of stderr, bounded, since a library may complain without end."""
        self._stderr_bytes += len(data)
        if self._stderr_bytes > _MAX_STDERR_BYTES:
            raise MediaError(CRASHED)
        self.stderr_tail = (self.stderr_tail + data)[-TAIL_BYTES:]

    def _message(self, line: bytes) -> None:
        """Take one message; anything malformed can only come from a compromised reader."""
        try:
            message = json.loads(line)
            if "progress" in message:
                self.progress = float(message["progress"])
            elif "usage" in message:
                self.usage = Usage(**message["usage"])
            elif {"result", "error", "failure", "no_room"} & message.keys():
                self.final = message
        except (ValueError, TypeError, AttributeError, RecursionError) as error:
            log.warning("the child sent a malformed message: %r", line[:200])
            raise MediaError(CRASHED) from error


def _pipe(end: IO[bytes] | None) -> IO[bytes]:
    """Return our end of a pipe to the child, which has all three."""
    if end is None:
        raise SandboxError("the child was started without its pipes")
    return end


def _listen(
    child: subprocess.Popen[bytes], limits: Limits, on_tick: Callable[[float | None], None] | None, tick_s: float
) -> _Answer:
    """Read the child's messages until it ends, ticking meanwhile."""
    answer = _Answer()
    started_s = time.monotonic()
    next_tick_s = started_s + tick_s
    with selectors.DefaultSelector() as pipes:
        pipes.register(_pipe(child.stdout), selectors.EVENT_READ)
        pipes.register(_pipe(child.stderr), selectors.EVENT_READ)
        while pipes.get_map() or not _has_ended(child, answer):
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
    return answer


def _has_ended(child: subprocess.Popen[bytes], answer: _Answer) -> bool:
    """Return whether the child has ended; if so, record how, and the time it used."""
    pid, status, used = os.wait4(child.pid, os.WNOHANG)
    if not pid:
        return False
    child.returncode = os.waitstatus_to_exitcode(status)
    answer.cpu_s = used.ru_utime + used.ru_stime
    return True


def _outcome(answer: _Answer, returncode: int, limits: Limits) -> Any:
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
    # One that catches SIGXCPU is killed by the hard limit, with the same signal as from outside.
    if returncode == -signal.SIGXCPU or (returncode == -signal.SIGKILL and answer.cpu_s >= limits.cpu_s):
        raise MediaError(TOO_LONG)
    if returncode in _KILLS:
        raise KilledError(KILLED)
    if returncode < 0:
        raise MediaError(CRASHED)
    raise SandboxError(f"the child ended with {returncode} and sent no result; stderr:  {said}")
