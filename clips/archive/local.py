"""The archive as a folder tree on this machine's disk, or on one that is mounted there."""

import hashlib
import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

from clips.archive.backend import ArchiveError

COPY_BLOCK_BYTES = 4 * 1024**2
#: Beside the archive's own top folder, on the same disk: what was taken back, under the path that it had.
TRASH_FOLDER = ".trash"


class LocalArchive:
    """Ids are paths relative to the root."""

    name = "local"

    def __init__(self, root: Path) -> None:
        self.root = root

    def make_folder(self, parent_id: str | None, name: str) -> str:
        folder = Path(parent_id or "") / name
        try:
            (self.root / folder).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ArchiveError(f"The archive folder cannot be written: {error.strerror}.") from error
        return str(folder)

    def put(self, source: Path, *, folder_id: str, filename: str, report: Callable[[float], None]) -> str:
        file_id = str(Path(folder_id) / filename)
        part = self.root / folder_id / f".{uuid.uuid4().hex}.part"
        try:
            self._copy(source, part, report)
            part.replace(self.root / file_id)  # a reader sees the whole file or none
        except OSError as error:
            raise ArchiveError(f"The archive cannot take {filename}: {error.strerror}.") from error
        finally:
            part.unlink(missing_ok=True)
        return file_id

    def find(self, folder_id: str, filename: str) -> str | None:
        file_id = Path(folder_id) / filename
        return str(file_id) if (self.root / file_id).is_file() else None

    def sha256(self, file_id: str) -> str | None:
        try:
            with (self.root / file_id).open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        except FileNotFoundError:
            return None

    def trash(self, file_id: str) -> bool:
        target = self.root / TRASH_FOLDER / file_id
        if target.exists():  # nothing in there is ever written over
            target = target.with_name(f"{target.stem}.{uuid.uuid4().hex[:8]}{target.suffix}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            (self.root / file_id).rename(target)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise ArchiveError(f"The archive cannot give back {target.name}: {error.strerror}.") from error
        return True

    @staticmethod
    def _copy(source: Path, part: Path, report: Callable[[float], None]) -> None:
        size_bytes = source.stat().st_size
        with source.open("rb") as reader, part.open("wb") as writer:
            while block := reader.read(COPY_BLOCK_BYTES):
                writer.write(block)
                report(writer.tell() / size_bytes)
            writer.flush()
            os.fsync(writer.fileno())
        shutil.copystat(source, part)
