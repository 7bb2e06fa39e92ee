"""Keeps what was measured in a folder, so that whoever comes after an interruption measures only what is missing."""

import json
import zipfile
from pathlib import Path

import numpy as np

from clips.media.output import whole_or_not_at_all

#: What a damaged or foreign file raises when it is read.
UNREADABLE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


class Kept:
    """Numbered records of arrays about one plan, each written whole or not at all.

    Parameters
    ----------
    folder : Path, optional
        None keeps nothing.
    name : str
        Begins the names of its files.
    plan : object
        JSON-able; what is measured, and how. Records of another plan are deleted.
    """

    def __init__(self, folder: Path | None, name: str, plan: object) -> None:
        self._folder, self._name = folder, name
        if folder is None or self._is_of(plan):
            return
        for record in folder.glob(f"{name}-*.npz"):
            record.unlink()
        with whole_or_not_at_all(folder / f"{name}.json") as out:
            out.write_text(json.dumps(plan))

    def _is_of(self, plan: object) -> bool:
        try:
            return bool(json.loads(self._path(None).read_text()) == json.loads(json.dumps(plan)))
        except UNREADABLE:
            return False

    def _path(self, number: int | None) -> Path:
        ending = ".json" if number is None else f"-{number:06d}.npz"
        return (self._folder or Path()) / f"{self._name}{ending}"

    def read(self, number: int) -> dict[str, np.ndarray] | None:
        """Return a record; None if there is none that can be read."""
        if self._folder is None:
            return None
        try:
            with np.load(self._path(number), allow_pickle=False) as record:
                return {name: record[name] for name in record.files}
        except UNREADABLE:
            return None

    def write(self, number: int, record: dict[str, np.ndarray]) -> None:
        """Keep a record."""
        if self._folder is None:
            return
        with whole_or_not_at_all(self._path(number)) as out, out.open("wb") as file:
            np.savez(file, **record)  # type: ignore[arg-type]  # its stub takes names for its own option
