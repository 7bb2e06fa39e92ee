"""Writes a receipt as files: its JSON, and once it is safe the manifest by which other programs check a copy."""

import io
import json
import os
import zipfile
from pathlib import Path

from django.conf import settings

from clips.ingest import media_hash_list, receipt_text
from clips.ingest.media_hash_list import Hashed
from clips.ingest.receipt_text import FileLine, Verdict
from clips.storage.files import sync

RECEIPT = "receipt.json"
#: As the manifest's list of tools has it; the site's own version is that of its code.
TOOL_VERSION = "1"


def manifest_of(verdict: Verdict, lines: list[tuple[str, FileLine]], *, ignored: tuple[str, ...] = ()) -> dict:
    """Return the files of the folder ``ascmhl`` for these lines, each under the path that it has there."""
    hashed = [
        Hashed(path, line.row.size_bytes, line.row.modified_at, line.original.md5, line.original.read_back_at)
        for path, line in lines
        if line.original and line.original.md5 and line.original.read_back_at
    ]
    made_at = verdict.receipt.safe_at or verdict.receipt.closed_at or verdict.receipt.created_at
    return media_hash_list.written(
        hashed,
        name=verdict.receipt.name,
        made_at=made_at,
        host=str(settings.NODE),
        version=TOOL_VERSION,
        ignored=ignored,
    )


def zipped(verdict: Verdict) -> bytes:
    """Return a ZIP of the folder ``ascmhl``, to be unpacked into a copy of the card."""
    lines = [(line.row.path, line) for line in verdict.lines]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in manifest_of(verdict, lines).items():
            archive.writestr(f"{media_hash_list.FOLDER}/{name}", data)
    return packed.getvalue()


def write_beside(verdict: Verdict, folder: Path, lines: list[tuple[str, FileLine]]) -> None:
    """Write a receipt into a folder that holds these files, each file whole or not at all; OSError if it cannot."""
    folder.mkdir(parents=True, exist_ok=True)
    if verdict.is_safe and lines:
        manifest, lists = manifest_of(verdict, lines, ignored=(RECEIPT, "*.txt")), folder / media_hash_list.FOLDER
        for name, data in manifest.items():
            _write(lists / name, data)
        for earlier in lists.glob("0001_*.mhl"):  # of before more files came
            if earlier.name not in manifest:
                earlier.unlink()
    text = json.dumps(receipt_text.as_json(verdict), indent=1, ensure_ascii=False)
    _write(folder / RECEIPT, f"{text}\n".encode())  # last: whoever reads it finds the manifest


def _write(path: Path, data: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    sync(path.parent)
