"""Tests Landlock: only allowed files and folders can be opened."""

import os
import subprocess
import sys

import pytest

from clips.media.sandbox import landlock, runner

pytestmark = pytest.mark.slow  # each starts a process
LANDLOCK = pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
KEEP_TO = """
import sys
from pathlib import Path
from clips.media.sandbox.runner import confine, landlock
confine._forbid_new_privileges()
assert landlock.keep_to(readable=[Path(sys.argv[1])], writable=[Path(sys.argv[2])])
for attempt in sys.argv[3:]:
    try:
        exec(attempt)
    except OSError as error:
        print(type(error).__name__)
    else:
        print("done")
"""


def attempts(readable, writable, *lines: str) -> list[str]:
    """Return the outcome of each line of code in a process that is confined to two folders."""
    command = [sys.executable, "-c", KEEP_TO, str(readable), str(writable), *lines]
    done = subprocess.run(command, cwd=runner.PROJECT_ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture
def folders(tmp_path):
    for name in ("readable", "writable", "elsewhere"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "file").write_text(name)
    return tmp_path


@LANDLOCK
def test_files_elsewhere_cannot_be_opened(folders):
    elsewhere = folders / "elsewhere" / "file"
    link = folders / "readable" / "link"
    link.symlink_to(elsewhere)
    lines = [f"open({str(elsewhere)!r})", f"open({str(link)!r})", f"open({str(elsewhere)!r}, 'w')"]
    lines += [f"Path({str(elsewhere)!r}).unlink()", f"list(Path({str(folders)!r}).iterdir())", "open('/etc/passwd')"]
    assert attempts(folders / "readable", folders / "writable", *lines) == ["PermissionError"] * 6
    assert elsewhere.read_text() == "elsewhere"


@LANDLOCK
def test_what_may_be_read_may_not_be_written(folders):
    file = folders / "readable" / "file"
    lines = [f"open({str(file)!r})", f"open({str(file)!r}, 'a')", f"Path({str(file)!r}).unlink()"]
    assert attempts(folders / "readable", folders / "writable", *lines) == ["done", *["PermissionError"] * 2]


@LANDLOCK
def test_where_it_may_write_it_may_do_all_that_writing_needs(folders):
    folder = folders / "writable"
    lines = [
        f"Path({str(folder / 'new')!r}).write_text('x')",
        f"Path({str(folder / 'new')!r}).write_text('')",
        f"Path({str(folder / 'new')!r}).replace({str(folder / 'file')!r})",
        f"Path({str(folder / 'file')!r}).unlink()",
        f"Path({str(folder / 'sub')!r}).mkdir()",
    ]
    assert attempts(folders / "readable", folder, *lines) == ["done"] * 5


@LANDLOCK
def test_a_single_file_can_be_allowed(folders):
    (folders / "readable" / "other").touch()
    file = folders / "readable" / "file"
    lines = [f"open({str(file)!r})", f"open({str(file.with_name('other'))!r})"]
    assert attempts(file, folders / "writable", *lines) == ["done", "PermissionError"]


def test_a_system_without_it_says_so(monkeypatch):
    monkeypatch.setattr(landlock, "version", lambda: 0)
    assert not landlock.keep_to(readable=[], writable=[])
    assert os.listdir("/")
