"""Tests the sandbox: results, limits, and faults told apart."""

import os
import platform
import re
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from clips.media import MediaError
from clips.media.sandbox import landlock, runner
from clips.media.sandbox.runner import DiskFullError, KilledError, Limits, SandboxError, UnconfinedError, run

pytestmark = pytest.mark.slow  # each starts a process
HERE = "clips.tests.media.misbehave"
FILTERED = sys.platform == "linux" and platform.machine() in {"x86_64", "aarch64"}


def test_the_result_comes_back():
    assert run(f"{HERE}:echo", {"value": {"curve": [0.5, None, "é"]}}) == {"curve": [0.5, None, "é"]}


@pytest.mark.parametrize(
    ("modules", "unneeded"),
    [
        ("clips.media.probe, clips.media.cut.clip, clips.media.render.poster", "numpy"),
        ("detection.sync.files", "scipy.signal"),
    ],
)
def test_a_child_loads_no_library_that_few_files_need(modules, unneeded):
    """Fails when one is imported at the top again: a third or a half of the start of each child."""
    code = f"import sys, clips.media.sandbox.child, {modules}; print({unneeded!r} in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=runner.PROJECT_ROOT, capture_output=True, check=True)
    assert done.stdout == b"False\n"


def test_a_large_request_and_a_large_answer_come_through():
    value = ["x" * 1000] * 3000
    assert run(f"{HERE}:echo", {"value": value}) == value


def test_the_sentence_of_a_media_error_comes_back():
    with pytest.raises(MediaError, match=r"^This file contains no video\.$"):
        run(f"{HERE}:blame_the_file", {})


@pytest.mark.parametrize("deep", [False, True])
def test_a_full_disk_is_neither_the_file_s_fault_nor_ours(deep):
    with pytest.raises(DiskFullError):
        run(f"{HERE}:find_the_disk_full", {"deep": deep})


def test_a_bug_of_ours_is_not_blamed_on_the_file():
    with pytest.raises(SandboxError, match="KeyError: 'nothing'"):
        run(f"{HERE}:have_a_bug", {})


def test_what_a_library_prints_does_not_reach_the_protocol():
    assert run(f"{HERE}:print_rubbish", {}) == "true"


def test_memory_beyond_the_limit_is_a_fault_of_the_file():
    limits = Limits(memory_bytes=512 * 1024**2)
    with pytest.raises(MediaError, match=runner.TOO_MUCH_MEMORY):
        run(f"{HERE}:take_memory", {"size_bytes": 600 * 1024**2}, limits=limits)
    assert run(f"{HERE}:take_memory", {"size_bytes": 100 * 1024**2}, limits=limits) == 100 * 1024**2


def test_cpu_time_beyond_the_limit_ends_the_child():
    with pytest.raises(MediaError, match=runner.TOO_LONG):
        run(f"{HERE}:burn_cpu", {}, limits=Limits(cpu_s=1, wall_s=120))


def test_a_child_that_does_not_listen_ends_for_the_same_reason():
    with pytest.raises(MediaError, match=runner.TOO_LONG):
        run(f"{HERE}:burn_cpu_and_not_listen", {}, limits=Limits(cpu_s=1, wall_s=300))


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_a_kill_from_outside_is_not_the_file_s_fault(tmp_path, how):
    pid_file = tmp_path / "pid"

    def kill(_progress):
        if pid_file.exists() and pid_file.read_text():
            os.kill(int(pid_file.read_text()), how)

    with pytest.raises(KilledError):
        run(f"{HERE}:sleep", {"out": str(pid_file)}, on_tick=kill, tick_s=0.1)


def test_wall_time_beyond_the_limit_ends_the_child(tmp_path):
    pid_file = tmp_path / "pid"
    with pytest.raises(MediaError, match=runner.TOO_LONG):
        run(f"{HERE}:sleep", {"out": str(pid_file)}, limits=Limits(wall_s=3))
    assert has_ended(int(pid_file.read_text()))


def test_a_file_beyond_the_limit_is_refused(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(MediaError, match=runner.TOO_LARGE):
        run(
            f"{HERE}:write_file",
            {"out": str(out), "size_bytes": 4 * 1024**2},
            limits=replace(Limits(), file_bytes=1024**2),
        )
    assert out.stat().st_size == 1024**2


def test_a_crash_is_told_in_one_sentence_and_leaves_no_core():
    with pytest.raises(MediaError, match=runner.CRASHED):
        run(f"{HERE}:crash", {})
    assert run(f"{HERE}:core_limit", {}) == [0, 0]


def test_the_child_sees_no_secret(monkeypatch):
    for name in ("DATABASE_URL", "SECRET_KEY", "REDIS_URL", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "secret")
    seen = set(run(f"{HERE}:environment", {}))
    assert seen <= set(runner._environment()) | {"LC_CTYPE"}


def test_the_child_has_none_of_its_parents_files_open(tmp_path):
    with (tmp_path / "secret").open("w") as file:
        os.set_inheritable(file.fileno(), True)
        about = os.fstat(file.fileno())
        found = run(f"{HERE}:open_files", {})
    assert len(found) >= 3, "its own pipes"
    assert [about.st_dev, about.st_ino] not in found


def test_where_nothing_keeps_the_child_to_its_files_it_is_not_started(no_walls, tmp_path):
    out = tmp_path / "out"
    with pytest.raises(UnconfinedError, match=r"^Videos are not opened: .* has no Landlock"):
        run(f"{HERE}:sleep", {"out": str(out)}, limits=Limits(wall_s=3))
    assert not out.exists()


def test_a_child_that_finds_itself_unconfined_does_nothing(monkeypatch, no_walls, tmp_path):
    """The parent thought otherwise, as it may where it runs under another filter."""
    monkeypatch.setattr("clips.media.sandbox.confine.refusal", lambda: "")
    out = tmp_path / "out"
    with pytest.raises(SandboxError, match="not confined: nothing was opened"):
        run(f"{HERE}:sleep", {"out": str(out)}, limits=Limits(wall_s=3))
    assert not out.exists()


def test_who_accepts_that_has_the_rest_of_it(monkeypatch, no_walls, tmp_path):
    monkeypatch.setenv("SANDBOX_WITHOUT_LANDLOCK", "1")
    monkeypatch.setenv("SECRET_KEY", "secret")
    assert run(f"{HERE}:open_file", {"name": "/etc/hostname"})
    assert "secret" not in run(f"{HERE}:open_file", {"name": "/proc/self/environ"})
    (tmp_path / "mine").touch()
    outcomes = run("clips.tests.media.attempts:attempt_calls", {"out": str(tmp_path / "mine")})
    assert set(outcomes.values()) <= {"EPERM", "ENOSYS"}


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="nobody but root has what is given up")
def test_root_s_child_has_no_right_but_to_open_files():
    said = run(f"{HERE}:open_file", {"name": "/proc/self/status"})
    none, to_open = "0" * 16, f"{1 << 1:016x}"
    assert re.findall(r"^Cap(?:Inh|Prm|Eff|Amb):\t(\w+)$", said, re.MULTILINE) == [none, to_open, to_open, none]


@pytest.mark.skipif(not FILTERED, reason="no seccomp filter for this system")
def test_the_child_has_no_network():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        socket.create_connection(("127.0.0.1", port)).close()  # anyone else reaches it
        with pytest.raises(SandboxError, match="PermissionError"):
            run(f"{HERE}:connect", {"port": port})


@pytest.mark.skipif(not FILTERED, reason="no seccomp filter for this system")
def test_the_child_cannot_start_programs():
    with pytest.raises(SandboxError, match="PermissionError"):
        run(f"{HERE}:start_a_program", {})


def test_ticks_bring_the_latest_progress():
    ticks = []
    run(f"{HERE}:count_up", {"steps": 8, "step_s": 0.3}, on_tick=ticks.append, tick_s=0.4)
    heard = [tick for tick in ticks if tick is not None]
    assert len(ticks) >= 3
    assert heard == sorted(heard)
    assert heard[-1] > 0.4


def test_what_a_tick_raises_kills_the_child_and_is_passed_on(tmp_path):
    pid_file = tmp_path / "pid"

    class LeaseLostError(Exception):
        pass

    def tick(_progress):
        if pid_file.exists() and pid_file.read_text():
            raise LeaseLostError

    with pytest.raises(LeaseLostError):
        run(f"{HERE}:sleep", {"out": str(pid_file)}, on_tick=tick, tick_s=0.1)
    assert has_ended(int(pid_file.read_text()))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent ended")
def test_the_child_dies_with_a_killed_parent(tmp_path):
    pid_file = tmp_path / "pid"
    code = f"from clips.media.sandbox.runner import run; run('{HERE}:sleep', {{'out': {str(pid_file)!r}}})"
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=runner.PROJECT_ROOT)
    try:
        child_pid = int(wait_for(lambda: pid_file.exists() and pid_file.read_text()))
    finally:
        parent.kill()
        parent.wait()
    wait_for(lambda: has_ended(child_pid))


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent ended")
def test_a_child_whose_parent_is_already_gone_ends_at_once():
    code = (
        f"from clips.media.sandbox.confine import die_with_parent; die_with_parent({os.getpid() + 1}); print('alive')"
    )
    child = subprocess.run([sys.executable, "-c", code], cwd=runner.PROJECT_ROOT, capture_output=True)
    assert (child.returncode, child.stdout) == (-signal.SIGKILL, b"")


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
def test_the_child_opens_only_the_files_it_was_told_of(tmp_path):
    names = ("source", "beside", "low-res")
    for name in names:
        (tmp_path / "originals" / name).parent.mkdir(exist_ok=True)
        (tmp_path / "originals" / name).write_text(name)
    (tmp_path / "out").mkdir()
    source, beside, low_res = (str(tmp_path / "originals" / name) for name in names)
    requests = [{"out": str(tmp_path / "out" / name)} for name in ("one", "two")]
    run(f"{HERE}:copy_file", {"source": source, "low_res_path": low_res, "requests": requests})
    assert [(tmp_path / "out" / name).read_text() for name in ("one", "two")] == ["source", "low-res"]
    for secret in (beside, source, "/etc/passwd", str(runner.PROJECT_ROOT / "README.md")):
        with pytest.raises(SandboxError, match="PermissionError"):
            run(f"{HERE}:open_file", {"name": secret})


@pytest.mark.skipif(not FILTERED, reason="no seccomp filter for this system")
def test_the_child_cannot_start_processes_but_threads():
    assert run(f"{HERE}:fork_without_end", {}) == 0
    assert run(f"{HERE}:start_threads", {"n_threads": 8}) == 8


@pytest.mark.skipif(not FILTERED, reason="no seccomp filter for this system")
@pytest.mark.parametrize("attempt", ["leave_the_group", "kill_the_parent", "choke_the_parent"])
def test_the_child_cannot_reach_other_processes(attempt):
    with pytest.raises(SandboxError, match="PermissionError"):
        run(f"{HERE}:{attempt}", {})


def test_a_child_that_closes_its_pipes_is_still_held_to_its_time(tmp_path):
    pid_file = tmp_path / "pid"
    ticks = []
    with pytest.raises(MediaError, match=runner.TOO_LONG):
        run(
            f"{HERE}:close_all_pipes_and_go_on",
            {"out": str(pid_file)},
            limits=Limits(wall_s=3),
            on_tick=ticks.append,
            tick_s=0.5,
        )
    assert has_ended(int(pid_file.read_text()))
    assert len(ticks) >= 3, "and its job still says that it is alive"


def test_a_child_that_ends_without_a_word_is_an_error_of_ours():
    with pytest.raises(SandboxError, match="sent no result"):
        run(f"{HERE}:close_all_pipes_and_end", {})


def test_a_child_that_is_stopped_is_ended(tmp_path):
    pid_file = tmp_path / "pid"

    def stop(_progress):
        if pid_file.exists() and pid_file.read_text():
            os.kill(int(pid_file.read_text()), signal.SIGSTOP)

    with pytest.raises(MediaError, match=runner.TOO_LONG):
        run(f"{HERE}:sleep", {"out": str(pid_file)}, limits=Limits(wall_s=4), on_tick=stop, tick_s=0.1)
    assert has_ended(int(pid_file.read_text()))


@pytest.mark.parametrize("how", ["complain_without_end", "answer_without_end"])
def test_a_child_that_never_ends_to_talk_is_ended(how):
    with pytest.raises(MediaError, match=runner.CRASHED):
        run(f"{HERE}:{how}", {})


@pytest.mark.parametrize(
    "text", ["[]", "7", "not JSON", '{"progress": "x"}', '{"progress": null}', "[" * 100_000, '{"usage": {"a": 1}}']
)
def test_an_answer_that_is_none_is_a_crash_of_the_reader(text):
    with pytest.raises(MediaError, match=runner.CRASHED):
        run(f"{HERE}:answer_with", {"text": text})


def test_a_result_that_no_database_takes_is_a_bug_of_ours():
    with pytest.raises(SandboxError, match="not JSON compliant"):
        run(f"{HERE}:not_a_number", {})


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a process offer itself")
def test_when_memory_runs_out_for_all_the_child_goes_first():
    assert run(f"{HERE}:open_file", {"name": "/proc/self/oom_score_adj"}).strip() == "1000"


def test_what_a_child_used_is_told():
    told = []
    run(f"{HERE}:take_memory", {"size_bytes": 300 * 1024**2}, on_usage=told.append)
    (usage,) = told
    assert usage.peak_bytes >= 300 * 1024**2
    assert usage.start_cpu_s > 0
    assert usage.cpu_s > 0


def has_ended(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return True
    return state == "Z"  # dead, and waiting for its adoptive parent to notice


def wait_for(condition, *, at_most_s: float = 30.0):
    deadline_s = time.monotonic() + at_most_s
    while time.monotonic() < deadline_s:
        if value := condition():
            return value
        time.sleep(0.05)
    pytest.fail("it did not happen")
