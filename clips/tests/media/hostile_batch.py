"""Runs many files through every operation, each file in a forked child that is confined like the sandbox's own.

Starting Python and its libraries costs more than most of these files; so one process imports them once and forks for
each file. ``python -m clips.tests.media.hostile_batch`` reads one request per line and answers with one line.
"""

import gc
import json
import os
import select
import signal
import sys
import time
from typing import Any, BinaryIO

from clips.media.sandbox import child, confine
from clips.media.sandbox.confine import Limits, set_limits

#: For all operations on a file of half a second, which take a quarter of a second. In real jobs it is minutes for each.
LIMITS = Limits(cpu_s=40, wall_s=240.0)


def operations(source: str, folder: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """Return all operations on an uploaded file: name → function and arguments."""
    out = f"{folder}/out.mp4"
    span = {"source": source, "out": out, "start_ms": 100, "end_ms": 400}
    pictures = [{"at_ms": at_ms, "out": f"{folder}/{at_ms}.jpg"} for at_ms in (0, 300, 3_600_000)]
    return {
        "probe": ("clips.media.probe:probe", {"path": source}),
        "cut": ("clips.media.cut.clip:cut", span),
        "preview": ("clips.media.render.preview:make_preview", span),
        "posters": ("clips.media.render.poster:make_posters", {"source": source, "requests": pictures}),
        "detection": ("detection.propose:propose", {"path": source}),
        "share": ("clips.media.render.share_copy:make_share_copy", span | {"slow_down": 2}),
        "filmstrip": ("clips.media.render.filmstrip:make_filmstrip", {"source": source, "out": f"{folder}/strip.jpg"}),
        "waveform": ("clips.media.render.waveform:waveform", {"source": source}),
    }


def main() -> None:
    confine.NICENESS = 0  # here somebody does wait for it: beside other test processes it would hardly ever run
    for dotted, _ in operations("/", "/").values():
        child.imported(dotted)
    gc.collect()
    gc.freeze()  # a collection in a child would write to, and so copy, all that it shares with this process
    for line in sys.stdin:
        request = json.loads(line)
        answer = _all_operations(request["source"], request["folder"], request.get("confined", True))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _all_operations(source: str, folder: str, confined: bool) -> dict[str, dict]:
    """Return the outcome of each: "result" or "error" as the child said it, or "failure", "signal", "hung"."""
    outcomes: dict[str, dict] = {}
    waiting = operations(source, folder)
    while waiting:
        said, end = _in_child(waiting, folder, confined)
        done = list(zip(list(waiting), said, strict=False))
        if len(done) < len(waiting):  # it ended within the next one; the others are done by another child
            done.append((list(waiting)[len(said)], end | {"left": _clear(folder)}))
        for name, outcome in done:
            outcomes[name] = outcome
            del waiting[name]
    return outcomes


def _in_child(calls: dict[str, tuple[str, dict]], folder: str, confined: bool) -> tuple[list[dict], dict]:
    """Return the results of the finished calls, and how the child ended."""
    reading, writing = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reading)
        os.dup2(os.open(os.devnull, os.O_RDWR), 2)
        _do(calls, folder, confined, os.fdopen(writing, "wb"))
        os._exit(0)
    os.close(writing)
    said, is_hung = _listen(reading)
    if is_hung:
        os.kill(pid, signal.SIGKILL)
    status = os.waitpid(pid, 0)[1]
    end = {"hung": True} if is_hung else {"signal": status}
    finished, outcome = [], {}
    for line in said.splitlines():
        outcome |= json.loads(line)
        if "left" in outcome:
            finished.append(outcome)
            outcome = {}
    return finished, end


def _do(calls: dict[str, tuple[str, dict]], folder: str, confined: bool, messages: BinaryIO) -> None:
    set_limits(LIMITS)
    if confined:
        child.confine_for("detection", {"calls": [arguments for _, arguments in calls.values()]}, confine.wall())
    for dotted, arguments in calls.values():
        child.call_and_tell(dotted, arguments, messages)
        messages.write(json.dumps({"left": _clear(folder)}).encode() + b"\n")
        messages.flush()


def _clear(folder: str) -> list[str]:
    """Take away all files in a folder and return their names."""
    names = sorted(os.listdir(folder))
    for name in names:
        os.unlink(f"{folder}/{name}")
    return names


def _listen(reading: int) -> tuple[bytes, bool]:
    said, ends_s = b"", time.monotonic() + LIMITS.wall_s
    with os.fdopen(reading, "rb", buffering=0) as pipe:
        while (left_s := ends_s - time.monotonic()) > 0:
            if select.select([pipe], [], [], left_s)[0]:
                data = pipe.read(65536)
                if not data:
                    return said, False
                said += data
    return said, True


if __name__ == "__main__":
    main()
