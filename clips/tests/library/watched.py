"""Puts made-up videos into the data folder as if they had been uploaded and read, for tests of the player."""

import datetime as dt
import shutil
import uuid
from pathlib import Path

from django.conf import settings

from clips.media.probe import probe
from clips.models import OriginalFile, Shoot
from clips.storage.files import sha256_of
from clips.tests.factories import OriginalFileFactory


def filmed(shoot: Shoot, source: Path, name: str, **fields: object) -> OriginalFile:
    """Return a read video of a session whose bytes are those of ``source``."""
    stored_path = f"originals/{uuid.uuid4()}{source.suffix}"
    place = settings.DATA_DIR / stored_path
    place.parent.mkdir(exist_ok=True)
    shutil.copyfile(source, place)
    original = OriginalFileFactory(
        shoot=shoot,
        original_filename=name,
        stored_path=stored_path,
        file_hash=fields.pop("file_hash", None) or _own_hash(source),
        size_bytes=source.stat().st_size,
    )
    original.apply_probe(probe(str(source)))
    recorded_at = fields.pop("recorded_at", dt.datetime(2024, 12, 1, 12, 0, tzinfo=dt.UTC))
    OriginalFile.objects.filter(pk=original.pk).update(recorded_at=recorded_at, **fields)
    original.refresh_from_db()
    return original


def _own_hash(source: Path) -> str:
    """Return the file's hash, or another one if a row has it: a test may upload one file twice."""
    sha256 = sha256_of(source)
    return uuid.uuid4().hex * 2 if OriginalFile.objects.filter(file_hash=sha256).exists() else sha256
