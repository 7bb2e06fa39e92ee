"""Functions that the sandbox's tests run: each does one thing that a hostile or broken reader might do."""

import concurrent.futures
import contextlib
import errno
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable

from clips.media import MediaError


def echo(value):
    return value


def environment() -> list[str]:
    return sorted(os.environ)


def open_files() -> list[list[int]]:
    """Return device and inode of all open files of this process."""
    found = []
    for number in range(256):
        with contextlib.suppress(OSError):
            about = os.fstat(number)
            found.append([about.st_dev, about.st_ino])
    return found


def count_up(steps: int, step_s: float, progress: Callable[[float], None]) -> int:
    for step in range(steps):
        progress(step / steps)
        time.sleep(step_s)
    return steps


def print_rubbish() -> str:
    print('{"result": "forged"}')  # noqa: T201 - what is tested
    os.write(1, b"not even JSON\n")
    return "true"


def blame_the_file() -> None:
    raise MediaError("This file contains no video.")


def find_the_disk_full(deep: bool) -> None:
    """Fail as on a full disk; ``deep``: below a sentence about the file, as libraries wrap it."""
    try:
        raise OSError(errno.ENOSPC, "No space left on device")
    except OSError as error:
        if deep:
            raise MediaError("This file cannot be written.") from error
        raise


def have_a_bug() -> None:
    {}["nothing"]


def take_memory(size_bytes: int) -> int:
    return len(bytearray(size_bytes))


def burn_cpu() -> None:
    while True:
        pass


def burn_cpu_and_not_listen() -> None:
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    burn_cpu()


def sleep(out: str) -> None:
    with open(out, "w") as file:
        file.write(str(os.getpid()))
    time.sleep(600)


def write_file(out: str, size_bytes: int) -> None:
    with open(out, "wb", buffering=0) as file:
        for _ in range(size_bytes // 65536):
            file.write(bytes(65536))


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def connect(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=5).close()


def start_a_program() -> None:
    subprocess.run([sys.executable, "--version"], check=True)


def open_file(name: str) -> str:
    with open(name) as file:
        return file.read()


def copy_file(source: str, low_res_path: str, requests: list[dict]) -> None:
    for request, path in zip(requests, (source, low_res_path), strict=True):
        with open(path) as file, open(request["out"], "w") as copy:
            copy.write(file.read())


def fork_without_end() -> int:
    """Start processes until that is refused, as a fork bomb does; return how many."""
    for n_started in range(1000):
        try:
            pid = os.fork()
        except OSError:
            return n_started
        if pid == 0:
            time.sleep(60)
            os._exit(0)
    return 1000


def start_threads(n_threads: int) -> int:
    with concurrent.futures.ThreadPoolExecutor(n_threads) as pool:
        return sum(pool.map(int, ["1"] * n_threads))


def leave_the_group() -> None:
    os.setpgid(0, 0)


def kill_the_parent() -> None:
    os.kill(os.getppid(), signal.SIGKILL)


def choke_the_parent() -> None:
    resource.prlimit(os.getppid(), resource.RLIMIT_CPU, (1, 1))


def close_all_pipes_and_go_on(out: str) -> None:
    with open(out, "w") as file:
        file.write(str(os.getpid()))
    os.closerange(0, 64)
    time.sleep(600)


def close_all_pipes_and_end() -> None:
    os.closerange(0, 64)
    os._exit(0)


def complain_without_end() -> None:
    while True:
        os.write(2, bytes(65536))


def _pipe_to_parent() -> int:
    """Return the descriptor of the messages, as a compromised reader could find it."""
    return max(int(name) for name in os.listdir("/proc/self/fd") if _is_pipe(name))


def _is_pipe(name: str) -> bool:
    try:
        return os.readlink(f"/proc/self/fd/{name}").startswith("pipe:")
    except OSError:
        return False


def answer_without_end() -> None:
    pipe = _pipe_to_parent()
    while True:
        os.write(pipe, b"x" * 65536)


def answer_with(text: str) -> None:
    os.write(_pipe_to_parent(), text.encode() + b"\n")
    os._exit(0)


def not_a_number() -> float:
    return float("nan")


def core_limit() -> list[int]:
    return list(resource.getrlimit(resource.RLIMIT_CORE))
