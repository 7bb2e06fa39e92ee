"""Fixtures with folders of real footage, skipped where it is not present."""

import os
from pathlib import Path

import pytest

from clips.media.sandbox.runner import PROJECT_ROOT


@pytest.fixture
def footage() -> Path:
    """Folder of real takes, which is not part of the project."""
    return _folder(Path(os.environ.get("TRICKYCLIP_FOOTAGE", PROJECT_ROOT.parent / "shared" / "footage")))


@pytest.fixture
def cameras() -> Path:
    """Folder of files straight from cameras, beside the takes."""
    takes = Path(os.environ.get("TRICKYCLIP_FOOTAGE", PROJECT_ROOT.parent / "shared" / "footage"))
    return _folder(takes.parent / "cameras")


def _folder(path: Path) -> Path:
    if not path.is_dir():
        pytest.skip(f"no footage at {path.name}; name its folder in TRICKYCLIP_FOOTAGE")
    return path
