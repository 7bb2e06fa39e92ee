"""Compares the sound of two takes."""

import resource
from collections.abc import Sequence
from typing import Any

from detection.decode.hear import read_take
from detection.sync.heard import RATE_HZ, Heard, heard
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


def hear(paths: Sequence[str]) -> Heard:
    """Return what is kept of a take's sound, from time 0 of its first file on.

    Raises
    ------
    MediaError
        If a file cannot be opened or has no sound.
    """
    return heard(read_take(paths, RATE_HZ), rate_hz=RATE_HZ)
