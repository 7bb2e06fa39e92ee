"""Tests that only the site's own user, and its group for nginx, can read the data folder."""

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from trickyclip.runtime import embedded, folders
from trickyclip.runtime.unprivileged import ACL
from trickyclip.tests import site

MAKE = """
import uuid, django
django.setup()
from clips.storage import files
from clips.media.sandbox import runner
from clips.ingest import part_file
part_file.create_part(uuid.uuid4())
with files.scratch_folder() as folder:
    out = folder / "out"
    runner.run("clips.tests.media.misbehave:write_file", {"out": str(out), "size_bytes": 65536})
    files.store(out, "candidates/preview.mp4")
    found = folder / "found"
    found.touch()
    found.chmod(0o666)
    files.store(found, "originals/found.mp4")
"""


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.slow
@pytest.mark.parametrize(("prefix", "umask"), [("", 0o077), ("/protected/", 0o027)])
def test_what_the_site_makes_is_its_owners_alone(tmp_path, prefix, umask):
    environment = {"DATA_DIR": str(tmp_path / "data"), "MEDIA_ACCEL_PREFIX": prefix}
    environment["DJANGO_SETTINGS_MODULE"] = "trickyclip.settings"
    command = [sys.executable, "-c", MAKE]
    subprocess.run(command, cwd=embedded.BASE_DIR, env=os.environ | environment, check=True, umask=0o022)
    made = [tmp_path / "data", *(tmp_path / "data").rglob("*")]
    assert {path.name for path in made} >= {"preview.mp4", "found.mp4", "originals", "candidates", "uploads"}
    assert {str(path): oct(mode(path)) for path in made if mode(path) & umask} == {}
    videos = [path for path in made if path.suffix == ".mp4"]
    assert {mode(path) for path in videos} == {0o666 & ~umask}, "nginx reads them as one of the group"


@pytest.mark.slow
def test_a_start_closes_what_older_versions_left_open(engine_path):
    data_dir = engine_path / "data"
    for folder in (data_dir, data_dir / "originals"):
        folder.mkdir()
        folder.chmod(0o755)
    with site.running_site(data_dir) as started:
        started.up.wait_for("TrickyClip is ready")
        assert mode(data_dir) & 0o007 == mode(data_dir / "originals") & 0o077 == 0
        if os.geteuid() != 0:
            assert mode(data_dir) == 0o700


@pytest.fixture
def data_dir(tmp_path) -> Path:
    for name in ("", "originals", "incoming"):
        (tmp_path / "site" / name).mkdir()
        (tmp_path / "site" / name).chmod(0o755)
    return tmp_path / "site"


def test_what_others_were_given_stays(data_dir):
    data_dir.chmod(0o2770)
    (data_dir / "originals").chmod(0o751)
    folders.close(data_dir, 0o077)
    assert (mode(data_dir), mode(data_dir / "originals")) == (0o2770, 0o750)


def test_those_who_put_videos_into_the_incoming_folder_still_get_there(data_dir):
    (data_dir / "incoming").chmod(0o777)
    folders.close(data_dir, 0o077, data_dir / "incoming")
    assert mode(data_dir) == 0o701, "they pass, and see nothing"
    assert (mode(data_dir / "originals"), mode(data_dir / "incoming")) == (0o700, 0o777)


def test_whoever_shares_all_of_it_may(data_dir):
    folders.close(data_dir, 0o022)
    assert mode(data_dir) == mode(data_dir / "originals") == 0o755


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps such lists")
def test_a_list_of_who_may_pass_stays(data_dir):
    entries = [(0x01, 7, -1), (0x04, 5, -1), (0x08, 1, 60_600), (0x10, 5, -1), (0x20, 5, -1)]
    packed = b"".join(
        tag.to_bytes(2, "little") + rights.to_bytes(2, "little") + who.to_bytes(4, "little", signed=True)
        for tag, rights, who in entries
    )
    os.setxattr(data_dir, ACL, (2).to_bytes(4, "little") + packed)
    folders.close(data_dir, 0o077)
    assert mode(data_dir) == 0o750
    assert (60_600).to_bytes(4, "little") in os.getxattr(data_dir, ACL)
