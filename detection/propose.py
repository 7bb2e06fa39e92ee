"""Finds the moments of a video in which a trick may happen."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from detection.analyze import SCORE_SHARE, How, watch
from detection.scoring import score
from detection.scoring.chance import Chances, looked_at
from detection.scoring.marks import marks_of
from detection.scoring.reasons import explain
from detection.scoring.same_moment import is_same_moment
from detection.scoring.short_files import SHORT_S
from detection.scoring.spans import Span, span_of
from detection.signals import STEP_S, Signals

#: Of code and parameters together; raised with every change that can change a moment.
VERSION = "9"
#: Version of the candidates' features.
FEATURES_VERSION = 4
#: Below it nobody wants to see a candidate, whatever the sensitivity.
FLOOR = 0.02
#: Shown at the default sensitivity.
DEFAULT_THRESHOLD = 0.5
#: Hidden candidates beyond so many a minute cannot be looked through; the best remain, and all that are shown.
MOST_PER_MINUTE = 12
#: Step of the curve that is handed out.
CURVE_STEP_MS = 100


def propose(
    path: str | Path,
    progress: Callable[[float], None] = lambda fraction: None,
    *,
    effort: str = "default",
    stretch: float = 1.0,
    hilights_ms: Sequence[float] = (),
    usual: Sequence[dict[str, Any]] = (),
    folder: str | Path = "",
) -> dict[str, Any]:
    """Find the moments of a video file in which a trick may happen.

    Parameters
    ----------
    path : str or Path
        A local video file.
    progress : callable, optional
        Called with the fraction that is done, 0 to 1, several times a second.
    effort : str
        "default", "quick" (glances and sound), "closer" (the second look, for when nobody waits) or "thorough" (every
        moment is looked at).
    stretch : float
        How many times longer the file plays than it was filmed, at least 1: 8 for 240 pictures a second played at 30.
    hilights_ms : sequence of float
        When somebody pressed the camera's button that marks a moment.
    usual : sequence of dict
        ``parameters["usual"]`` of other files of the same camera and day, for a file too short to know by itself.
    folder : str or Path
        Of a second look: keeps what is measured, so that the next one goes on after an interruption. Its owner deletes
        it.

    Returns
    -------
    dict
        JSON-able: ``version``, ``parameters``, ``duration_ms``, ``seen`` (the share of the take that was looked at
        picture by picture), ``curve`` (``step_ms``, ``values`` from 0 to 1, and ``marks``: when each reason
        happened, with ``at_ms``, ``kind`` and ``strength`` as in `detection.scoring.marks`), ``timings`` (wall
        seconds), ``unread`` (sentences that say what of the file could not be read) and ``candidates``, best first and
        each moment once (`scoring.same_moment`), with ``start_ms``, ``end_ms``, ``score``, ``chance``, ``shown``,
        ``why`` and ``features``. All times are those of the file: `clips.media.formats.opening.zero_s` is 0.

    Raises
    ------
    MediaError
        If the file cannot be opened or has no picture.
    """
    started_s = time.perf_counter()
    stretch = max(1.0, stretch)
    hilights_s = tuple(mark_ms / 1000 / stretch for mark_ms in hilights_ms)
    beside = score.Usual.pooled(usual)
    how = How(
        effort=effort,
        stretch=stretch,
        hilights_s=hilights_s,
        usual=beside,
        folder=Path(folder) if folder else None,
        version=VERSION,
    )
    found = watch(path, progress, how)
    watched_s = time.perf_counter() - started_s
    duration_ms = max(1, round(1000 * found.duration_s * stretch))
    result = propose_from_signals(
        found.signals,
        duration_ms=duration_ms,
        stretch=stretch,
        hilights_s=hilights_s,
        usual=beside,
        progress=lambda fraction: progress(1 - SCORE_SHARE * (1 - fraction)),
    )
    progress(1.0)
    result["parameters"] |= {"effort": effort, "stretch": stretch, "hilights": len(hilights_s)}
    result["unread"] = found.unread
    result["timings"] = found.timings | {"score_s": round(time.perf_counter() - started_s - watched_s, 3)}
    return result


def propose_from_signals(
    signals: Signals,
    *,
    duration_ms: int,
    stretch: float = 1.0,
    hilights_s: Sequence[float] = (),
    weights: score.Weights | None = None,
    chances: Chances | None = None,
    usual: score.Usual | None = None,
    progress: Callable[[float], None] = lambda fraction: None,
) -> dict[str, Any]:
    """Find the moments that stand out in the signals of a take.

    Parameters
    ----------
    signals : Signals
        On the camera's clock.
    duration_ms : int
        On the file's clock, which runs ``stretch`` times longer.
    stretch : float
    hilights_s : sequence of float
        On the camera's clock.
    weights : Weights, optional
        Others than those that come with the program.
    chances : Chances, optional
        Likewise.
    usual : Usual, optional
        What is known beforehand; by default what is usual anywhere.
    progress : callable, optional
        Called with the fraction that is done.

    Returns
    -------
    dict
        As `propose`, without ``timings``.
    """
    weights, chances = weights or score.Weights.shipped(), chances or Chances.shipped()
    z_scores = score.z_scores_of(signals, usual)
    curve = score.score_curve(z_scores, weights, score.evidence_of(signals, z_scores, hilights_s))
    duration_s = duration_ms / 1000 / stretch
    if duration_s <= SHORT_S:
        curve = score.favoured(curve)
    moments: list[tuple[score.Peak, Span]] = []
    candidates: list[dict[str, Any]] = []
    for number, peak in enumerate(peaks := _worth_keeping(curve, duration_s)):
        progress(number / len(peaks))
        span = span_of(peak.step, signals, z_scores, duration_s=duration_s)
        # One long flight is one moment, however often it peaks; and so is one pair of impacts with a peak at each.
        if any(better.take_off_s < peak.step * STEP_S < better.landing_s for _, better in moments):
            continue
        features = _features(peak.step, span, signals, z_scores, hilights_s)
        candidate = _candidate(peak, span, features, duration_ms=duration_ms, stretch=stretch)
        candidate["chance"] = round(chances.of_score(peak.score, features["looked"]), 3)
        if not any(is_same_moment(_ends_ms(candidate), _ends_ms(better)) for better in candidates):
            moments.append((peak, span))
            candidates.append(candidate)
    marks = marks_of([peak.step for peak, _ in moments], signals, z_scores, hilights_s)
    return {
        "version": VERSION,
        "parameters": {
            "weights": weights.of,
            "bias": weights.bias,
            "floor": FLOOR,
            "usual": score.usual_of(signals).to_json(),
            "seen": round(float(signals.seen.mean()), 3),
        },
        "duration_ms": duration_ms,
        "seen": round(float(signals.seen.mean()), 3),
        "curve": {
            "step_ms": CURVE_STEP_MS,
            "values": _thinned(curve, duration_ms, stretch),
            "marks": [_mark(*mark, duration_ms=duration_ms, stretch=stretch) for mark in marks],
        },
        "candidates": candidates,
    }


def _worth_keeping(curve: np.ndarray, duration_s: float) -> list[score.Peak]:
    """Return all peaks that are shown by default, and the best of the others."""
    peaks = score.find_moments(curve, floor=FLOOR)
    n_shown = sum(peak.score >= DEFAULT_THRESHOLD for peak in peaks)
    return peaks[: max(1, n_shown, round(MOST_PER_MINUTE * duration_s / 60))]


def _thinned(curve: np.ndarray, duration_ms: int, stretch: float) -> list[float]:
    """Return the highest value of each ``CURVE_STEP_MS`` of the file."""
    step = np.arange(max(1, duration_ms // CURVE_STEP_MS + 1)) * CURVE_STEP_MS / 1000 / stretch / STEP_S
    starts = np.minimum(np.floor(step + 1e-6).astype(int), len(curve) - 1)
    highest = np.maximum.reduceat(curve, starts) if len(starts) else np.zeros(0)
    return [round(float(value), 3) for value in highest]


def _mark(at_s: float, kind: str, strength: float, *, duration_ms: int, stretch: float) -> dict[str, Any]:
    at_ms = min(max(0, round(1000 * at_s * stretch)), duration_ms)
    return {"at_ms": at_ms, "kind": kind, "strength": round(min(max(strength, 0.0), 1.0), 2)}


def _candidate(
    peak: score.Peak, span: Span, features: dict[str, Any], *, duration_ms: int, stretch: float
) -> dict[str, Any]:
    end_ms = min(duration_ms, max(1, round(1000 * span.end_s * stretch)))
    start_ms = min(max(0, round(1000 * span.start_s * stretch)), end_ms - 1)
    rounded = round(peak.score, 4)
    return {
        "start_ms": start_ms,
        "end_ms": end_ms,
        "score": rounded,
        "shown": rounded >= DEFAULT_THRESHOLD,
        "why": explain(features),
        "features": features,
    }


def _ends_ms(candidate: dict[str, Any]) -> tuple[int, int]:
    return candidate["start_ms"], candidate["end_ms"]


def _features(
    step: int, span: Span, signals: Signals, z_scores: dict[str, Any], hilights_s: Sequence[float]
) -> dict[str, Any]:
    about = slice(max(0, step - 10), step + 11)
    moving = signals.curves["moving"]
    features = {
        "version": FEATURES_VERSION,
        "z_scores": {name: round(float(z[step]), 2) for name, z in z_scores.items() if not np.isnan(z[step])},
        "moving_times_usual": round(float(moving[about].max()) / max(float(np.median(moving)), 0.05), 1),
        "seen": bool(signals.seen[step]),
        "looked": looked_at(is_seen=bool(signals.seen[step]), share=float(signals.seen.mean())),
        "air_s": round(span.landing_s - span.take_off_s, 2),
    }
    if "pair_db" in signals.curves:
        best = about.start + int(signals.curves["pair_db"][about].argmax())
        features["pair_db"] = round(float(signals.curves["pair_db"][best]), 1)
        features["gap_s"] = round(float(signals.curves["gap_s"][best]), 2)
    if "felt" in signals.curves:
        features["felt"] = round(float(signals.curves["felt"][about].max()), 2)
    marks_after_s = [mark_s - step * STEP_S for mark_s in hilights_s]
    near = [s for s in marks_after_s if -score.HILIGHT_BEFORE_S <= s <= score.HILIGHT_AFTER_S]
    if near:
        nearest_s: float = min(near, key=abs)
        features["hilight_after_s"] = round(nearest_s, 1)
    return features
