"""Compares the sound of takes, and keeps what was heard of a take so that it is read once."""

import resource
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from clips.media.output import whole_or_not_at_all
from detection.decode.hear import read_take
from detection.sync.heard import RATE_HZ, Heard, heard, heard_of
from detection.sync.pair import match


def compare(
    take: Sequence[dict[str, str]], other_take: Sequence[dict[str, str]], within_s: Sequence[float] | None = None
) -> dict[str, Any]:
    """Compare the sound of two takes; for a child process that does nothing else.

    Parameters
    ----------
    take, other_take : sequence of dict
        The files of each take in order, each with its ``path``: more than one where a camera splits a take.
    within_s : (float, float), optional
        Least and greatest offset that is possible, as the cameras' clocks say.

    Returns
    -------
    dict
        JSON-able: ``match`` with the attributes of `detection.sync.pair.Match` and ``is_sure``, or None where the two
        have too little sound to compare; ``lengths_s`` of both; ``cpu_s`` of this process with its start.

    Raises
    ------
    MediaError
        If a file cannot be opened or has no sound.
    """
    first, second = (hear([file["path"] for file in files]) for files in (take, other_take))
    found = match(first, second, within_s=(within_s[0], within_s[1]) if within_s else None)
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "match": None if found is None else found.to_json(),
        "lengths_s": [round(first.length_s, 3), round(second.length_s, 3)],
        "cpu_s": round(used.ru_utime + used.ru_stime, 3),
    }


def keep_heard(path: str, out: str) -> dict[str, Any]:
    """Hear a video and write down what is needed to compare it: its waveform, 16 kB for each second of it.

    Returns
    -------
    dict
        ``length_s`` of what was heard.

    Raises
    ------
    MediaError
        If the file cannot be opened or has no sound.
    """
    found = hear([path])
    with whole_or_not_at_all(Path(out)) as part, part.open("wb") as file:
        np.save(file, found.wave, allow_pickle=False)
    return {"length_s": round(found.length_s, 3)}


def compare_kept(
    heard_path: str, others: Sequence[dict[str, Any]], progress: Callable[[float], None] = lambda _share: None
) -> list[dict[str, Any] | None]:
    """Compare what `keep_heard` wrote of one video with that of others.

    Parameters
    ----------
    heard_path : str
    others : sequence of dict
        Each with its ``heard_path`` and ``within_s``, as `compare` takes it.
    progress : callable
        Is told the share that is done.

    Returns
    -------
    list
        For each of the others the ``match`` of `compare`, the one video being first.
    """
    first, found = _kept(heard_path), []
    for number, other in enumerate(others):
        within_s = other["within_s"]
        best = match(first, _kept(other["heard_path"]), within_s=(within_s[0], within_s[1]) if within_s else None)
        found.append(None if best is None else best.to_json())
        progress((number + 1) / len(others))
    return found


def _kept(path: str) -> Heard:
    wave: np.ndarray = np.load(path, allow_pickle=False)
    return heard_of(wave)


def hear(paths: Sequence[str]) -> Heard:
    """Return what is kept of a take's sound, from time 0 of its first file on.

    Raises
    ------
    MediaError
        If a file cannot be opened or has no sound.
    """
    return heard(read_take(paths, RATE_HZ), rate_hz=RATE_HZ)
