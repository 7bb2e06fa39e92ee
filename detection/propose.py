"""Propose the moments of a video in which a trick may happen."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from detection import score
from detection.signals import STEP_S, Signals
from detection.watch import watch

#: Of code and parameters together; raised with every change that can change a proposal.
VERSION = "2"
#: Version of the candidates' features.
FEATURES_VERSION = 1
#: Below it nobody wants to see a candidate, whatever the sensitivity.
FLOOR = 0.05
#: Shown at the default sensitivity.
DEFAULT_THRESHOLD = 0.5
#: More cannot be looked through; the best remain.
MOST_PER_MINUTE = 20
#: Run-in before the middle of the trick and run-out after it: 1 s each beside half of a trick of 0.5 s on flat ground
#: or of 1.4 s on snow, half-way between the two.
BEFORE_S, AFTER_S = 1.5, 1.5
#: A reason is named from here on, in spreads above the usual.
WORTH_NAMING = 1.0
#: The same for how much more moves than usual.
MOVES_MORE = 1.5
#: Step of the curve that is handed out.
CURVE_STEP_MS = 100


def propose(
    path: str | Path,
    progress: Callable[[float], None] | None = None,
    *,
    effort: str = "default",
    muted: bool = False,
) -> dict:
    """Find the moments of a video file in which a trick may happen.

    Parameters
    ----------
    path : str or Path
        A local video file.
    progress : callable, optional
        Called with the fraction that is done, 0 to 1, several times a second.
    effort : str
        One of `detection.plan.EFFORTS`.
    muted : bool
        Do not listen; to measure what the pictures alone are worth.

    Returns
    -------
    dict
        JSON-able: ``version``, ``parameters``, ``duration_ms``, ``seen`` (the share of the take that was looked at
        picture by picture), ``curve`` (``step_ms``, ``values`` from 0 to 1), ``timings`` (seconds of wall time) and
        ``candidates``, best first, each with ``start_ms``, ``end_ms``, ``score``, ``shown``, ``why`` and ``features``.
        Times are those of the file: `clips.media.container.zero_s` is 0.

    Raises
    ------
    MediaError
        If the file cannot be opened or has no picture.
    """
    started_s = time.perf_counter()
    found = watch(path, progress or (lambda fraction: None), effort=effort, muted=muted)
    watched_s = time.perf_counter() - started_s
    result = propose_from_signals(found.signals, duration_ms=max(1, round(1000 * found.duration_s)))
    if progress is not None:
        progress(1.0)
    result["timings"] = found.timings | {"score_s": round(time.perf_counter() - started_s - watched_s, 3)}
    return result


def propose_from_signals(signals: Signals, *, duration_ms: int) -> dict:
    """Find the moments that stand out in the signals of a take.

    Parameters
    ----------
    signals : Signals
    duration_ms : int

    Returns
    -------
    dict
        As `propose`, without ``timings``.
    """
    standing = score.standing_of(signals)
    curve = score.score_curve(standing)
    peaks = score.find_moments(curve, floor=FLOOR)[: max(1, round(MOST_PER_MINUTE * duration_ms / 60_000))]
    per_value = round(CURVE_STEP_MS / 1000 / STEP_S)
    return {
        "version": VERSION,
        "parameters": {
            "weight": score.WEIGHT,
            "bias": score.BIAS,
            "floor": FLOOR,
            "typical": {name: list(pair) for name, pair in score.TYPICAL.items()},
        },
        "duration_ms": duration_ms,
        "seen": round(float(signals.seen.mean()), 3),
        "curve": {
            "step_ms": CURVE_STEP_MS,
            "values": [round(float(curve[i : i + per_value].max()), 3) for i in range(0, len(curve), per_value)],
        },
        "candidates": [_candidate(peak, signals.curves, standing, duration_ms) for peak in peaks],
    }


def _candidate(peak: score.Peak, signals: dict, standing: dict, duration_ms: int) -> dict:
    middle_ms = round(1000 * peak.step * STEP_S)
    end_ms = min(duration_ms, middle_ms + round(1000 * AFTER_S))
    start_ms = min(max(0, middle_ms - round(1000 * BEFORE_S)), end_ms - 1)
    features = _features(peak.step, signals, standing)
    rounded = round(peak.score, 4)
    return {
        "start_ms": start_ms,
        "end_ms": end_ms,
        "score": rounded,
        "shown": rounded >= DEFAULT_THRESHOLD,
        "why": explain(features),
        "features": features,
    }


def _features(step: int, signals: dict, standing: dict) -> dict:
    about = slice(max(0, step - 10), step + 11)
    usual = max(float(np.median(signals["moving"])), 0.05)
    features = {
        "version": FEATURES_VERSION,
        "standing": {n: round(float(v[step]), 2) for n, v in standing.items()},
    }
    features["moving_times_usual"] = round(float(signals["moving"][about].max()) / usual, 1)
    if "pair_db" in signals:
        best = about.start + int(signals["pair_db"][about].argmax())
        features["pair_db"] = round(float(signals["pair_db"][best]), 1)
        features["gap_s"] = round(float(signals["gap_s"][best]), 2)
    return features


def explain(features: dict) -> str:
    """Return why a moment is proposed, in words and numbers.

    Parameters
    ----------
    features : dict
        A candidate's features.
    """
    standing = features["standing"]
    reasons = []
    if standing.get("pair_db", 0) >= WORTH_NAMING and features["gap_s"] > 0:
        gap_s, pair_db = features["gap_s"], features["pair_db"]
        reasons.append(f"pop and landing {gap_s:.2f} s apart, {pair_db:.0f} dB over the ground noise")
    if standing["arc"] >= WORTH_NAMING:
        reasons.append(f"something goes up and comes down, {standing['arc']:.1f} × the usual spread")
    if features["moving_times_usual"] >= MOVES_MORE:
        reasons.append(f"the rider moves {features['moving_times_usual']:.1f} × more than usual")
    elif standing["incoherence"] >= WORTH_NAMING:
        reasons.append("the picture changes more than the camera's motion explains")
    return "; ".join(reasons) or "small signs of motion and sound together"
