"""Tests the reserve file on its own file system, shared with a real PostgreSQL."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from clips.disk import floor, reserve_file, upkeep
from trickyclip.runtime import embedded, embedded_postgres

pytestmark = [pytest.mark.slow, pytest.mark.django_db]

MIB = 1024**2
#: So large that one hundredth of it is more than all of the reserve file.
VOLUME_BYTES = 14 * 1024**3


@pytest.fixture
def volume(tmp_path, settings) -> Iterator[Path]:
    """A file system in a sparse file: its unused blocks take no space here."""
    image, folder = tmp_path / "image", tmp_path / "volume"
    folder.mkdir()
    image.touch()
    os.truncate(image, VOLUME_BYTES)
    for command in (["mkfs.ext4", "-q", "-m", "0", str(image)], ["mount", "-o", "loop", str(image), str(folder)]):
        if shutil.which(command[0]) is None or subprocess.run(command, capture_output=True, check=False).returncode:
            pytest.skip("only root may mount a volume to fill, and only where there are loop devices")
    settings.DATA_DIR = folder
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        image.unlink()


def fill(volume: Path, *, but_for_bytes: int) -> None:
    """Fill the disk, as copying a film to it does."""
    with (volume / "film").open("wb") as film:
        os.posix_fallocate(film.fileno(), 0, shutil.disk_usage(volume).free - but_for_bytes)


@pytest.fixture
def database_url(volume) -> Iterator[str]:
    """A PostgreSQL whose tables and log are on the volume."""
    (embedded.engines_dir(volume) / "run").mkdir(parents=True)
    embedded.engines_dir(volume).chmod(0o711)
    with embedded.running([embedded_postgres.prepare(volume, durable=True)]):
        yield embedded.addresses(volume).database_url


def write(database_url: str, n_mib: int) -> None:
    with psycopg.connect(database_url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (what text STORAGE EXTERNAL)")
        connection.execute("INSERT INTO kept SELECT repeat('k', 1048576) FROM generate_series(1, %s)", [n_mib])


def test_a_database_that_could_not_write_goes_on_with_the_room_of_the_ballast(volume, database_url):
    upkeep.look_after()
    fill(volume, but_for_bytes=MIB)
    with pytest.raises(psycopg.errors.DiskFull):
        write(database_url, 4)
    assert floor.lacks_room(0), "whoever asks for room is told to wait, and the reserve file goes"
    assert not reserve_file.path().exists()
    write(database_url, 40)  # more than fits into the log's last file, too


def test_it_takes_its_room_at_once_and_not_only_its_size(volume):
    free_bytes = shutil.disk_usage(volume).free
    upkeep.look_after()
    assert reserve_file.path().stat().st_blocks * 512 >= reserve_file.MOST_BYTES
    assert free_bytes - shutil.disk_usage(volume).free >= reserve_file.MOST_BYTES


def test_it_stays_while_half_of_its_size_is_free(volume):
    upkeep.look_after()
    fill(volume, but_for_bytes=reserve_file.MOST_BYTES // 2 + MIB)
    upkeep.look_after()
    assert reserve_file.path().exists()


def test_it_comes_back_when_there_is_twice_its_room_above_the_floor(volume):
    fill(volume, but_for_bytes=floor.floor_bytes() + 2 * reserve_file.MOST_BYTES - MIB)
    upkeep.look_after()
    assert not reserve_file.path().exists()
    (volume / "film").unlink()
    fill(volume, but_for_bytes=floor.floor_bytes() + 2 * reserve_file.MOST_BYTES + MIB)
    upkeep.look_after()
    assert reserve_file.path().stat().st_size == reserve_file.MOST_BYTES
    assert [path.name for path in reserve_file.path().parent.iterdir()] == ["ballast"]
