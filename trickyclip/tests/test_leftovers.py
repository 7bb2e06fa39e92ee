"""Tests which processes of an earlier run are found and ended, and which are left alone."""

import signal
import subprocess
import sys
import time

import psutil
import pytest

from trickyclip.runtime import launch, leftovers
from trickyclip.tests.site import still_running


@pytest.fixture
def start(tmp_path):
    """Start a command through the launcher; return its process and its pid file."""
    running = []

    def launched(*command: str):
        pid_file = tmp_path / f"{len(running)}.pid"
        line = launch.arguments(list(command), death_signal=signal.SIGTERM, pid_file=pid_file)
        process = subprocess.Popen(line, stdout=subprocess.PIPE, process_group=0)
        running.append(process)
        assert process.stdout.readline() == b"up\n"
        return process, pid_file

    yield launched
    for process in running:
        process.kill()
        process.wait()
        process.stdout.close()


def python(*lines: str) -> tuple[str, ...]:
    return sys.executable, "-u", "-c", "\n".join(["import signal", *lines, "print('up')", "signal.pause()"])


@pytest.mark.slow
def test_a_leftover_is_asked_with_the_signal_it_named(start):
    process, pid_file = start(*python("signal.signal(signal.SIGTERM, lambda *_: exit(3))"))
    assert leftovers.alive(pid_file) == process.pid
    leftovers.stop([pid_file], patience_s=30)
    assert process.wait() == 3
    assert not pid_file.exists()


@pytest.mark.slow
def test_a_leftover_that_does_not_listen_is_killed(start):
    process, pid_file = start(*python("signal.signal(signal.SIGTERM, signal.SIG_IGN)"))
    leftovers.stop([pid_file], patience_s=0.2)
    assert process.wait() == -signal.SIGKILL


@pytest.mark.slow
def test_a_child_that_outlived_its_killed_parent_is_killed(start):
    child = "import subprocess, sys; child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])"
    process, pid_file = start(*python(child))
    [child] = psutil.Process(process.pid).children()
    while "import time; time.sleep(600)" not in child.cmdline():  # until then it is still becoming another program
        time.sleep(0.01)
    process.kill()
    process.wait()
    leftovers.stop([pid_file], patience_s=30)
    assert still_running([child]) == []


@pytest.mark.slow
def test_a_stranger_with_the_same_number_is_left_alone(start, tmp_path):
    process, pid_file = start(*python())
    number, mark, name = pid_file.read_text().split()
    other_file = tmp_path / "other.pid"
    other_file.write_text(f"{number} {mark}0 {name}\n")
    leftovers.stop([other_file], patience_s=30)
    assert process.poll() is None
    assert not other_file.exists()


@pytest.mark.parametrize("text", ["", "12", "twelve now SIGTERM", "1 :0 SIGNOTHING"])
def test_half_a_file_names_nobody(tmp_path, text):
    (tmp_path / "half.pid").write_text(text)
    assert leftovers.alive(tmp_path / "half.pid") is None
