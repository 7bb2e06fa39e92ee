"""Tests from within which system calls the confined child may make."""

import json
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest

from clips.media.sandbox import confine, landlock, mounts, runner, syscalls
from clips.tests.media.attempts import ANYBODY_S, CALLS
from clips.tests.media.hostile_batch import operations
from clips.tests.media.made_up import make_video

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not syscalls.can_filter(), reason="no seccomp filter for this system"),
]
HERE = "clips.tests.media.attempts"
HEADERS = {
    "x86_64": Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h"),
    "aarch64": Path("/usr/include/asm-generic/unistd.h"),
}
NUMBER = re.compile(r"^#define __NR(3264)?_(\w+)\s+(\d+)$", re.MULTILINE)
REFUSED = {confine.Wall.LANDLOCK: {"EACCES", "EXDEV"}, confine.Wall.MOUNTS: {"ENOENT", "EROFS"}}
#: As the headers for all machines call what has another name where numbers are of 64 bits.
ELSEWHERE_CALLED = {"newfstatat": "fstatat"}


@pytest.fixture
def mine(tmp_path) -> Path:
    file = tmp_path / "out" / "mine"
    file.parent.mkdir()
    file.touch()
    return file


def test_no_call_gets_through_but_those_that_reading_needs(mine):
    outcomes = runner.run(f"{HERE}:attempt_calls", {"out": str(mine)})
    assert len(outcomes) > 60
    assert {name: end for name, end in outcomes.items() if end not in {"EPERM", "ENOSYS"}} == {}


def test_the_same_calls_succeed_where_nothing_is_confined(mine):
    code = f"import json; from {HERE} import attempt_calls; print(json.dumps(attempt_calls({str(mine)!r})))"
    keep = f"from {HERE} import CALLS, ANYBODY_S; [CALLS.pop(n) for n in list(CALLS) if n not in ANYBODY_S]; "
    done = subprocess.run([sys.executable, "-c", keep + code], cwd=runner.PROJECT_ROOT, capture_output=True, text=True)
    outcomes = json.loads(done.stdout)
    assert set(outcomes.values()) == {"done"}
    assert set(outcomes) == {name for name in ANYBODY_S if CALLS[name][0][platform.machine() == "aarch64"]}


def test_a_lock_on_the_original_is_refused(mine):
    with pytest.raises(runner.SandboxError, match="PermissionError"):
        runner.run(f"{HERE}:lock", {"source": str(mine)})


@pytest.mark.parametrize("wall", confine.Wall)
def test_no_file_elsewhere_is_reached(mine, tmp_path, monkeypatch, wall):
    if wall == confine.Wall.MOUNTS:
        monkeypatch.setenv(landlock.PRETEND_NONE, "1")
    if confine.wall() != wall:
        pytest.skip(f"not on this kernel: {wall}")
    elsewhere = tmp_path / "elsewhere" / "file"
    elsewhere.parent.mkdir()
    elsewhere.write_text("mine too")
    outcomes = runner.run(f"{HERE}:attempt_files", {"out": str(mine), "elsewhere": str(elsewhere)})
    assert {name: end for name, end in outcomes.items() if end not in REFUSED[wall]} == {}
    assert elsewhere.read_text() == "mine too"


@pytest.mark.skipif(not mounts.can_keep(), reason="no mount namespace is to be had here")
def test_videos_are_read_in_a_file_system_of_their_own_too(tmp_path, monkeypatch):
    monkeypatch.setenv(landlock.PRETEND_NONE, "1")
    source = make_video(tmp_path / "one.mp4", frames=60)
    (tmp_path / "out").mkdir()
    for function, arguments in operations(str(source), str(tmp_path / "out")).values():
        assert runner.run(function, arguments)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "out.mp4",
        "strip.jpg",
        "0.jpg",
        "300.jpg",
        "3600000.jpg",
    }


@pytest.mark.parametrize("machine", HEADERS)
def test_numbers_are_those_of_the_kernel(machine):
    if not HEADERS[machine].is_file():
        pytest.skip("the kernel's headers are not installed")
    known = {name: int(number) for _, name, number in NUMBER.findall(HEADERS[machine].read_text())}
    which = list(HEADERS).index(machine)
    filtered = {"clone": syscalls._CLONE, "kill": syscalls._KILL, "tgkill": syscalls._TGKILL}
    filtered |= {"fcntl": syscalls._FCNTL, "ioctl": syscalls._IOCTL, "prctl": syscalls._PRCTL}
    ours = syscalls._FREE | filtered | {"prlimit64": syscalls._PRLIMIT}
    wrong = {
        name: (numbers[which], known.get(name))
        for name, numbers in ours.items()
        if numbers[which] != known.get(name, known.get(ELSEWHERE_CALLED.get(name)) if which else None)
    }
    assert wrong == {}
