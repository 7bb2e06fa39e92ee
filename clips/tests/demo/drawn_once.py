"""Keeps the demo film for the tests of one run: drawing it takes ten seconds of a core."""

import fcntl
import os
import shutil
from pathlib import Path

from clips.demo import film

draw = film.write


def copy_of_film(path: Path, **_options: object) -> None:
    """Write the demo film of the usual seed, as ``film.write`` does; the first of all processes really draws it."""
    common = Path(os.environ["TRICKYCLIP_TESTS"])
    kept = common / "demo-film.mp4"
    with (common / "demo-film.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            half = kept.with_name("half-drawn.mp4")
            draw(half)
            half.replace(kept)
    shutil.copyfile(kept, path)
