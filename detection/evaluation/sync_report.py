"""Measures how well recordings are matched by their sound, on pairs made of real sound."""

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from clips.media import MediaError
from clips.media.sandbox import runner
from detection.decode.hear import read_take
from detection.decode.read import SOUND_RATE_HZ
from detection.evaluation import made_pairs
from detection.evaluation.made_pairs import MadeFile, MadePair
from detection.evaluation.report import LIMITS
from detection.sync.clocks import tasks
from detection.sync.heard import heard
from detection.sync.pair import Match, match

#: Overlaps that are made; those too long for what happened are left out.
OVERLAPS_S = (5.0, 10.0, 20.0, 60.0, 120.0, 300.0, 600.0)
#: An offset further off than this is another one, not an inexact one.
WRONG_MS = 100.0
#: The day's recall counts what is shared for this long at least.
LONG_S = 60.0
N_DAY_FILES = 40


def evaluate(folders: Sequence[Path], *, n_each: int, on_tick: Callable[[float | None], None]) -> dict[str, Any]:
    """Return the figures on pairs made of the sound of all videos in some folders.

    Returns
    -------
    dict
        ``pairs``: a row for each kind, overlap and condition, with ``pairs``, ``accepted``, ``wrong`` (accepted with an
        offset more than ``WRONG_MS`` off, or though they do not belong together), ``recall``, ``precision``,
        ``error_ms_p95`` (the greatest error within the overlap, drift included), ``drift_error_ppm_p95`` and
        ``cpu_s_per_min``. ``day``: the same of a made-up day, with ``files``, ``compared`` pairs and ``cpu_s``.

    Raises
    ------
    MediaError
        If fewer than two of the videos have sound.
    """
    files = [{"path": str(file.absolute())} for folder in folders for file in sorted(folder.glob("*.mp4"))]
    arguments = {"files": files, "n_each": n_each}
    return runner.run("detection.evaluation.sync_report:measured", arguments, limits=LIMITS, on_tick=on_tick)


def measured(files: Sequence[dict[str, str]], progress: Callable[[float], None], n_each: int = 1) -> dict[str, Any]:
    """Return the figures of `evaluate`; for a child process that does nothing else."""
    takes = list(sounds_of(file["path"] for file in files))
    if len(takes) < 2:
        raise MediaError("Pairs are made of the sound of at least two videos.")
    n_false = len(made_pairs.CONDITIONS) * len(made_pairs.FALSE_KINDS) * n_each
    n_true = len(made_pairs.CONDITIONS) * len(OVERLAPS_S) * n_each
    rows: dict[tuple[str, float, str], list[dict[str, Any]]] = {}
    longest_s = sum(map(len, takes)) / SOUND_RATE_HZ - 2 * made_pairs.MOST_ALONE_S - 4
    overlaps_s = [overlap_s for overlap_s in OVERLAPS_S if overlap_s < longest_s]
    made: list[Iterable[MadePair]] = [
        made_pairs.true_pairs(takes, overlaps_s=overlaps_s, n_each=n_each, seed=1),
        made_pairs.false_pairs(takes, n_each=n_each, seed=2),
    ]
    done = 0
    for pairs in made:
        for pair in pairs:
            rows.setdefault((pair.kind, pair.overlap_s, pair.condition), []).append(judged(pair))
            done += 1
            progress(done / (n_true + n_false + 1))
    return {"pairs": [_row(key, found) for key, found in rows.items()], "day": day(takes, n_files=N_DAY_FILES)}


def error_ms(found: Match, *, offset_s: float, overlap_s: float, drift_ppm: float) -> float:
    """Return how far off a match is at most within what two recordings share."""
    begins_s = max(0.0, -offset_s)
    errors_s = [
        found.offset_s - offset_s + at_s * ((found.drift_ppm or 0.0) - drift_ppm) * 1e-6
        for at_s in (begins_s, begins_s + overlap_s)
    ]
    return 1000 * max(map(abs, errors_s))


def sounds_of(paths: Iterable[str]) -> Iterable[np.ndarray]:
    """Yield the sound of each of some files that has one."""
    for path in paths:
        try:
            yield read_take([path], SOUND_RATE_HZ)
        except MediaError:
            continue  # a silent take is no use here


def judged(pair: MadePair) -> dict[str, Any]:
    """Match a made pair; return how that went: ``is_true``, ``is_sure``, ``error_ms`` and what it cost."""
    started_s = time.process_time()
    found = match(heard(pair.first, rate_hz=SOUND_RATE_HZ), heard(pair.second, rate_hz=SOUND_RATE_HZ))
    cpu_s = time.process_time() - started_s
    minutes = (len(pair.first) + len(pair.second)) / SOUND_RATE_HZ / 120
    truth = None if pair.offset_s is None else (pair.offset_s, pair.overlap_s, made_pairs.DRIFT_PPM)
    return _judged(found, truth) | {"cpu_s": cpu_s, "minutes": minutes}


def _judged(found: Match | None, truth: tuple[float, float, float] | None) -> dict[str, Any]:
    """Compare a match with the true offset, overlap and drift; None where there is none."""
    is_sure = found is not None and found.is_sure
    one: dict[str, Any] = {"is_true": truth is not None, "is_sure": is_sure, "error_ms": None}
    if found is not None and truth is not None:
        offset_s, overlap_s, drift_ppm = truth
        one["error_ms"] = error_ms(found, offset_s=offset_s, overlap_s=overlap_s, drift_ppm=drift_ppm)
        if found.drift_ppm is not None:
            one["drift_error_ppm"] = abs(found.drift_ppm - drift_ppm)
    return one


def day(takes: Sequence[np.ndarray], *, n_files: int) -> dict[str, Any]:
    """Return the figures of a made-up day: hearing every file, and comparing what the clocks allow."""
    files = {file.recorded.key: file for file in made_pairs.day(takes, n_files=n_files, seed=3)}
    started_s = time.process_time()
    kept = {key: heard(file.sound, rate_hz=SOUND_RATE_HZ) for key, file in files.items()}
    chosen = tasks([file.recorded for file in files.values()])
    found = [match(kept[task.first], kept[task.second], within_s=task.within_s) for task in chosen]
    cpu_s = time.process_time() - started_s
    truths = [_truth(files[task.first], files[task.second]) for task in chosen]
    all_judged = [_judged(one, truth) for one, truth in zip(found, truths, strict=True)]
    minutes = sum(kept[task.first].length_s + kept[task.second].length_s for task in chosen) / 120
    long = [one for one, truth in zip(all_judged, truths, strict=True) if truth is None or truth[1] >= LONG_S]
    sure = [one for one in all_judged if one["is_sure"]]
    return {
        "files": len(files),
        "compared": len(chosen),
        "cpu_s": cpu_s,
        "cpu_s_per_min": cpu_s / minutes,
        "accepted": len(sure),
        "wrong": sum(_is_wrong(one) for one in sure),
        "recall": _recall(long),
        "error_ms_p95": _p95([one["error_ms"] for one in sure if not _is_wrong(one)]),
    }


def _truth(one: MadeFile, other: MadeFile) -> tuple[float, float, float] | None:
    """Return offset, overlap and drift of two files; None where they share nothing."""
    offset_s = (other.starts_s - one.starts_s) / (1 + one.drift_ppm * 1e-6)
    overlap_s = min(one.recorded.length_s, offset_s + other.recorded.length_s) - max(0.0, offset_s)
    drift_ppm = other.drift_ppm - one.drift_ppm
    return (offset_s, overlap_s, drift_ppm) if overlap_s > 0 else None


def _is_wrong(one: dict[str, Any]) -> bool:
    return one["error_ms"] is None or one["error_ms"] > WRONG_MS


def _recall(judged: list[dict[str, Any]]) -> float | None:
    true = [one for one in judged if one["is_true"]]
    return sum(one["is_sure"] and not _is_wrong(one) for one in true) / len(true) if true else None


def _row(key: tuple[str, float, str], found: list[dict[str, Any]]) -> dict[str, Any]:
    kind, overlap_s, condition = key
    return {"kind": kind, "overlap_s": overlap_s, "condition": condition} | figures_of(found)


def figures_of(found: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the figures of some pairs, as `evaluate` has them."""
    sure = [one for one in found if one["is_sure"]]
    right = [one for one in sure if not _is_wrong(one)]
    return {
        "pairs": len(found),
        "accepted": len(sure),
        "wrong": len(sure) - len(right),
        "recall": _recall(found),
        "precision": len(right) / len(sure) if sure else None,
        "error_ms_p95": _p95([one["error_ms"] for one in right]),
        "drift_error_ppm_p95": _p95([one["drift_error_ppm"] for one in right if "drift_error_ppm" in one]),
        "cpu_s_per_min": sum(one["cpu_s"] for one in found) / sum(one["minutes"] for one in found),
    }


def _p95(values: list[float]) -> float | None:
    return float(np.percentile(values, 95)) if values else None
