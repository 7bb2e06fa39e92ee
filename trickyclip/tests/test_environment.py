"""Tests settings that are read from files."""

import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from trickyclip.runtime.environment import Environment


@pytest.fixture
def env(monkeypatch, tmp_path) -> Environment:
    """Settings in which X is read from a file."""
    (tmp_path / "secret").write_text("from a file\n")
    monkeypatch.setenv("X_FILE", str(tmp_path / "secret"))
    monkeypatch.setattr(Environment, "ENVIRON", type(Environment.ENVIRON)())
    return Environment()


def test_a_file_gives_its_text_without_the_last_new_line(env):
    assert env("X") == "from a file"


def test_a_variable_without_a_file_is_read_as_ever(env, monkeypatch):
    monkeypatch.setenv("Y", "plain")
    assert env("Y") == "plain"
    assert env("Z", default="none") == "none"


def test_a_file_that_is_not_there_is_one_sentence(env, monkeypatch):
    monkeypatch.setenv("Y_FILE", "/nowhere/secret")
    with pytest.raises(ImproperlyConfigured, match=r"^Y_FILE cannot be read: No such file or directory: /nowhere"):
        env("Y", default="")


@pytest.mark.slow
def test_importing_the_settings_writes_nothing(tmp_path):
    program = "import django; django.setup(); from django.conf import settings; print(settings.DATA_DIR.exists())"
    program += "; print(len(settings.SECRET_KEY) > 40, len(settings.NODE)); print(settings.DATA_DIR.exists())"
    environment = os.environ | {"DATA_DIR": str(tmp_path / "new"), "DJANGO_SETTINGS_MODULE": "trickyclip.settings"}
    environment |= dict.fromkeys(("DATABASE_URL", "REDIS_URL", "SECRET_KEY"), "")
    command = [sys.executable, "-c", program]
    said = subprocess.run(command, env=environment, cwd=settings.BASE_DIR, capture_output=True, text=True, check=True)
    assert said.stdout.split() == ["False", "True", "12", "True"], "a secret is made where somebody reads it"
