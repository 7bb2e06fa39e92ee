"""Functions for the sandbox's tests to run: each does one thing that a hostile or broken reader might do."""

import os
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
    raise MediaError("There is no picture in this file.")


def have_a_bug() -> None:
    {}["nothing"]


def take_memory(size_bytes: int) -> int:
    return len(bytearray(size_bytes))


def burn_cpu() -> None:
    while True:
        pass


def sleep(pid_file: str) -> None:
    with open(pid_file, "w") as file:
        file.write(str(os.getpid()))
    time.sleep(600)


def write_file(path: str, size_bytes: int) -> None:
    with open(path, "wb", buffering=0) as file:
        for _ in range(size_bytes // 65536):
            file.write(bytes(65536))


def crash() -> None:
    os.kill(os.getpid(), signal.SIGSEGV)


def connect(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), timeout=5).close()


def start_a_program() -> None:
    subprocess.run([sys.executable, "--version"], check=True)


def core_limit() -> list[int]:
    import resource

    return list(resource.getrlimit(resource.RLIMIT_CORE))
