"""Evaluates the detector on labelled takes, with weights from the other takes, and fits the weights."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from clips.media.sandbox import runner
from detection.evaluation import agreement, crews, fit, kinds
from detection.evaluation.evaluate import LabelError, evaluate_take, load_labels, mean_of, pooled_of
from detection.evaluation.recorded import COVERAGES, FITTED, Part
from detection.propose import VERSION, propose_from_signals
from detection.scoring import score
from detection.scoring.chance import MISS_COST
from detection.signals import Signals

#: A person waits at the keyboard and stops it with Ctrl-C; this only ends what hangs. Memory is limited as everywhere.
LIMITS = runner.Limits(cpu_s=48 * 3600, wall_s=48 * 3600)
#: Cores that "× real time" is counted on.
N_CORES = 2
#: Pictures this near to a join are blanked, where that is asked for.
BLANK_MS = 200
#: Run in a child for the parts of one take.
RECORDED = "detection.evaluation.recorded:signals_of_parts"


@dataclass(frozen=True)
class Watching:
    """The options for watching labelled takes.

    Attributes
    ----------
    effort : str
    muted, blanked : bool
        Without sound, without the pictures around joins.
    coverage : str
        "camera" to see of each take what the default budget gives a camera's file of it, whatever the effort and the
        cost of this file; "" to watch the file as it is.
    """

    effort: str = "default"
    muted: bool = False
    blanked: bool = False
    coverage: str = ""


def watched(
    path: Path, label: dict[str, Any], how: Watching, on_tick: Callable[[float | None], None]
) -> dict[str, Any]:
    """Return the result of `detection.analyze.signals_of` for one take; without its cost where it was recorded."""
    if how.coverage:
        parts = [asdict(Part(0, label["duration_ms"], how.coverage))]
        arguments = {"path": str(path.absolute()), "parts": parts, "muted": how.muted}
        return runner.run(RECORDED, arguments, limits=LIMITS, on_tick=on_tick)["parts"][0]
    joins_ms = label.get("cuts_ms", []) if how.blanked else []
    arguments = {
        "path": str(path.absolute()),
        "effort": how.effort,
        "muted": how.muted,
        "blanked_ms": [(join_ms - BLANK_MS, join_ms + BLANK_MS) for join_ms in joins_ms],
    }
    return runner.run("detection.analyze:signals_of", arguments, limits=LIMITS, on_tick=on_tick)


def evaluate(
    footage: Sequence[Path], label_folders: Sequence[Path], how: Watching, on_tick: Callable[[float | None], None]
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
    labels, videos = _labelled(footage, label_folders)
    found = {name: watched(videos[name], label, how, on_tick) for name, label in labels.items()}
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


def evaluate_kinds(
    footage: Sequence[Path],
    label_folders: Sequence[Path],
    on_tick: Callable[[float | None], None],
    *,
    muted: bool = False,
) -> dict[str, list[dict[str, Any]]]:
    """Return the figures of each kind of file, of `detection.evaluation.kinds.table`.

    Raises
    ------
    LabelError, MediaError
        If labels or a video cannot be read.
    """
    labels, videos = _labelled(footage, label_folders)
    cuts, signals = [], []
    for name, label in labels.items():
        own = kinds.cuts_of(name, label)
        arguments = {"path": str(videos[name].absolute()), "parts": [asdict(cut.part) for cut in own], "muted": muted}
        found = runner.run(RECORDED, arguments, limits=LIMITS, on_tick=on_tick)
        cuts += own
        signals += [Signals.from_json(part["signals"]) for part in found["parts"]]
    return kinds.table(cuts, signals)


def evaluate_agreement(
    footage: Sequence[Path], label_folders: Sequence[Path], on_tick: Callable[[float | None], None]
) -> list[dict[str, Any]]:
    """Return what a second camera's microphone adds, of `detection.evaluation.agreement.table`.

    Raises
    ------
    LabelError, MediaError
        If labels or a video cannot be read, or fewer than two takes have sound.
    """
    labels, videos = _labelled(footage, label_folders)
    return agreement.table(labels, videos, LIMITS, on_tick)


def _cost(found: dict[str, Any], signals: Signals) -> dict[str, Any]:
    seen = {"seen": round(float(signals.seen.mean()), 3)}
    if "cpu_s" not in found:
        return seen
    cpu_s_per_s = found["cpu_s"] / (found["duration_ms"] / 1000)
    return seen | {
        "cpu_s_per_s": cpu_s_per_s,
        "times_real_time": N_CORES / cpu_s_per_s,
        "peak_memory_mb": found["peak_memory_mb"],
    }


def fit_weights(
    footage: Sequence[Path], label_folders: Sequence[Path], out: Path, on_tick: Callable[[float | None], None]
) -> dict[str, Any]:
    """Fit the weights on labelled takes and write them with their origin; return what is written.

    Raises
    ------
    LabelError, MediaError
        If labels or a video cannot be read.
    """
    labels, videos = _labelled(footage, label_folders)
    signals = {name: _seen_as(videos[name], label, FITTED, on_tick) for name, label in labels.items()}
    made = weights_of(labels, signals)
    out.write_text(json.dumps(made, indent=1) + "\n")
    return made


def simulate_crews(
    footage: Sequence[Path], label_folders: Sequence[Path], on_tick: Callable[[float | None], None]
) -> list[dict[str, Any]]:
    """Return what crews' decisions change, from `detection.evaluation.crews.curve`.

    Raises
    ------
    LabelError, MediaError
        If labels or a video cannot be read, or there are fewer than two takes with tricks.
    """
    labels, videos = _labelled(footage, label_folders)
    if sum(bool(label["tricks"]) for label in labels.values()) < 2:
        raise LabelError("A crew needs at least two takes with tricks.")
    signals = {name: _seen_as(videos[name], label, COVERAGES, on_tick) for name, label in labels.items()}
    return crews.curve(crews.sittings(labels, signals))


def _seen_as(
    video: Path, label: dict[str, Any], coverages: Sequence[str], on_tick: Callable[[float | None], None]
) -> dict[str, Signals]:
    """Return the signals of a whole take in each of these ways of looking at it."""
    parts = [asdict(Part(0, label["duration_ms"], coverage)) for coverage in coverages]
    arguments = {"path": str(video.absolute()), "parts": parts}
    found = runner.run(RECORDED, arguments, limits=LIMITS, on_tick=on_tick)["parts"]
    return {coverage: Signals.from_json(part["signals"]) for coverage, part in zip(coverages, found, strict=True)}


def weights_of(labels: dict[str, dict[str, Any]], signals: dict[str, dict[str, Signals]]) -> dict[str, Any]:
    """Return the content of the file of weights, from the signals of each take in each of ``FITTED``."""
    examples = {
        name: [fit.examples(own[coverage], labels[name]) for coverage in FITTED] for name, own in signals.items()
    }
    takes = [one for known in examples.values() for one in known]
    weights = fit.fit(takes)
    told: list[fit.Told] = []
    for name, own in signals.items():
        others = [one for other, known in examples.items() if other != name for one in known]
        unseen = fit.fit(others) if any(hits.any() for _, hits in others) else weights
        for take in own.values():
            found = propose_from_signals(take, duration_ms=labels[name]["duration_ms"], weights=unseen)
            told += kinds.told_of(labels[name], found["candidates"])
    return {
        "weights": weights.of,
        "bias": weights.bias,
        "chance": {how: list(pair) for how, pair in fit.fit_chances(told).of.items()},
        "made": {
            "by": "python -m detection fit",
            "version": VERSION,
            "takes": sorted(labels),
            "coverages": list(FITTED),
            "candidates": sum(len(hits) for _, hits in takes),
            "hits": int(sum(hits.sum() for _, hits in takes)),
            "miss_cost": MISS_COST,
            "pull": fit.PULL,
        },
    }


def _labelled(
    footage: Sequence[Path], label_folders: Sequence[Path]
) -> tuple[dict[str, dict[str, Any]], dict[str, Path]]:
    """Return the labels and the video of each take, by name; the first folder of labels is of the first footage."""
    if len(footage) != len(label_folders):
        raise LabelError("Name as many folders with labels as folders with videos.")
    labels: dict[str, dict[str, Any]] = {}
    videos: dict[str, Path] = {}
    for folder, labels_folder in zip(footage, label_folders, strict=True):
        own = load_labels(labels_folder)
        labels |= own
        videos |= {name: folder / label.get("file", f"{name}.mp4") for name, label in own.items()}
    return labels, videos
