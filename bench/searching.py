"""Searches a video for tricks while something else is measured on the same machine."""

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.management.base import CommandError

PATIENCE_S = 30


@contextlib.contextmanager
def searching(film: str | None, *, at_once: int = 1) -> Iterator[list[int]]:
    """Search a video again and again, as workers do; yield a list that grows with each finished search.

    In the same confined child as a worker's, ``at_once`` of them; None searches nothing.

    Raises
    ------
    CommandError
        If there is no such video.
    """
    if film and not Path(film).is_file():
        raise CommandError(f"There is no video {film}.")
    done: list[int] = []
    ended = threading.Event()
    n_threads = at_once if film else 0
    threads = [threading.Thread(target=_search, args=(film, ended, done), daemon=True) for _ in range(n_threads)]
    for thread in threads:
        thread.start()
    try:
        yield done
    finally:
        ended.set()
        for thread in threads:
            thread.join(timeout=PATIENCE_S)


def _search(film: str, ended: threading.Event, done: list[int]) -> None:
    command = [sys.executable, "-m", "detection", "propose", str(Path(film).resolve()), "--json"]
    while not ended.is_set():
        with subprocess.Popen(  # noqa: S603  our own program, on a file that was named on the command line
            command, stdout=subprocess.DEVNULL, cwd=settings.BASE_DIR
        ) as running:
            while running.poll() is None:
                if ended.wait(0.2):
                    running.terminate()
        if not ended.is_set():
            done.append(running.returncode)
