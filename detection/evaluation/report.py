"""Evaluates the detector on labelled takes, with weights from the other takes, and fits the weights."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clips.media.sandbox import runner
from detection.evaluation import fit
from detection.evaluation.evaluate import evaluate_take, load_labels, mean_of, pooled_of
from detection.propose import VERSION, propose_from_signals
from detection.scoring import score
from detection.signals import Signals

#: A person waits at the keyboard and stops it with Ctrl-C; this only ends what hangs. Memory is limited as everywhere.
LIMITS = runner.Limits(cpu_s=48 * 3600, wall_s=48 * 3600)
#: Cores that "× real time" is counted on.
N_CORES = 2
#: Pictures this near to a join are blanked, where that is asked for.
BLANK_MS = 200
#: The weights serve what is looked at throughout and what is mostly glanced at, so they are fitted on both.
FITTED_EFFORTS = ("default", "sparse")


@dataclass(frozen=True)
class Watching:
    """The options for watching labelled takes: the effort, without sound, without the pictures around joins."""

    effort: str = "default"
    muted: bool = False
    blanked: bool = False


def watched(
    path: Path, label: dict[str, Any], how: Watching, on_tick: Callable[[float | None], None]
) -> dict[str, Any]:
    """Return the result of `detection.analyze.signals_of` for one take."""
    joins_ms = label.get("cuts_ms", []) if how.blanked else []
    arguments = {
        "path": str(path.absolute()),
        "effort": how.effort,
        "muted": how.muted,
        "blanked_ms": [(join_ms - BLANK_MS, join_ms + BLANK_MS) for join_ms in joins_ms],
    }
    return runner.run("detection.analyze:signals_of", arguments, limits=LIMITS, on_tick=on_tick)


def evaluate(
    footage: Path, labels_folder: Path, how: Watching, on_tick: Callable[[float | None], None]
) -> dict[str, dict[str, Any]]:
    """Return the figures of each take, their mean, and all takes together.

    Each take is scored with weights that were fitted on the other takes (leave one session out); a single take, or
    takes without any trick beside it, with the weights that come with the program. The row "shipped" is all takes
    together with the latter, which have seen them.

    Raises
    ------
    LabelError, MediaError
        If labels or a video cannot be read.
    """
    labels = load_labels(labels_folder)
    found = {name: watched(_video(footage, name, label), label, how, on_tick) for name, label in labels.items()}
    signals = {name: Signals.from_json(one["signals"]) for name, one in found.items()}
    examples = {name: fit.examples(signals[name], label) for name, label in labels.items()}
    candidates, shipped, rows = {}, {}, {}
    for name, label in labels.items():
        others = [examples[other] for other in labels if other != name]
        weights = fit.fit(others) if any(hits.any() for _, hits in others) else score.Weights.shipped()
        duration_ms = found[name]["duration_ms"]
        candidates[name], shipped[name] = (
            propose_from_signals(signals[name], duration_ms=duration_ms, weights=w)["candidates"]
            for w in (weights, None)
        )
        rows[name] = evaluate_take(label, candidates[name]) | _cost(found[name], signals[name])
    return rows | {
        "mean": mean_of(list(rows.values())),
        "pooled": pooled_of(labels, candidates),
        "shipped": pooled_of(labels, shipped),
    }


def _candidates(signals: Signals, found: dict[str, Any], weights: score.Weights | None) -> list[dict[str, Any]]:
    return propose_from_signals(signals, duration_ms=found["duration_ms"], weights=weights)["candidates"]


def _cost(found: dict[str, Any], signals: Signals) -> dict[str, Any]:
    cpu_s_per_s = found["cpu_s"] / (found["duration_ms"] / 1000)
    return {
        "seen": round(float(signals.seen.mean()), 3),
        "cpu_s_per_s": cpu_s_per_s,
        "times_real_time": N_CORES / cpu_s_per_s,
        "peak_memory_mb": found["peak_memory_mb"],
    }


def fit_weights(
    footage: Path, labels_folder: Path, out: Path, on_tick: Callable[[float | None], None]
) -> dict[str, Any]:
    """Fit the weights on labelled takes and write them with their origin; return what is written.

    Raises
    ------
    LabelError, MediaError
        If labels or a video cannot be read.
    """
    labels = load_labels(labels_folder)
    takes = []
    for name, label in labels.items():
        for effort in FITTED_EFFORTS:
            found = watched(_video(footage, name, label), label, Watching(effort), on_tick)
            takes.append(fit.examples(Signals.from_json(found["signals"]), label))
    weights = fit.fit(takes)
    made = {
        "weights": weights.of,
        "bias": weights.bias,
        "made": {
            "by": "python -m detection fit",
            "version": VERSION,
            "takes": sorted(labels),
            "efforts": list(FITTED_EFFORTS),
            "candidates": sum(len(hits) for _, hits in takes),
            "hits": int(sum(hits.sum() for _, hits in takes)),
            "miss_cost": fit.MISS_COST,
            "pull": fit.PULL,
        },
    }
    out.write_text(json.dumps(made, indent=1) + "\n")
    return made


def _video(footage: Path, name: str, label: dict[str, Any]) -> Path:
    return footage / label.get("file", f"{name}.mp4")
