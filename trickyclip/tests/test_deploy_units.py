"""Tests the systemd units: valid, and with the supervisor's programs."""

import re
import shutil
import subprocess

import pytest
import yaml

from trickyclip.runtime import embedded, programs
from trickyclip.tests.nginx import needed

UNITS = embedded.BASE_DIR / "deploy" / "systemd"
#: Programs that this machine need not have; verify only looks whether they can be run.
ELSEWHERE = re.compile(r"/usr/bin/(docker|cloudflared)\b|/usr/sbin/nginx\b")


def test_every_program_of_the_site_is_wanted_and_has_its_limit():
    wanted = re.findall(r"trickyclip@(\w+)\.service", (UNITS / "trickyclip.target").read_text())
    assert wanted == programs.names()
    script = (embedded.BASE_DIR / "deploy" / "site.sh").read_text()
    assert re.search(r'^PROGRAMS="(.*)"$', script, re.MULTILINE)[1].split() == programs.names()
    limits = {}
    for name in programs.names():
        text = (UNITS / f"trickyclip@{name}.service.d" / "memory.conf").read_text()
        limits[name] = re.search(r"^MemoryMax=(\d+)M$", text, re.MULTILINE)[1] + "m"
    containers = yaml.safe_load((embedded.BASE_DIR / "deploy" / "compose.yaml").read_text())["services"]
    assert limits == {name: containers[name]["mem_limit"] for name in programs.names()}


def test_the_unit_runs_the_one_command_that_knows_the_programs():
    text = (UNITS / "trickyclip@.service").read_text()
    assert re.findall(r"^ExecStart=(.*)$", text, re.MULTILINE) == [
        "/opt/trickyclip/current/.venv/bin/python manage.py program %i"
    ]


@pytest.mark.slow
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path):
    verify = needed("systemd-analyze")
    (tmp_path / "bin").mkdir()
    python = tmp_path / "bin" / "python"
    shutil.copy("/bin/true", python)
    for unit in UNITS.rglob("*"):
        if unit.is_file():
            text = unit.read_text().replace("/opt/trickyclip/current/.venv/bin/python", str(python))
            text = text.replace("/opt/trickyclip/current", str(embedded.BASE_DIR))
            there = tmp_path / unit.relative_to(UNITS)
            there.parent.mkdir(exist_ok=True)
            there.write_text(ELSEWHERE.sub("/bin/true", text))
    (tmp_path / "docker.service").write_text("[Service]\nExecStart=/bin/true\n")
    units = [path for path in tmp_path.glob("trickyclip*.*") if path.is_file() and "@" not in path.name]
    for name in programs.names():
        shutil.copy(tmp_path / "trickyclip@.service", tmp_path / f"trickyclip@{name}.service")
        units.append(tmp_path / f"trickyclip@{name}.service")
    done = subprocess.run([verify, "verify", "--man=no", *units], capture_output=True, text=True, check=False)
    ours = [line for line in (done.stdout + done.stderr).splitlines() if "trickyclip" in line]
    assert ours == []
    assert done.returncode == 0, done.stderr


@pytest.mark.slow
def test_systemd_would_find_a_mistake(tmp_path):
    wrong = tmp_path / "trickyclip-wrong.service"
    wrong.write_text("[Service]\nExecStart=/bin/true\nMemoryMaximum=5\n")
    done = subprocess.run([needed("systemd-analyze"), "verify", "--man=no", wrong], capture_output=True, text=True)
    assert "MemoryMaximum" in done.stderr


def test_units_are_plain_files_without_secrets():
    text = "".join(path.read_text() for path in UNITS.rglob("*") if path.is_file())
    assert not re.search(r"^Environment=.*(PASSWORD|SECRET|TOKEN)", text, re.MULTILINE)
