"""Tests that the installed packages are the pinned ones."""

import re
from pathlib import Path

import pytest
from django.conf import settings

LOCKS = ["requirements.txt", "requirements-dev.txt"]
PACKAGE = re.compile(r"(?P<name>[\w.-]+)(\[[\w,-]+\])?==(?P<version>[\w.]+)( ; .+)?")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
ASKED_FOR = re.compile(r"^[A-Za-z][\w.-]*", re.MULTILINE)


def path(name: str) -> Path:
    return settings.BASE_DIR / name


def requirements(name: str) -> list[list[str]]:
    """Return what pip reads in a lock: for each package its version and the hashes of its files."""
    text = path(name).read_text().replace(" \\\n", "\n")
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    packages = []
    for line in lines:
        if line.startswith("    "):
            packages[-1].append(line.strip())
        else:
            packages.append([line])
    return packages


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_of_one_exact_version(name):
    packages = [package for package, *_ in requirements(name)]
    assert packages
    assert [package for package in packages if not PACKAGE.fullmatch(package)] == []


@pytest.mark.parametrize("name", LOCKS)
def test_every_package_is_installed_only_from_files_with_a_known_hash(name):
    without = [package for package, *hashes in requirements(name) if not hashes or not all(map(HASH.fullmatch, hashes))]
    assert without == []


@pytest.mark.parametrize("name", LOCKS)
def test_what_is_asked_for_by_hand_is_locked(name):
    """Fails when a list was changed and deploy/lock not run."""
    locked = {normalized(PACKAGE.fullmatch(package)["name"]) for package, *_ in requirements(name)}
    asked_for = {normalized(found) for found in ASKED_FOR.findall(path(name).with_suffix(".in").read_text())}
    assert asked_for
    assert asked_for - locked == set()


def test_contributors_have_what_the_site_runs_on():
    of_site, of_contributors = map(requirements, LOCKS)
    assert [package for package in of_site if package not in of_contributors] == []
