"""Measures how well recordings are laid over each other by their moments alone, on pairs made of labelled tricks.

Each made-up camera sees the labelled tricks of takes that are joined in changing order: it misses some, places the
others a little off, and takes other things for tricks. That is made up; the tricks' times and their pauses are real.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from detection.evaluation.evaluate import load_labels
from detection.sync.moments import MomentMatch, match_moments

OVERLAPS_S = (60.0, 180.0, 400.0)
#: How good a camera's search is: the share of tricks that it finds, and false moments a minute (docs/BENCHMARKS.md).
SEARCHES = {"good": (0.85, 0.5), "poor": (0.7, 1.0)}
#: Standard deviation of the middle of a found moment.
SPREAD_S = 0.2
#: A camera films so much before or after what both have, at most.
MOST_ALONE_S = 90.0
#: An offset further off than this is another one.
WRONG_S = 0.5

Take = tuple[float, np.ndarray]


def evaluate(folders: Sequence[Path], *, n_each: int) -> list[dict[str, Any]]:
    """Return the figures on pairs made of the labels in some folders.

    Returns
    -------
    list of dict
        A row for each ``kind`` ("overlap" or "other tricks"), ``overlap_s`` and ``search``, with ``pairs``,
        ``proposed``, ``wrong`` (proposed elsewhere, or though they do not belong together), ``recall`` and
        ``error_ms_p95``.

    Raises
    ------
    LabelError
        If a folder has no labels or one is damaged.
    """
    labels = [label for folder in folders for label in load_labels(folder).values()]
    takes = [(label["duration_ms"] / 1000, _middles_s(label)) for label in labels if label["tricks"]]
    rng = np.random.default_rng(1)
    return [
        _row(kind, overlap_s, search, [_found(kind, takes, overlap_s, search, rng) for _ in range(n_each)])
        for kind in ("overlap", "other tricks")
        for overlap_s in OVERLAPS_S
        for search in SEARCHES
    ]


def _middles_s(label: dict[str, Any]) -> np.ndarray:
    return np.array([(trick["start_ms"] + trick["end_ms"]) / 2000 for trick in label["tricks"]])


def _found(
    kind: str, takes: Sequence[Take], overlap_s: float, search: str, rng: np.random.Generator
) -> tuple[MomentMatch | None, float | None]:
    """Make one pair; return what is proposed of it, and its true offset, None if they do not belong together."""
    order = [takes[number] for number in rng.permutation(len(takes))]
    before_s, after_s = rng.uniform(0, MOST_ALONE_S, 2)
    if kind == "overlap":
        scene, length_s = _joined(order)
        start_s = rng.uniform(before_s, max(before_s, length_s - overlap_s - after_s))
        spans_s = [(start_s - before_s, start_s + overlap_s), (start_s, start_s + overlap_s + after_s)]
        seen = [_seen(scene, span_s, search, rng) for span_s in spans_s]
    else:
        halves = [_joined(half) for half in (order[: len(order) // 2], order[len(order) // 2 :])]
        spans_s = [(0.0, min(length_s, overlap_s + MOST_ALONE_S)) for _scene, length_s in halves]
        seen = [_seen(scene, span_s, search, rng) for (scene, _s), span_s in zip(halves, spans_s, strict=True)]
    lengths_s = spans_s[0][1] - spans_s[0][0], spans_s[1][1] - spans_s[1][0]
    match = match_moments(seen[0], seen[1], lengths_s=lengths_s)
    return match, float(before_s) if kind == "overlap" else None


def _joined(takes: Sequence[Take]) -> tuple[np.ndarray, float]:
    """Return the tricks of takes one after the other, and how long these are."""
    starts_s = np.concatenate([[0.0], np.cumsum([length_s for length_s, _tricks in takes])])
    tricks = [start_s + tricks_s for start_s, (_length, tricks_s) in zip(starts_s, takes, strict=False)]
    return np.concatenate(tricks), float(starts_s[-1])


def _seen(scene: np.ndarray, span_s: tuple[float, float], search: str, rng: np.random.Generator) -> list[float]:
    """Return the moments that a camera's search finds, in its own time."""
    recall, false_per_min = SEARCHES[search]
    tricks = scene[(scene > span_s[0]) & (scene < span_s[1]) & (rng.random(len(scene)) < recall)]
    others = rng.uniform(*span_s, rng.poisson(false_per_min * (span_s[1] - span_s[0]) / 60))
    return list(np.concatenate([tricks + rng.normal(0, SPREAD_S, len(tricks)), others]) - span_s[0])


def _row(
    kind: str, overlap_s: float, search: str, found: list[tuple[MomentMatch | None, float | None]]
) -> dict[str, Any]:
    errors_s = list(_errors_s(found))
    right_s = [error_s for error_s in errors_s if error_s <= WRONG_S]
    is_true = kind == "overlap"
    return {
        "kind": kind,
        "overlap_s": overlap_s,
        "search": search,
        "pairs": len(found),
        "proposed": len(errors_s),
        "wrong": len(errors_s) - len(right_s),
        "recall": len(right_s) / len(found) if is_true else None,
        "error_ms_p95": float(1000 * np.percentile(right_s, 95)) if right_s else None,
    }


def _errors_s(found: list[tuple[MomentMatch | None, float | None]]) -> Iterator[float]:
    """Yield how far off each proposed offset is; infinitely where there is no true one."""
    for match, offset_s in found:
        if match is not None:
            yield float("inf") if offset_s is None else abs(match.offset_s - offset_s)
