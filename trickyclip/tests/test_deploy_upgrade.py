"""Tests upgrade, rollback, backup and restore of an installed site: the order of steps, and failures.

The scripts, git and the file system are real. What they start is not: an installed machine's services, and a manage.py
that records its arguments.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from trickyclip.runtime import embedded

pytestmark = pytest.mark.slow

MANAGE = """
import os, pathlib, sys
note = pathlib.Path(os.environ["NOTES"])
version = pathlib.Path("version").read_text().strip()
with note.open("a") as lines:
    print(f"{version}: {' '.join(sys.argv[1:2] + sys.argv[3:])}", file=lines)
shape = note.with_name("shape")
if sys.argv[1] == "prepare" and pathlib.Path("migrates").exists():
    shape.write_text("migrated")
if sys.argv[1] == "backup":
    backup = pathlib.Path(sys.argv[2]) / "2024-12-02T031500Z"
    backup.mkdir(exist_ok=True)
    print(f"{backup} (0.1 MB)")
if sys.argv[1] == "restore":
    if "--compare" in sys.argv:
        sys.exit(1 if shape.exists() else 0)
    shape.unlink()
"""
PROGRAMS = {
    "systemctl": 'echo "systemctl $*" >>"$NOTES"',
    "curl": 'test ! -e "$TRICKYCLIP_HOME/current/broken"',
    "runuser": 'shift 3; exec "$@"',
    "chown": "true",
    "docker": """
        echo "docker $*" | sed 's/ --env-file [^ ]*//' >>"$NOTES"
        case "$*" in
            *" backup "*) mkdir -p "$TRICKYCLIP_BACKUPS/2024" && echo "$TRICKYCLIP_BACKUPS/2024 (0.1 MB)" ;;
            *" exec "*) test ! -e "$TRICKYCLIP_HOME/current/broken" ;;
        esac""",
}


class Machine:
    """A machine with version "one" installed, and the repository of newer ones."""

    def __init__(self, folder: Path, mode: str = "plain") -> None:
        self.folder, self.origin, self.home = folder, folder / "origin", folder / "home"
        self.notes = folder / "notes"
        for path in (self.origin / "deploy", self.home / "releases", folder / "etc", folder / "bin", folder / "units"):
            path.mkdir(parents=True)
        for name, script in PROGRAMS.items():
            (folder / "bin" / name).write_text(f"#!/bin/sh\n{script}\n")
            (folder / "bin" / name).chmod(0o755)
        (folder / "etc" / "mode").write_text(f"{mode}\n")
        (folder / "etc" / "compose.env").write_text("TRICKYCLIP_IMAGE=trickyclip:latest\n")
        (folder / "etc" / "site.env").write_text("")
        self.git("init", "--quiet", "--initial-branch=main")
        for name in ("backup", "restore", "upgrade", "rollback", "site.sh", "nginx-conf", "nginx.conf", "systemd"):
            copy = shutil.copytree if name == "systemd" else shutil.copy
            copy(embedded.BASE_DIR / "deploy" / name, self.origin / "deploy" / name)
        venv = 'make_venv() { mkdir -p .venv/bin; ln -sf "$(command -v python3)" .venv/bin/python; }\n'
        (self.origin / "deploy" / "venv.sh").write_text(venv)
        (self.origin / "manage.py").write_text(MANAGE)
        self.one = self.publish("one")
        subprocess.run(["git", "clone", "--quiet", self.origin, self.home / "repository"], check=True)
        self.sh(f". {self.origin}/deploy/site.sh; build_release {self.one} && switch_to {self.one}")
        self.notes.write_text("")

    def git(self, *arguments: str) -> str:
        who = ["-c", "user.name=mia", "-c", "user.email=mia@example.org"]
        command = ["git", "-C", str(self.origin), *who, *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    def publish(self, version: str, *, broken: bool = False, migrates: bool = False) -> str:
        (self.origin / "version").write_text(version)
        for name, there in {"broken": broken, "migrates": migrates}.items():
            (self.origin / name).touch() if there else (self.origin / name).unlink(missing_ok=True)
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", version)
        return self.git("rev-parse", "HEAD")

    def sh(self, script: str) -> subprocess.CompletedProcess:
        environment = os.environ | {
            "PATH": f"{self.folder / 'bin'}:{os.environ['PATH']}", "NOTES": str(self.notes),
            "TRICKYCLIP_HOME": str(self.home), "TRICKYCLIP_CONFIG": str(self.folder / "etc"),
            "TRICKYCLIP_BACKUPS": str(self.folder / "backups"), "TRICKYCLIP_UNITS": str(self.folder / "units"),
            "TRICKYCLIP_HEALTH_TRIES": "1",
        }  # fmt: skip
        return subprocess.run(["sh", "-c", script], env=environment, capture_output=True, text=True, check=False)

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess:
        return self.sh(f"{self.home}/current/deploy/{script} {' '.join(arguments)}")

    @property
    def current(self) -> str:
        return (self.home / "current").readlink().name

    def noted(self) -> list[str]:
        """Return the actions since the last call, without stops and starts of single programs."""
        lines = [
            line for line in self.notes.read_text().splitlines() if "@" not in line and "daemon-reload" not in line
        ]
        self.notes.write_text("")
        return lines


@pytest.fixture
def machine(tmp_path) -> Machine:
    return Machine(tmp_path)


STARTED = ["systemctl start trickyclip.target", "systemctl reload-or-restart trickyclip-nginx.service"]


def test_an_upgrade_backs_up_with_the_old_version_and_prepares_with_the_new(machine):
    two = machine.publish("two", migrates=True)
    done = machine.run("upgrade")
    assert done.returncode == 0, done.stderr
    assert machine.current == two
    assert machine.noted() == ["one: backup", "two: prepare", *STARTED]
    assert machine.run("upgrade").stdout == f"The site runs {two} already.\n"


def test_programs_are_stopped_before_the_backup(machine):
    machine.publish("two")
    machine.run("upgrade")
    lines = machine.notes.read_text().splitlines()
    stops = [number for number, line in enumerate(lines) if line.startswith("systemctl stop trickyclip@")]
    assert len(stops) == 7
    assert max(stops) < lines.index("one: backup")


def test_a_version_that_is_not_well_goes_away_by_itself_and_its_migrations_with_it(machine):
    machine.publish("two", broken=True, migrates=True)
    done = machine.run("upgrade")
    assert done.returncode == 1
    assert machine.current == machine.one
    assert "The site runs" in done.stdout.splitlines()[-1]
    back = ["one: restore --compare", "one: restore --replace", "one: prepare", *STARTED]
    assert machine.noted() == ["one: backup", "two: prepare", *STARTED, *back]
    assert not (machine.folder / "shape").exists()


def test_going_back_keeps_the_database_where_its_shape_is_the_same(machine):
    machine.publish("two")
    machine.run("upgrade")
    machine.noted()
    assert machine.run("rollback").returncode == 0
    assert machine.current == machine.one
    assert machine.noted() == ["one: restore --compare", "one: prepare", *STARTED]
    assert "There is nothing to go back to." in machine.run("rollback").stderr


def test_going_back_over_a_migration_wants_to_be_told_so(machine):
    two = machine.publish("two", migrates=True)
    machine.run("upgrade")
    machine.noted()
    refused = machine.run("rollback")
    assert refused.returncode == 1
    assert "loses what was done since" in refused.stderr
    assert machine.current == two
    assert machine.run("rollback", "--with-database").returncode == 0
    assert machine.current == machine.one


def test_containers_are_built_first_and_then_all_but_nginx_stopped_for_a_moment(tmp_path):
    machine = Machine(tmp_path, mode="compose")
    two = machine.publish("two")
    assert machine.run("upgrade").returncode == 0
    build, _well, stop, backup, start, again, *_rest = machine.noted()
    assert build.startswith("docker build")
    assert build.endswith(f"--tag trickyclip:{two} {machine.home}/releases/{two}")
    assert stop == "docker compose stop web detect media light beat incoming flower"
    assert f"prepare backup {tmp_path}/backups" in backup
    assert [start, again] == ["docker compose up --detach --remove-orphans", "docker compose restart nginx"]
    assert (tmp_path / "etc" / "compose.env").read_text() == f"TRICKYCLIP_IMAGE=trickyclip:{two}\n"


def test_containers_that_are_not_well_make_place_for_the_old_ones(tmp_path):
    machine = Machine(tmp_path, mode="compose")
    machine.publish("two", broken=True)
    assert machine.run("upgrade").returncode == 1
    assert machine.current == machine.one
    assert (tmp_path / "etc" / "compose.env").read_text() == f"TRICKYCLIP_IMAGE=trickyclip:{machine.one}\n"


def test_only_the_two_last_versions_are_kept(machine):
    for version in ("two", "three"):
        machine.publish(version)
        machine.run("upgrade")
    assert len(list((machine.home / "releases").iterdir())) == 2


def test_a_backup_holds_the_settings_of_the_machine(machine):
    done = machine.run("backup", str(machine.folder / "elsewhere"), "--keep", "3")
    backup = Path(done.stdout.strip())
    assert backup.parent == machine.folder / "elsewhere"
    held = subprocess.run(["tar", "-tf", backup / "machine.tar"], capture_output=True, text=True, check=True).stdout
    assert "./site.env" in held.splitlines()
    assert (backup / "machine.tar").stat().st_mode & 0o077 == 0


def test_a_restore_that_is_refused_starts_the_site_again(machine):
    (machine.folder / "elsewhere").mkdir()
    refused = machine.run("restore", str(machine.folder / "elsewhere"))  # this manage.py has no shape to bring back
    assert refused.returncode == 1
    assert machine.noted() == ["one: restore", "one: prepare", *STARTED]


@pytest.mark.parametrize("mode", ["compose", "plain"])
def test_settings_are_written_once_and_fit_together(tmp_path, mode):
    def configure() -> dict[str, str]:
        command = [embedded.BASE_DIR / "deploy" / "configure", mode, "clips.example.org", "Europe/Vienna"]
        subprocess.run(command, env=os.environ | {"TRICKYCLIP_CONFIG": str(tmp_path)}, check=True)
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        assert [path for path in files if path.stat().st_mode & 0o007] == []
        return {path.name: path.read_text() for path in files}

    first = configure()
    assert configure() == first
    assert f"app:{first['database_password']}@" in first["database_url"]
    assert f":{first['redis_password']}@" in first["redis_url"]
    assert len(first["secret_key"]) == 64
    assert len({first["database_password"], first["redis_password"], first["flower_password"]}) == 3
    assert not any(first[name] in first["site.env"] for name in ("secret_key", "database_password", "redis_password"))
