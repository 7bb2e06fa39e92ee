"""Tests the shell scripts with shellcheck."""

import subprocess

import pytest

from trickyclip.runtime import embedded
from trickyclip.tests.nginx import needed

SHELLS = (b"#!/bin/sh", b"#!/usr/bin/env bash", b"# shellcheck", b"#!/bin/bash")


@pytest.mark.slow
def test_shellcheck_has_nothing_to_say():
    folders = (embedded.BASE_DIR / "deploy", embedded.BASE_DIR / ".ci")
    files = [path for folder in folders for path in folder.iterdir() if path.is_file()]
    scripts = [path for path in files if path.suffix == ".sh" or path.read_bytes().startswith(SHELLS)]
    assert len(scripts) > 4
    command = [needed("shellcheck"), "--external-sources", *scripts]
    done = subprocess.run(command, cwd=embedded.BASE_DIR, capture_output=True, text=True, check=False)
    assert done.stdout == ""
    assert done.returncode == 0
