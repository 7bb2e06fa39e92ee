"""Measures what the microphone of a second camera adds to the score of a moment, on pairs made of labelled takes.

The first camera has the take's pictures and one made-up microphone, the second has another microphone and no pictures:
its own would show what the first one's show, which no second camera's do. So this tells what hearing one landing twice
is worth, and nothing of seeing it twice.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from scipy import optimize

from clips.media.sandbox import runner
from detection.decode.read import SOUND_RATE_HZ
from detection.decode.sound import SoundChunk
from detection.evaluation import fit, made_pairs
from detection.evaluation.evaluate import LabelError, match, pooled_of
from detection.evaluation.recorded import Recording
from detection.propose import DEFAULT_THRESHOLD, propose_from_signals
from detection.scoring import score
from detection.scoring.chance import MISS_COST, log_odds
from detection.scoring.spans import CLEAR
from detection.signals import STEP_S, Signals
from detection.take import Take

#: The first camera's file is seen as the default budget sees one of 40 Mbit/s.
COVERAGE = "camera"
#: What is done to the second microphone; first one as good as the first camera's.
CONDITIONS: dict[str, dict[str, float]] = {
    f"{made_pairs.BEST_SNR_DB:.0f} dB": {"snr_db": made_pairs.BEST_SNR_DB}
} | made_pairs.CONDITIONS
#: So many microphones of each.
N_MICROPHONES = 2
#: Another microphone hears a moment if a pair of impacts is clear to it this near to the moment's middle.
HEARD_WITHIN_S = 0.3
#: How far a weight is believed to lie from 0, in log odds.
STRAYS = 1.0
#: What is added to the log odds: nothing, something where both hear it, and also where only the first does.
WAYS = {"without": (), "heard by both": ("both",), "or by one alone": ("both", "alone")}


@dataclass(frozen=True)
class Met:
    """A moment of the first camera beside one recording of the second one.

    Attributes
    ----------
    take, condition : str
    microphone : int
    moment : dict
        A candidate of `detection.propose`.
    is_hit : bool
    heard : dict of str to bool
        Whether "both" hear it, or the first "alone".
    """

    take: str
    condition: str
    microphone: int
    moment: dict[str, Any]
    is_hit: bool
    heard: dict[str, bool]


def heard_twice(path: str, progress: Callable[[float], None]) -> dict[str, Any] | None:
    """Return what two cameras see and hear of a take; for a child process that does nothing else.

    Returns
    -------
    dict or None
        JSON-able: ``pictures``, the signals of the take, and those of the sound alone of each microphone: ``first``, a
        list, and ``second``, one for each of ``CONDITIONS``. None for a take without sound.
    """
    recording = Recording.of(path, lambda done: progress(done / 2))
    if recording.sound is None or not len(recording.sound.samples):
        return None
    seeds = iter(range(1000))
    best = {"snr_db": made_pairs.BEST_SNR_DB}
    first = [_heard(recording.sound, recording.duration_s, next(seeds), 0.0, best) for _ in range(N_MICROPHONES)]
    progress(0.6)
    second = {
        condition: [
            _heard(recording.sound, recording.duration_s, next(seeds), made_pairs.DRIFT_PPM, faults)
            for _ in range(N_MICROPHONES)
        ]
        for condition, faults in CONDITIONS.items()
    }
    return {"pictures": recording.signals(COVERAGE).to_json(), "first": first, "second": second}


def _heard(
    scene: SoundChunk, duration_s: float, seed: int, drift_ppm: float, faults: dict[str, float]
) -> dict[str, Any]:
    """Return the signals of what one made-up microphone hears of a take."""
    length_s = len(scene.samples) / SOUND_RATE_HZ
    sound = made_pairs.recorded(
        scene.samples, (0.01, length_s - 0.05), np.random.default_rng(seed), drift_ppm=drift_ppm, **faults
    )
    take = Take()
    take.add_sound(SoundChunk(scene.start_s + 0.01, sound))
    return take.signals(duration_s).to_json()


def table(
    labels: dict[str, dict[str, Any]],
    videos: dict[str, Path],
    limits: runner.Limits,
    on_tick: Callable[[float | None], None],
) -> list[dict[str, Any]]:
    """Return the figures of all takes together, for each of ``CONDITIONS`` and each of ``WAYS``.

    Returns
    -------
    list of dict
        ``condition``, ``way``, ``ap``, ``f1``, ``false_per_min``, ``heard`` and ``heard_false`` (which share of the
        hits and of the other moments that are shown both microphones hear), and ``least`` and ``most`` of the weight of
        what both hear. Weights are fitted on the other takes (leave one session out), one for all conditions.

    Raises
    ------
    LabelError
        If fewer than two takes have sound.
    """
    run = "detection.evaluation.agreement:heard_twice"
    found = {
        name: runner.run(run, {"path": str(videos[name].absolute())}, limits=limits, on_tick=on_tick) for name in labels
    }
    found = {name: one for name, one in found.items() if one is not None}
    if len(found) < 2:
        raise LabelError("Agreement needs at least two takes with sound.")
    labels = {name: labels[name] for name in found}
    met = _met(labels, found)
    return [row for way, kinds in WAYS.items() for row in _rows(way, kinds, met, labels)]


def _met(labels: dict[str, dict[str, Any]], found: dict[str, dict[str, Any]]) -> list[Met]:
    """Return the moments of each take, scored by weights of the others, beside each recording of a second camera."""
    firsts = {
        name: [_with_sound(Signals.from_json(one["pictures"]), Signals.from_json(sound)) for sound in one["first"]]
        for name, one in found.items()
    }
    examples = {name: [fit.examples(own, labels[name]) for own in seen] for name, seen in firsts.items()}
    met = []
    for name, seen in firsts.items():
        weights = fit.fit([one for other, known in examples.items() if other != name for one in known])
        for microphone, own in enumerate(seen):
            moments = propose_from_signals(own, duration_ms=labels[name]["duration_ms"], weights=weights)["candidates"]
            hits = [trick is not None for trick in match(moments, labels[name]["tricks"])]
            for condition, sounds in found[name]["second"].items():
                clear = _clear(Signals.from_json(sounds[microphone]))
                for moment, is_hit in zip(moments, hits, strict=True):
                    heard = _heard_by(moment, clear)
                    met.append(Met(name, condition, microphone, moment, is_hit, heard))
    return met


def _with_sound(pictures: Signals, sound: Signals) -> Signals:
    silent = np.zeros(len(pictures.seen))
    return replace(pictures, curves=pictures.curves | {n: sound.curves.get(n, silent) for n in ("pair_db", "gap_s")})


def _clear(sound: Signals) -> np.ndarray:
    """Return where a pair of impacts stands out of what a microphone hears."""
    known = score.z_scores_of(
        replace(sound, curves={n: v for n, v in sound.curves.items() if n in ("pair_db", "gap_s")})
    )
    return known.get("pair_db", np.zeros(len(sound.seen))) >= CLEAR


def _heard_by(moment: dict[str, Any], clear: np.ndarray) -> dict[str, bool]:
    middle_s = (moment["start_ms"] + moment["end_ms"]) / 2000
    near = slice(max(0, round((middle_s - HEARD_WITHIN_S) / STEP_S)), round((middle_s + HEARD_WITHIN_S) / STEP_S) + 1)
    by_second = bool(clear[near].any())
    by_first = moment["features"]["z_scores"].get("pair_db", 0.0) >= CLEAR
    return {"both": by_first and by_second, "alone": by_first and not by_second}


def _rows(
    way: str, kinds: Sequence[str], met: Sequence[Met], labels: dict[str, dict[str, Any]]
) -> list[dict[str, Any]]:
    weights = {name: worth_of(kinds, [one for one in met if one.take != name]) for name in labels}
    rows = []
    for condition in CONDITIONS:
        own = [one for one in met if one.condition == condition]
        figures = [
            pooled_of(
                labels, {name: _scored([m for m in own if (m.take, m.microphone) == (name, n)], kinds, weights[name])
                         for name in labels},
            )
            for n in range(N_MICROPHONES)
        ]  # fmt: skip
        shown = [one for one in own if one.moment["shown"]]
        rows.append(
            {"condition": condition, "way": way}
            | {name: float(np.mean([one[name] for one in figures])) for name in ("ap", "f1", "false_per_min")}
            | {name: _share(shown, is_hit=is_hit) for name, is_hit in (("heard", True), ("heard_false", False))}
            | {name: float(of(one[0] for one in weights.values())) if kinds else None
               for name, of in (("least", min), ("most", max))}
        )  # fmt: skip
    return rows


def worth_of(kinds: Sequence[str], met: Sequence[Met]) -> np.ndarray:
    """Return what each kind of agreement is worth in log odds, by logistic regression beside the score as it is."""
    heard = np.array([[float(one.heard[kind]) for kind in kinds] for one in met]).reshape(len(met), len(kinds))
    odds, hits = np.array([log_odds(one.moment["score"]) for one in met]), np.array([float(one.is_hit) for one in met])
    # The same moment stands beside each recording of the second camera, and is one moment.
    share = np.where(hits > 0, MISS_COST, 1.0) / len(CONDITIONS) / N_MICROPHONES

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        z = odds + heard @ weights
        missed = share * (1 / (1 + np.exp(-z)) - hits)
        value = (share * (np.logaddexp(0, z) - hits * z)).sum() + (weights**2).sum() / (2 * STRAYS**2)
        return float(value), heard.T @ missed + weights / STRAYS**2

    return np.asarray(optimize.minimize(loss, np.zeros(len(kinds)), jac=True, method="L-BFGS-B").x)


def _scored(met: Sequence[Met], kinds: Sequence[str], weights: np.ndarray) -> list[dict[str, Any]]:
    moments = []
    for one in met:
        more = sum(weight * one.heard[kind] for kind, weight in zip(kinds, weights, strict=True))
        value = 1 / (1 + np.exp(-(log_odds(one.moment["score"]) + more))) if more else one.moment["score"]
        moments.append(one.moment | {"score": value, "shown": value >= DEFAULT_THRESHOLD})
    return moments


def _share(met: Sequence[Met], *, is_hit: bool) -> float | None:
    own = [one.heard["both"] for one in met if one.is_hit == is_hit]
    return sum(own) / len(own) if own else None
