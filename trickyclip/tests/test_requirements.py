"""Tests that the installed packages are the pinned ones."""

import re

import pytest
from django.conf import settings

PINNED = re.compile(r"[\w.-]+(\[[\w,-]+\])?==[\w.]+(\s*;.+)?")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_every_package_is_of_one_exact_version(name):
    lines = [line.partition(" #")[0].strip() for line in (settings.BASE_DIR / name).read_text().splitlines()]
    packages = [line for line in lines if line and not line.startswith(("#", "-r "))]
    assert packages
    assert [line for line in packages if not PINNED.fullmatch(line)] == []
