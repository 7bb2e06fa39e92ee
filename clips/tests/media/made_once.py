"""Keeps made-up videos for the tests of one run: encoding one costs more than most of the tests that use it."""

import functools
import hashlib
import os
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

LARGEST_BYTES = 8 << 20  # many are made that nobody asks for again; larger ones would only fill the disk


def made_once(make: Callable[..., Path]) -> Callable[..., Path]:
    """Return the same function, which copies what was made with the same options before, by any process of the run."""

    @functools.wraps(make)
    def made(path: str | Path, **options: object) -> Path:
        path = Path(path)
        run = os.environ.get("TRICKYCLIP_TESTS")
        if not run:
            return make(path, **options)
        told = hashlib.sha256(pickle.dumps((make.__name__, sorted(options.items())))).hexdigest()
        kept = Path(run) / "made-up" / f"{told}{path.suffix}"
        if kept.exists():
            shutil.copyfile(kept, path)
            return path
        make(path, **options)
        if path.stat().st_size <= LARGEST_BYTES:
            kept.parent.mkdir(exist_ok=True)
            half = kept.with_suffix(f".{os.getpid()}")
            shutil.copyfile(path, half)
            half.replace(kept)  # whole or not there: another process may look for it now
        return path

    return made
