"""Measures detected moments against labelled takes.

A label file is ``<take>.json`` with ``file``, ``duration_ms``, ``tricks`` (each with ``start_ms`` and ``end_ms``) and
optionally ``cuts_ms``, the joins of takes that were put together from pieces.
"""

import json
import math
from pathlib import Path
from typing import Any

#: A hit covers at least this share of the trick.
LEAST_COVER = 0.5
#: A moment whose middle is this near to a join may have found the join.
NEAR_JOIN_MS = 500


class LabelError(ValueError):
    """The labels cannot be read. The text is one sentence."""


def load_labels(folder: str | Path) -> dict[str, dict[str, Any]]:
    """Return the labels of every take in a folder, by name.

    Raises
    ------
    LabelError
        If there are none or one is damaged.
    """
    labels = {}
    for path in sorted(Path(folder).glob("*.json")):
        try:
            label = json.loads(path.read_text())
            spans = [(float(t["start_ms"]), float(t["end_ms"])) for t in label["tricks"]]
            float(label["duration_ms"])
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise LabelError(f"{path.name} is not a label file.") from error
        if any(end_ms <= start_ms for start_ms, end_ms in spans):
            raise LabelError(f"{path.name} has a trick that ends before it starts.")
        labels[path.stem] = label
    if not labels:
        raise LabelError(f"There are no labels in {folder}.")
    return labels


def match(moments: list[dict[str, Any]], tricks: list[dict[str, Any]]) -> list[int | None]:
    """Return for each found moment the number of the trick it hits, or None.

    Parameters
    ----------
    moments : list of dict
        Best first, with ``start_ms`` and ``end_ms``.
    tricks : list of dict
        With ``start_ms`` and ``end_ms``.

    Notes
    -----
    A moment can hit a trick when it holds the trick's midpoint and ``LEAST_COVER`` of it. One to one, best score
    first; a better moment that fits two tricks makes way for one that fits only one of them (augmenting paths,
    Kuhn 1955).
    """
    fitting = [_fitting(moment, tricks) for moment in moments]
    owner: dict[int, int] = {}

    def place(moment: int, tried: set[int]) -> bool:
        for trick in fitting[moment]:
            if trick in tried:
                continue
            tried.add(trick)
            if trick not in owner or place(owner[trick], tried):
                owner[trick] = moment
                return True
        return False

    for moment in range(len(moments)):
        place(moment, set())
    hits: list[int | None] = [None] * len(moments)
    for trick, moment in owner.items():
        hits[moment] = trick
    return hits


def _fitting(moment: dict[str, Any], tricks: list[dict[str, Any]]) -> list[int]:
    start_ms, end_ms = moment["start_ms"], moment["end_ms"]
    ranked = []
    for number, trick in enumerate(tricks):
        middle_ms = (trick["start_ms"] + trick["end_ms"]) / 2
        inside_ms = min(end_ms, trick["end_ms"]) - max(start_ms, trick["start_ms"])
        cover = inside_ms / (trick["end_ms"] - trick["start_ms"])
        if start_ms <= middle_ms <= end_ms and cover >= LEAST_COVER:
            ranked.append((-cover, abs(middle_ms - (start_ms + end_ms) / 2), number))
    return [number for _, _, number in sorted(ranked)]


def average_precision(hits: list[bool], n_tricks: int) -> float:
    """Return the interpolated average precision of a ranking.

    Parameters
    ----------
    hits : list of bool
        For each moment, best first, whether it hits.
    n_tricks : int

    Returns
    -------
    float
        0 to 1; nan without tricks.

    Notes
    -----
    Everingham et al. 2010, "The PASCAL visual object classes challenge", with every point of the curve.
    """
    if n_tricks == 0:
        return math.nan
    precision, found = [], 0
    for rank, hit in enumerate(hits, start=1):
        found += hit
        precision.append(found / rank)
    for rank in range(len(precision) - 2, -1, -1):
        precision[rank] = max(precision[rank], precision[rank + 1])
    return sum(p for p, hit in zip(precision, hits, strict=True) if hit) / n_tricks


def evaluate_take(label: dict[str, Any], candidates: list[dict[str, Any]]) -> dict[str, Any]:
    """Measure the candidates of one take.

    Parameters
    ----------
    label : dict
        One entry of `load_labels`.
    candidates : list of dict
        With ``start_ms``, ``end_ms``, ``score`` and ``shown``.

    Returns
    -------
    dict
        ``tricks``, ``shown``, ``hits``, ``recall``, ``precision``, ``f1``, ``false_per_min`` and ``hits_near_joins``,
        ``false_near_joins`` (shares of those shown) at the default sensitivity; ``ap`` and ``recall_at_k`` over all
        candidates; ``recall_all`` and ``false_per_min_all`` when everything is shown; ``start_error_ms`` and
        ``end_error_ms``, medians of the hits against one second before and after the trick; ``join_chance``, the
        share of the take that is near a join; ``hits_on_distractors`` and ``false_on_distractors``, the shares of those
        shown that overlap a loud sound from elsewhere. None where a figure has no meaning.
    """
    tricks, minutes = label["tricks"], label["duration_ms"] / 60_000
    ranked = sorted(candidates, key=lambda c: (-c["score"], c["start_ms"]))
    shown = [c for c in ranked if c["shown"]]
    matched = match(shown, tricks)
    hits = [trick is not None for trick in matched]
    all_hits = [trick is not None for trick in match(ranked, tricks)]
    at_k = sum(trick is not None for trick in match(ranked[: len(tricks)], tricks))
    pairs = [(c, tricks[t]) for c, t in zip(shown, matched, strict=True) if t is not None]
    n_hits = sum(hits)
    near = [_near_join(c, label) for c in shown]
    loud = [_on_distractor(c, label) for c in shown]
    return {
        "tricks": len(tricks),
        "shown": len(shown),
        "hits": n_hits,
        "recall": _share(n_hits, len(tricks)),
        "precision": _share(n_hits, len(shown)),
        "f1": _share(2 * n_hits, len(tricks) + len(shown)),
        "ap": average_precision(all_hits, len(tricks)) if tricks else None,
        "recall_at_k": _share(at_k, len(tricks)),
        "false_per_min": (len(shown) - n_hits) / minutes,
        "recall_all": _share(sum(all_hits), len(tricks)),
        "false_per_min_all": (len(ranked) - sum(all_hits)) / minutes,
        "hits_near_joins": _share(sum(n and h for n, h in zip(near, hits, strict=True)), n_hits),
        "false_near_joins": _share(sum(n and not h for n, h in zip(near, hits, strict=True)), len(shown) - n_hits),
        "join_chance": _join_chance(label),
        "hits_on_distractors": _share(sum(n and h for n, h in zip(loud, hits, strict=True)), n_hits),
        "false_on_distractors": _share(sum(n and not h for n, h in zip(loud, hits, strict=True)), len(shown) - n_hits),
        "start_error_ms": _median([abs(c["start_ms"] - (t["start_ms"] - 1000)) for c, t in pairs]),
        "end_error_ms": _median([abs(c["end_ms"] - (t["end_ms"] + 1000)) for c, t in pairs]),
    }


def mean_of(results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the mean of each figure over the takes in which it has a meaning."""
    mean = {}
    for name in results[0]:
        values = [result[name] for result in results if result[name] is not None]
        mean[name] = sum(values) / len(values) if values else None
    return mean


def pooled_of(labels: dict[str, dict[str, Any]], candidates: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """Return the figures of all takes ranked together, as for one absolute threshold."""
    ranked, n_shown, n_hits = [], 0, 0
    for name, label in labels.items():
        best_first = sorted(candidates[name], key=lambda c: (-c["score"], c["start_ms"]))
        hits = [trick is not None for trick in match(best_first, label["tricks"])]
        ranked += [(c["score"], hit) for c, hit in zip(best_first, hits, strict=True)]
        result = evaluate_take(label, candidates[name])
        n_shown, n_hits = n_shown + result["shown"], n_hits + result["hits"]
    n_tricks = sum(len(label["tricks"]) for label in labels.values())
    minutes = sum(label["duration_ms"] for label in labels.values()) / 60_000
    ranked.sort(key=lambda pair: -pair[0])
    return {
        "tricks": n_tricks,
        "shown": n_shown,
        "hits": n_hits,
        "recall": _share(n_hits, n_tricks),
        "precision": _share(n_hits, n_shown),
        "f1": _share(2 * n_hits, n_tricks + n_shown),
        "ap": average_precision([hit for _, hit in ranked], n_tricks) if n_tricks else None,
        "false_per_min": (n_shown - n_hits) / minutes,
    }


def _near_join(span: dict[str, Any], label: dict[str, Any]) -> bool:
    middle_ms = (span["start_ms"] + span["end_ms"]) / 2
    return any(abs(middle_ms - cut_ms) <= NEAR_JOIN_MS for cut_ms in label.get("cuts_ms", []))


def _on_distractor(span: dict[str, Any], label: dict[str, Any]) -> bool:
    sounds = label.get("distractors", [])
    return any(span["start_ms"] < sound["end_ms"] and span["end_ms"] > sound["start_ms"] for sound in sounds)


def _join_chance(label: dict[str, Any]) -> float:
    near_ms, reached_ms = 0.0, 0.0
    for cut_ms in sorted(label.get("cuts_ms", [])):
        start_ms = max(reached_ms, cut_ms - NEAR_JOIN_MS)
        end_ms = min(label["duration_ms"], cut_ms + NEAR_JOIN_MS)
        near_ms += max(0.0, end_ms - start_ms)
        reached_ms = max(reached_ms, end_ms)
    return near_ms / label["duration_ms"]


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def _median(values: list[float]) -> float | None:
    ordered = sorted(values)
    if not ordered:
        return None
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
